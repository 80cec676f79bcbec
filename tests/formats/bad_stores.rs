//! Zarr stores and NWB files that are damaged, cut off, or hold what is not read: each says what to do.

use crate::{samples, shared_data};
use serde_json::{Value, json};
use spikeloom::io::{self, OpenOptions};
use std::path::{Path, PathBuf};

/// A copy of a store that may be changed.
fn copy(name: &str) -> (tempfile::TempDir, PathBuf) {
    fn all(from: &Path, to: &Path) {
        std::fs::create_dir_all(to).unwrap();
        for entry in std::fs::read_dir(from).unwrap() {
            let path = entry.unwrap().path();
            let target = to.join(path.file_name().unwrap());
            if path.is_dir() { all(&path, &target) } else { assert!(std::fs::copy(&path, &target).is_ok()) }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (shared_data().join("si_written").join(name), folder.path().join(name));
    if from.is_dir() {
        all(&from, &to)
    } else {
        assert!(std::fs::copy(&from, &to).is_ok())
    }
    (folder, to)
}

fn change(path: &Path, change: impl FnOnce(&mut Value)) {
    let mut value: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    change(&mut value);
    std::fs::write(path, value.to_string()).unwrap();
}

fn refusal(path: &Path) -> String {
    io::open_recording(path, &OpenOptions::default()).unwrap_err().to_string()
}

fn cut(path: &Path, by: u64) {
    let size = path.metadata().unwrap().len();
    std::fs::OpenOptions::new().write(true).open(path).unwrap().set_len(size - by).unwrap();
}

fn says(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "no \"{part}\" in: {message}");
    }
}

#[test]
fn a_chunk_that_was_cut_off_is_named() {
    let (_keep, store) = copy("recording.zarr");
    cut(&store.join("traces_seg0/7.0"), 1000);
    let recording = io::open_recording(&store, &OpenOptions::default()).unwrap();
    let read = |start: usize| recording.source().read(0, start, &mut [0.0; 16]);
    assert!(read(0).is_ok() && read(180_000).is_ok());
    says(&read(150_000).unwrap_err().to_string(), &["traces_seg0/7.0", "cut off", "Copy or export it again"]);
    // Bytes of another chunk in its place.
    std::fs::write(store.join("traces_seg0/3.0"), vec![255; 5000]).unwrap();
    says(&read(70_000).unwrap_err().to_string(), &["traces_seg0/3.0"]);
}

#[test]
fn chunks_without_a_file_are_filled_and_said() {
    let (_keep, store) = copy("recording.zarr");
    std::fs::remove_file(store.join("traces_seg0/4.0")).unwrap();
    change(&store.join("traces_seg0/.zarray"), |meta| meta["fill_value"] = json!(-3));
    let recording = io::open_recording(&store, &OpenOptions::default()).unwrap();
    says(
        recording.info().annotations[io::WARNINGS][0].as_str().unwrap(),
        &["1 chunks have no file", "copy the store"],
    );
    let all = samples(&recording, 0);
    assert!(all[80_000 * 16..100_000 * 16].iter().all(|&x| x == -3.0));
    assert!(all[100_000 * 16..].iter().any(|&x| x != -3.0));
}

#[test]
fn codecs_and_filters_that_are_not_read_are_named() {
    let (_keep, store) = copy("recording.zarr");
    let meta = store.join("traces_seg0/.zarray");
    change(&meta, |meta| meta["compressor"]["id"] = json!("wavpack"));
    says(&refusal(&store), &["traces_seg0/0.0", "\"wavpack\"", "blosc"]);
    change(&meta, |meta| meta["compressor"]["id"] = json!("blosc"));
    change(&meta, |meta| meta["filters"] = json!([{"id": "fixedscaleoffset", "dtype": "<i2"}]));
    says(&refusal(&store), &["\"fixedscaleoffset\"", "without that filter"]);
}

#[test]
fn wrong_shapes_and_missing_attributes_are_named() {
    let (_keep, store) = copy("recording.zarr");
    let meta = store.join("traces_seg0/.zarray");
    change(&meta, |meta| meta["shape"] = json!([200_000, 12]));
    says(&refusal(&store), &["traces_seg0", "[200000, 12]", "16 channels"]);
    change(&meta, |meta| meta["chunks"] = json!([0, 16]));
    says(&refusal(&store), &[".zarray", "chunks"]);
    change(&meta, |meta| meta["chunks"] = json!("all"));
    says(&refusal(&store), &[".zarray", "chunks"]);
    std::fs::write(&meta, "{\"zarr_format\": 2,").unwrap();
    says(&refusal(&store), &[".zarray", "not valid JSON"]);

    let (_keep, store) = copy("recording.zarr");
    change(&store.join(".zattrs"), |about| drop(about.as_object_mut().unwrap().remove("sampling_frequency")));
    says(&refusal(&store), &[".zattrs", "sampling_frequency is missing"]);
    let (_keep, store) = copy("recording.zarr");
    std::fs::remove_dir_all(store.join("channel_ids")).unwrap();
    says(&refusal(&store), &["channel_ids is not in this zarr store"]);
    // Without its traces it is no recording at all.
    std::fs::remove_dir_all(store.join("traces_seg0")).unwrap();
    says(&refusal(&store), &["no traces_seg0/"]);
    let (_keep, store) = copy("recording.zarr");
    change(&store.join("properties/gain_to_uV/.zarray"), |meta| meta["shape"] = json!([4]));
    says(&refusal(&store), &["gain_to_uV", "4 values for 16 channels"]);
    let newer = tempfile::tempdir().unwrap();
    std::fs::write(newer.path().join("zarr.json"), "{}").unwrap();
    says(&refusal(newer.path()), &["format 3", "format 2"]);
}

