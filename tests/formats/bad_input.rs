//! Files that are damaged, foreign, or not what they were said to be: each message says what to do.

use crate::{common::shared_data, raw};
use spikeloom::{
    data::{DType, Id, Recording, RecordingInfo, Sorting, Source, SourceError},
    io::{self, OpenOptions, binary_folder, numpy_folder},
};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Instant,
};

fn file(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    (folder, path)
}

fn refused(path: &Path, options: &OpenOptions) -> String {
    io::open_recording(path, options).unwrap_err().to_string()
}

fn check(message: &str, parts: &[&str]) {
    for part in parts {
        assert!(message.contains(part), "{part:?} is not in: {message}");
    }
}

#[test]
fn a_wrong_number_of_channels_is_answered_with_those_that_fit() {
    let (_keep, path) = file("a.raw", &[0; 2 * 4 * 15]);
    let message = refused(&path, &raw(DType::Int16, 7, 30_000.0));
    check(
        &message,
        &["a.raw", "7 channels of int16", "such as --num-channels divide it: 1, 2, 3, 4, 5, 6, 10, 12."],
    );
    let message = refused(&path, &raw(DType::Float64, 30, 30_000.0));
    check(&message, &["these --dtype fit: int16, int32, float32"]);
    let options = OpenOptions { allow_partial_frame: true, ..raw(DType::Int16, 7, 30_000.0) };
    let recording = io::open_recording(&path, &options).unwrap();
    assert_eq!(recording.info().total_frames(), 8);
    assert!(recording.info().annotations[io::WARNINGS][0].as_str().unwrap().contains("8 bytes"));
}

#[test]
fn what_a_raw_file_does_not_tell_is_asked_for_by_option() {
    let (_keep, path) = file("a.dat", &[0; 64]);
    check(&refused(&path, &OpenOptions::default()), &["--dtype", "--num-channels", "--sampling-frequency"]);
    let options = OpenOptions { sampling_frequency: Some(f64::NAN), ..raw(DType::Int16, 2, 1.0) };
    check(&refused(&path, &options), &["--sampling-frequency"]);
    check(&refused(&path, &raw(DType::Int16, 0, 1.0)), &["--num-channels"]);
}

#[test]
fn empty_missing_and_foreign_files_are_named() {
    let (_keep, path) = file("a.raw", &[]);
    check(&refused(&path, &raw(DType::Int16, 4, 30_000.0)), &["a.raw", "empty"]);
    check(
        &refused(&path.with_file_name("b.raw"), &raw(DType::Int16, 4, 1.0)),
        &["b.raw", "moved or renamed"],
    );
    let (_keep, path) = file("notes.txt", b"hello");
    check(&refused(&path, &OpenOptions::default()), &["notes.txt", "binary.json", "params.py", ".raw"]);
    let (_keep, path) = file("._a.raw", &[0; 16]);
    check(&refused(&path, &raw(DType::Int16, 4, 1.0)), &["macOS"]);
    let base = shared_data();
    check(
        &refused(&base.join("openephys_binary"), &OpenOptions::default()),
        &["Open Ephys", "continuous.dat"],
    );
    // A folder above the recording.
    check(
        &refused(&base.join("si_written/mda_study"), &OpenOptions::default()),
        &["it holds others", "mda_study/synth_study/rec_16ch_2s"],
    );
    let folder = base.join("si_written/sorting_truth_numpyfolder");
    check(&refused(&folder, &OpenOptions::default()), &["holds spikes, not traces"]);
    let message = io::open_sorting(&base.join("si_written/recording_binary"), None).unwrap_err().to_string();
    check(&message, &["holds traces, not spikes"]);
}

fn read(recording: &Recording, start: usize, frames: usize) -> Result<Vec<f32>, SourceError> {
    let mut out = vec![0.0; frames * recording.info().num_channels()];
    recording.source().read(0, start, &mut out).map(|()| out)
}

#[test]
fn a_file_that_gets_shorter_while_it_is_read_is_an_error_not_a_crash() {
    for time_axis in [0, 1] {
        let (_keep, path) = file("a.raw", &[1; 8000]);
        let options = OpenOptions { time_axis, ..raw(DType::Int16, 4, 30_000.0) };
        let recording = io::open_recording(&path, &options).unwrap();
        fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(4000).unwrap();
        let error = read(&recording, 900, 100).unwrap_err();
        assert!(matches!(&error, SourceError::Shortened { expected: 8000, found: 4000, .. }), "{error}");
        check(&error.to_string(), &["a.raw", "Open it again"]);
    }
}

