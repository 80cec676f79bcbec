//! Whitening: a matrix that makes the noise of channels uncorrelated and of unit variance.

use super::{
    EngineError, Monitor,
    block::Block,
    chain::{Chain, Job, map_spans},
    eigen::symmetric_eigen,
    noise::{Chunks, median_and_mad, random_chunks},
    passes::survey_spans,
    select::{is_usual, median, usual_level},
};
use crate::data::{RecordingInfo, Stage};
use ndarray::{Array2, linalg::general_mat_mul, s};
use std::{ops::Range, sync::Arc};

/// Which channels are whitened with which.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum WhitenMode {
    /// All with all.
    Global,
    /// Each with those up to this far away, in µm.
    Radius(f64),
    /// Each with this many nearest, itself among them.
    Nearest(usize),
}

impl WhitenMode {
    /// By radius where there is a probe, else all with all.
    pub fn fitting(info: &RecordingInfo, radius_um: f64) -> Self {
        if info.probe.is_some() { WhitenMode::Radius(radius_um) } else { WhitenMode::Global }
    }
}

/// Settings of [`whitening`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WhitenParams {
    /// Which channels are whitened with which.
    pub mode: WhitenMode,
    /// Subtract the mean of each channel first.
    pub apply_mean: bool,
    /// Added to the variances along the axes before they are inverted; `None`: as SpikeInterface chooses.
    pub eps: Option<f64>,
    /// Added too: this part of the mean variance of the channels that are whitened together, whatever their unit.
    pub eps_of_variance: f64,
    /// Channels of different groups are not whitened together, however near they are.
    pub groups_apart: bool,
    /// Part by which covariances between channels are reduced, 0 to 1.
    pub shrinkage: f64,
    /// Leave out samples beyond this many robust deviations: spikes are not noise.
    pub reject_beyond: Option<f64>,
    /// The data it is estimated from: these chunks, or, where spikes are left out, as much data in whole spans that are
    /// spread evenly, which cost the least.
    pub chunks: Chunks,
}

impl WhitenParams {
    /// As SpikeInterface does it.
    pub fn plain(mode: WhitenMode, chunks: Chunks) -> Self {
        Self {
            mode,
            apply_mean: false,
            eps: None,
            eps_of_variance: 0.0,
            groups_apart: false,
            shrinkage: 0.0,
            reject_beyond: None,
            chunks,
        }
    }

    /// For sorting: groups apart, spikes left out of the estimate, a little shrinkage, and counts as good as volts.
    pub fn robust(mode: WhitenMode, chunks: Chunks) -> Self {
        Self {
            eps: Some(0.0),
            eps_of_variance: 1e-6,
            groups_apart: true,
            shrinkage: 1e-3,
            reject_beyond: Some(6.0),
            ..Self::plain(mode, chunks)
        }
    }
}

/// A fitted whitening.
#[derive(Clone, Debug, PartialEq)]
pub struct Whitening {
    /// `(output channels, input channels)`.
    pub matrix: Array2<f64>,
    /// What is subtracted before, where asked for.
    pub mean: Option<Vec<f64>>,
    /// The covariance it was computed from, in squared units of the recording; zero between channels too far apart to be
    /// whitened together.
    pub covariance: Array2<f64>,
}

impl Whitening {
    /// The stages that apply it.
    pub fn stages(&self) -> Vec<Stage> {
        let mut stages = Vec::new();
        if let Some(mean) = &self.mean {
            stages.push(Stage::Scale {
                gain: vec![1.0; mean.len()],
                offset: mean.iter().map(|m| -m).collect(),
                changes_uv: true,
            });
        }
        stages.push(Stage::LinearMap { weights: Arc::new(self.matrix.clone()), whitens: true });
        stages
    }
}

