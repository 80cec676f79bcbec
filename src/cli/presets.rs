//! Settings of `sort` made for kinds of probes, and the pipelines drawn from them.

use super::CliError;
use crate::{
    cli::arguments::InputArguments,
    data::RecordingInfo,
    pipeline::{Edit, NodeInstance, Params, Pipeline},
};
use clap::ValueEnum;
use serde_json::{Value as Json, json};
use std::path::Path;

/// Channels that are one group without a probe; more need one.
const MAX_WITHOUT_PROBE: usize = 8;
/// Fewest channels whose median is a reference: with fewer a spike is part of it.
const MIN_FOR_REFERENCE: usize = 16;

/// A kind of probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Preset {
    /// A tetrode or a few channels without a probe: no common reference.
    Tetrode,
    /// Up to 64 channels on one or several shanks.
    Linear,
    /// Dense probes of more channels: sampling delays are undone where the file says them.
    Neuropixels,
}

impl Preset {
    /// The preset that fits a recording.
    pub fn fitting(info: &RecordingInfo) -> Self {
        match (&info.probe, info.num_channels()) {
            (None, _) | (Some(_), ..=MAX_WITHOUT_PROBE) => Preset::Tetrode,
            (Some(_), ..=64) => Preset::Linear,
            (Some(_), _) => Preset::Neuropixels,
        }
    }

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Preset::Tetrode => "tetrode",
            Preset::Linear => "linear",
            Preset::Neuropixels => "neuropixels",
        }
    }
}

/// Draws the pipeline that `sort` runs: read, filter, reference, sort, metrics.
///
/// # Errors
/// Where the recording needs a probe.
pub fn pipeline(
    preset: Preset,
    info: &RecordingInfo,
    input: &Path,
    reading: &InputArguments,
    seed: u64,
) -> Result<Pipeline, CliError> {
    let n = info.num_channels();
    if info.probe.is_none() && n > MAX_WITHOUT_PROBE {
        return Err(CliError::advised(
            format!(
                "{}: {n} channels and no probe, so nobody knows which channels lie near each other",
                input.display()
            ),
            "Name the probe with --probe: a probeinterface .json, a .prb, or a bundled one such as linear32 or \
             neuropixels1. Up to 8 channels are sorted together without one.",
        ));
    }
    let mut line = Line::default();
    line.add("read", "read_recording", reader_params(input, reading))?;
    if preset == Preset::Neuropixels && !info.inter_sample_shift.is_empty() {
        line.add("phase_shift", "phase_shift", Params::new())?;
    }
    if !info.is_filtered {
        line.add("bandpass", "bandpass_filter", filter_params(info))?;
    }
    if info.probe.is_some() && n >= MIN_FOR_REFERENCE && preset != Preset::Tetrode {
        line.add("reference", "common_reference", Params::new())?;
    }
    line.add("sort", "sort", Params::new())?;
    let referenced = line.before_last.clone();
    line.add_unwired("metrics", "quality_metrics", Params::new())?;
    let Line { mut pipeline, .. } = line;
    pipeline.apply(Edit::Connect(format!("{referenced}.recording"), "metrics.recording".into()))?;
    pipeline.apply(Edit::Connect("sort.sorting".into(), "metrics.sorting".into()))?;
    pipeline.apply(Edit::SetSeed(seed))?;
    Ok(pipeline)
}

/// The default band, its upper edge lowered for slow recordings.
fn filter_params(info: &RecordingInfo) -> Params {
    let highest = 0.45 * info.sampling_frequency;
    let mut params = Params::new();
    if highest < 6000.0 {
        params.insert("freq_max".into(), json!(highest.floor()));
    }
    params
}

fn reader_params(input: &Path, reading: &InputArguments) -> Params {
    let mut params = Params::new();
    let mut set = |name: &str, value: Json| {
        if !value.is_null() {
            params.insert(name.into(), value);
        }
    };
    set("path", json!(input));
    set("probe", json!(reading.probe.as_deref().map(absolute_probe)));
    set("dtype", json!(reading.dtype));
    set("num_channels", json!(reading.num_channels));
    set("sampling_frequency", json!(reading.sampling_frequency));
    set("gain_to_uv", json!(reading.gain_to_uv));
    set("offset_to_uv", json!(reading.offset_to_uv));
    set("stream", json!(reading.stream));
    if reading.file_offset > 0 {
        set("file_offset", json!(reading.file_offset));
    }
    if reading.time_axis > 0 {
        set("time_axis", json!(reading.time_axis));
    }
    if reading.big_endian {
        set("byte_order", json!("big"));
    }
    if reading.allow_partial_frame {
        set("allow_partial_frame", json!(true));
    }
    params
}

/// A probe's file by its full path, a bundled probe by its name.
fn absolute_probe(probe: &str) -> String {
    let path = Path::new(probe);
    match std::path::absolute(path) {
        Ok(full) if path.exists() => full.to_string_lossy().into_owned(),
        _ => probe.to_owned(),
    }
}

/// A row of nodes, each fed by the one before.
#[derive(Default)]
struct Line {
    pipeline: Pipeline,
    last: Option<String>,
    before_last: String,
    column: f32,
}

impl Line {
    fn add_unwired(&mut self, name: &str, kind: &str, params: Params) -> Result<(), CliError> {
        self.pipeline.apply(Edit::AddNode(NodeInstance {
            name: name.into(),
            kind: kind.into(),
            params,
            raw_params: None,
            position: [self.column, 80.0],
            muted: false,
            bypassed: false,
        }))?;
        self.column += 240.0;
        self.before_last = self.last.replace(name.into()).unwrap_or_default();
        Ok(())
    }

    fn add(&mut self, name: &str, kind: &str, params: Params) -> Result<(), CliError> {
        self.add_unwired(name, kind, params)?;
        if !self.before_last.is_empty() {
            let edit = Edit::Connect(format!("{}.recording", self.before_last), format!("{name}.recording"));
            self.pipeline.apply(edit)?;
        }
        Ok(())
    }
}
