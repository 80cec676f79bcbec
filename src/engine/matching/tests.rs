//! Matching against a pursuit that is written plainly.

use super::{Match, PeelLimits, Peeler, TemplateBank, cleaned::Cleaner};
use crate::{
    data::{Id, Templates},
    engine::block::Block,
};
use ndarray::Array2;

/// Three smooth templates on four channels, two of them alike.
fn templates() -> Templates {
    let shape = |t: usize, width: f32, turn: f32| {
        let x = (t as f32 - 20.0) / width;
        -(-0.5 * x * x).exp() + turn * (-0.5 * ((t as f32 - 32.0) / 6.0).powi(2)).exp()
    };
    let make = |gains: [f32; 4], width: f32, turn: f32| {
        Array2::from_shape_fn((61, 4), |(t, c)| gains[c] * shape(t, width, turn))
    };
    Templates {
        sampling_frequency: 30_000.0,
        unit_ids: Id::range(3),
        channel_ids: Id::range(4),
        locations_um: Vec::new(),
        num_before: 20,
        num_samples: 61,
        channel_indices: vec![vec![0, 1, 2, 3]; 3],
        waveforms: vec![
            make([12.0, 8.0, 2.0, 0.0], 3.0, 0.3),
            make([2.0, 9.0, 12.0, 3.0], 3.5, 0.4),
            make([10.0, 9.0, 3.0, 1.0], 4.5, 0.2),
        ],
        deviations: Vec::new(),
        in_uv: false,
    }
}

fn limits() -> PeelLimits {
    PeelLimits {
        gain: vec![30.0; 3],
        prior: vec![0.0; 3],
        amplitude: (0.5, 2.0),
        refractory: 10,
        joint_refit: false,
    }
}

/// Adds spikes `(sample, unit, scale)` to silence.
fn block_of(templates: &Templates, spikes: &[(usize, usize, f32)], frames: usize) -> Block {
    let mut block = Block::zeros(4, 0..frames);
    for &(sample, unit, scale) in spikes {
        for ((t, c), &w) in templates.waveforms[unit].indexed_iter() {
            block.channel_mut(c)[sample - 20 + t] += scale * w;
        }
    }
    block
}

/// The same greedy pursuit, written plainly in f64: every unit at every sample is tried each time.
fn exhaustive(templates: &Templates, block: &Block, gain: f64) -> Vec<(usize, u32, f64)> {
    let frames = block.num_frames();
    let mut residual: Vec<Vec<f64>> =
        (0..4).map(|c| block.channel(c).iter().map(|&x| f64::from(x)).collect()).collect();
    let mut blocked = vec![vec![false; frames]; 3];
    let mut found = Vec::new();
    loop {
        let mut best: Option<(f64, usize, usize, f64)> = None;
        for sample in 20..=frames - 41 {
            for (unit, waveform) in templates.waveforms.iter().enumerate() {
                if blocked[unit][sample] {
                    continue;
                }
                let (mut score, mut norm2) = (0.0, 0.0);
                for ((t, c), &w) in waveform.indexed_iter() {
                    score += f64::from(w) * residual[c][sample - 20 + t];
                    norm2 += f64::from(w) * f64::from(w);
                }
                let scale = (score / norm2).clamp(0.5, 2.0);
                let drop = 2.0 * scale * score - scale * scale * norm2;
                if drop >= gain && best.is_none_or(|b| drop > b.0) {
                    best = Some((drop, sample, unit, scale));
                }
            }
        }
        let Some((_, sample, unit, scale)) = best else { break };
        for ((t, c), &w) in templates.waveforms[unit].indexed_iter() {
            residual[c][sample - 20 + t] -= scale * f64::from(w);
        }
        blocked[unit][sample.saturating_sub(10)..(sample + 11).min(frames)].fill(true);
        found.push((sample, unit as u32, scale));
    }
    found.sort_by_key(|f| (f.0, f.1));
    found
}

#[test]
fn finds_what_the_exhaustive_pursuit_finds() {
    let templates = templates();
    let spikes = [
        (60, 0, 1.0),
        (75, 1, 0.9),
        (200, 2, 1.1),
        (204, 1, 1.0),
        (330, 0, 1.3),
        (420, 1, 0.8),
        (460, 2, 1.0),
    ];
    let block = block_of(&templates, &spikes, 560);
    let bank = TemplateBank::new(&templates, 6, 1);
    assert!(bank.explained > 0.9999);
    let found = Peeler::default().run(&bank, &block, 0..560, &limits());
    let expected = exhaustive(&templates, &block, 30.0);
    assert_eq!(
        found.iter().map(|m| (m.sample, m.unit)).collect::<Vec<_>>(),
        expected.iter().map(|f| (f.0, f.1)).collect::<Vec<_>>()
    );
    for (m, f) in found.iter().zip(&expected) {
        // Ours also moves templates by parts of a sample, which shifts a little energy between overlapping spikes.
        assert!((f64::from(m.scale) - f.2).abs() < 0.05, "{m:?} {f:?}");
    }
}

