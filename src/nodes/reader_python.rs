//! How SpikeInterface opens what the readers open.

use super::reader::{ByteOrder, ReadRecordingParams, probe_file};
use crate::{
    io,
    pipeline::{PythonNames, literal},
};
use serde_json::json;
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
    let told_as = |name: &str| told.iter().find(|(own, _)| *own == name).map(|(_, value)| value.clone());
    let given = |name: &str, value: Option<String>| told_as(name).or(value);
    let gain = given("gain_to_uV", params.gain_to_uv.map(literal));
    let offset = given("offset_to_uV", params.offset_to_uv.map(literal)).unwrap_or_else(|| literal(0.0));
    if format == "binary" {
        if params.byte_order == ByteOrder::Big {
            return None;
        }
        let needed = [
            ("sampling_frequency", params.sampling_frequency.map(literal)),
            ("dtype", params.dtype.map(|dtype| literal(dtype.name()))),
            ("num_channels", params.num_channels.map(literal)),
        ];
        let mut arguments = vec![path.to_owned()];
        for (name, value) in needed {
            arguments.push(format!("{name}={}", given(name, value)?));
        }
        let others = [
            ("time_axis", (params.time_axis != 0).then(|| literal(params.time_axis))),
            ("file_offset", (params.file_offset != 0).then(|| literal(params.file_offset))),
            ("gain_to_uV", gain.clone()),
            ("offset_to_uV", gain.map(|_| offset)),
            ("is_filtered", params.is_filtered.then(|| literal(true))),
        ];
        // A last frame that was cut off is never read there.
        arguments.extend(others.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value?))));
        return Some(format!("se.read_binary({})", arguments.join(", ")));
    }
    let recording = match format {
        "mda" => format!("se.read_mda_recording({path})"),
        MDA_FILE => format!("se.read_mda_recording(({path}).parent)"),
        "nwb" => match given("stream", params.stream.as_ref().map(literal)) {
            Some(stream) => format!("se.read_nwb_recording({path}, electrical_series_path={stream})"),
            None => format!("se.read_nwb_recording({path})"),
        },
        "npy" => {
            format!(
                "read_npy({path}, {})",
                given("sampling_frequency", params.sampling_frequency.map(literal))?
            )
        }
        "sorting_analyzer" => format!("si.load({path}).recording"),
        "phy" => return None,
        _ => format!("si.load({path})"),
    };
    let recording = match gain {
        Some(gain) => format!("scaled({recording}, {gain}, {offset})"),
        None => recording,
    };
    Some(if params.is_filtered { format!("filtered_already({recording})") } else { recording })
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
    let file = probe_file(params).map(|file| {
        let is = |known: &str| file.extension().is_some_and(|ending| ending.eq_ignore_ascii_case(known));
        let function = match () {
            () if is("prb") => "pi.read_prb",
            () if is("meta") => "spikeglx_probe",
            () => "pi.read_probeinterface",
        };
        (names.path_of_place(&names.place(&file)), function)
    });
    let probes = match file {
        Some((file, function)) => format!("{function}({file})"),
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
    let set = format!("{to} = with_probe({to}, {variable})");
    Some((Some(format!("{variable} = {probes}")), std::iter::once(set).chain(after).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_and_gains_are_told_whoever_says_them() {
        let params = ReadRecordingParams { gain_to_uv: Some(2.0), ..Default::default() };
        let stream = ReadRecordingParams { stream: Some("/acquisition/lfp".into()), ..Default::default() };
        let told = [("stream", "row[\"stream\"]".to_owned())];
        for (params, told, written) in [
            (&stream, &[][..], "se.read_nwb_recording(p, electrical_series_path=\"/acquisition/lfp\")"),
            (&stream, &told[..], "se.read_nwb_recording(p, electrical_series_path=row[\"stream\"])"),
            (&params, &[][..], "scaled(se.read_nwb_recording(p), 2.0, 0.0)"),
        ] {
            assert_eq!(opened("nwb", "p", params, told).as_deref(), Some(written));
        }
        let raw = ReadRecordingParams { sampling_frequency: Some(3e4), num_channels: Some(4), ..params };
        assert_eq!(opened("binary", "p", &raw, &[]), None, "no number type");
        let told = [("dtype", "row[\"dtype\"]".to_owned()), ("gain_to_uV", "g".to_owned())];
        assert_eq!(
            opened("binary", "p", &raw, &told).as_deref(),
            Some(
                "se.read_binary(p, sampling_frequency=30000.0, dtype=row[\"dtype\"], num_channels=4, gain_to_uV=g, offset_to_uV=0.0)"
            )
        );
    }
}
