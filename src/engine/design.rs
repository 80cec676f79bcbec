//! Design of Butterworth and Bessel filters and of notches as second-order sections, in double precision.
//!
//! # Source
//! The classical way: an analog prototype, moved in frequency, through the bilinear transform, its poles and
//! zeros paired nearest first. Numbers equal `scipy.signal.iirfilter(..., output="sos")` and
//! `scipy.signal.iirnotch` but for rounding.

use super::EngineError;
use crate::data::{Notice, Remedy};
use realfft::num_complex::Complex64;
use std::f64::consts::PI;

/// The shape of a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Flattest in the pass band.
    Butterworth,
    /// Least ringing; cut-off where the phase is half-way (scipy's `norm="phase"`).
    Bessel,
}

/// What passes, with cut-off frequencies in Hz.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Band {
    /// Everything below.
    Lowpass(f64),
    /// Everything above.
    Highpass(f64),
    /// Everything between.
    Bandpass(f64, f64),
}

/// Highest order that is designed.
pub const MAX_ORDER: usize = 20;

/// Sections `[b0, b1, b2, 1, a1, a2]` of a filter for `sampling_frequency` Hz.
///
/// # Errors
/// Where the order is not 1 to [`MAX_ORDER`], or a frequency is not between 0 and half the sampling frequency.
pub fn design(
    family: Family,
    order: usize,
    band: Band,
    sampling_frequency: f64,
) -> Result<Vec<[f64; 6]>, EngineError> {
    if !(1..=MAX_ORDER).contains(&order) {
        return Err(EngineError::Data(format!("filter_order is {order}: choose 1 to {MAX_ORDER}")));
    }
    let warp = |frequency: f64, name: &str| {
        if frequency > 0.0 && frequency < sampling_frequency / 2.0 {
            Ok(4.0 * (PI * frequency / sampling_frequency).tan())
        } else {
            Err(EngineError::Data(format!(
                "{name} is {frequency} Hz: choose more than 0 and less than {} Hz, half the sampling frequency",
                sampling_frequency / 2.0
            )))
        }
    };
    let prototype = Zpk { zeros: Vec::new(), poles: prototype_poles(family, order), gain: 1.0 };
    let analog = match band {
        Band::Lowpass(frequency) => lowpass(prototype, warp(frequency, "freq_max")?),
        Band::Highpass(frequency) => highpass(prototype, warp(frequency, "freq_min")?),
        Band::Bandpass(low, high) => {
            let (low_warped, high_warped) = (warp(low, "freq_min")?, warp(high, "freq_max")?);
            if low >= high {
                let words =
                    format!("freq_min is {low} Hz and freq_max {high} Hz: freq_min must be the lower one");
                let reset = ["freq_min", "freq_max"].map(|field| Remedy::Reset(field.into()));
                return Err(EngineError::Mendable(Notice { words, remedies: reset.to_vec() }));
            }
            bandpass(prototype, low_warped, high_warped)
        }
    };
    Ok(sections(bilinear(analog)))
}

/// A notch of quality `q` (frequency over width at -3 dB) as a single section.
///
/// # Errors
/// Where the frequency is not between 0 and half the sampling frequency, or `q` not positive.
pub fn notch(frequency: f64, q: f64, sampling_frequency: f64) -> Result<Vec<[f64; 6]>, EngineError> {
    if !(frequency > 0.0 && frequency < sampling_frequency / 2.0) {
        return Err(EngineError::Data(format!(
            "freq is {frequency} Hz: choose more than 0 and less than {} Hz, half the sampling frequency",
            sampling_frequency / 2.0
        )));
    }
    if !(q > 0.0 && q.is_finite()) {
        return Err(EngineError::Data(format!("q is {q}: choose a positive number such as 30")));
    }
    let angle = 2.0 * PI * frequency / sampling_frequency;
    let gain = 1.0 / (1.0 + (angle / q / 2.0).tan());
    let middle = -2.0 * angle.cos();
    Ok(vec![[gain, gain * middle, gain, 1.0, gain * middle, 2.0 * gain - 1.0]])
}

/// Zeros, poles and gain.
struct Zpk {
    zeros: Vec<Complex64>,
    poles: Vec<Complex64>,
    gain: f64,
}

