//! RON taken apart into raw pieces that still know where in the file they stand.

use ron::value::RawValue;
use serde::{
    Deserialize,
    de::{DeserializeSeed, Deserializer, MapAccess, Visitor},
};
use std::fmt;

/// The fields of `(a: 1, b: 2)`, in order, unknown and repeated ones included.
pub(super) struct RawStruct<'a>(pub Vec<(&'a str, &'a RawValue)>);

/// The entries of `{"a": 1, "b": 2}`, in order, repeated ones included.
pub(super) struct RawMap<'a>(pub Vec<(&'a RawValue, &'a RawValue)>);

/// An identifier, borrowed from the text.
struct Identifier;

impl<'de> DeserializeSeed<'de> for Identifier {
    type Value = &'de str;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<&'de str, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl<'de> Visitor<'de> for Identifier {
    type Value = &'de str;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field name")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<&'de str, E> {
        Ok(text)
    }
}

struct StructVisitor;

impl<'de> Visitor<'de> for StructVisitor {
    type Value = RawStruct<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("fields in parentheses")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields = Vec::new();
        while let Some(name) = map.next_key_seed(Identifier)? {
            fields.push((name, map.next_value()?));
        }
        Ok(RawStruct(fields))
    }
}

impl<'de> Deserialize<'de> for RawStruct<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_struct("", &[], StructVisitor)
    }
}

struct MapVisitor;

impl<'de> Visitor<'de> for MapVisitor {
    type Value = RawMap<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("names with values in braces")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(key) = map.next_key()? {
            entries.push((key, map.next_value()?));
        }
        Ok(RawMap(entries))
    }
}

impl<'de> Deserialize<'de> for RawMap<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MapVisitor)
    }
}

/// Line and column, both from 1, of a piece of `text`; the start of the text for anything else.
pub(super) fn position(text: &str, piece: &str) -> (usize, usize) {
    let offset = (piece.as_ptr() as usize).checked_sub(text.as_ptr() as usize);
    let before = offset.and_then(|offset| text.get(..offset)).unwrap_or_default();
    let line = 1 + before.matches('\n').count();
    let column = 1 + before.chars().rev().take_while(|&c| c != '\n').count();
    (line, column)
}

/// A position within a piece as a position in the whole text.
pub(super) fn shift(piece: (usize, usize), inner: ron::error::Position) -> (usize, usize) {
    if inner.line == 1 { (piece.0, piece.1 + inner.col - 1) } else { (piece.0 + inner.line - 1, inner.col) }
}
