//! What of the pipeline is in sight: nodes, ports and wires with their places on the screen.

use super::{Canvas, PORT_RADIUS, Scene, view::Detail, wire::Curve};
use crate::pipeline::{NodeInstance, PortType};
use egui::{Id, Pos2, Rect, Response, Role, Sense, Ui, Vec2, WidgetInfo};
use std::collections::BTreeMap;

/// A node that is seen, with what the pointer does to it.
pub(super) struct Seen<'a> {
    pub node: &'a NodeInstance,
    pub rect: Rect,
    pub response: Response,
}

/// A port that is seen.
pub(super) struct SeenPort {
    pub end: String,
    pub name: String,
    pub is_output: bool,
    pub port_type: Option<PortType>,
    pub position: Pos2,
    pub response: Response,
}

impl Canvas {
    /// All wires with their curves; `None` where a wire is out of sight.
    pub(super) fn curves(&self, scene: &Scene<'_>) -> Vec<(String, String, Option<PortType>, Curve)> {
        let end_position = |node: &str, port: &str, is_output: bool| {
            let node = scene.pipeline.node(node)?;
            let place = self.faces.port_position(node, port, is_output)?;
            Some(self.view.to_screen(place))
        };
        let nodes: BTreeMap<&str, &NodeInstance> =
            scene.pipeline.nodes().map(|n| (n.name.as_str(), n)).collect();
        scene
            .pipeline
            .wires()
            .into_iter()
            .filter_map(|(a, from, b, to)| {
                let _ = nodes.get(a)?;
                let curve = Curve::new(end_position(a, from, true)?, end_position(b, to, false)?, &self.view);
                if !curve.bounds().intersects(self.view.rect) {
                    return None;
                }
                let port_type = self.faces.get(a).and_then(|f| f.port_type(from, true));
                Some((format!("{a}.{from}"), format!("{b}.{to}"), port_type, curve))
            })
            .collect()
    }

    pub(super) fn seen_nodes<'a>(&self, ui: &Ui, scene: &Scene<'a>) -> Vec<Seen<'a>> {
        // The selected ones lie on top, for the eye and for the pointer.
        let (below, above): (Vec<_>, Vec<_>) =
            scene.pipeline.nodes().partition(|n| !scene.selection.contains(&n.name));
        below
            .into_iter()
            .chain(above)
            .filter_map(|node| {
                let rect = self.view.rect_to_screen(self.faces.rect(node, scene.states));
                if !rect.expand(12.0).intersects(self.view.rect) {
                    return None;
                }
                let response = ui.interact(rect, node_id(&node.name), Sense::click_and_drag());
                let selected = scene.selection.contains(&node.name);
                response.widget_info(|| {
                    WidgetInfo::selected(Role::Button, true, selected, format!("Node {}", node.name))
                });
                Some(Seen { node, rect, response })
            })
            .collect()
    }

    pub(super) fn seen_ports(&self, ui: &Ui, seen: &[Seen<'_>]) -> Vec<SeenPort> {
        if self.view.detail() == Detail::Block {
            return Vec::new();
        }
        let mut ports = Vec::new();
        for node in seen {
            let Some(face) = self.faces.get(&node.node.name) else { continue };
            let known = face.inputs.iter().map(|p| (p.name, false, Some(p.port_type)));
            let known = known.chain(face.outputs.iter().map(|p| (p.name, true, Some(p.port_type))));
            let lost = face.lost_ports.0.iter().map(|name| (name.as_str(), false, None));
            let lost = lost.chain(face.lost_ports.1.iter().map(|name| (name.as_str(), true, None)));
            for (name, is_output, port_type) in known.chain(lost) {
                let Some(place) = self.faces.port_position(node.node, name, is_output) else { continue };
                let position = self.view.to_screen(place);
                let size = (2.6 * PORT_RADIUS * self.view.zoom).max(10.0);
                let end = format!("{}.{name}", node.node.name);
                let response = ui.interact(
                    Rect::from_center_size(position, Vec2::splat(size)),
                    port_id(&end, is_output),
                    Sense::click_and_drag(),
                );
                let kind = if is_output { "Output" } else { "Input" };
                response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("{kind} {end}")));
                ports.push(SeenPort { end, name: name.to_owned(), is_output, port_type, position, response });
            }
        }
        ports
    }
}

/// Names a node to egui.
pub(super) fn node_id(name: &str) -> Id {
    Id::unique(("canvas node", name))
}

fn port_id(end: &str, is_output: bool) -> Id {
    Id::unique(("canvas port", end, is_output))
}
