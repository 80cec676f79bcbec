//! The probe beside the traces: which channels are in sight, and where; click to go there, drag to choose.

use super::{Extent, TraceView};
use crate::app::{texts, theme};
use egui::{Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

/// Width of the map.
pub(super) const WIDTH: f32 = 64.0;

impl TraceView {
    /// Draws the map and applies what was clicked.
    pub(super) fn probe_ui(&mut self, ui: &mut Ui, rect: Rect, extent: &Extent) {
        let Some(locations) = self.locations.clone() else {
            return;
        };
        let response = ui.interact(rect, ui.scope_id().with("probe"), Sense::click_and_drag());
        response.widget_info(|| WidgetInfo::labeled(Role::GraphicsObject, true, texts::traces::probe()));
        let bounds = bounds(&locations);
        let inner = rect.shrink2(vec2(10.0, 10.0));
        let width = (bounds[1][0] - bounds[0][0]).max(1.0);
        let height = (bounds[1][1] - bounds[0][1]).max(1.0);
        // Probes are long and thin: across and along have scales of their own, across never the larger.
        let along = f64::from(inner.height()) / height;
        let across = (f64::from(inner.width()) / width).min(along.max(0.5));
        let screen = |place: [f64; 2]| {
            pos2(
                inner.center().x + ((place[0] - (bounds[0][0] + bounds[1][0]) / 2.0) * across) as f32,
                inner.bottom() - ((place[1] - bounds[0][1]) * along) as f32,
            )
        };
        let depth = |y: f32| bounds[0][1] + f64::from(inner.bottom() - y) / along;
        let p = theme::palette(ui.visuals());
        let painter = ui.painter_at(rect);
        let last = self.window.first_row + self.window.rows;
        let size = ((inner.height() / locations.len().max(1) as f32) * 1.6).clamp(2.0, 7.0);
        let hovered = response.hover_pos();
        let mut nearest: Option<(f32, usize)> = None;
        for (row, &channel) in self.order.iter().enumerate() {
            let Some(&place) = locations.get(channel) else {
                continue;
            };
            let at = screen(place);
            let seen = row as f32 + 0.5 >= self.window.first_row && row as f32 + 0.5 <= last;
            let color = if self.cursor.is_some_and(|c| c.1 == row) {
                p.accent
            } else if seen {
                p.text_weak
            } else {
                p.node_edge
            };
            painter.rect_filled(Rect::from_center_size(at, vec2(size.max(3.0), size)), 1.0, color);
            if let Some(pointer) = hovered {
                let distance = pointer.distance(at);
                if nearest.is_none_or(|(d, _)| distance < d) {
                    nearest = Some((distance, row));
                }
            }
        }
        if response.drag_started() {
            self.probe_drag = response.interact_pointer_pos().map(|pos| pos.y);
        }
        if let (Some(from), Some(pointer)) = (self.probe_drag, response.interact_pointer_pos()) {
            let span = Rect::from_x_y_ranges(rect.x_range(), from.min(pointer.y)..=from.max(pointer.y));
            painter.rect_filled(span, 2.0, p.accent.gamma_multiply(0.2));
            painter.rect_stroke(span, 2.0, Stroke::new(1.0, p.accent), egui::StrokeKind::Inside);
            if response.drag_stopped() {
                self.probe_drag = None;
                if span.height() > 4.0 {
                    let (low, high) = (depth(span.bottom()), depth(span.top()));
                    let chosen: Vec<usize> = (0..locations.len())
                        .filter(|&c| locations[c][1] >= low && locations[c][1] <= high)
                        .collect();
                    if !chosen.is_empty() {
                        self.choose_channels(Some(chosen));
                    }
                }
            }
        }
        if let Some((_, row)) = nearest {
            if response.clicked() {
                self.window.first_row = row as f32 + 0.5 - self.window.rows / 2.0;
                self.window.clamp(extent);
            }
            if response.double_clicked() {
                self.choose_channels(None);
            }
            let channel = self.order[row];
            let name = self.main.info().and_then(|i| i.channel_ids.get(channel)).map(ToString::to_string);
            response.on_hover_text_at_pointer(texts::traces::probe_hint(
                &name.unwrap_or_default(),
                &locations.get(channel).map_or(0.0, |l| l[1]),
            ));
        }
    }
}

/// Least and greatest x and y.
pub(in crate::app) fn bounds(locations: &[[f64; 2]]) -> [[f64; 2]; 2] {
    let mut bounds = [[f64::INFINITY; 2], [f64::NEG_INFINITY; 2]];
    for place in locations {
        for axis in 0..2 {
            bounds[0][axis] = bounds[0][axis].min(place[axis]);
            bounds[1][axis] = bounds[1][axis].max(place[axis]);
        }
    }
    if locations.is_empty() { [[0.0; 2], [1.0; 2]] } else { bounds }
}
