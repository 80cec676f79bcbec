//! How SpikeInterface opens what the readers open.

use super::reader::{ByteOrder, ReadRecordingParams, probe_file};
use crate::{
    io,
    pipeline::{PythonNames, called, literal},
};
use serde_json::{Value as Json, json};
use std::path::Path;

/// The format of a recording that is there; empty where it is not, or is none that is known.
pub fn format_of(place: &Path, params: &ReadRecordingParams) -> &'static str {
    let told =
        io::OpenOptions { dtype: params.dtype, num_channels: params.num_channels, ..Default::default() };
    let usual = if params.dtype.is_some() && !place.exists() { "binary" } else { "" };
    match io::describe(place, &told).map_or(usual, |found| found.format) {
        "mda" if place.is_file() => MDA_FILE,
        format => format,
    }
}

/// A file of samples, whose folder SpikeInterface opens.
const MDA_FILE: &str = "mda file";

/// An expression that opens a recording; `None` where SpikeInterface has none. `told` are arguments by name that the
/// script knows at the time.
pub fn opened(
    format: &str,
    path: &str,
    params: &ReadRecordingParams,
    told: &[(&str, String)],
) -> Option<String> {
    Some(match format {
        "binary" if params.byte_order == ByteOrder::Big => return None,
        "binary" => {
            let gain =
                params.gain_to_uv.or(told.iter().any(|(name, _)| *name == "gain_to_uV").then_some(1.0));
            let named = [
                ("sampling_frequency", json!(params.sampling_frequency)),
                ("dtype", json!(params.dtype.map(|dtype| dtype.name()))),
                ("num_channels", json!(params.num_channels)),
                ("time_axis", if params.time_axis == 0 { Json::Null } else { json!(params.time_axis) }),
                ("file_offset", if params.file_offset == 0 { Json::Null } else { json!(params.file_offset) }),
                ("gain_to_uV", json!(params.gain_to_uv)),
                ("offset_to_uV", json!(gain.map(|_| params.offset_to_uv.unwrap_or(0.0)))),
                ("is_filtered", if params.is_filtered { json!(true) } else { Json::Null }),
            ];
            let is_told = |name: &str| told.iter().any(|(own, _)| *own == name);
            let needed = ["sampling_frequency", "dtype", "num_channels"];
            if named.iter().any(|(name, value)| needed.contains(name) && value.is_null() && !is_told(name)) {
                return None;
            }
            let named: Vec<(&str, Json)> = named.into_iter().filter(|(name, _)| !is_told(name)).collect();
            let told: Vec<String> = told.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let arguments: Vec<&str> = std::iter::once(path).chain(told.iter().map(String::as_str)).collect();
            called("se.read_binary", &arguments, &named)
        }
        "mda" => called("se.read_mda_recording", &[path], &[]),
        MDA_FILE => called("se.read_mda_recording", &[&format!("({path}).parent")], &[]),
        "nwb" => {
            called("se.read_nwb_recording", &[path], &[("electrical_series_path", json!(params.stream))])
        }
        "npy" => format!("si.NumpyRecording([np.load({path})], {})", literal(params.sampling_frequency?)),
        "sorting_analyzer" => format!("si.load({path}).recording"),
        "phy" => return None,
        _ => called("si.load", &[path], &[]),
    })
}

/// A line that makes the probe that is named for a recording, and lines that give it to the recording `to`; none where
/// none is named, `None` where it cannot be had.
pub fn with_probe(
    to: &str,
    params: &ReadRecordingParams,
    names: &PythonNames,
) -> Option<(Option<String>, Vec<String>)> {
    let Some(probe) = params.probe.as_deref() else { return Some(Default::default()) };
    let variable = format!("{}_probe", names.output("recording"));
    let mut after = None;
    let file =
        probe_file(params).map(|file| (names.path(&file), file.extension().is_some_and(|e| e == "prb")));
    let probes = match file {
        Some((file, true)) => format!("pi.read_prb({file})"),
        Some((file, false)) => format!("pi.read_probeinterface({file})"),
        // One of those that come with Spikeloom.
        None => {
            let found = io::probe::read(probe).ok()?;
            if !found.inter_sample_shift.is_empty() {
                let shifts = literal(&found.inter_sample_shift);
                after = Some(format!("{to}.set_property(\"inter_sample_shift\", {shifts})"));
            }
            let mut probes = io::probe::to_json(&found.probe);
            // Its contacts are the channels in their order.
            let channels: Vec<usize> = (0..found.probe.contacts.len()).collect();
            if let Some(only) = probes.pointer_mut("/probes/0") {
                only["device_channel_indices"] = json!(channels);
            }
            format!("pi.ProbeGroup.from_dict({})", literal(probes))
        }
    };
    let set = format!("{to} = {to}.set_probegroup({variable}) or {to}");
    Some((Some(format!("{variable} = {probes}")), std::iter::once(set).chain(after).collect()))
}