fn prototype_poles(family: Family, order: usize) -> Vec<Complex64> {
    let n = order as f64;
    match family {
        Family::Butterworth => (0..order)
            .map(|k| {
                let m = 2.0 * k as f64 + 1.0 - n;
                // The pole of an odd order is real, not almost real.
                if m == 0.0 {
                    Complex64::new(-1.0, 0.0)
                } else {
                    -Complex64::from_polar(1.0, PI * m / (2.0 * n))
                }
            })
            .collect(),
        Family::Bessel => {
            // The poles' product is brought to one; (2n)! / (2^n n!) = 1 * 3 * 5 ... (2n - 1).
            let product: f64 = (1..=order).map(|k| (2 * k - 1) as f64).product();
            let scale = product.powf(-1.0 / n);
            bessel_roots(order).into_iter().map(|root| root * scale).collect()
        }
    }
}

/// Roots of the reverse Bessel polynomial, all at once by Aberth's iteration.
fn bessel_roots(order: usize) -> Vec<Complex64> {
    let n = order as f64;
    let mut roots: Vec<Complex64> =
        (0..order).map(|k| Complex64::from_polar(0.9 * n, PI * (0.5 + (k as f64 + 0.5) / n))).collect();
    for _ in 0..200 {
        let mut moved = 0.0f64;
        for i in 0..order {
            let (value, slope) = reverse_bessel(order, roots[i]);
            if value.norm() == 0.0 {
                continue;
            }
            let newton = value / slope;
            let others: Complex64 = (0..order).filter(|&j| j != i).map(|j| (roots[i] - roots[j]).inv()).sum();
            let step = newton / (1.0 - newton * others);
            roots[i] -= step;
            moved = moved.max(step.norm() / roots[i].norm());
        }
        if moved < 1e-15 {
            break;
        }
    }
    // Roots come in exact pairs.
    roots.sort_by(|a, b| a.im.total_cmp(&b.im));
    for i in 0..order / 2 {
        let mean = (roots[i] + roots[order - 1 - i].conj()) / 2.0;
        roots[i] = mean;
        roots[order - 1 - i] = mean.conj();
    }
    if order % 2 == 1 {
        roots[order / 2].im = 0.0;
    }
    roots
}

/// The reverse Bessel polynomial and its slope by its recurrence.
fn reverse_bessel(order: usize, s: Complex64) -> (Complex64, Complex64) {
    let one = Complex64::new(1.0, 0.0);
    let (mut before, mut before_slope) = (one, Complex64::ZERO);
    let (mut value, mut slope) = (s + 1.0, one);
    for n in 2..=order {
        let factor = (2 * n - 1) as f64;
        let next = value * factor + s * s * before;
        let next_slope = slope * factor + s * s * before_slope + 2.0 * s * before;
        (before, before_slope) = (value, slope);
        (value, slope) = (next, next_slope);
    }
    (value, slope)
}

fn lowpass(zpk: Zpk, frequency: f64) -> Zpk {
    let degree = zpk.poles.len() as i32;
    Zpk {
        poles: zpk.poles.into_iter().map(|p| p * frequency).collect(),
        gain: zpk.gain * frequency.powi(degree),
        ..zpk
    }
}

fn highpass(zpk: Zpk, frequency: f64) -> Zpk {
    let product: Complex64 = zpk.poles.iter().map(|p| -p).product();
    Zpk {
        zeros: vec![Complex64::ZERO; zpk.poles.len()],
        gain: zpk.gain * product.inv().re,
        poles: zpk.poles.into_iter().map(|p| frequency / p).collect(),
    }
}

fn bandpass(zpk: Zpk, low: f64, high: f64) -> Zpk {
    let width = high - low;
    let center_squared = low * high;
    let degree = zpk.poles.len();
    let halves: Vec<Complex64> = zpk.poles.iter().map(|p| p * width / 2.0).collect();
    let root = |p: &Complex64| (p * p - center_squared).sqrt();
    let poles = halves.iter().map(|p| p + root(p)).chain(halves.iter().map(|p| p - root(p))).collect();
    Zpk { zeros: vec![Complex64::ZERO; degree], poles, gain: zpk.gain * width.powi(degree as i32) }
}

