//! A sorting against the truth.

use super::{CompareParams, counts::Agreement};
use crate::{
    data::{Id, Sorting, Table, TableColumn},
    engine::EngineError,
};
use ndarray::Array2;
use serde::Serialize;

/// How well one true unit was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct UnitPerformance {
    /// The true unit.
    pub unit_id: Id,
    /// The unit it is matched with; `None` where it was not found.
    pub tested_id: Option<Id>,
    /// `tp / (tp + fn + fp)`.
    pub accuracy: f64,
    /// Share of the true spikes that were found, `tp / (tp + fn)`.
    pub recall: f64,
    /// Share of the found spikes that are true, `tp / (tp + fp)`.
    pub precision: f64,
    /// `fp / (tp + fp)`.
    pub false_discovery_rate: f64,
    /// `fn / num_gt`.
    pub miss_rate: f64,
    /// Spikes found.
    pub tp: u64,
    /// True spikes missed.
    #[serde(rename = "fn")]
    pub fn_: u64,
    /// Spikes that are not true ones.
    pub fp: u64,
    /// Spikes of the true unit.
    pub num_gt: u64,
    /// Spikes of the matched unit.
    pub num_tested: u64,
}

/// A sorting against the truth.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TruthComparison {
    /// Mean accuracy over the true units; units that were not found count as 0.
    pub accuracy: f64,
    /// Mean recall.
    pub recall: f64,
    /// Mean precision.
    pub precision: f64,
    /// True units.
    pub num_gt: usize,
    /// Units of the sorting.
    pub num_tested: usize,
    /// Units that match a true one well.
    pub well_detected: usize,
    /// Units that match none. Means something where the truth names all units there are, as the next two.
    pub false_positive: usize,
    /// Units that are a second copy of a true one.
    pub redundant: usize,
    /// Units that hold the spikes of several true ones.
    pub overmerged: usize,
    /// Names of those units of the sorting, in the same order.
    pub well_detected_units: Vec<Id>,
    #[expect(missing_docs, reason = "see the counts")]
    pub false_positive_units: Vec<Id>,
    #[expect(missing_docs, reason = "see the counts")]
    pub redundant_units: Vec<Id>,
    #[expect(missing_docs, reason = "see the counts")]
    pub overmerged_units: Vec<Id>,
    /// Each true unit.
    pub units: Vec<UnitPerformance>,
    /// Names of the units of the sorting.
    #[serde(skip)]
    pub tested_ids: Vec<Id>,
    /// Spikes of the units of the sorting.
    #[serde(skip)]
    pub tested_counts: Vec<u64>,
    /// Matched unit of the sorting, an index, for each true unit.
    #[serde(skip)]
    pub matching: Vec<Option<usize>>,
    /// Agreement `(true units, units of the sorting)`.
    #[serde(skip)]
    pub agreement: Array2<f64>,
}

/// Compares a sorting with the truth.
///
/// # Errors
/// Where they cannot belong to the same recording.
pub fn compare_to_truth(
    truth: &Sorting,
    sorting: &Sorting,
    params: &CompareParams,
) -> Result<TruthComparison, EngineError> {
    let agreement = Agreement::new(truth, sorting, params.delta_time, false)?;
    let [forward, backward] = agreement.assigned(params.match_score);
    let [best_of_true, best_of_tested] = agreement.best(params.chance_score);
    let [num_gt, num_tested] = &agreement.num_spikes;

    let units: Vec<UnitPerformance> = (0..truth.num_units())
        .map(|i| {
            let matched = forward[i].map(|j| (j, agreement.matches[[i, j]]));
            let tp = matched.map_or(0, |(_, tp)| tp);
            let tested = matched.map_or(0, |(j, _)| num_tested[j]);
            // A true spike cannot be missed less than no time, whatever bursts do to the count.
            let (fn_, fp) = (num_gt[i].saturating_sub(tp), tested.saturating_sub(tp));
            let share = |part: u64, whole: u64| if tp == 0 { 0.0 } else { part as f64 / whole as f64 };
            UnitPerformance {
                unit_id: truth.unit_ids[i].clone(),
                tested_id: matched.map(|(j, _)| sorting.unit_ids[j].clone()),
                accuracy: share(tp, tp + fn_ + fp),
                recall: share(tp, tp + fn_),
                precision: share(tp, tp + fp),
                false_discovery_rate: share(fp, tp + fp),
                miss_rate: share(fn_, num_gt[i]),
                tp,
                fn_,
                fp,
                num_gt: num_gt[i],
                num_tested: tested,
            }
        })
        .collect();

    let which = |test: &dyn Fn(usize) -> bool| -> Vec<Id> {
        (0..sorting.num_units()).filter(|&j| test(j)).map(|j| sorting.unit_ids[j].clone()).collect()
    };
    let score = |i: usize, j: usize| agreement.scores[[i, j]];
    let well_detected_units =
        which(&|j| backward[j].is_some_and(|i| score(i, j) >= params.well_detected_score));
    let false_positive_units = which(&|j| {
        backward[j].is_none() && best_of_tested[j].is_none_or(|i| score(i, j) < params.redundant_score)
    });
    let redundant_units = which(&|j| {
        backward[j].is_none()
            && best_of_tested[j]
                .is_some_and(|i| best_of_true[i] != Some(j) && score(i, j) >= params.redundant_score)
    });
    let overmerged_units =
        which(&|j| agreement.scores.column(j).iter().filter(|&&s| s > params.overmerged_score).count() > 1);
    let mean = |value: fn(&UnitPerformance) -> f64| match units.len() {
        0 => 0.0,
        n => units.iter().map(value).sum::<f64>() / n as f64,
    };
    Ok(TruthComparison {
        accuracy: mean(|u| u.accuracy),
        recall: mean(|u| u.recall),
        precision: mean(|u| u.precision),
        num_gt: truth.num_units(),
        num_tested: sorting.num_units(),
        well_detected: well_detected_units.len(),
        false_positive: false_positive_units.len(),
        redundant: redundant_units.len(),
        overmerged: overmerged_units.len(),
        well_detected_units,
        false_positive_units,
        redundant_units,
        overmerged_units,
        units,
        tested_ids: sorting.unit_ids.clone(),
        tested_counts: num_tested.clone(),
        matching: forward,
        agreement: agreement.scores,
    })
}

