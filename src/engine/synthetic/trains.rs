//! When the units fire.

use super::{GenerateParams, Purpose, neuron::PHASES, population::Population};
use crate::data::{Id, Sorting, SpikeTrains, Table, TableColumn};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Exp1, StandardNormal};

/// Chance that a bursting unit's spike starts a burst, that a burst goes on, and its longest.
const BURST_START: f64 = 0.35;
const BURST_GOES_ON: f64 = 0.6;
const LONGEST_BURST: usize = 5;

/// Draws the spikes of all units: what a perfect sorter would find.
///
/// The time of a spike is the frame nearest to its negative peak. Amplitudes are those on the unit's best
/// contact in µV (negative), locations `[x, y]` follow the drift. Properties of the units: `x`, `y`, `z` (µm),
/// `peak_channel`, `amplitude_uv`, `snr` (amplitude over the noise of a channel), `firing_rate` (Hz), `bursts`.
pub fn truth(params: &GenerateParams, document_seed: u64) -> Sorting {
    let population = Population::draw(params, document_seed);
    truth_of(params, document_seed, &population)
}

pub(super) fn truth_of(params: &GenerateParams, document_seed: u64, population: &Population) -> Sorting {
    let seeds = params.seeds(document_seed);
    let num_frames = params.num_frames();
    let mut spikes: Vec<(i64, u32, f32)> = Vec::new();
    let mut counts = Vec::new();
    let mut bursts = Vec::new();
    for (unit, cell) in population.units.iter().enumerate() {
        let mut rng = seeds.stream(Purpose::Train, unit as u64);
        let shrink = rng.random_bool(params.burst_fraction).then(|| rng.random_range(0.12..0.25));
        bursts.push(shrink.is_some());
        let before = cell.neuron.num_before as i64;
        let last = num_frames as i64 - (cell.neuron.num_samples as i64 - before);
        let start = spikes.len();
        for (time_s, size) in train(&mut rng, params, shrink) {
            let sample = (time_s * params.sampling_frequency).round() as i64;
            let variation: f64 = StandardNormal.sample(&mut rng);
            let factor = size * (1.0 + params.amplitude_variation * variation).clamp(0.6, 1.4);
            if (before..last).contains(&sample) {
                let amplitude = -(cell.neuron.amplitude_uv * factor) as f32;
                spikes.push((sample, unit as u32, amplitude));
            }
        }
        counts.push(spikes.len() - start);
    }
    spikes.sort_by_key(|&(sample, unit, _)| (sample, unit));

    let location = |&(sample, unit, _): &(i64, u32, f32)| {
        let [x, y, _] = population.units[unit as usize].neuron.position_um;
        let moved = population.drift.displacement_um(sample as f64 / params.sampling_frequency, y);
        [x as f32, (y + moved) as f32]
    };
    let segment = SpikeTrains {
        sample_index: spikes.iter().map(|s| s.0).collect(),
        unit_index: spikes.iter().map(|s| s.1).collect(),
        amplitude: Some(spikes.iter().map(|s| s.2).collect()),
        location_um: Some(spikes.iter().map(location).collect()),
        num_frames: Some(num_frames),
    };
    let float = |value: &dyn Fn(usize) -> f64| TableColumn::Float((0..counts.len()).map(value).collect());
    let neuron = |unit: usize| &population.units[unit].neuron;
    let mut properties = Table::default();
    properties.set("x", float(&|u| neuron(u).position_um[0]));
    properties.set("y", float(&|u| neuron(u).position_um[1]));
    properties.set("z", float(&|u| neuron(u).position_um[2]));
    let channels = (0..counts.len()).map(|u| neuron(u).peak_channel as i64).collect();
    properties.set("peak_channel", TableColumn::Int(channels));
    properties.set("amplitude_uv", float(&|u| neuron(u).amplitude_uv));
    if params.noise_uv > 0.0 {
        properties.set("snr", float(&|u| neuron(u).amplitude_uv / params.noise_uv));
    }
    properties.set("firing_rate", float(&|u| counts[u] as f64 / params.duration_s));
    properties.set("bursts", TableColumn::Bool(bursts));
    Sorting {
        sampling_frequency: params.sampling_frequency,
        unit_ids: Id::range(counts.len()),
        segments: vec![segment],
        properties,
        amplitudes_in_uv: true,
    }
}

/// Times in seconds and sizes of one unit's spikes, in order.
pub(super) fn train(rng: &mut ChaCha8Rng, params: &GenerateParams, shrink: Option<f64>) -> Vec<(f64, f64)> {
    let spread: f64 = StandardNormal.sample(rng);
    let rate = params.median_firing_rate_hz * (params.firing_rate_spread * spread).exp();
    let refractory = params.refractory_period_ms * 1e-3;
    // A rate that the refractory period allows; then the mean silence after an event that gives this rate.
    let rate = rate.clamp(0.1, 0.5 / refractory);
    let more: f64 = (0..LONGEST_BURST as i32 - 1).map(|k| BURST_START * BURST_GOES_ON.powi(k)).sum();
    let (per_event, burst_s) = if shrink.is_some() { (1.0 + more, more * 5.5e-3) } else { (1.0, 0.0) };
    let silence = (per_event / rate - refractory - burst_s).max(1e-3);

    let mut spikes = Vec::with_capacity((params.duration_s * rate * 1.2) as usize + 16);
    let mut time = silence * rng.random::<f64>();
    while time < params.duration_s {
        spikes.push((time, 1.0));
        if let Some(step) = shrink
            && rng.random_bool(BURST_START)
        {
            let mut size = 1.0;
            for _ in 1..LONGEST_BURST {
                time += rng.random_range(3e-3f64..8e-3).max(refractory);
                size *= 1.0 - step;
                spikes.push((time, size));
                if !rng.random_bool(BURST_GOES_ON) {
                    break;
                }
            }
        }
        let wait: f64 = Exp1.sample(rng);
        // One sample more, so that rounding never shortens an interval below the refractory period.
        time += refractory + 1.0 / params.sampling_frequency + silence * wait;
    }
    spikes.retain(|&(time, _)| time < params.duration_s);
    spikes
}

/// Where between two samples a spike falls: a fixed function of the spike.
pub(super) fn phase_of(key: u64, sample: i64, unit: u32) -> usize {
    // SplitMix64 (Steele et al. 2014).
    let mut z = key ^ (sample as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ (u64::from(unit) << 40);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) % PHASES as u64) as usize
}
