//! The strip of the whole recording and the time axis under it.

use super::{Extent, TraceView};
use crate::app::{
    texts, theme,
    views::{
        axis::{self, with_step},
        related::Related,
    },
};
use egui::{Align2, FontId, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2};

/// Heights of the strip and of the axis.
pub(super) const STRIP: f32 = 18.0;
pub(super) const AXIS: f32 = 18.0;

impl TraceView {
    /// The whole segment: where spikes are, and a box where we look. Click or drag to go there.
    pub(super) fn strip_ui(&mut self, ui: &mut Ui, rect: Rect, extent: &Extent, related: &Related) {
        let id = ui.scope_id().with("strip");
        let response = ui.interact(rect, id, Sense::click_and_drag());
        response.widget_info(|| WidgetInfo::labeled(Role::ScrollBar, true, texts::traces::whole_recording()));
        if let Some(pointer) = response.interact_pointer_pos()
            && (response.clicked() || response.dragged())
        {
            let share = f64::from((pointer.x - rect.left()) / rect.width());
            self.window.center(share * extent.duration_s, extent);
        }
        if let Some(overlay) = &mut self.overlay {
            overlay.count_activity(self.window.segment, extent);
        }
        let p = theme::palette(ui.visuals());
        let painter = ui.painter_at(rect);
        let track = rect.shrink2(egui::vec2(0.0, 2.0));
        painter.rect_filled(track, 3.0, p.field);
        if let Some(overlay) = &self.overlay {
            let bins = &overlay.activity;
            let width = track.width() / bins.len().max(1) as f32;
            let color = p.text_weak.gamma_multiply(0.6);
            for (i, &share) in bins.iter().enumerate().filter(|(_, share)| **share > 0.0) {
                let x = track.left() + i as f32 * width;
                let top = track.bottom() - share.sqrt() * track.height();
                painter.rect_filled(
                    Rect::from_min_max(pos2(x, top), pos2(x + width.max(0.8), track.bottom())),
                    0.0,
                    color,
                );
            }
        }
        let at = |time: f64| rect.left() + (time / extent.duration_s.max(1e-9)) as f32 * rect.width();
        for event in related.events.iter().flat_map(|(_, events)| &events.events) {
            if event.segment_index == self.window.segment {
                painter.vline(at(event.time_s), track.y_range(), Stroke::new(1.0, p.warn));
            }
        }
        let left = at(self.window.start_s);
        let right = at(self.window.start_s + self.window.width_s).max(left + 3.0);
        let here = Rect::from_min_max(pos2(left, rect.top() + 1.0), pos2(right, rect.bottom() - 1.0));
        painter.rect_filled(here, 2.0, p.accent.gamma_multiply(0.25));
        painter.rect_stroke(here, 2.0, Stroke::new(1.0, p.accent), egui::StrokeKind::Inside);
        response.on_hover_text_at_pointer(texts::traces::strip_hint(&axis::duration(extent.duration_s)));
    }

    /// Seconds along the top.
    pub(super) fn axis_ui(&self, ui: &Ui, rect: Rect, grid: Rect, t_start_s: f64) {
        let p = theme::palette(ui.visuals());
        let painter = ui.painter();
        let font = FontId::proportional(11.0);
        let count = (rect.width() / 110.0) as usize;
        let from = t_start_s + self.window.start_s;
        let to = from + self.window.width_s;
        let step = axis::step(to - from, count);
        // Below a millisecond a tick the seconds become unreadable: say them once and count in ms.
        let fine = step < 1e-3;
        let base = if fine { (from * 1e3).floor() / 1e3 } else { 0.0 };
        for time in axis::ticks(from, to, count) {
            let x = rect.left() + ((time - from) / (to - from)) as f32 * rect.width();
            painter.vline(x, grid.y_range(), Stroke::new(1.0, p.line.gamma_multiply(0.6)));
            painter.vline(x, rect.bottom() - 4.0..=rect.bottom(), Stroke::new(1.0, p.text_weak));
            let text = if fine {
                format!("+{} ms", with_step((time - base) * 1e3, step * 1e3))
            } else {
                format!("{} s", with_step(time, step))
            };
            let align = if x > rect.right() - 30.0 {
                Align2::RIGHT_CENTER
            } else if x < rect.left() + 30.0 {
                Align2::LEFT_CENTER
            } else {
                Align2::CENTER_CENTER
            };
            painter.text(pos2(x, rect.center().y - 2.0), align, text, font.clone(), p.text_weak);
        }
        if fine {
            let text = format!("{base:.3} s");
            painter.text(rect.left_center(), Align2::LEFT_CENTER, text, font, p.text);
        }
    }
}
