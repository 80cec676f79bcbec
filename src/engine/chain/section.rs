//! A run of stages that share one frame axis, compiled to passes over sub-blocks.
//!
//! A filter needs one pass forward and one backward through a span; everything that works frame by frame
//! rides along with them, so that a span crosses memory as few times as there are passes.

use super::long;
use crate::{
    data::{DType, Stage},
    engine::{
        EngineError,
        filter::{Direction, FilterPlan},
        linear_map::MapPlan,
        motion::MotionPlan,
        phase_shift::PhasePlan,
        reference::ReferencePlan,
        tile::{Row, num_tiles, rows_of},
    },
};

/// What a section reads from.
#[derive(Clone, Debug)]
pub(super) enum Input {
    /// The source itself.
    Source,
    /// The section before it.
    Previous,
}

/// A segment of a section, and where it lies in the input.
#[derive(Clone, Copy, Debug)]
pub(super) struct SegmentMap {
    pub input_segment: usize,
    pub input_start: usize,
    pub num_frames: usize,
}

/// Work on a sub-block.
#[derive(Debug)]
pub(super) enum Op {
    Select(Vec<usize>),
    Reference(ReferencePlan),
    Map(MapPlan),
    Motion(MotionPlan),
    Scale {
        gain: Vec<Row>,
        offset: Vec<Row>,
    },
    /// By segment.
    Silence(Vec<Vec<(usize, usize)>>),
    /// To multiples of a step, of which there are `low` to `high`.
    Round {
        step: f32,
        low: f32,
        high: f32,
    },
    /// A filter in one direction; the number tells filters of a section apart.
    Filter(usize, Direction),
}

/// One walk through a stretch.
#[derive(Debug)]
pub(super) enum Pass {
    /// Sub-block by sub-block.
    Walk {
        direction: Direction,
        /// Channels before the first of the ops.
        num_channels: usize,
        ops: Vec<Op>,
    },
    /// Channel by channel over the whole stretch.
    Phase(PhasePlan),
}

/// How a section's frames are computed.
#[derive(Debug)]
pub(super) enum Kind {
    /// Frame by frame: any range at once.
    Pointwise,
    /// Span by span, each with this much context on both sides.
    Spans { margin: usize },
    /// A filter that remembers for longer than a span.
    Long(long::LongFilter),
}

/// A compiled run of stages.
#[derive(Debug)]
pub(super) struct Section {
    pub input: Input,
    pub segments: Vec<SegmentMap>,
    /// Columns of the input.
    pub input_channels: usize,
    /// Columns kept when the input is loaded.
    pub columns: Option<Vec<usize>>,
    pub num_channels: usize,
    /// Tiles of the widest point, the size of a sub-block.
    pub tiles: usize,
    pub filters: Vec<FilterPlan>,
    pub passes: Vec<Pass>,
    pub kind: Kind,
    /// Ops of the last walk before which all frames are needed; after them every second one will do where no more are
    /// wanted.
    pub thin_at: usize,
}

impl Section {
    /// True where the samples are the input's own.
    pub fn is_plain(&self) -> bool {
        matches!(self.kind, Kind::Pointwise)
            && self.passes.iter().all(|p| matches!(p, Pass::Walk { ops, .. } if ops.is_empty()))
    }

    /// The step of which all samples are multiples, so few that 16 bits count them.
    pub fn step(&self) -> Option<f32> {
        match (&self.kind, self.passes.last()) {
            (Kind::Pointwise | Kind::Spans { .. }, Some(Pass::Walk { ops, .. })) => match ops.last() {
                Some(Op::Round { step, low, high })
                    if *low >= f32::from(i16::MIN) && *high <= f32::from(i16::MAX) =>
                {
                    Some(*step)
                }
                _ => None,
            },
            _ => None,
        }
    }

    pub fn is_pointwise(&self) -> bool {
        matches!(self.kind, Kind::Pointwise)
    }

    /// True where some of the frames can be had for less than all.
    pub fn thins(&self) -> bool {
        !matches!(self.kind, Kind::Long(_)) && matches!(self.passes.last(), Some(Pass::Walk { .. }))
    }

    /// What the filters make of the power at a frequency, as a part of the sampling frequency.
    pub fn power_gain(&self, frequency: f64) -> f64 {
        let long = match &self.kind {
            Kind::Long(filter) => Some(filter.plan()),
            _ => None,
        };
        // Forward and backward.
        self.filters.iter().chain(long).map(|plan| plan.power_gain(frequency).powi(2)).product()
    }
}

