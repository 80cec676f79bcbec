//! Motion from the agreement of pairs of time bins.
//!
//! # Source
//! DREDge (Windolf et al. 2023, bioRxiv 2023.10.24.563768; SpikeInterface `estimate_motion(method="dredge_ap")`, whose
//! formulas for raster, windows, correlation and weights are kept and tested against it). What differs: SpikeInterface
//! compares every bin with every other, `O(T²)` correlations, and solves dense systems, `O(T³)`, which ends at minutes;
//! here a bin is compared with all near ones and some far ones at growing distance ([`Pairs::Sparse`]), each bin is
//! transformed once, the peak of a correlation is found between bins, and the sparse system is solved by conjugate
//! gradients. [`Pairs::All`] without `sub_bin` gives SpikeInterface's numbers.

use super::{
    correlate::compare_bins,
    raster::{Event, Raster, RasterParams, Window, windows},
    solve::{Evidence, Priors, solve},
};
use crate::{
    data::{Axis, Motion, MotionSegment},
    engine::{EngineError, Monitor},
};
use ndarray::Array2;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Which time bins are compared with each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pairs {
    /// All near ones, and far ones at growing distance: cost grows with the length of the recording.
    #[default]
    Sparse,
    /// All with all within the horizon, as SpikeInterface: cost grows with its square.
    All,
}

/// Settings of [`dredge`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DredgeParams {
    /// The direction of the motion.
    pub axis: Axis,
    /// One motion for the whole probe.
    pub rigid: bool,
    /// Distance of the windows, in µm.
    pub win_step_um: f64,
    /// Width of a window (standard deviation), in µm.
    pub win_scale_um: f64,
    /// How far windows reach beyond the probe, in µm; half a width less than the probe where `None`.
    pub win_margin_um: Option<f64>,
    /// Width of a depth bin, in µm.
    pub bin_um: f64,
    /// Length of a time bin, in seconds.
    pub bin_s: f64,
    /// Largest displacement between two bins, in µm; a quarter of the window (of the probe if rigid) where `None`.
    pub max_disp_um: Option<f64>,
    /// Bins further apart than this are not compared, in seconds.
    pub time_horizon_s: f64,
    /// Which bins are compared.
    pub pairs: Pairs,
    /// Comparisons with a smaller correlation do not count.
    pub mincorr: f64,
    /// Bins with less than this in a window do not count there, in units of the amplitudes.
    pub weights_threshold: f64,
    /// Smoothing along depth, in µm.
    pub depth_smooth_um: f64,
    /// Smoothing along time, in seconds.
    pub time_smooth_s: f64,
    /// Strength of the prior that neighbouring times move alike.
    pub lambda_t: f64,
    /// Strength of the prior that neighbouring windows change alike.
    pub lambda_s: f64,
    /// Ridge.
    pub eps: f64,
    /// Find the peaks of correlations between depth bins.
    pub sub_bin: bool,
}

impl Default for DredgeParams {
    fn default() -> Self {
        Self {
            axis: Axis::Y,
            rigid: false,
            win_step_um: 400.0,
            win_scale_um: 400.0,
            win_margin_um: None,
            bin_um: 2.0,
            bin_s: 1.0,
            max_disp_um: None,
            time_horizon_s: 1000.0,
            pairs: Pairs::Sparse,
            mincorr: 0.1,
            weights_threshold: 0.2,
            depth_smooth_um: 1.0,
            time_smooth_s: 1.0,
            lambda_t: 1.0,
            lambda_s: 1.0,
            eps: 1e-3,
            sub_bin: true,
        }
    }
}

/// Sparse pairs: bins up to this far apart are all compared, in seconds.
const NEAR_S: f64 = 20.0;
/// Sparse pairs: partners beyond, at distances that grow by a constant factor up to the horizon.
const FAR_PARTNERS: usize = 40;

/// What is known of the recording whose motion is looked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Extent {
    /// First and last contact along the axis, in µm.
    pub contacts_um: Range<f64>,
    /// Time of the last frame of each segment from its first, in seconds.
    pub durations_s: Vec<f64>,
    /// Time of the first frame of each segment, in seconds.
    pub starts_s: Vec<f64>,
}

