//! Channels that do not record: found by how they relate to the others, and filled in from their neighbours.
//!
//! # Source
//! `spikeinterface.preprocessing.detect_bad_channels` and `interpolate_bad_channels`; the method
//! `coherence+psd` is that of the International Brain Laboratory (2022), "Spike sorting pipeline for the
//! International Brain Laboratory".

use super::{
    EngineError, Monitor,
    bad_chunk::{coherence_labels, neighbor_correlations},
    chain::{Chain, compile, map_spans},
    design::{Band, Family, design},
    noise::{Chunks, mad, random_chunks, read_chunks},
    select::median_f64,
};
use crate::data::{Notice, Recording, RecordingInfo, Remedy, Stage};
use ndarray::Array2;

/// What is wrong with a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChannelLabel {
    /// Nothing.
    Good,
    /// It hardly follows its neighbours.
    Dead,
    /// It is louder than the others, or has too much power at high frequencies.
    Noise,
    /// It lies in a stretch at an end of the probe that is outside the brain.
    Out,
}

impl ChannelLabel {
    /// SpikeInterface's name for it.
    pub fn name(self) -> &'static str {
        match self {
            ChannelLabel::Good => "good",
            ChannelLabel::Dead => "dead",
            ChannelLabel::Noise => "noise",
            ChannelLabel::Out => "out",
        }
    }
}

/// How channels are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadChannelMethod {
    /// Likeness to the median of all channels, and power at high frequencies.
    CoherencePsd,
    /// Standard deviation far above that of the others.
    Std,
    /// Median absolute deviation far above that of the others.
    Mad,
    /// Correlation with the median of the neighbours; for local field potentials.
    NeighborhoodR2,
}

/// Which ends of the probe can be outside the brain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutsideLocation {
    /// The end away from the tip.
    Top,
    /// The tip.
    Bottom,
    /// Both.
    Both,
}

/// Settings of [`detect_bad_channels`], named as in SpikeInterface.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BadChannelParams {
    /// How channels are judged.
    pub method: BadChannelMethod,
    /// For `std` and `mad`: how many times the median of all channels is too much.
    pub std_mad_threshold: f64,
    /// Power at high frequencies in µV²/Hz above which a channel is noisy.
    pub psd_hf_threshold: f64,
    /// Likeness below which, against the neighbours, a channel is dead.
    pub dead_channel_threshold: f64,
    /// Likeness above which, against the neighbours, a channel is noisy.
    pub noisy_channel_threshold: f64,
    /// Likeness of a stretch, less one, below which it is outside.
    pub outside_channel_threshold: f64,
    /// Where channels can be outside.
    pub outside_channels_location: OutsideLocation,
    /// Channels in the median that follows likeness along the probe; odd.
    pub n_neighbors: usize,
    /// High frequencies begin at this part of half the sampling frequency.
    pub nyquist_threshold: f64,
    /// Length of a chunk in seconds.
    pub chunk_duration_s: f64,
    /// Number of chunks from each segment.
    pub num_random_chunks: usize,
    /// Window of the power spectrum in ms.
    pub welch_window_ms: f64,
    /// Cut-off in Hz of the high-pass that is put before where the recording is not filtered.
    pub highpass_filter_cutoff: f64,
    /// For `neighborhood_r2`: squared correlation below which a channel is bad.
    pub neighborhood_r2_threshold: f64,
    /// For `neighborhood_r2`: neighbours are nearer than this, in µm.
    pub neighborhood_r2_radius_um: f64,
    /// Seed of the chunks.
    pub seed: u64,
}

impl Default for BadChannelParams {
    fn default() -> Self {
        Self {
            method: BadChannelMethod::CoherencePsd,
            std_mad_threshold: 5.0,
            psd_hf_threshold: 0.02,
            dead_channel_threshold: -0.5,
            noisy_channel_threshold: 1.0,
            outside_channel_threshold: -0.75,
            outside_channels_location: OutsideLocation::Top,
            n_neighbors: 11,
            nyquist_threshold: 0.8,
            chunk_duration_s: 0.3,
            num_random_chunks: 100,
            welch_window_ms: 10.0,
            highpass_filter_cutoff: 300.0,
            neighborhood_r2_threshold: 0.9,
            neighborhood_r2_radius_um: 30.0,
            seed: 0,
        }
    }
}

