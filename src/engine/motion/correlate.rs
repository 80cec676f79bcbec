//! How far one time bin lies from another: the peak of their normalised cross-correlation along depth.
//!
//! Weighted means and variances under the window are taken anew at every shift, as SpikeInterface's `normxcorr1d`
//! does; the sums of products come from Fourier transforms, each bin transformed once a window.

use super::raster::{Raster, Window};
use crate::engine::{EngineError, Monitor};
use rayon::prelude::*;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex, num_complex::Complex};
use std::{ops::Range, sync::Arc};

/// A comparison of two time bins.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// The bin that is looked for.
    pub from: u32,
    /// The bin it is looked for in.
    pub to: u32,
    /// Displacement of `from` minus that of `to`, in µm.
    pub displacement_um: f32,
    /// Correlation there, 1 at most.
    pub correlation: f32,
}

/// Rows whose transforms are held at once, besides those they are compared with.
const BLOCK: usize = 512;

/// All comparisons of one window; `partners(i)` are the bins that bin `i` is looked for in, ascending.
///
/// # Errors
/// Where it is cancelled.
pub fn compare_bins(
    raster: &Raster,
    window: &Window,
    max_shift: usize,
    sub_bin: bool,
    partners: &(dyn Fn(usize) -> Vec<u32> + Sync),
    monitor: &dyn Monitor,
) -> Result<Vec<Comparison>, EngineError> {
    let count = raster.num_times();
    let plan = Plan::new(raster, window, max_shift);
    let mut found = Vec::new();
    for start in (0..count).step_by(BLOCK) {
        if monitor.cancelled() {
            return Err(EngineError::Cancelled);
        }
        let rows = start..(start + BLOCK).min(count);
        let wanted: Vec<Vec<u32>> = rows.clone().into_par_iter().map(partners).collect();
        let first = wanted.iter().filter_map(|list| list.first()).min().copied().unwrap_or(0) as usize;
        let last = wanted.iter().filter_map(|list| list.last()).max().map_or(0, |&j| j as usize + 1);
        let images: Vec<Image> = (first..last.max(first))
            .into_par_iter()
            .map_init(|| plan.scratch(), |s, j| plan.image(j, s))
            .collect();
        let parts: Vec<Vec<Comparison>> = rows
            .into_par_iter()
            .zip(wanted)
            .map_init(
                || plan.scratch(),
                |scratch, (i, partners)| {
                    let template = plan.template(i, scratch);
                    let compare = |&j: &u32| {
                        let (shift, correlation) =
                            plan.best(&template, &images[j as usize - first], sub_bin, scratch);
                        Comparison {
                            from: i as u32,
                            to: j,
                            displacement_um: (-shift * raster.bin_um) as f32,
                            correlation,
                        }
                    };
                    partners.iter().map(compare).collect()
                },
            )
            .collect();
        found.extend(parts.into_iter().flatten());
    }
    Ok(found)
}

/// What all comparisons of a window share.
struct Plan<'a> {
    raster: &'a Raster,
    window: &'a Window,
    /// Depth bins that are searched.
    searched: Range<usize>,
    /// Empty bins on either side of those.
    padding: usize,
    /// Shifts tried.
    num_shifts: usize,
    /// The one that is no shift.
    center: usize,
    forward: Arc<dyn RealToComplex<f32>>,
    backward: Arc<dyn ComplexToReal<f32>>,
    /// Sum of the weights over searched bins at each shift; zero where the window sees none.
    total: Vec<f64>,
    /// Transform of the weights, conjugated.
    weights: Vec<Complex<f32>>,
}

/// Buffers of a worker.
struct Scratch {
    real: Vec<f32>,
    complex: Vec<Complex<f32>>,
    forward: Vec<Complex<f32>>,
    backward: Vec<Complex<f32>>,
}

