//! What flows at a port, in a few words.

use super::texts;
use crate::pipeline::{Coordinate, Executor, Look, Pipeline, Value};
use std::path::Path;

/// A line for what flows at an end; empty where it cannot be told.
pub fn describe(executor: &Executor, pipeline: &Pipeline, base_folder: &Path, end: &str) -> String {
    match executor.look(pipeline, base_folder, end) {
        Ok(Look::Ready(items) | Look::Partly(items, _)) => of_items(&items),
        Ok(Look::NeedsRun(_)) => texts::runs::not_run_yet().to_owned(),
        Ok(Look::NeedsFit(_)) => texts::runs::not_estimated_yet().to_owned(),
        Err(_) => String::new(),
    }
}

fn of_items(items: &[(Coordinate, Value)]) -> String {
    match items {
        [] => texts::runs::nothing().to_owned(),
        items => Value::summary_of(&items.iter().map(|(_, value)| value).collect::<Vec<_>>()),
    }
}
