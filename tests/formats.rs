//! Every format: opens what others wrote, and others open what we write.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use common::shared_data;
use spikeloom::{
    data::{DType, Recording},
    io::{self, OpenOptions},
};

fn raw(dtype: DType, num_channels: usize, sampling_frequency: f64) -> OpenOptions {
    OpenOptions {
        dtype: Some(dtype),
        num_channels: Some(num_channels),
        sampling_frequency: Some(sampling_frequency),
        ..OpenOptions::default()
    }
}

fn samples(recording: &Recording, segment: usize) -> Vec<f32> {
    let info = recording.info();
    let mut out = vec![0.0; info.segments[segment].num_frames * info.num_channels()];
    recording.source().read(segment, 0, &mut out).unwrap();
    out
}

mod opens_what_others_wrote {
    use super::*;

    #[test]
    fn locust() {
        let path = shared_data().join("locust/locust_trial_01.raw");
        let options = OpenOptions { probe: Some("tetrode".into()), ..raw(DType::Int16, 4, 15_000.0) };
        let recording = io::open_recording(&path, &options).unwrap();
        let info = recording.info();
        assert_eq!((info.num_channels(), info.total_frames()), (4, 431_548));
        assert_eq!(info.locations_um().unwrap().len(), 4);
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
    fn spikeinterface_numpy_folder() {
        let path = shared_data().join("si_written/sorting_truth_numpyfolder");
        let sorting = io::open_sorting(&path, None).unwrap();
        assert_eq!(sorting.spike_counts(), [52, 88, 65, 67, 55, 91]);
        assert_eq!(sorting.sampling_frequency, 20_000.0);
        assert_eq!(sorting.properties.column("main_channel_id").unwrap().cell(1), "9");
        assert!(sorting.properties.column("gt_unit_locations[1]").is_some());
    }
}