#[test]
fn values_that_are_no_numbers_are_named_by_frame_and_channel() {
    let mut values = [0.5f32; 40];
    values[4 * 7 + 2] = f32::NAN;
    values[4 * 8 + 1] = f32::INFINITY;
    let bytes: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
    let (_keep, path) = file("a.raw", &bytes);
    let recording = io::open_recording(&path, &raw(DType::Float32, 4, 30_000.0)).unwrap();
    assert!(read(&recording, 0, 7).is_ok());
    let error = read(&recording, 3, 7).unwrap_err();
    assert!(matches!(error, SourceError::NotANumber { segment: 0, frame: 7, channel: 2, .. }), "{error}");
    let error = read(&recording, 8, 2).unwrap_err();
    assert!(matches!(error, SourceError::NotANumber { frame: 8, channel: 1, .. }), "{error}");
}

#[test]
fn reading_out_of_range_is_refused() {
    let (_keep, path) = file("a.raw", &[1; 80]);
    let recording = io::open_recording(&path, &raw(DType::Int16, 4, 30_000.0)).unwrap();
    assert!(read(&recording, 9, 2).is_err());
    assert!(read(&recording, usize::MAX, 1).is_err());
    assert!(read(&recording, 10, 0).is_ok());
}

#[test]
fn a_sparse_file_of_100_gb_opens_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("long.raw");
    let size = 100_000_000_000 / 768 * 768;
    fs::File::create(&path).unwrap().set_len(size).unwrap();
    let start = Instant::now();
    let recording = io::open_recording(&path, &raw(DType::Int16, 384, 30_000.0)).unwrap();
    let end = recording.info().total_frames();
    read(&recording, end - 3000, 3000).unwrap();
    // Reading it through would take minutes.
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
    assert_eq!(end as u64, size / 768);
}

#[test]
fn a_probe_that_does_not_fit_is_refused_when_asked_for() {
    let (_keep, path) = file("a.raw", &[0; 160]);
    let ask = |probe: &str| OpenOptions { probe: Some(probe.into()), ..raw(DType::Int16, 4, 30_000.0) };
    check(&refused(&path, &ask("linear32")), &["32 contacts", "4 columns"]);
    check(&refused(&path, &ask("neuropixels1")), &["device_channel_indices", "4 columns"]);
    check(&refused(&path, &ask("no_such")), &["no_such", "tetrode", "neuropixels2"]);
    let probe = path.with_file_name("p.json");
    fs::write(&probe, r#"{"probes": [{"contact_positions": [[0, 1], [0]], "si_units": "um"}]}"#).unwrap();
    check(&refused(&path, &ask(probe.to_str().unwrap())), &["p.json", "contact_positions[1]"]);
    fs::write(&probe, r#"{"probes": [{"contact_positions": [[0, 1]], "device_channel_indices": [0, 1]}]}"#)
        .unwrap();
    check(&refused(&path, &ask(probe.to_str().unwrap())), &["device_channel_indices has 2 elements for 1"]);
    fs::write(&probe, "{").unwrap();
    check(&refused(&path, &ask(probe.to_str().unwrap())), &["p.json", "line 1"]);
}

#[test]
fn only_connected_channels_are_kept_in_the_order_of_the_file() {
    let bytes: Vec<u8> = (0i16..40).flat_map(i16::to_le_bytes).collect();
    let (_keep, path) = file("a.raw", &bytes);
    let probe = path.with_file_name("p.json");
    fs::write(
        &probe,
        r#"{"probes": [{"ndim": 2, "si_units": "um", "contact_positions": [[0, 0], [0, 20], [0, 40]],
            "shank_ids": ["a", "b", "a"], "device_channel_indices": [3, -1, 1]}]}"#,
    )
    .unwrap();
    for time_axis in [0, 1] {
        let options = OpenOptions {
            probe: Some(probe.to_str().unwrap().into()),
            time_axis,
            ..raw(DType::Int16, 4, 30_000.0)
        };
        let recording = io::open_recording(&path, &options).unwrap();
        let info = recording.info();
        assert_eq!(info.num_channels(), 2);
        assert_eq!(info.locations_um().unwrap(), [[0.0, 40.0], [0.0, 0.0]]);
        assert_eq!((info.channel_ids[0].to_string(), info.groups.clone()), ("1".into(), vec![0, 0]));
        let expected = if time_axis == 0 { [5.0, 7.0, 9.0, 11.0] } else { [11.0, 31.0, 12.0, 32.0] };
        assert_eq!(read(&recording, 1, 2).unwrap(), expected);
    }
}

