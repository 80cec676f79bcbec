//! Wheel, drag and keys of the trace view.

use super::{Extent, TraceView};
use crate::inspect::SpikeIndex;
use egui::{Event, EventFilter, Key, Modifiers, MouseWheelUnit, Rect, Response, Ui};
use std::collections::BTreeSet;

impl TraceView {
    /// Applies what the user did to the window; `rect` is where traces are drawn.
    pub(super) fn input(
        &mut self,
        ui: &Ui,
        response: &Response,
        rect: Rect,
        extent: &Extent,
        selected: &BTreeSet<usize>,
    ) {
        let seconds_per_point = self.window.width_s / f64::from(rect.width());
        let rows_per_point = self.window.rows / rect.height();
        if response.dragged() {
            let delta = response.drag_delta();
            self.window.pan(-f64::from(delta.x) * seconds_per_point, -delta.y * rows_per_point, extent);
        }
        if response.clicked() {
            response.request_focus();
        }
        if response.double_clicked() {
            self.gain = 1.0;
        }
        if response.hovered() {
            self.wheel(ui, rect, extent);
        }
        if response.has_focus() || (response.hovered() && !ui.ctx().text_edit_focused()) {
            self.keys(ui, extent, selected);
        }
        if response.has_focus() {
            let filter =
                EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
            ui.memory_mut(|m| m.set_focus_lock_filter(response.id, filter));
        }
    }

    fn wheel(&mut self, ui: &Ui, rect: Rect, extent: &Extent) {
        let (events, pointer) = ui.input(|i| {
            let wheel = i.events.iter().filter(|e| matches!(e, Event::MouseWheel { .. } | Event::Zoom(_)));
            (wheel.cloned().collect::<Vec<_>>(), i.pointer.hover_pos())
        });
        let share = pointer.map_or(0.5, |p| f64::from((p.x - rect.left()) / rect.width()).clamp(0.0, 1.0));
        for event in events {
            match event {
                Event::Zoom(factor) => self.window.zoom(1.0 / f64::from(factor), share, extent),
                Event::MouseWheel { unit, delta, modifiers, .. } => {
                    // One notch of a wheel moves by a line; a touchpad by points.
                    let notches = match unit {
                        MouseWheelUnit::Line => delta,
                        MouseWheelUnit::Point => delta / 40.0,
                        MouseWheelUnit::Page => delta * 4.0,
                    };
                    let amount = if notches.y == 0.0 { notches.x } else { notches.y };
                    if modifiers.command && modifiers.shift {
                        self.window.zoom_rows(1.2f32.powf(-amount), extent);
                    } else if modifiers.command {
                        self.gain = (self.gain * 1.2f32.powf(amount)).clamp(1e-3, 1e3);
                    } else if modifiers.shift {
                        let step = (self.window.rows / 8.0).max(1.0);
                        self.window.pan(0.0, -amount * step, extent);
                    } else {
                        if notches.x != 0.0 {
                            let width = self.window.width_s;
                            self.window.pan(-f64::from(notches.x) * width * 0.08, 0.0, extent);
                        }
                        if notches.y != 0.0 {
                            self.window.zoom(1.25f64.powf(-f64::from(notches.y)), share, extent);
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn keys(&mut self, ui: &Ui, extent: &Extent, selected: &BTreeSet<usize>) {
        let pressed = |key: Key| ui.input_mut(|i| i.consume_key(Modifiers::NONE, key));
        let page = self.window.width_s * 0.9;
        if pressed(Key::ArrowLeft) || pressed(Key::PageUp) {
            self.window.pan(-page, 0.0, extent);
        }
        if pressed(Key::ArrowRight) || pressed(Key::PageDown) {
            self.window.pan(page, 0.0, extent);
        }
        if pressed(Key::ArrowUp) {
            self.window.pan(0.0, -self.window.rows / 4.0, extent);
        }
        if pressed(Key::ArrowDown) {
            self.window.pan(0.0, self.window.rows / 4.0, extent);
        }
        if pressed(Key::Home) {
            self.window.pan(f64::NEG_INFINITY, 0.0, extent);
        }
        if pressed(Key::End) {
            self.window.pan(f64::INFINITY, 0.0, extent);
        }
        if pressed(Key::Plus) || pressed(Key::Equals) {
            self.gain = (self.gain * 1.2).min(1e3);
        }
        if pressed(Key::Minus) {
            self.gain = (self.gain / 1.2).max(1e-3);
        }
        for (key, forward) in [(Key::D, true), (Key::A, false)] {
            if pressed(key) {
                self.go_to_spike(forward, extent, selected);
            }
        }
    }

    /// Puts the next or last spike of the selected units (of all, where none is selected) into the middle.
    pub(super) fn go_to_spike(&mut self, forward: bool, extent: &Extent, selected: &BTreeSet<usize>) {
        let Some(overlay) = &self.overlay else {
            return;
        };
        let from = match self.mark {
            Some(frame) if self.in_sight(frame, extent) => frame,
            _ => ((self.window.start_s + self.window.width_s / 2.0) * extent.sampling_frequency) as i64,
        };
        if let Some(frame) =
            SpikeIndex(&overlay.sorting).neighbor(self.window.segment, from, selected, forward)
        {
            self.mark = Some(frame);
            self.window.center(frame as f64 / extent.sampling_frequency, extent);
        }
    }

    fn in_sight(&self, frame: i64, extent: &Extent) -> bool {
        let time = frame as f64 / extent.sampling_frequency;
        (self.window.start_s..self.window.start_s + self.window.width_s).contains(&time)
    }
}
