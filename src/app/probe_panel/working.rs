//! The right side: what the traces say of the wiring, and the table.

use super::ProbePanel;
use crate::app::{texts, theme};
use egui::{Sense, Stroke, Ui, pos2, vec2};

/// Height of the picture of correlations.
const PICTURE: f32 = 120.0;

impl ProbePanel {
    pub(super) fn working_ui(&mut self, ui: &mut Ui) {
        ui.spacing_mut().item_spacing.y = 5.0;
        self.check_ui(ui);
        ui.add_space(8.0);
        self.wiring_ui(ui);
    }

    /// Correlation against distance, a dot a pair of channels.
    pub(super) fn pairs_ui(ui: &mut Ui, pairs: &[[f32; 2]]) {
        let p = theme::palette(ui.visuals());
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), PICTURE), Sense::hover());
        ui.painter().rect_filled(rect, 3.0, p.field);
        let longest = pairs.iter().map(|pair| pair[0]).fold(1.0, f32::max);
        let least = pairs.iter().map(|pair| pair[1]).fold(0.0, f32::min);
        let most = pairs.iter().map(|pair| pair[1]).fold(0.1, f32::max);
        let inner = rect.shrink2(vec2(8.0, 14.0));
        let y = |r: f32| inner.bottom() - (r - least) / (most - least) * inner.height();
        let step = pairs.len().div_ceil(4000).max(1);
        let mut mesh = egui::Mesh::default();
        for [distance, r] in pairs.iter().step_by(step) {
            let at = pos2(inner.left() + distance / longest * inner.width(), y(*r));
            mesh.add_colored_rect(egui::Rect::from_center_size(at, vec2(2.0, 2.0)), p.accent);
        }
        ui.painter().add(mesh);
        ui.painter().hline(inner.x_range(), y(0.0), Stroke::new(1.0, p.line));
        let font = egui::FontId::proportional(10.0);
        let label = |at, align, words: String| {
            ui.painter().text(at, align, words, font.clone(), p.text_weak);
        };
        label(
            rect.left_top() + vec2(6.0, 2.0),
            egui::Align2::LEFT_TOP,
            texts::probe::correlation_up_to(&most),
        );
        let corner = rect.right_bottom() - vec2(6.0, 2.0);
        label(corner, egui::Align2::RIGHT_BOTTOM, texts::probe::distance_up_to_um(&longest));
    }
}
