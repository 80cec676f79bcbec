//! Compiles the stages of a recording into one streaming computation.
//!
//! Samples are computed on a fixed grid of spans of [`SPAN_FRAMES`] frames, each from a warm-up of fixed
//! length on both sides. Whoever reads whichever range, on however many threads, gets the same bits: what a
//! view shows is what a sort sees. Stages that look at one frame at a time need no grid and are computed for
//! exactly the frames that are asked for.

mod borders;
mod filtering;
mod kept;
mod long;
mod parallel;
mod run;
mod section;
mod source;
mod span;
mod turns;

pub use parallel::{Job, map_in_pieces, map_pieces, map_spans, map_spans_with};
pub use source::{ChainSource, append, concatenate};

use super::{EngineError, block::Block};
use crate::data::{Recording, RecordingInfo, Source};
use borders::Borders;
use kept::Kept;
use ndarray::Array2;
use run::SectionScratch;
use section::{Builder, Section};
use std::{
    fmt,
    ops::Range,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// Frames in a span of the grid.
pub const SPAN_FRAMES: usize = 32_768;

/// A recording made ready to be read; cheap to clone, shared by threads.
#[derive(Clone)]
pub struct Chain {
    inner: Arc<Inner>,
    /// Every how manieth frame is read.
    step: usize,
    /// What stays in memory from pass to pass.
    kept: Option<Arc<Kept>>,
}

pub(super) struct Inner {
    /// Tells chains apart where a scratch is used with several.
    id: u64,
    info: Arc<RecordingInfo>,
    source: Arc<dyn Source>,
    sections: Vec<Section>,
    scratches: Mutex<Vec<ChainScratch>>,
}

/// Buffers that reading needs: one a thread, used again and again.
#[derive(Default)]
pub struct ChainScratch {
    sections: Vec<SectionScratch>,
    /// A block to be filled by a pass.
    block: Block,
}

impl ChainScratch {
    /// Empty buffers that grow with the first read.
    pub fn new() -> Self {
        Self::default()
    }
}

/// Compiles a recording; reads nothing.
///
/// # Errors
/// Where a stage cannot be carried out, such as an unstable filter or a channel that does not exist.
pub fn compile(recording: &Recording) -> Result<Chain, EngineError> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let source = recording.source().clone();
    let mut info = source.info().clone();
    let lengths: Vec<usize> = info.segments.iter().map(|s| s.num_frames).collect();
    if info.num_channels() == 0 {
        return Err(EngineError::Data("the recording has no channels".into()));
    }
    let mut builder = Builder::new(info.sampling_frequency, info.num_channels(), &lengths);
    for stage in recording.stages() {
        // Also checks what the recording was told when the stage was added.
        info = stage.apply_to_info(&info).map_err(|e| EngineError::Data(e.0))?;
        builder.add(stage)?;
    }
    let sections = builder.finish();
    let info = recording.info_arc();
    let fits = sections.last().is_some_and(|section| {
        section.num_channels == info.num_channels()
            && section.segments.len() == info.segments.len()
            && section.segments.iter().zip(&info.segments).all(|(a, b)| a.num_frames == b.num_frames)
    });
    if !fits {
        return Err(EngineError::Data(
            "the recording's description has other channels or frames than its stages produce".into(),
        ));
    }
    let id = NEXT.fetch_add(1, Ordering::Relaxed);
    let inner = Inner { id, info, source, sections, scratches: Mutex::default() };
    Ok(Chain { inner: Arc::new(inner), step: 1, kept: None })
}

impl Chain {
    /// What is known of the recording.
    pub fn info(&self) -> &RecordingInfo {
        &self.inner.info
    }

    /// A shared handle on [`Self::info`].
    pub fn info_arc(&self) -> Arc<RecordingInfo> {
        self.inner.info.clone()
    }

    /// How many channels are read.
    pub fn num_channels(&self) -> usize {
        self.inner.info.num_channels()
    }

