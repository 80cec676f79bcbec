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
    /// Inputs: takes the whole collection at once, or each group of it, and several wires.
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

/// One key of a coordinate. Numbers come in their order, whole or not, and before words.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CoordinateValue {
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(Finite),
    /// A word.
    Text(String),
}

impl Ord for CoordinateValue {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        use CoordinateValue::{Float, Int, Text};
        match (self, other) {
            (Int(a), Int(b)) => a.cmp(b),
            (Float(a), Float(b)) => a.cmp(b),
            (Text(a), Text(b)) => a.cmp(b),
            // Unlike values are unequal, also where they are the same number.
            (Int(a), Float(b)) => (*a as f64).total_cmp(&b.get()).then(std::cmp::Ordering::Less),
            (Float(_), Int(_)) => other.cmp(self).reverse(),
            (Text(_), _) => std::cmp::Ordering::Greater,
            (_, Text(_)) => std::cmp::Ordering::Less,
        }
    }
}

impl PartialOrd for CoordinateValue {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl CoordinateValue {
    /// The value of a JSON number, word or truth; `None` for anything else, and for what is no finite number.
    pub fn of_json(value: &serde_json::Value) -> Option<Self> {
        use serde_json::Value as Json;
        Some(match value {
            Json::Number(number) => match number.as_i64() {
                Some(whole) => CoordinateValue::Int(whole),
                None => CoordinateValue::Float(Finite::new(number.as_f64()?)?),
            },
            Json::Bool(truth) => CoordinateValue::Text(truth.to_string()),
            Json::String(text) => CoordinateValue::Text(text.clone()),
            Json::Null | Json::Array(_) | Json::Object(_) => return None,
        })
    }

    /// The value a word stands for: `3` is a whole number, `0.5` a number, anything else itself.
    pub fn of_text(text: &str) -> Self {
        // A number with leading zeros is a name, such as 007.
        let digits = text.trim_start_matches('-');
        let named = digits.len() > 1 && digits.starts_with('0') && !digits.starts_with("0.");
        match (text.parse(), text.parse().ok().and_then(Finite::new)) {
            (Ok(whole), _) if !named => CoordinateValue::Int(whole),
            (_, Some(number)) if !named && digits.starts_with(|c: char| c.is_ascii_digit()) => {
                CoordinateValue::Float(number)
            }
            _ => CoordinateValue::Text(text.to_owned()),
        }
    }
}

/// A number that is neither NaN nor infinite, so that it has an order.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Finite(f64);

impl Finite {
    /// The number, where it is finite.
    pub fn new(value: f64) -> Option<Self> {
        // There is one zero.
        value.is_finite().then_some(Self(value + 0.0))
    }

    /// The number.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl TryFrom<f64> for Finite {
    type Error = &'static str;

    fn try_from(value: f64) -> Result<Self, Self::Error> {
        Self::new(value).ok_or("a finite number expected")
    }
}

impl From<Finite> for f64 {
    fn from(value: Finite) -> f64 {
        value.0
    }
}

impl PartialEq for Finite {
    fn eq(&self, other: &Self) -> bool {
        self.0.total_cmp(&other.0).is_eq()
    }
}

impl Eq for Finite {}

impl PartialOrd for Finite {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Finite {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}

impl std::hash::Hash for Finite {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}

impl fmt::Display for CoordinateValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CoordinateValue::Int(value) => write!(f, "{value}"),
            CoordinateValue::Float(value) => write!(f, "{}", value.get()),
            CoordinateValue::Text(value) => f.write_str(value),
        }
    }
}

/// Which item of a collection, such as `{session: "a", index: 3}`; a plain recording has no keys. Cheap to clone.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Coordinate(Arc<BTreeMap<String, CoordinateValue>>);

impl Serialize for Coordinate {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Coordinate {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        BTreeMap::deserialize(deserializer).map(|keys| Self(Arc::new(keys)))
    }
}

impl FromIterator<(String, CoordinateValue)> for Coordinate {
    fn from_iter<I: IntoIterator<Item = (String, CoordinateValue)>>(keys: I) -> Self {
        Self(Arc::new(keys.into_iter().collect()))
    }
}

impl Coordinate {
    /// A coordinate of one key.
    pub fn single(key: &str, value: CoordinateValue) -> Self {
        Self::from_iter([(key.to_owned(), value)])
    }

    /// Its keys and their values.
    pub fn keys(&self) -> &BTreeMap<String, CoordinateValue> {
        &self.0
    }

    /// The same, to change.
    pub fn keys_mut(&mut self) -> &mut BTreeMap<String, CoordinateValue> {
        Arc::make_mut(&mut self.0)
    }

