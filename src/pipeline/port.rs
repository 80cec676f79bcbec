//! Ports of nodes and the values that flow between them.

use crate::data::{
    Events, Features, Figure, Fit, Motion, NoiseLevels, Peaks, Recording, Sorting, Table, Templates,
    Waveforms,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

/// What a port carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "each is the type of that name in `data`")]
pub enum PortType {
    Recording,
    Sorting,
    Peaks,
    Features,
    Waveforms,
    Templates,
    Noise,
    Motion,
    Table,
    Events,
    Figure,
    Files,
    /// Named arrays estimated from data; flows inside nodes only.
    Fit,
}

impl PortType {
    /// The name users see, such as `Recording`.
    pub fn name(self) -> &'static str {
        match self {
            PortType::Recording => "Recording",
            PortType::Sorting => "Sorting",
            PortType::Peaks => "Peaks",
            PortType::Features => "Features",
            PortType::Waveforms => "Waveforms",
            PortType::Templates => "Templates",
            PortType::Noise => "Noise",
            PortType::Motion => "Motion",
            PortType::Table => "Table",
            PortType::Events => "Events",
            PortType::Figure => "Figure",
            PortType::Files => "Files",
            PortType::Fit => "Fit",
        }
    }
}

impl fmt::Display for PortType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// An input or output of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Port {
    /// Its name within the node, such as `recording`.
    pub name: &'static str,
    /// What it carries.
    pub port_type: PortType,
    /// Inputs: may be left unconnected.
    pub optional: bool,
    /// Inputs: takes the whole collection at once, and several wires.
    pub many: bool,
}

impl Port {
    /// A port that must be connected and takes one item at a time.
    pub const fn new(name: &'static str, port_type: PortType) -> Self {
        Self { name, port_type, optional: false, many: false }
    }

    /// The same port, allowed to be unconnected.
    #[must_use]
    pub const fn optional(self) -> Self {
        Self { optional: true, ..self }
    }

    /// The same port, taking a whole collection.
    #[must_use]
    pub const fn many(self) -> Self {
        Self { many: true, ..self }
    }
}

/// What flows on a wire for one coordinate; cheap to clone.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "each holds the type of that name in `data`")]
pub enum Value {
    Recording(Recording),
    Sorting(Arc<Sorting>),
    Peaks(Arc<Peaks>),
    Features(Arc<Features>),
    Waveforms(Arc<Waveforms>),
    Templates(Arc<Templates>),
    Noise(Arc<NoiseLevels>),
    Motion(Arc<Motion>),
    Table(Arc<Table>),
    Events(Arc<Events>),
    Figure(Arc<Figure>),
    /// Files or folders that were written for the user.
    Files(Arc<Vec<PathBuf>>),
    Fit(Arc<Fit>),
}

impl Value {
    /// The type of port it may leave by.
    pub fn port_type(&self) -> PortType {
        match self {
            Value::Recording(_) => PortType::Recording,
            Value::Sorting(_) => PortType::Sorting,
            Value::Peaks(_) => PortType::Peaks,
            Value::Features(_) => PortType::Features,
            Value::Waveforms(_) => PortType::Waveforms,
            Value::Templates(_) => PortType::Templates,
            Value::Noise(_) => PortType::Noise,
            Value::Motion(_) => PortType::Motion,
            Value::Table(_) => PortType::Table,
            Value::Events(_) => PortType::Events,
            Value::Figure(_) => PortType::Figure,
            Value::Files(_) => PortType::Files,
            Value::Fit(_) => PortType::Fit,
        }
    }
}

macro_rules! value_from {
    ($($variant:ident($inner:ty)),*) => {$(
        impl From<$inner> for Value {
            fn from(value: $inner) -> Self {
                Value::$variant(Arc::new(value))
            }
        }
    )*};
}
value_from!(
    Sorting(Sorting),
    Peaks(Peaks),
    Features(Features),
    Waveforms(Waveforms),
    Templates(Templates),
    Noise(NoiseLevels),
    Motion(Motion),
    Table(Table),
    Events(Events),
    Figure(Figure),
    Fit(Fit)
);

impl From<Recording> for Value {
    fn from(value: Recording) -> Self {
        Value::Recording(value)
    }
}

/// One key of a coordinate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CoordinateValue {
    /// A number.
    Int(i64),
    /// A word.
    Text(String),
}

impl fmt::Display for CoordinateValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CoordinateValue::Int(value) => write!(f, "{value}"),
            CoordinateValue::Text(value) => f.write_str(value),
        }
    }
}

/// Which item of a collection, such as `{session: "a", index: 3}`; a plain recording has no keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Coordinate(pub BTreeMap<String, CoordinateValue>);

impl Coordinate {
    /// A coordinate of one key.
    pub fn single(key: &str, value: CoordinateValue) -> Self {
        Self(BTreeMap::from([(key.to_owned(), value)]))
    }

    /// Both coordinates together, or `None` where they disagree on a shared key.
    pub fn join(&self, other: &Self) -> Option<Self> {
        let mut joined = self.0.clone();
        for (key, value) in &other.0 {
            match joined.get(key) {
                Some(own) if own != value => return None,
                _ => drop(joined.insert(key.clone(), value.clone())),
            }
        }
        Some(Self(joined))
    }

    /// The place of this item's own file or folder where one path is named for all: `metrics.csv` becomes
    /// `metrics_group=0.csv`; without keys it stays as it is.
    pub fn place(&self, path: &Path) -> PathBuf {
        let (Some(stem), false) = (path.file_stem(), self.0.is_empty()) else { return path.to_owned() };
        let kept = |c: char| if c.is_alphanumeric() || "=,-_.".contains(c) { c } else { '_' };
        let item: String = self.to_string().chars().map(kept).collect();
        let ending = path.extension().map(|e| format!(".{}", e.to_string_lossy())).unwrap_or_default();
        path.with_file_name(format!("{}_{item}{ending}", stem.to_string_lossy()))
    }
}

impl fmt::Display for Coordinate {
    /// `session=a,index=3`; empty without keys.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (key, value)) in self.0.iter().enumerate() {
            write!(f, "{}{key}={value}", if i > 0 { "," } else { "" })?;
        }
        Ok(())
    }
}
