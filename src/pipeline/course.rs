//! How far a task is, all its stages together, and what time that leaves; nothing is said rather than something false.

use super::countdown::Countdown;

/// Stages and what each usually takes, in any unit, in the order they begin.
pub(super) type UsualStages = Vec<(String, f64)>;

/// So much of the work and so many seconds are seen before time is told.
const LEAST_SHARE: f64 = 0.04;
const LEAST_S: f64 = 1.0;

/// Follows a task through its stages.
#[derive(Debug, Default)]
pub(super) struct Course {
    usual: UsualStages,
    /// The stage it is in, by its place among the usual ones; `None` before the first.
    stage: Option<usize>,
    /// It is in a stage that is not there usually, or not again: how far that is nobody knows.
    is_lost: bool,
    /// The furthest it was seen, and how much of that was done before.
    share: f64,
    skipped: f64,
    countdown: Countdown,
}

impl Course {
    /// Of a task of which this is known from the last one of its kind.
    pub(super) fn new(usual: UsualStages) -> Self {
        Self { usual, ..Self::default() }
    }

    /// A stage begins.
    pub(super) fn enter(&mut self, name: &str) {
        let next = self.stage.map_or(0, |stage| stage + 1);
        let found = self.usual.iter().skip(next).position(|(known, _)| known == name);
        self.is_lost = found.is_none();
        if let Some(ahead) = found {
            // What is passed over was done before, or is not needed.
            self.skipped += self.part(next..next + ahead);
            self.stage = Some(next + ahead);
        }
    }

    /// How far the whole is, and the seconds that are left, with so much of the stage done.
    pub(super) fn at(&mut self, done: u64, total: u64, elapsed_s: f64) -> (Option<f32>, Option<f64>) {
        if self.is_lost {
            return (None, None);
        }
        let of_stage = if total > 0 { (done as f64 / total as f64).min(1.0) } else { 0.0 };
        let share = match self.stage {
            Some(stage) => self.part(0..stage) + self.part(stage..stage + 1) * of_stage,
            // Stages are still to come.
            None if !self.usual.is_empty() => 0.0,
            // A task in one piece.
            None if total > 0 => of_stage,
            None => return (None, None),
        };
        self.share = self.share.max(share);
        let worked = self.share - self.skipped;
        let is_seen = worked >= LEAST_SHARE && elapsed_s >= LEAST_S;
        let left_s = is_seen.then(|| elapsed_s * (1.0 - self.share) / worked);
        (Some(self.share as f32), left_s.and_then(|left_s| self.countdown.say(left_s)))
    }

    /// The share of the whole that some stages usually take.
    fn part(&self, stages: std::ops::Range<usize>) -> f64 {
        let sum = |stages: &[(String, f64)]| stages.iter().map(|(_, wall_s)| wall_s).sum::<f64>();
        sum(&self.usual[stages]) / sum(&self.usual).max(1e-9)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sort() -> Course {
        let stages = [("whiten", 1.0), ("detect", 4.0), ("match", 5.0)];
        Course::new(stages.map(|(name, wall_s)| (name.to_owned(), wall_s)).to_vec())
    }

    #[test]
    fn stages_add_up_and_the_time_left_is_that_of_all_of_them() {
        let mut course = sort();
        course.enter("whiten");
        assert_eq!(course.at(1, 2, 0.5).0, Some(0.05));
        course.enter("detect");
        assert_eq!(course.at(0, 0, 1.0), (Some(0.1), Some(9.0)));
        // The end of a stage is not the end of the task.
        assert_eq!(course.at(4, 4, 5.0), (Some(0.5), Some(5.0)));
        course.enter("match");
        assert_eq!(course.at(0, 10, 5.0), (Some(0.5), Some(5.0)));
        assert_eq!(course.at(10, 10, 10.0).0, Some(1.0));
    }

    #[test]
    fn what_is_not_known_is_not_told() {
        // The first of its kind: its stages are not known.
        let mut first = Course::default();
        first.enter("detect");
        assert_eq!(first.at(9, 10, 20.0), (None, None));
        // One that goes through its stages again.
        let mut turns = sort();
        turns.enter("match");
        turns.enter("whiten");
        assert_eq!(turns.at(9, 10, 20.0), (None, None));
        // One with another stage in between finds its way again.
        let mut other = sort();
        other.enter("motion");
        assert_eq!(other.at(9, 10, 20.0), (None, None));
        other.enter("match");
        assert_eq!(other.at(0, 10, 20.0).0, Some(0.5));
        // Without stages it is one piece.
        let mut plain = Course::default();
        assert_eq!(plain.at(1, 4, 2.0), (Some(0.25), Some(6.0)));
    }

    #[test]
    fn work_done_before_makes_the_rest_no_faster() {
        let mut course = sort();
        // Taken up again at its last stage.
        course.enter("match");
        assert_eq!(course.at(0, 10, 0.1), (Some(0.5), None));
        let (share, left_s) = course.at(5, 10, 5.0);
        assert_eq!(share, Some(0.75));
        assert!(left_s.is_some_and(|left_s| (left_s - 5.0).abs() < 1e-6), "{left_s:?}");
    }
}