#[test]
fn every_number_type_and_byte_order_is_read() {
    let values = [3i64, 100, 0, 127];
    for (dtype, size) in [
        (DType::Int8, 1),
        (DType::Uint8, 1),
        (DType::Int16, 2),
        (DType::Uint16, 2),
        (DType::Int32, 4),
        (DType::Uint32, 4),
        (DType::Int64, 8),
        (DType::Float32, 4),
        (DType::Float64, 8),
    ] {
        for big_endian in [false, true] {
            let mut bytes = vec![9, 9, 9];
            for value in values {
                let mut number = match dtype {
                    DType::Float32 => (value as f32).to_le_bytes().to_vec(),
                    DType::Float64 => (value as f64).to_le_bytes().to_vec(),
                    _ => value.to_le_bytes()[..size].to_vec(),
                };
                if big_endian {
                    number.reverse();
                }
                bytes.extend(number);
            }
            let (_keep, path) = file("a.raw", &bytes);
            let options = OpenOptions { big_endian, file_offset: 3, ..raw(dtype, 2, 1.0) };
            let recording = io::open_recording(&path, &options).unwrap();
            assert_eq!(read(&recording, 0, 2).unwrap(), [3.0, 100.0, 0.0, 127.0], "{dtype} {big_endian}");
        }
    }
}

#[test]
fn damaged_folders_name_the_file_and_the_field() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write(
        "binary.json",
        r#"{"kwargs": {"file_paths": ["x.raw"], "sampling_frequency": 1.0, "dtype": "<i2"}}"#,
    );
    check(&refused(folder.path(), &OpenOptions::default()), &["binary.json", "num_channels"]);
    write(
        "binary.json",
        r#"{"kwargs": {"file_paths": ["x.raw"], "sampling_frequency": 1.0, "dtype": "<i2", "num_channels": 2}}"#,
    );
    check(&refused(folder.path(), &OpenOptions::default()), &["x.raw", "moved or renamed"]);
    // A folder whose samples were cut off opens with what is whole, and says so.
    fs::write(folder.path().join("x.raw"), [0; 11]).unwrap();
    let recording = io::open_recording(folder.path(), &OpenOptions::default()).unwrap();
    assert_eq!(recording.info().total_frames(), 2);
    assert!(recording.info().annotations[io::WARNINGS][0].as_str().unwrap().contains("cut off"));

    let sorting = tempfile::tempdir().unwrap();
    fs::write(
        sorting.path().join("numpysorting_info.json"),
        r#"{"sampling_frequency": 1.0, "unit_ids": ["a"], "num_segments": 1}"#,
    )
    .unwrap();
    let message = || io::open_sorting(sorting.path(), None).unwrap_err().to_string();
    check(&message(), &["spikes.npy"]);
    let source = shared_data().join("si_written/sorting_truth_numpyfolder/spikes.npy");
    let bytes = fs::read(source).unwrap();
    fs::write(sorting.path().join("spikes.npy"), &bytes[..bytes.len() - 5]).unwrap();
    check(&message(), &["spikes.npy", "cut off"]);
    fs::write(sorting.path().join("spikes.npy"), &bytes).unwrap();
    check(&message(), &["unit index", "there are 1 units"]);
}

#[test]
fn phy_folders_with_damage_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let source = shared_data().join("phy_template");
    for name in ["spike_times.npy", "spike_clusters.npy"] {
        fs::copy(source.join(name), folder.path().join(name)).unwrap();
    }
    let message = || io::open_sorting(folder.path(), None).unwrap_err().to_string();
    check(&message(), &["params.py"]);
    fs::write(folder.path().join("params.py"), "n_channels_dat = 4\n").unwrap();
    check(&message(), &["params.py", "sample_rate"]);
    fs::write(folder.path().join("params.py"), "sample_rate = 25000.").unwrap();
    assert_eq!(io::open_sorting(folder.path(), None).unwrap().num_spikes(), 314);
    // What phy has left after a crash.
    fs::write(folder.path().join("spike_clusters.npy"), b"").unwrap();
    check(&message(), &["spike_clusters.npy", "empty"]);
}

