#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::*;
use crate::data::{DType, Probe};

const RATE: f64 = 20_000.0;

/// What is there before anything is put in: a slope, so that samples tell where they are from.
#[derive(Debug)]
struct Quiet(RecordingInfo);

impl Source for Quiet {
    fn info(&self) -> &RecordingInfo {
        &self.0
    }
    fn read(&self, _: usize, start: usize, out: &mut [f32]) -> Result<(), SourceError> {
        let n = self.0.num_channels();
        out.iter_mut().enumerate().for_each(|(i, x)| *x = ((start + i / n) % 7) as f32);
        Ok(())
    }
}

fn recording(probe: Option<&[[f64; 2]]>, channels: usize) -> Recording {
    let mut info = RecordingInfo::new(RATE, channels, 200_000, DType::Int16);
    info.probe = probe.map(|places| Arc::new(Probe::from_positions(places)));
    info.gain_to_uv = Some(vec![0.5; channels]);
    Recording::new(Arc::new(Quiet(info)))
}

/// A spike of 100 µV on the middle one of three channels.
fn templates(info: &RecordingInfo, middle: u32) -> Templates {
    let shape = |t: usize| -100.0 * (-0.5 * ((t as f32 - 20.0) / 2.0).powi(2)).exp();
    Templates {
        sampling_frequency: RATE,
        unit_ids: Id::range(1),
        channel_ids: info.channel_ids.clone(),
        locations_um: info.locations_um().unwrap_or_default(),
        num_before: 20,
        num_samples: 60,
        channel_indices: vec![(middle - 1..=middle + 1).collect()],
        waveforms: vec![Array2::from_shape_fn((60, 3), |(t, c)| shape(t) * [0.5, 1.0, 0.25][c] + 3.0)],
        deviations: Vec::new(),
        in_uv: true,
    }
}

fn made(recording: &Recording, templates: &Templates, params: &HybridParams) -> (HybridSource, Arc<Sorting>) {
    let units = hybrid_units(recording.info(), templates, params, 7).unwrap();
    let truth = Arc::new(hybrid_truth(recording.info(), templates, &units, params, 7));
    (HybridSource::new(recording, templates, units, truth.clone()).unwrap(), truth)
}

fn read(source: &dyn Source, start: usize, frames: usize) -> Vec<f32> {
    let mut out = vec![f32::NAN; frames * source.info().num_channels()];
    source.read(0, start, &mut out).unwrap();
    out
}

#[test]
fn units_are_where_the_truth_says_and_nowhere_else() {
    let places: Vec<[f64; 2]> = (0..16).map(|i| [0.0, 20.0 * f64::from(i)]).collect();
    let recording = recording(Some(&places), 16);
    let templates = templates(recording.info(), 5);
    let params = HybridParams { num_units: 3, amplitude_variation: 0.0, ..HybridParams::default() };
    let (source, truth) = made(&recording, &templates, &params);
    assert_eq!(truth.num_units(), 3);
    assert!(truth.num_spikes() > 60, "{} spikes", truth.num_spikes());
    let peaks: Vec<usize> = (0..3)
        .map(|u| truth.properties.column("peak_channel").unwrap().number(u).unwrap() as usize)
        .collect();
    assert!(peaks.iter().all(|&p| p != 5 && (1..15).contains(&p)), "{peaks:?}");
    let quiet = read(recording.source().as_ref(), 0, 200_000);
    let left: Vec<f32> = read(&source, 0, 200_000).iter().zip(&quiet).map(|(a, b)| a - b).collect();
    let spikes = &truth.segments[0];
    for ((&sample, &unit), &amplitude) in spikes
        .sample_index
        .iter()
        .zip(spikes.unit_index.iter())
        .zip(spikes.amplitude.as_ref().unwrap().iter())
    {
        let row = &left[sample as usize * 16..][..16];
        // Amplitudes are µV, samples half of them; other units may be there at the same time.
        assert!(row[peaks[unit as usize]] <= 0.99 * 2.0 * amplitude, "{row:?} {amplitude}");
        assert!((80.0..121.0).contains(&-amplitude), "{amplitude}");
    }
    // Far from every spike there is what was there before.
    let mut untouched = 0;
    for frame in 0..200_000i64 {
        let near = spikes.sample_index.partition_point(|&s| s < frame - 40);
        if spikes.sample_index.get(near).is_none_or(|&s| s > frame + 20) {
            untouched += 1;
            assert!(left[frame as usize * 16..][..16].iter().all(|x| *x == 0.0));
        }
    }
    assert!(untouched > 100_000);
    assert!(truth.trains(0).iter().all(|t| t.windows(2).all(|w| (w[1] - w[0]) as f64 >= 4e-3 * RATE)));
    // Any range reads the same.
    let whole = read(&source, 0, 30_000);
    for (start, frames) in [(0, 1), (999, 5_003), (29_999, 1)] {
        assert_eq!(read(&source, start, frames), whole[start * 16..(start + frames) * 16]);
    }
}

#[test]
fn without_a_probe_waveforms_go_round_the_channels() {
    let recording = recording(None, 4);
    let templates = templates(recording.info(), 1);
    let params = HybridParams { num_units: 10, ..HybridParams::default() };
    let units = hybrid_units(recording.info(), &templates, &params, 0).unwrap();
    // Three ways to go round four channels, each used once.
    let mut peaks: Vec<usize> = units.iter().map(|u| u.peak_channel).collect();
    peaks.sort_unstable();
    assert_eq!(peaks, [0, 2, 3]);
    assert_eq!(units, hybrid_units(recording.info(), &templates, &params, 0).unwrap());
}

#[test]
fn templates_of_another_recording_are_refused() {
    let recording = recording(None, 4);
    let other = self::recording(None, 8);
    let params = HybridParams::default();
    let error =
        hybrid_units(recording.info(), &templates(other.info(), 5), &params, 0).unwrap_err().to_string();
    assert!(error.contains("compute them on this recording"), "{error}");
    let mut info = recording.info().clone();
    info.gain_to_uv = None;
    let error = hybrid_units(&info, &templates(&info, 1), &params, 0).unwrap_err().to_string();
    assert!(error.contains("gains"), "{error}");
    // Of one channel there is no other.
    let one = RecordingInfo::new(RATE, 1, 1000, DType::Int16);
    let mut alone = templates(recording.info(), 1);
    alone.channel_ids = one.channel_ids.clone();
    alone.channel_indices = vec![vec![0]];
    alone.waveforms = vec![Array2::from_elem((60, 1), 1.0)];
    alone.in_uv = false;
    assert!(hybrid_units(&one, &alone, &params, 0).is_err());
}
