//! Reads a recording span by span and remembers extremes of spans, in a bounded cache.

use super::{
    cache::Cache,
    minmax::{Extremes, bin},
};
use crate::{
    data::{Recording, RecordingInfo},
    engine::{
        EngineError,
        block::Block,
        chain::{self, Chain, ChainScratch, SPAN_FRAMES},
    },
};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Bin lengths that are kept; each divides the next and the last is a span.
pub(super) const LEVELS: [usize; 6] = [1, 8, 64, 512, 4096, SPAN_FRAMES];

/// Memory for the spans of one recording.
const CACHE_BYTES: usize = 256 << 20;

/// Frames in the middle of a recording that tell where its channels lie, where its start is silent.
const MIDDLE_FRAMES: usize = 4096;

/// Samples of a channel that tell its centre and its noise.
const SCALE_SAMPLES: usize = 2048;

/// A recording as views read it; shared by the requests of a view.
pub struct SpanReader {
    chain: Chain,
    spans: Mutex<Cache<(usize, usize, usize), Extremes>>,
    scratch: Mutex<Vec<(ChainScratch, Block)>>,
    /// Of the stretch that came first, whichever it was; good enough until `scale` is there.
    early: OnceLock<Scale>,
    /// Of the first span, where it was read for a picture already.
    first: OnceLock<Scale>,
    /// Of the same stretch whatever is looked at, so that the same recording always looks the same.
    scale: OnceLock<Scale>,
}

/// Where the values of the channels lie, in the units of the recording.
#[derive(Clone, Debug, Default)]
pub(super) struct Scale {
    /// Median of each channel.
    pub center: Vec<f32>,
    /// Noise of each channel, from the median absolute deviation.
    pub noise: Vec<f32>,
}

impl SpanReader {
    /// Prepares a recording; reads nothing.
    ///
    /// # Errors
    /// Where a stage of the recording cannot be carried out.
    pub fn new(recording: &Recording) -> Result<Self, EngineError> {
        Ok(Self {
            chain: chain::compile(recording)?,
            spans: Mutex::new(Cache::new(CACHE_BYTES)),
            scratch: Mutex::default(),
            early: OnceLock::new(),
            first: OnceLock::new(),
            scale: OnceLock::new(),
        })
    }

    /// What is known of the recording.
    pub fn info(&self) -> &RecordingInfo {
        self.chain.info()
    }

    /// Median and noise of the channels; a first guess until [`Self::settle_scale`].
    pub(super) fn scale(&self) -> Scale {
        self.scale.get().or(self.first.get()).or(self.early.get()).cloned().unwrap_or_default()
    }

    /// True once median and noise are those of [`Self::settle_scale`].
    pub(super) fn is_settled(&self) -> bool {
        self.scale.get().is_some()
    }

    /// The first segment that has samples.
    fn first_segment(&self) -> Option<usize> {
        self.chain.info().segments.iter().position(|segment| segment.num_frames > 0)
    }

    /// Measures median and noise where they are always measured: in the first span, or in the middle
    /// where the first is silent.
    ///
    /// # Errors
    /// Where the samples cannot be read.
    pub(super) fn settle_scale(&self) -> Result<(), EngineError> {
        if self.scale.get().is_some() {
            return Ok(());
        }
        let segments = &self.chain.info().segments;
        let Some(segment) = self.first_segment() else { return Ok(()) };
        let of = |frames| self.with_block(segment, frames, Scale::of);
        let mut scale = match self.first.get() {
            Some(scale) => scale.clone(),
            None => of(self.chain.span_range(segment, 0))?,
        };
        let middle = segments[segment].num_frames / 2 / SPAN_FRAMES * SPAN_FRAMES;
        if middle > 0 && scale.noise.iter().all(|&noise| noise <= 0.0) {
            scale = of(middle..(middle + MIDDLE_FRAMES).min(segments[segment].num_frames))?;
        }
        // Another thread may have been faster, with the same values.
        let _ = self.scale.set(scale);
        Ok(())
    }

