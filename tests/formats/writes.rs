//! What we write: it comes back as it was, and the programs it is meant for read the same.

use crate::{
    common::{run_python, shared_data},
    samples,
};
use ndarray::{Array2, Array3};
use serde_json::{Value, json};
use spikeloom::{
    data::{DType, Id, RecordingInfo, Segment, Sorting, Source, SourceError, Table, TableColumn, Templates},
    io::{self, OpenOptions, binary_folder, mda, npy, numpy_folder, phy, probe},
};
use std::{path::Path, sync::Arc};

const READ_RECORDING: &str = include_str!("../python/read_recording.py");
const READ_SORTING: &str = include_str!("../python/read_sorting.py");
const READ_PHY: &str = include_str!("../python/read_phy.py");
const READ_PROBE: &str = include_str!("../python/read_probe.py");

/// A source with exactly these samples.
#[derive(Debug)]
struct Memory(RecordingInfo, Vec<Vec<f32>>);

impl Source for Memory {
    fn info(&self) -> &RecordingInfo {
        &self.0
    }
    fn read(&self, segment: usize, start: usize, out: &mut [f32]) -> Result<(), SourceError> {
        let first = start * self.0.num_channels();
        out.copy_from_slice(&self.1[segment][first..first + out.len()]);
        Ok(())
    }
}

/// Two segments on eight contacts of two shanks, longer than a block.
fn recording(segments: &[usize]) -> Memory {
    let read = probe::read("A4x8-100-200").unwrap();
    let probe = read.probe.slice(&[0, 1, 2, 3, 8, 9, 10, 11]);
    let mut info = RecordingInfo::new(30_000.390_639_481, 8, 0, DType::Int16);
    info.groups = probe.contacts.iter().map(|c| c.shank_index as i64).collect();
    info.probe = Some(Arc::new(probe));
    info.segments = segments
        .iter()
        .enumerate()
        .map(|(i, &num_frames)| Segment { num_frames, t_start_s: Some(1.5 + i as f64) })
        .collect();
    info.gain_to_uv = Some((0..8).map(|c| 0.195 + 0.01 * f64::from(c)).collect());
    info.offset_to_uv = Some(vec![-3.25; 8]);
    info.inter_sample_shift = (0..8).map(|c| f64::from(c) / 13.0).collect();
    info.is_filtered = true;
    info.channel_ids = (0..8).map(|c| Id::Text(format!("CH{}", c * 2))).collect();
    info.annotations.insert("experimenter".into(), json!("Ada"));
    info.annotations.insert(io::WARNINGS.into(), json!(["not to be written"]));
    let values = segments
        .iter()
        .map(|&frames| (0..frames * 8).map(|i| ((i * 7919) % 4001) as f32 - 2000.0).collect())
        .collect();
    Memory(info, values)
}

fn python(script: &str, arguments: &[&Path]) -> Value {
    let printed = run_python(script, arguments);
    serde_json::from_str(printed.lines().last().unwrap_or_default()).unwrap()
}

/// The samples as numpy reads them.
fn expect_traces(folder: &Path, memory: &Memory) {
    std::fs::create_dir_all(folder).unwrap();
    for (segment, values) in memory.1.iter().enumerate() {
        let shape = [memory.0.segments[segment].num_frames, memory.0.num_channels()];
        npy::write_array(&folder.join(format!("traces_{segment}.npy")), &shape, values).unwrap();
    }
}

