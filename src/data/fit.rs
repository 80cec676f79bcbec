//! The small result of estimating something from the data before it can be applied.

use ndarray::ArrayD;
use std::collections::BTreeMap;

/// Named arrays and facts, such as a whitening matrix or the labels of channels.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fit {
    /// Arrays by name.
    pub arrays: BTreeMap<String, ArrayD<f64>>,
    /// Anything else.
    pub facts: serde_json::Map<String, serde_json::Value>,
}
