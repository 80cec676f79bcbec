//! A node as the canvas draws it, for where there is no canvas.

use super::{PORT_RADIUS, face::Face, node, view::View};
use crate::{
    app::theme,
    pipeline::{Edit, NodeInstance, Params, Pipeline, Registry},
};
use egui::{Align2, FontId, Sense, Stroke, Ui, vec2};

/// Room around the node for ports and their names.
const MARGIN: f32 = 96.0;

/// Draws a node of a kind as it is at first, with its ports and their names.
pub fn node(ui: &mut Ui, registry: &Registry, kind: &str) {
    let instance = NodeInstance::new(kind, kind, Params::new(), [0.0, 0.0]);
    let mut alone = Pipeline::default();
    // The first node of an empty pipeline has any name.
    let _ = alone.apply(Edit::AddNode(instance.clone()));
    let face = Face::new(&alone, registry, &instance, false);
    let size = face.size(None);
    let (space, _) = ui.allocate_exact_size(size + vec2(2.0 * MARGIN, 24.0), Sense::hover());
    let rect = egui::Rect::from_min_size(space.min + vec2(MARGIN, 8.0), size);
    let view = View { rect: space, offset: rect.min - space.min, zoom: 1.0 };
    let look = node::Look {
        state: None,
        warns: false,
        stage: None,
        selected: false,
        hovered: false,
        has_fields: false,
        off: false,
        greyed: false,
        time: 0.0,
    };
    let p = theme::palette(ui.visuals());
    ui.painter().rect_filled(space, 6.0, p.canvas);
    node::draw(ui.painter(), ui.visuals(), &view, rect, &instance, &face, &look);
    for (ports, is_output) in [(&face.inputs, false), (&face.outputs, true)] {
        for port in ports {
            let Some(place) = face.port_offset(port.name, is_output) else { continue };
            let place = rect.min + place;
            let color = theme::port_color(port.port_type, ui.visuals());
            ui.painter().circle(place, PORT_RADIUS, color, Stroke::new(1.5, p.canvas));
            let letter = theme::port_letter(port.port_type);
            ui.painter().text(place, Align2::CENTER_CENTER, letter, FontId::proportional(9.0), p.canvas);
            let (align, side) =
                if is_output { (Align2::LEFT_CENTER, 1.0) } else { (Align2::RIGHT_CENTER, -1.0) };
            let words = place + vec2(side * (PORT_RADIUS + 5.0), 0.0);
            ui.painter().text(words, align, port.name, FontId::proportional(11.0), p.text_weak);
        }
    }
}
