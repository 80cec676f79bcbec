//! Seconds that are left, told such that they never rise.

/// Below this nothing is told: it is over, or late.
const LEAST_S: f64 = 2.0;
/// Above what was told by this factor and these seconds, what was told was wrong.
const SLACK: (f64, f64) = (1.4, 1.0);

/// What was told last.
#[derive(Debug, Default)]
pub(super) struct Countdown {
    told_s: Option<f64>,
}

impl Countdown {
    /// What to tell of an estimate: never more than before, and nothing where that would be false.
    pub(super) fn say(&mut self, left_s: f64) -> Option<f64> {
        if !left_s.is_finite() || left_s < LEAST_S {
            return None;
        }
        match self.told_s {
            Some(told_s) if left_s > SLACK.0 * told_s + SLACK.1 => None,
            told => {
                let left_s = told.map_or(left_s, |told_s| told_s.min(left_s));
                self.told_s = Some(left_s);
                self.told_s
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_never_rises_and_says_nothing_where_it_would_have_to() {
        let mut countdown = Countdown::default();
        assert_eq!(countdown.say(30.0), Some(30.0));
        assert_eq!(countdown.say(33.0), Some(30.0));
        assert_eq!(countdown.say(20.0), Some(20.0));
        assert_eq!(countdown.say(300.0), None);
        assert_eq!(countdown.say(12.0), Some(12.0));
        assert_eq!(countdown.say(0.2), None);
    }
}
