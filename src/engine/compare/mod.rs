//! Two sortings spike by spike: against a truth, or against each other.
//!
//! # Source
//! SpikeInterface 0.105 `compare_sorter_to_ground_truth` and `compare_two_sorters`: the same numbers.

mod assignment;
mod counts;
mod truth;
mod two;

pub(crate) use truth::id_column;
pub use truth::{TruthComparison, UnitPerformance, compare_to_truth};
pub use two::{Match, SortingComparison, compare_sortings};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// When two spikes are the same one, and two units.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CompareParams {
    /// Spikes at most this far apart are taken for the same one.
    #[schemars(range(min = 0.0, max = 100.0), extend("unit" = "ms", "soft" = [0.1, 2.0]))]
    pub delta_time: f64,
    /// Agreement from which on two units are matched.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub match_score: f64,
    /// Agreement from which on a unit is well detected.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub well_detected_score: f64,
    /// Agreement from which on an unmatched unit is a second copy of a true one, not a false positive.
    #[schemars(range(min = 0.0, max = 1.0), extend("advanced" = true))]
    pub redundant_score: f64,
    /// A unit that agrees more than this with two true units merges them.
    #[schemars(range(min = 0.0, max = 1.0), extend("advanced" = true))]
    pub overmerged_score: f64,
    /// Agreement below which two units have nothing in common.
    #[schemars(range(min = 0.0, max = 1.0), extend("advanced" = true))]
    pub chance_score: f64,
}

impl Default for CompareParams {
    fn default() -> Self {
        Self {
            delta_time: 0.4,
            match_score: 0.5,
            well_detected_score: 0.8,
            redundant_score: 0.2,
            overmerged_score: 0.2,
            chance_score: 0.1,
        }
    }
}

#[cfg(test)]
mod tests;
