//! Spans at the borders of the runs of workers: computed once, though two need them.

use super::{Job, run::SpanKey};
use crate::engine::block::Block;
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::{Mutex, PoisonError},
};

/// What workers leave for each other.
#[derive(Debug)]
pub(super) struct Borders {
    /// Segment and span of what lies at a border.
    wanted: BTreeSet<(usize, usize)>,
    /// Frames beyond a border that are looked at.
    pad: usize,
    kept: Mutex<BTreeMap<SpanKey, Vec<Block>>>,
}

impl Borders {
    /// The spans on both sides of where one run of jobs ends and the next begins.
    pub(super) fn of(jobs: &[Job], run: usize, pad: usize, span_frames: usize) -> Self {
        let span = |job: &Job| (job.segment, job.frames.start / span_frames);
        let wanted = (run..jobs.len())
            .step_by(run.max(1))
            .flat_map(|first| [&jobs[first - 1], &jobs[first]])
            .map(span)
            .collect();
        Self { wanted, pad, kept: Mutex::default() }
    }

    /// What another worker left of a span, where it holds the frames that are needed.
    pub(super) fn take(&self, key: SpanKey, needed: &Range<usize>) -> Option<Block> {
        if !self.wants(key) {
            return None;
        }
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let blocks = kept.get_mut(&key)?;
        let holds = |block: &Block| block.frames().start <= needed.start && needed.end <= block.frames().end;
        // Two need it: the one that left it and this one.
        blocks.iter().position(holds).map(|place| blocks.remove(place))
    }

    /// Leaves of a span that was computed what another worker will ask for: its ends for the neighbours where all of it
    /// was needed here, else all of it for the one it belongs to.
    pub(super) fn leave(&self, key: SpanKey, computed: &Block, is_own: bool) {
        if !self.wants(key) {
            return;
        }
        let span = computed.frames();
        let part = |frames: Range<usize>| {
            let mut block = Block::new();
            block.reset(computed.num_channels(), frames);
            block.copy_overlap(computed);
            block
        };
        let parts = if is_own {
            let pad = self.pad.min(span.len());
            vec![part(span.start..span.start + pad), part(span.end - pad..span.end)]
        } else {
            vec![computed.clone()]
        };
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).insert(key, parts);
    }

    fn wants(&self, (_, segment, span, _): SpanKey) -> bool {
        self.wanted.contains(&(segment, span))
    }
}
