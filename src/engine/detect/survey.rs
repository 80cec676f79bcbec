//! A first look at a small part of the recording: noise levels and isolated spikes.

use super::{ARTEFACT_MS, Crossing, PeakSign, leave_out_artefacts, locally_exclusive};
use crate::{
    data::{Notice, Remedy, units::ms_to_samples},
    engine::{
        EngineError, Monitor,
        block::Block,
        chain::Chain,
        geometry::Geometry,
        lanes::STRETCH,
        noise::median_and_mad,
        passes::{SpanData, over_spans, survey_spans},
        select::{median, usual_level},
    },
};

/// How much of the recording is looked at, in seconds.
const SURVEY_S: f64 = 10.0;
/// Isolated peaks must be this many noise levels high.
const SURVEY_THRESHOLD: f32 = 6.0;
/// Isolated peaks are the largest this far around, in µm; further where the contacts lie further apart.
const ISOLATED_UM: f64 = 50.0;
/// Snippets taken of each span.
const SNIPPETS_PER_SPAN: usize = 400;
/// Channels with less than this part of the usual noise are constant.
const LEAST_NOISE: f32 = 1e-3;
/// Length of a snippet and where its peak lies, in ms.
pub const SNIPPET_MS: f64 = 2.03;
/// Time before the peak in a snippet, in ms.
pub const SNIPPET_BEFORE_MS: f64 = 0.67;

/// What is known after looking at a small part of the recording.
#[derive(Clone, Debug)]
pub struct Survey {
    /// Noise of each channel: median absolute deviation / 0.6745; zero for constant channels.
    pub noise: Vec<f32>,
    /// Samples of a snippet.
    pub num_samples: usize,
    /// Samples before its peak.
    pub num_before: usize,
    /// Snippets of isolated peaks on their own channel, in noise levels and with the sign they have.
    pub snippets: Vec<Vec<f32>>,
}

/// Noise levels, and snippets of isolated peaks for the prototype and the temporal basis.
///
/// # Errors
/// Where samples cannot be read or it is cancelled.
pub fn survey(
    chain: &Chain,
    geometry: &Geometry,
    peak_sign: PeakSign,
    monitor: &dyn Monitor,
) -> Result<Survey, EngineError> {
    let rate = chain.info().sampling_frequency;
    let num_samples = ms_to_samples(SNIPPET_MS, rate).max(8);
    let num_before = ms_to_samples(SNIPPET_BEFORE_MS, rate).max(2);
    let neighbors = geometry.neighbors(geometry.fitting_radius_um(ISOLATED_UM), usize::MAX);
    let spans = survey_spans(chain, SURVEY_S);
    let parts = over_spans(chain, &spans, 0, monitor, |data: &SpanData, sorted: &mut Vec<f32>| {
        let block = data.block;
        let noise: Vec<f32> = (0..block.num_channels()).map(|c| mad(block.channel(c), sorted)).collect();
        let mut crossings: Vec<Vec<Crossing>> = (0..block.num_channels())
            .map(|c| crossings_of(block.channel(c), noise[c], peak_sign, c))
            .collect();
        leave_out_artefacts(&mut crossings, geometry, ms_to_samples(ARTEFACT_MS, rate));
        let signs = match peak_sign {
            PeakSign::Both => [0, 0],
            _ => signs_of(block, &noise, &neighbors, num_samples),
        };
        let peaks = locally_exclusive(&crossings, &neighbors, num_samples);
        let step = peaks.len().div_ceil(SNIPPETS_PER_SPAN).max(1);
        let snippets: Vec<Vec<f32>> = peaks
            .iter()
            .step_by(step)
            .filter_map(|peak| {
                let channel = peak.channel as usize;
                let start = (peak.sample as usize).checked_sub(num_before)?;
                let trace = block.channel(channel).get(start..start + num_samples)?;
                Some(trace.iter().map(|x| x / noise[channel]).collect())
            })
            .collect();
        Ok((noise, snippets, signs))
    })?;
    let count = |sign: usize| parts.iter().map(|(_, _, signs)| signs[sign]).sum::<usize>();
    let [negative, positive] = [count(0), count(1)];
    let (own, other, name) = match peak_sign {
        PeakSign::Pos => (positive, negative, "neg"),
        _ => (negative, positive, "pos"),
    };
    if other >= LEAST_OTHERS && other > MANY_OTHERS * own {
        let words = format!(
            "of the largest peaks {other} are of the other sign and {own} of the one that is looked for: set peak_sign to {name}"
        );
        let other = Remedy::Set { field: "peak_sign".into(), value: name.into() };
        monitor.warn(&Notice::from(words).mended_by(other));
    }
    let num_channels = geometry.num_channels();
    let mut noise: Vec<f32> = (0..num_channels)
        .map(|c| usual_level(&parts.iter().map(|(noise, ..)| noise[c]).collect::<Vec<_>>()))
        .collect();
    // What a filter leaves of a constant channel is rounding, not noise.
    let least = LEAST_NOISE * median(&mut noise.clone());
    for level in noise.iter_mut().filter(|level| **level < least) {
        *level = 0.0;
    }
    let snippets = parts.into_iter().flat_map(|(_, snippets, _)| snippets).collect();
    Ok(Survey { noise, num_samples, num_before, snippets })
}