/// Collects stages into sections.
pub(super) struct Builder {
    sampling_frequency: f64,
    sections: Vec<Section>,
    current: Section,
    /// Stages were added to the current section.
    used: bool,
}

impl Builder {
    pub fn new(sampling_frequency: f64, num_channels: usize, lengths: &[usize]) -> Self {
        let segments = lengths
            .iter()
            .enumerate()
            .map(|(input_segment, &num_frames)| SegmentMap { input_segment, input_start: 0, num_frames })
            .collect();
        Self {
            sampling_frequency,
            sections: Vec::new(),
            current: empty(Input::Source, segments, num_channels),
            used: false,
        }
    }

    pub fn finish(mut self) -> Vec<Section> {
        let idle = !self.used
            && self.current.columns.is_none()
            && self.sections.last().is_some_and(|previous| {
                previous.segments.len() == self.current.segments.len()
                    && previous.segments.iter().zip(&self.current.segments).enumerate().all(
                        |(index, (a, b))| {
                            (b.input_segment, b.input_start, b.num_frames) == (index, 0, a.num_frames)
                        },
                    )
            });
        if !idle {
            self.sections.push(self.current);
        }
        if let Some(section) = self.sections.last_mut()
            && let Some(Pass::Walk { ops, .. }) = section.passes.last()
        {
            let needs_all = |op: &Op| matches!(op, Op::Filter(..) | Op::Silence(_) | Op::Motion(_));
            section.thin_at = ops.iter().rposition(needs_all).map_or(0, |place| place + 1);
        }
        self.sections
    }

    /// Begins a section that reads from the one so far.
    fn cut(&mut self) {
        let segments = self
            .current
            .segments
            .iter()
            .enumerate()
            .map(|(index, s)| SegmentMap { input_segment: index, input_start: 0, num_frames: s.num_frames })
            .collect();
        let next = empty(Input::Previous, segments, self.current.num_channels);
        self.sections.push(std::mem::replace(&mut self.current, next));
        self.used = false;
    }

    pub fn add(&mut self, stage: &Stage) -> Result<(), EngineError> {
        let n = self.current.num_channels;
        match stage {
            Stage::SelectFrames { ranges } => self.select_frames(ranges),
            Stage::SelectChannels { indices } => {
                if let Some(bad) = indices.iter().find(|&&i| i >= n) {
                    return Err(EngineError::Data(format!(
                        "channel index {bad} on a recording of {n} channels"
                    )));
                }
                if self.used {
                    self.current.tiles = self.current.tiles.max(num_tiles(indices.len()));
                    self.push(Op::Select(indices.clone()));
                } else {
                    self.current.tiles = num_tiles(indices.len());
                    let columns = match &self.current.columns {
                        Some(columns) => indices.iter().map(|&i| columns[i]).collect(),
                        None => indices.clone(),
                    };
                    self.current.columns = Some(columns);
                }
                self.current.num_channels = indices.len();
            }
            Stage::Filter { sections, .. } => {
                let plan = FilterPlan::new(sections)?;
                if plan.is_long() {
                    if self.used || self.current.columns.is_some() {
                        self.cut();
                    }
                    self.current.kind = Kind::Long(long::LongFilter::new(plan));
                    self.cut();
                    return Ok(());
                }
                self.widen(plan.margin);
                let index = self.current.filters.len();
                self.current.filters.push(plan);
                self.push(Op::Filter(index, Direction::Forward));
                self.new_pass(Direction::Backward, vec![Op::Filter(index, Direction::Backward)]);
            }
            Stage::CommonReference { operator, reference } => {
                self.push(Op::Reference(ReferencePlan::new(*operator, reference, n)?));
            }
            Stage::PhaseShift { shifts } => {
                if shifts.iter().any(|s| !s.is_finite()) {
                    return Err(EngineError::Data(
                        "a sampling delay is not a number. Correct inter_sample_shift of the recording."
                            .into(),
                    ));
                }
                let plan = PhasePlan::new(shifts, self.sampling_frequency);
                self.widen(plan.margin);
                self.used = true;
                self.current.passes.push(Pass::Phase(plan));
                self.new_pass(Direction::Forward, Vec::new());
            }
            Stage::LinearMap { weights, .. } => {
                if weights.iter().any(|w| !w.is_finite()) {
                    return Err(EngineError::Data(
                        "a weight of the map is not a number. Fit it again without the channels that are constant."
                            .into(),
                    ));
                }
                self.push(Op::Map(MapPlan::new(weights)));
            }
            Stage::CorrectMotion { correction } => {
                self.push(Op::Motion(MotionPlan::new(correction.clone())?));
            }
            Stage::SilencePeriods { periods } => {
                let mut by_segment = vec![Vec::new(); self.current.segments.len()];
                for &(segment, start, end) in periods {
                    by_segment
                        .get_mut(segment)
                        .ok_or_else(|| {
                            EngineError::Data(format!(
                                "a silenced period in segment {segment}, the recording has {}",
                                self.current.segments.len()
                            ))
                        })?
                        .push((start, end));
                }
                self.push(Op::Silence(by_segment));
            }
            Stage::Scale { gain, offset, .. } => {
                let gain = rows_of(gain.iter().map(|&v| v as f32), 0.0);
                let offset = rows_of(offset.iter().map(|&v| v as f32), 0.0);
                self.push(Op::Scale { gain, offset });
            }
            Stage::Convert { dtype } => {
                if let Some((low, high)) = integer_range(*dtype) {
                    self.push(Op::Round { step: 1.0, low, high });
                }
            }
            Stage::Round { step } => {
                if !(*step > 0.0 && step.is_finite()) {
                    return Err(EngineError::Data(format!(
                        "samples cannot be rounded to multiples of {step}"
                    )));
                }
                self.push(Op::Round { step: *step, low: i16::MIN.into(), high: i16::MAX.into() });
            }
        }
        Ok(())
    }

