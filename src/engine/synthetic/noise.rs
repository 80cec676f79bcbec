//! Noise that is coloured in time and shared between neighbouring channels, and a slow field potential.

use super::{GenerateParams, Purpose, Seeds, kernels::add_weighted};
use rand::{Rng, RngExt};
use std::{f64::consts::TAU, sync::LazyLock};

/// Frames of a cell: each has a random stream of its own.
pub(super) const CELL: usize = 1024;
/// Length of the filter that colours the noise, in samples.
const TAPS: usize = 24;
/// Frames between two exact values of the field potential; its fastest wave lasts ten times as long.
const FIELD_STEP: usize = 64;
/// Sinusoids of the field potential, and patterns along the probe.
const FIELD_WAVES: usize = 16;
const FIELD_PATTERNS: usize = 2;

/// Values white noise can have: the filter and the mixing sum so many of them that what comes out is normal.
const LEVELS: usize = 1 << LEVEL_BITS;
const LEVEL_BITS: usize = 12;
/// Values made of 64 random bits.
const DRAWS: usize = 4;

/// Medians of as many equally probable parts of the normal distribution, scaled to unit variance.
static NORMAL: LazyLock<[f32; LEVELS]> = LazyLock::new(|| {
    let step = 1e-4f64;
    let (mut x, mut below) = (-6.0f64, 0.0);
    let mut levels = [0.0f64; LEVELS];
    // The lower half; the upper one mirrors it.
    for level in 0..LEVELS / 2 {
        let share = (level as f64 + 0.5) / LEVELS as f64;
        while below < share {
            below += step * (-0.5 * x * x).exp() / TAU.sqrt();
            x += step;
        }
        levels[level] = x;
        levels[LEVELS - 1 - level] = -x;
    }
    let variance = levels.iter().map(|x| x * x).sum::<f64>() / LEVELS as f64;
    levels.map(|x| (x / variance.sqrt()) as f32)
});

/// Noise of one recording.
#[derive(Clone, Debug)]
pub(super) struct Noise {
    seeds: Seeds,
    num_channels: usize,
    taps: [f32; TAPS],
    /// For each channel: sources and weights, in µV.
    mixing: Vec<Vec<(usize, f32)>>,
    common_uv: f32,
    field: Option<Field>,
}

#[derive(Clone, Debug)]
struct Field {
    /// Frequency (cycles per frame), amplitude (µV) and phase of the waves of each pattern.
    waves: [[(f64, f64, f64); FIELD_WAVES]; FIELD_PATTERNS],
    /// Weight of each pattern on each channel.
    patterns: [Vec<f32>; FIELD_PATTERNS],
}

/// White noise of one cell, with the end of the cell before it in front: `[channel][TAPS - 1 + CELL]`.
pub(super) struct White {
    cell: i64,
    values: Vec<f32>,
}

const STRIDE: usize = TAPS - 1 + CELL;

impl Noise {
    pub(super) fn new(params: &GenerateParams, seeds: Seeds, contacts_um: &[[f64; 2]]) -> Self {
        // White noise of the amplifier and the contact, and reddish noise of the tissue.
        let mut taps = [0.0f64; TAPS];
        for (k, tap) in taps.iter_mut().enumerate() {
            *tap = 0.5 * 0.8f64.powi(k as i32);
        }
        taps[0] += 0.6;
        let norm = taps.iter().map(|t| t * t).sum::<f64>().sqrt();

        let mut rng = seeds.stream(Purpose::Channels, 0);
        let mixing = contacts_um
            .iter()
            .enumerate()
            .map(|(c, a)| {
                let level = params.noise_uv * rng.random_range(0.9..1.1);
                let mut row: Vec<(usize, f64)> = Vec::new();
                for (j, b) in contacts_um.iter().enumerate() {
                    let distance = (a[0] - b[0]).hypot(a[1] - b[1]);
                    if distance <= 70.0 {
                        let own = if j == c { 0.6 } else { 0.0 };
                        row.push((j, own + (-0.5 * (distance / 22.0).powi(2)).exp()));
                    }
                }
                let norm = row.iter().map(|(_, w)| w * w).sum::<f64>().sqrt();
                row.into_iter().map(|(j, w)| (j, (level * w / norm) as f32)).collect()
            })
            .collect();
        Self {
            seeds,
            num_channels: contacts_um.len(),
            taps: taps.map(|t| (t / norm) as f32),
            mixing,
            common_uv: params.common_noise_uv as f32,
            field: (params.field_potential_uv > 0.0).then(|| Field::new(params, seeds, contacts_um)),
        }
    }

    /// Room for the white noise of a cell; nothing is drawn yet.
    pub(super) fn white(&self) -> White {
        White { cell: i64::MIN, values: vec![0.0; (self.num_channels + 1) * STRIDE] }
    }