/// So many isolated peaks of the other sign, and so many times as many as of the own one, mean that the sign is wrong.
const LEAST_OTHERS: usize = 50;
const MANY_OTHERS: usize = 3;

/// How many isolated peaks are negative and how many positive.
fn signs_of(block: &Block, noise: &[f32], neighbors: &[Vec<u32>], reach: usize) -> [usize; 2] {
    let crossings: Vec<Vec<Crossing>> = (0..block.num_channels())
        .map(|c| crossings_of(block.channel(c), noise[c], PeakSign::Both, c))
        .collect();
    let peaks = locally_exclusive(&crossings, neighbors, reach);
    let value = |peak: &Crossing| block.channel(peak.channel as usize)[peak.sample as usize];
    let positive = peaks.iter().filter(|peak| value(peak) > 0.0).count();
    [peaks.len() - positive, positive]
}

fn crossings_of(trace: &[f32], noise: f32, sign: PeakSign, channel: usize) -> Vec<Crossing> {
    if noise <= 0.0 {
        return Vec::new();
    }
    let limit = SURVEY_THRESHOLD * noise;
    let mut crossings = Vec::new();
    for (place, samples) in trace.chunks(STRETCH).enumerate() {
        if !reaches(samples, sign, limit) {
            continue;
        }
        let heights = samples.iter().map(|&x| sign.height(x)).enumerate();
        crossings.extend(heights.filter(|(_, height)| *height >= limit).map(|(i, height)| Crossing {
            sample: (place * STRETCH + i) as u32,
            channel: channel as u32,
            height: height / noise,
        }));
    }
    crossings
}

/// True where a sample is at least that high.
#[multiversion::multiversion(targets("x86_64+avx+avx2+bmi1+bmi2+fma"))]
fn reaches(samples: &[f32], sign: PeakSign, limit: f32) -> bool {
    let (below, above) = match sign {
        PeakSign::Neg => (-limit, f32::INFINITY),
        PeakSign::Pos => (f32::NEG_INFINITY, limit),
        PeakSign::Both => (-limit, limit),
    };
    samples.iter().fold(false, |any, &x| any | (x <= below) | (x >= above))
}

/// Median absolute deviation over 0.6745, of every fourth sample at most: neighbours say the same.
pub(super) fn mad(trace: &[f32], sorted: &mut Vec<f32>) -> f32 {
    let step = (trace.len() / 8192).clamp(1, 4);
    median_and_mad(trace.iter().step_by(step).copied(), sorted).1 / 0.674_489_75
}
