//! What one chunk of data says about its channels, see [`bad_channels`](super::bad_channels).

use super::{
    bad_channels::{BadChannelParams, ChannelLabel, OutsideLocation},
    block::Block,
    select::{median, median_f64},
};
use realfft::RealFftPlanner;
use std::f64::consts::PI;

/// Labels in the order of depth.
pub(super) fn coherence_labels(
    block: &Block,
    order: &[usize],
    gains: &[f64],
    sampling_frequency: f64,
    params: &BadChannelParams,
) -> Vec<ChannelLabel> {
    let frames = block.num_frames();
    let traces: Vec<Vec<f32>> = order
        .iter()
        .map(|&channel| {
            let gain = gains[channel] as f32;
            let samples: Vec<f32> = block.channel(channel).iter().map(|v| v * gain).collect();
            let mean = (samples.iter().map(|&v| f64::from(v)).sum::<f64>() / frames as f64) as f32;
            samples.into_iter().map(|v| v - mean).collect()
        })
        .collect();
    let window = (params.welch_window_ms * sampling_frequency / 1000.0) as usize;
    let power = high_frequency_power(&traces, sampling_frequency, window, params.nyquist_threshold);

    let mut row = vec![0.0; traces.len()];
    let mut reference: Vec<f64> = (0..frames)
        .map(|frame| {
            for (v, trace) in row.iter_mut().zip(&traces) {
                *v = trace[frame];
            }
            f64::from(median(&mut row))
        })
        .collect();
    let mean = reference.iter().sum::<f64>() / frames as f64;
    reference.iter_mut().for_each(|v| *v -= mean);
    let energy: f64 = reference.iter().map(|v| v * v).sum();
    let likeness: Vec<f64> = traces
        .iter()
        .map(|trace| trace.iter().zip(&reference).map(|(&a, b)| f64::from(a) * b).sum::<f64>() / energy)
        .collect();
    let trend = shrinking_median(&likeness, params.n_neighbors);

    let mut labels: Vec<ChannelLabel> = (0..traces.len())
        .map(|c| {
            let apart = likeness[c] - trend[c];
            if power[c] > params.psd_hf_threshold || apart > params.noisy_channel_threshold {
                ChannelLabel::Noise
            } else if apart < params.dead_channel_threshold {
                ChannelLabel::Dead
            } else {
                ChannelLabel::Good
            }
        })
        .collect();
    let outside = |c: &usize| trend[*c] < params.outside_channel_threshold + 1.0;
    if params.outside_channels_location != OutsideLocation::Bottom {
        for c in (0..labels.len()).rev().take_while(outside) {
            labels[c] = ChannelLabel::Out;
        }
    }
    if params.outside_channels_location != OutsideLocation::Top {
        for c in (0..labels.len()).take_while(outside) {
            labels[c] = ChannelLabel::Out;
        }
    }
    labels
}

/// Median over a window that is cut short at the ends.
fn shrinking_median(values: &[f64], size: usize) -> Vec<f64> {
    let half = size / 2;
    (0..values.len())
        .map(|i| median_f64(&mut values[i.saturating_sub(half)..(i + half + 1).min(values.len())].to_vec()))
        .collect()
}

/// Mean power density above a part of half the sampling frequency, by Welch's method: Hann windows that
/// overlap by half, the mean of each removed.
fn high_frequency_power(
    traces: &[Vec<f32>],
    sampling_frequency: f64,
    window: usize,
    nyquist_threshold: f64,
) -> Vec<f64> {
    let frames = traces.first().map_or(0, Vec::len);
    let length = window.clamp(2, frames.max(2));
    let hann: Vec<f64> =
        (0..length).map(|i| 0.5 - 0.5 * (2.0 * PI * i as f64 / length as f64).cos()).collect();
    let scale = 1.0 / (sampling_frequency * hann.iter().map(|w| w * w).sum::<f64>());
    let from = sampling_frequency / 2.0 * nyquist_threshold;
    let bins: Vec<(usize, f64)> = (0..=length / 2)
        .filter(|&k| k as f64 * sampling_frequency / length as f64 > from)
        .map(|k| (k, if k == 0 || 2 * k == length { scale } else { 2.0 * scale }))
        .collect();
    let transform = RealFftPlanner::<f32>::new().plan_fft_forward(length);
    let (mut input, mut output) = (transform.make_input_vec(), transform.make_output_vec());
    let mut scratch = transform.make_scratch_vec();
    traces
        .iter()
        .map(|trace| {
            let mut sum = 0.0;
            let mut count = 0;
            let mut first = 0;
            while first + length <= trace.len() {
                let part = &trace[first..first + length];
                let mean = part.iter().map(|&v| f64::from(v)).sum::<f64>() / length as f64;
                for ((to, &v), w) in input.iter_mut().zip(part).zip(&hann) {
                    *to = ((f64::from(v) - mean) * w) as f32;
                }
                // Lengths are the plan's own, the only thing it checks.
                if transform.process_with_scratch(&mut input, &mut output, &mut scratch).is_ok() {
                    sum += bins.iter().map(|&(k, s)| s * f64::from(output[k].norm_sqr())).sum::<f64>();
                    count += 1;
                }
                first += length - length / 2;
            }
            sum / (count.max(1) * bins.len().max(1)) as f64
        })
        .collect()
}

/// Correlation of each channel with the median of its neighbours, 0 without any.
pub(super) fn neighbor_correlations(block: &Block, neighbors: &[Vec<usize>]) -> Vec<f64> {
    let mut buffer = Vec::new();
    let centered: Vec<Vec<f32>> = (0..block.num_channels())
        .map(|c| {
            buffer.clear();
            buffer.extend_from_slice(block.channel(c));
            let center = median(&mut buffer);
            block.channel(c).iter().map(|v| v - center).collect()
        })
        .collect();
    neighbors
        .iter()
        .zip(&centered)
        .map(|(set, own)| {
            let (mut product, mut own_energy, mut energy) = (0.0, 0.0, 0.0);
            for (frame, &v) in own.iter().enumerate() {
                buffer.clear();
                buffer.extend(set.iter().map(|&c| centered[c][frame]));
                let around = f64::from(median(&mut buffer));
                let v = f64::from(v);
                product += v * around;
                own_energy += v * v;
                energy += around * around;
            }
            let size = (own_energy * energy).sqrt();
            if size == 0.0 { 0.0 } else { product / size }
        })
        .collect()
}
