//! Blosc 1: blocks of a buffer, each shuffled and compressed on its own.
//!
//! # Source
//! `README_CHUNK_FORMAT.rst` of c-blosc 1.21: a header of 16 bytes, the starts of the blocks, then each block in one
//! part or in one part for each byte of an element.

use super::{lz4, zeroed, zstd_into};
use std::io::Read;

const HEADER: usize = 16;
/// Elements of at most so many bytes are split into one part a byte …
const MAX_SPLITS: usize = 16;
/// … where a part has at least so many bytes.
const MIN_PART: usize = 128;

/// Undoes blosc; the size of the result is in its header.
pub(super) fn decompress(bytes: &[u8]) -> Result<Vec<u8>, String> {
    let Some(&[_, _, flags, element, ..]) = bytes.get(..HEADER) else {
        return Err(format!("{} bytes are less than the header of blosc: it was cut off", bytes.len()));
    };
    let size = number(bytes, 4)?;
    let block = number(bytes, 8)?;
    let whole = number(bytes, 12)?;
    if whole > bytes.len() {
        return Err(format!("{} bytes of {whole}: it was cut off", bytes.len()));
    }
    let mut out = zeroed(size)?;
    // Stored as it is, where compression gained nothing.
    if flags & 2 != 0 {
        let stored = bytes.get(HEADER..HEADER + size).ok_or("its stored bytes were cut off")?;
        out.copy_from_slice(stored);
        return Ok(out);
    }
    if size == 0 {
        return Ok(out);
    }
    if block == 0 {
        return Err("its header names blocks of no bytes: it is damaged".into());
    }
    let element = usize::from(element).max(1);
    let mut shuffled = vec![0; block.min(size)];
    for (index, out) in out.chunks_mut(block).enumerate() {
        let start = number(bytes, HEADER + 4 * index)?;
        let whole_block = out.len() == block;
        let splits = flags & 0x10 == 0 && element <= MAX_SPLITS && block / element >= MIN_PART && whole_block;
        let parts = if splits { element } else { 1 };
        let buffer = &mut shuffled[..out.len()];
        parts_of(bytes, start, flags >> 5, parts, buffer)?;
        match flags {
            _ if flags & 4 != 0 => unshuffle_bits(element, buffer, out),
            _ if flags & 1 != 0 && element > 1 => unshuffle_bytes(element, buffer, out),
            _ => out.copy_from_slice(buffer),
        }
    }
    Ok(out)
}

/// Decompresses the parts of a block one after the other.
fn parts_of(bytes: &[u8], mut at: usize, codec: u8, parts: usize, out: &mut [u8]) -> Result<(), String> {
    let size = out.len() / parts;
    for out in out.chunks_mut(size.max(1)).take(parts) {
        let length = number(bytes, at)?;
        at += 4;
        let end = at.checked_add(length);
        let part = end.and_then(|end| bytes.get(at..end)).ok_or("a block of it was cut off")?;
        at += length;
        if length == out.len() {
            out.copy_from_slice(part);
            continue;
        }
        match codec {
            1 => lz4(part, out)?,
            3 => flate2::read::ZlibDecoder::new(part)
                .read_exact(out)
                .map_err(|error| format!("its zlib data is damaged: {error}"))?,
            4 => zstd_into(part, out)?,
            0 => return Err(unknown("blosclz")),
            2 => return Err(unknown("snappy")),
            other => return Err(unknown(&other.to_string())),
        }
    }
    Ok(())
}

fn unknown(codec: &str) -> String {
    format!("its blosc data is compressed with \"{codec}\", and what is read here is lz4, zstd and zlib")
}

fn number(bytes: &[u8], at: usize) -> Result<usize, String> {
    let end = at.checked_add(4);
    let word = end.and_then(|end| bytes.get(at..end)).and_then(|b| <[u8; 4]>::try_from(b).ok());
    word.map(|word| u32::from_le_bytes(word) as usize).ok_or_else(|| "it was cut off".to_owned())
}

/// All first bytes, then all second bytes …: back to one element after the other.
fn unshuffle_bytes(element: usize, shuffled: &[u8], out: &mut [u8]) {
    let count = out.len() / element;
    for byte in 0..element {
        let row = &shuffled[byte * count..(byte + 1) * count];
        for (out, &value) in out[byte..].iter_mut().step_by(element).zip(row) {
            *out = value;
        }
    }
    out[count * element..].copy_from_slice(&shuffled[count * element..]);
}

/// All lowest bits, then all second bits …: back to one element after the other. Elements come in eights; a block of
/// another number is not shuffled.
fn unshuffle_bits(element: usize, shuffled: &[u8], out: &mut [u8]) {
    let count = out.len() / element;
    if !count.is_multiple_of(8) {
        out.copy_from_slice(shuffled);
        return;
    }
    let row = count / 8;
    for byte in 0..element {
        let planes = &shuffled[byte * 8 * row..(byte + 1) * 8 * row];
        for eight in 0..row {
            let mut bits = 0;
            for plane in 0..8 {
                bits |= u64::from(planes[plane * row + eight]) << (8 * plane);
            }
            let values = transposed(bits).to_le_bytes();
            for (i, value) in values.into_iter().enumerate() {
                out[(8 * eight + i) * element + byte] = value;
            }
        }
    }
    out[count * element..].copy_from_slice(&shuffled[count * element..]);
}

/// The transpose of 8 × 8 bits, a byte a row (Warren, Hacker's Delight, 7-3).
fn transposed(mut bits: u64) -> u64 {
    let swap = |bits: u64, shift: u32, mask: u64| {
        let moved = (bits ^ (bits >> shift)) & mask;
        bits ^ moved ^ (moved << shift)
    };
    bits = swap(bits, 7, 0x00AA_00AA_00AA_00AA);
    bits = swap(bits, 14, 0x0000_CCCC_0000_CCCC);
    swap(bits, 28, 0x0000_0000_F0F0_F0F0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_are_transposed() {
        // Row 1, column 6 goes to row 6, column 1.
        assert_eq!(transposed(1 << (8 + 6)), 1 << (48 + 1));
        let any = 0x0123_4567_89AB_CDEF;
        assert_eq!(transposed(transposed(any)), any);
    }

    #[test]
    fn damage_is_said_and_never_panics() {
        assert!(decompress(&[2, 1, 0]).is_err_and(|why| why.contains("cut off")));
        let mut bytes = vec![2, 1, 0x81, 2];
        for number in [1000_u32, 1000, 400] {
            bytes.extend(number.to_le_bytes());
        }
        bytes.extend(20_u32.to_le_bytes());
        assert!(decompress(&bytes).is_err_and(|why| why.contains("20 bytes of 400")));
        bytes.resize(400, 7);
        assert!(decompress(&bytes).is_err());
        // blosclz
        bytes[2] = 0x11;
        bytes[20..24].copy_from_slice(&9_u32.to_le_bytes());
        assert!(decompress(&bytes).is_err_and(|why| why.contains("blosclz")));
    }
}
