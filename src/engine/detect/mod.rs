//! Finds the times and channels of threshold crossings that are the largest of their neighbourhood.

mod artefacts;
mod bank;
mod exclusive;
mod glimpse;
mod survey;

pub(super) use artefacts::artefacts_in;
use artefacts::leave_out_artefacts;
pub use bank::FilterBank;
pub use exclusive::{Crossing, locally_exclusive};
pub use glimpse::Glimpse;
pub use survey::{SNIPPET_BEFORE_MS, SNIPPET_MS, Survey, survey};

use super::{
    EngineError, Monitor, Preview,
    chain::Chain,
    geometry::Geometry,
    lanes::{BESIDE, doubled_at},
    passes::{SpanData, all_spans, over_spans},
};
pub use crate::data::PeakSign;
use crate::data::{Notice, Peaks, RecordingInfo, Remedy, units::ms_to_samples};
use std::ops::Range;

/// What helps where too little was found.
pub fn lower_threshold() -> Remedy {
    Remedy::Lower("detect_threshold".into())
}

/// What many channels see within this time they see at once, in ms.
pub(super) const ARTEFACT_MS: f64 = 1.0;

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
    let survey = survey(chain, &geometry, params.peak_sign, monitor)?;
    let detector = Detector::new(chain, &geometry, &survey, params, monitor)?;
    let chain = detector.chain();
    let found = over_spans(
        chain,
        &all_spans(chain),
        detector.pad(),
        monitor,
        |data: &SpanData, scratch: &mut DetectScratch| {
            let found = detector.peaks(data, scratch);
            monitor.preview(Preview::Peaks(preview_of(&found.0, &geometry, info.sampling_frequency)));
            Ok(found)
        },
    )?;
    let in_artefacts = found.iter().map(|(_, in_artefacts)| in_artefacts).sum();
    let peaks: Vec<Peak> = found.into_iter().flat_map(|(peaks, _)| peaks).collect();
    detector.report(peaks.len(), in_artefacts, monitor);
    Ok(to_peaks(&peaks, info))
}

/// A peak that was found.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Peak {
    pub segment: u32,
    pub frame: i64,
    pub channel: u32,
    /// Value of the trace there.
    pub amplitude: f32,
}

/// Peaks as columns.
pub(super) fn to_peaks(peaks: &[Peak], info: &RecordingInfo) -> Peaks {
    Peaks {
        sampling_frequency: info.sampling_frequency,
        num_channels: info.num_channels(),
        segment_index: peaks.iter().map(|p| p.segment).collect(),
        sample_index: peaks.iter().map(|p| p.frame).collect(),
        channel_index: peaks.iter().map(|p| p.channel).collect(),
        amplitude: peaks.iter().map(|p| p.amplitude).collect(),
        location_um: None,
    }
}

/// Buffers of a [`Detector`].
#[derive(Debug, Default)]
pub(super) struct DetectScratch {
    bank: bank::BankScratch,
    crossings: Vec<Vec<Crossing>>,
}

/// Detects the peaks of a span.
pub(super) struct Detector {
    chain: Chain,
    bank: FilterBank,
    neighbors: Vec<Vec<u32>>,
    sweep: usize,
    threshold: f32,
    geometry: Geometry,
    artefact: usize,
}

impl Detector {
    /// Fits the filters.
    pub fn new(
        chain: &Chain,
        geometry: &Geometry,
        survey: &Survey,
        params: &DetectParams,
        monitor: &dyn Monitor,
    ) -> Result<Self, EngineError> {
        let looked_at = Self::looks_at(chain, params.method);
        let bank = FilterBank::new(&looked_at, geometry, survey, params, monitor)?;
        Ok(Self::with_bank(chain, geometry, bank, params))
    }

