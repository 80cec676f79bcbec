//! Sorting analyzers as folders and as zarr stores.

use crate::shared_data;
use ndarray::{Array3, s};
use spikeloom::io::{self, OpenOptions, npy};

/// Both hold the same; what is compared with was written by SpikeInterface beside it.
#[test]
fn folder_and_zarr_hold_the_same_spikes_and_templates() {
    let base = shared_data().join("si_written");
    let truth = io::open_sorting(&base.join("sorting_truth_numpyfolder"), None).unwrap();
    let extensions = base.join("analyzer_binary_folder/extensions");
    let amplitudes: Vec<f32> = npy::read_vec(&extensions.join("spike_amplitudes/amplitudes.npy")).unwrap();
    let average: Array3<f32> = npy::read_ndim::<f32>(&extensions.join("templates/average.npy"), 3)
        .unwrap()
        .into_dimensionality()
        .unwrap();
    for name in ["analyzer_binary_folder", "analyzer.zarr"] {
        let path = base.join(name);
        let sorting = io::open_sorting(&path, None).unwrap();
        assert_eq!(sorting.unit_ids, truth.unit_ids, "{name}");
        let (ours, theirs) = (&sorting.segments[0], &truth.segments[0]);
        assert_eq!(
            (&ours.sample_index, &ours.unit_index),
            (&theirs.sample_index, &theirs.unit_index),
            "{name}"
        );
        assert_eq!(ours.amplitude.as_ref().unwrap()[..], amplitudes, "{name}");
        assert_eq!(ours.num_frames, Some(200_000), "{name}");
        assert_eq!(ours.location_um.as_ref().unwrap().len(), 418, "{name}");
        assert!(sorting.amplitudes_in_uv, "{name}");
        let snr = sorting.properties.column("snr").unwrap().number(0).unwrap();
        assert!((snr - 14.794_209_864_718_557).abs() < 1e-9, "{name}: {snr}");
        assert!(sorting.properties.column("unit_location[1]").is_some(), "{name}");
        assert_eq!(sorting.properties.column("main_channel_id").unwrap().cell(1), "9", "{name}");

        let templates = io::open_templates(&path).unwrap();
        assert_eq!(
            (templates.num_units(), templates.num_samples, templates.num_before),
            (6, 50, 20),
            "{name}"
        );
        assert!(templates.in_uv && templates.deviations.len() == 6, "{name}");
        assert_eq!(templates.locations_um[9], [20.0, 20.0], "{name}");
        // Sparse as it was computed: nothing outside, everything inside.
        assert!(templates.channel_indices.iter().all(|channels| channels.len() < 16), "{name}");
        assert_eq!(templates.to_dense(), average, "{name}");
        let (channel, sample, value) = templates.extremum(0).unwrap();
        assert_eq!(value, average[(0, sample, channel)], "{name}");
        assert!(average.slice(s![0, .., ..]).iter().all(|x| x.abs() <= value.abs()), "{name}");

        let recording = io::open_recording(&path, &OpenOptions::default()).unwrap();
        assert_eq!(
            (recording.info().num_channels(), recording.info().total_frames()),
            (16, 200_000),
            "{name}"
        );
        let steps = recording.info().annotations[io::STEPS].as_array().unwrap();
        assert_eq!(steps.len(), 2, "{name}");
        let behind = io::files_behind(&path);
        assert!(behind.iter().any(|file| file.ends_with("recording_binary")), "{behind:?}");
    }
    let folder = io::open_sorting(&base.join("analyzer_binary_folder"), None).unwrap();
    let zarr = io::open_sorting(&base.join("analyzer.zarr"), None).unwrap();
    assert_eq!(folder.segments[0].location_um, zarr.segments[0].location_um);
    for (name, column) in &folder.properties.columns {
        let other = zarr.properties.column(name).unwrap_or_else(|| panic!("zarr has no {name}"));
        for row in 0..6 {
            assert_eq!(column.number(row), other.number(row), "{name} of unit {row}");
        }
    }
}

#[test]
fn templates_of_what_has_none_are_refused() {
    let base = shared_data().join("si_written");
    for (path, part) in [
        (base.join("sorting_truth_numpyfolder"), "holds no templates"),
        (base.join("recording.zarr"), "holds no templates"),
        (base.join("nowhere"), "moved or renamed"),
    ] {
        let message = io::open_templates(&path).unwrap_err().to_string();
        assert!(message.contains(part), "{message}");
    }
    let copy = tempfile::tempdir().unwrap();
    let sorting = copy.path().join("sorting");
    std::fs::create_dir(&sorting).unwrap();
    for file in ["numpysorting_info.json", "spikes.npy"] {
        std::fs::copy(base.join("analyzer_binary_folder/sorting").join(file), sorting.join(file)).unwrap();
    }
    std::fs::write(copy.path().join("spikeinterface_info.json"), "{}").unwrap();
    let message = io::open_templates(copy.path()).unwrap_err().to_string();
    assert!(message.contains("analyzer.compute(\"templates\")"), "{message}");
    // Its recording is not known: the spikes open all the same.
    assert_eq!(io::open_sorting(copy.path(), None).unwrap().num_spikes(), 418);
    let described = io::describe(copy.path(), &OpenOptions::default()).unwrap();
    assert!(described.is_sorting && !described.is_recording);
}
