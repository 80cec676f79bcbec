//! What flows at a port, in a few words.

use super::text;
use crate::pipeline::{Coordinate, Executor, Look, Pipeline, Value};
use std::path::Path;

/// A line for what flows at an end; empty where it cannot be told.
pub fn describe(executor: &Executor, pipeline: &Pipeline, base_folder: &Path, end: &str) -> String {
    match executor.look(pipeline, base_folder, end) {
        Ok(Look::Ready(items)) => of_items(&items),
        Ok(Look::NeedsRun(_)) => "not run yet".to_owned(),
        Ok(Look::NeedsFit(_)) => "not estimated yet".to_owned(),
        Err(_) => String::new(),
    }
}

fn of_items(items: &[(Coordinate, Value)]) -> String {
    match items {
        [] => "nothing".to_owned(),
        [(_, value)] => of_value(value),
        [(_, first), ..] => format!("×{} · {}", items.len(), of_value(first)),
    }
}

/// One value: how much of what.
pub fn of_value(value: &Value) -> String {
    let count = |n: usize| text::number(n as f64);
    match value {
        Value::Recording(recording) => {
            let info = recording.info();
            format!(
                "{} channels · {} kHz · {}",
                count(info.num_channels()),
                text::number(info.sampling_frequency / 1e3),
                text::took(info.duration_s())
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
        Value::Motion(motion) => format!(
            "{} time bins × {} depths",
            count(motion.temporal_bins_s.len()),
            count(motion.spatial_bins_um.len())
        ),
        Value::Table(table) => format!("{} rows × {} columns", count(table.num_rows()), table.columns.len()),
        Value::Events(events) => format!("{} events", count(events.events.len())),
        Value::Figure(figure) => format!("{} · {} × {}", figure.title, figure.width, figure.height),
        Value::Files(files) => match files.as_slice() {
            [file] => file.display().to_string(),
            files => format!("{} files", files.len()),
        },
        Value::Fit(fit) => format!("{} arrays", fit.arrays.len()),
    }
}