    fn select_frames(&mut self, ranges: &[(usize, usize)]) {
        // Frames can be mapped freely only before anything looks at its neighbours.
        if !self.current.is_pointwise() || self.counts_frames() {
            self.cut();
        }
        self.current.segments = self
            .current
            .segments
            .iter()
            .zip(ranges)
            .filter(|(_, (start, end))| start < end)
            .map(|(map, &(start, end))| SegmentMap {
                input_start: map.input_start + start,
                num_frames: end - start,
                ..*map
            })
            .collect();
    }

    /// True where something of the section depends on the number of the frame.
    fn counts_frames(&self) -> bool {
        let counts = |op: &Op| matches!(op, Op::Silence(_) | Op::Motion(_));
        self.current.passes.iter().any(|p| matches!(p, Pass::Walk { ops, .. } if ops.iter().any(counts)))
    }

    fn widen(&mut self, by: usize) {
        // Every second frame begins at an even one.
        let by = by.next_multiple_of(2);
        match &mut self.current.kind {
            Kind::Spans { margin } => *margin += by,
            kind => *kind = Kind::Spans { margin: by },
        }
    }

    /// Adds work to the last pass, or to a new one where the direction does not fit.
    fn push(&mut self, op: Op) {
        self.used = true;
        let forward_only = matches!(op, Op::Filter(_, Direction::Forward));
        match self.current.passes.last_mut() {
            Some(Pass::Walk { direction, ops, .. })
                if !(forward_only && *direction == Direction::Backward) =>
            {
                ops.push(op);
            }
            _ => self.new_pass(Direction::Forward, vec![op]),
        }
    }

    fn new_pass(&mut self, direction: Direction, ops: Vec<Op>) {
        let num_channels = self.current.num_channels;
        self.current.passes.push(Pass::Walk { direction, num_channels, ops });
    }
}

fn empty(input: Input, segments: Vec<SegmentMap>, num_channels: usize) -> Section {
    Section {
        input,
        segments,
        input_channels: num_channels,
        columns: None,
        num_channels,
        tiles: num_tiles(num_channels),
        filters: Vec::new(),
        passes: vec![Pass::Walk { direction: Direction::Forward, num_channels, ops: Vec::new() }],
        kind: Kind::Pointwise,
        thin_at: 0,
    }
}

fn integer_range(dtype: DType) -> Option<(f32, f32)> {
    Some(match dtype {
        DType::Int8 => (i8::MIN as f32, i8::MAX as f32),
        DType::Uint8 => (0.0, u8::MAX as f32),
        DType::Int16 => (i16::MIN as f32, i16::MAX as f32),
        DType::Uint16 => (0.0, u16::MAX as f32),
        // The largest single-precision numbers that fit.
        DType::Int32 => (i32::MIN as f32, 2_147_483_520.0),
        DType::Uint32 => (0.0, 4_294_967_040.0),
        DType::Int64 => (i64::MIN as f32, 9_223_371_487_098_961_920.0),
        DType::Float32 | DType::Float64 => return None,
    })
}
