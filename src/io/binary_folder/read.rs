//! Opening a binary folder.

use crate::{
    data::{DType, Probe, Recording, RecordingInfo},
    io::{
        Error, OpenOptions,
        binary::{Asked, Raw, Rest, name_channels},
        channel_properties::{ChannelProperties, annotate, in_order, wired_order},
        json,
        npy::{self, Records},
        numpy_folder,
        probe::{self, ReadProbe},
        properties,
        raw_source::{Layout, RawFile},
    },
};
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};

/// Opens a binary folder of this or an older version.
///
/// # Errors
/// Where a file is missing or damaged, naming the field.
pub(in crate::io) fn open(folder: &Path, options: &OpenOptions) -> Result<Recording, Error> {
    let path = folder.join("binary.json");
    let value = json::read(&path)?;
    let (mut raw, mut info, files) = prepare(&value, folder, &path)?;
    raw.keep_groups = read_properties(&mut info, folder)?;
    read_annotations(&mut info, folder, &value)?;
    let probe = match Asked::of(options)? {
        Some(asked) => asked,
        None => find_probe(folder, info.num_channels())?.map_or(Asked::No, Asked::Found),
    };
    raw.finish(info, files, probe, options)
}

/// Opens what the JSON of a `BinaryRecordingExtractor` describes; paths are relative to `folder`.
///
/// # Errors
/// As [`open`].
pub(in crate::io) fn open_binary_json(
    value: &Value,
    folder: &Path,
    path: &Path,
    options: &OpenOptions,
) -> Result<Recording, Error> {
    let (raw, info, files) = prepare(value, folder, path)?;
    let probe = match (Asked::of(options)?, value.get("probegroup")) {
        (Some(asked), _) => asked,
        (None, Some(group)) => Asked::Found(in_order(probe::from_json(group, path)?)),
        (None, None) => Asked::No,
    };
    raw.finish(info, files, probe, options)
}

fn prepare(value: &Value, folder: &Path, path: &Path) -> Result<(Raw, RecordingInfo, Vec<RawFile>), Error> {
    let wrong = |what: String| Error::format(path, what);
    let kwargs = value
        .get("kwargs")
        .and_then(Value::as_object)
        .ok_or_else(|| wrong("kwargs is missing: this is no binary.json of SpikeInterface".into()))?;
    let number = |key: &str| kwargs.get(key).and_then(Value::as_f64);
    let missing = |key: &str| Error::format(path, format!("kwargs.{key} is missing or of the wrong type"));
    // num_chan until 0.98; a single file may stand without a list.
    let num_columns = number("num_channels").or_else(|| number("num_chan")).filter(|n| *n >= 1.0);
    let num_columns = num_columns.ok_or_else(|| missing("num_channels"))? as usize;
    let sampling_frequency = number("sampling_frequency").ok_or_else(|| missing("sampling_frequency"))?;
    let dtype = kwargs.get("dtype").and_then(Value::as_str).ok_or_else(|| missing("dtype"))?;
    let paths: Vec<PathBuf> = match kwargs.get("file_paths") {
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).map(|p| place(folder, p)).collect(),
        Some(Value::String(one)) => vec![place(folder, one)],
        _ => Vec::new(),
    };
    if paths.is_empty() {
        return Err(missing("file_paths"));
    }
    let layout = Layout {
        dtype: DType::parse(dtype).ok_or_else(|| wrong(format!("kwargs.dtype {dtype} is not known")))?,
        big_endian: dtype.starts_with('>'),
        num_columns,
        file_offset: number("file_offset").unwrap_or(0.0).max(0.0) as u64,
        time_axis: number("time_axis").unwrap_or(0.0) as u8,
    };
    let raw = Raw { paths, layout, sampling_frequency, rest: Rest::Floor, keep_groups: false };
    let (mut info, files) = raw.prepare()?;
    if let Some(ids) = numpy_folder::ids(&Value::Object(kwargs.clone()), "channel_ids") {
        name_channels(&mut info, ids);
    }
    info.is_filtered = kwargs.get("is_filtered").and_then(Value::as_bool).unwrap_or(false);
    info.gain_to_uv = per_channel(kwargs.get("gain_to_uV"), num_columns);
    info.offset_to_uv = per_channel(kwargs.get("offset_to_uV"), num_columns);
    read_times(&mut info, kwargs, folder);
    Ok((raw, info, files))
}

/// A path of a JSON: as it is, or beside the JSON where it was moved.
fn place(folder: &Path, path: &str) -> PathBuf {
    let given = folder.join(path);
    if given.exists() {
        return given;
    }
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let beside = folder.join(name);
    if beside.exists() { beside } else { given }
}

/// A value a channel, from a list or one value for all.
fn per_channel(value: Option<&Value>, channels: usize) -> Option<Vec<f64>> {
    match value? {
        Value::Number(one) => Some(vec![one.as_f64()?; channels]),
        Value::Array(list) => {
            let list: Vec<f64> = list.iter().map(Value::as_f64).collect::<Option<_>>()?;
            (list.len() == channels).then_some(list)
        }
        _ => None,
    }
}

