//! What a raw file holds: number type, byte order, channels and their order, from its bytes alone.
//!
//! A number type is believed where it describes the bytes in few bits. A number of channels is believed where a
//! sample is well told by the last sample of its channel and by the channel before it: in the wrong layout
//! these are values of other channels, which tell less.

mod columns;
mod findings;
mod numbers;

pub use findings::{Finding, findings};

use crate::data::DType;
use columns::{Told, across, told};
use numbers::{Numbers, decode, likely};
use rayon::prelude::*;

/// Channels that are thought of at most.
pub const MOST_CHANNELS: usize = 6144;
/// Values in a row that are looked at.
const LOOKED_AT: usize = 1 << 19;
/// Suggestions that are given.
const SUGGESTIONS: usize = 8;
/// Bits a value that a divisor of a number of channels may need more, where a channel comes again as soon as that.
const WORTH_A_DIVISOR: f64 = 0.1;
/// Bits a value by which a number of channels that leaves bytes over must be better than one that leaves none.
const WORTH_A_HEADER: f64 = 0.1;

/// How samples lie in a raw file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawLayout {
    /// Number type.
    pub dtype: DType,
    /// Most significant byte first.
    pub big_endian: bool,
    /// Channels.
    pub num_channels: usize,
    /// Bytes before the first sample.
    pub file_offset: u64,
    /// 0 where all channels of a sample lie together, 1 where all samples of a channel do.
    pub time_axis: u8,
}

/// A layout a file may have.
#[derive(Clone, Debug, PartialEq)]
pub struct Suggestion {
    /// The layout.
    pub layout: RawLayout,
    /// Why, for people.
    pub reason: String,
    /// Bits a value needs in this layout; the least is the best.
    pub bits: f64,
}

/// The bytes of a file.
pub struct Bytes<'a> {
    /// How many there are.
    pub size: u64,
    /// Reads some of them; `None` where that fails.
    pub read: &'a (dyn Fn(u64, usize) -> Option<Vec<u8>> + Sync),
}

/// Layouts a file may have, the likeliest first; none where it is too short to tell.
pub fn suggest(file: &Bytes) -> Vec<Suggestion> {
    let header = header(file);
    let mut found = Vec::new();
    for (rank, numbers) in likely(file, header).into_iter().take(2).enumerate() {
        let mut of_type = layouts(file, header, numbers);
        // Another number type is offered too, but its layouts do not drive out those of the first.
        of_type.truncate(if rank == 0 { SUGGESTIONS - 2 } else { 2 });
        found.extend(of_type);
    }
    found
}

/// Bits a value needs in a layout; `None` where there are too few to tell, or channels lie one after the other.
pub fn bits_of(file: &Bytes, layout: &RawLayout) -> Option<f64> {
    let known = likely(file, header(file));
    let numbers = known.into_iter().find(|n| n.dtype == layout.dtype && n.big_endian == layout.big_endian)?;
    let values = liveliest(file, layout.file_offset, numbers);
    (layout.time_axis == 0).then(|| told(&values, layout.num_channels, numbers.step))?.map(|told| told.bits)
}

/// Layouts of one number type.
fn layouts(file: &Bytes, header: u64, numbers: Numbers) -> Vec<Suggestion> {
    let size = numbers.dtype.size() as u64;
    let values = liveliest(file, header, numbers);
    if values.len() < 256 {
        return Vec::new();
    }
    let counts = candidates((file.size - header) / size, values.len());
    let known: Vec<(usize, Told)> = counts
        .into_par_iter()
        .filter_map(|count| Some((count, told(&values, count, numbers.step)?)))
        .collect();
    let over = |count: usize| (file.size - header) % (count as u64 * size);
    let best_of = |fits: bool| {
        let fitting = known.iter().filter(|(count, _)| (over(*count) == 0) == fits);
        fitting.map(|(_, told)| told.bits).fold(f64::INFINITY, f64::min)
    };
    // Bytes left over are no reason against a layout where a header was seen.
    let may_be_over = header > 0 || best_of(true) - best_of(false) > WORTH_A_HEADER;
    let mut known: Vec<(usize, Told)> =
        known.into_iter().filter(|(count, _)| may_be_over || over(*count) == 0).collect();
    known.sort_by(|a, b| a.1.bits.total_cmp(&b.1.bits).then(a.0.cmp(&b.0)));
    put_simplest_first(&mut known, &values);
    let layout = |num_channels: usize, time_axis| RawLayout {
        dtype: numbers.dtype,
        big_endian: numbers.big_endian,
        num_channels,
        file_offset: header + over(num_channels),
        time_axis,
    };
    let single = known.iter().find(|(count, _)| *count == 1).map(|(_, told)| *told);
    let mut found: Vec<Suggestion> = known
        .iter()
        .map(|(count, told)| Suggestion {
            layout: layout(*count, 0),
            reason: told.reason(*count, over(*count), header),
            bits: told.bits,
        })
        .collect();
    // One value after the other of the same channel: the channels may lie one after the other.
    if let Some(told) = single.filter(|told| told.follows > 0.3) {
        let best = across(file, header, numbers);
        let worth = best.filter(|_| known.first().is_some_and(|(_, first)| told.bits - first.bits < 0.25));
        if let Some((count, correlation)) = worth {
            let reason = format!(
                "a value follows the one before ({:.2}), and stretches {count} to a file correlate ({correlation:.2}): \
                 one channel lies after the other",
                told.follows
            );
            found.insert(0, Suggestion { layout: layout(count, 1), reason, bits: told.bits });
        }
    }
    found
}