impl TruthComparison {
    /// One row a true unit: `unit_id`, `tested_id` (empty where not found), rates and counts.
    pub fn units_table(&self) -> Table {
        let rows = &self.units;
        let float = |value: fn(&UnitPerformance) -> f64| TableColumn::Float(rows.iter().map(value).collect());
        let int = |value: fn(&UnitPerformance) -> u64| {
            TableColumn::Int(rows.iter().map(|u| value(u) as i64).collect())
        };
        let tested = |u: &UnitPerformance| u.tested_id.as_ref().map(ToString::to_string).unwrap_or_default();
        let mut table = Table::default();
        table.set("unit_id", id_column(rows.iter().map(|u| &u.unit_id)));
        table.set("tested_id", TableColumn::Text(rows.iter().map(tested).collect()));
        table.set("accuracy", float(|u| u.accuracy));
        table.set("recall", float(|u| u.recall));
        table.set("precision", float(|u| u.precision));
        table.set("false_discovery_rate", float(|u| u.false_discovery_rate));
        table.set("miss_rate", float(|u| u.miss_rate));
        table.set("tp", int(|u| u.tp));
        table.set("fn", int(|u| u.fn_));
        table.set("fp", int(|u| u.fp));
        table.set("num_gt", int(|u| u.num_gt));
        table.set("num_tested", int(|u| u.num_tested));
        table
    }

    /// Matched units first, in the same order on both sides; the last row counts false, the last column missed
    /// spikes.
    pub fn confusion_table(&self) -> Table {
        let matched = || (0..self.units.len()).filter_map(|i| self.matching[i].map(|j| (i, j)));
        let mut rows: Vec<usize> = matched().map(|(i, _)| i).collect();
        rows.extend((0..self.units.len()).filter(|&i| self.matching[i].is_none()));
        let mut columns: Vec<usize> = matched().map(|(_, j)| j).collect();
        columns.extend((0..self.tested_ids.len()).filter(|j| !self.matching.contains(&Some(*j))));

        let names = rows.iter().map(|&i| self.units[i].unit_id.to_string()).chain(["FP".to_owned()]);
        let mut table = Table::default();
        table.set("unit_id", TableColumn::Text(names.collect()));
        for &j in &columns {
            let mut values: Vec<i64> = rows
                .iter()
                .map(|&i| if self.matching[i] == Some(j) { self.units[i].tp as i64 } else { 0 })
                .collect();
            let found: i64 = values.iter().sum();
            values.push((self.tested_counts[j] as i64 - found).max(0));
            table.columns.push((self.tested_ids[j].to_string(), TableColumn::Int(values)));
        }
        let missed = rows.iter().map(|&i| self.units[i].fn_ as i64).chain([0]);
        table.columns.push(("FN".to_owned(), TableColumn::Int(missed.collect())));
        table
    }

    /// One row: means and counts.
    pub fn summary_table(&self) -> Table {
        let mut table = Table::default();
        for (name, value) in
            [("accuracy", self.accuracy), ("recall", self.recall), ("precision", self.precision)]
        {
            table.set(name, TableColumn::Float(vec![value]));
        }
        for (name, value) in [
            ("num_gt", self.num_gt),
            ("num_tested", self.num_tested),
            ("well_detected", self.well_detected),
            ("false_positive", self.false_positive),
            ("redundant", self.redundant),
            ("overmerged", self.overmerged),
        ] {
            table.set(name, TableColumn::Int(vec![value as i64]));
        }
        table
    }
}

/// Names as a column: whole numbers where all are.
pub(crate) fn id_column<'a>(ids: impl Iterator<Item = &'a Id> + Clone) -> TableColumn {
    let numbers: Option<Vec<i64>> = ids
        .clone()
        .map(|id| match id {
            Id::Int(value) => Some(*value),
            Id::Text(_) => None,
        })
        .collect();
    match numbers {
        Some(numbers) => TableColumn::Int(numbers),
        None => TableColumn::Text(ids.map(ToString::to_string).collect()),
    }
}
