//! Finds the times and channels of threshold crossings that are the largest of their neighbourhood.

mod artefacts;
mod bank;
mod exclusive;
mod survey;

use artefacts::leave_out_artefacts;
pub use bank::FilterBank;
pub use exclusive::{Crossing, locally_exclusive};
pub use survey::{SNIPPET_BEFORE_MS, SNIPPET_MS, Survey, survey};

use super::{
    EngineError, Monitor, Preview,
    chain::Chain,
    geometry::Geometry,
    passes::{SpanData, all_spans, over_spans},
};
pub use crate::data::PeakSign;
use crate::data::{Peaks, units::ms_to_samples};
use std::sync::atomic::{AtomicU64, Ordering};

/// What many channels see within this time they see at once, in ms.
const ARTEFACT_MS: f64 = 1.0;

/// What crosses the threshold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DetectMethod {
    /// The trace itself.
    LocallyExclusive,
    /// The trace matched with a prototype spike, alone and summed over neighbouring channels.
    MatchedFiltering,
}

impl PeakSign {
    /// The height of a value in this direction.
    pub fn height(self, value: f32) -> f32 {
        match self {
            PeakSign::Neg => -value,
            PeakSign::Pos => value,
            PeakSign::Both => value.abs(),
        }
    }
}

/// Settings of [`detect_peaks`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DetectParams {
    /// What crosses the threshold.
    pub method: DetectMethod,
    /// Direction of the spikes.
    pub peak_sign: PeakSign,
    /// Threshold in noise levels (median absolute deviation / 0.6745).
    pub detect_threshold: f64,
    /// Of two peaks closer than this on neighbouring channels the larger is kept, in ms.
    pub exclude_sweep_ms: f64,
    /// Channels closer than this are neighbours, in µm.
    pub radius_um: f64,
}

impl Default for DetectParams {
    fn default() -> Self {
        Self {
            method: DetectMethod::MatchedFiltering,
            peak_sign: PeakSign::Neg,
            detect_threshold: 5.0,
            exclude_sweep_ms: 0.5,
            radius_um: 50.0,
        }
    }
}

#[derive(Default)]
struct DetectScratch {
    bank: bank::BankScratch,
    crossings: Vec<Vec<Crossing>>,
}

/// Detects peaks in all segments.
///
/// Amplitudes are the values of the traces at the peaks, in the recording's units. Heights are compared in noise
/// levels, which are estimated here from about 10 s spread over the recording; channels without noise
/// (constant) find nothing.
///
/// # Errors
/// Where samples cannot be read, there is no probe for many channels, or it is cancelled.
///
/// # Source
/// SpikeInterface `detect_peaks`, methods `locally_exclusive` and `matched_filtering`. The prototype and the
/// spatial scales follow the latter; exclusion in time is per neighbourhood in both.
pub fn detect_peaks(
    chain: &Chain,
    params: &DetectParams,
    monitor: &dyn Monitor,
) -> Result<Peaks, EngineError> {
    let info = chain.info();
    let geometry = Geometry::of(info)?;
    let survey = survey(chain, &geometry, params, monitor)?;
    let bank = FilterBank::new(chain, &geometry, &survey, params, monitor)?;
    let neighbors = geometry.neighbors(params.radius_um, usize::MAX);
    let sweep = ms_to_samples(params.exclude_sweep_ms, info.sampling_frequency).max(1);
    // One more, to see whether the last one is a peak.
    let pad = sweep + 1 + bank.num_samples();
    let spans = all_spans(chain);
    let threshold = params.detect_threshold as f32;
    let window = ms_to_samples(ARTEFACT_MS, info.sampling_frequency);
    let in_artefacts = AtomicU64::new(0);
    let found = over_spans(chain, &spans, pad, monitor, |data: &SpanData, scratch: &mut DetectScratch| {
        bank.crossings(data.block, threshold, &mut scratch.bank, &mut scratch.crossings);
        let first = data.block.first_frame();
        let artefacts = leave_out_artefacts(&mut scratch.crossings, &geometry, window);
        let common: usize = artefacts.iter().map(|stretch| stretch.len()).sum();
        in_artefacts.fetch_add(common.min(data.frames.len()) as u64, Ordering::Relaxed);
        let own = locally_exclusive(&scratch.crossings, &neighbors, sweep);
        let peaks: Vec<(u32, i64, u32, f32)> = own
            .into_iter()
            .filter_map(|crossing| {
                let frame = first + crossing.sample as usize;
                data.frames.contains(&frame).then(|| {
                    let amplitude = data.block.channel(crossing.channel as usize)[crossing.sample as usize];
                    (data.span.segment as u32, frame as i64, crossing.channel, amplitude)
                })
            })
            .collect();
        monitor.preview(Preview::Peaks(preview_of(&peaks, &geometry, info.sampling_frequency)));
        Ok(peaks)
    })?;
    let peaks: Vec<_> = found.into_iter().flatten().collect();
    let part = in_artefacts.into_inner() as f64 / info.total_frames().max(1) as f64;
    if part > 0.0 {
        monitor.warn(&format!(
            "artefacts on nearly all channels take up {:.2} % of the time; no peaks are taken from there. Where you know when \
             they come, put silence_periods before the sort",
            (100.0 * part).max(0.01)
        ));
    }
    if peaks.is_empty() {
        monitor.warn("no peaks crossed the threshold: lower detect_threshold, or check filter and channels");
    }
    Ok(Peaks {
        sampling_frequency: info.sampling_frequency,
        num_channels: info.num_channels(),
        segment_index: peaks.iter().map(|p| p.0).collect(),
        sample_index: peaks.iter().map(|p| p.1).collect(),
        channel_index: peaks.iter().map(|p| p.2).collect(),
        amplitude: peaks.iter().map(|p| p.3).collect(),
        location_um: None,
    })
}

/// Peaks a preview shows of a span; more would only blacken the map.
const PREVIEW_PEAKS: usize = 500;

fn preview_of(peaks: &[(u32, i64, u32, f32)], geometry: &Geometry, sampling_frequency: f64) -> Vec<[f32; 3]> {
    let step = peaks.len().div_ceil(PREVIEW_PEAKS).max(1);
    peaks
        .iter()
        .step_by(step)
        .map(|&(_, frame, channel, amplitude)| {
            [(frame as f64 / sampling_frequency) as f32, geometry.depth(channel as usize), amplitude]
        })
        .collect()
}
