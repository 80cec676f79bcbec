//! Named typed columns: metrics, comparisons, properties of units.

use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashSet};

/// What values are in where the gain of a recording is not known.
pub const RAW_UNITS: &str = "raw units";

/// The values of a column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "values", rename_all = "snake_case")]
pub enum TableColumn {
    /// Numbers; NaN where missing.
    Float(#[serde(with = "nan_as_null")] Vec<f64>),
    /// Whole numbers.
    Int(Vec<i64>),
    /// True or false.
    Bool(Vec<bool>),
    /// Words.
    Text(Vec<String>),
}

impl TableColumn {
    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            TableColumn::Float(v) => v.len(),
            TableColumn::Int(v) => v.len(),
            TableColumn::Bool(v) => v.len(),
            TableColumn::Text(v) => v.len(),
        }
    }

    /// True without rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a row as text, as CSV has it: empty where missing.
    pub fn cell(&self, row: usize) -> String {
        match self {
            TableColumn::Float(v) => match v.get(row) {
                Some(x) if !x.is_nan() => x.to_string(),
                _ => String::new(),
            },
            TableColumn::Int(v) => v.get(row).map(ToString::to_string).unwrap_or_default(),
            TableColumn::Bool(v) => v.get(row).map(ToString::to_string).unwrap_or_default(),
            TableColumn::Text(v) => v.get(row).cloned().unwrap_or_default(),
        }
    }

    /// The value of a row as a number, where it is one.
    pub fn number(&self, row: usize) -> Option<f64> {
        match self {
            TableColumn::Float(v) => v.get(row).copied().filter(|x| !x.is_nan()),
            TableColumn::Int(v) => v.get(row).map(|&x| x as f64),
            TableColumn::Bool(v) => v.get(row).map(|&x| f64::from(u8::from(x))),
            TableColumn::Text(_) => None,
        }
    }

    /// The different cells as text: numbers in their order, words as they come.
    pub fn distinct(&self) -> Vec<String> {
        let mut rows: Vec<usize> = (0..self.len()).collect();
        if !matches!(self, TableColumn::Text(_)) {
            rows.sort_by(|&a, &b| {
                self.number(a).partial_cmp(&self.number(b)).unwrap_or(std::cmp::Ordering::Equal)
            });
        }
        let mut seen = HashSet::new();
        rows.into_iter().map(|row| self.cell(row)).filter(|cell| seen.insert(cell.clone())).collect()
    }
}

/// A table; all columns have the same length.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// Columns with their names, in order.
    pub columns: Vec<(String, TableColumn)>,
    /// Physical units of columns whose names do not tell them, such as µV.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub units: BTreeMap<String, String>,
}

impl Table {
    /// A table of these columns, whose units follow from their names.
    pub fn new(columns: Vec<(String, TableColumn)>) -> Self {
        Self { columns, units: BTreeMap::new() }
    }

    /// The physical unit of a column: the one declared, else what its name tells.
    pub fn unit_of(&self, name: &str) -> Option<&str> {
        self.units.get(name).map(String::as_str).or_else(|| unit_of_column(name))
    }

    /// Declares the physical unit of a column: µV, or raw units where the gain is not known.
    pub fn set_volts(&mut self, name: &str, in_uv: bool) {
        self.units.insert(name.to_owned(), if in_uv { "µV" } else { RAW_UNITS }.to_owned());
    }

    /// Number of rows.
    pub fn num_rows(&self) -> usize {
        self.columns.first().map_or(0, |(_, column)| column.len())
    }

    /// A column by name.
    pub fn column(&self, name: &str) -> Option<&TableColumn> {
        self.columns.iter().find(|(n, _)| n == name).map(|(_, column)| column)
    }

    /// The table with these rows, in this order.
    #[must_use]
    pub fn select_rows(&self, rows: &[usize]) -> Self {
        fn pick<T: Clone>(values: &[T], rows: &[usize]) -> Vec<T> {
            rows.iter().filter_map(|&row| values.get(row).cloned()).collect()
        }
        let select = |column: &TableColumn| match column {
            TableColumn::Float(v) => TableColumn::Float(pick(v, rows)),
            TableColumn::Int(v) => TableColumn::Int(pick(v, rows)),
            TableColumn::Bool(v) => TableColumn::Bool(pick(v, rows)),
            TableColumn::Text(v) => TableColumn::Text(pick(v, rows)),
        };
        let columns = self.columns.iter().map(|(name, column)| (name.clone(), select(column))).collect();
        Self { columns, units: self.units.clone() }
    }

    /// Adds a column, or replaces the one of that name.
    pub fn set(&mut self, name: &str, column: TableColumn) {
        match self.columns.iter_mut().find(|(n, _)| n == name) {
            Some((_, old)) => *old = column,
            None => self.columns.push((name.to_owned(), column)),
        }
    }
}

/// The physical unit of a column by its name: that of the ending, or of the measure of that name.
fn unit_of_column(name: &str) -> Option<&'static str> {
    let endings =
        [("_ms", "ms"), ("_um", "µm"), ("_uv", "µV"), ("_hz", "Hz"), ("_percent", "%"), ("_s", "s")];
    match name {
        "firing_rate" | "firing_range" => Some("Hz"),
        "x" | "y" | "z" | "depth" | "drift_ptp" | "drift_std" | "drift_mad" | "spread" => Some("µm"),
        "peak_to_valley"
        | "half_width"
        | "trough_half_width"
        | "peak_half_width"
        | "peak_to_trough_duration" => Some("s"),
        _ => endings.into_iter().find(|(ending, _)| name.ends_with(ending)).map(|(_, unit)| unit),
    }
}

mod nan_as_null {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub fn serialize<S: Serializer>(values: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
        let values: Vec<Option<f64>> = values.iter().map(|&x| x.is_finite().then_some(x)).collect();
        values.serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
        let values = Vec::<Option<f64>>::deserialize(deserializer)?;
        Ok(values.into_iter().map(|x| x.unwrap_or(f64::NAN)).collect())
    }
}
