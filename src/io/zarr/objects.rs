//! Arrays of text and of Python objects, as far as they are coded without Python.

use super::array::Array;
use crate::io::{Error, json};
use serde_json::Value;

impl Array {
    /// A vector of text: words, numbers spelled out, or objects coded as `vlen-utf8`.
    ///
    /// # Errors
    /// As [`Self::raw`]; objects of another kind are named.
    pub fn texts(&self) -> Result<Vec<String>, Error> {
        match self.object_codec() {
            None => self.raw()?.strings(&self.path),
            Some("vlen-utf8") => {
                let mut words = Vec::new();
                for chunk in 0..self.grid().first().copied().unwrap_or(0) {
                    let bytes = self.decoded(&[chunk], None)?.unwrap_or_default();
                    words.extend(vlen_words(&bytes).ok_or_else(|| self.wrong("its text is damaged"))?);
                }
                words.truncate(self.shape.first().copied().unwrap_or(0));
                Ok(words)
            }
            Some(_) => {
                let plain = |value: Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                Ok(self.objects()?.into_iter().map(plain).collect())
            }
        }
    }

    /// A vector of objects that are coded as JSON.
    ///
    /// # Errors
    /// Where they are coded otherwise, such as Python's pickle, which is never opened.
    pub fn objects(&self) -> Result<Vec<Value>, Error> {
        match self.object_codec() {
            Some("json2" | "json") => {}
            Some("pickle") => {
                return Err(self.wrong("it holds Python objects (filter \"pickle\"), which are not opened"));
            }
            other => {
                return Err(self.wrong(format!(
                    "objects in JSON expected, found filter \"{}\"",
                    other.unwrap_or("none")
                )));
            }
        }
        let mut objects = Vec::new();
        for chunk in 0..self.grid().first().copied().unwrap_or(0) {
            let bytes = self.decoded(&[chunk], None)?.unwrap_or_default();
            let text = String::from_utf8_lossy(&bytes);
            let Value::Array(mut list) = json::parse(&text, &self.path)? else {
                return Err(self.wrong("a list of objects expected"));
            };
            // The type and the shape follow the objects.
            list.truncate(list.len().saturating_sub(2));
            objects.extend(list);
        }
        objects.truncate(self.shape.first().copied().unwrap_or(0));
        Ok(objects)
    }
}

/// Their number, then each word with its length before it.
fn vlen_words(bytes: &[u8]) -> Option<Vec<String>> {
    let number =
        |at: usize| Some(u32::from_le_bytes(bytes.get(at..at.checked_add(4)?)?.try_into().ok()?) as usize);
    let mut at = 4;
    let mut words = Vec::new();
    for _ in 0..if bytes.is_empty() { 0 } else { number(0)? } {
        let length = number(at)?;
        words.push(String::from_utf8_lossy(bytes.get(at + 4..at.checked_add(4 + length)?)?).into_owned());
        at += 4 + length;
    }
    Some(words)
}
