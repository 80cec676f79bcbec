//! Draws what lies on the canvas: its grid, wires, nodes and ports.

use super::{Canvas, PORT_RADIUS, Scene, Seen, SeenPort, body, face, node, view::Detail, wire::Wired};
use crate::{
    app::{command::Command, texts, theme},
    pipeline::NodeState,
};
use egui::{Align2, FontId, Pos2, Rect, Stroke, StrokeKind, Ui, Vec2};

impl Canvas {
    pub(super) fn grid(&self, ui: &Ui) {
        let p = theme::palette(ui.visuals());
        ui.painter().rect_filled(self.view.rect, 0.0, p.canvas);
        let step = 32.0 * self.view.zoom;
        if step < 12.0 {
            return;
        }
        let start = self.view.rect.min + Vec2::new(self.view.offset.x % step, self.view.offset.y % step);
        let mut y = start.y;
        while y < self.view.rect.bottom() {
            let mut x = start.x;
            while x < self.view.rect.right() {
                ui.painter().rect_filled(
                    Rect::from_center_size(Pos2::new(x, y), Vec2::splat(1.5)),
                    0.0,
                    p.grid,
                );
                x += step;
            }
            y += step;
        }
    }

    pub(super) fn draw_wires(&self, ui: &Ui, scene: &Scene<'_>, curves: &[Wired], hovered: Option<usize>) {
        let p = theme::palette(ui.visuals());
        let thin = (1.8 * self.view.zoom).clamp(1.0, 2.4);
        let time = ui.input(|i| i.time);
        for (index, wired) in curves.iter().enumerate() {
            let Wired { from, to, port_type, curve } = wired;
            // It hangs on the pointer.
            if self.gesture.picked().is_some_and(|picked| wired.is(Some(picked))) {
                continue;
            }
            let color = port_type.map_or(p.bad, |t| theme::port_color(t, ui.visuals()));
            let selected = wired.is(scene.selected_wire);
            let looked_at = scene.looked_at == Some(from.as_str());
            let target = to.split_once('.').map_or("", |(node, _)| node);
            let flow = matches!(scene.states.get(target), Some(NodeState::Running { .. })).then_some(time);
            if selected {
                curve.draw(ui.painter(), p.accent.gamma_multiply(0.5), thin + 5.0, None);
            }
            let width = if hovered == Some(index) { thin + 1.5 } else { thin };
            let bright = hovered == Some(index) || selected || looked_at || flow.is_some();
            let color = if bright { color } else { color.gamma_multiply(0.75) };
            curve.draw(ui.painter(), color, width, flow);
            if let Some(count) = scene.known.counts.get(from) {
                // Between nodes that are close it would cover their ports.
                let is_short = curve.bounds().width() < 64.0 * self.view.zoom;
                let above = if is_short { 15.0 * self.view.zoom } else { 0.0 };
                self.count(ui, curve.at(0.5) - Vec2::new(0.0, above), *count, color);
            }
        }
    }

    /// `×12` on a wire that carries so many items.
    fn count(&self, ui: &Ui, place: Pos2, count: usize, color: egui::Color32) {
        if self.view.detail() != Detail::Full {
            return;
        }
        let p = theme::palette(ui.visuals());
        let font = FontId::proportional(node::step(11.0 * self.view.zoom.max(0.8)));
        let words = ui.painter().layout_no_wrap(format!("×{count}"), font, p.text_strong);
        let plate = Rect::from_center_size(place, words.size() + Vec2::new(8.0, 2.0));
        let rounding = plate.height() / 2.0;
        ui.painter().rect(plate, rounding, p.canvas, Stroke::new(1.0, color), StrokeKind::Inside);
        ui.painter().galley(place - words.size() / 2.0, words, p.text_strong);
    }

