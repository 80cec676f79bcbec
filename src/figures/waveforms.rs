//! Waveforms of units on their main channels.

use super::{
    FigureError,
    style::{FAINT, FAMILY, INK, SMALL, figure, grid, padded, said, stride, unit_color},
};
use crate::{
    data::{Figure, RAW_UNITS, Waveforms},
    engine::waveforms::main_channels,
};
use plotters::prelude::*;

/// A panel a unit: single spikes on the unit's main channel, and their mean on top.
///
/// # Errors
/// Where there are no units, or drawing fails.
pub fn waveforms(waveforms: &Waveforms, max_units: usize, max_spikes: usize) -> Result<Figure, FigureError> {
    let templates = &waveforms.templates;
    let shown: Vec<(usize, usize)> = main_channels(templates)
        .into_iter()
        .enumerate()
        .filter_map(|(unit, main)| {
            let channel = main?.0 as u32;
            let column = templates.channel_indices[unit].iter().position(|&c| c == channel)?;
            Some((unit, column))
        })
        .take(max_units)
        .collect();
    if shown.is_empty() {
        return Err(FigureError("there is no unit with a waveform to draw".into()));
    }
    let (rows, columns) = grid(shown.len());
    let title = match templates.num_units() {
        n if n > shown.len() => format!("Waveforms (first {} of {n} units)", shown.len()),
        _ => "Waveforms".to_owned(),
    };
    let unit_name = if templates.in_uv { "µV" } else { RAW_UNITS };
    let ms = |t: usize| (t as f64 - templates.num_before as f64) * 1e3 / templates.sampling_frequency;
    figure(&title, (columns as u32 * 190 + 20, rows as u32 * 150 + 40), |area| {
        for (&(unit, column), panel) in shown.iter().zip(area.split_evenly((rows, columns))) {
            let values = &waveforms.values[unit];
            let spikes: Vec<usize> =
                (0..values.shape()[0]).step_by(stride(values.shape()[0], max_spikes)).collect();
            let mean = templates.waveforms[unit].column(column);
            let single = |i: usize, t: usize| f64::from(values[[i, t, column]]);
            let all = spikes.iter().flat_map(|&i| (0..templates.num_samples).map(move |t| single(i, t)));
            let range = padded(all.chain(mean.iter().map(|&v| f64::from(v))), 0.05);
            let channel = templates.channel_indices[unit][column] as usize;
            let caption =
                format!("unit {} · channel {}", templates.unit_ids[unit], templates.channel_ids[channel]);
            let mut chart = ChartBuilder::on(&panel)
                .margin(6)
                .caption(caption, (FAMILY, SMALL).into_font().color(&INK))
                .x_label_area_size(26)
                .y_label_area_size(40)
                .build_cartesian_2d(ms(0)..ms(templates.num_samples - 1), range)
                .map_err(said)?;
            chart
                .configure_mesh()
                .disable_mesh()
                .axis_style(INK)
                .x_labels(4)
                .y_labels(4)
                .x_desc("ms")
                .y_desc(unit_name)
                .label_style((FAMILY, SMALL - 2).into_font().color(&INK))
                .draw()
                .map_err(said)?;
            for i in spikes {
                let line = (0..templates.num_samples).map(|t| (ms(t), single(i, t)));
                chart.draw_series(LineSeries::new(line, FAINT.mix(0.6))).map_err(said)?;
            }
            let line = mean.iter().enumerate().map(|(t, &v)| (ms(t), f64::from(v)));
            chart.draw_series(LineSeries::new(line, unit_color(unit).stroke_width(2))).map_err(said)?;
        }
        Ok(())
    })
}
