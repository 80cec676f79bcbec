//! Writing a binary folder, block by block.

use crate::{
    data::{DType, RecordingInfo, Source},
    io::{
        Error, WARNINGS, atomic, json, npy,
        numpy_folder::{SPIKEINTERFACE, same_kind},
        probe, properties,
    },
};
use serde_json::{Value, json};
use std::{io::Write, path::Path};

/// Frames read and written at once.
const BLOCK_FRAMES: usize = 32_768;

/// Writes the samples of `source`, described by `info`, as a folder that SpikeInterface loads.
///
/// Samples are stored as `dtype`; into integers they are rounded to the nearest and clipped. `progress` is told how
/// many of all frames are done and answers whether to go on. A folder that is there is not overwritten.
///
/// # Errors
/// Where `info` does not fit `source`, samples cannot be read, the disk refuses, or `progress` said stop
/// ([`Error::Cancelled`]); nothing is left behind then.
pub fn write(
    source: &dyn Source,
    info: &RecordingInfo,
    folder: &Path,
    dtype: DType,
    progress: &dyn Fn(u64, u64) -> bool,
) -> Result<(), Error> {
    let found = source.info();
    let fits = found.num_channels() == info.num_channels()
        && found.segments.iter().map(|s| s.num_frames).eq(info.segments.iter().map(|s| s.num_frames));
    if !fits {
        return Err(Error::format(folder, "the description does not fit the samples that are to be written"));
    }
    atomic::folder(folder, |folder| {
        let mut done = 0;
        for segment in 0..info.segments.len() {
            let path = folder.join(traces(segment));
            atomic::file(&path, |out| {
                write_samples(source, segment, dtype, out, &path, &mut |frames| {
                    done += frames;
                    progress(done, info.total_frames() as u64)
                })
            })?;
        }
        write_facts(info, folder, dtype)
    })
}

/// Writes the samples of one segment, frame after frame, as little-endian numbers.
///
/// # Errors
/// As [`write`].
pub(in crate::io) fn write_samples(
    source: &dyn Source,
    segment: usize,
    dtype: DType,
    out: &mut impl Write,
    path: &Path,
    advance: &mut dyn FnMut(u64) -> bool,
) -> Result<(), Error> {
    let channels = source.info().num_channels();
    let frames = source.info().segments.get(segment).map_or(0, |s| s.num_frames);
    let mut samples = Vec::new();
    let mut bytes = Vec::new();
    let mut start = 0;
    while start < frames {
        let here = BLOCK_FRAMES.min(frames - start);
        samples.resize(here * channels, 0.0);
        source.read(segment, start, &mut samples)?;
        bytes.clear();
        encode(dtype, &samples, &mut bytes);
        out.write_all(&bytes).map_err(|source| Error::io("write", path, source))?;
        start += here;
        if !advance(here as u64) {
            return Err(Error::Cancelled);
        }
    }
    Ok(())
}

fn encode(dtype: DType, samples: &[f32], bytes: &mut Vec<u8>) {
    macro_rules! rounded {
        ($type:ty) => {
            // The cast clips to the range of the type.
            samples.iter().for_each(|x| bytes.extend((x.round_ties_even() as $type).to_le_bytes()))
        };
    }
    match dtype {
        DType::Int8 => rounded!(i8),
        DType::Uint8 => rounded!(u8),
        DType::Int16 => rounded!(i16),
        DType::Uint16 => rounded!(u16),
        DType::Int32 => rounded!(i32),
        DType::Uint32 => rounded!(u32),
        DType::Int64 => rounded!(i64),
        DType::Float32 => samples.iter().for_each(|x| bytes.extend(x.to_le_bytes())),
        DType::Float64 => samples.iter().for_each(|x| bytes.extend(f64::from(*x).to_le_bytes())),
    }
}

fn traces(segment: usize) -> String {
    format!("traces_cached_seg{segment}.raw")
}

/// numpy's code of a type with its byte order.
pub(in crate::io) fn descr(dtype: DType) -> &'static str {
    match dtype {
        DType::Int8 => "|i1",
        DType::Uint8 => "|u1",
        DType::Int16 => "<i2",
        DType::Uint16 => "<u2",
        DType::Int32 => "<i4",
        DType::Uint32 => "<u4",
        DType::Int64 => "<i8",
        DType::Float32 => "<f4",
        DType::Float64 => "<f8",
    }
}

fn write_facts(info: &RecordingInfo, folder: &Path, dtype: DType) -> Result<(), Error> {
    let RecordingInfo { segments, gain_to_uv, offset_to_uv, is_filtered, .. } = info;
    let t_starts = segments
        .iter()
        .any(|s| s.t_start_s.is_some())
        .then(|| segments.iter().map(|s| s.t_start_s.unwrap_or(0.0)).collect::<Vec<_>>());
    let files: Vec<String> = (0..segments.len()).map(traces).collect();
    let mut annotations: serde_json::Map<String, Value> = info
        .annotations
        .iter()
        .filter(|(key, _)| *key != WARNINGS)
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect();
    annotations.insert("is_filtered".into(), json!(is_filtered));
    let binary = json!({
        "class": "spikeinterface.core.binaryrecordingextractor.BinaryRecordingExtractor",
        "module": "spikeinterface",
        "version": SPIKEINTERFACE,
        "kwargs": {
            "file_paths": files,
            "sampling_frequency": info.sampling_frequency,
            "t_starts": t_starts,
            "num_channels": info.num_channels(),
            "dtype": descr(dtype),
            "channel_ids": same_kind(&info.channel_ids),
            "time_axis": 0,
            "file_offset": 0,
            "gain_to_uV": gain_to_uv,
            "offset_to_uV": offset_to_uv,
            "is_filtered": is_filtered,
        },
        "annotations": { "is_filtered": is_filtered },
        "properties": {},
        "relative_paths": true,
    });
    json::write(&folder.join("binary.json"), &binary)?;
    let class = json!({
        "class": "spikeinterface.core.binaryfolder.BinaryFolderRecording",
        "module": "spikeinterface",
        "version": SPIKEINTERFACE,
        "kwargs": { "folder_path": "." },
        "annotations": annotations,
        "properties": {},
        "relative_paths": true,
    });
    json::write(&folder.join("si_folder.json"), &class)?;
    json::write(&folder.join("annotations.json"), &Value::Object(annotations))?;
    if let Some(probe) = &info.probe {
        probe::write_probeinterface(&folder.join("probegroup.json"), probe)?;
    }
    let properties = folder.join("properties");
    std::fs::create_dir_all(&properties).map_err(|source| Error::io("create", &properties, source))?;
    if let (Some(gains), Some(offsets)) = (gain_to_uv, offset_to_uv) {
        npy::write_vec(&properties.join("gain_to_uV.npy"), gains)?;
        npy::write_vec(&properties.join("offset_to_uV.npy"), offsets)?;
    }
    npy::write_vec(&properties.join("group.npy"), &info.groups)?;
    if !info.inter_sample_shift.is_empty() {
        npy::write_vec(&properties.join("inter_sample_shift.npy"), &info.inter_sample_shift)?;
    }
    properties::write(&properties, &info.properties)
}
