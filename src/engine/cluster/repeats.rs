//! Peaks that are the same samples again, as in a file made of copies of a shorter one.
//!
//! Noise does not repeat itself: two peaks whose features agree to a few hundredths of a noise level on every channel
//! are one event, stored twice. To a density such copies are towers with nothing between them, and the dip test rightly
//! parts every tower from the next: a trial of 7 units, tiled 40 times, gave 193. So only one of the copies is clustered,
//! and the others follow it.

use crate::data::Features;

/// Features of copies differ by less, in noise levels: filters and whitening start elsewhere in each copy.
const TOLERANCE: f32 = 0.05;

/// For each peak the first peak it is a copy of: itself, mostly.
pub(super) fn originals(features: &Features) -> Vec<u32> {
    let row = features.max_channels * features.basis.nrows();
    let values = |peak: u32| &features.values[peak as usize * row..][..row];
    let mut original: Vec<u32> = (0..features.peaks.len() as u32).collect();
    if row == 0 {
        return original;
    }
    let mut by_channel: Vec<Vec<u32>> = vec![Vec::new(); features.peaks.num_channels];
    for (peak, &channel) in features.peaks.channel_index.iter().enumerate() {
        by_channel[channel as usize].push(peak as u32);
    }
    for mut peaks in by_channel {
        peaks.sort_by(|&a, &b| values(a)[0].total_cmp(&values(b)[0]).then(a.cmp(&b)));
        for (place, &peak) in peaks.iter().enumerate() {
            let own = values(peak);
            let before = peaks[..place].iter().rev();
            let near = before.take_while(|&&other| own[0] - values(other)[0] <= TOLERANCE);
            let same =
                |&&other: &&u32| own.iter().zip(values(other)).all(|(a, b)| (a - b).abs() <= TOLERANCE);
            if let Some(&copy) = near.clone().find(same) {
                original[peak as usize] = original[copy as usize];
            }
        }
    }
    original
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::Peaks;
    use ndarray::Array2;
    use rand::{RngExt, SeedableRng};

    #[test]
    fn copies_follow_the_first_and_others_stay_alone() {
        let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(2);
        let first: Vec<f32> = (0..200 * 3).map(|_| 40.0 * rng.random::<f32>()).collect();
        let again: Vec<f32> = first.iter().map(|x| x + 0.01 * (rng.random::<f32>() - 0.5)).collect();
        let values: Vec<f32> = first.iter().chain(&again).copied().collect();
        let features = Features {
            peaks: Peaks {
                sampling_frequency: 30_000.0,
                num_channels: 1,
                segment_index: vec![0; 400].into(),
                sample_index: (0..400).collect::<Vec<i64>>().into(),
                channel_index: vec![0; 400].into(),
                amplitude: vec![0.0; 400].into(),
                location_um: None,
            },
            basis: Array2::eye(3),
            num_before: 1,
            neighbors: vec![vec![0]],
            max_channels: 1,
            values: values.into(),
            units: None,
        };
        let original = originals(&features);
        for peak in 0..200 {
            assert_eq!(original[peak], original[peak + 200], "{peak}");
        }
        let mut different = original.clone();
        different.sort_unstable();
        different.dedup();
        assert!(different.len() >= 198, "{}", different.len());
    }
}
