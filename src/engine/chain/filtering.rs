//! Filters on the sub-blocks of a stretch, forward and back.

use super::run::Stretch;
use crate::engine::{
    filter::{Direction, FilterPlan, TileState},
    tile::{LANES, Row, tile_mut},
};

/// State of a filter on all tiles.
#[derive(Default)]
pub(super) struct FilterScratch {
    forward: Vec<TileState>,
    back: Vec<TileState>,
    /// The last samples of the segment before they were filtered, tile by tile.
    tail: Vec<Row>,
    extension: Vec<Row>,
}

impl FilterScratch {
    /// The forward direction on one sub-block; after the last one the state is ready to run backward.
    #[expect(clippy::too_many_arguments, reason = "one call site")]
    pub(super) fn run_forward(
        &mut self,
        plan: &FilterPlan,
        sub: &mut [Row],
        tiles: usize,
        first: usize,
        frames: usize,
        stretch: Stretch,
        length: usize,
    ) {
        let edge = plan.edge.min(length - 1);
        self.forward.resize_with(tiles, TileState::default);
        self.back.resize_with(tiles, TileState::default);
        self.tail.resize(tiles * (edge + 1), Row::ZERO);
        for index in 0..tiles {
            let rows = tile_mut(sub, index, frames);
            let state = &mut self.forward[index];
            if first == 0 {
                self.extension.clear();
                if stretch.at_start {
                    self.extension.extend((1..=edge).rev().map(|i| mirrored(&rows[0], &rows[i])));
                }
                state.start(plan, self.extension.first().unwrap_or(&rows[0]));
                state.run(plan, &mut self.extension, Direction::Forward);
            }
            let tail = &mut self.tail[index * (edge + 1)..][..edge + 1];
            if stretch.at_end {
                // Frame `stretch.frames - 1 - edge` of the stretch is the first of the tail.
                for (frame, row) in rows.iter().enumerate() {
                    if let Some(place) = (first + frame + edge + 1).checked_sub(stretch.frames) {
                        tail[place] = *row;
                    }
                }
            }
            state.run(plan, rows, Direction::Forward);
            if first + frames == stretch.frames {
                self.extension.clear();
                if stretch.at_end {
                    self.extension.extend((0..edge).rev().map(|i| mirrored(&tail[edge], &tail[i])));
                }
                state.run(plan, &mut self.extension, Direction::Forward);
                let back = &mut self.back[index];
                back.start(plan, self.extension.last().unwrap_or(&rows[frames - 1]));
                back.run(plan, &mut self.extension, Direction::Backward);
            }
        }
    }

    /// The way back begins at the end of a sub-block.
    pub(super) fn begin_back(&mut self, plan: &FilterPlan, sub: &mut [Row], tiles: usize, frames: usize) {
        for (index, state) in self.back.iter_mut().enumerate().take(tiles) {
            state.start(plan, &tile_mut(sub, index, frames)[frames - 1]);
        }
    }

    /// The backward direction on one sub-block.
    pub(super) fn run_back(&mut self, plan: &FilterPlan, sub: &mut [Row], tiles: usize, frames: usize) {
        for (index, state) in self.back.iter_mut().enumerate().take(tiles) {
            state.run(plan, tile_mut(sub, index, frames), Direction::Backward);
        }
    }
}

/// The odd extension: `2 * center - row`.
pub(super) fn mirrored(center: &Row, row: &Row) -> Row {
    let mut out = *center;
    for l in 0..LANES {
        out.0[l] = 2.0 * center.0[l] - row.0[l];
    }
    out
}
