//! Where spikes come from: the centre of their amplitudes on the channels around.

use super::{
    EngineError, Monitor,
    chain::Chain,
    features::by_span,
    geometry::Geometry,
    passes::{SpanData, all_spans, over_spans},
};
use crate::data::{Peaks, units::ms_to_samples};

/// Settings of [`localize_peaks`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LocalizeParams {
    /// Channels this far from the peak's own take part, in µm.
    pub radius_um: f64,
    /// Time before the peak that is looked at, in ms.
    pub ms_before: f64,
    /// Time after the peak that is looked at, in ms.
    pub ms_after: f64,
}

impl Default for LocalizeParams {
    fn default() -> Self {
        Self { radius_um: 75.0, ms_before: 0.3, ms_after: 0.5 }
    }
}

/// The peaks with their positions `[x, y]` in µm: the mean of the channels' positions weighted by the span
/// (peak to peak) of the traces around the peak.
///
/// # Errors
/// Where the recording has no probe, the peaks are of another recording, samples cannot be read, or it is cancelled.
///
/// # Source
/// SpikeInterface `localize_peaks(method="center_of_mass", feature="ptp")`.
pub fn localize_peaks(
    chain: &Chain,
    peaks: &Peaks,
    params: &LocalizeParams,
    monitor: &dyn Monitor,
) -> Result<Peaks, EngineError> {
    let info = chain.info();
    if peaks.num_channels != info.num_channels() {
        return Err(EngineError::Data(format!(
            "the peaks were found on {} channels, the recording has {}: detect them on this recording",
            peaks.num_channels,
            info.num_channels()
        )));
    }
    let geometry = Geometry::of(info)?;
    let Some(positions) = &geometry.positions_um else {
        return Err(EngineError::Data(
            "peaks cannot be localised without a probe: attach one to the recording".into(),
        ));
    };
    let neighbors = geometry.neighbors(params.radius_um, usize::MAX);
    let before = ms_to_samples(params.ms_before, info.sampling_frequency);
    let after = ms_to_samples(params.ms_after, info.sampling_frequency).max(1);
    let all: Vec<u32> = (0..peaks.len() as u32).collect();
    let lists = by_span(chain, peaks, &all);
    let spans = all_spans(chain);
    let places: std::collections::BTreeMap<(usize, usize), usize> =
        spans.iter().enumerate().map(|(i, s)| ((s.segment, s.span), i)).collect();
    let parts = over_spans(chain, &spans, before + after, monitor, |data: &SpanData, _: &mut ()| {
        let own: &[u32] =
            places.get(&(data.span.segment, data.span.span)).map_or(&[], |&i| lists[i].as_slice());
        let located = own.iter().map(|&peak| {
            let frame = peaks.sample_index[peak as usize] as usize - data.block.first_frame();
            let window = frame.saturating_sub(before)..(frame + after).min(data.block.num_frames());
            let (mut sum, mut total) = ([0.0f64; 2], 0.0f64);
            let own_channel = peaks.channel_index[peak as usize] as usize;
            for &channel in &neighbors[own_channel] {
                let trace = &data.block.channel(channel as usize)[window.clone()];
                let low = trace.iter().copied().fold(f32::INFINITY, f32::min);
                let high = trace.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                let weight = f64::from(high - low);
                let position = positions[channel as usize];
                sum[0] += weight * position[0];
                sum[1] += weight * position[1];
                total += weight;
            }
            if total > 0.0 {
                [(sum[0] / total) as f32, (sum[1] / total) as f32]
            } else {
                positions[own_channel].map(|p| p as f32)
            }
        });
        Ok(located.collect::<Vec<[f32; 2]>>())
    })?;
    Ok(Peaks { location_um: Some(parts.into_iter().flatten().collect()), ..peaks.clone() })
}