/// Judges each channel from random chunks; a recording that is not filtered is high-passed for it.
///
/// # Errors
/// Where `coherence+psd` lacks gains or a probe, `neighborhood_r2` lacks a probe, it is cancelled, or the
/// data cannot be read.
pub fn detect_bad_channels(
    recording: &Recording,
    params: &BadChannelParams,
    monitor: &dyn Monitor,
) -> Result<Vec<ChannelLabel>, EngineError> {
    let info = recording.info();
    let filtered = if info.is_filtered {
        recording.clone()
    } else {
        let band = Band::Highpass(params.highpass_filter_cutoff);
        let sections = design(Family::Butterworth, 5, band, info.sampling_frequency)?;
        recording
            .with_stage(Stage::Filter { sections, marks_filtered: true })
            .map_err(|e| EngineError::Data(e.0))?
    };
    let chain = compile(&filtered)?;
    let chunks = Chunks {
        num_chunks_per_segment: params.num_random_chunks,
        chunk_size: (params.chunk_duration_s * info.sampling_frequency) as usize,
        seed: params.seed,
    };
    match params.method {
        BadChannelMethod::CoherencePsd => by_coherence(&chain, params, &chunks, monitor),
        BadChannelMethod::Std | BadChannelMethod::Mad => by_deviation(&chain, params, &chunks, monitor),
        BadChannelMethod::NeighborhoodR2 => by_neighbors(&chain, params, &chunks, monitor),
    }
}

fn by_coherence(
    chain: &Chain,
    params: &BadChannelParams,
    chunks: &Chunks,
    monitor: &dyn Monitor,
) -> Result<Vec<ChannelLabel>, EngineError> {
    let info = chain.info();
    let gains = info.gain_to_uv.as_ref().ok_or_else(|| {
        let words = "coherence+psd judges channels in µV, and the recording's gain is unknown. Give gain_to_uv, or choose another method.";
        let another = Remedy::Set { field: "method".into(), value: "mad".into() };
        EngineError::Mendable(Notice::from(words).mended_by(another))
    })?;
    let positions = positions(info, "coherence+psd")?;
    let mut order: Vec<usize> = (0..positions.len()).collect();
    order.sort_by(|&a, &b| {
        positions[a][1].total_cmp(&positions[b][1]).then(positions[a][0].total_cmp(&positions[b][0]))
    });
    let jobs = random_chunks(info, chunks)?;
    let labels = map_spans(chain, &jobs, 0, monitor, |block, _| {
        Ok(coherence_labels(block, &order, gains, info.sampling_frequency, params))
    })?;
    let mut result = vec![ChannelLabel::Good; order.len()];
    for (place, &channel) in order.iter().enumerate() {
        // The most frequent one, the first of those equally frequent.
        let mut counts = [0usize; 4];
        for chunk in &labels {
            counts[chunk[place] as usize] += 1;
        }
        let most = counts.iter().copied().max().unwrap_or(0);
        let all = [ChannelLabel::Good, ChannelLabel::Dead, ChannelLabel::Noise, ChannelLabel::Out];
        result[channel] = all.into_iter().find(|&l| counts[l as usize] == most).unwrap_or(ChannelLabel::Good);
    }
    Ok(result)
}

fn by_deviation(
    chain: &Chain,
    params: &BadChannelParams,
    chunks: &Chunks,
    monitor: &dyn Monitor,
) -> Result<Vec<ChannelLabel>, EngineError> {
    let blocks = read_chunks(chain, &random_chunks(chain.info(), chunks)?, monitor)?;
    let mut buffer = Vec::new();
    let deviations: Vec<f64> = (0..chain.num_channels())
        .map(|channel| {
            let samples: Vec<f32> = blocks.iter().flat_map(|b| b.channel(channel)).copied().collect();
            if params.method == BadChannelMethod::Mad {
                return f64::from(mad(&samples, &mut buffer));
            }
            let n = samples.len() as f64;
            let mean = samples.iter().map(|&v| f64::from(v)).sum::<f64>() / n;
            (samples.iter().map(|&v| (f64::from(v) - mean).powi(2)).sum::<f64>() / n).sqrt()
        })
        .collect();
    let limit = params.std_mad_threshold * median_f64(&mut deviations.clone());
    let label = |&deviation: &f64| match () {
        // SpikeInterface takes a channel that holds one value for a good one.
        () if deviation == 0.0 => ChannelLabel::Dead,
        () if deviation > limit => ChannelLabel::Noise,
        () => ChannelLabel::Good,
    };
    Ok(deviations.iter().map(label).collect())
}

