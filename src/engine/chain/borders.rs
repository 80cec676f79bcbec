//! Spans at the borders of the runs of workers: computed once, though two need them.

use super::{Job, run::SpanKey, span::Span};
use std::{
    collections::{BTreeSet, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

/// What workers leave for each other.
#[derive(Debug)]
pub(super) struct Borders {
    /// Segment and span of what lies at a border.
    wanted: BTreeSet<(usize, usize)>,
    /// Spans that one worker computed and another will ask for, the oldest first.
    left: Mutex<VecDeque<(SpanKey, Arc<Span>)>>,
    /// How many of them are kept.
    most: usize,
}

impl Borders {
    /// The spans on both sides of where one run of jobs ends and the next begins.
    pub(super) fn of(jobs: &[Job], run: usize, span_frames: usize, workers: usize) -> Self {
        let span = |job: &Job| (job.segment, job.frames.start / span_frames);
        let wanted = (run..jobs.len())
            .step_by(run)
            .flat_map(|first| [&jobs[first - 1], &jobs[first]])
            .map(span)
            .collect();
        Self { wanted, left: Mutex::default(), most: 2 * workers }
    }

    /// A span that another worker left. Two need it: that one and this.
    pub(super) fn take(&self, key: SpanKey) -> Option<Arc<Span>> {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let place = left.iter().position(|(other, _)| *other == key)?;
        left.remove(place).map(|(_, span)| span)
    }

    /// Leaves a span that was computed, where another worker will ask for it.
    pub(super) fn leave(&self, key: SpanKey, computed: &Arc<Span>) {
        let (_, segment, span, _) = key;
        // Where the other computed it meanwhile, both have it.
        if !self.wanted.contains(&(segment, span)) || self.take(key).is_some() {
            return;
        }
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        left.push_back((key, computed.clone()));
        if left.len() > self.most {
            left.pop_front();
        }
    }
}
