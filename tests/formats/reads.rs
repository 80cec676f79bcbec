//! Files that others wrote.

use crate::{raw, samples, shared_data};
use spikeloom::{
    data::{ContactShape, DType, Sorting, TableColumn},
    io::{self, OpenOptions, phy, probe},
};

fn text(sorting: &Sorting, name: &str) -> Vec<String> {
    match sorting.properties.column(name) {
        Some(TableColumn::Text(words)) => words.clone(),
        other => unreachable!("{name} is {other:?}"),
    }
}

#[test]
fn locust() {
    let path = shared_data().join("locust/locust_trial_01.raw");
    let options = OpenOptions { probe: Some("tetrode".into()), ..raw(DType::Int16, 4, 15_000.0) };
    let recording = io::open_recording(&path, &options).unwrap();
    let info = recording.info();
    assert_eq!((info.num_channels(), info.total_frames()), (4, 431_548));
    assert_eq!(info.locations_um().unwrap().len(), 4);
    // The wiring was taken in order, and that is said.
    assert!(info.annotations[io::WARNINGS][0].as_str().unwrap().contains("in order"));
    let all = samples(&recording, 0);
    let (low, high) = all.iter().fold((f32::MAX, f32::MIN), |(l, h), &x| (l.min(x), h.max(x)));
    assert_eq!((low, high), (967.0, 2654.0));
    let mut part = vec![0.0; 40];
    recording.source().read(0, 100_000, &mut part).unwrap();
    assert_eq!(part, all[400_000..400_040]);
}

#[test]
fn phy_test_snippet() {
    let path = shared_data().join("phy_test/test-4ch-1s.dat");
    let recording = io::open_recording(&path, &raw(DType::Int16, 4, 20_000.0)).unwrap();
    assert_eq!(recording.info().total_frames(), 20_000);
    let all = samples(&recording, 0);
    assert_eq!(all[..4], [-714.0, -982.0, -1199.0, -851.0]);
    assert_eq!(all.iter().map(|&x| f64::from(x)).sum::<f64>(), -71_871_214.0);
}

#[test]
fn spikeinterface_binary_folder() {
    let path = shared_data().join("si_written/recording_binary");
    let recording = io::open_recording(&path, &OpenOptions::default()).unwrap();
    let info = recording.info();
    assert_eq!((info.num_channels(), info.total_frames()), (16, 200_000));
    assert_eq!((info.sampling_frequency, info.dtype), (20_000.0, DType::Int16));
    assert_eq!(info.gain_to_uv, Some(vec![0.195; 16]));
    assert_eq!(info.channel_ids[3].to_string(), "3");
    assert_eq!(info.locations_um().unwrap()[9], [20.0, 20.0]);
    assert!(!info.is_filtered);
    assert!(!info.annotations.contains_key(io::WARNINGS), "{:?}", info.annotations);
}

#[test]
fn spikeinterface_preprocessed_chain() {
    let path = shared_data().join("si_written/preprocessed_chain.json");
    let recording = io::open_recording(&path, &OpenOptions::default()).unwrap();
    let info = recording.info();
    assert_eq!((info.num_channels(), info.total_frames()), (16, 200_000));
    let steps = info.annotations[io::STEPS].as_array().unwrap();
    assert_eq!(steps[0]["class"], "BandpassFilterRecording");
    assert_eq!(steps[1]["class"], "CommonReferenceRecording");
    assert_eq!(steps[1]["kwargs"]["operator"], "median");
    // What the recipe reads from is part of what a result depends on.
    let behind = io::files_behind(&path);
    assert!(behind.iter().any(|file| file.ends_with("si_written/recording_binary")), "{behind:?}");
}