    /// How many segments there are.
    pub fn num_segments(&self) -> usize {
        self.inner.info.segments.len()
    }

    /// The same recording, of which only some of the frames are read: frame `i` of the result is frame
    /// `i * self.step()` of the recording, to the bit.
    ///
    /// Two where filters leave next to nothing above a quarter of the sampling frequency (every second frame holds all
    /// there is, and costs half of it), else one. Sums over the frames of a spike are as exact from every second frame.
    pub fn sufficient(&self) -> Self {
        Self { step: self.step.max(sufficient_step(&self.inner)), ..self.clone() }
    }

    /// The same recording, of which passes keep what they computed, up to this many bytes, for the passes that follow.
    /// Where samples are not rounded to a step nothing is kept, and of passes over other frames than the
    /// [sufficient](Self::sufficient) ones neither.
    pub fn keeping(&self, bytes: usize) -> Self {
        let step = self.inner.sections.last().and_then(Section::step).filter(|_| bytes > 0);
        let every = sufficient_step(&self.inner);
        Self { kept: step.map(|_| Arc::new(Kept::new(every, bytes))), ..self.clone() }
    }

    /// Every how manieth frame of the recording is read.
    pub fn step(&self) -> usize {
        self.step
    }

    /// Length of a segment, in frames that are read; 0 where there is none.
    pub fn num_frames(&self, segment: usize) -> usize {
        self.inner.info.segments.get(segment).map_or(0, |s| s.num_frames.div_ceil(self.step))
    }

    /// Frames in a span of the grid.
    pub fn span_frames(&self) -> usize {
        SPAN_FRAMES / self.step
    }

    /// Spans of the grid in a segment.
    pub fn num_spans(&self, segment: usize) -> usize {
        self.num_frames(segment).div_ceil(self.span_frames())
    }

    /// Frames of a span.
    pub fn span_range(&self, segment: usize, span: usize) -> Range<usize> {
        run::span_range(self.num_frames(segment), span, self.step)
    }

    /// Reads traces `(frames, channels)` of any range, all channels or some of them in the order given.
    ///
    /// Values are in the recording's units and the same whatever the range.
    ///
    /// # Errors
    /// Where the range or a channel does not exist, or the source cannot be read.
    pub fn read(
        &self,
        segment: usize,
        frames: Range<usize>,
        channels: Option<&[usize]>,
    ) -> Result<Array2<f32>, EngineError> {
        self.check(segment, &frames)?;
        let n = self.num_channels();
        if let Some(bad) = channels.and_then(|c| c.iter().find(|&&c| c >= n)) {
            return Err(EngineError::Data(format!(
                "channel index {bad} was asked for, the recording has {n} channels"
            )));
        }
        let mut samples = vec![0.0; frames.len() * n];
        self.read_frames(segment, frames.start, &mut samples)?;
        let traces = Array2::from_shape_vec((frames.len(), n), samples)
            .map_err(|e| EngineError::Data(e.to_string()))?;
        Ok(match channels {
            Some(channels) => traces.select(ndarray::Axis(1), channels),
            None => traces,
        })
    }

