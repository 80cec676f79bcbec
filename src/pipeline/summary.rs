//! What a value is, in a few words.

use super::Value;
use crate::data::{
    Motion, Table,
    text::{number, took},
};

impl Value {
    /// As [`Self::summary`], of the first of several.
    pub fn summary_of(&self, count: usize) -> String {
        match count {
            0 | 1 => self.summary(),
            count => format!("×{count} · {}", self.summary()),
        }
    }

    /// How much of what it is, in a few words.
    pub fn summary(&self) -> String {
        let count = |n: usize| number(n as f64);
        match self {
            Value::Recording(recording) => {
                let info = recording.info();
                format!(
                    "{} channels · {} kHz · {}",
                    count(info.num_channels()),
                    number(info.sampling_frequency / 1e3),
                    took(info.duration_s())
                )
            }
            Value::Sorting(sorting) => {
                format!("{} units · {} spikes", count(sorting.num_units()), count(sorting.num_spikes()))
            }
            Value::Peaks(peaks) => format!("{} peaks", count(peaks.len())),
            Value::Features(features) => format!("{} peaks with features", count(features.peaks.len())),
            Value::Waveforms(waveforms) => {
                format!("waveforms of {} units", count(waveforms.templates.num_units()))
            }
            Value::Templates(templates) => {
                format!("{} templates · {} samples", count(templates.num_units()), templates.num_samples)
            }
            Value::Noise(noise) => format!("noise of {} channels", count(noise.levels.len())),
            Value::Motion(motion) => motion_in_words(motion),
            Value::Table(table) if table.num_rows() == 1 => one_row(table),
            Value::Table(table) => {
                format!("{} rows × {} columns", count(table.num_rows()), table.columns.len())
            }
            Value::Events(events) => format!("{} events", count(events.events.len())),
            Value::Figure(figure) => format!("{} · {} × {} px", figure.title, figure.width, figure.height),
            Value::Files(files) => match files.as_slice() {
                [file] => file.display().to_string(),
                files => format!("{} files", files.len()),
            },
            Value::Fit(fit) => format!("{} arrays", fit.arrays.len()),
        }
    }
}

/// How far the tissue moves, and how it was looked at.
fn motion_in_words(motion: &Motion) -> String {
    let bins: usize = motion.segments.iter().map(|s| s.temporal_bins_s.len()).sum();
    format!(
        "moves by {} µm · {} time bins × {} depths",
        number((10.0 * motion.range_um()).round() / 10.0),
        number(bins as f64),
        motion.spatial_bins_um.len()
    )
}

/// A table of a single row, such as the summary of a comparison: its numbers by name.
fn one_row(table: &Table) -> String {
    let numbers = table.columns.iter().filter_map(|column| {
        let value = column.1.number(0)?;
        Some(format!("{} {}", column.0, number((value * 1e4).round() / 1e4)))
    });
    numbers.collect::<Vec<String>>().join(" · ")
}