fn by_neighbors(
    chain: &Chain,
    params: &BadChannelParams,
    chunks: &Chunks,
    monitor: &dyn Monitor,
) -> Result<Vec<ChannelLabel>, EngineError> {
    let positions = positions(chain.info(), "neighborhood_r2")?;
    let n = positions.len();
    let neighbors: Vec<Vec<usize>> = (0..n)
        .map(|a| {
            (0..n)
                .filter(|&b| {
                    let [dx, dy] = [0, 1].map(|i| positions[a][i] - positions[b][i]);
                    a != b && dx.hypot(dy) < params.neighborhood_r2_radius_um
                })
                .collect()
        })
        .collect();
    if neighbors.iter().any(Vec::is_empty) {
        let words = format!(
            "some channels have no neighbour within {} µm and are not judged; raise neighborhood_r2_radius_um",
            params.neighborhood_r2_radius_um
        );
        monitor.warn(&Notice::from(words).mended_by(Remedy::Raise("neighborhood_r2_radius_um".into())));
    }
    let jobs = random_chunks(chain.info(), chunks)?;
    let correlations =
        map_spans(chain, &jobs, 0, monitor, |block, _| Ok(neighbor_correlations(block, &neighbors)))?;
    Ok((0..n)
        .map(|channel| {
            let mut values: Vec<f64> = correlations.iter().map(|chunk| chunk[channel]).collect();
            let judged = !neighbors[channel].is_empty();
            if judged && median_f64(&mut values).powi(2) < params.neighborhood_r2_threshold {
                ChannelLabel::Noise
            } else {
                ChannelLabel::Good
            }
        })
        .collect())
}

fn positions(info: &RecordingInfo, method: &str) -> Result<Vec<[f64; 2]>, EngineError> {
    info.locations_um().ok_or_else(|| {
        EngineError::Data(format!(
            "{method} needs to know where channels are. Attach a probe, or choose the method std or mad."
        ))
    })
}

/// Weights `(output, input)` that keep good channels and fill in bad ones from good ones nearby.
///
/// A good channel at distance d has weight `exp(-(d / sigma_um)^p)`, small ones are dropped and the rest
/// brought to a sum of one. `sigma_um` `None`: the most common distance between rows of contacts. A bad
/// channel without a good one near becomes zero.
///
/// # Errors
/// Where the recording has no probe or a channel does not exist.
pub fn interpolation_weights(
    info: &RecordingInfo,
    bad: &[usize],
    sigma_um: Option<f64>,
    p: f64,
) -> Result<Array2<f64>, EngineError> {
    /// Weights below this are dropped.
    const LEAST: f64 = 0.005;
    let positions = info.locations_um().ok_or_else(|| {
        EngineError::Data(
            "interpolation needs to know where channels are. Attach a probe, or remove the bad channels."
                .into(),
        )
    })?;
    let n = positions.len();
    if let Some(missing) = bad.iter().find(|&&c| c >= n) {
        return Err(EngineError::Data(format!("bad channel index {missing} on a recording of {n} channels")));
    }
    let sigma_um = sigma_um.unwrap_or_else(|| row_distance(&positions));
    let mut weights = Array2::eye(n);
    for &channel in bad {
        let mut row = vec![0.0; n];
        for other in (0..n).filter(|c| !bad.contains(c)) {
            let [dx, dy] = [0, 1].map(|i| positions[channel][i] - positions[other][i]);
            let weight = (-(dx.hypot(dy) / sigma_um).powf(p)).exp();
            row[other] = if weight < LEAST { 0.0 } else { weight };
        }
        let sum: f64 = row.iter().sum();
        for (other, weight) in row.into_iter().enumerate() {
            let weight = weight / sum;
            weights[[channel, other]] = if weight >= LEAST { weight } else { 0.0 };
        }
    }
    Ok(weights)
}

/// The most common step in depth between contacts, the smallest of those equally common.
fn row_distance(positions: &[[f64; 2]]) -> f64 {
    let mut depths: Vec<f64> = positions.iter().map(|p| p[1]).collect();
    depths.sort_by(f64::total_cmp);
    depths.dedup();
    let mut steps: Vec<f64> = depths.windows(2).map(|w| w[1] - w[0]).collect();
    steps.sort_by(f64::total_cmp);
    let mut best = (0, 20.0);
    for chunk in steps.chunk_by(|a, b| a == b) {
        if chunk.len() > best.0 {
            best = (chunk.len(), chunk[0]);
        }
    }
    best.1
}
