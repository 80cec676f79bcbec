//! What tasks need while they run, and which may start beside those that do.

use super::{Limits, TaskClass, resources};
use serde::{Deserialize, Serialize};

/// What a task needs while it runs, as far as its node can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskNeeds {
    /// Cores it can use.
    pub cores: usize,
    /// The most memory it will hold, in bytes.
    pub memory_bytes: u64,
    /// The most time it may take, in seconds, where its node sets a limit.
    #[serde(default)]
    pub time_s: Option<u64>,
}

const MB: u64 = 1_000_000;

impl TaskNeeds {
    /// So many cores and megabytes.
    pub fn new(cores: usize, memory_mb: u64) -> Self {
        Self { cores, memory_bytes: memory_mb * MB, time_s: None }
    }

    /// What a task of a class needs where its node says nothing else.
    pub fn of(class: TaskClass) -> Self {
        match class {
            TaskClass::Sort => Self::new(4, 2000),
            TaskClass::Waveforms | TaskClass::Metrics => Self::new(2, 1000),
            TaskClass::Command => Self::new(1, 1000),
            _ => Self::new(1, 250),
        }
    }

    /// As much as either of two tasks needs.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self {
            cores: self.cores.max(other.cores),
            memory_bytes: self.memory_bytes.max(other.memory_bytes),
            // Where one has no limit, both together have none.
            time_s: self.time_s.zip(other.time_s).map(|(own, other)| own.max(other)),
        }
    }
}

/// Memory that tasks may take on this machine where the settings say nothing: four fifths of what it has; no limit where
/// the system does not tell.
pub(super) fn default_memory() -> u64 {
    resources::memory_limit().map_or(u64::MAX, |bytes| bytes / 5 * 4)
}

/// What is taken by the tasks that run.
pub(super) struct Room<'a> {
    limits: &'a Limits,
    threads: usize,
    taken: Vec<(TaskClass, TaskNeeds)>,
}

impl<'a> Room<'a> {
    pub(super) fn new(
        limits: &'a Limits,
        threads: usize,
        running: impl Iterator<Item = (TaskClass, TaskNeeds)>,
    ) -> Self {
        Self { limits, threads, taken: running.collect() }
    }

    /// Cores a task takes from the others. Our own tasks share one pool, so that each fits where one core is free; a program
    /// of its own takes all it uses.
    fn cores(&self, class: TaskClass, needs: TaskNeeds) -> usize {
        if class == TaskClass::Command { needs.cores.clamp(1, self.threads) } else { 1 }
    }

    /// True where no core is left. One more than there are, so that a task that waits for a disk leaves none idle.
    pub(super) fn is_full(&self) -> bool {
        self.free_cores() == 0
    }

    fn free_cores(&self) -> usize {
        let taken: usize = self.taken.iter().map(|(class, needs)| self.cores(*class, *needs)).sum();
        (self.threads + 1).saturating_sub(taken)
    }

    /// True where as many of a class run as may.
    pub(super) fn is_full_of(&self, class: TaskClass) -> bool {
        // Where nobody set a limit, the cores are one; of programs of their own no more run than there are.
        let usual = if class == TaskClass::Command { self.threads } else { usize::MAX };
        let limit = self.limits.per_class.get(&class).copied().unwrap_or(usual).max(1);
        self.taken.iter().filter(|(taken, _)| *taken == class).count() >= limit
    }

    /// Memory that no task takes.
    pub(super) fn free_memory(&self) -> u64 {
        let taken = self.taken.iter().map(|(_, needs)| needs.memory_bytes).sum();
        self.limits.memory_bytes.saturating_sub(taken)
    }

    /// True where a task fits beside the others; alone, every task does.
    pub(super) fn fits(&self, class: TaskClass, needs: TaskNeeds) -> bool {
        let beside =
            self.cores(class, needs) <= self.free_cores() && needs.memory_bytes <= self.free_memory();
        self.taken.is_empty() || beside
    }

    /// A task began.
    pub(super) fn take(&mut self, class: TaskClass, needs: TaskNeeds) {
        self.taken.push((class, needs));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn what_does_not_fit_waits_and_what_is_too_large_runs_alone() {
        let limits =
            Limits { threads: 4, per_class: BTreeMap::from([(TaskClass::Sort, 1)]), memory_bytes: 1000 * MB };
        let mut room = Room::new(&limits, 4, std::iter::empty());
        assert!(room.fits(TaskClass::Other, TaskNeeds::new(1, 5000)), "alone");
        room.take(TaskClass::Sort, TaskNeeds::new(8, 700));
        assert!(room.is_full_of(TaskClass::Sort) && !room.is_full_of(TaskClass::Other) && !room.is_full());
        assert!(!room.fits(TaskClass::Other, TaskNeeds::new(1, 301)));
        assert!(room.fits(TaskClass::Metrics, TaskNeeds::new(2, 300)));
        // A program of its own: four of five cores are free.
        assert!(room.fits(TaskClass::Command, TaskNeeds::new(9, 10)));
        room.take(TaskClass::Other, TaskNeeds::new(1, 10));
        assert!(!room.fits(TaskClass::Command, TaskNeeds::new(4, 10)));
        assert!(room.fits(TaskClass::Command, TaskNeeds::new(3, 10)));
        room.take(TaskClass::Command, TaskNeeds::new(3, 10));
        assert!(room.is_full());
    }
}
