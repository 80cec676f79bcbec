//! Motion straight from the features or the peaks of a recording, with what to do where there is none to be seen.

use super::{
    correct::{BorderMode, CorrectParams},
    dredge::{DredgeParams, dredge},
    events::{EventParams, events_of_features, extent_of},
    raster::Event,
    register::{RegisterParams, register},
    resemblance::Resemblance,
};
use crate::{
    data::{Axis, Features, Interpolation, Motion, MotionSegment, Recording, RecordingInfo, Stage},
    engine::{EngineError, Monitor, geometry::Geometry},
};
use ndarray::Array2;

/// A probe shorter than this shows no motion: what moves leaves it.
const LEAST_EXTENT_UM: f64 = 100.0;
/// Events a time bin on average below which nothing can be compared.
const LEAST_EVENTS: f64 = 5.0;

/// A motion that gives back this share of the lost resemblance is true, one that gives back less than that is none; between
/// the two another method must find it too, within this share. True motions of generated recordings gave back 0.66 to 0.83,
/// that of units of which half fall silent when the others begin 0.51, with estimates that differ by 0.4.
const SURE: f64 = 0.6;
const DOUBTFUL: f64 = 0.3;
const ALIKE: f64 = 0.25;

/// How the motion is found, with its settings.
#[derive(Clone, Debug, PartialEq)]
pub enum MotionParams {
    /// Pairs of times are compared with each other ([`dredge`]).
    Dredge(DredgeParams),
    /// Times are compared with their running mean ([`register`]).
    Register(RegisterParams),
}

impl Default for MotionParams {
    fn default() -> Self {
        Self::Dredge(DredgeParams::default())
    }
}

impl MotionParams {
    fn axis(&self) -> Axis {
        match self {
            Self::Dredge(params) => params.axis,
            Self::Register(params) => params.axis,
        }
    }

    fn bin_s(&self) -> f64 {
        match self {
            Self::Dredge(params) => params.bin_s,
            Self::Register(params) => params.bin_s,
        }
    }
}

/// The motion by the peaks of some features of a recording; none where the probe or the spikes cannot tell, or where it would
/// not make the spikes of different times alike ([`Resemblance`]), which is logged.
///
/// # Errors
/// Where it is cancelled.
pub fn motion_of_features(
    features: &Features,
    recording: &Recording,
    chosen: &EventParams,
    params: &MotionParams,
    monitor: &dyn Monitor,
) -> Result<Motion, EngineError> {
    let info = recording.info();
    let geometry = Geometry::known_of(info);
    if geometry.positions_um.is_none() {
        monitor.log("motion is not estimated: the recording has no probe");
        return Ok(still(info, params.axis()));
    }
    let whitening = recording.stages().iter().rev().find_map(|stage| match stage {
        Stage::LinearMap { weights, whitens: true } => Some(weights.as_ref()),
        _ => None,
    });
    let events =
        events_of_features(features, &geometry, whitening, params.axis(), info.duration_s(), chosen)?;
    let motion = motion_of_events(events.clone(), info, params, monitor)?;
    let range = motion.range_um();
    if range == 0.0 {
        return Ok(motion);
    }
    let found = Resemblance::of(&events, &extent_of(info, params.axis())?, &motion);
    let Resemblance { near, before, after } = found;
    monitor.log(&format!(
        "spikes of times far apart resemble each other by {before:.3}, with a motion by {range:.1} µm undone by {after:.3}, \
         those of times in a row by {near:.3}"
    ));
    let is_taken = match found.share_regained() {
        share if share >= SURE => true,
        share if share < DOUBTFUL => false,
        _ => {
            let other = MotionParams::Dredge(DredgeParams { axis: params.axis(), ..DredgeParams::default() });
            let other = motion_of_events(events, info, &other, monitor)?;
            difference(&motion, &other, info) <= ALIKE
        }
    };
    if is_taken {
        return Ok(motion);
    }
    monitor.log(&format!("a motion by {range:.1} µm would not make them alike: none is taken"));
    Ok(still(info, params.axis()))
}

/// Places in time and in depth at which motions are compared.
const TIMES: usize = 200;
const DEPTHS: usize = 3;

/// How much two motions differ, as a share of the first: deviations from the mean over time at each depth.
fn difference(motion: &Motion, other: &Motion, info: &RecordingInfo) -> f64 {
    let (first, last) = match (motion.spatial_bins_um.first(), motion.spatial_bins_um.last()) {
        (Some(first), Some(last)) => (*first, *last),
        _ => return f64::INFINITY,
    };
    let (mut apart, mut all) = (0.0, 0.0);
    for depth in (0..DEPTHS).map(|i| first + (last - first) * i as f64 / (DEPTHS - 1) as f64) {
        for (index, segment) in info.segments.iter().enumerate() {
            let length = segment.num_frames as f64 / info.sampling_frequency;
            let time = |i: usize| segment.t_start_s.unwrap_or(0.0) + length * (i as f64 + 0.5) / TIMES as f64;
            let of = |m: &Motion| {
                (0..TIMES).map(|i| m.displacement_um(index, time(i), depth)).collect::<Vec<f64>>()
            };
            let (mut one, mut two) = (of(motion), of(other));
            for values in [&mut one, &mut two] {
                let mean = values.iter().sum::<f64>() / TIMES as f64;
                values.iter_mut().for_each(|v| *v -= mean);
            }
            apart += one.iter().zip(&two).map(|(a, b)| (a - b).powi(2)).sum::<f64>();
            all += one.iter().map(|a| a * a).sum::<f64>();
        }
    }
    (apart / all.max(f64::MIN_POSITIVE)).sqrt()
}

