//! A motion correction inside the streaming chain: a linear map for each stretch of constant displacement.

use super::kernel::Interpolator;
use crate::{
    data::MotionCorrection,
    engine::{
        EngineError,
        linear_map::MapPlan,
        tile::{Row, SUB, num_tiles, tile, tile_mut},
    },
};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// Maps a worker keeps: those at both ends of a span and the ones around them.
const KEPT: usize = 4;

/// Frames of a segment in a sub-block.
#[derive(Clone, Copy, Debug)]
pub struct SubBlock {
    /// The first one.
    pub first_frame: usize,
    /// How many there are.
    pub frames: usize,
    /// The segment.
    pub segment: usize,
}

/// A compiled correction; maps are made when they are first needed, for a long recording has thousands.
#[derive(Debug)]
pub struct MotionPlan {
    /// Tells plans apart where workers share a scratch.
    id: u64,
    interpolator: Interpolator,
}

/// What a worker keeps of the plans it ran.
#[derive(Default)]
pub struct MotionScratch {
    maps: Vec<((u64, usize, usize), MapPlan)>,
    rows: Vec<Row>,
}

impl MotionPlan {
    /// Prepares a correction.
    ///
    /// # Errors
    /// As [`Interpolator::new`].
    pub fn new(correction: Arc<MotionCorrection>) -> Result<Self, EngineError> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let id = NEXT.fetch_add(1, Ordering::Relaxed);
        Ok(Self { id, interpolator: Interpolator::new(correction)? })
    }

    /// Corrects a sub-block in place; `spare` is as large.
    pub fn run(&self, sub: &mut [Row], block: SubBlock, spare: &mut [Row], scratch: &mut MotionScratch) {
        let correction = self.interpolator.correction();
        let Some(stretches) = correction.segments.get(block.segment).filter(|s| !s.is_empty()) else {
            return;
        };
        let tiles = num_tiles(correction.positions_um.len());
        let end = block.first_frame + block.frames;
        let first = stretches.partition_point(|s| s.first_frame <= block.first_frame).max(1) - 1;
        let last = stretches.partition_point(|s| s.first_frame < end).max(1) - 1;
        if first == last {
            self.map(scratch, block.segment, first).run(sub, block.frames, spare);
            copy(spare, sub, tiles, 0..block.frames);
            return;
        }
        let mut rows = std::mem::take(&mut scratch.rows);
        rows.resize(tiles * SUB, Row::ZERO);
        for index in first..=last {
            self.map(scratch, block.segment, index).run(sub, block.frames, spare);
            let from = if index == first { 0 } else { stretches[index].first_frame - block.first_frame };
            let to = if index == last { end } else { stretches[index + 1].first_frame };
            copy(spare, &mut rows, tiles, from..to - block.first_frame);
        }
        copy(&rows, sub, tiles, 0..block.frames);
        scratch.rows = rows;
    }

    fn map<'a>(&self, scratch: &'a mut MotionScratch, segment: usize, index: usize) -> &'a MapPlan {
        let key = (self.id, segment, index);
        let place = match scratch.maps.iter().position(|(kept, _)| *kept == key) {
            Some(place) => place,
            None => {
                let stretch = &self.interpolator.correction().segments[segment][index];
                let map = MapPlan::new(&self.interpolator.weights(&stretch.displacement_um));
                if scratch.maps.len() >= KEPT {
                    scratch.maps.remove(0);
                }
                scratch.maps.push((key, map));
                scratch.maps.len() - 1
            }
        };
        &scratch.maps[place].1
    }
}

fn copy(from: &[Row], to: &mut [Row], tiles: usize, rows: std::ops::Range<usize>) {
    for index in 0..tiles {
        let source = &tile(from, index, rows.end)[rows.start..];
        tile_mut(to, index, rows.end)[rows.start..].copy_from_slice(source);
    }
}
