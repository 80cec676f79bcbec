//! Names of results: a hash of everything they were made from.

use super::Coordinate;
use serde_json::Value as Json;
use std::fmt;

/// The name of a result or of a value that flows: equal where all it was made from is equal.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key([u8; 32]);

impl Key {
    /// The key written as 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        blake3::Hash::from_hex(text).ok().map(|hash| Self(hash.into()))
    }

    /// The key of what leaves by a port of the node with this key, with the keys its items add.
    pub(super) fn output(self, port: &str, added: &Coordinate) -> Key {
        KeyBuilder::new("output").bytes(&self.0).text(port).text(&coordinate_text(added)).finish()
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&blake3::Hash::from(self.0).to_hex())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", &self.to_string()[..12])
    }
}

/// A coordinate without ambiguity: `{"a":1}` and `{"a":"1"}` differ.
pub(super) fn coordinate_text(coordinate: &Coordinate) -> String {
    serde_json::to_string(coordinate).unwrap_or_default()
}

/// Puts a key together from parts; each part is preceded by its length, so that parts cannot run together.
pub(super) struct KeyBuilder(blake3::Hasher);

impl KeyBuilder {
    pub(super) fn new(what: &str) -> Self {
        Self(blake3::Hasher::new()).text("spikeloom 1").text(what)
    }

    pub(super) fn bytes(mut self, bytes: &[u8]) -> Self {
        self.0.update(&(bytes.len() as u64).to_le_bytes());
        self.0.update(bytes);
        self
    }

    pub(super) fn text(self, text: &str) -> Self {
        self.bytes(text.as_bytes())
    }

    pub(super) fn key(self, key: Key) -> Self {
        self.bytes(&key.0)
    }

    pub(super) fn finish(self) -> Key {
        Key(self.0.finalize().into())
    }
}

/// JSON as text, whatever the order of fields.
pub(super) fn canonical(value: &Json) -> String {
    match value {
        Json::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(name, _)| name.as_str());
            let entries: Vec<String> = entries
                .iter()
                .map(|(name, value)| format!("{}:{}", Json::from(name.as_str()), canonical(value)))
                .collect();
            format!("{{{}}}", entries.join(","))
        }
        Json::Array(items) => format!("[{}]", items.iter().map(canonical).collect::<Vec<_>>().join(",")),
        other => other.to_string(),
    }
}