    /// Fills `out` with frame-major samples of all channels from frame `start` on.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_frames(&self, segment: usize, start: usize, out: &mut [f32]) -> Result<(), EngineError> {
        self.check(segment, &(start..start + out.len() / self.num_channels()))?;
        self.with_scratch(|scratch| {
            if self.step > 1 {
                let (mut block, n) = (Block::new(), self.num_channels());
                let frames = start..start + out.len() / n;
                self.read_block(segment, frames.clone(), scratch, &mut block)?;
                span::copy_frame_major(&block, frames, out, n);
                return Ok(());
            }
            let sections = scratch.for_sections(self.inner.sections.len());
            run::read_frames(&self.inner, self.inner.sections.len() - 1, sections, segment, start, out)
        })
    }

    /// Reads any range, channel by channel, into buffers that are reused.
    ///
    /// Ranges that follow one another and overlap, such as spans with a little context on both sides, cost
    /// little more than the spans alone: the scratch remembers the last two.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_block(
        &self,
        segment: usize,
        frames: Range<usize>,
        scratch: &mut ChainScratch,
        out: &mut Block,
    ) -> Result<(), EngineError> {
        self.fill(run::read_block, segment, frames, scratch, out)
    }

    /// Reads a range that is computed for itself, not as part of the grid: equal to [`Self::read_block`] but for the
    /// rounding of filters.
    ///
    /// # Errors
    /// As [`Self::read`].
    fn read_piece(
        &self,
        segment: usize,
        frames: Range<usize>,
        scratch: &mut ChainScratch,
        out: &mut Block,
    ) -> Result<(), EngineError> {
        self.fill(run::read_piece, segment, frames, scratch, out)
    }

    fn fill(
        &self,
        read: run::Read,
        segment: usize,
        frames: Range<usize>,
        scratch: &mut ChainScratch,
        out: &mut Block,
    ) -> Result<(), EngineError> {
        self.check(segment, &frames)?;
        out.reset(self.num_channels(), frames);
        let sections = scratch.for_sections(self.inner.sections.len());
        read(&self.inner, self.inner.sections.len() - 1, sections, segment, self.step, out)
    }

    /// Works with one of the scratches the chain keeps.
    pub(super) fn with_scratch<T>(&self, work: impl FnOnce(&mut ChainScratch) -> T) -> T {
        let lock = || self.inner.scratches.lock().unwrap_or_else(PoisonError::into_inner);
        let mut scratch = lock().pop().unwrap_or_default();
        let result = work(&mut scratch);
        let mut kept = lock();
        // What is read next finds memory that is there already.
        if kept.len() < self.num_workers() {
            kept.push(scratch);
        }
        result
    }

    fn check(&self, segment: usize, frames: &Range<usize>) -> Result<(), EngineError> {
        let num_frames = self.num_frames(segment);
        if self.inner.info.segments.get(segment).is_none() {
            return Err(EngineError::Data(format!(
                "segment {segment} was asked for, the recording has {}",
                self.num_segments()
            )));
        }
        if frames.start > frames.end || frames.end > num_frames {
            return Err(EngineError::Data(format!(
                "frames {} to {} were asked for, segment {segment} has {}",
                frames.start, frames.end, num_frames
            )));
        }
        Ok(())
    }
}

/// Of white noise, filters must leave no more than this above a quarter of the sampling frequency.
const MOST_ABOVE: f64 = 2e-3;

/// Every how manieth frame holds all there is.
fn sufficient_step(inner: &Inner) -> usize {
    let Some((last, before)) = inner.sections.split_last() else { return 1 };
    if !last.thins() {
        return 1;
    }
    const STEPS: usize = 512;
    let (mut above, mut all) = (0.0, 0.0);
    for step in 0..STEPS {
        let frequency = (step as f64 + 0.5) / (2 * STEPS) as f64;
        let power = |section: &Section| section.power_gain(frequency);
        let power = power(last) * before.iter().map(power).product::<f64>();
        all += power;
        if frequency > 0.25 {
            above += power;
        }
    }
    if above <= MOST_ABOVE * all { 2 } else { 1 }
}

impl ChainScratch {
    /// Lends the spans at the borders of runs, and those that stay, to whoever computes with this scratch; `None` ends it.
    fn share(&mut self, chain: &Chain, borders: Option<Arc<Borders>>, kept: Option<Arc<Kept>>) {
        if let Some(top) = self.for_sections(chain.inner.sections.len()).last_mut() {
            (top.borders, top.kept) = (borders, kept);
        }
    }

    fn for_sections(&mut self, count: usize) -> &mut [SectionScratch] {
        if self.sections.len() < count {
            self.sections.resize_with(count, SectionScratch::default);
        }
        &mut self.sections[..count]
    }
}

impl fmt::Debug for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chain")
            .field("source", &self.inner.source)
            .field("sections", &self.inner.sections.len())
            .finish_non_exhaustive()
    }
}