#[test]
fn spikeinterface_sortings() {
    let base = shared_data().join("si_written");
    let folder = io::open_sorting(&base.join("sorting_truth_numpyfolder"), None).unwrap();
    assert_eq!(folder.spike_counts(), [52, 88, 65, 67, 55, 91]);
    assert_eq!(folder.sampling_frequency, 20_000.0);
    assert_eq!(folder.properties.column("main_channel_id").unwrap().cell(1), "9");
    assert!(folder.properties.column("gt_unit_locations[1]").is_some());
    for name in ["sorting_truth.npz", "analyzer_binary_folder", "sorting_truth_numpyfolder/si_folder.json"] {
        let other = io::open_sorting(&base.join(name), None).unwrap();
        let trains = |sorting: &Sorting| -> Vec<_> {
            sorting.segments.iter().map(|s| (s.sample_index.clone(), s.unit_index.clone())).collect()
        };
        assert_eq!(trains(&other), trains(&folder), "{name}");
        assert_eq!(other.unit_ids, folder.unit_ids, "{name}");
    }
    let analyzer = base.join("analyzer_binary_folder");
    let recording = io::open_recording(&analyzer, &OpenOptions::default()).unwrap();
    assert_eq!(recording.info().total_frames(), 200_000);
    let described = io::describe(&analyzer, &OpenOptions::default()).unwrap();
    assert!(described.is_sorting && described.is_recording);
}

/// Files of one format hold traces or spikes: which is told by what they hold.
#[test]
fn mda_traces_and_firings_are_told_apart() {
    let folder = shared_data().join("si_written/mda_study/synth_study/rec_16ch_2s");
    let kinds = |name: &str| {
        let found = io::describe(&folder.join(name), &OpenOptions::default()).unwrap();
        (found.is_recording, found.is_sorting)
    };
    assert_eq!(kinds("raw.mda"), (true, false));
    assert_eq!(kinds("firings_true.mda"), (false, true));
    let refused = io::open_sorting(&folder.join("raw.mda"), None).unwrap_err().to_string();
    assert!(refused.contains("holds traces, not spikes"), "{refused}");
}

#[test]
fn mda_study() {
    let path = shared_data().join("si_written/mda_study/synth_study/rec_16ch_2s");
    let recording = io::open_recording(&path, &OpenOptions::default()).unwrap();
    let info = recording.info();
    assert_eq!((info.num_channels(), info.total_frames()), (16, 40_000));
    assert_eq!(info.sampling_frequency, 20_000.0);
    assert_eq!(info.locations_um().unwrap()[9], [20.0, 20.0]);
    // The same samples as the first two seconds of the binary folder.
    let whole = shared_data().join("si_written/recording_binary");
    let whole = samples(&io::open_recording(&whole, &OpenOptions::default()).unwrap(), 0);
    assert!(samples(&recording, 0) == whole[..40_000 * 16]);
    let truth = io::open_sorting(&path, None).unwrap();
    let all = io::open_sorting(&shared_data().join("si_written/sorting_truth_numpyfolder"), None).unwrap();
    let early: Vec<i64> = all.segments[0].sample_index.iter().copied().filter(|&s| s < 40_000).collect();
    assert_eq!(truth.segments[0].sample_index[..], early);
}

#[test]
fn phy_template() {
    let path = shared_data().join("phy_template");
    let sorting = io::open_sorting(&path, None).unwrap();
    assert_eq!((sorting.num_spikes(), sorting.sampling_frequency), (314, 25_000.0));
    // Every cluster with spikes is shown; only cluster 4 is labelled.
    let groups = text(&sorting, "group");
    assert_eq!(groups.iter().filter(|g| *g == "good").count(), 1);
    assert_eq!(groups.iter().filter(|g| *g == "unsorted").count(), sorting.num_units() - 1);
    let good = groups.iter().position(|g| g == "good").unwrap();
    assert_eq!(sorting.unit_ids[good].to_string(), "4");
    let amplitudes = sorting.segments[0].amplitude.as_ref().unwrap();
    assert!(amplitudes.iter().all(|a| a.is_finite()));
    let templates = phy::read_templates(&path).unwrap();
    assert_eq!((templates.num_units(), templates.num_samples, templates.channel_ids.len()), (64, 82, 32));
    let described = io::describe(&path, &OpenOptions::default()).unwrap();
    assert!(described.is_sorting && !described.is_recording);
    let message = io::open_recording(&path, &OpenOptions::default()).unwrap_err().to_string();
    assert!(message.contains("sim_binary.dat") && message.contains("is not there"), "{message}");
}

