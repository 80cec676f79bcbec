//! Waveforms of single spikes as points, and how alike units are.

use crate::{
    data::{Waveforms, units::ms_to_samples},
    engine::{
        cluster::{Points, dip_between},
        eigen::symmetric_eigen,
        waveforms::main_channels,
    },
};
use ndarray::{Array2, s};

/// What of a waveform is looked at, in ms before and after the spike.
pub(super) const MS_BEFORE: f64 = 0.6;
pub(super) const MS_AFTER: f64 = 1.0;
/// Two units may be aligned this far apart, in ms.
pub(super) const MAX_LAG_MS: f64 = 0.5;
/// Channels around the main one that are looked at, in µm.
pub(super) const RADIUS_UM: f64 = 60.0;
/// Temporal components.
const COMPONENTS: usize = 5;
/// Waveforms of each unit the components are made of.
const MADE_OF: usize = 50;
/// Principal axes on which humps are looked for.
pub(super) const DIMENSIONS: usize = 8;
/// Fewer waveforms of a side show no humps.
pub(super) const LEAST_WAVEFORMS: usize = 20;

/// The waveforms of all units and what they are measured by.
pub(super) struct Shapes<'a> {
    pub(super) waveforms: &'a Waveforms,
    /// Noise level of each channel, in the unit of the waveforms.
    levels: &'a [f64],
    pub(super) main: Vec<Option<(usize, i64)>>,
    /// Samples that may be left out at each end, to move a waveform by.
    margin: usize,
    /// `(components, samples between the margins)`, orthonormal rows.
    basis: Array2<f64>,
}

/// How alike two units are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Similarity {
    /// Cosine at the best lag on the channels both have.
    pub(super) cosine: f64,
    /// Samples by which the second comes later.
    pub(super) lag: i64,
    /// Size of the second over that of the first, on these channels.
    pub(super) amplitude_ratio: f64,
}

impl<'a> Shapes<'a> {
    pub(super) fn new(waveforms: &'a Waveforms, levels: &'a [f64]) -> Self {
        let templates = &waveforms.templates;
        let margin = ms_to_samples(MAX_LAG_MS, templates.sampling_frequency).min(templates.num_samples / 4);
        let main = main_channels(templates);
        let basis = basis(waveforms, &main, margin);
        Self { waveforms, levels, main, margin, basis }
    }

    pub(super) fn components(&self) -> usize {
        self.basis.nrows()
    }

    /// Distance of the main channels in µm; 0 without a probe, none without a template.
    pub(super) fn distance_um(&self, a: usize, b: usize) -> Option<f64> {
        let (a, b) = (self.main[a]?.0, self.main[b]?.0);
        let places = &self.waveforms.templates.locations_um;
        Some(match (places.get(a), places.get(b)) {
            (Some(a), Some(b)) => (a[0] - b[0]).hypot(a[1] - b[1]),
            _ => 0.0,
        })
    }

    /// Channels that both units have, where these hold the main channels of both; else none.
    pub(super) fn common(&self, a: usize, b: usize) -> Vec<u32> {
        let (own, other) =
            (&self.waveforms.templates.channel_indices[a], &self.waveforms.templates.channel_indices[b]);
        let common: Vec<u32> = own.iter().copied().filter(|c| other.contains(c)).collect();
        let holds = |unit: usize| self.main[unit].is_some_and(|m| common.contains(&(m.0 as u32)));
        if holds(a) && holds(b) { common } else { Vec::new() }
    }

    /// How alike the mean waveforms are, in noise levels; none where they share no place.
    pub(super) fn similarity(&self, a: usize, b: usize) -> Option<Similarity> {
        let common = self.common(a, b);
        if common.is_empty() {
            return None;
        }
        let (one, other) = (self.mean(a, &common), self.mean(b, &common));
        let margin = self.margin as i64;
        let inner = one.nrows() - 2 * self.margin;
        let window = |lag: i64, of: &Array2<f64>| {
            let start = (margin + lag) as usize;
            of.slice(s![start..start + inner, ..]).to_owned()
        };
        let norm = |x: &Array2<f64>| x.iter().map(|v| v * v).sum::<f64>().sqrt();
        let first = window(0, &one);
        let mut best: Option<Similarity> = None;
        for lag in -margin..=margin {
            let second = window(lag, &other);
            let product = norm(&first) * norm(&second);
            if product <= 0.0 {
                continue;
            }
            let cosine = (&first * &second).sum() / product;
            // Nearer lags first: of equal ones the nearest.
            if best.is_none_or(|b| cosine > b.cosine || (cosine == b.cosine && lag.abs() < b.lag.abs())) {
                best = Some(Similarity { cosine, lag, amplitude_ratio: norm(&second) / norm(&first) });
            }
        }
        best
    }