    /// Extremes of a span from memory, in bins of `LEVELS[level]` frames.
    pub(super) fn remembered(&self, segment: usize, span: usize, level: usize) -> Option<Arc<Extremes>> {
        let mut spans = self.spans.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = spans.get(&(segment, span, level)) {
            return Some(found);
        }
        let (finer_level, finer) =
            (0..level).rev().find_map(|l| Some((l, spans.get(&(segment, span, l))?)))?;
        drop(spans);
        let coarser = Arc::new(finer.coarser(LEVELS[level] / LEVELS[finer_level]));
        self.remember(segment, span, level, &coarser);
        Some(coarser)
    }

    /// Extremes of a span from memory in longer bins than asked for.
    pub(super) fn remembered_coarse(
        &self,
        segment: usize,
        span: usize,
        level: usize,
    ) -> Option<Arc<Extremes>> {
        let mut spans = self.spans.lock().unwrap_or_else(PoisonError::into_inner);
        (level + 1..LEVELS.len()).find_map(|l| spans.get(&(segment, span, l)))
    }

    /// Extremes of a span, from memory or read.
    ///
    /// # Errors
    /// Where the samples cannot be read.
    pub(super) fn extremes(
        &self,
        segment: usize,
        span: usize,
        level: usize,
    ) -> Result<Arc<Extremes>, EngineError> {
        if let Some(found) = self.remembered(segment, span, level) {
            return Ok(found);
        }
        let frames = self.chain.span_range(segment, span);
        let is_first = span == 0 && Some(segment) == self.first_segment();
        let extremes = self.with_block(segment, frames, |block| {
            if !self.is_settled() {
                let scale = if is_first { &self.first } else { &self.early };
                scale.get_or_init(|| Scale::of(block));
            }
            let bin_frames = LEVELS[level];
            let num_bins = block.num_frames().div_ceil(bin_frames);
            let mut values = Vec::with_capacity(num_bins * block.num_channels());
            for channel in 0..block.num_channels() {
                bin(block.channel(channel), bin_frames, &mut values);
            }
            Arc::new(Extremes { bin_frames, num_bins, values })
        })?;
        self.remember(segment, span, level, &extremes);
        Ok(extremes)
    }

    /// Lets `work` see the samples of a stretch, channel by channel.
    ///
    /// # Errors
    /// Where the samples cannot be read.
    pub(super) fn with_block<T>(
        &self,
        segment: usize,
        frames: std::ops::Range<usize>,
        work: impl FnOnce(&Block) -> T,
    ) -> Result<T, EngineError> {
        let lock = || self.scratch.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut scratch, mut block) = lock().pop().unwrap_or_else(|| (ChainScratch::new(), Block::new()));
        let read = self.chain.read_block(segment, frames, &mut scratch, &mut block);
        let result = read.map(|()| work(&block));
        let mut kept = lock();
        if kept.len() < 2 {
            kept.push((scratch, block));
        }
        result
    }

    fn remember(&self, segment: usize, span: usize, level: usize, extremes: &Arc<Extremes>) {
        self.spans.lock().unwrap_or_else(PoisonError::into_inner).insert(
            (segment, span, level),
            extremes.clone(),
            extremes.bytes(),
        );
    }
}

impl std::fmt::Debug for SpanReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SpanReader").field("chain", &self.chain).finish_non_exhaustive()
    }
}

impl Scale {
    fn of(block: &Block) -> Self {
        let mut scale = Scale::default();
        let mut values = Vec::with_capacity(SCALE_SAMPLES);
        let step = block.num_frames().div_ceil(SCALE_SAMPLES).max(1);
        for channel in 0..block.num_channels() {
            values.clear();
            values.extend(block.channel(channel).iter().step_by(step).copied().filter(|x| x.is_finite()));
            let center = median(&mut values);
            for value in &mut values {
                *value = (*value - center).abs();
            }
            scale.center.push(center);
            scale.noise.push(1.4826 * median(&mut values));
        }
        scale
    }
}

/// The middle value, 0 for none; reorders.
pub(super) fn median(values: &mut [f32]) -> f32 {
    if values.is_empty() {
        return 0.0;
    }
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f32::total_cmp).1
}
