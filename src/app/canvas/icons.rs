//! Small drawings: what a category does, and how a node is; told apart by shape before colour.

use crate::{
    app::{texts, theme::Palette},
    pipeline::{Category, NodeState},
};
use egui::{Color32, Painter, Pos2, Shape, Stroke, Vec2, pos2, vec2};

/// Draws the sign of a category around `center`; `size` is its whole width.
pub fn category(painter: &Painter, category: Option<Category>, center: Pos2, size: f32, color: Color32) {
    let stroke = Stroke::new((size / 10.0).max(0.8), color);
    // Coordinates of the drawings go from -1 to 1.
    let at = |x: f32, y: f32| center + vec2(x, y) * (size / 2.0);
    let line = |points: &[(f32, f32)]| {
        painter.add(Shape::line(points.iter().map(|&(x, y)| at(x, y)).collect(), stroke));
    };
    match category {
        // A trace with a spike.
        Some(Category::Source) => line(&[
            (-1.0, 0.2),
            (-0.45, 0.1),
            (-0.2, -0.1),
            (0.05, 0.95),
            (0.35, -0.9),
            (0.6, 0.2),
            (1.0, 0.1),
        ]),
        // A frame cut out.
        Some(Category::Shape) => {
            line(&[(-0.9, -0.45), (0.45, -0.45), (0.45, 0.9)]);
            line(&[(0.9, 0.45), (-0.45, 0.45), (-0.45, -0.9)]);
        }
        // The pass band of a filter.
        Some(Category::Preprocess) => {
            line(&[(-0.95, 0.7), (-0.6, 0.6), (-0.35, -0.6), (0.35, -0.6), (0.6, 0.6), (0.95, 0.7)]);
        }
        // Clusters.
        Some(Category::Sort) => {
            for (x, y, r) in [(-0.5, 0.4, 0.28), (-0.1, -0.55, 0.28), (0.6, 0.25, 0.28)] {
                painter.circle_filled(at(x, y), r * size / 2.0, color);
            }
            painter.circle_stroke(
                center,
                size * 0.5,
                Stroke::new(stroke.width * 0.8, color.gamma_multiply(0.6)),
            );
        }
        // Bars of a chart.
        Some(Category::Look) => {
            for (x, top) in [(-0.7, 0.1), (-0.23, -0.8), (0.23, -0.3), (0.7, 0.35)] {
                painter.line_segment([at(x, 0.85), at(x, top)], Stroke::new(size / 7.0, color));
            }
        }
        // An arrow into a tray.
        Some(Category::Output) => {
            line(&[(0.0, -0.9), (0.0, 0.3)]);
            line(&[(-0.4, -0.1), (0.0, 0.3), (0.4, -0.1)]);
            line(&[(-0.85, 0.3), (-0.85, 0.85), (0.85, 0.85), (0.85, 0.3)]);
        }
        None => {
            painter.text(center, egui::Align2::CENTER_CENTER, "?", egui::FontId::proportional(size), color);
        }
    }
}

/// Draws the badge of a state around `center`.
pub fn state(painter: &Painter, state: &NodeState, center: Pos2, radius: f32, p: &Palette, time: f64) {
    let thin = Stroke::new((radius / 4.0).max(1.0), p.text_weak);
    match state {
        NodeState::Ready => {
            painter.circle_stroke(center, radius * 0.8, thin);
        }
        NodeState::Stale => {
            painter.circle_stroke(center, radius * 0.8, Stroke::new(thin.width * 1.4, p.warn));
        }
        NodeState::Cached => check(painter, center, radius, Stroke::new(thin.width * 1.2, p.text_weak)),
        NodeState::Done { .. } => check(painter, center, radius, Stroke::new(thin.width * 1.4, p.good)),
        NodeState::Queued => {
            for i in -1..=1 {
                let dot = center + vec2(i as f32 * radius * 0.75, 0.0);
                painter.circle_filled(dot, radius * 0.24, p.text_weak);
            }
        }
        NodeState::Running { share, .. } => running(painter, *share, center, radius, p, time),
        NodeState::Failed(_) => {
            painter.circle_filled(center, radius, p.bad);
            let d = Vec2::splat(radius * 0.42);
            let stroke = Stroke::new(thin.width * 1.3, p.node);
            painter.line_segment([center - d, center + d], stroke);
            painter.line_segment([center + vec2(-d.x, d.y), center + vec2(d.x, -d.y)], stroke);
        }
        NodeState::Invalid(_) => warning(painter, center, radius, p),
        NodeState::Cancelled => {
            let d = radius * 0.62;
            painter.rect_filled(egui::Rect::from_center_size(center, Vec2::splat(2.0 * d)), 1.0, p.text_weak);
        }
    }
}

/// Draws a triangle with an exclamation mark around `center`.
pub fn warning(painter: &Painter, center: Pos2, radius: f32, p: &Palette) {
    let stroke = Stroke::new((radius / 4.0).max(1.0) * 1.2, p.warn);
    let points = vec![
        center + vec2(0.0, -radius),
        center + vec2(radius, radius * 0.8),
        center + vec2(-radius, radius * 0.8),
    ];
    painter.add(Shape::closed_line(points, stroke));
    painter.line_segment([center + vec2(0.0, -radius * 0.3), center + vec2(0.0, radius * 0.25)], stroke);
    painter.circle_filled(center + vec2(0.0, radius * 0.55), stroke.width / 2.0, p.warn);
}

fn check(painter: &Painter, center: Pos2, radius: f32, stroke: Stroke) {
    let at = |x: f32, y: f32| pos2(center.x + x * radius, center.y + y * radius);
    painter.add(Shape::line(vec![at(-0.75, 0.05), at(-0.2, 0.6), at(0.8, -0.6)], stroke));
}

/// A part of a ring: the share that is done, or a turning third where that is not known.
fn running(painter: &Painter, share: Option<f32>, center: Pos2, radius: f32, p: &Palette, time: f64) {
    use std::f32::consts::TAU;
    let (from, length) = match share {
        Some(share) => (-TAU / 4.0, TAU * share.clamp(0.02, 1.0)),
        None => ((time * 4.0 % f64::from(TAU)) as f32, TAU / 3.0),
    };
    let points = (0..=24)
        .map(|i| {
            let angle = from + length * i as f32 / 24.0;
            center + vec2(angle.cos(), angle.sin()) * radius * 0.8
        })
        .collect();
    painter.circle_stroke(center, radius * 0.8, Stroke::new(radius / 4.0, p.line));
    painter.add(Shape::line(points, Stroke::new((radius / 2.6).max(1.2), p.accent)));
}

/// What a state is called.
pub fn state_name(state: &NodeState) -> &'static str {
    match state {
        NodeState::Invalid(_) => texts::canvas::cannot_run(),
        NodeState::Ready => texts::canvas::ready(),
        NodeState::Stale => texts::canvas::stale(),
        NodeState::Cached => texts::canvas::cached(),
        NodeState::Queued => texts::canvas::queued(),
        NodeState::Running { .. } => texts::canvas::running(),
        NodeState::Done { .. } => texts::canvas::done(),
        NodeState::Failed(_) => texts::canvas::failed(),
        NodeState::Cancelled => texts::canvas::cancelled(),
    }
}
