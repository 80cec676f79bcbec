//! Compression of chunks, as zarr (numcodecs) and HDF5 name it.
//!
//! # Source
//! numcodecs' specifications of its codecs; the format of each is that of the library it names.

mod blosc;
mod lzf;

use std::io::Read;

/// More than any chunk holds: a size beyond it is damage, and not worth the memory.
const MAX_BYTES: usize = 1 << 31;

/// The codecs that are read, for messages.
pub(super) const KNOWN: &str = "blosc (lz4, zstd, zlib), zstd, lz4, gzip, zlib, lzf";

/// Undoes a compression; `expected` is the size in bytes of what comes out, where it is known.
///
/// # Errors
/// Why it fails: a codec that is not read, by its id, or bytes that are damaged or cut off.
pub(super) fn decompress(id: &str, bytes: &[u8], expected: Option<usize>) -> Result<Vec<u8>, String> {
    let limit = expected.unwrap_or(MAX_BYTES);
    let out = match id {
        "blosc" => blosc::decompress(bytes)?,
        "zstd" => {
            read_all(zstd::stream::read::Decoder::new(bytes).map_err(|error| error.to_string())?, limit)?
        }
        "lz4" => {
            let (size, rest) = bytes.split_at_checked(4).ok_or("it is cut off")?;
            let size = u32::from_le_bytes([size[0], size[1], size[2], size[3]]) as usize;
            let mut out = zeroed(size)?;
            lz4(rest, &mut out)?;
            out
        }
        "lzf" => lzf::decompress(bytes)?,
        "gzip" => read_all(flate2::read::MultiGzDecoder::new(bytes), limit)?,
        "zlib" => read_all(flate2::read::ZlibDecoder::new(bytes), limit)?,
        other => return Err(format!("it is compressed with \"{other}\", and what is read here is {KNOWN}")),
    };
    match expected.filter(|&expected| out.len() < expected) {
        Some(expected) => Err(format!("it holds {} bytes of {expected}: it was cut off", out.len())),
        None => Ok(out),
    }
}

/// A buffer of zeros, where a size from a file can be believed.
fn zeroed(size: usize) -> Result<Vec<u8>, String> {
    if size > MAX_BYTES {
        return Err(format!("it claims to hold {size} bytes: it is damaged"));
    }
    Ok(vec![0; size])
}

fn lz4(bytes: &[u8], out: &mut [u8]) -> Result<(), String> {
    match lz4_flex::block::decompress_into(bytes, out) {
        Ok(size) if size == out.len() => Ok(()),
        Ok(size) => Err(format!("its lz4 data holds {size} bytes of {}", out.len())),
        Err(error) => Err(format!("its lz4 data is damaged: {error}")),
    }
}

fn zstd_into(bytes: &[u8], out: &mut [u8]) -> Result<(), String> {
    match zstd::bulk::decompress_to_buffer(bytes, out) {
        Ok(size) if size == out.len() => Ok(()),
        Ok(size) => Err(format!("its zstd data holds {size} bytes of {}", out.len())),
        Err(error) => Err(format!("its zstd data is damaged: {error}")),
    }
}

/// A stream up to a size, which a few damaged bytes could otherwise make endless.
fn read_all(reader: impl Read, limit: usize) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    reader
        .take(limit as u64)
        .read_to_end(&mut out)
        .map_err(|error| format!("its compressed data is damaged or cut off: {error}"))?;
    Ok(out)
}