/// Estimates a whitening from random chunks.
///
/// # Errors
/// Where the mode is local and the recording has no probe, a channel is constant, it is cancelled, or the
/// data cannot be read.
///
/// # Source
/// Symmetric (ZCA) whitening as `spikeinterface.preprocessing.whiten` computes it, transposed: theirs
/// multiplies traces from the right. Leaving out spikes works on pairs of channels: a sample counts for a
/// pair where neither of the two is beyond the limit.
pub fn whitening(
    chain: &Chain,
    params: &WhitenParams,
    monitor: &dyn Monitor,
) -> Result<Whitening, EngineError> {
    let neighbors = neighbors(chain, params.mode, params.groups_apart)?;
    let n = chain.num_channels();
    let (chain, jobs) = if params.reject_beyond.is_some() {
        let chain = chain.sufficient();
        let Chunks { num_chunks_per_segment, chunk_size, .. } = params.chunks;
        let frames = (num_chunks_per_segment * chunk_size * chain.num_segments()) as f64;
        let spans = survey_spans(&chain, frames / chain.info().sampling_frequency);
        let jobs: Vec<Job> = spans
            .iter()
            .map(|span| Job { segment: span.segment, frames: chain.span_range(span.segment, span.span) })
            .collect();
        (chain, jobs)
    } else {
        (chain.clone(), random_chunks(chain.info(), &params.chunks)?)
    };
    let pairs = needed_pairs(neighbors.as_deref(), n);
    let sums =
        map_spans(&chain, &jobs, 0, monitor, |block, _| Ok(Sums::of(block, params.reject_beyond, &pairs)))?;
    let mut total = Sums::zeros(n);
    let mut sizes = Vec::new();
    let usual: Vec<f32> = (0..n)
        .map(|c| usual_level(&sums.iter().filter_map(|s| s.levels.get(c).copied()).collect::<Vec<_>>()))
        .collect();
    for mut sum in sums {
        // Where a channel is silent or much louder than usual it tells nothing of the noise.
        for c in (0..sum.levels.len()).filter(|&c| !is_usual(sum.levels[c], usual[c])) {
            for sums in [&mut sum.products, &mut sum.counts] {
                sums.row_mut(c).fill(0.0);
                sums.column_mut(c).fill(0.0);
            }
            sum.firsts[c] = 0.0;
        }
        total.products += &sum.products;
        total.counts += &sum.counts;
        for (a, b) in total.firsts.iter_mut().zip(&sum.firsts) {
            *a += b;
        }
        sizes.extend(sum.sizes);
    }
    let mut mean = vec![0.0; n];
    if params.apply_mean {
        for (c, m) in mean.iter_mut().enumerate() {
            *m = total.firsts[c] / total.counts[[c, c]].max(1.0);
        }
    }
    let mut covariance = Array2::zeros((n, n));
    for i in 0..n {
        for j in 0..n {
            let value = total.products[[i, j]] / total.counts[[i, j]].max(1.0) - mean[i] * mean[j];
            covariance[[i, j]] = if i == j { value } else { (1.0 - params.shrinkage) * value };
        }
    }
    // Of a dead channel a common reference makes one that is silent most of the time.
    let is_dead = |c: usize| usual[c] <= 0.0 && usual.iter().any(|level| *level > 0.0);
    let constant =
        (0..n).find(|&c| covariance[[c, c]] <= 0.0 || !covariance[[c, c]].is_finite() || is_dead(c));
    if let Some(constant) = constant {
        return Err(EngineError::Data(format!(
            "channel {} is constant in the data that whitening is estimated from. Remove or interpolate bad channels before.",
            chain.info().channel_ids[constant]
        )));
    }
    // Small numbers (volts, say) would drown in a fixed eps.
    let eps = params.eps.unwrap_or_else(|| {
        let square = f64::from(median(&mut sizes)).powi(2);
        if square > 0.0 && square < 1.0 { (square * 1e-3).max(1e-16) } else { 1e-16 }
    });
    let matrix = match neighbors {
        None => inverse_root(&covariance, &(0..n).collect::<Vec<_>>(), eps, params.eps_of_variance)?,
        Some(neighbors) => {
            let mut matrix = Array2::zeros((n, n));
            for (channel, set) in neighbors.iter().enumerate() {
                let local = inverse_root(&covariance, set, eps, params.eps_of_variance)?;
                let own = set.iter().position(|&c| c == channel).unwrap_or(0);
                for (place, &other) in set.iter().enumerate() {
                    matrix[[channel, other]] = local[[own, place]];
                }
            }
            matrix
        }
    };
    Ok(Whitening { matrix, mean: params.apply_mean.then_some(mean), covariance })
}

