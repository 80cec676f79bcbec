//! LZF, which h5py offers as a compression of HDF5.
//!
//! # Source
//! The format of Marc Lehmann's LibLZF.

use super::MAX_BYTES;

/// Undoes LZF.
///
/// A control byte under 32 is followed by that many literal bytes and one more; any other holds the length of an
/// earlier stretch that is repeated in its upper three bits, and the high bits of its distance in the lower five.
///
/// # Errors
/// Where the bytes are cut off, or refer to what was never there.
pub(super) fn decompress(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let damaged = || "its lzf data is damaged or cut off".to_owned();
    let mut out = Vec::with_capacity(bytes.len() * 2);
    let mut rest = bytes.iter().copied();
    while let Some(control) = rest.next() {
        let control = usize::from(control);
        if control < 32 {
            let before = out.len();
            out.extend(rest.by_ref().take(control + 1));
            if out.len() != before + control + 1 {
                return Err(damaged());
            }
        } else {
            let mut next = || rest.next().map(usize::from).ok_or_else(damaged);
            let longer = if control >> 5 == 7 { next()? } else { 0 };
            let length = (control >> 5) + longer + 2;
            let distance = ((control & 31) << 8) + next()? + 1;
            let start = out.len().checked_sub(distance).ok_or_else(damaged)?;
            // What is repeated may overlap with what it makes.
            for at in start..start + length {
                out.push(out[at]);
            }
        }
        if out.len() > MAX_BYTES {
            return Err(damaged());
        }
    }
    Ok(out)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn literals_and_repetitions() {
        // "abc", then six bytes from three before, then a long run of the last one.
        let bytes = [2, b'a', b'b', b'c', (4 << 5), 2, (7 << 5), 10, 0];
        let text = String::from_utf8(decompress(&bytes).unwrap()).unwrap();
        assert_eq!(text, format!("abcabcabc{}", "c".repeat(19)));
    }

    #[test]
    fn damage_is_an_error() {
        for bytes in [&[5, 1, 2][..], &[32], &[32, 0], &[2, 1, 2, 3, 7 << 5, 3]] {
            assert!(decompress(bytes).is_err(), "{bytes:?}");
        }
    }
}
