//! `compare`: a sorting against the truth.

use super::{CliError, arguments::CompareArguments, output};
use crate::{
    data::Id,
    engine::compare::{CompareParams, TruthComparison, UnitPerformance, compare_to_truth},
    io,
};

/// Compares by SpikeInterface's rule and prints means and each true unit.
///
/// # Errors
/// Where a sorting cannot be read, or they cannot belong to one recording.
pub fn compare(arguments: &CompareArguments) -> Result<(), CliError> {
    let truth = io::open_sorting(&arguments.truth, arguments.sampling_frequency)?;
    let sorting = io::open_sorting(&arguments.sorting, arguments.sampling_frequency)?;
    let params = CompareParams { delta_time: arguments.delta_time, ..CompareParams::default() };
    let found =
        compare_to_truth(&truth, &sorting, &params).map_err(|error| CliError::Input(error.to_string()))?;
    if arguments.json { output::json(&found) } else { output::text(&text(&found)) }
}

fn text(found: &TruthComparison) -> String {
    let mut rows =
        vec![["unit", "found as", "accuracy", "recall", "precision", "spikes"].map(str::to_owned).to_vec()];
    rows.extend(found.units.iter().map(row));
    format!(
        "{}\nmean accuracy {:.3}, recall {:.3}, precision {:.3}\n\
         {} true units, {} found: {} well detected, {} false positive, {} redundant, {} overmerged\n",
        output::columns(&rows),
        found.accuracy,
        found.recall,
        found.precision,
        found.num_gt,
        found.num_tested,
        found.well_detected,
        found.false_positive,
        found.redundant,
        found.overmerged
    )
}

fn row(unit: &UnitPerformance) -> Vec<String> {
    vec![
        unit.unit_id.to_string(),
        unit.tested_id.as_ref().map_or_else(|| "-".into(), Id::to_string),
        format!("{:.3}", unit.accuracy),
        format!("{:.3}", unit.recall),
        format!("{:.3}", unit.precision),
        unit.num_gt.to_string(),
    ]
}