#[test]
fn binary_folders_are_read_by_spikeinterface_and_by_us() {
    let memory = recording(&[40_000, 3]);
    let base = tempfile::tempdir().unwrap();
    let expected = base.path().join("expected");
    expect_traces(&expected, &memory);
    for dtype in [DType::Int16, DType::Float32] {
        let folder = base.path().join(dtype.name());
        let last = std::sync::atomic::AtomicU64::new(0);
        let progress = |done, total| {
            last.store(done, std::sync::atomic::Ordering::Relaxed);
            done <= total
        };
        binary_folder::write(&memory, &memory.0, &folder, dtype, &progress).unwrap();
        assert_eq!(last.into_inner(), 40_003);

        let back = io::open_recording(&folder, &OpenOptions::default()).unwrap();
        let mut wanted = memory.0.clone();
        wanted.annotations.remove(io::WARNINGS);
        wanted.dtype = dtype;
        let mut found = back.info().clone();
        // A name and contour a probe file has no place for stay behind.
        assert_eq!(found.locations_um(), wanted.locations_um());
        (found.probe, wanted.probe) = (None, None);
        assert_eq!(found, wanted);
        for segment in 0..2 {
            assert!(samples(&back, segment) == memory.1[segment]);
        }

        let facts = python(READ_RECORDING, &[Path::new("binary_folder"), &folder, &expected]);
        let info = &memory.0;
        assert_eq!(facts["dtype"], dtype.name());
        assert_eq!(facts["rate"], info.sampling_frequency);
        assert_eq!(facts["gains"], json!(info.gain_to_uv));
        assert_eq!(facts["offsets"], json!(info.offset_to_uv));
        assert_eq!(facts["locations"], json!(info.locations_um()));
        assert_eq!(facts["channel_ids"], json!(info.channel_ids));
        assert_eq!(facts["groups"], json!(info.groups));
        assert_eq!(facts["shifts"], json!(info.inter_sample_shift));
        assert_eq!(facts["t_starts"], json!([1.5, 2.5]));
        assert_eq!((&facts["filtered"], &facts["annotation"]), (&json!(true), &json!("Ada")));
        assert_eq!(facts["shape"], json!(["circle", { "radius": 7.5 }]));
        assert_eq!(facts["shanks"], json!(["0", "0", "0", "0", "1", "1", "1", "1"]));
        assert_eq!(facts["model"], "A4x8-5mm-100-200-177");
    }
}

#[test]
fn real_recordings_survive_being_written_and_read_again() {
    let path = shared_data().join("si_written/recording_binary");
    let original = io::open_recording(&path, &OpenOptions::default()).unwrap();
    let base = tempfile::tempdir().unwrap();
    let copy = base.path().join("copy");
    let source = original.source();
    binary_folder::write(&**source, original.info(), &copy, DType::Int16, &|_, _| true).unwrap();
    let traces = |folder: &Path| std::fs::read(folder.join("traces_cached_seg0.raw")).unwrap();
    assert!(traces(&path) == traces(&copy));
    let back = io::open_recording(&copy, &OpenOptions::default()).unwrap();
    assert_eq!(back.info(), original.info());
}

#[test]
fn integers_are_rounded_and_clipped() {
    let info = RecordingInfo::new(1.0, 1, 5, DType::Float32);
    let memory = Memory(info, vec![vec![0.5, 1.5, -1.5, 40_000.0, -40_000.0]]);
    let base = tempfile::tempdir().unwrap();
    let folder = base.path().join("out");
    binary_folder::write(&memory, &memory.0, &folder, DType::Int16, &|_, _| true).unwrap();
    let back = io::open_recording(&folder, &OpenOptions::default()).unwrap();
    assert_eq!(samples(&back, 0), [0.0, 2.0, -2.0, 32_767.0, -32_768.0]);
}

/// Three units over two segments; the middle one fires once.
fn sorting() -> Sorting {
    let ids = vec![Id::Int(7), Id::Int(2), Id::Int(11)];
    let mut sorting = Sorting::from_spikes(30_000.5, ids, &[100, 50, 200, 300, 300], &[0, 2, 0, 2, 1]);
    let second = Sorting::from_spikes(30_000.5, Vec::new(), &[10, 20], &[2, 0]).segments.remove(0);
    sorting.segments.push(second);
    for segment in &mut sorting.segments {
        let spikes = segment.sample_index.len();
        segment.amplitude = Some((0..spikes).map(|i| -50.25 - i as f32).collect());
        segment.location_um = Some((0..spikes).map(|i| [i as f32, 20.5]).collect());
        segment.num_frames = Some(1000);
    }
    sorting.amplitudes_in_uv = true;
    let properties = &mut sorting.properties;
    properties.set("snr", TableColumn::Float(vec![4.5, f64::NAN, 8.25]));
    properties.set("count", TableColumn::Int(vec![3, 1, 3]));
    properties.set("kept", TableColumn::Bool(vec![true, false, true]));
    properties.set("quality", TableColumn::Text(vec!["good".into(), "µ-mua".into(), "noise".into()]));
    properties.set("place[0]", TableColumn::Float(vec![1.0, 2.0, 3.0]));
    properties.set("place[1]", TableColumn::Float(vec![4.0, 5.0, 6.0]));
    sorting
}

