//! Wires: smooth curves in the colour of what flows, and which of them is under the pointer.

use super::view::View;
use egui::{Color32, Painter, Pos2, Rect, Shape, Stroke, epaint::CubicBezierShape, vec2};

/// A wire on the screen.
pub struct Curve {
    points: [Pos2; 4],
}

impl Curve {
    /// From an output to an input, both in screen points.
    pub fn new(from: Pos2, to: Pos2, view: &View) -> Self {
        let reach = ((to.x - from.x).abs() * 0.5).max(((to.y - from.y).abs() * 0.25).min(60.0 * view.zoom));
        let reach = reach.clamp(18.0 * view.zoom, 220.0 * view.zoom.max(0.4));
        Self { points: [from, from + vec2(reach, 0.0), to - vec2(reach, 0.0), to] }
    }

    /// The point at a share of its way.
    pub fn at(&self, t: f32) -> Pos2 {
        let [a, b, c, d] = self.points.map(Pos2::to_vec2);
        let s = 1.0 - t;
        (a * (s * s * s) + b * (3.0 * s * s * t) + c * (3.0 * s * t * t) + d * (t * t * t)).to_pos2()
    }

    /// A rectangle that holds it.
    pub fn bounds(&self) -> Rect {
        Rect::from_points(&self.points)
    }

    /// Distance of a point, as far as it matters for the pointer.
    pub fn distance(&self, point: Pos2) -> f32 {
        if !self.bounds().expand(8.0).contains(point) {
            return f32::INFINITY;
        }
        let mut nearest = f32::INFINITY;
        let mut last = self.at(0.0);
        for i in 1..=32 {
            let next = self.at(i as f32 / 32.0);
            nearest = nearest.min(distance_to_segment(point, last, next));
            last = next;
        }
        nearest
    }

    /// Draws it; where something flows, dashes move along it.
    pub fn draw(&self, painter: &Painter, color: Color32, width: f32, flow: Option<f64>) {
        painter.add(CubicBezierShape::from_points_stroke(
            self.points,
            false,
            Color32::TRANSPARENT,
            Stroke::new(width, color),
        ));
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
        let curve = Curve::new(pos2(0.0, 0.0), pos2(200.0, 100.0), &View::default());
        assert!(curve.distance(curve.at(0.3)) < 1.0);
        assert!(curve.distance(pos2(100.0, -40.0)) > 20.0);
    }
}
