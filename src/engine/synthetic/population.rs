//! All neurons of a recording: those of the truth and the distant ones.

use super::{
    GenerateParams, Purpose,
    drift::Drift,
    layout::areas,
    neuron::{COMPARTMENTS, Neuron},
};
use rand::RngExt;
use rand_distr::{Distribution, StandardNormal};

/// Contacts where a spike is smaller than this are left out.
const SMALLEST_UV: f32 = 0.4;
/// Places that are tried for each unit; the one farthest from the others is taken.
const CANDIDATES: usize = 12;

/// A neuron and the channels its spikes are drawn on.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    pub(super) neuron: Neuron,
    pub(super) channels: Vec<usize>,
    /// Weights on these channels, undisplaced.
    pub(super) weights: Vec<[f32; COMPARTMENTS]>,
}

/// The neurons of a recording.
#[derive(Clone, Debug)]
pub(super) struct Population {
    pub(super) units: Vec<Cell>,
    pub(super) background: Vec<Cell>,
    pub(super) drift: Drift,
    pub(super) contacts_um: Vec<[f64; 2]>,
}

impl Population {
    pub(super) fn draw(params: &GenerateParams, document_seed: u64) -> Self {
        let seeds = params.seeds(document_seed);
        let contacts_um: Vec<[f64; 2]> =
            params.probe.probe().contacts.iter().map(|c| c.position_um).collect();
        let areas = areas(&contacts_um);
        let bottom = areas.iter().map(|a| a[2]).fold(f64::INFINITY, f64::min);
        let top = areas.iter().map(|a| a[3]).fold(f64::NEG_INFINITY, f64::max);
        let drift = Drift::new(params, document_seed, [bottom, top]);
        // Of several stretches of tissue each gets its share.
        let area = |unit: usize| areas[unit % areas.len().max(1)];

        let mut places: Vec<[f64; 3]> = Vec::with_capacity(params.num_units);
        let mut units = Vec::with_capacity(params.num_units);
        for unit in 0..params.num_units {
            let mut rng = seeds.stream(Purpose::Neuron, unit as u64);
            let [left, right, bottom, top] = area(unit);
            let mut best = ([0.0; 3], f64::NEG_INFINITY);
            for _ in 0..CANDIDATES {
                let place = [
                    rng.random_range(left - 25.0..right + 25.0),
                    rng.random_range(bottom - 10.0..top + 10.0),
                    rng.random_range(10.0..45.0),
                ];
                let nearest = places.iter().map(|p| distance(p, &place)).fold(f64::INFINITY, f64::min);
                if nearest > best.1 {
                    best = (place, nearest);
                }
            }
            places.push(best.0);
            let [low, high] = params.amplitude_range_uv;
            let share: f64 = rng.random::<f64>().powf(1.3);
            let amplitude = low * (high / low).powf(share);
            let neuron = Neuron::draw(&mut rng, best.0, amplitude, &contacts_um, params.sampling_frequency);
            units.push(cell(neuron, &contacts_um, &drift));
        }

        let background = (0..params.num_background_units as u64)
            .map(|unit| {
                let mut rng = seeds.stream(Purpose::Background, unit);
                let [left, right, bottom, top] = area(unit as usize);
                let place = [
                    rng.random_range(left - 80.0..right + 80.0),
                    rng.random_range(bottom - 60.0..top + 60.0),
                    rng.random_range(60.0..130.0),
                ];
                let size: f64 = StandardNormal.sample(&mut rng);
                let amplitude = params.noise_uv * (0.9 * (0.4 * size).exp()).clamp(0.3, 1.0);
                let neuron =
                    Neuron::draw(&mut rng, place, amplitude, &contacts_um, params.sampling_frequency);
                cell(neuron, &contacts_um, &drift)
            })
            .collect();
        Self { units, background, drift, contacts_um }
    }
}

fn distance(a: &[f64; 3], b: &[f64; 3]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

/// Finds the channels a neuron can be seen on, wherever it drifts.
fn cell(neuron: Neuron, contacts_um: &[[f64; 2]], drift: &Drift) -> Cell {
    let [low, high] = drift.limits_um();
    let steps = if drift.is_still() { 0 } else { 4 };
    let mut buffer = vec![0.0; neuron.num_samples];
    let channels: Vec<usize> = (0..contacts_um.len())
        .filter(|&channel| {
            (0..=steps).any(|step| {
                let displacement = low + (high - low) * f64::from(step) / f64::from(steps.max(1));
                neuron.peak_on(contacts_um[channel], displacement, &mut buffer) >= SMALLEST_UV
            })
        })
        .collect();
    let weights = channels.iter().map(|&channel| neuron.weights(contacts_um[channel], 0.0)).collect();
    Cell { neuron, channels, weights }
}