/// A time bin as it is looked for.
struct Template {
    /// Conjugated transform of the weighted bin.
    spectrum: Vec<Complex<f32>>,
    /// Weighted mean at each shift.
    mean: Vec<f32>,
    /// One over the weighted standard deviation.
    scale: Vec<f32>,
}

/// A time bin as it is searched.
struct Image {
    spectrum: Vec<Complex<f32>>,
    mean: Vec<f32>,
    scale: Vec<f32>,
}

impl<'a> Plan<'a> {
    fn new(raster: &'a Raster, window: &'a Window, max_shift: usize) -> Self {
        let (start, end) = (window.bins.start, window.bins.end);
        let low = start.saturating_sub(max_shift);
        let high = (end + max_shift).min(raster.num_depths);
        // As much on the longer side as on the shorter one: the search reaches at least `max_shift` both ways.
        let padding = (max_shift + low - start).max(end + max_shift - high);
        let width = high - low + 2 * padding;
        let num_shifts = width - (end - start) + 1;
        let size = good_size(width);
        let mut planner = RealFftPlanner::new();
        let mut plan = Self {
            raster,
            window,
            searched: low..high,
            padding,
            num_shifts,
            center: padding + start - low,
            forward: planner.plan_fft_forward(size),
            backward: planner.plan_fft_inverse(size),
            total: Vec::new(),
            weights: Vec::new(),
        };
        plan.total = plan.seen(window.weights.iter().copied());
        let mut scratch = plan.scratch();
        scratch.real[..window.weights.len()]
            .iter_mut()
            .zip(&window.weights)
            .for_each(|(to, w)| *to = *w as f32);
        plan.weights = plan.transform(&mut scratch).into_iter().map(|c| c.conj()).collect();
        plan
    }

    fn scratch(&self) -> Scratch {
        Scratch {
            real: vec![0.0; self.forward.len()],
            complex: self.backward.make_input_vec(),
            forward: self.forward.make_scratch_vec(),
            backward: self.backward.make_scratch_vec(),
        }
    }

    /// Transform of the real buffer, which is left empty.
    fn transform(&self, scratch: &mut Scratch) -> Vec<Complex<f32>> {
        let mut out = self.forward.make_output_vec();
        // The lengths are the plan's own.
        let done = self.forward.process_with_scratch(&mut scratch.real, &mut out, &mut scratch.forward);
        debug_assert!(done.is_ok());
        scratch.real.fill(0.0);
        out
    }

    /// The product of a conjugated template with an image at all shifts, in the real buffer, times the size.
    fn correlate(&self, template: &[Complex<f32>], image: &[Complex<f32>], scratch: &mut Scratch) {
        for ((out, a), b) in scratch.complex.iter_mut().zip(template).zip(image) {
            *out = a * b;
        }
        if let Some(first) = scratch.complex.first_mut() {
            first.im = 0.0;
        }
        if self.forward.len().is_multiple_of(2)
            && let Some(last) = scratch.complex.last_mut()
        {
            last.im = 0.0;
        }
        let done = self.backward.process_with_scratch(
            &mut scratch.complex,
            &mut scratch.real,
            &mut scratch.backward,
        );
        debug_assert!(done.is_ok());
    }

    /// Sum of values of the window that fall on searched bins, at each shift.
    fn seen(&self, values: impl Iterator<Item = f64>) -> Vec<f64> {
        let mut sums = vec![0.0];
        let mut sum = 0.0;
        for value in values {
            sum += value;
            sums.push(sum);
        }
        let length = sums.len() - 1;
        (0..self.num_shifts)
            .map(|shift| {
                let first = self.padding.saturating_sub(shift).min(length);
                let last = (self.padding + self.searched.len()).saturating_sub(shift).min(length);
                sums[last] - sums[first]
            })
            .collect()
    }

    fn scales(&self, mean: &[f64], square: impl Iterator<Item = f64>) -> (Vec<f32>, Vec<f32>) {
        let scale = mean.iter().zip(square).map(|(mean, square)| {
            let variance = square - mean * mean;
            if variance > 0.0 { (1.0 / variance.sqrt()) as f32 } else { 1.0 }
        });
        let scale = scale.collect();
        (mean.iter().map(|&m| m as f32).collect(), scale)
    }