/// Puts a divisor of the best number of channels before it where values come again after as many of them: twice the
/// channels at half the rate are told as well, and where values are clipped even better.
fn put_simplest_first(known: &mut Vec<(usize, Told)>, values: &[f32]) {
    let Some(&(best, told)) = known.first() else { return };
    let again = columns::comes_again(values, best, best);
    let is_simpler = |&(count, other): &(usize, Told)| {
        count > 1
            && count < best
            && best.is_multiple_of(count)
            && other.bits - told.bits < WORTH_A_DIVISOR
            && columns::comes_again(values, best, count) > again
    };
    let simplest = known.iter().filter(|one| is_simpler(one)).min_by_key(|(count, _)| *count);
    if let Some(at) = simplest.map(|(count, _)| *count).and_then(|c| known.iter().position(|k| k.0 == c)) {
        let simplest = known.remove(at);
        known.insert(0, simplest);
    }
}

/// The stretch of values that varies most: the middle of a file may be silent.
fn liveliest(file: &Bytes, header: u64, numbers: Numbers) -> Vec<f32> {
    let size = numbers.dtype.size() as u64;
    let all = (file.size - header) / size;
    let count = all.min(LOOKED_AT as u64);
    let starts = [all / 2, all / 5, 4 * all / 5, 0].map(|at| at.min(all - count));
    let mut best: (f64, Vec<f32>) = (-1.0, Vec::new());
    for (index, start) in starts.into_iter().enumerate() {
        if index > 0 && (starts[..index].contains(&start) || best.0 > 1.0) {
            continue;
        }
        // Counted from the end, so that bytes left over at the start do not shift the numbers.
        let at = file.size - (all - start) * size;
        let Some(bytes) = (file.read)(at, (count * size) as usize) else { continue };
        let values = decode(&bytes, numbers);
        let spread = numbers::spread(&values);
        if spread > best.0 {
            best = (spread, values);
        }
    }
    best.1
}

/// Numbers of channels to look at: those that leave no value over, and the usual ones.
fn candidates(num_values: u64, looked_at: usize) -> Vec<usize> {
    let most = MOST_CHANNELS.min(looked_at / 32).max(1);
    let usual = [385, 384, 513, 512, 769, 768, 1024, 1025, 4096];
    (1..=most)
        .filter(|&count| num_values.is_multiple_of(count as u64) || count <= 160 || usual.contains(&count))
        .collect()
}

/// Bytes of text and zeros that a file begins with.
fn header(file: &Bytes) -> u64 {
    let Some(start) = (file.read)(0, file.size.min(1 << 16) as usize) else { return 0 };
    let is_text = |byte: u8| byte.is_ascii_graphic() || [b' ', b'\t', b'\r', b'\n'].contains(&byte);
    let words = start.iter().take_while(|&&byte| is_text(byte)).count();
    if words < 32 {
        return 0;
    }
    let zeros = start[words..].iter().take_while(|&&byte| byte == 0).count();
    // A zero or two may be the first sample.
    let header = words + if zeros >= 16 { zeros } else { 0 };
    if header as u64 * 2 > file.size { 0 } else { header as u64 }
}

#[cfg(test)]
mod tests;
