//! Noise levels as a bar a channel.

use super::{
    axis::{self, Plot},
    export::{self, Wish},
};
use crate::{
    app::{texts, theme},
    data::{NoiseLevels, RAW_UNITS},
};
use egui::{Align, Layout, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

/// Draws the levels; what the user wants of the picture.
pub(super) fn ui(ui: &mut Ui, noise: &NoiseLevels) -> Option<Wish> {
    let (levels, unit) =
        if noise.levels_uv.is_empty() { (&noise.levels, RAW_UNITS) } else { (&noise.levels_uv, "µV") };
    let mut sorted: Vec<f64> = levels.iter().copied().filter(|level| level.is_finite()).collect();
    sorted.sort_by(f64::total_cmp);
    let (Some(&low), Some(&high)) = (sorted.first(), sorted.last()) else {
        super::empty::message(ui, texts::views::no_noise_levels(), texts::views::no_channel());
        return None;
    };
    let median = sorted[sorted.len() / 2];
    let mut wish = None;
    let p = theme::palette(ui.visuals());
    ui.horizontal(|ui| {
        ui.add_space(8.0);
        let [low, median, high] = [low, median, high].map(axis::short);
        ui.weak(texts::views::channels_median_to(&levels.len(), &median, &unit, &low, &high));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.add_space(8.0);
            wish = export::menu(ui, None);
        });
    });
    let full = ui.available_rect_before_wrap().shrink2(vec2(8.0, 6.0));
    let response = ui.allocate_rect(full, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, texts::views::noise_of_each_channel()));
    let rect = Rect::from_min_max(full.min + vec2(axis::MARGIN.x, 0.0), full.max - vec2(4.0, axis::MARGIN.y));
    if rect.width() < 20.0 || rect.height() < 20.0 {
        return wish;
    }
    let plot = Plot { rect, x: [-0.5, levels.len() as f64 - 0.5], y: [0.0, (high * 1.08).max(1e-12)] };
    let painter = ui.painter_at(full.expand(2.0));
    painter.rect_filled(rect, 2.0, p.field);
    let mut mesh = egui::Mesh::default();
    for (channel, &level) in levels.iter().enumerate().filter(|(_, level)| level.is_finite()) {
        let (left, right) = (plot.at(channel as f64 - 0.42, 0.0), plot.at(channel as f64 + 0.42, level));
        let bar = Rect::from_min_max(pos2(left.x, right.y), pos2(right.x.max(left.x + 1.0), left.y));
        mesh.add_colored_rect(bar, p.accent.gamma_multiply(0.8));
    }
    painter.add(mesh);
    painter.hline(rect.x_range(), plot.at(0.0, median).y, Stroke::new(1.0, p.text_strong));
    plot.x_axis(&painter, p.text_weak, texts::views::channel());
    plot.y_axis(&painter, p.text_weak, unit);
    if let Some(at) = response.hover_pos().filter(|at| rect.contains(*at)) {
        let channel = ((at.x - rect.left()) / rect.width() * levels.len() as f32) as usize;
        if let Some(&level) = levels.get(channel) {
            response.on_hover_text(texts::views::channel_index(&channel, &axis::short(level), &unit));
        }
    }
    wish
}