    fn template(&self, time: usize, scratch: &mut Scratch) -> Template {
        let values = &self.raster.row(time)[self.window.bins.clone()];
        let weighted = || self.window.weights.iter().zip(values).map(|(w, &v)| w * f64::from(v));
        for (to, value) in scratch.real.iter_mut().zip(weighted()) {
            *to = value as f32;
        }
        let spectrum = self.transform(scratch).into_iter().map(|c| c.conj()).collect();
        let over = |sums: Vec<f64>| -> Vec<f64> {
            sums.iter().zip(&self.total).map(|(s, &n)| ratio(*s, n)).collect()
        };
        let mean = over(self.seen(weighted()));
        let square = over(self.seen(weighted().zip(values).map(|(w, &v)| w * f64::from(v))));
        let (mean, scale) = self.scales(&mean, square.into_iter());
        Template { spectrum, mean, scale }
    }

    fn image(&self, time: usize, scratch: &mut Scratch) -> Image {
        let values = &self.raster.row(time)[self.searched.clone()];
        let mut sums = |square: bool| -> (Vec<Complex<f32>>, Vec<f64>) {
            for (to, &v) in scratch.real[self.padding..].iter_mut().zip(values) {
                *to = if square { v * v } else { v };
            }
            let spectrum = self.transform(scratch);
            self.correlate(&self.weights, &spectrum, scratch);
            let size = self.forward.len() as f64;
            let sums = scratch.real[..self.num_shifts].iter().zip(&self.total);
            let sums = sums.map(|(&s, &n)| ratio(f64::from(s) / size, n)).collect();
            scratch.real.fill(0.0);
            (spectrum, sums)
        };
        let (spectrum, mean) = sums(false);
        let (_, square) = sums(true);
        let (mean, scale) = self.scales(&mean, square.into_iter());
        Image { spectrum, mean, scale }
    }

    /// The best shift, in bins upward from template to image, and the correlation there.
    fn best(&self, template: &Template, image: &Image, sub_bin: bool, scratch: &mut Scratch) -> (f64, f32) {
        self.correlate(&template.spectrum, &image.spectrum, scratch);
        let size = self.forward.len() as f64;
        for (shift, value) in scratch.real[..self.num_shifts].iter_mut().enumerate() {
            let product = ratio(f64::from(*value) / size, self.total[shift]) as f32;
            *value = if self.total[shift] > 0.0 {
                (product - template.mean[shift] * image.mean[shift])
                    * template.scale[shift]
                    * image.scale[shift]
            } else {
                0.0
            };
        }
        let values = &scratch.real[..self.num_shifts];
        let mut best = 0;
        for (shift, value) in values.iter().enumerate() {
            if *value > values[best] {
                best = shift;
            }
        }
        let height = values[best];
        let mut place = best as f64;
        if sub_bin && best > 0 && best + 1 < values.len() {
            let (a, b, c) = (f64::from(values[best - 1]), f64::from(height), f64::from(values[best + 1]));
            let curvature = a - 2.0 * b + c;
            if curvature < 0.0 {
                place += (0.5 * (a - c) / curvature).clamp(-0.5, 0.5);
            }
        }
        scratch.real.fill(0.0);
        (place - self.center as f64, height)
    }
}

fn ratio(sum: f64, total: f64) -> f64 {
    if total > 0.0 { sum / total } else { sum }
}

/// The next size that is quickly transformed: powers of two, three times those, five times those.
fn good_size(least: usize) -> usize {
    let least = least.max(2);
    let double = least.next_power_of_two();
    [(5, 8), (3, 4)]
        .into_iter()
        .map(|(a, b)| double * a / b)
        .find(|&n| n >= least && n % 2 == 0)
        .unwrap_or(double)
}