/// From the analog to the digital plane, at a sampling frequency of 2.
fn bilinear(zpk: Zpk) -> Zpk {
    let map = |s: &Complex64| (4.0 + s) / (4.0 - s);
    let over: Complex64 = zpk.zeros.iter().map(|z| 4.0 - z).product();
    let under: Complex64 = zpk.poles.iter().map(|p| 4.0 - p).product();
    let mut zeros: Vec<Complex64> = zpk.zeros.iter().map(map).collect();
    zeros.resize(zpk.poles.len(), Complex64::new(-1.0, 0.0));
    Zpk { zeros, poles: zpk.poles.iter().map(map).collect(), gain: zpk.gain * (over / under).re }
}

/// One of each pair, then the real ones, as they are paired into sections.
fn one_of_each(values: &[Complex64]) -> Vec<Complex64> {
    let is_real = |v: &Complex64| v.im.abs() <= 100.0 * f64::EPSILON * v.norm();
    let order = |a: &Complex64, b: &Complex64| a.re.total_cmp(&b.re).then(a.im.total_cmp(&b.im));
    let mut pairs: Vec<Complex64> = values.iter().copied().filter(|v| !is_real(v) && v.im > 0.0).collect();
    let mut reals: Vec<Complex64> =
        values.iter().filter(|v| is_real(v)).map(|v| Complex64::new(v.re, 0.0)).collect();
    pairs.sort_by(order);
    reals.sort_by(order);
    pairs.extend(reals);
    pairs
}

/// Pairs the pole nearest the unit circle with the zero nearest to it, and so on; the worst come last.
fn sections(mut zpk: Zpk) -> Vec<[f64; 6]> {
    if zpk.poles.len() % 2 == 1 {
        zpk.poles.push(Complex64::ZERO);
        zpk.zeros.push(Complex64::ZERO);
    }
    let count = zpk.poles.len() / 2;
    let mut zeros = one_of_each(&zpk.zeros);
    let mut poles = one_of_each(&zpk.poles);
    let real = |v: &Complex64| v.im == 0.0;
    let mut out = Vec::with_capacity(count);
    for _ in 0..count {
        let Some(first) = worst(&poles, |_| true) else { break };
        let p1 = poles.remove(first);
        let (p2, pair_left) = if real(&p1) {
            let second = worst(&poles, real).map(|i| poles.remove(i));
            (second.unwrap_or(Complex64::ZERO), false)
        } else {
            let lone = poles.len() + 1 == zeros.len()
                && poles.iter().filter(|p| real(p)).count() == 1
                && zeros.iter().filter(|z| real(z)).count() == 1;
            (p1.conj(), lone)
        };
        // With one real pole and one real zero left, they must stay for each other.
        let z1 = nearest(&zeros, p1, |z| !pair_left || !real(z)).map(|i| zeros.remove(i));
        let z1 = z1.unwrap_or(Complex64::ZERO);
        let z2 = if real(&z1) {
            nearest(&zeros, p1, real).map_or(Complex64::ZERO, |i| zeros.remove(i))
        } else {
            z1.conj()
        };
        out.push([1.0, -(z1 + z2).re, (z1 * z2).re, 1.0, -(p1 + p2).re, (p1 * p2).re]);
    }
    out.reverse();
    if let Some(section) = out.first_mut() {
        for b in &mut section[..3] {
            *b *= zpk.gain;
        }
    }
    out
}

fn worst(poles: &[Complex64], allowed: impl Fn(&Complex64) -> bool) -> Option<usize> {
    smallest(poles, allowed, |p| (1.0 - p.norm()).abs())
}

fn nearest(zeros: &[Complex64], to: Complex64, allowed: impl Fn(&Complex64) -> bool) -> Option<usize> {
    smallest(zeros, allowed, |z| (z - to).norm())
}

fn smallest(
    values: &[Complex64],
    allowed: impl Fn(&Complex64) -> bool,
    key: impl Fn(&Complex64) -> f64,
) -> Option<usize> {
    values
        .iter()
        .enumerate()
        .filter(|(_, v)| allowed(v))
        .min_by(|(_, a), (_, b)| key(a).total_cmp(&key(b)))
        .map(|(index, _)| index)
}