#[test]
fn a_sorting_replaces_a_sorting_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let sorting = Sorting::from_spikes(30_000.0, vec![Id::Int(1)], &[5], &[0]);
    let path = folder.path().join("mine");
    fs::create_dir(&path).unwrap();
    fs::write(path.join("thesis.txt"), "years of work").unwrap();
    let message = numpy_folder::write(&sorting, &path).unwrap_err().to_string();
    check(&message, &["mine", "exists already"]);
    assert_eq!(fs::read_to_string(path.join("thesis.txt")).unwrap(), "years of work");
}

/// Two frames of one channel.
#[derive(Debug)]
struct Short(RecordingInfo);

impl Source for Short {
    fn info(&self) -> &RecordingInfo {
        &self.0
    }
    fn read(&self, _: usize, _: usize, out: &mut [f32]) -> Result<(), SourceError> {
        out.fill(1.0);
        Ok(())
    }
}

#[test]
fn folders_that_cannot_be_written_are_named_and_nothing_is_left() {
    let source = Short(RecordingInfo::new(30_000.0, 1, 2, DType::Int16));
    let go_on = |_, _| true;
    // Not even root makes folders here.
    let message = binary_folder::write(&source, &source.0, Path::new("/proc/out"), DType::Int16, &go_on)
        .unwrap_err()
        .to_string();
    check(&message, &["/proc/out", "cannot create"]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out");
    let stopped = binary_folder::write(&source, &source.0, &path, DType::Int16, &|_, _| false);
    assert!(matches!(stopped, Err(io::Error::Cancelled)));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    binary_folder::write(&source, &source.0, &path, DType::Int16, &go_on).unwrap();
    let again =
        binary_folder::write(&source, &source.0, &path, DType::Int16, &go_on).unwrap_err().to_string();
    check(&again, &["exists already"]);
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

/// Runs a test again in a namespace of its own where `folder` is a small or read-only disk; true there.
fn on_another_disk(test: &str, folder: &Path, options: &str) -> bool {
    if std::env::var_os("SPIKELOOM_OTHER_DISK").is_some() {
        return true;
    }
    let script = format!(
        "mount -t tmpfs -o {options} tmpfs \"$1\" && exec \"$2\" --exact bad_input::{test} --nocapture"
    );
    let root = Command::new("id").arg("-u").output().is_ok_and(|o| o.stdout == b"0\n");
    let user: &[&str] = if root { &[] } else { &["--user", "--map-root-user"] };
    let output = Command::new("unshare")
        .args(user)
        .args(["--mount", "sh", "-c", &script, "sh"])
        .arg(folder)
        .arg(std::env::current_exe().unwrap())
        .env("SPIKELOOM_OTHER_DISK", folder)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "needs `unshare` and `mount`:\n{text}");
    false
}

/// The folder that is the other disk, in the test that runs there.
fn other_disk() -> PathBuf {
    std::env::var_os("SPIKELOOM_OTHER_DISK").map(PathBuf::from).unwrap()
}

#[test]
fn a_full_disk_is_said_and_nothing_is_left() {
    let folder = tempfile::tempdir().unwrap();
    if !on_another_disk("a_full_disk_is_said_and_nothing_is_left", folder.path(), "size=128k") {
        return;
    }
    let disk = other_disk();
    let source = Short(RecordingInfo::new(30_000.0, 1, 200_000, DType::Int16));
    let path = disk.join("out");
    let message =
        binary_folder::write(&source, &source.0, &path, DType::Int16, &|_, _| true).unwrap_err().to_string();
    check(&message, &["The disk is full"]);
    let samples: Vec<i64> = (0..20_000).collect();
    let sorting = Sorting::from_spikes(30_000.0, vec![Id::Int(1)], &samples, &[0; 20_000]);
    let message = numpy_folder::write(&sorting, &path).unwrap_err().to_string();
    check(&message, &["The disk is full"]);
    assert_eq!(fs::read_dir(&disk).unwrap().count(), 0);
}

#[test]
fn a_read_only_disk_is_said() {
    let folder = tempfile::tempdir().unwrap();
    if !on_another_disk("a_read_only_disk_is_said", folder.path(), "ro") {
        return;
    }
    let sorting = Sorting::from_spikes(30_000.0, vec![Id::Int(1)], &[5], &[0]);
    let message = numpy_folder::write(&sorting, &other_disk().join("out")).unwrap_err().to_string();
    check(&message, &["read-only", "choose another"]);
}
