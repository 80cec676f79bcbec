//! `status`: every recording at every node.

use super::{
    CliError,
    arguments::StatusArguments,
    document::{Loaded, executor},
    output,
};
use crate::{
    data::text::{counted, took},
    pipeline::{Cell, CellState, Coordinate, Expression, Matrix},
};
use serde_json::json;

/// Shows what is done, what waits and what failed, a row an item and a column a node.
///
/// # Errors
/// Where the pipeline is wrong, or the condition is none.
pub fn status(arguments: &StatusArguments) -> Result<(), CliError> {
    let loaded = Loaded::read(&arguments.pipeline, &arguments.set)?;
    if loaded.num_errors() > 0 {
        return Err(loaded.problems_error());
    }
    let executor = executor(loaded.registry.clone(), None)?;
    let mut matrix = executor.matrix(&loaded.pipeline, &loaded.base_folder);
    if let Some(condition) = &arguments.condition {
        let wrong = |error| CliError::Input(format!("--where {error}"));
        let condition = Expression::parse(condition).map_err(wrong)?;
        // An item that lacks a key, such as one all others are gathered in, does not meet it; where it can be asked of none,
        // it is wrong.
        let mut asked = matrix.rows.iter().map(|(_, item)| condition.holds(item));
        if !matrix.rows.is_empty() && asked.all(|held| held.is_err()) {
            let of_most_keys = matrix.rows.iter().max_by_key(|(_, item)| item.keys().len());
            if let Some(error) = of_most_keys.and_then(|(_, item)| condition.holds(item).err()) {
                return Err(wrong(error));
            }
        }
        matrix.rows.retain(|(_, item)| condition.holds(item).unwrap_or(false));
        let kept: std::collections::BTreeSet<&String> = matrix.rows.iter().map(|(name, _)| name).collect();
        for (_, cells) in &mut matrix.nodes {
            cells.retain(|name, _| kept.contains(name));
        }
        matrix.nodes.retain(|(_, cells)| !cells.is_empty());
    }
    if arguments.json {
        let counts: serde_json::Map<String, serde_json::Value> =
            matrix.counts().into_iter().map(|(state, count)| (state.word().into(), count.into())).collect();
        return output::json(&json!({
            "nodes": matrix.nodes.iter().map(|(node, _)| node).collect::<Vec<_>>(),
            "items": matrix.rows.iter().map(|(name, item)| row(&matrix, name, item)).collect::<Vec<_>>(),
            "invalid": matrix.invalid,
            "counts": counts,
        }));
    }
    output::text(&text(&matrix))
}

fn row(matrix: &Matrix, name: &str, item: &Coordinate) -> serde_json::Value {
    let cells = matrix.nodes.iter().filter_map(|(node, cells)| Some((node.clone(), json!(cells.get(name)?))));
    json!({"item": item, "cells": cells.collect::<serde_json::Map<_, _>>()})
}

fn text(matrix: &Matrix) -> String {
    let mut rows = vec![vec!["item".to_owned()]];
    rows[0].extend(matrix.nodes.iter().map(|(node, _)| node.clone()));
    let mut reasons = Vec::new();
    for (name, _) in &matrix.rows {
        let shown = if name.is_empty() { "all" } else { name };
        let mut row = vec![shown.to_owned()];
        for (node, cells) in &matrix.nodes {
            let cell = cells.get(name);
            row.push(cell.map(words).unwrap_or_default());
            if let Some(Cell { state: CellState::Failed, message: Some(message), .. }) = cell {
                let mut lines = message.lines();
                let first = lines.next().unwrap_or_default();
                // What a program printed last says most.
                let last = lines.next_back().filter(|_| first.ends_with(':')).unwrap_or_default().trim();
                let gap = if last.is_empty() { "" } else { " " };
                reasons.push(format!("  {node} [{shown}]: {first}{gap}{last}"));
            }
        }
        rows.push(row);
    }
    let mut text = output::columns(&rows);
    let counts = matrix.counts();
    let total: usize = counts.values().sum();
    let listed: Vec<String> =
        counts.iter().map(|(state, count)| format!("{count} {}", state.word())).collect();
    text.push_str(&format!("{}: {}\n", counted(total, "task"), listed.join(", ")));
    reasons.extend(matrix.invalid.iter().map(|(node, message)| format!("  {node}: {message}")));
    if !reasons.is_empty() {
        text.push_str(&format!("failed:\n{}\n", reasons.join("\n")));
    }
    text
}

fn words(cell: &Cell) -> String {
    match cell.wall_s {
        Some(seconds) => format!("{} {}", cell.state.word(), took(seconds)),
        None => cell.state.word().to_owned(),
    }
}
