//! Suggestions as a table.

use super::{Evidence, labels::Label, pairs::Merge, splits::Split};
use crate::{
    data::{Id, Sorting, Table, TableColumn},
    engine::compare::id_column,
};

/// Columns of the evidence of a suggestion.
const OWN: [&str; 10] = [
    "similarity",
    "distance_um",
    "amplitude_ratio",
    "r12",
    "q12",
    "meetings_ratio",
    "coincidence",
    "dip_score",
    "smaller_share",
    "time_separation",
];
/// Columns of the unit's metrics.
const METRICS: [&str; 8] = [
    "num_spikes",
    "firing_rate",
    "snr",
    "rp_contamination",
    "isi_violations_ratio",
    "amplitude_cutoff",
    "presence_ratio",
    "drift_ptp",
];

/// A row in the making.
struct Row {
    kind: &'static str,
    unit: usize,
    other: Option<usize>,
    label: &'static str,
    reason: String,
    own: [f64; OWN.len()],
}

/// Merges, splits and labels, a row each.
pub(super) fn suggestions(
    evidence: &Evidence,
    sorting: &Sorting,
    merges: &[Merge],
    splits: &[Split],
    labels: &[Label],
) -> Table {
    const NO: f64 = f64::NAN;
    let mut rows: Vec<Row> = Vec::new();
    rows.extend(merges.iter().map(|m| Row {
        kind: "merge",
        unit: m.units.0,
        other: Some(m.units.1),
        label: "",
        reason: m.reason.clone(),
        own: [
            m.similarity,
            m.distance_um,
            m.amplitude_ratio,
            m.contamination.r12,
            m.contamination.q12,
            m.meetings_ratio,
            m.coincidence,
            m.dip_score,
            NO,
            NO,
        ],
    }));
    rows.extend(splits.iter().map(|s| Row {
        kind: "split",
        unit: s.unit,
        other: None,
        label: "",
        reason: s.reason.clone(),
        own: [
            NO,
            NO,
            NO,
            s.contamination.r12,
            s.contamination.q12,
            NO,
            NO,
            s.dip_score,
            s.smaller_share,
            s.time_separation,
        ],
    }));
    rows.extend(labels.iter().enumerate().map(|(unit, l)| Row {
        kind: "label",
        unit,
        other: None,
        label: l.label,
        reason: l.reason.clone(),
        own: [NO, NO, NO, l.contamination.r12, l.contamination.q12, NO, NO, NO, NO, NO],
    }));
    let id = |unit: usize| -> &Id { &sorting.unit_ids[unit] };
    let mut table = Table::default();
    let text = |of: &dyn Fn(&Row) -> String| TableColumn::Text(rows.iter().map(of).collect());
    table.set("kind", text(&|row| row.kind.to_owned()));
    table.set("unit_id", id_column(rows.iter().map(|row| id(row.unit))));
    table.set("other_unit_id", text(&|row| row.other.map(|unit| id(unit).to_string()).unwrap_or_default()));
    table.set("label", text(&|row| row.label.to_owned()));
    table.set("reason", text(&|row| row.reason.clone()));
    for (column, name) in OWN.iter().enumerate() {
        table.set(name, TableColumn::Float(rows.iter().map(|row| row.own[column]).collect()));
    }
    add_metrics(&mut table, evidence, rows.iter().map(|row| row.unit));
    table
}

/// A row a unit.
pub(super) fn labels(evidence: &Evidence, sorting: &Sorting, labels: &[Label]) -> Table {
    let mut table = Table::default();
    table.set("unit_id", id_column(sorting.unit_ids.iter()));
    let text = |of: fn(&Label) -> String| TableColumn::Text(labels.iter().map(of).collect());
    table.set("label", text(|l| l.label.to_owned()));
    table.set("reason", text(|l| l.reason.clone()));
    let number = |of: fn(&Label) -> f64| TableColumn::Float(labels.iter().map(of).collect());
    table.set("r12", number(|l| l.contamination.r12));
    table.set("q12", number(|l| l.contamination.q12));
    add_metrics(&mut table, evidence, 0..labels.len());
    table
}

fn add_metrics(table: &mut Table, evidence: &Evidence, units: impl Iterator<Item = usize> + Clone) {
    for name in METRICS {
        let values = units.clone().map(|unit| evidence.metric(name, unit)).collect();
        table.set(name, TableColumn::Float(values));
    }
}
