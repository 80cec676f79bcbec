//! Tasks that can start, in order, and quick to find where some classes of them have to wait.

use super::{TaskClass, evaluate::Job};
use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

/// A queue for each class; numbers tell the order between them.
#[derive(Default)]
pub(super) struct Ready {
    queues: BTreeMap<TaskClass, VecDeque<(i64, Arc<Job>)>>,
    first: i64,
    last: i64,
}

impl Ready {
    /// These tasks and no others.
    pub(super) fn of(jobs: impl Iterator<Item = Arc<Job>>) -> Self {
        let mut ready = Self::default();
        for job in jobs {
            ready.last += 1;
            ready.queues.entry(job.class()).or_default().push_back((ready.last, job));
        }
        ready
    }

    pub(super) fn is_empty(&self) -> bool {
        self.queues.values().all(VecDeque::is_empty)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Job>> {
        self.queues.values().flatten().map(|(_, job)| job)
    }

    /// One more, before all others.
    pub(super) fn push_front(&mut self, job: Arc<Job>) {
        self.first -= 1;
        self.queues.entry(job.class()).or_default().push_front((self.first, job));
    }

    /// Takes the first one of the classes that may start.
    pub(super) fn take(&mut self, may_start: impl Fn(TaskClass) -> bool) -> Option<Arc<Job>> {
        let fronts = self.queues.iter().filter(|(class, _)| may_start(**class));
        let fronts = fronts.filter_map(|(class, queue)| Some((queue.front()?.0, *class)));
        let (_, class) = fronts.min()?;
        Some(self.queues.get_mut(&class)?.pop_front()?.1)
    }
}