#[test]
fn numpy_folders_are_read_by_spikeinterface_and_by_us() {
    let sorting = sorting();
    let base = tempfile::tempdir().unwrap();
    let folder = base.path().join("sorting");
    numpy_folder::write(&sorting, &folder).unwrap();
    // Twice: results are replaced.
    numpy_folder::write(&sorting, &folder).unwrap();
    let back = io::open_sorting(&folder, None).unwrap();
    assert_eq!((&back.segments, &back.unit_ids), (&sorting.segments, &sorting.unit_ids));
    assert!(back.amplitudes_in_uv);
    for (name, column) in &sorting.properties.columns {
        let found = back.properties.column(name).unwrap();
        if name == "snr" {
            assert_eq!((found.number(0), found.number(1)), (Some(4.5), None));
        } else {
            assert_eq!(found, column, "{name}");
        }
    }
    let seen = python(READ_SORTING, &[Path::new("numpy_folder"), &folder]);
    assert_eq!(seen["rate"], 30_000.5);
    assert_eq!(seen["units"], json!([7, 2, 11]));
    assert_eq!(seen["trains"], json!([[[100, 200], [300], [50, 300]], [[20], [], [10]]]));
    let properties = &seen["properties"];
    assert_eq!(properties["snr"], json!([4.5, null, 8.25]));
    assert_eq!(properties["count"], json!([3, 1, 3]));
    assert_eq!(properties["kept"], json!([true, false, true]));
    assert_eq!(properties["quality"], json!(["good", "µ-mua", "noise"]));
    assert_eq!(properties["place"], json!([[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]));
}

#[test]
fn sortings_without_units_or_spikes_are_written_too() {
    let base = tempfile::tempdir().unwrap();
    for (name, ids) in [("none", Vec::new()), ("silent", vec![Id::Text("a".into())])] {
        let folder = base.path().join(name);
        let sorting = Sorting::from_spikes(30_000.0, ids, &[], &[]);
        numpy_folder::write(&sorting, &folder).unwrap();
        let back = io::open_sorting(&folder, None).unwrap();
        assert_eq!((back.num_units(), back.num_spikes()), (sorting.num_units(), 0));
        let seen = python(READ_SORTING, &[Path::new("numpy_folder"), &folder]);
        assert_eq!(seen["units"].as_array().unwrap().len(), sorting.num_units());
    }
}

#[test]
fn mda_studies_are_read_by_spikeinterface_and_by_us() {
    let mut memory = recording(&[1000]);
    memory.0.gain_to_uv = Some(vec![0.5; 8]);
    memory.0.offset_to_uv = Some(vec![0.0; 8]);
    let base = tempfile::tempdir().unwrap();
    let expected = base.path().join("expected");
    expect_traces(&expected, &memory);
    let folder = base.path().join("study");
    mda::write_recording(&memory, &memory.0, &folder, DType::Int16, &|_, _| true).unwrap();
    let back = io::open_recording(&folder, &OpenOptions::default()).unwrap();
    assert!(samples(&back, 0) == memory.1[0]);
    assert_eq!(back.info().gain_to_uv, memory.0.gain_to_uv);
    assert_eq!(back.info().locations_um(), memory.0.locations_um());
    let facts = python(READ_RECORDING, &[Path::new("mda"), &folder, &expected]);
    assert_eq!(facts["rate"], memory.0.sampling_frequency);
    assert_eq!(facts["locations"], json!(memory.0.locations_um()));

    let two_segments = sorting();
    let mut sorting = two_segments.clone();
    sorting.segments.truncate(1);
    let path = folder.join(mda::FIRINGS_TRUTH);
    mda::write_firings(&sorting, &path).unwrap();
    let back = io::open_sorting(&folder, None).unwrap();
    assert_eq!(back.unit_ids, [Id::Int(2), Id::Int(7), Id::Int(11)]);
    assert_eq!(back.trains(0), [vec![300], vec![100, 200], vec![50, 300]]);
    let seen = python(READ_SORTING, &[Path::new("mda"), &path, Path::new("30000.0")]);
    assert_eq!(seen["units"], json!([2, 7, 11]));
    assert_eq!(seen["trains"], json!([[[300], [100, 200], [50, 300]]]));

    let message = mda::write_firings(&two_segments, &path).unwrap_err().to_string();
    assert!(message.contains("2") && message.contains("NumpyFolder"), "{message}");
}

fn templates(sorting: &Sorting) -> Templates {
    let channel_indices = vec![vec![0, 1, 2], vec![5, 6], vec![1, 2, 3]];
    let waveforms = channel_indices
        .iter()
        .enumerate()
        .map(|(unit, channels)| {
            Array2::from_shape_fn((30, channels.len()), |(t, c)| {
                let x = (t as f32 - 10.0) / (3.0 + unit as f32);
                -(60.0 - 15.0 * c as f32) * (-x * x).exp()
            })
        })
        .collect();
    Templates {
        sampling_frequency: 30_000.5,
        unit_ids: sorting.unit_ids.clone(),
        channel_ids: Id::range(8),
        locations_um: Vec::new(),
        num_before: 10,
        num_samples: 30,
        channel_indices,
        waveforms,
        deviations: Vec::new(),
        in_uv: true,
    }
}

#[test]
fn phy_folders_are_read_by_phy_spikeinterface_and_by_us() {
    let (mut sorting, memory) = (sorting(), recording(&[1000, 500]));
    sorting.sampling_frequency = memory.0.sampling_frequency;
    let templates = templates(&sorting);
    let mut metrics = Table::default();
    metrics.set("unit_id", TableColumn::Int(vec![7, 2, 11]));
    metrics.set("firing_rate", TableColumn::Float(vec![1.5, 0.25, f64::NAN]));
    let features = Array3::from_shape_fn((7, 3, 4), |(s, p, c)| (s * 100 + p * 10 + c) as f32);
    let feature_channels = [vec![0, 1, 2, 3], vec![4, 5, 6, 7], vec![0, 1, 2]];
    let base = tempfile::tempdir().unwrap();
    let export = phy::Export {
        sorting: &sorting,
        templates: &templates,
        info: &memory.0,
        traces: Some(phy::Traces { source: &memory, dtype: DType::Int16 }),
        pc_features: Some(phy::PcFeatures { values: features.view(), channel_indices: &feature_channels }),
        metrics: Some(&metrics),
    };
    let folder = base.path().join("phy");
    phy::write(&folder, &export, &|_, _| true).unwrap();

    // Segments follow each other: the second begins at frame 1000.
    let times = [50, 100, 200, 300, 300, 1010, 1020];
    let clusters = [2, 0, 0, 1, 2, 2, 0];
    let seen = python(READ_PHY, &[&folder]);
    assert_eq!((&seen["spikes"], &seen["templates"], &seen["channels"]), (&json!(7), &json!(3), &json!(8)));
    assert_eq!(seen["rate"], memory.0.sampling_frequency);
    assert_eq!((&seen["samples"], &seen["clusters"]), (&json!(times), &json!(clusters)));
    assert_eq!(seen["amplitudes"][1], -51.25);
    assert_eq!(seen["positions"], json!(memory.0.locations_um()));
    assert_eq!(seen["features"][0], 7);
    let channels: Vec<i64> = serde_json::from_value(seen["template_channels"].clone()).unwrap();
    assert_eq!(channels, [5, 6]);
    assert!((seen["template"][10][0].as_f64().unwrap() + 60.0).abs() < 1e-4, "{}", seen["template"][10]);
    assert_eq!(seen["metadata"]["firing_rate"]["0"], 1.5);
    assert_eq!(seen["metadata"]["group"]["0"], "good");
    assert_eq!(seen["metadata"]["group"]["1"], "unsorted");
    let traces: Vec<f32> = serde_json::from_value(seen["traces"][0].clone()).unwrap();
    assert_eq!(traces, memory.1[0][40..48]);
    let similar = |i: usize, j: usize| seen["similar"][i][j].as_f64().unwrap();
    assert!((similar(0, 0) - 1.0).abs() < 1e-6 && similar(0, 1) == 0.0 && similar(0, 2) > 0.3);

    let si = python(READ_SORTING, &[Path::new("phy"), &folder]);
    assert_eq!(si["units"], json!([7, 2, 11]));
    assert_eq!(si["trains"], json!([[[100, 200, 1020], [300], [50, 300, 1010]]]));
    assert_eq!(si["properties"]["firing_rate"], json!([1.5, 0.25, null]));

    let back = io::open_sorting(&folder, None).unwrap();
    assert_eq!(back.segments[0].sample_index[..], times);
    assert_eq!(back.properties.column("si_unit_id").unwrap(), &TableColumn::Int(vec![7, 2, 11]));
    assert_eq!(back.segments[0].location_um.as_ref().unwrap()[1], [1.0, 20.5]);
    let read = phy::read_templates(&folder).unwrap();
    assert_eq!((&read.channel_indices, read.num_before), (&templates.channel_indices, 10));
    assert_eq!(read.waveforms, templates.waveforms);
    let traces = io::open_recording(&folder, &OpenOptions::default()).unwrap();
    assert!(samples(&traces, 0) == memory.1.concat());
    assert_eq!(traces.info().locations_um(), memory.0.locations_um());
    assert_eq!(traces.info().groups, memory.0.groups);

    // Without traces and features as well.
    let bare = phy::Export { traces: None, pc_features: None, metrics: None, ..export };
    let folder = base.path().join("bare");
    phy::write(&folder, &bare, &|_, _| true).unwrap();
    let seen = python(READ_PHY, &[&folder]);
    assert_eq!((&seen["traces"], &seen["features"]), (&Value::Null, &Value::Null));
    let mut other = sorting.clone();
    other.unit_ids[0] = Id::Int(99);
    let wrong = phy::Export { sorting: &other, ..bare };
    let message = phy::write(&base.path().join("x"), &wrong, &|_, _| true).unwrap_err().to_string();
    assert!(message.contains("unit 99 has no template"), "{message}");
}

#[test]
fn probes_are_read_by_probeinterface_and_by_us() {
    let base = tempfile::tempdir().unwrap();
    let some = ["NP2013", "NP1120", "A4x4-tet-5mm-150-200-121", "ASSY-236-H3", "4S1024", "60MEA200/30"];
    for bundled in
        probe::bundled().iter().filter(|known| known.is_usual || some.contains(&known.name.as_str()))
    {
        let probe = probe::read_probe(&bundled.name).unwrap();
        let path = base.path().join("probe.json");
        probe::write_probeinterface(&path, &probe).unwrap();
        let mut back = probe::read_probe(path.to_str().unwrap()).unwrap();
        if probe.contours_um.len() > 1 {
            // Several bodies are written as shanks of one.
            back.contours_um = probe.contours_um.clone();
        }
        assert_eq!(back, probe, "{}", bundled.name);
        let seen = python(READ_PROBE, &[&path]);
        let places: Vec<_> = probe.contacts.iter().map(|c| c.position_um).collect();
        assert_eq!(seen["positions"], json!(places));
        let columns: Option<Vec<usize>> = probe.contacts.iter().map(|c| c.device_channel_index).collect();
        assert_eq!(seen["columns"], json!(columns));
        assert_eq!(seen["name"], probe.name.as_str());
    }
}