/// Channels whitened together, for each channel, in ascending order; `None` for all.
fn neighbors(
    chain: &Chain,
    mode: WhitenMode,
    groups_apart: bool,
) -> Result<Option<Vec<Vec<usize>>>, EngineError> {
    let info = chain.info();
    let n = info.num_channels();
    let together = |a: usize, b: usize| !groups_apart || info.groups.get(a) == info.groups.get(b);
    if mode == WhitenMode::Global {
        let apart = (1..n).any(|c| !together(0, c));
        let group = |channel: usize| (0..n).filter(|&c| together(channel, c)).collect();
        return Ok(apart.then(|| (0..n).map(group).collect()));
    }
    let positions = info.locations_um().ok_or_else(|| {
        EngineError::Data(
            "local whitening needs to know where channels are. Attach a probe, or whiten globally.".into(),
        )
    })?;
    let distance =
        |a: usize, b: usize| (positions[a][0] - positions[b][0]).hypot(positions[a][1] - positions[b][1]);
    let near = |channel: usize| {
        let mut near: Vec<usize> = (0..n).filter(|&c| together(channel, c)).collect();
        match mode {
            WhitenMode::Global => {}
            WhitenMode::Radius(radius_um) => near.retain(|&c| distance(channel, c) <= radius_um),
            WhitenMode::Nearest(count) => {
                near.sort_by(|&a, &b| distance(channel, a).total_cmp(&distance(channel, b)).then(a.cmp(&b)));
                near.truncate(count.max(1));
                near.sort_unstable();
            }
        }
        near
    };
    Ok(Some((0..n).map(near).collect()))
}

/// Channels whose products are taken together.
const TOGETHER: usize = 16;

/// Of each few channels those they are whitened with, or that are whitened with the same channel, all from the first to
/// the last.
fn needed_pairs(neighbors: Option<&[Vec<usize>]>, n: usize) -> Vec<(Range<usize>, Range<usize>)> {
    let mut reach: Vec<Range<usize>> = (0..n).map(|c| c..c + 1).collect();
    match neighbors {
        None => reach.fill(0..n),
        Some(neighbors) => {
            for set in neighbors {
                let (Some(&first), Some(&last)) = (set.iter().min(), set.iter().max()) else { continue };
                for &channel in set {
                    let reach = &mut reach[channel];
                    *reach = reach.start.min(first)..reach.end.max(last + 1);
                }
            }
        }
    }
    (0..n)
        .step_by(TOGETHER)
        .map(|first| {
            let own = first..(first + TOGETHER).min(n);
            let reach = &reach[own.clone()];
            let start = reach.iter().map(|r| r.start).min().unwrap_or(0);
            let end = reach.iter().map(|r| r.end).max().unwrap_or(n);
            (own, start..end)
        })
        .collect()
}

/// Sums over samples of one chunk.
struct Sums {
    products: Array2<f64>,
    /// Samples that count, for each pair.
    counts: Array2<f64>,
    firsts: Vec<f64>,
    /// Noise of each channel, where spikes are left out.
    levels: Vec<f32>,
    /// Some absolute values, to know the scale of the data.
    sizes: Vec<f32>,
}

/// Samples that are multiplied at once in single precision; their sums are added up in double.
const GROUP: usize = 1024;

/// Of the absolute values one in this many is looked at.
const THIN: usize = 31;

