//! A recording: where samples come from, and the recipe that is applied when they are read.

use super::{Id, Probe, Stage, Table};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt, sync::Arc};

/// The number type of stored samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum DType {
    Int8,
    Uint8,
    Int16,
    Uint16,
    Int32,
    Uint32,
    Int64,
    Float32,
    Float64,
}

impl DType {
    /// True of whole numbers that are never negative.
    pub fn is_unsigned(self) -> bool {
        matches!(self, DType::Uint8 | DType::Uint16 | DType::Uint32)
    }

    /// Bytes a number takes.
    pub fn size(self) -> usize {
        match self {
            DType::Int8 | DType::Uint8 => 1,
            DType::Int16 | DType::Uint16 => 2,
            DType::Int32 | DType::Uint32 | DType::Float32 => 4,
            DType::Int64 | DType::Float64 => 8,
        }
    }

    /// numpy's name, such as `int16`.
    pub fn name(self) -> &'static str {
        match self {
            DType::Int8 => "int8",
            DType::Uint8 => "uint8",
            DType::Int16 => "int16",
            DType::Uint16 => "uint16",
            DType::Int32 => "int32",
            DType::Uint32 => "uint32",
            DType::Int64 => "int64",
            DType::Float32 => "float32",
            DType::Float64 => "float64",
        }
    }

    /// Reads numpy's spellings (`int16`, `<i2`, `|u1`, `f4` …); byte order is dropped, see the reader.
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text.trim_start_matches(['<', '>', '=', '|']) {
            "int8" | "i1" => DType::Int8,
            "uint8" | "u1" => DType::Uint8,
            "int16" | "i2" => DType::Int16,
            "uint16" | "u2" => DType::Uint16,
            "int32" | "i4" => DType::Int32,
            "uint32" | "u4" => DType::Uint32,
            "int64" | "i8" => DType::Int64,
            "float32" | "f4" => DType::Float32,
            "float64" | "f8" => DType::Float64,
            _ => return None,
        })
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A stretch of samples without a gap.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Segment {
    /// Its length.
    pub num_frames: usize,
    /// Time of frame 0 in seconds, where known.
    pub t_start_s: Option<f64>,
}

/// What is known of a recording without reading a sample.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RecordingInfo {
    /// Samples per second and channel, in Hz; need not be an integer.
    pub sampling_frequency: f64,
    /// Names of the channels, in the order of the columns.
    pub channel_ids: Vec<Id>,
    /// The segments.
    pub segments: Vec<Segment>,
    /// The number type the samples are meant to have.
    pub dtype: DType,
    /// µV per raw unit of each channel; `None` where unknown.
    pub gain_to_uv: Option<Vec<f64>>,
    /// µV at raw zero of each channel; `None` where unknown.
    pub offset_to_uv: Option<Vec<f64>>,
    /// Contact `i` is carried by column `i`; `None` where no probe is known.
    pub probe: Option<Arc<Probe>>,
    /// The group of each channel (a shank, unless told otherwise).
    pub groups: Vec<i64>,
    /// Sampling delay of each channel against the first in samples (multiplexed converters); empty where unknown.
    pub inter_sample_shift: Vec<f64>,
    /// True where the samples were filtered already.
    pub is_filtered: bool,
    /// What else is known of the channels: a row each, kept and written out again.
    #[serde(default)]
    pub properties: Table,
    /// Anything else the source says, kept and written out again.
    pub annotations: BTreeMap<String, serde_json::Value>,
}

/// The key of the annotations that lists remarks on how a file was opened, for the user.
pub const WARNINGS: &str = "warnings";

/// The key of the annotations that lists the steps of a SpikeInterface chain which are yet to be applied, first step
/// first, each with its `class` and `kwargs`.
pub const STEPS: &str = "spikeinterface_steps";

impl RecordingInfo {
    /// Adds a remark that `info` and the inspector show.
    pub fn warn(&mut self, text: String) {
        let list = self.annotations.entry(WARNINGS.to_owned()).or_insert_with(|| serde_json::json!([]));
        if let Some(list) = list.as_array_mut() {
            list.push(text.into());
        }
    }

    /// A single-segment recording of `num_channels` channels without probe or gains.
    pub fn new(sampling_frequency: f64, num_channels: usize, num_frames: usize, dtype: DType) -> Self {
        Self {
            sampling_frequency,
            channel_ids: Id::range(num_channels),
            segments: vec![Segment { num_frames, t_start_s: None }],
            dtype,
            gain_to_uv: None,
            offset_to_uv: None,
            probe: None,
            groups: vec![0; num_channels],
            inter_sample_shift: Vec::new(),
            is_filtered: false,
            properties: Table::default(),
            annotations: BTreeMap::new(),
        }
    }

    /// How many channels there are.
    pub fn num_channels(&self) -> usize {
        self.channel_ids.len()
    }

    /// Frames of all segments together.
    pub fn total_frames(&self) -> usize {
        self.segments.iter().map(|s| s.num_frames).sum()
    }

    /// Length of all segments together in seconds.
    pub fn duration_s(&self) -> f64 {
        self.total_frames() as f64 / self.sampling_frequency
    }

    /// Positions `[x, y]` of the channels in µm; `None` without a probe.
    pub fn locations_um(&self) -> Option<Vec<[f64; 2]>> {
        let probe = self.probe.as_ref()?;
        Some(probe.contacts.iter().map(|c| c.position_um).collect())
    }

