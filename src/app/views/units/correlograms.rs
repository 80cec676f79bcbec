//! Auto- and cross-correlograms of the selected units as a square of bars.

use super::{
    UnitView,
    panels::{note, titled},
};
use crate::{
    app::{
        theme,
        views::{
            axis::{self, Plot},
            colors,
        },
    },
    inspect::Pairs,
};
use egui::{Align2, FontId, Rect, Stroke, Ui, pos2, vec2};

impl UnitView {
    /// A row and a column for each unit.
    pub(super) fn correlograms_ui(&self, ui: &mut Ui, rect: Rect, units: &[usize]) {
        let title = if units.len() > 1 { "Auto- and cross-correlograms" } else { "Autocorrelogram" };
        let body = titled(ui, rect, title, "Correlograms");
        let Some(pairs) = self.pairs.as_ref().filter(|p| p.units == units) else {
            return note(ui, body, "…");
        };
        let count = units.len();
        let bottom = axis::MARGIN.y;
        let area = body.with_max_y(body.bottom() - bottom);
        let (width, height) = (area.width() / count as f32, area.height() / count as f32);
        for a in 0..count {
            for b in 0..count {
                let place = Rect::from_min_size(
                    area.min + vec2(b as f32 * width, a as f32 * height),
                    vec2(width, height),
                )
                .shrink(if count > 1 { 1.5 } else { 0.0 });
                bars(ui, place, pairs, a, b);
            }
        }
        let p = theme::palette(ui.visuals());
        let plot = Plot {
            rect: Rect::from_min_max(pos2(area.left(), area.top()), pos2(area.left() + width, area.bottom()))
                .shrink2(vec2(2.0, 0.0)),
            x: [-pairs.window_ms, pairs.window_ms],
            y: [0.0, 1.0],
        };
        if count <= 3 {
            plot.x_axis(ui.painter(), p.text_weak, "ms");
        } else {
            let text = format!("±{} ms each", axis::short(pairs.window_ms));
            ui.painter().text(
                area.left_bottom() + vec2(0.0, 3.0),
                Align2::LEFT_TOP,
                text,
                FontId::proportional(10.0),
                p.text_weak,
            );
        }
    }
}

/// One correlogram as bars.
fn bars(ui: &Ui, rect: Rect, pairs: &Pairs, a: usize, b: usize) {
    let p = theme::palette(ui.visuals());
    let dark = ui.visuals().dark_mode;
    ui.painter().rect_filled(rect, 2.0, p.field);
    let Some(counts) = pairs.correlograms.get(a).and_then(|row| row.get(b)) else {
        return;
    };
    let most = counts.iter().copied().max().unwrap_or(0).max(1) as f32;
    let color = if a == b { colors::unit(pairs.units[a], dark) } else { p.text_weak };
    let width = rect.width() / counts.len().max(1) as f32;
    let mut mesh = egui::Mesh::default();
    for (i, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let x = rect.left() + i as f32 * width;
        let height = (rect.height() - 14.0) * count as f32 / most;
        let bar = Rect::from_min_max(
            pos2(x, rect.bottom() - height),
            pos2(x + (width * 0.92).max(0.8), rect.bottom()),
        );
        mesh.add_colored_rect(bar, color);
    }
    ui.painter().add(mesh);
    let font = FontId::proportional(9.0);
    if rect.width() > 60.0 && rect.height() > 40.0 {
        let text = format!("max {most:.0}");
        ui.painter().text(rect.left_top() + vec2(3.0, 2.0), Align2::LEFT_TOP, text, font, p.text_weak);
    }
    let middle = Stroke::new(1.0, p.text_weak.gamma_multiply(0.35));
    ui.painter().vline(rect.center().x, rect.y_range(), middle);
}
