//! Wires: smooth curves in the colour of what flows, and which of them is under the pointer.

use super::{
    route::{self, Piece},
    view::View,
};
use crate::pipeline::PortType;
use egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, epaint::CubicBezierShape};

/// A wire that is in sight.
pub struct Wired {
    /// The output it leaves.
    pub from: String,
    /// The input it enters.
    pub to: String,
    /// What it carries, where that is known.
    pub port_type: Option<PortType>,
    /// Its way on the screen.
    pub curve: Curve,
}

impl Wired {
    /// From end and to end.
    pub fn ends(&self) -> (String, String) {
        (self.from.clone(), self.to.clone())
    }

    /// True where it leads between these ends.
    pub fn is(&self, ends: Option<&(String, String)>) -> bool {
        ends.is_some_and(|(from, to)| *from == self.from && *to == self.to)
    }
}

/// A wire on the screen.
pub struct Curve {
    pieces: Vec<Piece>,
}

impl Curve {
    /// The way of a wire, in canvas units, as it is seen.
    pub fn new(way: &[Piece], view: &View) -> Self {
        Self { pieces: way.iter().map(|piece| piece.map(|point| view.to_screen(point))).collect() }
    }

    /// The point at a share of its way.
    pub fn at(&self, t: f32) -> Pos2 {
        // Pieces count by their width: they lead to the right, and change height in a short stretch.
        let width = |piece: &Piece| (piece[3].x - piece[0].x).abs().max(1.0);
        let mut left = t.clamp(0.0, 1.0) * self.pieces.iter().map(width).sum::<f32>();
        for (index, piece) in self.pieces.iter().enumerate() {
            if left <= width(piece) || index + 1 == self.pieces.len() {
                return route::at(*piece, (left / width(piece)).min(1.0));
            }
            left -= width(piece);
        }
        Pos2::ZERO
    }

    /// The share of its way that is nearest to a point.
    pub fn nearest(&self, point: Pos2) -> f32 {
        let shares = (0..=64).map(|i| i as f32 / 64.0);
        shares
            .min_by(|a, b| self.at(*a).distance(point).total_cmp(&self.at(*b).distance(point)))
            .unwrap_or(0.0)
    }

    /// A rectangle that holds it.
    pub fn bounds(&self) -> Rect {
        self.pieces.iter().map(|piece| Rect::from_points(piece)).fold(Rect::NOTHING, Rect::union)
    }

    /// Distance of a point, as far as it matters for the pointer.
    pub fn distance(&self, point: Pos2) -> f32 {
        if !self.bounds().expand(8.0).contains(point) {
            return f32::INFINITY;
        }
        let mut nearest = f32::INFINITY;
        for piece in &self.pieces {
            let mut last = piece[0];
            for i in 1..=32 {
                let next = route::at(*piece, i as f32 / 32.0);
                nearest = nearest.min(distance_to_segment(point, last, next));
                last = next;
            }
        }
        nearest
    }

    /// Draws it; where something flows, dashes move along it.
    pub fn draw(&self, painter: &Painter, color: Color32, width: f32, flow: Option<f64>) {
        for piece in &self.pieces {
            let stroke = Stroke::new(width, color);
            painter.add(CubicBezierShape::from_points_stroke(*piece, false, Color32::TRANSPARENT, stroke));
        }
        let Some(time) = flow else { return };
        let phase = (time * 0.6).fract() as f32 / 6.0;
        for i in 0..6 {
            let t = i as f32 / 6.0 + phase;
            let points: Vec<Pos2> = (0..=4).map(|j| self.at((t + j as f32 * 0.012).min(1.0))).collect();
            painter.add(Shape::line(points, Stroke::new(width + 2.0, color)));
        }
    }
}

fn distance_to_segment(point: Pos2, a: Pos2, b: Pos2) -> f32 {
    let along = b - a;
    let length = along.length_sq();
    let t = if length > 0.0 { ((point - a).dot(along) / length).clamp(0.0, 1.0) } else { 0.0 };
    point.distance(a + along * t)
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::pos2;

    #[test]
    fn the_pointer_finds_a_wire_near_it() {
        let way = [route::direct(pos2(0.0, 0.0), pos2(200.0, 100.0))];
        let curve = Curve::new(&way, &View::default());
        assert!(curve.distance(curve.at(0.3)) < 1.0);
        assert!((curve.nearest(curve.at(0.3)) - 0.3).abs() < 0.02);
        assert!(curve.distance(pos2(140.0, 20.0)) > 20.0);
    }
}
