//! Places of nodes that are aligned with each other, or spread out evenly.

use crate::app::texts;
use egui::Rect;

/// How a selection is brought in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alignment {
    /// Left edges in line.
    Left,
    /// Right edges in line.
    Right,
    /// Top edges in line.
    Top,
    /// Bottom edges in line.
    Bottom,
    /// The same gaps from left to right.
    Columns,
    /// The same gaps from top to bottom.
    Rows,
}

impl Alignment {
    /// What "Undo …" says.
    pub fn label(self) -> &'static str {
        match self {
            Alignment::Left => texts::canvas::align_left(),
            Alignment::Right => texts::canvas::align_right(),
            Alignment::Top => texts::canvas::align_top(),
            Alignment::Bottom => texts::canvas::align_bottom(),
            Alignment::Columns => texts::canvas::distribute_horizontally(),
            Alignment::Rows => texts::canvas::distribute_vertically(),
        }
    }

    /// The fewest nodes it does something for.
    pub fn least(self) -> usize {
        if matches!(self, Alignment::Columns | Alignment::Rows) { 3 } else { 2 }
    }

    /// The new top left corners, in the order given.
    pub fn places(self, rects: &[Rect]) -> Vec<[f32; 2]> {
        let all = rects.iter().copied().fold(Rect::NOTHING, Rect::union);
        let corner = |rect: &Rect| match self {
            Alignment::Left => [all.left(), rect.top()],
            Alignment::Right => [all.right() - rect.width(), rect.top()],
            Alignment::Top => [rect.left(), all.top()],
            Alignment::Bottom => [rect.left(), all.bottom() - rect.height()],
            Alignment::Columns | Alignment::Rows => [rect.left(), rect.top()],
        };
        let mut places: Vec<[f32; 2]> = rects.iter().map(corner).collect();
        let axis = match self {
            Alignment::Columns => 0,
            Alignment::Rows => 1,
            _ => return places,
        };
        let mut order: Vec<usize> = (0..rects.len()).collect();
        order.sort_by(|&a, &b| rects[a].center()[axis].total_cmp(&rects[b].center()[axis]));
        let taken: f32 = rects.iter().map(|rect| rect.size()[axis]).sum();
        let gap = (all.size()[axis] - taken) / (rects.len().max(2) - 1) as f32;
        let mut next = all.min[axis];
        for index in order {
            places[index][axis] = next;
            next += rects[index].size()[axis] + gap;
        }
        places
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::{pos2, vec2};

    fn rects() -> Vec<Rect> {
        [(0.0, 10.0, 40.0), (300.0, 0.0, 60.0), (90.0, 50.0, 20.0)]
            .map(|(x, y, height)| Rect::from_min_size(pos2(x, y), vec2(100.0, height)))
            .to_vec()
    }

    #[test]
    fn edges_come_in_line_and_nothing_else_moves() {
        assert_eq!(Alignment::Left.places(&rects()), [[0.0, 10.0], [0.0, 0.0], [0.0, 50.0]]);
        assert_eq!(Alignment::Right.places(&rects()), [[300.0, 10.0], [300.0, 0.0], [300.0, 50.0]]);
        assert_eq!(Alignment::Top.places(&rects()), [[0.0, 0.0], [300.0, 0.0], [90.0, 0.0]]);
        assert_eq!(Alignment::Bottom.places(&rects()), [[0.0, 30.0], [300.0, 10.0], [90.0, 50.0]]);
    }

    #[test]
    fn gaps_become_even_between_the_outermost() {
        assert_eq!(Alignment::Columns.places(&rects()), [[0.0, 10.0], [300.0, 0.0], [150.0, 50.0]]);
        // More than there is room for: they overlap evenly.
        let places = Alignment::Rows.places(&rects());
        assert_eq!([places[0][1], places[2][1] + 20.0], [0.0, 70.0]);
    }
}
