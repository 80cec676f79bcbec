//! Room between nodes that lie over each other: what is below moves down.

use super::{Canvas, face::PREVIEW};
use crate::pipeline::{NodeState, Pipeline, is_way};
use egui::{Rect, vec2};
use std::collections::{BTreeMap, BTreeSet};

/// Left between two nodes, one below the other, where there is less than the least.
const GAP: f32 = 16.0;
const LEAST: f32 = 6.0;

impl Canvas {
    /// Where nodes have to go so that none lies over another, with previews in those that are named.
    pub fn room_for(
        &self,
        pipeline: &Pipeline,
        states: &BTreeMap<String, NodeState>,
        previewed: &BTreeSet<String>,
    ) -> Vec<(String, [f32; 2])> {
        let nodes = pipeline.nodes().filter(|node| !is_way(&node.name));
        let rects: Vec<(String, Rect)> = nodes
            .map(|node| {
                let mut rect = self.faces.bare_rect(node, states);
                if previewed.contains(&node.name) {
                    rect.max.y += PREVIEW;
                }
                (node.name.clone(), rect)
            })
            .collect();
        let places = spread(&rects.iter().map(|(_, rect)| *rect).collect::<Vec<_>>());
        let moved = rects.into_iter().zip(places).filter(|((_, rect), top)| rect.top() != *top);
        moved.map(|((name, rect), top)| (name, [rect.left(), top])).collect()
    }
}

/// The tops of rectangles of which none lies over another: each below those that were above it.
fn spread(rects: &[Rect]) -> Vec<f32> {
    let mut order: Vec<usize> = (0..rects.len()).collect();
    order.sort_by(|&a, &b| rects[a].top().total_cmp(&rects[b].top()));
    let mut placed: Vec<Rect> = Vec::new();
    let mut tops: Vec<f32> = rects.iter().map(Rect::top).collect();
    for index in order {
        let mut rect = rects[index];
        // Each step goes below one of those that are placed.
        while let Some(other) = placed
            .iter()
            .find(|other| other.expand2(vec2(0.0, LEAST)).shrink2(vec2(0.5, 0.0)).intersects(rect))
        {
            rect = rect.translate(vec2(0.0, (other.bottom() + GAP - rect.top()).ceil()));
        }
        tops[index] = rect.top();
        placed.push(rect);
    }
    tops
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::pos2;

    #[test]
    fn what_lies_under_another_moves_down_and_the_rest_stays() {
        let rect = |x: f32, y: f32| Rect::from_min_size(pos2(x, y), vec2(200.0, 100.0));
        let rects = [rect(0.0, 60.0), rect(0.0, 0.0), rect(300.0, 60.0), rect(0.0, 130.0)];
        // Beside the others is room enough; the last one is pushed by the one that was.
        assert_eq!(spread(&rects), [116.0, 0.0, 60.0, 232.0]);
        assert_eq!(spread(&[rect(0.0, 0.0), rect(0.0, 100.0)]), [0.0, 116.0], "they touch");
        assert_eq!(spread(&[rect(0.0, 0.0), rect(0.0, 108.0)]), [0.0, 108.0]);
    }
}
