//! Names of channels and units, which files give as integers or as text.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The name of a channel or unit; it survives reordering, unlike an index.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Id {
    /// An integer name.
    Int(i64),
    /// A text name.
    Text(String),
}

impl Id {
    /// `0..count` as integer ids.
    pub fn range(count: usize) -> Vec<Id> {
        (0..count as i64).map(Id::Int).collect()
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Id::Int(value) => write!(f, "{value}"),
            Id::Text(value) => f.write_str(value),
        }
    }
}

impl From<i64> for Id {
    fn from(value: i64) -> Self {
        Id::Int(value)
    }
}

impl From<&str> for Id {
    fn from(value: &str) -> Self {
        Id::Text(value.to_owned())
    }
}
