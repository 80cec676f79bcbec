//! Depth of spikes over time.

use super::{
    FigureError,
    style::{FAMILY, INK, SMALL, figure, padded, said, stride, unit_color},
};
use crate::data::{Figure, Motion, Peaks, Sorting};
use plotters::prelude::*;

/// Marks a figure has at most.
const MOST_MARKS: usize = 40_000;

/// One spike or peak.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DriftMapPoint {
    /// Seconds since the start, segments one after the other.
    pub time_s: f64,
    /// Depth in µm.
    pub depth_um: f64,
    /// Size, of any sign and unit.
    pub amplitude: f64,
}

/// The spikes of a sorting; `None` where their locations are unknown.
pub fn spikes_of(sorting: &Sorting) -> Option<Vec<DriftMapPoint>> {
    let mut points = Vec::with_capacity(sorting.num_spikes());
    let mut start = 0.0;
    for segment in &sorting.segments {
        let locations = segment.location_um.as_ref()?;
        for (i, &sample) in segment.sample_index.iter().enumerate() {
            points.push(DriftMapPoint {
                time_s: start + sample as f64 / sorting.sampling_frequency,
                depth_um: f64::from(locations[i][1]),
                amplitude: segment.amplitude.as_ref().map_or(1.0, |a| f64::from(a[i])),
            });
        }
        let last = segment.sample_index.last().map_or(0, |&s| s as usize + 1);
        start += segment.num_frames.unwrap_or(last) as f64 / sorting.sampling_frequency;
    }
    Some(points)
}

/// Localised peaks; `None` where their locations are unknown.
pub fn peaks_of(peaks: &Peaks) -> Option<Vec<DriftMapPoint>> {
    let locations = peaks.location_um.as_ref()?;
    let mut start = 0.0;
    let mut points = Vec::with_capacity(peaks.len());
    let (mut segment, mut last) = (0, 0.0);
    for i in 0..peaks.len() {
        if peaks.segment_index[i] != segment {
            (segment, start) = (peaks.segment_index[i], last);
        }
        last = start + peaks.sample_index[i] as f64 / peaks.sampling_frequency;
        points.push(DriftMapPoint {
            time_s: last,
            depth_um: f64::from(locations[i][1]),
            amplitude: f64::from(peaks.amplitude[i]),
        });
    }
    Some(points)
}

/// Depth over time, larger spikes darker.
///
/// # Errors
/// Where there are no spikes, or drawing fails.
pub fn drift_map(points: &[DriftMapPoint]) -> Result<Figure, FigureError> {
    if points.is_empty() {
        return Err(FigureError("there are no spikes to draw".into()));
    }
    draw("Drift map", points, &[])
}

/// The motion of each depth window as a line that starts at its depth, over the spikes where there are some.
///
/// # Errors
/// Where the motion has no bins, or drawing fails.
pub fn motion(points: &[DriftMapPoint], motion: &Motion) -> Result<Figure, FigureError> {
    let mut lines: Vec<Vec<(f64, f64)>> = vec![Vec::new(); motion.spatial_bins_um.len()];
    // Times count from the start of the first segment, segments one after the other, as those of the spikes do.
    let mut start = 0.0;
    for segment in &motion.segments {
        let times = &segment.temporal_bins_s;
        let step = times.get(1).map_or(1.0, |second| second - times[0]);
        let first = times.first().copied().unwrap_or(0.0) - 0.5 * step;
        for (t, time) in times.iter().enumerate() {
            for (depth, line) in lines.iter_mut().enumerate() {
                let place = motion.spatial_bins_um[depth] + segment.displacement_um[[t, depth]];
                line.push((start + time - first, place));
            }
        }
        start += times.last().map_or(0.0, |last| last + 0.5 * step - first);
    }
    if lines.iter().all(Vec::is_empty) {
        return Err(FigureError("the motion has no time bins to draw".into()));
    }
    draw("Motion", points, &lines)
}

fn draw(name: &str, points: &[DriftMapPoint], lines: &[Vec<(f64, f64)>]) -> Result<Figure, FigureError> {
    let step = stride(points.len(), MOST_MARKS);
    let mut sizes: Vec<f64> = points.iter().step_by(step).map(|p| p.amplitude.abs()).collect();
    sizes.sort_by(f64::total_cmp);
    let large = sizes.get(sizes.len().saturating_sub(1) * 95 / 100).map_or(1.0, |size| size.max(1e-9));
    let title = match step {
        1 => name.to_owned(),
        step => format!("{name} (one spike of {step} is drawn)"),
    };
    let all = || points.iter().map(|p| (p.time_s, p.depth_um)).chain(lines.iter().flatten().copied());
    let (x, y) = (padded(all().map(|p| p.0), 0.0), padded(all().map(|p| p.1), 0.03));
    figure(&title, (900, 560), |area| {
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .x_label_area_size(34)
            .y_label_area_size(54)
            .build_cartesian_2d(x, y)
            .map_err(said)?;
        chart
            .configure_mesh()
            .disable_mesh()
            .axis_style(INK)
            .label_style((FAMILY, SMALL).into_font().color(&INK))
            .x_desc("time (s)")
            .y_desc("depth (µm)")
            .draw()
            .map_err(said)?;
        let marks = points.iter().step_by(step).filter(|p| p.depth_um.is_finite()).map(|p| {
            let share = (p.amplitude.abs() / large).clamp(0.05, 1.0);
            let level = (215.0 * (1.0 - share)) as u8;
            Circle::new((p.time_s, p.depth_um), 1, RGBColor(level, level, level.saturating_add(20)).filled())
        });
        chart.draw_series(marks).map_err(said)?;
        for (index, line) in lines.iter().enumerate() {
            let style = unit_color(index).stroke_width(2);
            chart.draw_series(LineSeries::new(line.iter().copied(), style)).map_err(said)?;
        }
        Ok(())
    })
}
