//! Parts of a long pass that are kept while it runs, so that the next try goes on after the last of them.

use super::{Monitor, Scratch, chain::Chain};
use bytemuck::Pod;

/// A pass over less than this is soon done again, in seconds of recording.
const LONG_S: f64 = 600.0;

/// Where the parts of a pass are kept.
#[derive(Clone, Copy)]
pub(super) struct Checkpoint<'a> {
    scratch: &'a dyn Scratch,
    pass: &'a str,
}

/// A part of a pass that can be kept.
pub(super) trait Piece: Sized {
    /// As bytes.
    fn to_bytes(&self) -> Vec<u8>;
    /// The way back; `None` where they are not those of such a part.
    fn from_bytes(bytes: &[u8]) -> Option<Self>;
}

impl<'a> Checkpoint<'a> {
    /// For a pass of this name, where the recording is long.
    pub fn of(chain: &Chain, scratch: &'a dyn Scratch, pass: &'a str) -> Option<Self> {
        (chain.info().duration_s() >= LONG_S).then_some(Self { scratch, pass })
    }

    /// The parts that are there of `count`.
    pub fn parts<T: Piece>(&self, count: usize, monitor: &dyn Monitor) -> Vec<Option<T>> {
        let mut parts: Vec<Option<T>> = (0..count).map(|_| None).collect();
        for (part, bytes) in self.scratch.parts(self.pass) {
            if let Some(slot) = usize::try_from(part).ok().and_then(|part| parts.get_mut(part)) {
                *slot = T::from_bytes(&bytes);
            }
        }
        let there = parts.iter().flatten().count();
        if there > 0 {
            monitor.log(&format!("{there} of {count} parts of the pass are there from an earlier try"));
        }
        parts
    }

    /// Keeps a part.
    pub fn keep(&self, part: usize, piece: &impl Piece) {
        self.scratch.keep_part(self.pass, part as u64, &piece.to_bytes());
    }
}

/// Adds a column: its length, then its values.
pub(super) fn put_column<T: Pod>(values: &[T], out: &mut Vec<u8>) {
    out.extend_from_slice(&(values.len() as u64).to_le_bytes());
    out.extend_from_slice(bytemuck::cast_slice(values));
}

/// Takes a column from the front.
pub(super) fn take_column<T: Pod>(bytes: &mut &[u8]) -> Option<Vec<T>> {
    let (count, rest) = bytes.split_first_chunk::<8>()?;
    let length = usize::try_from(u64::from_le_bytes(*count)).ok()?.checked_mul(size_of::<T>())?;
    let (column, rest) = rest.split_at_checked(length)?;
    *bytes = rest;
    Some(bytemuck::pod_collect_to_vec(column))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_come_back_and_torn_ones_do_not() {
        let mut bytes = Vec::new();
        put_column(&[1.5f32, -2.0], &mut bytes);
        put_column::<i64>(&[], &mut bytes);
        put_column(&[7i64], &mut bytes);
        let mut rest = bytes.as_slice();
        assert_eq!(take_column::<f32>(&mut rest), Some(vec![1.5, -2.0]));
        assert_eq!(take_column::<i64>(&mut rest), Some(Vec::new()));
        assert_eq!(take_column::<i64>(&mut rest), Some(vec![7]));
        assert_eq!(take_column::<i64>(&mut rest), None);
        assert_eq!(take_column::<f32>(&mut &bytes[..12]), None);
        assert_eq!(take_column::<f64>(&mut &[255u8; 20][..]), None);
    }
}
