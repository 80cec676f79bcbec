//! What a value is, in a few words.

use super::Value;
use crate::data::{
    Motion, Table,
    text::{number, took},
};

impl Value {
    /// As [`Self::summary`], of several items: what they are together, or each where they are alike.
    pub fn summary_of(values: &[&Self]) -> String {
        let summaries: Vec<String> = values.iter().map(|value| value.summary()).collect();
        let Some(first) = summaries.first() else { return String::new() };
        if summaries.len() == 1 {
            return first.clone();
        }
        let together = match summaries.iter().all(|summary| summary == first) {
            true => format!("{first} each"),
            false => together(values),
        };
        [format!("×{}", values.len()), together]
            .into_iter()
            .filter(|part| !part.is_empty())
            .collect::<Vec<_>>()
            .join(" · ")
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
                let (units, spikes) = (sorting.num_units(), sorting.num_spikes());
                let (units_word, spikes_word) = (plural(units, "unit"), plural(spikes, "spike"));
                format!("{} {units_word} · {} {spikes_word}", count(units), count(spikes))
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

/// What items of one type are together; empty where their numbers have no sum.
fn together(values: &[&Value]) -> String {
    let sum = |of: &dyn Fn(&Value) -> Option<usize>| -> Option<String> {
        let counts: Option<Vec<usize>> = values.iter().map(|value| of(value)).collect();
        counts.map(|counts| number(counts.iter().sum::<usize>() as f64))
    };
    let units = sum(&|value| match value {
        Value::Sorting(sorting) => Some(sorting.num_units()),
        _ => None,
    });
    let spikes = sum(&|value| match value {
        Value::Sorting(sorting) => Some(sorting.num_spikes()),
        _ => None,
    });
    if let (Some(units), Some(spikes)) = (units, spikes) {
        return format!("{units} units · {spikes} spikes");
    }
    let counted: [(&str, &dyn Fn(&Value) -> Option<usize>); 5] = [
        ("peaks with features", &|value| match value {
            Value::Features(features) => Some(features.peaks.len()),
            _ => None,
        }),
        ("peaks", &|value| match value {
            Value::Peaks(peaks) => Some(peaks.len()),
            _ => None,
        }),
        ("templates", &|value| match value {
            Value::Templates(templates) => Some(templates.num_units()),
            _ => None,
        }),
        ("rows", &|value| match value {
            Value::Table(table) => Some(table.num_rows()),
            _ => None,
        }),
        ("events", &|value| match value {
            Value::Events(events) => Some(events.events.len()),
            _ => None,
        }),
    ];
    let found = counted.iter().find_map(|(what, of)| Some(format!("{} {what}", sum(of)?)));
    found.unwrap_or_else(|| {
        let time: Option<f64> = values
            .iter()
            .map(|value| match value {
                Value::Recording(recording) => Some(recording.info().duration_s()),
                _ => None,
            })
            .sum();
        time.map_or(String::new(), took)
    })
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
/// The word for one, or for several.
fn plural(count: usize, word: &str) -> String {
    if count == 1 { word.to_owned() } else { format!("{word}s") }
}
