//! Where spikes come from, told from their size on the channels around.

mod grid;

use super::{
    EngineError, Monitor,
    chain::Chain,
    features::by_span,
    geometry::Geometry,
    locations::{center_of_mass, peak_to_peak, triangulate},
    passes::{SpanData, all_spans, over_spans},
    same_channels,
};
use crate::data::{Peaks, units::ms_to_samples};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Width of the Gaussian that stands for a spike on the grid, in ms.
const PROTOTYPE_MS: f64 = 0.25;
/// What a place further from the probe gains in the fit: near places fit any noise.
const DEPTH_REWARD: f64 = 1e-4;

/// How a peak is located.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LocalizeMethod {
    /// Mean of the channels' positions, weighted by the span of their traces.
    #[default]
    CenterOfMass,
    /// The point source whose field fits those spans best.
    MonopolarTriangulation,
    /// The best of a fine grid of imagined sources.
    GridConvolution,
}

impl LocalizeMethod {
    /// The radius that SpikeInterface uses, in µm.
    pub fn usual_radius_um(self) -> f64 {
        match self {
            LocalizeMethod::CenterOfMass | LocalizeMethod::MonopolarTriangulation => 75.0,
            LocalizeMethod::GridConvolution => 40.0,
        }
    }
}

/// Settings of [`localize_peaks`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LocalizeParams {
    /// How a peak is located.
    pub method: LocalizeMethod,
    /// Channels this far from the peak's own take part, in µm.
    pub radius_um: f64,
    /// Time before the peak that is looked at, in ms.
    pub ms_before: f64,
    /// Time after the peak that is looked at, in ms.
    pub ms_after: f64,
}

impl Default for LocalizeParams {
    fn default() -> Self {
        Self { method: LocalizeMethod::CenterOfMass, radius_um: 75.0, ms_before: 0.3, ms_after: 0.5 }
    }
}

/// The peaks with their positions `[x, y]` in µm, from the span (peak to peak) of the traces around the peak on the
/// channels near it, or from how well a spike fits there.
///
/// # Errors
/// Where the recording has no probe, the peaks are of another recording, samples cannot be read, or it is cancelled.
///
/// # Source
/// SpikeInterface `localize_peaks`, methods `center_of_mass`, `monopolar_triangulation` and, with a Gaussian
/// prototype, `grid_convolution`.
pub fn localize_peaks(
    chain: &Chain,
    peaks: &Peaks,
    params: &LocalizeParams,
    monitor: &dyn Monitor,
) -> Result<Peaks, EngineError> {
    let info = chain.info();
    same_channels(peaks, info)?;
    let geometry = Geometry::of(info)?;
    let Some(positions) = &geometry.positions_um else {
        return Err(EngineError::Data(
            "peaks cannot be localised without a probe: attach one to the recording".into(),
        ));
    };
    let neighbors = geometry.neighbors(params.radius_um, usize::MAX);
    let before = ms_to_samples(params.ms_before, info.sampling_frequency);
    let after = ms_to_samples(params.ms_after, info.sampling_frequency).max(1);
    let grid = (params.method == LocalizeMethod::GridConvolution)
        .then(|| grid::Grid::new(positions, params.radius_um));
    let prototype: Vec<f32> = (0..before + after)
        .map(|i| {
            let ms = (i as f64 - before as f64) * 1e3 / info.sampling_frequency;
            (-0.5 * (ms / PROTOTYPE_MS).powi(2)).exp() as f32
        })
        .collect();
    let lists = by_span(chain, peaks);
    let spans = all_spans(chain);
    let parts = over_spans(chain, &spans, before + after, monitor, |data: &SpanData, _: &mut ()| {
        let located = lists[data.index].clone().map(|peak| {
            let frame = peaks.sample_index[peak] as usize - data.block.first_frame();
            let channel = peaks.channel_index[peak] as usize;
            let window = frame.saturating_sub(before)..(frame + after).min(data.block.num_frames());
            let found = match &grid {
                Some(grid) => {
                    // A spike of the peak's own sign, wherever the window begins.
                    let sign = if peaks.amplitude[peak] > 0.0 { 1.0 } else { -1.0 };
                    let shape = &prototype[before - (frame - window.start)..];
                    let fits: Vec<f32> = grid
                        .channels(channel)
                        .iter()
                        .map(|&c| {
                            let trace = &data.block.channel(c as usize)[window.clone()];
                            sign * trace.iter().zip(shape).map(|(x, p)| x * p).sum::<f32>()
                        })
                        .collect();
                    grid.locate(channel, &fits)
                }
                None => {
                    let (contacts, spans): (Vec<[f64; 2]>, Vec<f64>) = neighbors[channel]
                        .iter()
                        .map(|&c| {
                            let trace = &data.block.channel(c as usize)[window.clone()];
                            (positions[c as usize], peak_to_peak(trace.iter().copied()))
                        })
                        .unzip();
                    let center = center_of_mass(&contacts, &spans);
                    let place = match params.method {
                        LocalizeMethod::MonopolarTriangulation => {
                            let [x, y, _] = triangulate(&contacts, &spans, center, DEPTH_REWARD);
                            [x, y]
                        }
                        _ => center,
                    };
                    place.iter().all(|v| v.is_finite()).then(|| place.map(|v| v as f32))
                }
            };
            found.unwrap_or(positions[channel].map(|p| p as f32))
        });
        Ok(located.collect::<Vec<[f32; 2]>>())
    })?;
    Ok(Peaks { location_um: Some(parts.into_iter().flatten().collect()), ..peaks.clone() })
}
