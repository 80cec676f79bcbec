//! Settings of `sort` made for kinds of probes, and the pipelines drawn from them.

use super::CliError;
use crate::{
    cli::arguments::{InputArguments, SortArguments},
    data::RecordingInfo,
    engine::{
        geometry::Geometry,
        sort::{SortParams, SortPreset},
    },
    io::probe::{file_of, read_probe},
    pipeline::{Edit, NodeInstance, Params, Pipeline, library_folder},
};
use serde_json::{Value as Json, json};
use std::path::Path;

/// Channels that are one group without a probe; more need one.
const MAX_WITHOUT_PROBE: usize = 8;
/// Fewest channels whose median is a reference: with fewer a spike is part of it.
const MIN_FOR_REFERENCE: usize = 16;

/// Reads the name of a preset; hyphens are as good as underscores.
///
/// # Errors
/// Where there is none of that name; lists them.
pub fn parse(name: &str) -> Result<SortPreset, String> {
    let plain = |name: &str| name.to_lowercase().replace(['-', '_'], "");
    SortPreset::ALL.into_iter().find(|preset| plain(preset.name()) == plain(name)).ok_or_else(|| {
        let names: Vec<&str> = SortPreset::ALL.iter().map(|preset| preset.name()).collect();
        format!("there is no such preset; choose one of {}, or leave it out", names.join(", "))
    })
}

/// What a preset does to a recording, in one line.
pub fn in_words(preset: SortPreset, named: bool, pipeline: &Pipeline, info: &RecordingInfo) -> String {
    let settings = SortParams::made_for(preset, &Geometry::known_of(info));
    let steps: Vec<&str> = pipeline
        .nodes()
        .filter_map(|node| match node.kind.as_str() {
            "phase_shift" => Some("sampling delays undone"),
            "bandpass_filter" => Some("band-passed"),
            "common_reference" => Some("median of all channels subtracted"),
            _ => None,
        })
        .collect();
    let neighbours = match preset {
        SortPreset::SingleWire => "each channel sorted by itself".to_owned(),
        SortPreset::Tetrode => "the channels of each group sorted together".to_owned(),
        _ => format!(
            "whitened within {:.0} µm, clustered within {:.0} µm",
            settings.whiten_radius_um, settings.cluster.radius_um
        ),
    };
    let groups = Geometry::known_of(info).members().len();
    let apart = if groups > 1 { format!(", {groups} groups apart") } else { String::new() };
    format!(
        "preset {}{}: {}{}{neighbours}{apart}",
        preset.name(),
        if named { "" } else { " (by the contacts)" },
        steps.join(", "),
        if steps.is_empty() { "" } else { ", " },
    )
}

/// Draws the pipeline that `sort` runs: read, filter, reference, sort, metrics.
///
/// # Errors
/// Where the recording needs a probe.
pub fn pipeline(arguments: &SortArguments, info: &RecordingInfo, input: &Path) -> Result<Pipeline, CliError> {
    let SortArguments { preset, no_preprocessing: as_it_is, reading, seed, .. } = arguments;
    let preset = *preset;
    let n = info.num_channels();
    let most = Geometry::known_of(info).members().iter().map(Vec::len).max().unwrap_or(0);
    if info.probe.is_none() && most > MAX_WITHOUT_PROBE && preset != Some(SortPreset::SingleWire) {
        return Err(CliError::advised(
            format!(
                "{}: {most} channels and no probe, so nobody knows which channels lie near each other",
                input.display()
            ),
            "Name the probe with --probe: a probeinterface .json, a .prb, or a bundled one such as linear32 or \
             neuropixels1. Up to 8 channels are sorted together without one, and any number by themselves with --preset \
             single_wire.",
        ));
    }
    let mut line = Line::default();
    line.add("read", "read_recording", reader_params(input, reading))?;
    if !as_it_is && !info.inter_sample_shift.is_empty() {
        line.add("phase_shift", "phase_shift", Params::new())?;
    }
    if !as_it_is && !info.is_filtered {
        line.add("bandpass", "bandpass_filter", filter_params(info))?;
    }
    if !as_it_is && n >= MIN_FOR_REFERENCE {
        line.add("reference", "common_reference", Params::new())?;
    }
    let mut params = Params::new();
    if let Some(preset) = preset {
        params.insert("preset".into(), json!(preset));
    }
    line.add("sort", "sort", params)?;
    let referenced = line.before_last.clone();
    line.add_unwired("metrics", "quality_metrics", Params::new())?;
    let Line { mut pipeline, .. } = line;
    pipeline.apply(Edit::Connect(format!("{referenced}.recording"), "metrics.recording".into()))?;
    pipeline.apply(Edit::Connect("sort.sorting".into(), "metrics.sorting".into()))?;
    pipeline.apply(Edit::SetSeed(*seed))?;
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
    set("probe", json!(reading.probe.as_deref().map(probe_of)));
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

/// A probe's file by its full path, a bundled probe by its name, and one of the user's library by its file.
pub(super) fn probe_of(probe: &str) -> String {
    let path = Path::new(probe);
    let full = |path: &Path| {
        std::path::absolute(path)
            .map_or_else(|_| probe.to_owned(), |full| full.to_string_lossy().into_owned())
    };
    if path.exists() {
        return full(path);
    }
    if read_probe(probe).is_ok() {
        return probe.to_owned();
    }
    let own = file_of(&library_folder().join("probes"), probe);
    own.map_or_else(|| probe.to_owned(), |file| full(&file))
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
        let node = NodeInstance::new(name, kind, params, [self.column, 80.0]);
        self.pipeline.apply(Edit::AddNode(node))?;
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