#[test]
fn python_objects_are_skipped_with_a_message() {
    let (_keep, store) = copy("recording.zarr");
    let place = store.join("properties/secret");
    std::fs::create_dir(&place).unwrap();
    let meta = json!({"zarr_format": 2, "shape": [16], "chunks": [16], "dtype": "|O", "order": "C",
        "compressor": null, "fill_value": 0, "filters": [{"id": "pickle", "protocol": 5}]});
    std::fs::write(place.join(".zarray"), meta.to_string()).unwrap();
    std::fs::write(place.join("0"), b"\x80\x05.").unwrap();
    let recording = io::open_recording(&store, &OpenOptions::default()).unwrap();
    says(recording.info().annotations[io::WARNINGS][0].as_str().unwrap(), &["Python objects", "secret"]);

    let (_keep, store) = copy("analyzer.zarr");
    change(&store.join("recording/.zarray"), |meta| meta["filters"] = json!([{"id": "pickle"}]));
    says(&refusal(&store), &["pickle", "open the recording itself"]);
    assert_eq!(io::open_sorting(&store, None).unwrap().num_spikes(), 418);
}

#[test]
fn arrays_of_an_analyzer_that_do_not_fit_are_named() {
    let (_keep, store) = copy("analyzer.zarr");
    change(&store.join("extensions/spike_amplitudes/amplitudes/.zarray"), |meta| {
        meta["shape"] = json!([400]);
    });
    says(&io::open_sorting(&store, None).unwrap_err().to_string(), &["418 spike times but 400 amplitudes"]);
    let (_keep, store) = copy("analyzer.zarr");
    change(&store.join("sorting/spikes/segment_slices/.zarray"), |meta| {
        meta["compressor"] = json!({"id": "zstd"})
    });
    says(&io::open_sorting(&store, None).unwrap_err().to_string(), &["segment_slices"]);
    std::fs::remove_dir_all(store.join("sorting/unit_ids")).unwrap();
    says(&io::open_sorting(&store, None).unwrap_err().to_string(), &["unit_ids is not in this zarr store"]);
    let (_keep, store) = copy("analyzer.zarr");
    change(&store.join("extensions/templates/average/.zarray"), |meta| meta["shape"] = json!([6, 800]));
    says(&io::open_templates(&store).unwrap_err().to_string(), &["average"]);
}

#[test]
fn nwb_files_that_are_damaged_say_so() {
    let (_keep, file) = copy("synthetic_2s.nwb");
    let size = file.metadata().unwrap().len();
    for kept in [size - 10_000, size / 2, 2000, 100, 3] {
        let (_keep, file) = copy("synthetic_2s.nwb");
        cut(&file, size - kept);
        // Either it is refused, or what is cut off is not needed.
        match io::open_recording(&file, &OpenOptions::default()) {
            Err(error) => says(&error.to_string(), &["synthetic_2s.nwb"]),
            Ok(recording) => {
                let mut out = vec![0.0; 16];
                let _ = recording.source().read(0, 39_999, &mut out);
            }
        }
        let _ = io::open_sorting(&file, None);
    }
    std::fs::write(&file, "not HDF5").unwrap();
    says(&refusal(&file), &["synthetic_2s.nwb", "copy or export it again"]);
    std::fs::write(&file, "").unwrap();
    says(&refusal(&file), &["synthetic_2s.nwb"]);
}

/// Any byte may be wrong: nothing panics.
#[test]
fn damaged_bytes_never_panic() {
    let (_keep, file) = copy("synthetic_2s.nwb");
    let whole = std::fs::read(&file).unwrap();
    let mut state = 7_u64;
    for _ in 0..150 {
        let mut bytes = whole.clone();
        for _ in 0..8 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            // Structure lies before and after the samples.
            let at = if state & 1 == 0 {
                (state >> 20) as usize % 4000
            } else {
                bytes.len() - 1 - (state >> 20) as usize % 60_000
            };
            bytes[at] = (state >> 50) as u8;
        }
        std::fs::write(&file, &bytes).unwrap();
        if let Ok(recording) = io::open_recording(&file, &OpenOptions::default()) {
            let channels = recording.info().num_channels();
            let _ = recording.source().read(0, 0, &mut vec![0.0; channels]);
        }
        let _ = io::open_sorting(&file, None);
    }
}