#[test]
fn cleaned_features_of_overlapping_spikes_are_those_of_the_spike_alone() {
    let templates = templates();
    let bank = TemplateBank::new(&templates, 6, 1);
    let both = block_of(&templates, &[(100, 0, 1.0), (110, 1, 1.0)], 220);
    let mut peeler = Peeler::default();
    let matches = peeler.run(&bank, &both, 0..220, &limits());
    assert_eq!(matches.len(), 2);
    let mut cleaned = vec![0.0; 4 * 6];
    let cleaner = Cleaner { bank: &bank, block: &both, matches: &matches };
    cleaner.features(0, &[0, 1, 2, 3], &mut Vec::new(), &mut cleaned);
    let expected = &bank.units[0].coefficients;
    let distance: f32 = cleaned.iter().zip(expected).map(|(a, b)| (a - b) * (a - b)).sum::<f32>().sqrt();
    let norm: f32 = expected.iter().map(|b| b * b).sum::<f32>().sqrt();
    // What is left of the other spike is what the greedy pursuit got wrong of its size.
    assert!(distance < 0.2 * norm, "{distance} of {norm}");
}

#[test]
fn a_spike_is_where_it_would_be_alone() {
    let templates = templates();
    let bank = TemplateBank::new(&templates, 6, 1);
    let places: Vec<[f64; 2]> = (0..4).map(|c| [0.0, 20.0 * f64::from(c)]).collect();
    let of_first = |spikes: &[(usize, usize, f32)]| {
        let block = block_of(&templates, spikes, 220);
        let matches = Peeler::default().run(&bank, &block, 0..220, &limits());
        assert_eq!(matches.len(), spikes.len());
        let cleaner = Cleaner { bank: &bank, block: &block, matches: &matches };
        cleaner.location(0, &[0, 1, 2, 3], &places, &mut Default::default())
    };
    let alone = of_first(&[(100, 0, 1.0)]);
    let both = of_first(&[(100, 0, 1.0), (112, 1, 1.0)]);
    // Between the first contact, of 12, and the second, of 8; by energy nearer to the first.
    assert!(alone[0] == 0.0 && alone[1] > 4.0 && alone[1] < 10.0, "{alone:?}");
    assert!((alone[1] - both[1]).abs() < 2.0, "{alone:?} {both:?}");
    // Where nothing stands out of the noise it is in the middle of the channels.
    let silence = Block::zeros(4, 0..220);
    let cleaner = Cleaner { bank: &bank, block: &silence, matches: &[found_at(100)] };
    assert_eq!(cleaner.location(0, &[0, 1], &places, &mut Default::default()), [0.0, 10.0]);
}

/// A match of the first unit.
fn found_at(sample: usize) -> Match {
    Match { sample, delta: 0.0, unit: 0, scale: 1.0, gain: 100.0 }
}

#[test]
fn every_second_sample_tells_the_same() {
    let templates = templates();
    let spikes = [(60, 0, 1.0), (75, 1, 0.9), (201, 2, 1.1), (330, 0, 1.3), (421, 1, 0.8), (460, 2, 1.0)];
    let block = block_of(&templates, &spikes, 560);
    let mut half = Block::zeros(4, 0..280);
    for c in 0..4 {
        for t in 0..280 {
            half.channel_mut(c)[t] = block.channel(c)[2 * t];
        }
    }
    let (all, second) = (TemplateBank::new(&templates, 6, 1), TemplateBank::new(&templates, 6, 2));
    let (mut peeler, mut thin) = (Peeler::default(), Peeler::default());
    let expected = peeler.run(&all, &block, 0..560, &limits());
    let found = thin.run(&second, &half, 0..280, &limits());
    assert_eq!(
        found.iter().map(|m| (m.sample, m.unit)).collect::<Vec<_>>(),
        expected.iter().map(|m| (m.sample, m.unit)).collect::<Vec<_>>()
    );
    for (index, (a, b)) in found.iter().zip(&expected).enumerate() {
        assert!((a.scale - b.scale).abs() < 0.01 && (a.delta - b.delta).abs() < 0.05, "{a:?} {b:?}");
        let (mut one, mut other) = ([0.0; 24], [0.0; 24]);
        let thin = Cleaner { bank: &second, block: &half, matches: &found };
        let whole = Cleaner { bank: &all, block: &block, matches: &expected };
        thin.features(index, &[0, 1, 2, 3], &mut Vec::new(), &mut one);
        whole.features(index, &[0, 1, 2, 3], &mut Vec::new(), &mut other);
        let distance = one.iter().zip(&other).map(|(a, b)| (a - b) * (a - b)).sum::<f32>().sqrt();
        assert!(distance < 1e-3 * all.units[a.unit as usize].norm2.sqrt(), "{distance}");
    }
}