#[test]
fn phy_export_of_spikeinterface() {
    let path = shared_data().join("si_written/phy_export");
    let sorting = io::open_sorting(&path, None).unwrap();
    assert_eq!(sorting.spike_counts(), [52, 88, 65, 67, 55, 91]);
    assert!((sorting.properties.column("snr").unwrap().number(0).unwrap() - 14.794_209_86).abs() < 1e-6);
    assert!(sorting.properties.column("amplitude_cutoff").unwrap().number(0).is_none());
    assert_eq!(phy::read_templates(&path).unwrap().channel_indices[0].len(), 12);
}

#[test]
fn probes_of_every_library_file_and_prb() {
    let folder = shared_data().join("probes");
    let mut count = 0;
    for entry in std::fs::read_dir(folder.join("library")).unwrap() {
        let path = entry.unwrap().path();
        let probe = probe::read_probe(path.to_str().unwrap()).unwrap();
        assert!(!probe.contacts.is_empty() && !probe.name.is_empty(), "{}", path.display());
        count += 1;
    }
    assert_eq!(count, 35);
    let probe = probe::read_probe(folder.join("dummy.prb").to_str().unwrap()).unwrap();
    assert_eq!(probe.contacts.len(), 32);
    assert!(probe.is_wired());
}

/// What makers publish and what we make of it agree with the files of the probeinterface library.
#[test]
fn bundled_probes_have_the_contacts_of_the_makers() {
    let mut count = 0;
    for entry in std::fs::read_dir(shared_data().join("probes/library")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let theirs = probe::read_probe(path.to_str().unwrap()).unwrap();
        let ours = probe::read_probe(&name).unwrap();
        assert_eq!(ours.name, name);
        let is_part = name.starts_with("NP");
        assert!(is_part || ours.contacts.len() == theirs.contacts.len(), "{name}");
        for contact in &ours.contacts {
            let their = theirs.contacts.iter().find(|c| c.contact_id == contact.contact_id);
            let their = their.unwrap_or_else(|| panic!("{name}: no contact {}", contact.contact_id));
            for axis in 0..2 {
                let apart = (contact.position_um[axis] - their.position_um[axis]).abs();
                assert!(apart < 0.1, "{name}, contact {}: {apart} µm apart", contact.contact_id);
            }
            let shank = |probe: &spikeloom::data::Probe, index: usize| match probe.shank_ids.len() {
                1 => String::new(),
                _ => probe.shank_ids[index].clone(),
            };
            assert_eq!(shank(&ours, contact.shank_index), shank(&theirs, their.shank_index), "{name}");
            match (contact.shape, their.shape) {
                // The discs of NeuroNexus have the area that the model's name says; the library's are rounded, and
                // one is of another radius than its name.
                (ContactShape::Circle { radius_um: a }, ContactShape::Circle { radius_um: b }) => {
                    assert!((a - b).abs() < 0.6 || name == "A1x32-Poly3-10mm-50-177", "{name}: {a} {b}");
                }
                (a, b) => assert_eq!(a, b, "{name}"),
            }
        }
        // Those of Cambridge NeuroTech are wired by their pins: in this order.
        if name.starts_with("ASSY") {
            let ids = |probe: &spikeloom::data::Probe| -> Vec<String> {
                probe.contacts.iter().map(|contact| contact.contact_id.clone()).collect()
            };
            assert_eq!(ids(&ours), ids(&theirs), "{name}");
        }
        count += 1;
    }
    assert!(count >= 35);
}

