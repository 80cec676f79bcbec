//! Arrays of text (`<U…`, `|S…`).

use super::{Raw, write::header_bytes};
use crate::io::{Error, atomic};
use npyz::{DType, Endianness, TypeChar};
use std::path::Path;

impl Raw {
    /// The elements as text: words as they are, numbers and truths as numpy prints them.
    ///
    /// # Errors
    /// Where the elements are structures.
    pub fn strings(&self, path: &Path) -> Result<Vec<String>, Error> {
        let DType::Plain(scalar) = &self.header.dtype else {
            return Err(Error::format(
                path,
                format!("text expected, it holds {}", self.header.dtype.descr()),
            ));
        };
        let size = scalar.num_bytes().unwrap_or(0);
        let big = scalar.endianness() == Endianness::Big;
        let elements = self.header.len().unwrap_or(0);
        match scalar.type_char() {
            // Width zero: every element is empty.
            TypeChar::UnicodeStr | TypeChar::ByteStr if size == 0 => Ok(vec![String::new(); elements]),
            TypeChar::UnicodeStr => Ok(self.bytes.chunks_exact(size).map(|word| utf32(word, big)).collect()),
            TypeChar::ByteStr => Ok(self
                .bytes
                .chunks_exact(size)
                .map(|word| String::from_utf8_lossy(word).trim_end_matches('\0').to_owned())
                .collect()),
            TypeChar::Bool => Ok(self
                .bytes
                .iter()
                .map(|&b| if b == 0 { "False".to_owned() } else { "True".to_owned() })
                .collect()),
            TypeChar::Float => Ok(self.numbers::<f64>(path)?.iter().map(ToString::to_string).collect()),
            _ => Ok(self.numbers::<i64>(path)?.iter().map(ToString::to_string).collect()),
        }
    }

    /// True where the elements are words.
    pub fn is_text(&self) -> bool {
        self.header
            .scalar()
            .is_some_and(|s| matches!(s.type_char(), TypeChar::UnicodeStr | TypeChar::ByteStr))
    }
}

/// Reads a vector of text; numbers are spelled out.
///
/// # Errors
/// Where the file is missing, foreign or cut off.
pub fn read_strings(path: &Path) -> Result<Vec<String>, Error> {
    Raw::read(path)?.strings(path)
}

/// Writes a vector of text as `<U…`.
///
/// # Errors
/// Where the file cannot be written.
pub fn write_strings<S: AsRef<str>>(path: &Path, words: &[S]) -> Result<(), Error> {
    atomic::write_file(path, &texts_to_bytes(words))
}

/// A vector of text as the bytes of a `<U…` file.
pub(in crate::io) fn texts_to_bytes<S: AsRef<str>>(words: &[S]) -> Vec<u8> {
    let width = words.iter().map(|w| w.as_ref().chars().count()).max().unwrap_or(0).max(1);
    let mut bytes = header_bytes(&format!("'<U{width}'"), &[words.len()]);
    for word in words {
        let mut written = 0;
        for character in word.as_ref().chars() {
            bytes.extend(u32::from(character).to_le_bytes());
            written += 1;
        }
        bytes.resize(bytes.len() + 4 * (width - written), 0);
    }
    bytes
}

fn utf32(word: &[u8], big: bool) -> String {
    let text: String = word
        .chunks_exact(4)
        .filter_map(|c| <[u8; 4]>::try_from(c).ok())
        .map(|c| if big { u32::from_be_bytes(c) } else { u32::from_le_bytes(c) })
        .map(|code| char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect();
    text.trim_end_matches('\0').to_owned()
}