/// The motion by located spikes of each segment; none where the probe or the spikes cannot tell, which is logged.
///
/// # Errors
/// Where the recording has no probe, or it is cancelled.
pub fn motion_of_events(
    mut events: Vec<Vec<Event>>,
    info: &RecordingInfo,
    params: &MotionParams,
    monitor: &dyn Monitor,
) -> Result<Motion, EngineError> {
    let extent = extent_of(info, params.axis())?;
    events.resize(info.segments.len(), Vec::new());
    let geometry = Geometry::known_of(info);
    let length = geometry.longest_row_um(params.axis().index());
    let bins = (info.duration_s() / params.bin_s()).floor();
    let count = events.iter().map(Vec::len).sum::<usize>() as f64;
    let reason = if length < LEAST_EXTENT_UM {
        format!("the contacts that see the same neurons span {length:.0} µm, less than {LEAST_EXTENT_UM} µm")
    } else if let Some((a, b)) = geometry.overlapping_groups() {
        let words = format!(
            "motion is not estimated: groups {a} and {b} lie at the same places, as two probes do that each move by \
             themselves. Sort them apart (*Split by group*)."
        );
        monitor.warn(&words.as_str().into());
        return Ok(still(info, params.axis()));
    } else if bins < 2.0 {
        format!("the recording is shorter than two time bins of {} s", params.bin_s())
    } else if count < LEAST_EVENTS * bins {
        format!("there are {count} large spikes in {bins} time bins")
    } else {
        return match params {
            MotionParams::Dredge(params) => dredge(&events, &extent, params, monitor),
            MotionParams::Register(params) => register(&events, &extent, params, monitor),
        };
    };
    monitor.log(&format!("motion is not estimated: {reason}"));
    Ok(still(info, params.axis()))
}

/// No motion at all.
fn still(info: &RecordingInfo, axis: Axis) -> Motion {
    let segment = |t_start_s: Option<f64>| MotionSegment {
        temporal_bins_s: vec![t_start_s.unwrap_or(0.0)],
        displacement_um: Array2::zeros((1, 1)),
        confidence: None,
    };
    Motion {
        axis,
        spatial_bins_um: vec![0.0],
        segments: info.segments.iter().map(|s| segment(s.t_start_s)).collect(),
    }
}

/// How a sort estimates motion: by registration, in blocks of twice the usual window step.
///
/// Measured on 128 channels of Neuropixels spacing with two seeds of the sort, mean accuracy by DREDge and by
/// registration: a 30 µm zigzag 0.949 and 0.956, fast and uneven drift 0.931 and 0.938. By the root mean square against the
/// true motion registration is the nearer one too, most of all at the ends of the probe.
pub fn sort_motion(info: &RecordingInfo) -> MotionParams {
    let usual = DredgeParams::default();
    let params = RegisterParams::default();
    let num_blocks = blocks_for(info, params.axis, usual.win_step_um);
    MotionParams::Register(RegisterParams { num_blocks, ..params })
}

/// Blocks that registration cuts a probe into: they overlap by half and are two steps long. One where there is no probe.
pub fn blocks_for(info: &RecordingInfo, axis: Axis, step_um: f64) -> usize {
    let length_um = extent_of(info, axis).map_or(0.0, |e| e.contacts_um.end - e.contacts_um.start);
    (length_um / (2.0 * step_um)).round().max(1.0) as usize
}

/// How a sort corrects traces: wide smooth kriging, all channels kept.
///
/// Measured with the true motion on 128 channels of Neuropixels spacing and a 30 µm zigzag, mean accuracy and units of
/// 80 at 0.8 or better: SpikeInterface's default (σ 20 µm, exponent 1) 0.898 and 63, Kilosort's (20, 2) 0.928 and 66,
/// this one (30, 2) 0.943 and 71. Footprints of neurons are wider than 20 µm; a narrow kernel pulls places between
/// contacts towards zero.
pub fn sort_correction() -> CorrectParams {
    CorrectParams {
        interpolation: Interpolation::Kriging,
        border_mode: BorderMode::ForceExtrapolate,
        sigma_um: 30.0,
        power: 2.0,
        ..CorrectParams::default()
    }
}

/// What to tell of a motion: its range by depth.
pub fn in_words(motion: &Motion) -> String {
    let parts: Vec<String> = motion
        .spatial_bins_um
        .iter()
        .zip(motion.ranges_um())
        .map(|(depth, range)| format!("{range:.0} µm at depth {depth:.0} µm"))
        .collect();
    parts.join(", ")
}