/// The motion of the tissue from spikes and their depths; `segments[i]` are those of segment `i`.
///
/// # Errors
/// Where it is cancelled, or the settings leave nothing to look at.
pub fn dredge(
    segments: &[Vec<Event>],
    extent: &Extent,
    params: &DredgeParams,
    monitor: &dyn Monitor,
) -> Result<Motion, EngineError> {
    let raster_params = RasterParams {
        bin_um: params.bin_um,
        bin_s: params.bin_s,
        depth_smooth_um: params.depth_smooth_um,
        time_smooth_s: params.time_smooth_s,
    };
    let raster = Raster::new(segments, &extent.durations_s, extent.contacts_um.clone(), &raster_params);
    let windows = windows(
        &raster.depths_um(),
        extent.contacts_um.clone(),
        params.rigid,
        params.win_step_um,
        params.win_scale_um,
        params.win_margin_um,
    );
    if windows.is_empty() || raster.num_times() == 0 {
        return Err(EngineError::Data(
            "motion cannot be estimated: the contacts lie at one depth, or the recording is shorter than a time bin"
                .into(),
        ));
    }
    let reach_um = match (params.max_disp_um, params.rigid) {
        (Some(most), _) => most,
        (None, true) => ((extent.contacts_um.end - extent.contacts_um.start) / 4.0).floor(),
        (None, false) => (params.win_scale_um / 4.0).floor(),
    };
    let max_shift = (reach_um / params.bin_um).floor().max(1.0) as usize;
    let horizon = (params.time_horizon_s / params.bin_s).floor().max(1.0) as usize;
    let partners = Partners::new(raster.num_times(), horizon, params);
    let mut evidence = Vec::with_capacity(windows.len());
    for (index, window) in windows.iter().enumerate() {
        monitor.progress(index as u64, windows.len() as u64);
        let activity = activity(&raster, window);
        let comparisons =
            compare_bins(&raster, window, max_shift, params.sub_bin, &|i| partners.of(i), monitor)?;
        evidence.push(weigh(comparisons, &activity, params));
    }
    let priors = Priors { time: params.lambda_t, space: params.lambda_s, ridge: params.eps };
    let displacement = solve(&evidence, raster.num_times(), &priors, monitor)?;
    monitor.progress(windows.len() as u64, windows.len() as u64);
    let confidence: Vec<Vec<f64>> = evidence.iter().map(|own| own.confidence(raster.num_times())).collect();
    let mut first = 0;
    let segments = raster
        .lengths
        .iter()
        .zip(&extent.starts_s)
        .map(|(&length, start)| {
            let shape = (length, windows.len());
            let part = |all: &[Vec<f64>]| Array2::from_shape_fn(shape, |(t, w)| all[w][first + t]);
            let (displacement_um, confidence) = (part(&displacement), Some(part(&confidence)));
            first += length;
            let temporal_bins_s = (0..length).map(|t| start + (t as f64 + 0.5) * params.bin_s).collect();
            MotionSegment { temporal_bins_s, displacement_um, confidence }
        })
        .collect();
    let spatial_bins_um = windows.iter().map(|w| w.center_um).collect();
    Ok(Motion { axis: params.axis, spatial_bins_um, segments })
}

/// What each time bin holds in a window.
fn activity(raster: &Raster, window: &Window) -> Vec<f64> {
    (0..raster.num_times())
        .map(|time| {
            let values = &raster.row(time)[window.bins.clone()];
            window.weights.iter().zip(values).map(|(w, &v)| w * f64::from(v)).sum()
        })
        .collect()
}

/// Weights of the comparisons: the square of the correlation, none for bins that hold too little.
fn weigh(
    comparisons: Vec<super::correlate::Comparison>,
    activity: &[f64],
    params: &DredgeParams,
) -> Evidence {
    let active: Vec<bool> = activity.iter().map(|a| *a >= params.weights_threshold).collect();
    let weights = comparisons
        .iter()
        .map(|pair| {
            let correlation = f64::from(pair.correlation);
            let counts =
                correlation >= params.mincorr && active[pair.from as usize] && active[pair.to as usize];
            if counts { correlation * correlation } else { 0.0 }
        })
        .collect();
    Evidence { comparisons, weights, active }
}

impl Evidence {
    /// Sum of the weights of the comparisons of each time bin with others.
    fn confidence(&self, num_times: usize) -> Vec<f64> {
        let mut sums = vec![0.0; num_times];
        for (pair, weight) in self.comparisons.iter().zip(&self.weights) {
            if pair.from != pair.to {
                sums[pair.from as usize] += weight;
                sums[pair.to as usize] += weight;
            }
        }
        sums
    }
}

/// Which bins each bin is compared with.
struct Partners {
    count: usize,
    horizon: usize,
    all: bool,
    /// Sparse: distances to later bins, ascending.
    steps: Vec<usize>,
}

impl Partners {
    fn new(count: usize, horizon: usize, params: &DredgeParams) -> Self {
        let near = ((NEAR_S / params.bin_s).ceil() as usize).max(1).min(horizon);
        let mut steps: Vec<usize> = (1..=near).collect();
        for i in 1..=FAR_PARTNERS {
            let share = i as f64 / FAR_PARTNERS as f64;
            let step = near as f64 * (horizon as f64 / near as f64).powf(share);
            steps.push(step.round() as usize);
        }
        steps.retain(|&step| step < count);
        steps.dedup();
        Self { count, horizon, all: params.pairs == Pairs::All, steps }
    }

    fn of(&self, bin: usize) -> Vec<u32> {
        if self.all {
            let first = bin.saturating_sub(self.horizon);
            return (first..(bin + self.horizon + 1).min(self.count)).map(|j| j as u32).collect();
        }
        self.steps.iter().map(|step| bin + step).filter(|&j| j < self.count).map(|j| j as u32).collect()
    }
}