/// Start times of the segments: given, or the first of a time a sample.
fn read_times(info: &mut RecordingInfo, kwargs: &Map<String, Value>, folder: &Path) {
    let given = kwargs.get("t_starts").and_then(Value::as_array);
    let files = kwargs.get("file_timestamps_paths").and_then(Value::as_array);
    for (index, segment) in info.segments.iter_mut().enumerate() {
        segment.t_start_s = given.and_then(|list| list.get(index)).and_then(Value::as_f64);
        let npy = folder.join(format!("times_cached_seg{index}.npy"));
        if let Ok(times) = npy::map_column::<f64>(&npy) {
            segment.t_start_s = times.first().copied();
        } else if let Some(file) = files.and_then(|list| list.get(index)).and_then(Value::as_str) {
            segment.t_start_s = first_time(&place(folder, file)).or(segment.t_start_s);
        }
    }
}

fn first_time(path: &Path) -> Option<f64> {
    let mut bytes = [0; 8];
    std::io::Read::read_exact(&mut std::fs::File::open(path).ok()?, &mut bytes).ok()?;
    Some(f64::from_le_bytes(bytes)).filter(|t| t.is_finite())
}

/// The properties of the channels; true where there are groups.
fn read_properties(info: &mut RecordingInfo, folder: &Path) -> Result<bool, Error> {
    let mut properties = ChannelProperties::default();
    for path in properties::npy_files(&folder.join("properties"))? {
        let Some(name) = path.file_stem().and_then(|name| name.to_str()) else { continue };
        properties.set(info, name, npy::Raw::read(&path), &path)?;
    }
    Ok(properties.finish(info))
}

fn read_annotations(info: &mut RecordingInfo, folder: &Path, binary: &Value) -> Result<(), Error> {
    let own = folder.join("annotations.json");
    let class = folder.join("si_folder.json");
    let value = if own.is_file() {
        json::read(&own)?
    } else if class.is_file() {
        json::read(&class)?.get("annotations").cloned().unwrap_or_default()
    } else {
        binary.get("annotations").cloned().unwrap_or_default()
    };
    annotate(info, &value);
    Ok(())
}

/// The probe of a folder, contact `i` on channel `i`.
fn find_probe(folder: &Path, channels: usize) -> Result<Option<ReadProbe>, Error> {
    let group = folder.join("probegroup.json");
    if group.is_file() {
        return Ok(Some(in_order(probe::from_json(&json::read(&group)?, &group)?)));
    }
    // Until 0.105 the file kept the probe's own order and wiring.
    let legacy = folder.join("probe.json");
    if legacy.is_file() {
        return Ok(Some(wired_order(probe::from_json(&json::read(&legacy)?, &legacy)?)));
    }
    let vector = folder.join("properties/contact_vector.npy");
    if vector.is_file() {
        let records = Records::open(&vector)?;
        let (x, y) = (records.field::<f64>("x")?, records.field::<f64>("y")?);
        return Ok(Some(from_places(x.into_iter().zip(y))));
    }
    let location = folder.join("properties/location.npy");
    if location.is_file() {
        let places = npy::read_matrix::<f64>(&location)?;
        if places.nrows() == channels && places.ncols() >= 2 {
            return Ok(Some(from_places(places.rows().into_iter().map(|r| (r[0], r[1])))));
        }
    }
    Ok(None)
}

fn from_places(places: impl Iterator<Item = (f64, f64)>) -> ReadProbe {
    Probe::from_positions(&places.map(|(x, y)| [x, y]).collect::<Vec<_>>()).into()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn older_spellings_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let samples: Vec<u8> = (0i16..8).flat_map(i16::to_le_bytes).collect();
        std::fs::write(folder.path().join("traces_cached_seg0.raw"), samples).unwrap();
        std::fs::write(
            folder.path().join("binary.json"),
            r#"{"class": "x.BinaryRecordingExtractor", "kwargs": {"file_paths": ["/moved/traces_cached_seg0.raw"],
                "sampling_frequency": 30000.5, "num_chan": 2, "dtype": "int16", "t_starts": [1.5],
                "gain_to_uV": 0.5, "offset_to_uV": null}}"#,
        )
        .unwrap();
        std::fs::write(
            folder.path().join("probe.json"),
            r#"{"probes": [{"ndim": 2, "si_units": "mm", "contact_positions": [[0, 0.02], [0, 0]],
                "device_channel_indices": [1, 0]}]}"#,
        )
        .unwrap();
        let recording = open(folder.path(), &OpenOptions::default()).unwrap();
        let info = recording.info();
        assert_eq!((info.num_channels(), info.total_frames()), (2, 4));
        assert_eq!(info.sampling_frequency, 30000.5);
        assert_eq!(info.gain_to_uv, Some(vec![0.5; 2]));
        assert_eq!(info.segments[0].t_start_s, Some(1.5));
        assert_eq!(info.locations_um(), Some(vec![[0.0, 0.0], [0.0, 20.0]]));
    }
}