    /// Mean waveform on some of a unit's channels, in noise levels, `(samples, channels)`.
    fn mean(&self, unit: usize, channels: &[u32]) -> Array2<f64> {
        let templates = &self.waveforms.templates;
        let (own, waveform) = (&templates.channel_indices[unit], &templates.waveforms[unit]);
        let mut mean = Array2::zeros((waveform.nrows(), channels.len()));
        for (column, channel) in channels.iter().enumerate() {
            if let Some(place) = own.iter().position(|c| c == channel) {
                let level = self.level(*channel);
                mean.column_mut(column).assign(&waveform.column(place).mapv(|x| f64::from(x) / level));
            }
        }
        mean
    }

    fn level(&self, channel: u32) -> f64 {
        self.levels.get(channel as usize).copied().filter(|l| *l > 0.0).unwrap_or(1.0)
    }

    /// Some of a unit's waveforms as points: projections on the components, channel by channel, in noise levels.
    pub(super) fn points(&self, unit: usize, chosen: &[usize], channels: &[u32], lag: i64) -> Points {
        let own = &self.waveforms.templates.channel_indices[unit];
        let values = &self.waveforms.values[unit];
        let start = (self.margin as i64 + lag) as usize;
        let places: Vec<(usize, f64)> = channels
            .iter()
            .filter_map(|c| Some((own.iter().position(|o| o == c)?, 1.0 / self.level(*c))))
            .collect();
        let mut points = Points::new(places.len() * self.components());
        for &index in chosen {
            for &(column, scale) in &places {
                let samples = values.slice(s![index, start..start + self.basis.ncols(), column]);
                for component in self.basis.rows() {
                    let sum: f64 = component.iter().zip(&samples).map(|(b, &x)| b * f64::from(x)).sum();
                    points.data.push((sum * scale) as f32);
                }
            }
        }
        points
    }

    /// Dip score of the waveforms of two units together, as many of each as their shares; NaN with too few.
    pub(super) fn dip_between(&self, (a, b): (usize, usize), spikes: [usize; 2], lag: i64) -> f64 {
        let there = [self.waveforms.spikes[a].len(), self.waveforms.spikes[b].len()];
        // Waveforms for each spike: what the unit of which relatively fewer were cut can give.
        let rate = (0..2).map(|i| there[i] as f64 / spikes[i].max(1) as f64).fold(f64::INFINITY, f64::min);
        let chosen: Vec<Vec<usize>> = (0..2)
            .map(|i| {
                let count = ((spikes[i] as f64 * rate).round() as usize).clamp(0, there[i]);
                (0..count).map(|k| k * there[i] / count).collect()
            })
            .collect();
        if chosen.iter().any(|c| c.len() < LEAST_WAVEFORMS) {
            return f64::NAN;
        }
        let channels = self.common(a, b);
        let mut points = self.points(a, &chosen[0], &channels, 0);
        points.data.extend(self.points(b, &chosen[1], &channels, lag).data);
        let count = chosen[0].len();
        let sides: Vec<bool> = (0..points.len()).map(|i| i >= count).collect();
        dip_of(&points.principal(0.0, DIMENSIONS), &sides)
    }
}

/// Dip score along the axis that tells the two sides apart best.
pub(super) fn dip_of(points: &Points, sides: &[bool]) -> f64 {
    let of = |side: bool| (0..points.len()).filter(move |&i| sides[i] == side);
    dip_between(points, of(false), of(true))
}

/// Principal components of the waveforms on the main channels.
fn basis(waveforms: &Waveforms, main: &[Option<(usize, i64)>], margin: usize) -> Array2<f64> {
    let samples = waveforms.templates.num_samples - 2 * margin;
    let mut products = Array2::<f64>::zeros((samples, samples));
    for (unit, values) in waveforms.values.iter().enumerate() {
        let channels = &waveforms.templates.channel_indices[unit];
        let Some(column) = main[unit].and_then(|m| channels.iter().position(|&c| c as usize == m.0)) else {
            continue;
        };
        for index in 0..values.shape()[0].min(MADE_OF) {
            let row: Vec<f64> = values
                .slice(s![index, margin..margin + samples, column])
                .iter()
                .map(|&x| f64::from(x))
                .collect();
            // Small units count as much as large ones.
            let square = row.iter().map(|x| x * x).sum::<f64>().max(f64::MIN_POSITIVE);
            for i in 0..samples {
                for j in 0..samples {
                    products[[i, j]] += row[i] * row[j] / square;
                }
            }
        }
    }
    let (_, vectors) = symmetric_eigen(&products);
    vectors.slice(s![..COMPONENTS.min(samples), ..]).to_owned()
}
