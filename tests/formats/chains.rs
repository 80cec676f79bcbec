//! Chains of preprocessing in SpikeInterface's JSON give its traces.

use crate::{common, shared_data};
use ndarray::Array2;
use spikeloom::{
    data::{DType, TableColumn},
    engine::{
        chain::{self, ChainSource},
        spikeinterface_chain::with_steps,
    },
    io::{self, OpenOptions, binary_folder, npy},
};

const WRITE_CHAINS: &str = include_str!("../python/write_chains.py");

#[test]
fn steps_are_applied_as_spikeinterface_does() {
    let folder = tempfile::tempdir().unwrap();
    let source = shared_data().join("si_written/recording_binary");
    let names: Vec<String> =
        serde_json::from_str(&common::run_python(WRITE_CHAINS, &[&source, folder.path()])).unwrap();
    assert_eq!(names.len(), 11);
    for name in &names {
        let path = folder.path().join(format!("{name}.json"));
        let recording = io::open_recording(&path, &OpenOptions::default()).unwrap();
        let recording = with_steps(recording).unwrap();
        assert!(
            !recording.info().annotations.contains_key(io::STEPS),
            "{name}: {:?}",
            recording.info().annotations
        );
        let compiled = chain::compile(&recording).unwrap();
        let channels = recording.info().num_channels();
        for (segment, found) in recording.info().segments.iter().enumerate() {
            let wanted: Array2<f32> =
                npy::read_matrix(&folder.path().join(format!("{name}_{segment}.npy"))).unwrap();
            assert_eq!((found.num_frames, channels), wanted.dim(), "{name} segment {segment}");
            let mut ours = vec![0.0; found.num_frames * channels];
            compiled.read_frames(segment, 0, &mut ours).unwrap();
            let off = ours.iter().zip(&wanted).map(|(a, b)| (a - b).abs());
            let (worst, sum) =
                off.fold((0.0_f32, 0.0_f64), |(worst, sum), off| (worst.max(off), sum + f64::from(off)));
            // Rounding falls on either side of a half now and then.
            if name.contains("whole") {
                assert!(worst <= 1.0 && sum / (ours.len() as f64) < 1e-3, "{name}: {worst}, {sum}");
            } else {
                // SpikeInterface filters single precision in single precision.
                let limit = if name.contains("filtered") { 1e-2 } else { 1e-3 };
                assert!(worst <= limit, "{name} segment {segment}: {worst}");
            }
        }
        let folder_of = |name: &str| {
            !folder.path().join(format!("{name}_{}.npy", recording.info().segments.len())).exists()
        };
        assert!(folder_of(name), "{name} has more segments");
    }
}

#[test]
fn recordings_that_do_not_fit_are_not_joined() {
    let folder = tempfile::tempdir().unwrap();
    let source = shared_data().join("si_written/recording_binary");
    let leaf = serde_json::json!({"class": "x.BinaryFolderRecording", "kwargs": {"folder_path": source}});
    let mda = shared_data().join("si_written/mda_study/synth_study/rec_16ch_2s");
    let other = serde_json::json!({"class": "x.MdaRecordingExtractor", "kwargs": {"folder_path": mda}});
    let joined =
        serde_json::json!({"class": "x.AppendSegmentRecording", "kwargs": {"recording_list": [leaf, other]}});
    let path = folder.path().join("joined.json");
    std::fs::write(&path, joined.to_string()).unwrap();
    let message = io::open_recording(&path, &OpenOptions::default()).unwrap_err().to_string();
    assert!(message.contains("different channels") && message.contains("binary folder"), "{message}");
    std::fs::write(&path, joined.to_string().replace(&source.display().to_string(), "nowhere")).unwrap();
    let message = io::open_recording(&path, &OpenOptions::default()).unwrap_err().to_string();
    assert!(message.contains("nowhere") && message.contains("Put it beside"), "{message}");
}

/// Whatever SpikeInterface knows of channels comes back to it.
#[test]
fn channel_properties_survive_a_round_trip() {
    let folder = tempfile::tempdir().unwrap();
    let (theirs, ours) = (folder.path().join("theirs"), folder.path().join("ours"));
    let write = r#"
import sys, numpy as np, spikeinterface as si
recording = si.load(sys.argv[1]).frame_slice(0, 1000)
recording.set_property("quality", np.array(["good", "mua"] * 8))
recording.set_property("impedance", np.linspace(0.5, 2.0, 16))
recording.set_property("bank", np.arange(16) // 4)
recording.set_property("is_bad", np.arange(16) == 3)
recording.set_property("adc", np.arange(32.0).reshape(16, 2))
recording.save(folder=sys.argv[2], format="binary")
"#;
    let read = r#"
import sys, numpy as np, spikeinterface as si
a, b = si.load(sys.argv[1]), si.load(sys.argv[2])
for key in ("quality", "impedance", "bank", "is_bad", "adc", "group", "gain_to_uV", "offset_to_uV"):
    x, y = np.asarray(a.get_property(key)), np.asarray(b.get_property(key))
    assert x.shape == y.shape and (x == y).all() and x.dtype.kind == y.dtype.kind, (key, x, y)
assert (a.get_channel_locations() == b.get_channel_locations()).all()
assert (a.get_traces() == b.get_traces()).all()
print("same")
"#;
    common::run_python(write, &[&shared_data().join("si_written/recording_binary"), &theirs]);
    let recording = io::open_recording(&theirs, &OpenOptions::default()).unwrap();
    assert_eq!(recording.info().properties.columns.len(), 6, "{:?}", recording.info().properties);
    let source = ChainSource::new(chain::compile(&recording).unwrap());
    binary_folder::write(&source, recording.info(), &ours, DType::Int16, &|_, _| true).unwrap();
    assert_eq!(common::run_python(read, &[&theirs, &ours]).trim(), "same");
    // Of some channels, the properties of those.
    let some = recording.info().slice_channels(&[5, 3]);
    assert_eq!(some.properties.column("is_bad"), Some(&TableColumn::Bool(vec![false, true])));
    assert_eq!(some.properties.column("adc[1]"), Some(&TableColumn::Float(vec![11.0, 7.0])));
}
