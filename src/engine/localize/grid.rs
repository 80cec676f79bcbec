//! Places by comparison with a fine grid of imagined sources.
//!
//! # Source
//! SpikeInterface `localize_peaks(method="grid_convolution")`, weights `exponential_3d`, with its default settings.

/// Distance of grid points in µm.
const STEP_UM: f64 = 5.0;
/// The grid reaches this far beyond the contacts, in µm.
const MARGIN_UM: f64 = 50.0;
/// Distances from the plane of the probe that are tried, in µm.
const DEPTHS_UM: [f64; 5] = [0.0, 30.0, 60.0, 90.0, 120.0];
/// How fast a source fades with distance, in µm.
const DECAY_UM: f64 = 2.5;
/// Share of the products that count, the largest ones.
const BEST: f64 = 0.05;

/// Imagined sources near one contact.
struct Near {
    /// Their positions.
    positions: Vec<[f64; 2]>,
    /// Contacts any of them is seen on.
    channels: Vec<u32>,
    /// What each source at each depth gives on those contacts, `[depth][source][channel]`.
    weights: Vec<f32>,
}

/// The grid around all contacts.
pub(super) struct Grid {
    near: Vec<Near>,
}

impl Grid {
    /// Sources within `radius_um` of each contact.
    pub fn new(contacts: &[[f64; 2]], radius_um: f64) -> Self {
        let axis = |axis: usize| -> Vec<f64> {
            let low = contacts.iter().map(|c| c[axis]).fold(f64::INFINITY, f64::min) - MARGIN_UM;
            let high = contacts.iter().map(|c| c[axis]).fold(f64::NEG_INFINITY, f64::max) + MARGIN_UM;
            let count = ((high + STEP_UM / 10.0 - low) / STEP_UM).ceil().max(0.0) as usize;
            (0..count).map(|i| low + STEP_UM * i as f64).collect()
        };
        let (x, y) = (axis(0), axis(1));
        let near = contacts
            .iter()
            .map(|contact| {
                let positions: Vec<[f64; 2]> = y
                    .iter()
                    .flat_map(|&y| x.iter().map(move |&x| [x, y]))
                    .filter(|p| distance(p, contact) <= radius_um)
                    .collect();
                let dense: Vec<Vec<f64>> = DEPTHS_UM
                    .iter()
                    .flat_map(|&depth| positions.iter().map(move |p| weights_of(contacts, p, depth)))
                    .collect();
                let channels: Vec<u32> = (0..contacts.len())
                    .filter(|&c| dense.iter().any(|w| w[c] > 0.0))
                    .map(|c| c as u32)
                    .collect();
                let weights =
                    dense.iter().flat_map(|w| channels.iter().map(|&c| w[c as usize] as f32)).collect();
                Near { positions, channels, weights }
            })
            .collect();
        Self { near }
    }

    /// Channels that matter to a peak on a channel.
    pub fn channels(&self, channel: usize) -> &[u32] {
        &self.near[channel].channels
    }

    /// The place of a peak from how well the waveform fits on those channels; `None` where it fits nowhere.
    pub fn locate(&self, channel: usize, fits: &[f32]) -> Option<[f32; 2]> {
        let Near { positions, channels, weights } = &self.near[channel];
        if channels.is_empty() {
            return None;
        }
        let products: Vec<f32> = weights
            .chunks_exact(channels.len())
            .map(|weights| weights.iter().zip(fits).map(|(w, f)| w * f).sum::<f32>())
            .collect();
        let mut positive: Vec<f32> = products.iter().copied().filter(|p| *p >= 0.0).collect();
        positive.sort_unstable_by(f32::total_cmp);
        let place = positive.len().checked_sub(1)? as f64 * (1.0 - BEST);
        let (below, part) = (place.floor() as usize, place.fract());
        let above = positive[(below + 1).min(positive.len() - 1)];
        let least = f64::from(positive[below]) + part * f64::from(above - positive[below]);
        let (mut sum, mut total) = ([0.0f64; 2], 0.0f64);
        for (index, product) in products.into_iter().map(f64::from).enumerate() {
            if product >= least {
                let [x, y] = positions[index % positions.len()];
                sum[0] += product * x;
                sum[1] += product * y;
                total += product;
            }
        }
        (total > 0.0).then(|| [(sum[0] / total) as f32, (sum[1] / total) as f32])
    }
}

fn distance(a: &[f64; 2], b: &[f64; 2]) -> f64 {
    (a[0] - b[0]).hypot(a[1] - b[1])
}

/// What a source gives on each contact, of unit norm, small values left out.
fn weights_of(contacts: &[[f64; 2]], position: &[f64; 2], depth_um: f64) -> Vec<f64> {
    let mut weights: Vec<f64> =
        contacts.iter().map(|c| (-distance(c, position).hypot(depth_um) / DECAY_UM).exp()).collect();
    let normalise = |weights: &mut Vec<f64>| {
        let norm = weights.iter().map(|w| w * w).sum::<f64>().sqrt();
        for w in weights.iter_mut() {
            *w = if norm > 0.0 { *w / norm } else { 0.0 };
        }
    };
    normalise(&mut weights);
    let least = 0.5 / (contacts.len() as f64).sqrt();
    for w in weights.iter_mut().filter(|w| **w < least) {
        *w = 0.0;
    }
    normalise(&mut weights);
    weights
}
