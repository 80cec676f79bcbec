//! Zarr stores and NWB files: what SpikeInterface reads from them is what is read here, bit for bit.

use crate::{common, samples, shared_data};
use serde_json::Value;
use spikeloom::{
    data::Recording,
    io::{self, OpenOptions, npy},
};
use std::path::{Path, PathBuf};

const WRITE_STORES: &str = include_str!("../python/write_stores.py");
const READ_SORTING: &str = include_str!("../python/read_sorting.py");

fn open(path: &Path) -> Recording {
    io::open_recording(path, &OpenOptions::default()).unwrap()
}

fn strings(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|v| v.as_str().unwrap().to_owned()).collect()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn close(ours: &[f64], theirs: &[f64]) -> bool {
    ours.len() == theirs.len()
        && ours.iter().zip(theirs).all(|(a, b)| (a - b).abs() <= 1e-9 * b.abs().max(1e-3))
}

/// All that SpikeInterface says of a recording, its samples as a whole and in windows across chunks.
fn same(recording: &Recording, theirs: &Value) {
    let info = recording.info();
    let name = theirs["name"].as_str().unwrap();
    assert_eq!(
        info.dtype.name(),
        theirs["dtype"].as_str().unwrap().trim_start_matches(['<', '>']).replace("f8", "float64"),
        "{name}"
    );
    assert!((info.sampling_frequency / theirs["rate"].as_f64().unwrap() - 1.0).abs() < 1e-12, "{name}");
    let ids: Vec<String> = info.channel_ids.iter().map(ToString::to_string).collect();
    assert_eq!(ids, strings(&theirs["channel_ids"]), "{name}");
    assert!(close(info.gain_to_uv.as_ref().unwrap(), &numbers(&theirs["gains"])), "{name}");
    assert!(close(info.offset_to_uv.as_ref().unwrap(), &numbers(&theirs["offsets"])), "{name}");
    let start = info.segments[0].t_start_s.unwrap_or(0.0);
    assert!((start - theirs["t_start"].as_f64().unwrap()).abs() < 1e-9, "{name} starts at {start}");
    if let Some(places) = theirs["locations"].as_array() {
        let ours = info.locations_um().unwrap();
        assert!(ours.iter().zip(places).all(|(a, b)| close(a, &numbers(b)[..2])), "{name}");
    }
    let path = PathBuf::from(theirs["traces"].as_str().unwrap());
    let wanted: Vec<f32> = npy::read::<f32>(&path).unwrap().into_iter().collect();
    let all = samples(recording, 0);
    assert_eq!(all.len(), wanted.len(), "{name}");
    assert!(all == wanted, "{name}: samples differ");
    let channels = info.num_channels();
    for (start, frames) in [(0, 1), (7_700, 300), (19_999, 2), (info.total_frames() - 5, 5)] {
        let mut window = vec![0.0; frames * channels];
        recording.source().read(0, start, &mut window).unwrap();
        assert!(window == wanted[start * channels..(start + frames) * channels], "{name} at {start}");
    }
    let mut beyond = vec![0.0; 2 * channels];
    assert!(recording.source().read(0, info.total_frames() - 1, &mut beyond).is_err());
}

#[test]
fn every_compression_gives_the_samples_of_spikeinterface() {
    let base = shared_data().join("si_written");
    let folder = tempfile::tempdir().unwrap();
    let out = common::run_python(
        WRITE_STORES,
        &[&base.join("recording_binary"), &base.join("synthetic_2s.nwb"), folder.path()],
    );
    let stores: Vec<Value> = out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(stores.len(), 20);
    for theirs in &stores {
        same(&open(Path::new(theirs["path"].as_str().unwrap())), theirs);
    }
    let times = open(&folder.path().join("times.zarr"));
    let column = |name: &str| times.info().properties.column(name).unwrap().cell(3);
    assert_eq!((column("quality").as_str(), column("impedance").as_str()), ("bad", "1.5"));
}

