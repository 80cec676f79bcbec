//! Two sortings of the same recording against each other.

use super::{CompareParams, counts::Agreement, truth::id_column};
use crate::{
    data::{Id, Sorting, Table, TableColumn},
    engine::EngineError,
};
use ndarray::Array2;
use serde::Serialize;

/// A unit of the first sorting and its partner in the second.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Match {
    /// Unit of the first sorting.
    pub unit_id: Id,
    /// Its partner; `None` where there is none.
    pub other_id: Option<Id>,
    /// Coincident spikes over all spikes of both; 0 without a partner.
    pub agreement: f64,
    /// Spikes of the unit, of its partner, and those that coincide.
    pub num_spikes: u64,
    #[expect(missing_docs, reason = "see above")]
    pub num_spikes_other: u64,
    #[expect(missing_docs, reason = "see above")]
    pub num_matches: u64,
}

/// Two sortings of the same recording against each other.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SortingComparison {
    /// Each unit of the first sorting.
    pub matches: Vec<Match>,
    /// Units of the second sorting without a partner.
    pub unmatched_other: Vec<Id>,
    /// Names of the units of both sortings.
    #[serde(skip)]
    pub unit_ids: [Vec<Id>; 2],
    /// Agreement of all pairs, `(units of the first, units of the second)`.
    #[serde(skip)]
    pub agreement: Array2<f64>,
}

/// Compares two sortings, neither of which is taken for true.
///
/// # Errors
/// Where they cannot belong to the same recording.
pub fn compare_sortings(
    sorting: &Sorting,
    other: &Sorting,
    params: &CompareParams,
) -> Result<SortingComparison, EngineError> {
    let agreement = Agreement::new(sorting, other, params.delta_time, true)?;
    let [forward, backward] = agreement.assigned(params.match_score);
    let [counts, counts_other] = &agreement.num_spikes;
    let matches = (0..sorting.num_units())
        .map(|i| Match {
            unit_id: sorting.unit_ids[i].clone(),
            other_id: forward[i].map(|j| other.unit_ids[j].clone()),
            agreement: forward[i].map_or(0.0, |j| agreement.scores[[i, j]]),
            num_spikes: counts[i],
            num_spikes_other: forward[i].map_or(0, |j| counts_other[j]),
            num_matches: forward[i].map_or(0, |j| agreement.matches[[i, j]]),
        })
        .collect();
    let unmatched_other = (0..other.num_units())
        .filter(|&j| backward[j].is_none())
        .map(|j| other.unit_ids[j].clone())
        .collect();
    Ok(SortingComparison {
        matches,
        unmatched_other,
        unit_ids: [sorting.unit_ids.clone(), other.unit_ids.clone()],
        agreement: agreement.scores,
    })
}

impl SortingComparison {
    /// One row a unit of the first sorting, then the units of the second without a partner.
    pub fn matches_table(&self) -> Table {
        let text = |id: Option<&Id>| id.map(ToString::to_string).unwrap_or_default();
        let more = self.unmatched_other.len();
        let int = |value: fn(&Match) -> u64| {
            let values = self.matches.iter().map(|m| value(m) as i64);
            TableColumn::Int(values.chain(std::iter::repeat_n(0, more)).collect())
        };
        let mut table = Table::default();
        let own = self.matches.iter().map(|m| text(Some(&m.unit_id)));
        table
            .set("unit_id", TableColumn::Text(own.chain(std::iter::repeat_n(String::new(), more)).collect()));
        let others = self.matches.iter().map(|m| text(m.other_id.as_ref()));
        let rest = self.unmatched_other.iter().map(|id| text(Some(id)));
        table.set("other_id", TableColumn::Text(others.chain(rest).collect()));
        let scores = self.matches.iter().map(|m| m.agreement);
        table.set("agreement", TableColumn::Float(scores.chain(std::iter::repeat_n(0.0, more)).collect()));
        table.set("num_matches", int(|m| m.num_matches));
        table.set("num_spikes", int(|m| m.num_spikes));
        table.set("num_spikes_other", int(|m| m.num_spikes_other));
        table
    }

    /// Agreement of all pairs: a row a unit of the first sorting, a column a unit of the second.
    pub fn agreement_table(&self) -> Table {
        let mut table = Table::default();
        table.set("unit_id", id_column(self.unit_ids[0].iter()));
        for (id, column) in self.unit_ids[1].iter().zip(self.agreement.columns()) {
            table.columns.push((id.to_string(), TableColumn::Float(column.to_vec())));
        }
        table
    }
}