    /// True where it has no keys: there is one item.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// True where it has all keys of another one, with the same values: it is that item, or a part or variant of it.
    pub fn holds(&self, other: &Self) -> bool {
        other.0.iter().all(|(key, value)| self.0.get(key) == Some(value))
    }

    /// Only these keys.
    #[must_use]
    pub fn only(&self, keys: &std::collections::BTreeSet<String>) -> Self {
        match self.0.keys().all(|key| keys.contains(key)) {
            true => self.clone(),
            false => {
                let kept = self.0.iter().filter(|(key, _)| keys.contains(*key));
                kept.map(|(key, value)| (key.clone(), value.clone())).collect()
            }
        }
    }

    /// Both coordinates together, or `None` where they disagree on a shared key.
    pub fn join(&self, other: &Self) -> Option<Self> {
        if Arc::ptr_eq(&self.0, &other.0) || other.is_empty() {
            return Some(self.clone());
        }
        if self.0.iter().any(|(key, value)| other.0.get(key).is_some_and(|own| own != value)) {
            return None;
        }
        let is_part = |part: &Self, whole: &Self| part.0.keys().all(|key| whole.0.contains_key(key));
        Some(match (is_part(other, self), is_part(self, other)) {
            (true, _) => self.clone(),
            (_, true) => other.clone(),
            _ => self.with(other),
        })
    }

    /// Both coordinates together; on a shared key the other's value counts.
    #[must_use]
    pub fn with(&self, other: &Self) -> Self {
        match (self.is_empty(), other.is_empty()) {
            (_, true) => self.clone(),
            (true, _) => other.clone(),
            _ => {
                let mut all = self.clone();
                all.keys_mut().extend(other.0.iter().map(|(key, value)| (key.clone(), value.clone())));
                all
            }
        }
    }

    /// The place of this item's own file or folder where one path is named for all: `metrics.csv` becomes
    /// `metrics_group=0.csv`, `{group}/metrics.csv` becomes `0/metrics.csv`; without keys it stays as it is.
    pub fn place(&self, path: &Path) -> PathBuf {
        let kept = |c: char| if c.is_alphanumeric() || "=,-_.".contains(c) { c } else { '_' };
        let word = |value: &dyn fmt::Display| value.to_string().chars().map(kept).collect::<String>();
        let (mut text, mut rest) = (path.to_string_lossy().into_owned(), self.clone());
        for (key, value) in self.keys() {
            let named = format!("{{{key}}}");
            if text.contains(&named) {
                text = text.replace(&named, &word(value));
                rest.keys_mut().remove(key);
            }
        }
        let path = if rest == *self { path.to_owned() } else { PathBuf::from(text) };
        let (Some(stem), false) = (path.file_stem(), rest.0.is_empty()) else { return path };
        let ending = path.extension().map(|e| format!(".{}", e.to_string_lossy())).unwrap_or_default();
        path.with_file_name(format!("{}_{}{ending}", stem.to_string_lossy(), word(&rest)))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_their_order_whether_or_not_they_are_whole() {
        let mut values = ["b", "10", "4.5", "6", "-0.5", "a", "7.25"].map(CoordinateValue::of_text);
        values.sort();
        assert_eq!(values.map(|value| value.to_string()), ["-0.5", "4.5", "6", "7.25", "10", "a", "b"]);
        let (whole, real) = (CoordinateValue::Int(4), Finite::new(4.0).map(CoordinateValue::Float));
        let real = real.unwrap_or(CoordinateValue::Int(0));
        assert!(whole < real && whole != real);
        assert_eq!(real.cmp(&whole), std::cmp::Ordering::Greater);
    }

    #[test]
    fn each_item_has_a_place_of_its_own() {
        let keys =
            [("session", "a/b"), ("index", "3")].map(|(k, v)| (k.to_owned(), CoordinateValue::of_text(v)));
        let item: Coordinate = keys.into_iter().collect();
        let place = |path: &str| item.place(Path::new(path)).display().to_string();
        assert_eq!(place("out/metrics.csv"), "out/metrics_index=3,session=a_b.csv");
        assert_eq!(place("out/{session}/metrics.csv"), "out/a_b/metrics_index=3.csv");
        assert_eq!(place("{session}/rec_{index}.csv"), "a_b/rec_3.csv");
        assert_eq!(place("{nope}.csv"), "{nope}_index=3,session=a_b.csv");
        assert_eq!(Coordinate::default().place(Path::new("{session}.csv")), Path::new("{session}.csv"));
    }
}
