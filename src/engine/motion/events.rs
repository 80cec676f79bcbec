//! The spikes motion is estimated from, with their depths.

use super::{dredge::Extent, raster::Event};
use crate::{
    data::{Axis, Features, Peaks, RecordingInfo},
    engine::{EngineError, geometry::Geometry, lanes::add_scaled},
};
use ndarray::Array2;
use rayon::prelude::*;

/// Places tried around a channel, in µm.
const STEP_UM: f64 = 5.0;
const REACH_UM: f64 = 40.0;
/// Distances from the plane of the probe that are tried, in µm.
const DEPTHS_UM: [f64; 4] = [10.0, 20.0, 40.0, 80.0];
/// Channels this far from the main one are mixed into its neighbours by whitening, in µm.
const SEEN_UM: f64 = 150.0;
/// Channels that take part, the nearest ones.
const MOST_CHANNELS: usize = 16;
/// Share of a spike's energy by which no model fits it: places that are worse by less count as well.
const MISFIT: f64 = 0.01;

/// Contacts along the axis and the length of each segment.
///
/// # Errors
/// Where the recording has no probe.
pub fn extent_of(info: &RecordingInfo, axis: Axis) -> Result<Extent, EngineError> {
    let positions = info.locations_um().ok_or_else(|| {
        EngineError::Data("motion cannot be estimated without a probe: attach one to the recording".into())
    })?;
    let along = || positions.iter().map(|p| p[axis.index()]);
    let contacts_um = along().fold(f64::INFINITY, f64::min)..along().fold(f64::NEG_INFINITY, f64::max);
    let last = |frames: usize| frames.saturating_sub(1) as f64 / info.sampling_frequency;
    Ok(Extent {
        contacts_um,
        durations_s: info.segments.iter().map(|s| last(s.num_frames)).collect(),
        starts_s: info.segments.iter().map(|s| s.t_start_s.unwrap_or(0.0)).collect(),
    })
}

/// Localised peaks as events, by segment; `None` where they have no locations.
pub fn events_of_peaks(peaks: &Peaks, num_segments: usize, axis: Axis) -> Option<Vec<Vec<Event>>> {
    let locations = peaks.location_um.as_ref()?;
    let mut segments = vec![Vec::new(); num_segments];
    for (i, location) in locations.iter().enumerate() {
        if let Some(own) = segments.get_mut(peaks.segment_index[i] as usize) {
            own.push(Event {
                time_s: peaks.sample_index[i] as f64 / peaks.sampling_frequency,
                depth_um: f64::from(location[axis.index()]),
                amplitude: f64::from(peaks.amplitude[i]),
            });
        }
    }
    Some(segments)
}

/// Which peaks are taken for events.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct EventParams {
    /// Smallest height, in the recording's units (noise levels after whitening).
    pub least: f64,
    /// Peaks a channel and second at most, evenly in time: more tell nothing new.
    pub most_per_channel_s: f64,
}

impl Default for EventParams {
    fn default() -> Self {
        Self { least: 6.0, most_per_channel_s: 3.0 }
    }
}

/// Peaks located by their features, which costs no pass over the traces.
///
/// A source at a place gives each channel a share of one waveform that falls with the distance (a monopole's or dipole's field), and
/// the recording's whitening, if any, mixes the channels: the place that explains most of the features' energy so is
/// the likeliest one in white noise. Told of the whitening, places are not drawn to the contacts. The mean over places
/// that explain nearly as much lies between the points of the grid.
///
/// # Errors
/// Where there is no probe.
pub fn events_of_features(
    features: &Features,
    geometry: &Geometry,
    whitening: Option<&Array2<f64>>,
    axis: Axis,
    duration_s: f64,
    params: &EventParams,
) -> Result<Vec<Vec<Event>>, EngineError> {
    let positions = geometry.positions_um.as_ref().ok_or_else(|| {
        EngineError::Data("motion cannot be estimated without a probe: attach one to the recording".into())
    })?;
    let peaks = &features.peaks;
    let high: Vec<usize> =
        (0..peaks.len()).filter(|&i| f64::from(peaks.amplitude[i].abs()) >= params.least).collect();
    let most = (params.most_per_channel_s * geometry.num_channels() as f64 * duration_s).ceil().max(1.0);
    let step = high.len().div_ceil(most as usize).max(1);
    let whitening = whitening.filter(|w| w.ncols() == positions.len());
    let k = features.basis.nrows();
    let row = features.max_channels * k;
    let mut of_channel = vec![Vec::new(); features.neighbors.len()];
    for i in high.into_iter().step_by(step) {
        of_channel[peaks.channel_index[i] as usize].push(i);
    }
    // Channel by channel: a grid is large.
    let mut events: Vec<(usize, Event)> = of_channel
        .par_iter()
        .enumerate()
        .flat_map_iter(|(channel, own)| {
            let neighbors = if own.is_empty() { &[][..] } else { &features.neighbors[channel] };
            let grid = Grid::new(neighbors, positions, whitening);
            let mut explained = Vec::new();
            own.iter().map(move |&i| {
                let place = grid.locate(&features.values[i * row..][..row], k, &mut explained);
                let event = Event {
                    time_s: peaks.sample_index[i] as f64 / peaks.sampling_frequency,
                    depth_um: place.unwrap_or(positions[channel])[axis.index()],
                    amplitude: f64::from(peaks.amplitude[i]),
                };
                (i, event)
            })
        })
        .collect();
    events.sort_unstable_by_key(|(i, _)| *i);
    let segment = |i: usize| peaks.segment_index[i] as usize;
    let count = events.iter().map(|(i, _)| segment(*i) + 1).max().unwrap_or(0);
    let mut segments = vec![Vec::new(); count];
    for (i, event) in events {
        segments[segment(i)].push(event);
    }
    Ok(segments)
}

