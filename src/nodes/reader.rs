//! How a recording is read, for the nodes that open some.

use crate::{
    data::{DType, Notice, Recording, Remedy},
    engine::{Monitor, spikeinterface_chain::with_steps},
    io::{self, OpenOptions, probe::NOT_WIRED},
    pipeline::{Inputs, NodeError, RunContext, Value},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Order of the bytes of a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ByteOrder {
    /// Least significant byte first, as nearly all files have it.
    #[default]
    Little,
    /// Most significant byte first.
    Big,
}

/// Where the recording is, and what its file does not say itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ReadRecordingParams {
    /// File or folder. The format is recognised; a relative path starts at the folder of the pipeline. sha1://HASH/raw.mda is
    /// a file by its content, found in the folder SHA1_CACHE_DIR.
    #[schemars(extend("path" = "open", "label" = "File or folder"))]
    pub path: PathBuf,
    /// Probe: a probeinterface .json, a .prb, the .meta of SpikeGLX, or the name of a bundled probe. None takes what the recording says.
    #[schemars(extend("path" = "open"))]
    pub probe: Option<String>,
    /// Number type of a raw file. Other formats say it themselves.
    #[schemars(extend("label" = "Number type"))]
    pub dtype: Option<DType>,
    /// Channels of a raw file, all columns counted. Other formats say it themselves.
    #[schemars(range(min = 1, max = 100_000))]
    pub num_channels: Option<usize>,
    /// Samples per second of a raw file. Other formats say it themselves.
    #[schemars(range(min = 1.0, max = 1_000_000.0), extend("unit" = "Hz", "soft" = [10_000.0, 40_000.0]))]
    pub sampling_frequency: Option<f64>,
    /// µV per unit of a raw file. None where unknown: amplitudes are then in raw units.
    #[schemars(extend("label" = "Gain to µV"))]
    pub gain_to_uv: Option<f64>,
    /// µV at zero of a raw file.
    #[schemars(extend("label" = "Offset to µV"))]
    pub offset_to_uv: Option<f64>,
    /// Which stream to open, where the input has several.
    pub stream: Option<String>,
    /// Bytes before the first sample of a raw file.
    #[schemars(extend("unit" = "bytes", "advanced" = true))]
    pub file_offset: u64,
    /// Order of a raw file: 0 where all channels of a sample lie together, 1 where all samples of a channel do.
    #[schemars(range(min = 0, max = 1), extend("advanced" = true))]
    pub time_axis: u8,
    /// Order of the bytes of a number in a raw file.
    #[schemars(extend("advanced" = true))]
    pub byte_order: ByteOrder,
    /// Read the whole frames of a raw file whose last frame was cut off.
    #[schemars(extend("advanced" = true))]
    pub allow_partial_frame: bool,
    /// The samples were filtered before they were stored.
    #[schemars(extend("advanced" = true, "label" = "Filtered already"))]
    pub is_filtered: bool,
}

/// The file of the probe, where one is named.
pub fn probe_file(params: &ReadRecordingParams) -> Option<PathBuf> {
    params.probe.as_deref().filter(|probe| is_file_name(probe)).map(PathBuf::from)
}

/// A recording as its file has it, with the steps that its format names and what the parameters say of it.
pub fn finished(
    recording: Recording,
    params: &ReadRecordingParams,
    context: &RunContext,
) -> Result<Recording, NodeError> {
    let recording = with_steps(recording)?;
    let warnings = recording.info().annotations.get(io::WARNINGS).and_then(|list| list.as_array());
    for warning in warnings.into_iter().flatten().filter_map(|warning| warning.as_str()) {
        let notice = Notice::from(warning);
        context.warn(&match warning.contains(NOT_WIRED) {
            true => notice.mended_by(Remedy::WireProbe),
            false => notice,
        });
    }
    if params.is_filtered && !recording.info().is_filtered {
        let mut info = recording.info().clone();
        info.is_filtered = true;
        return Ok(recording.with_info(info)?);
    }
    Ok(recording)
}

/// What the parameters tell the reader of a file.
pub fn options(params: &ReadRecordingParams, context: &RunContext) -> OpenOptions {
    let probe = params.probe.as_deref().map(|probe| {
        if is_file_name(probe) {
            context.path(Path::new(probe)).to_string_lossy().into_owned()
        } else {
            probe.to_owned()
        }
    });
    OpenOptions {
        dtype: params.dtype,
        big_endian: params.byte_order == ByteOrder::Big,
        num_channels: params.num_channels,
        sampling_frequency: params.sampling_frequency,
        file_offset: params.file_offset,
        time_axis: params.time_axis,
        gain_to_uv: params.gain_to_uv,
        offset_to_uv: params.offset_to_uv,
        probe,
        stream: params.stream.clone(),
        allow_partial_frame: params.allow_partial_frame,
    }
}

/// A probe's file, not the name of a bundled one: those have no such ending.
fn is_file_name(probe: &str) -> bool {
    Path::new(probe)
        .extension()
        .is_some_and(|ending| ["json", "prb", "meta"].iter().any(|known| ending.eq_ignore_ascii_case(known)))
}

/// One of the files at the input `files`.
pub fn file_at(inputs: &Inputs, index: usize) -> Result<PathBuf, NodeError> {
    let Some((_, Value::Files(files))) = inputs.many("files").first() else {
        return Err(NodeError::Input("input \"files\" is not connected".into()));
    };
    files.get(index).cloned().ok_or_else(|| {
        NodeError::Input(format!("index: there are {} files, counted from 0, and no {index}", files.len()))
    })
}