#[test]
fn silence_and_short_stretches_give_nothing() {
    let templates = templates();
    let bank = TemplateBank::new(&templates, 6, 1);
    let mut peeler = Peeler::default();
    assert!(peeler.run(&bank, &Block::zeros(4, 0..500), 0..500, &limits()).is_empty());
    assert!(peeler.run(&bank, &Block::zeros(4, 0..30), 0..30, &limits()).is_empty());
}

/// Energy of what matches leave of a block, as the templates lie on whole samples.
fn left(templates: &Templates, block: &Block, found: &[Match]) -> f32 {
    let spikes: Vec<(usize, usize, f32)> =
        found.iter().map(|m| (m.sample, m.unit as usize, m.scale)).collect();
    let explained = block_of(templates, &spikes, block.num_frames());
    (0..4)
        .flat_map(|c| block.channel(c).iter().zip(explained.channel(c)).map(|(x, y)| (x - y) * (x - y)))
        .sum()
}

#[test]
fn overlapping_spikes_are_fitted_together() {
    let templates = templates();
    let bank = TemplateBank::new(&templates, 6, 1);
    let joint = PeelLimits { joint_refit: true, ..limits() };
    let mut peeler = Peeler::default();
    let (mut errors, mut right) = ([0.0f32; 2], [0; 2]);
    let mut trials = 0;
    for (first, second) in [(0, 1), (1, 2), (2, 1), (1, 0)] {
        for lag in 0..30 {
            let truth = [(100, first, 1.1), (100 + lag, second, 0.9)];
            let block = block_of(&templates, &truth, 240);
            trials += 1;
            for (way, limits) in [limits(), joint.clone()].iter().enumerate() {
                let found = peeler.run(&bank, &block, 0..240, limits);
                let is_there = |&(sample, unit, _): &(usize, usize, f32)| {
                    found.iter().any(|m| m.unit as usize == unit && m.sample.abs_diff(sample) <= 1)
                };
                if found.len() != 2 || !truth.iter().all(is_there) {
                    continue;
                }
                right[way] += 1;
                for m in &found {
                    let scale = if m.unit as usize == first { 1.1 } else { 0.9 };
                    errors[way] = errors[way].max((m.scale - scale).abs());
                }
                if way == 1 {
                    assert!(left(&templates, &block, &found) < 0.06 * left(&templates, &block, &[]));
                }
            }
        }
    }
    println!("of {trials}: {right:?} right, amplitudes wrong by {errors:?}");
    assert!(right[1] > right[0], "{right:?}");
    assert!(right[1] >= trials - 12, "{} of {trials}", right[1]);
    assert!(errors[1] < 0.15 && errors[0] > 3.0 * errors[1], "{errors:?}");
}

#[test]
fn spikes_that_stand_alone_are_left_as_they_are() {
    let templates = templates();
    let bank = TemplateBank::new(&templates, 6, 1);
    let spikes = [(60, 0, 1.0), (200, 2, 1.1), (330, 0, 1.3), (420, 1, 0.8)];
    let block = block_of(&templates, &spikes, 560);
    let mut peeler = Peeler::default();
    let alone = peeler.run(&bank, &block, 0..560, &limits());
    let joint = peeler.run(&bank, &block, 0..560, &PeelLimits { joint_refit: true, ..limits() });
    assert_eq!(alone.len(), joint.len());
    for (a, b) in alone.iter().zip(&joint) {
        assert_eq!((a.sample, a.unit, a.delta), (b.sample, b.unit, b.delta));
        assert!((a.scale - b.scale).abs() < 0.005, "{a:?} {b:?}");
        assert!((a.gain - b.gain).abs() < 0.02 * a.gain, "{a:?} {b:?}");
    }
}
