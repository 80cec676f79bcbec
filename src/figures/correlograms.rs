//! Auto- and cross-correlograms as a matrix of bars.

use super::{
    FigureError,
    style::{FAMILY, INK, SMALL, figure, said, unit_color},
};
use crate::{
    data::{Figure, Sorting},
    engine::correlograms::{CorrelogramBins, autocorrelogram, correlogram},
};
use plotters::{prelude::*, style::full_palette::GREY_600};

/// A matrix of panels for the first `max_units` units: autocorrelograms on the diagonal, in colour.
///
/// # Errors
/// Where there are no units, or drawing fails.
pub fn correlograms(
    sorting: &Sorting,
    bins: &CorrelogramBins,
    max_units: usize,
) -> Result<Figure, FigureError> {
    let n = sorting.num_units().min(max_units);
    if n == 0 {
        return Err(FigureError("there is no unit to draw".into()));
    }
    let rate = sorting.sampling_frequency;
    let starts = bins.starts_ms(rate);
    let width = bins.bin_size as f64 * 1e3 / rate;
    let reach = -starts[0];
    let trains: Vec<Vec<Vec<i64>>> = (0..sorting.segments.len()).map(|s| sorting.trains(s)).collect();
    let counts = |a: usize, b: usize| {
        let mut total = vec![0u32; bins.count()];
        for trains in &trains {
            let found = if a == b {
                autocorrelogram(&trains[a], bins)
            } else {
                correlogram(&trains[a], &trains[b], bins)
            };
            total.iter_mut().zip(found).for_each(|(x, y)| *x += y);
        }
        total
    };
    let title = match sorting.num_units() {
        all if all > n => format!("Correlograms (first {n} of {all} units)"),
        _ => "Correlograms".to_owned(),
    };
    let size = (1_000 / n as u32).clamp(70, 260);
    figure(&title, (n as u32 * size + 20, n as u32 * size + 40), |area| {
        for (index, panel) in area.split_evenly((n, n)).into_iter().enumerate() {
            let (a, b) = (index / n, index % n);
            let counts = counts(a, b);
            let most = f64::from(counts.iter().copied().max().unwrap_or(0).max(1));
            let caption = if a == b {
                sorting.unit_ids[a].to_string()
            } else {
                format!("{} / {}", sorting.unit_ids[a], sorting.unit_ids[b])
            };
            let mut chart = ChartBuilder::on(&panel)
                .margin(3)
                .caption(caption, (FAMILY, SMALL).into_font().color(&INK))
                .x_label_area_size(16)
                .build_cartesian_2d(-reach..reach, 0.0..most * 1.05)
                .map_err(said)?;
            chart
                .configure_mesh()
                .disable_mesh()
                .axis_style(INK)
                .x_labels(3)
                .y_labels(0)
                .label_style((FAMILY, SMALL - 2).into_font().color(&INK))
                .draw()
                .map_err(said)?;
            let color = if a == b { unit_color(a) } else { GREY_600 };
            let bars = starts.iter().zip(&counts).filter(|(_, count)| **count > 0).map(|(&start, &count)| {
                Rectangle::new([(start, 0.0), (start + width, f64::from(count))], color.filled())
            });
            chart.draw_series(bars).map_err(said)?;
        }
        Ok(())
    })
}