    /// Columns of channels by name. A name matches as it is written, so that `"3"` finds channel `3`.
    ///
    /// # Errors
    /// Where a name is unknown or given twice; says which names there are.
    pub fn channel_indices(&self, ids: &[Id]) -> Result<Vec<usize>, RecordingError> {
        let names: Vec<String> = self.channel_ids.iter().map(ToString::to_string).collect();
        let mut indices = Vec::with_capacity(ids.len());
        for id in ids {
            let name = id.to_string();
            let Some(index) = names.iter().position(|n| *n == name) else {
                let shown = names.iter().take(8).cloned().collect::<Vec<_>>().join(", ");
                let more = if names.len() > 8 { " …" } else { "" };
                return Err(RecordingError(format!(
                    "there is no channel \"{name}\"; the {} channels are {shown}{more}",
                    names.len()
                )));
            };
            if indices.contains(&index) {
                return Err(RecordingError(format!("channel \"{name}\" is named twice")));
            }
            indices.push(index);
        }
        Ok(indices)
    }

    /// This description with only the given channels, in the given order.
    #[must_use]
    pub fn slice_channels(&self, indices: &[usize]) -> Self {
        fn pick<T: Clone>(values: &[T], indices: &[usize]) -> Vec<T> {
            indices.iter().filter_map(|&i| values.get(i).cloned()).collect()
        }
        Self {
            channel_ids: pick(&self.channel_ids, indices),
            gain_to_uv: self.gain_to_uv.as_ref().map(|v| pick(v, indices)),
            offset_to_uv: self.offset_to_uv.as_ref().map(|v| pick(v, indices)),
            probe: self.probe.as_ref().map(|p| Arc::new(p.slice(indices))),
            groups: pick(&self.groups, indices),
            inter_sample_shift: pick(&self.inter_sample_shift, indices),
            properties: self.properties.select_rows(indices),
            ..self.clone()
        }
    }
}

/// Samples could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The file failed.
    #[error("cannot read {path}: {source}")]
    Io {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file is shorter than when it was opened.
    #[error(
        "{path} became shorter while it was read: {expected} bytes expected, {found} found. Open it again."
    )]
    Shortened {
        /// The file.
        path: String,
        /// Size in bytes when it was opened.
        expected: u64,
        /// Size in bytes now.
        found: u64,
    },
    /// Samples that are not numbers.
    #[error(
        "{place} holds a value that is no finite number (NaN or infinite) in segment {segment}, frame {frame}, channel {channel}. Replace it, or take the part before it with select_time."
    )]
    NotANumber {
        /// The file or source.
        place: String,
        /// Segment index.
        segment: usize,
        /// Frame within the segment.
        frame: usize,
        /// Channel index.
        channel: usize,
    },
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

/// Where raw samples come from: a file, a generator, several recordings in a row.
pub trait Source: Send + Sync + fmt::Debug {
    /// What is known without reading.
    fn info(&self) -> &RecordingInfo;

    /// Fills `out` with raw samples (not scaled to µV), frame-major: `out[(frame - start) * num_channels + channel]`,
    /// for `start..start + out.len() / num_channels` of the segment, which the caller keeps in range.
    ///
    /// # Errors
    /// Where the file fails, got shorter, or holds NaN.
    fn read(&self, segment: usize, start: usize, out: &mut [f32]) -> Result<(), SourceError>;

    /// Files and folders the samples come from; empty for generators.
    fn files(&self) -> Vec<std::path::PathBuf> {
        Vec::new()
    }
}

/// A stage does not fit the recording.
#[derive(Debug, thiserror::Error, PartialEq)]
#[error("{0}")]
pub struct RecordingError(pub String);

/// A source and the stages that are applied when it is read; cheap to clone, never written down.
///
/// `engine::chain` turns it into one streaming kernel; nothing here touches a sample.
#[derive(Clone, Debug)]
pub struct Recording {
    source: Arc<dyn Source>,
    stages: Arc<Vec<Stage>>,
    info: Arc<RecordingInfo>,
}

impl Recording {
    /// The source as it is.
    pub fn new(source: Arc<dyn Source>) -> Self {
        let info = Arc::new(source.info().clone());
        Self { source, stages: Arc::default(), info }
    }

    /// What is known of it after all stages.
    pub fn info(&self) -> &RecordingInfo {
        &self.info
    }

    /// A shared handle on [`Self::info`].
    pub fn info_arc(&self) -> Arc<RecordingInfo> {
        self.info.clone()
    }

    /// Where the raw samples come from.
    pub fn source(&self) -> &Arc<dyn Source> {
        &self.source
    }

    /// The stages, first applied first.
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }

    /// True where both read the same samples of the same source in the same way, and say the same of them.
    pub fn is_same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.source, &other.source)
            && self.stages == other.stages
            && (Arc::ptr_eq(&self.info, &other.info) || self.info == other.info)
    }

    /// This recording with one more stage at the end.
    ///
    /// # Errors
    /// Where the stage does not fit, such as a channel that does not exist.
    pub fn with_stage(&self, stage: Stage) -> Result<Self, RecordingError> {
        let info = stage.apply_to_info(&self.info)?;
        let mut stages = self.stages.to_vec();
        stages.push(stage);
        Ok(Self { source: self.source.clone(), stages: Arc::new(stages), info: Arc::new(info) })
    }

    /// This recording with its description changed (probe, gains, groups), samples untouched.
    ///
    /// # Errors
    /// Where the number of channels or the frames differ.
    pub fn with_info(&self, info: RecordingInfo) -> Result<Self, RecordingError> {
        if info.num_channels() != self.info.num_channels() || info.segments.len() != self.info.segments.len()
        {
            return Err(RecordingError("a description with another number of channels or segments".into()));
        }
        Ok(Self { info: Arc::new(info), ..self.clone() })
    }
}
