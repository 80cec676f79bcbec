//! Traces without what is no spike on any template.

use crate::engine::block::Block;
use std::ops::Range;

/// A copy of traces, used again and again.
#[derive(Default)]
pub(super) struct Quiet {
    block: Block,
}

impl Quiet {
    /// The traces with zeros in some stretches and `around` samples beside them: a stimulus is no sum of templates, and
    /// what it makes of them would be spikes that nobody fired.
    pub fn without(&mut self, traces: &Block, stretches: &[Range<u32>], around: usize) -> &Block {
        self.block.reset(traces.num_channels(), traces.frames());
        self.block.copy_overlap(traces);
        for channel in 0..traces.num_channels() {
            let trace = self.block.channel_mut(channel);
            for stretch in stretches {
                let start = (stretch.start as usize).saturating_sub(around).min(trace.len());
                let end = (stretch.end as usize + around).min(trace.len());
                trace[start..end].fill(0.0);
            }
        }
        &self.block
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stretches_are_silent_and_the_rest_stays() {
        let mut traces = Block::zeros(2, 100..150);
        (0..2).for_each(|c| traces.channel_mut(c).fill(3.0));
        let mut quiet = Quiet::default();
        let block = quiet.without(&traces, &[5..8, 48..60], 2);
        let is_silent = |t: usize| (3..10).contains(&t) || t >= 46;
        for channel in 0..2 {
            assert!((0..50).all(|t| (block.channel(channel)[t] == 0.0) == is_silent(t)));
        }
        assert_eq!(block.frames(), 100..150);
    }
}