    /// Draws the white noise of a cell; the cell before it is drawn too where it is not at hand.
    pub(super) fn advance(&self, white: &mut White, cell: i64) {
        if white.cell == cell {
            return;
        }
        if white.cell != cell - 1 {
            self.draw(white, cell - 1);
        }
        for row in white.values.chunks_exact_mut(STRIDE) {
            row.copy_within(CELL.., 0);
        }
        self.draw(white, cell);
    }

    fn draw(&self, white: &mut White, cell: i64) {
        // The cell before the first frame is stream 0.
        let mut rng = self.seeds.stream(Purpose::Noise, (cell + 1) as u64);
        let normal = &*NORMAL;
        for row in white.values.chunks_exact_mut(STRIDE) {
            for values in row[TAPS - 1..].chunks_exact_mut(DRAWS) {
                let bits = rng.next_u64();
                for (k, value) in values.iter_mut().enumerate() {
                    *value = normal[(bits >> (k * LEVEL_BITS)) as usize % LEVELS];
                }
            }
        }
        white.cell = cell;
    }

    /// Adds the noise of frames `first..` of the cell in `white` to `tile`, `[channel][len]`, in µV.
    pub(super) fn add(&self, white: &White, first: usize, len: usize, tile: &mut [f32]) {
        let mut coloured = vec![0.0; (self.num_channels + 1) * len];
        for (row, out) in coloured.chunks_exact_mut(len).enumerate() {
            let newest = row * STRIDE + first + TAPS - 1;
            let terms: [(usize, f32); TAPS] = std::array::from_fn(|k| (newest - k, self.taps[k]));
            add_weighted(out, &white.values, &terms);
        }
        let mut terms = Vec::new();
        for (out, sources) in tile.chunks_exact_mut(len).zip(&self.mixing) {
            terms.clear();
            terms.extend(sources.iter().map(|&(source, weight)| (source * len, weight)));
            terms.push((self.num_channels * len, self.common_uv));
            add_weighted(out, &coloured, &terms);
        }
        if let Some(field) = &self.field {
            let cell_start = (white.cell.max(0) as usize) * CELL;
            field.add(cell_start + first, len, tile);
        }
    }
}

impl Field {
    fn new(params: &GenerateParams, seeds: Seeds, contacts_um: &[[f64; 2]]) -> Self {
        let mut rng = seeds.stream(Purpose::Field, 0);
        let mut waves = [[(0.0, 0.0, 0.0); FIELD_WAVES]; FIELD_PATTERNS];
        for (pattern, share) in waves.iter_mut().zip([0.95f64, 0.31]) {
            let mut power = 0.0;
            for wave in pattern.iter_mut() {
                let hz = 40f64.powf(rng.random());
                let amplitude = hz.powf(-0.5);
                power += 0.5 * amplitude * amplitude;
                *wave = (hz / params.sampling_frequency, amplitude, rng.random_range(0.0..TAU));
            }
            for wave in pattern {
                wave.1 *= share * params.field_potential_uv / power.sqrt();
            }
        }
        let depths = contacts_um.iter().map(|c| c[1]);
        let (bottom, top) =
            depths.clone().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), y| (a.min(y), b.max(y)));
        let even = vec![1.0; contacts_um.len()];
        // One half turn along the probe.
        let tilted = depths
            .map(|y| {
                let share = if top > bottom { (y - bottom) / (top - bottom) } else { 0.5 };
                (std::f64::consts::SQRT_2 * (0.5 * TAU * share).cos()) as f32
            })
            .collect();
        Self { waves, patterns: [even, tilted] }
    }

    fn add(&self, start: usize, len: usize, tile: &mut [f32]) {
        let first = start / FIELD_STEP;
        let last = (start + len).div_ceil(FIELD_STEP);
        for (waves, weights) in self.waves.iter().zip(&self.patterns) {
            let nodes: Vec<f32> = (first..=last)
                .map(|node| {
                    let frame = (node * FIELD_STEP) as f64;
                    waves.iter().map(|&(f, a, p)| a * ((f * frame).fract() * TAU + p).sin()).sum::<f64>()
                        as f32
                })
                .collect();
            let line: Vec<f32> = (start..start + len)
                .map(|frame| {
                    let node = frame / FIELD_STEP - first;
                    let share = (frame % FIELD_STEP) as f32 / FIELD_STEP as f32;
                    nodes[node] + (nodes[node + 1] - nodes[node]) * share
                })
                .collect();
            for (out, weight) in tile.chunks_exact_mut(len).zip(weights) {
                add_weighted(out, &line, &[(0, *weight)]);
            }
        }
    }
}
