//! The extracellular spike of a neuron: point sources along a soma, a dendrite and an axon.
//!
//! Each compartment carries a current; all currents together are zero at any time, so that the field falls off
//! as that of a dipole far away (Holt & Koch 1999; Gold et al. 2006). The action potential runs along the
//! dendrite with a delay and becomes smaller and wider; the return current flows in passively.

use super::kernels::add_weighted;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;

/// Positions between two samples at which a spike can fall.
pub(super) const PHASES: usize = 16;
/// Window of a spike around its negative peak.
const MS_BEFORE: f64 = 1.2;
const MS_AFTER: f64 = 2.8;
/// Compartments: the soma, six of the dendrite, two of the axon.
pub(super) const COMPARTMENTS: usize = 9;
/// Contacts average over their surface: no contact is nearer than this to a source.
const SMALLEST_DISTANCE_UM: f64 = 8.0;

/// A neuron whose spikes can be drawn at any displacement and between samples.
#[derive(Clone, Debug)]
pub(super) struct Neuron {
    /// Soma `[x, y, z]` in µm, z out of the plane of the contacts.
    pub(super) position_um: [f64; 3],
    /// Compartments relative to the soma in µm.
    offsets_um: [[f64; 3]; COMPARTMENTS],
    /// Currents `[phase][compartment][sample]`, scaled so that the potential is in µV.
    currents: Vec<f32>,
    pub(super) num_samples: usize,
    /// Samples before the negative peak.
    pub(super) num_before: usize,
    /// Contact with the largest negative peak, undisplaced.
    pub(super) peak_channel: usize,
    /// Size of that peak in µV, positive.
    pub(super) amplitude_uv: f64,
}

/// Shape of the somatic current: widths in ms, heights as a share of the sink.
struct Shape {
    sink_ms: f64,
    source_lag_ms: f64,
    source_ms: f64,
    source: f64,
    hump: f64,
}

impl Shape {
    /// Current at `t` ms, slowed by a factor.
    fn at(&self, t: f64, slowing: f64) -> f64 {
        let bell = |t: f64, rise: f64, fall: f64| {
            let width = if t < 0.0 { rise } else { fall } * slowing;
            (-0.5 * (t / width).powi(2)).exp()
        };
        let sink = bell(t, 0.85 * self.sink_ms, self.sink_ms);
        let source = bell(t - self.source_lag_ms * slowing, 0.6 * self.source_ms, 1.3 * self.source_ms);
        let hump = bell(t + 2.3 * self.sink_ms * slowing, 1.4 * self.sink_ms, self.sink_ms);
        self.source * source + self.hump * hump - sink
    }
}

impl Neuron {
    /// Draws a neuron at a place; its largest peak over the contacts is `amplitude_uv`.
    pub(super) fn draw(
        rng: &mut ChaCha8Rng,
        position_um: [f64; 3],
        amplitude_uv: f64,
        contacts_um: &[[f64; 2]],
        sampling_frequency: f64,
    ) -> Self {
        // A third have narrow spikes, as inhibitory neurons do.
        let narrow = rng.random_bool(0.33);
        let shape = if narrow {
            Shape {
                sink_ms: rng.random_range(0.065..0.09),
                source_lag_ms: rng.random_range(0.22..0.35),
                source_ms: rng.random_range(0.12..0.2),
                source: rng.random_range(0.3..0.6),
                hump: rng.random_range(0.0..0.1),
            }
        } else {
            Shape {
                sink_ms: rng.random_range(0.1..0.15),
                source_lag_ms: rng.random_range(0.42..0.75),
                source_ms: rng.random_range(0.24..0.4),
                source: rng.random_range(0.15..0.4),
                hump: rng.random_range(0.03..0.16),
            }
        };
        let offsets_um = compartments(rng, narrow);
        let active = activity(rng, narrow, &offsets_um);

        let num_before = (MS_BEFORE * 1e-3 * sampling_frequency).round() as usize;
        let num_samples = num_before + (MS_AFTER * 1e-3 * sampling_frequency).round() as usize + 1;
        let mut neuron = Self {
            position_um,
            offsets_um,
            currents: Vec::new(),
            num_samples,
            num_before,
            peak_channel: 0,
            amplitude_uv,
        };
        // Where the negative peak falls on the best contact, and how large it is, at a fine resolution.
        let weights: Vec<[f32; COMPARTMENTS]> = contacts_um.iter().map(|&c| neuron.weights(c, 0.0)).collect();
        let (mut lowest, mut peak_ms) = (0.0f64, 0.0);
        for step in -60..=120 {
            let t = f64::from(step) * 0.005;
            let currents = currents_at(&shape, &active, t);
            for (channel, weights) in weights.iter().enumerate() {
                let value: f64 = weights.iter().zip(&currents).map(|(&w, i)| f64::from(w) * i).sum();
                if value < lowest {
                    (lowest, peak_ms, neuron.peak_channel) = (value, t, channel);
                }
            }
        }
        let scale = if lowest < 0.0 { amplitude_uv / -lowest } else { 0.0 };

        let taper_ms = 0.25;
        for phase in 0..PHASES {
            let shift = phase_offset(phase);
            let mut block = vec![0.0f32; COMPARTMENTS * num_samples];
            for sample in 0..num_samples {
                let t = (sample as f64 - num_before as f64 - shift) / sampling_frequency * 1e3;
                let edge = (t + MS_BEFORE).min(MS_AFTER - t).clamp(0.0, taper_ms) / taper_ms;
                let window = scale * 0.5 * (1.0 - (std::f64::consts::PI * edge).cos());
                for (k, current) in currents_at(&shape, &active, t + peak_ms).into_iter().enumerate() {
                    block[k * num_samples + sample] = (window * current) as f32;
                }
            }
            neuron.currents.extend(block);
        }
        neuron
    }