/// Every part number of imec that is bundled has the sites of the table that SpikeGLX keeps.
#[test]
fn neuropixels_parts_have_the_sites_of_the_table_of_features() {
    let text = std::fs::read_to_string(shared_data().join("probes/neuropixels_probe_features.json")).unwrap();
    let table: serde_json::Value = serde_json::from_str(&text).unwrap();
    let parts = table["neuropixels_probes"].as_object().unwrap();
    assert_eq!(parts.len(), 54);
    for (part, features) in parts {
        let feature = |key: &str| features[key].as_str().unwrap().parse::<f64>().unwrap();
        let columns = feature("cols_per_shank") as usize;
        let begins = ["even", "odd"]
            .map(|row| feature(&format!("{row}_row_horz_offset_left_edge_to_leftmost_electrode_center_um")));
        let first = begins[0].min(begins[1]);
        let read = probe::read(part).unwrap();
        let contacts = &read.probe.contacts;
        assert_eq!(read.probe.shank_ids.len(), feature("num_shanks") as usize, "{part}");
        let each = contacts.len() / read.probe.shank_ids.len();
        let readout = feature("num_readout_channels") as usize;
        assert!(
            contacts.len() <= readout.max(each) && each <= feature("electrodes_per_shank") as usize,
            "{part}"
        );
        for (index, contact) in contacts.iter().enumerate() {
            let (shank, site) = (index / each, index % each);
            let row = site / columns;
            let x = begins[row % 2] - first
                + (site % columns) as f64 * feature("electrode_pitch_horz_um")
                + shank as f64 * feature("shank_pitch_um");
            assert_eq!(contact.position_um, [x, row as f64 * feature("electrode_pitch_vert_um")], "{part}");
            let width_um = feature("electrode_size_horz_direction_um");
            assert_eq!(contact.shape, ContactShape::Square { width_um }, "{part}");
        }
        let is_simple = features["channel_mapping_type"] == "simple bank";
        assert!(!is_simple || each > readout || read.probe.is_wired() || part.starts_with("NP3"), "{part}");
    }
}

#[test]
fn phy_folders_with_several_raw_files_read_them_in_a_row() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, values: std::ops::Range<i16>| {
        let bytes: Vec<u8> = values.flat_map(i16::to_le_bytes).collect();
        std::fs::write(folder.path().join(name), bytes).unwrap();
    };
    write("one.dat", 0..30);
    write("two.dat", 30..36);
    write("three.dat", 36..60);
    std::fs::write(
        folder.path().join("params.py"),
        "dat_path = ['one.dat', r'two.dat', 'D:\\elsewhere\\three.dat']\nn_channels_dat = 3\ndtype = 'int16'\n\
         offset = 0\nsample_rate = 20000.\nhp_filtered = False\n",
    )
    .unwrap();
    io::npy::write_array(&folder.path().join("spike_times.npy"), &[3], &[0_i64, 11, 19]).unwrap();
    io::npy::write_array(&folder.path().join("spike_clusters.npy"), &[3], &[2_i64, 2, 5]).unwrap();
    let recording = io::open_recording(folder.path(), &OpenOptions::default()).unwrap();
    assert_eq!(recording.info().segments.len(), 1);
    let wanted: Vec<f32> = (0..60_u8).map(f32::from).collect();
    assert_eq!(samples(&recording, 0), wanted);
    // Across the whole of the second file.
    let mut part = vec![0.0; 12];
    recording.source().read(0, 9, &mut part).unwrap();
    assert_eq!(part, wanted[27..39]);
    assert!(recording.source().read(0, 19, &mut part).is_err());
    assert_eq!(recording.source().files().len(), 3);
    assert_eq!(io::open_sorting(folder.path(), None).unwrap().num_spikes(), 3);
    std::fs::remove_file(folder.path().join("two.dat")).unwrap();
    let message = io::open_recording(folder.path(), &OpenOptions::default()).unwrap_err().to_string();
    assert!(message.contains("two.dat") && message.contains("is not there"), "{message}");
}
