//! The chunks of an array: from bytes of a file to elements in C order.

use super::array::{Array, each_index};
use crate::io::{Error, codec};
use serde_json::Value;
use std::{io::ErrorKind, path::Path};

impl Array {
    /// One chunk, decoded, in C order; `None` where it has no file and is filled with `fill_value`.
    ///
    /// # Errors
    /// Where the file is damaged or cut off, or a codec is not known, naming it.
    pub fn chunk(&self, index: &[usize]) -> Result<Option<Vec<u8>>, Error> {
        let size = self.element_size()?;
        let elements = self.chunks.iter().try_fold(size, |bytes, &n| bytes.checked_mul(n));
        let expected = elements.ok_or_else(|| self.wrong("its chunks are too large"))?;
        let Some(mut bytes) = self.decoded(index, Some(expected))? else { return Ok(None) };
        for filter in self.filters.iter().rev() {
            self.undo(filter, &mut bytes, &self.file(index))?;
        }
        bytes.truncate(expected);
        Ok(Some(if self.fortran_order { in_c_order(&bytes, &self.chunks, size) } else { bytes }))
    }

    /// A chunk as it was before compression.
    pub(super) fn decoded(&self, index: &[usize], expected: Option<usize>) -> Result<Option<Vec<u8>>, Error> {
        let file = self.file(index);
        let bytes = match std::fs::read(&file) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == ErrorKind::NotFound && self.path.is_dir() => return Ok(None),
            Err(error) => return Err(Error::io("read", &file, error)),
        };
        let damaged = |why: String| {
            Error::format(
                &file,
                format!("this chunk of the array cannot be read: {why}. Copy or export it again."),
            )
        };
        let Some(id) = self.compressor.get("id").and_then(Value::as_str) else {
            return match expected.filter(|&expected| bytes.len() < expected) {
                Some(wanted) => {
                    Err(damaged(format!("it has {} bytes of {wanted}: it was cut off", bytes.len())))
                }
                None => Ok(Some(bytes)),
            };
        };
        codec::decompress(id, &bytes, expected).map(Some).map_err(damaged)
    }

    /// Undoes one filter.
    fn undo(&self, filter: &Value, bytes: &mut [u8], file: &Path) -> Result<(), Error> {
        let id = filter.get("id").and_then(Value::as_str).unwrap_or("without an id");
        match (id, filter["dtype"].as_str(), filter["elementsize"].as_u64()) {
            ("delta", Some(dtype), _)
                if filter["astype"].is_null() || filter["astype"] == filter["dtype"] =>
            {
                sum_up(dtype, bytes).ok_or_else(|| {
                    Error::format(
                        file,
                        format!("its filter \"delta\" of {dtype} is not read; export it without"),
                    )
                })
            }
            ("shuffle", _, Some(element)) if element > 0 => {
                let (element, count) = (element as usize, bytes.len() / element as usize);
                let shuffled = bytes.to_owned();
                for (i, out) in bytes[..element * count].iter_mut().enumerate() {
                    *out = shuffled[i % element * count + i / element];
                }
                Ok(())
            }
            _ => Err(Error::format(
                file,
                format!(
                    "it is stored with the filter \"{id}\", and what is read here is delta and shuffle; \
                     export it without that filter"
                ),
            )),
        }
    }

    /// One chunk as [`Self::chunk`], filled where it has no file.
    ///
    /// # Errors
    /// As [`Self::chunk`].
    pub fn chunk_or_fill(&self, index: &[usize]) -> Result<Vec<u8>, Error> {
        if let Some(chunk) = self.chunk(index)? {
            return Ok(chunk);
        }
        let size = self.element_size()?;
        let mut bytes = vec![0; self.chunks.iter().product::<usize>() * size];
        self.fill(&mut bytes, size)?;
        Ok(bytes)
    }
}

/// A column-major chunk in row-major order.
fn in_c_order(bytes: &[u8], shape: &[usize], size: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    each_index(shape, |index| {
        let from = index.iter().zip(shape).rev().fold(0, |at, (&i, &n)| at * n + i) * size;
        out.extend_from_slice(&bytes[from..from + size]);
    });
    out
}

/// Differences back to values, in place; `None` for a type that is no integer.
fn sum_up(dtype: &str, bytes: &mut [u8]) -> Option<()> {
    let code = dtype.trim_start_matches(['<', '|']);
    let size: usize = code.strip_prefix(['i', 'u'])?.parse().ok()?;
    if dtype.starts_with('>') || !matches!(size, 1 | 2 | 4 | 8) {
        return None;
    }
    // Sums wrap, so that the sign makes no difference.
    let mut sum = 0_u64;
    for element in bytes.chunks_exact_mut(size) {
        let mut word = [0; 8];
        word[..size].copy_from_slice(element);
        sum = sum.wrapping_add(u64::from_le_bytes(word));
        element.copy_from_slice(&sum.to_le_bytes()[..size]);
    }
    Some(())
}