    /// With filters that were fitted to the frames it looks at.
    pub fn with_bank(chain: &Chain, geometry: &Geometry, bank: FilterBank, params: &DetectParams) -> Self {
        let chain = Self::looks_at(chain, params.method);
        let sweep = ms_to_samples(params.exclude_sweep_ms, chain.info().sampling_frequency);
        Self {
            bank,
            neighbors: geometry.neighbors(params.radius_um, usize::MAX),
            sweep: sweep.max(1),
            threshold: params.detect_threshold as f32,
            geometry: geometry.clone(),
            artefact: ms_to_samples(ARTEFACT_MS, chain.info().sampling_frequency),
            chain,
        }
    }

    /// The frames a method looks at: a filter sums over samples; the traces themselves have their extremum at one.
    pub fn looks_at(chain: &Chain, method: DetectMethod) -> Chain {
        match method {
            DetectMethod::MatchedFiltering => chain.sufficient(),
            DetectMethod::LocallyExclusive => chain.clone(),
        }
    }

    /// The frames it looks at.
    pub fn chain(&self) -> &Chain {
        &self.chain
    }

    /// Context it needs, in those frames: one sample more than it searches, to see whether the last one is a peak.
    pub fn pad(&self) -> usize {
        (self.sweep + 1).div_ceil(self.chain.step()) + self.bank.num_samples() + BESIDE
    }

    /// Peaks of a span in order of time, then of channel, and how many of its samples lie in artefacts.
    pub fn peaks(&self, data: &SpanData, scratch: &mut DetectScratch) -> (Vec<Peak>, u64) {
        self.bank.crossings(data.block, self.threshold, &mut scratch.bank, &mut scratch.crossings);
        let (first, step) = (data.block.first_frame(), self.chain.step());
        let num_frames = self.chain.info().segments[data.span.segment].num_frames;
        let artefacts = leave_out_artefacts(&mut scratch.crossings, &self.geometry, self.artefact);
        let own = (data.frames.start - first) * step..(data.frames.end - first) * step;
        let within = |stretch: &Range<u32>| {
            (stretch.end as usize).min(own.end).saturating_sub((stretch.start as usize).max(own.start))
        };
        let common: usize = artefacts.iter().map(within).sum();
        let peaks = locally_exclusive(&scratch.crossings, &self.neighbors, self.sweep)
            .into_iter()
            .filter(|crossing| data.frames.contains(&(first + crossing.sample as usize / step)))
            .map(|crossing| {
                let (trace, sample) =
                    (data.block.channel(crossing.channel as usize), crossing.sample as usize);
                Peak {
                    segment: data.span.segment as u32,
                    frame: (first * step + sample).min(num_frames - 1) as i64,
                    channel: crossing.channel,
                    amplitude: if step == 1 { trace[sample] } else { doubled_at(trace, sample) },
                }
            })
            .collect();
        (peaks, common as u64)
    }

    /// Says what is to be known of the peaks that were found.
    pub fn report(&self, num_peaks: usize, in_artefacts: u64, monitor: &dyn Monitor) {
        let part = in_artefacts as f64 / self.chain.info().total_frames().max(1) as f64;
        if part > 0.0 {
            let words = format!(
                "artefacts on nearly all channels take up {:.2} % of the time; no peaks are taken from there. Where you \
                 know when they come, put silence_periods before the sort",
                (100.0 * part).max(0.01)
            );
            monitor.warn(&words.into());
        }
        if num_peaks == 0 {
            let words =
                "no peaks crossed the threshold: lower detect_threshold, or check filter and channels";
            monitor.warn(&Notice::from(words).mended_by(lower_threshold()).mended_by(Remedy::SeeHeights));
        }
    }
}

/// Peaks a preview shows of a span; more would only blacken the map.
const PREVIEW_PEAKS: usize = 500;

pub(super) fn preview_of(peaks: &[Peak], geometry: &Geometry, sampling_frequency: f64) -> Vec<[f32; 3]> {
    let step = peaks.len().div_ceil(PREVIEW_PEAKS).max(1);
    peaks
        .iter()
        .step_by(step)
        .map(|&Peak { frame, channel, amplitude, .. }| {
            [(frame as f64 / sampling_frequency) as f32, geometry.depth(channel as usize), amplitude]
        })
        .collect()
}