impl Sums {
    fn zeros(n: usize) -> Self {
        Self {
            products: Array2::zeros((n, n)),
            counts: Array2::zeros((n, n)),
            firsts: vec![0.0; n],
            levels: Vec::new(),
            sizes: Vec::new(),
        }
    }

    fn of(block: &Block, reject_beyond: Option<f64>, pairs: &[(Range<usize>, Range<usize>)]) -> Self {
        let n = block.num_channels();
        let mut sums = Self::zeros(n);
        let mut buffer = Vec::new();
        let limits: Option<Vec<(f32, f32)>> = reject_beyond.map(|times| {
            (0..n)
                .map(|c| {
                    let samples = block.channel(c);
                    let (center, spread) = median_and_mad(samples.iter().copied(), &mut buffer);
                    sums.levels.push(spread / 0.674_489_75);
                    // Of a channel that is silent most of the time anything else would be a spike.
                    let limit =
                        if spread > 0.0 { times as f32 * (spread / 0.674_489_75) } else { f32::INFINITY };
                    (center, limit)
                })
                .collect()
        });
        let mut data = Array2::<f32>::zeros((n, GROUP));
        let mut mask = Array2::<f32>::ones((n, GROUP));
        let mut products = Array2::<f32>::zeros((TOGETHER, n));
        let mut add = |factors: &Array2<f32>, sums: &mut Array2<f64>| {
            for (own, others) in pairs {
                let mut products = products.slice_mut(s![..own.len(), ..others.len()]);
                let (own, others) = (own.clone(), others.clone());
                let rows = factors.slice(s![own.clone(), ..]);
                let columns = factors.slice(s![others.clone(), ..]);
                general_mat_mul(1.0, &rows, &columns.t(), 0.0, &mut products);
                sums.slice_mut(s![own, others]).zip_mut_with(&products, |a, &b| *a += f64::from(b));
            }
        };
        for first in (0..block.num_frames()).step_by(GROUP) {
            let count = GROUP.min(block.num_frames() - first);
            if count < GROUP {
                data.fill(0.0);
                mask.fill(0.0);
            }
            for c in 0..n {
                let samples = &block.channel(c)[first..first + count];
                for (t, &v) in samples.iter().enumerate() {
                    let counts = match &limits {
                        Some(limits) => (v - limits[c].0).abs() <= limits[c].1,
                        None => true,
                    };
                    data[[c, t]] = if counts { v } else { 0.0 };
                    mask[[c, t]] = f32::from(counts);
                }
                sums.firsts[c] += data.row(c).iter().map(|&v| f64::from(v)).sum::<f64>();
                sums.sizes.extend(samples.iter().skip(c % THIN).step_by(THIN).map(|v| v.abs()));
            }
            add(&data, &mut sums.products);
            if limits.is_some() {
                add(&mask, &mut sums.counts);
            } else {
                sums.counts += count as f64;
            }
        }
        sums
    }
}

/// `E (|D| + eps)^(-1/2) E'` of the covariance of some channels.
fn inverse_root(
    covariance: &Array2<f64>,
    channels: &[usize],
    eps: f64,
    eps_of_variance: f64,
) -> Result<Array2<f64>, EngineError> {
    let n = channels.len();
    let mean = channels.iter().map(|&c| covariance[[c, c]]).sum::<f64>() / n.max(1) as f64;
    let eps = eps + eps_of_variance * mean;
    let local = Array2::from_shape_fn((n, n), |(i, j)| covariance[[channels[i], channels[j]]]);
    if local.iter().any(|x| !x.is_finite()) {
        return Err(EngineError::Data(
            "the covariance of the channels is not finite. Remove bad channels before whitening.".into(),
        ));
    }
    // Rows are eigenvectors: E (D + ε)^(-1/2) Eᵀ = Vᵀ (D + ε)^(-1/2) V.
    let (values, vectors) = symmetric_eigen(&local);
    let scaled = Array2::from_shape_fn((n, n), |(i, j)| vectors[[i, j]] / (values[i].abs() + eps).sqrt());
    Ok(vectors.t().dot(&scaled))
}