    /// Weight of each compartment's current on a contact, for a neuron moved along the probe.
    pub(super) fn weights(&self, contact_um: [f64; 2], displacement_um: f64) -> [f32; COMPARTMENTS] {
        let [x, y, z] = self.position_um;
        self.offsets_um.map(|[dx, dy, dz]| {
            let distance = [x + dx - contact_um[0], y + displacement_um + dy - contact_um[1], z + dz];
            let squared: f64 = distance.iter().map(|d| d * d).sum();
            (1.0 / (squared + SMALLEST_DISTANCE_UM.powi(2)).sqrt()) as f32
        })
    }

    /// Adds samples `from..from + out.len()` of the spike on a contact of these weights.
    pub(super) fn draw_on(
        &self,
        weights: &[f32; COMPARTMENTS],
        phase: usize,
        factor: f32,
        from: usize,
        out: &mut [f32],
    ) {
        let start = phase.min(PHASES - 1) * COMPARTMENTS * self.num_samples + from;
        let terms: [(usize, f32); COMPARTMENTS] =
            std::array::from_fn(|k| (start + k * self.num_samples, weights[k] * factor));
        add_weighted(out, &self.currents, &terms);
    }

    /// Largest absolute value on a contact; `buffer` has `num_samples`.
    pub(super) fn peak_on(&self, contact_um: [f64; 2], displacement_um: f64, buffer: &mut [f32]) -> f32 {
        buffer.fill(0.0);
        self.draw_on(&self.weights(contact_um, displacement_um), PHASES / 2, 1.0, 0, buffer);
        buffer.iter().fold(0.0, |m: f32, x| m.max(x.abs()))
    }
}

/// How far after its sample a spike of this phase falls, in samples, within ±0.5.
pub(super) fn phase_offset(phase: usize) -> f64 {
    (phase as f64 + 0.5) / PHASES as f64 - 0.5
}

/// Places of the compartments: dendrite one way (mostly along the probe), axon the other.
fn compartments(rng: &mut ChaCha8Rng, narrow: bool) -> [[f64; 3]; COMPARTMENTS] {
    let spread = if narrow { 1.5 } else { 0.5 };
    let direction = {
        let up = if rng.random_bool(0.8) { 1.0 } else { -1.0 };
        let v = [rng.random_range(-spread..spread), up, rng.random_range(-spread..spread)];
        let norm = f64::sqrt(v.iter().map(|x| x * x).sum());
        v.map(|x| x / norm)
    };
    let step = if narrow { rng.random_range(12.0..18.0) } else { rng.random_range(18.0..28.0) };
    let mut offsets = [[0.0; 3]; COMPARTMENTS];
    for (k, offset) in offsets.iter_mut().enumerate().skip(1) {
        let distance = if k <= 6 { k as f64 * step } else { -(k as f64 - 6.0) * 0.8 * step };
        *offset = direction.map(|d| d * distance);
    }
    offsets
}

/// What each compartment does: share of the somatic current, delay (ms), slowing, share of the return current.
fn activity(
    rng: &mut ChaCha8Rng,
    narrow: bool,
    offsets_um: &[[f64; 3]; COMPARTMENTS],
) -> [[f64; 4]; COMPARTMENTS] {
    let velocity_um_per_ms = rng.random_range(250.0..600.0);
    let dendrite = if narrow { rng.random_range(0.05..0.15) } else { rng.random_range(0.15..0.4) };
    let axon = rng.random_range(0.1..0.3);
    let mut active = [[1.0, 0.0, 1.0, 0.0]; COMPARTMENTS];
    let mut total_return = 0.0;
    for k in 1..COMPARTMENTS {
        let distance = f64::sqrt(offsets_um[k].iter().map(|d| d * d).sum());
        let share =
            if k <= 6 { dendrite * (-distance / 80.0).exp() } else { axon * (-distance / 40.0).exp() };
        let returned = (-distance / 60.0).exp();
        active[k] = [share, distance / velocity_um_per_ms, 1.0 + distance / 250.0, returned];
        total_return += returned;
    }
    for compartment in &mut active {
        compartment[3] /= total_return;
    }
    active
}

/// Currents of all compartments at a time; they add up to zero.
fn currents_at(shape: &Shape, active: &[[f64; 4]; COMPARTMENTS], t: f64) -> [f64; COMPARTMENTS] {
    let own = active.map(|[share, delay, slowing, _]| share * shape.at(t - delay, slowing));
    let total: f64 = own.iter().sum();
    let mut currents = own;
    for (current, [_, _, _, returned]) in currents.iter_mut().zip(active) {
        *current -= total * returned;
    }
    currents
}