/// Imagined sources near a channel and what they give on its neighbours, of unit norm.
struct Grid {
    places: Vec<[f64; 2]>,
    /// `[channel][place]`.
    weights: Vec<f32>,
    channels: usize,
}

impl Grid {
    fn new(channels: &[u32], positions: &[[f64; 2]], whitening: Option<&Array2<f64>>) -> Self {
        let channels = &channels[..channels.len().min(MOST_CHANNELS)];
        let mut grid = Self { places: Vec::new(), weights: Vec::new(), channels: channels.len() };
        let Some(&main) = channels.first() else { return grid };
        let center = positions[main as usize];
        let distance2 =
            |a: [f64; 2], b: [f64; 2]| (a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]);
        let near: Vec<usize> =
            (0..positions.len()).filter(|&c| distance2(positions[c], center) <= SEEN_UM * SEEN_UM).collect();
        // How each channel mixes those near it.
        let mixing: Vec<Vec<(usize, f64)>> = channels
            .iter()
            .map(|&own| {
                let weight = |c: usize| match whitening {
                    Some(whitening) => whitening[[own as usize, c]],
                    None => f64::from(u8::from(own as usize == c)),
                };
                near.iter().enumerate().map(|(i, &c)| (i, weight(c))).filter(|(_, w)| *w != 0.0).collect()
            })
            .collect();
        let reach = (REACH_UM / STEP_UM) as i64;
        let places = (-reach..=reach)
            .flat_map(|dx| (-reach..=reach).map(move |dy| (dx, dy)))
            .map(|(dx, dy)| [center[0] + dx as f64 * STEP_UM, center[1] + dy as f64 * STEP_UM])
            .filter(|&at| distance2(at, center) <= REACH_UM * REACH_UM);
        let places: Vec<[f64; 2]> = places.collect();
        // Each place at each depth, with a monopole's field and a dipole's, which fall with the distance and its square.
        let fields: Vec<Vec<f64>> = (near.iter())
            .map(|&c| {
                let field = |&at: &[f64; 2]| {
                    let by_depth = DEPTHS_UM.map(|z| 1.0 / (distance2(positions[c], at) + z * z).sqrt());
                    by_depth.into_iter().flat_map(|monopole| [monopole, monopole * monopole])
                };
                places.iter().flat_map(field).collect()
            })
            .collect();
        let count = places.len() * DEPTHS_UM.len() * 2;
        let own: Vec<Vec<f64>> = (mixing.iter())
            .map(|row| {
                let mut own = vec![0.0; count];
                row.iter().for_each(|&(i, weight)| add_scaled(&fields[i], weight, &mut own));
                own
            })
            .collect();
        let mut norms = vec![0.0; count];
        for own in &own {
            for (norm, w) in norms.iter_mut().zip(own) {
                *norm += w * w;
            }
        }
        norms.iter_mut().for_each(|norm| *norm = norm.sqrt().max(f64::MIN_POSITIVE));
        let unit = |own: Vec<f64>| {
            own.into_iter().zip(&norms).map(|(w, norm)| (w / norm) as f32).collect::<Vec<_>>()
        };
        grid.weights = own.into_iter().flat_map(unit).collect();
        grid.places = places.into_iter().flat_map(|at| [at; DEPTHS_UM.len() * 2]).collect();
        grid
    }

    /// The place that explains most of the energy of features `(channels, k)`.
    fn locate(&self, features: &[f32], k: usize, explained: &mut Vec<f32>) -> Option<[f64; 2]> {
        if self.channels == 0 || k == 0 {
            return None;
        }
        // The waveform on the main channel stands for that on all: one number a channel, six times less work.
        let main = &features[..k];
        let size = main.iter().map(|x| x * x).sum::<f32>().sqrt().max(f32::MIN_POSITIVE);
        let mut shares = [0.0f32; MOST_CHANNELS];
        for (share, values) in shares.iter_mut().zip(features.chunks_exact(k)) {
            *share = values.iter().zip(main).map(|(a, b)| a * b).sum::<f32>() / size;
        }
        explained.clear();
        explained.resize(self.places.len(), 0.0);
        for (&share, weights) in shares.iter().zip(self.weights.chunks_exact(self.places.len())) {
            add_scaled(weights, share, explained);
        }
        explained.iter_mut().for_each(|sum| *sum = sum.max(0.0).powi(2));
        let best = f64::from(explained.iter().copied().fold(0.0, f32::max));
        let softness = 2.0 * (1.0 + MISFIT * best);
        let (mut sum, mut total) = ([0.0, 0.0], 0.0);
        for (place, &value) in self.places.iter().zip(&*explained) {
            let loss = (best - f64::from(value)) / softness;
            if loss < 10.0 {
                let weight = (-loss).exp();
                sum[0] += weight * place[0];
                sum[1] += weight * place[1];
                total += weight;
            }
        }
        (best > 0.0 && total > 0.0).then(|| [sum[0] / total, sum[1] / total])
    }
}