    pub(super) fn draw_nodes(
        &self,
        ui: &mut Ui,
        scene: &Scene<'_>,
        seen: &[Seen<'_>],
        commands: &mut Vec<Command>,
    ) {
        let time = ui.input(|i| i.time);
        for (index, item) in seen.iter().enumerate() {
            let Some(face) = self.faces.get(&item.node.name) else { continue };
            // What lies below another node is no place to type.
            let is_free = || !seen[index + 1..].iter().any(|above| above.rect.intersects(item.rect));
            let has_fields = self.view.zoom >= body::MIN_ZOOM && is_free();
            let look = node::Look {
                state: scene.states.get(&item.node.name),
                warns: scene.known.warns(&item.node.name),
                stage: scene.stages.get(&item.node.name).map(String::as_str),
                selected: scene.selection.contains(&item.node.name),
                hovered: item.response.contains_pointer(),
                has_fields,
                off: scene.known.off.contains_key(&item.node.name),
                greyed: self.gesture.refuses_node(&item.node.name),
                time,
            };
            node::draw(ui.painter(), ui.visuals(), &self.view, item.rect, item.node, face, &look);
            if scene.previewed.contains(&item.node.name) && self.view.detail() == Detail::Full {
                let zoom = self.view.zoom;
                let corner = item.rect.left_bottom() + egui::vec2(10.0, 2.0 - face::PREVIEW) * zoom;
                let size = egui::vec2(face::WIDTH - 18.0, face::PREVIEW - 9.0) * zoom;
                let place = Rect::from_min_size(corner, size);
                scene.previews.draw(ui.painter(), ui.visuals(), &item.node.name, place, zoom);
            }
            if has_fields {
                let faded = item.node.muted || look.off;
                body::fields(ui, &self.view, item, face, faded, scene.gesture, commands);
            }
        }
    }

    pub(super) fn draw_ports(&self, ui: &Ui, scene: &Scene<'_>, ports: &[SeenPort]) {
        let p = theme::palette(ui.visuals());
        let zoom = self.view.zoom;
        let full = self.view.detail() == Detail::Full;
        for port in ports {
            let mut color = port.port_type.map_or(p.bad, |t| theme::port_color(t, ui.visuals()));
            if self.gesture.refuses_port(&port.end, port.is_output) {
                color = p.node_edge;
            }
            let hovered = port.response.contains_pointer();
            let size = if port.is_small { 0.7 } else { 1.0 };
            let radius = (PORT_RADIUS * zoom * size).max(2.0) * if hovered { 1.2 } else { 1.0 };
            ui.painter().circle(port.position, radius, color, Stroke::new((1.5 * zoom).max(0.8), p.canvas));
            if port.is_output && scene.looked_at == Some(port.end.as_str()) {
                ui.painter().circle_stroke(port.position, radius + 2.5, Stroke::new(1.5, p.accent));
            }
            if full && zoom > 0.6 && !port.is_small {
                let letter = port.port_type.map_or('?', theme::port_letter);
                ui.painter().text(
                    port.position,
                    Align2::CENTER_CENTER,
                    letter,
                    FontId::proportional(node::step(9.0 * zoom)),
                    p.canvas,
                );
            }
            if zoom >= 1.4 {
                let (align, side) =
                    if port.is_output { (Align2::LEFT_CENTER, 1.0) } else { (Align2::RIGHT_CENTER, -1.0) };
                let place = port.position + egui::vec2(side * (radius + 5.0), -radius - 4.0);
                ui.painter().text(place, align, &port.name, FontId::proportional(11.0), p.text);
            }
        }
    }
}

pub(super) fn empty_hint(ui: &Ui, rect: Rect) {
    let p = theme::palette(ui.visuals());
    let text = texts::canvas::empty_canvas();
    ui.painter().text(rect.center(), Align2::CENTER_CENTER, text, FontId::proportional(14.0), p.text_weak);
}

pub(super) fn band_stroke(ui: &Ui, rect: Rect) {
    let p = theme::palette(ui.visuals());
    ui.painter().rect(
        rect,
        2.0,
        p.accent.gamma_multiply(0.12),
        Stroke::new(1.0, p.accent.gamma_multiply(0.7)),
        StrokeKind::Inside,
    );
}
