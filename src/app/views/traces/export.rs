//! What is seen of traces as a figure and as numbers.

use super::TraceView;
use crate::{
    app::texts,
    app::views::export::{Write, write_figure, write_table},
    data::{RAW_UNITS, Table, TableColumn},
    figures,
    inspect::samples,
};
use std::{collections::BTreeSet, ops::Range};

/// Values that are written at most; more is what recordings are saved for.
const MOST_VALUES: usize = 8_000_000;

impl TraceView {
    /// The rows in sight and their channels.
    fn seen(&self) -> (Range<usize>, Vec<usize>) {
        let first = (self.window.first_row.round().max(0.0) as usize).min(self.order.len());
        let last = (first + self.window.rows.ceil() as usize).min(self.order.len());
        (first..last, self.order[first..last].to_vec())
    }

    fn names(&self, channels: &[usize]) -> Vec<String> {
        let ids = self.main.info().map(|info| &info.channel_ids);
        channels
            .iter()
            .map(|&c| ids.and_then(|ids| ids.get(c)).map_or(c.to_string(), ToString::to_string))
            .collect()
    }

    /// The traces in sight as a drawing, with the spikes on top.
    pub fn figure(&self, selected: &BTreeSet<usize>) -> Option<Write> {
        let (bins, extent) = self.main.bins().cloned().zip(self.extent())?;
        let (rows, channels) = self.seen();
        let rate = extent.sampling_frequency;
        let frames = self.window.start_s * rate..(self.window.start_s + self.window.width_s) * rate;
        let spikes = self.overlay.iter().flat_map(|overlay| {
            let spots =
                overlay.spots(self.window.segment, frames.start as i64, frames.end.ceil() as i64, selected);
            let row = |unit: usize| {
                let channel = overlay.channels.get(unit).copied().flatten()?;
                channels.iter().position(|&c| c == channel)
            };
            let wanted = |unit: usize| selected.is_empty() || selected.contains(&unit);
            spots
                .into_iter()
                .map(|spot| (spot.frame as f64 / rate, row(spot.unit as usize), spot.unit as usize))
                .filter(|spike| wanted(spike.2))
                .collect::<Vec<_>>()
        });
        let full = if self.lines() { super::pictures::ROW_NOISES } else { super::pictures::HEAT_NOISES };
        let mut traces = figures::Traces {
            title: self.end.clone(),
            names: self.names(&channels),
            full: self.main.noise() * full / self.gain,
            unit: if bins.in_uv { "µV" } else { RAW_UNITS }.to_owned(),
            heat: !self.lines(),
            spikes: spikes.collect(),
            ..figures::Traces::default()
        };
        let first_row = self.main.first_row(&self.order)?;
        Some(write_figure(move || {
            let from = (frames.start as usize / bins.bin_frames).saturating_sub(bins.first_bin);
            let to = (frames.end as usize).div_ceil(bins.bin_frames).saturating_sub(bins.first_bin);
            let seconds = |frames: usize| frames as f64 / rate;
            traces.bins_s = [seconds(bins.start_frame(from)), seconds(bins.bin_frames)];
            traces.rows = rows
                .filter_map(|row| row.checked_sub(first_row))
                .map(|row| {
                    let center = bins.center.get(row).copied().unwrap_or(0.0);
                    let values = bins.row(row).get(from..to.min(bins.num_bins)).unwrap_or(&[]);
                    values.iter().map(|v| [v[0] - center, v[1] - center]).collect()
                })
                .collect();
            figures::traces(&traces).map_err(|error| error.to_string())
        }))
    }

    /// The samples in sight, a row a time.
    pub fn values(&self) -> Option<Write> {
        let (reader, extent) = self.main.reader().cloned().zip(self.extent())?;
        let (_, channels) = self.seen();
        let names = self.names(&channels);
        let rate = extent.sampling_frequency;
        let segment = self.window.segment;
        let last = (extent.duration_s * rate).round();
        let end = ((self.window.start_s + self.window.width_s) * rate).min(last) as usize;
        let frames = ((self.window.start_s * rate) as usize).min(end)..end;
        let t_start_s = reader.info().segments.get(segment).and_then(|s| s.t_start_s).unwrap_or(0.0);
        Some(write_table(move || {
            let count = frames.len() * channels.len();
            if count > MOST_VALUES {
                return Err(texts::traces::too_many_values(&count, &MOST_VALUES));
            }
            let unit = if reader.info().gain_to_uv.is_some() { "uV" } else { "raw" };
            let mut table = Table::default();
            let time = |frame: usize| t_start_s + frame as f64 / rate;
            table.set("time_s", TableColumn::Float(frames.clone().map(time).collect()));
            let values = samples(&reader, segment, frames, &channels).map_err(|error| error.to_string())?;
            for (name, values) in names.iter().zip(values) {
                let column = values.into_iter().map(f64::from).collect();
                table.set(&format!("{name} ({unit})"), TableColumn::Float(column));
            }
            Ok(table)
        }))
    }
}