#[test]
fn spikeinterface_zarr() {
    let base = shared_data().join("si_written");
    let recording = open(&base.join("recording.zarr"));
    let info = recording.info();
    assert_eq!((info.num_channels(), info.total_frames()), (16, 200_000));
    assert_eq!((info.sampling_frequency, info.gain_to_uv.clone()), (20_000.0, Some(vec![0.195; 16])));
    let folder = open(&base.join("recording_binary"));
    assert_eq!(info.probe, folder.info().probe);
    assert_eq!(info.channel_ids, folder.info().channel_ids);
    assert!(!info.annotations.contains_key(io::WARNINGS), "{:?}", info.annotations);
    assert!(samples(&recording, 0) == samples(&folder, 0));
    let described = io::describe(&base.join("recording.zarr"), &OpenOptions::default()).unwrap();
    assert_eq!((described.format, described.is_recording, described.is_sorting), ("zarr", true, false));
    // A probe with fewer contacts leaves channels out.
    let options = OpenOptions { probe: Some("tetrode".into()), ..OpenOptions::default() };
    let refused = io::open_recording(&base.join("recording.zarr"), &options).unwrap_err().to_string();
    assert!(refused.contains("16 columns"), "{refused}");
}

#[test]
fn nwb_series_and_units() {
    let path = shared_data().join("si_written/synthetic_2s.nwb");
    let recording = open(&path);
    let info = recording.info();
    assert_eq!((info.num_channels(), info.total_frames()), (16, 40_000));
    assert_eq!(info.segments[0].t_start_s, Some(1.5));
    assert!(info.gain_to_uv.as_ref().unwrap().iter().all(|gain| (gain - 0.195).abs() < 1e-12));
    assert_eq!(info.locations_um().unwrap()[9], [20.0, 20.0]);
    let whole = open(&shared_data().join("si_written/recording_binary"));
    assert!(samples(&recording, 0) == samples(&whole, 0)[..40_000 * 16]);
    // The spikes of the first two seconds, in samples of the series.
    let sorting = io::open_sorting(&path, None).unwrap();
    let truth = io::open_sorting(&shared_data().join("si_written/sorting_truth_numpyfolder"), None).unwrap();
    let early = truth.segments[0].sample_index.iter().filter(|&&sample| sample < 40_000).count();
    assert_eq!((sorting.num_units(), sorting.num_spikes()), (6, early));
    assert_eq!(sorting.segments[0].sample_index[..], truth.segments[0].sample_index[..early]);
    assert!(sorting.properties.column("snr").is_some());
    let described = io::describe(&path, &OpenOptions::default()).unwrap();
    assert_eq!(described.streams, ["acquisition/ElectricalSeries"]);
    assert!(described.is_recording && described.is_sorting);
}

#[test]
fn nwb_units_without_a_series() {
    let path = shared_data().join("hdf5_samples/pynapple_A8604-211122.nwb");
    let sorting = io::open_sorting(&path, None).unwrap();
    assert_eq!((sorting.num_units(), sorting.num_spikes()), (3, 21_354));
    // Its times are whole samples of that rate, and nothing else in the file tells it.
    assert_eq!(sorting.sampling_frequency, 30_000.0);
    let theirs: Value = serde_json::from_str(&common::run_python(
        READ_SORTING,
        &[Path::new("nwb"), &path, Path::new("30000")],
    ))
    .unwrap();
    for (unit, train) in sorting.trains(0).into_iter().enumerate() {
        let wanted: Vec<i64> = serde_json::from_value(theirs["trains"][0][unit].clone()).unwrap();
        assert_eq!(train, wanted, "unit {unit}");
    }
    let refused = io::open_recording(&path, &OpenOptions::default()).unwrap_err().to_string();
    assert!(refused.contains("holds spikes, not traces"), "{refused}");
}
