//! What of the pipeline is in sight: nodes, ports and wires with their places on the screen.

use super::{
    Canvas, PORT_RADIUS, Scene,
    route::{self, Piece},
    view::Detail,
    wire::{Curve, Wired},
};
use crate::{
    app::texts,
    pipeline::{NodeInstance, PortType},
};
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
    /// Its node is collapsed, and it stands close to others.
    pub is_small: bool,
    pub response: Response,
}

/// The ways of all wires, and what they were found for.
#[derive(Default)]
pub(super) struct Ways {
    nodes: Vec<Rect>,
    names: Vec<(String, String)>,
    ends: Vec<(Pos2, Pos2)>,
    ways: Vec<Vec<Piece>>,
}

impl Canvas {
    /// Finds the ways of all wires anew where a node was moved or became larger, or a wire was drawn.
    pub(super) fn find_ways(&mut self, scene: &Scene<'_>) {
        let nodes: BTreeMap<&str, Rect> =
            scene.pipeline.nodes().map(|n| (n.name.as_str(), self.faces.rect(n, scene.states))).collect();
        let place = |node: &str, port: &str, is_output: bool| {
            Some(nodes.get(node)?.min + self.faces.get(node)?.port_offset(port, is_output)?)
        };
        let mut names = Vec::new();
        let mut ends = Vec::new();
        for (a, from, b, to) in scene.pipeline.wires() {
            if let (Some(start), Some(end)) = (place(a, from, true), place(b, to, false)) {
                names.push((format!("{a}.{from}"), format!("{b}.{to}")));
                ends.push((start, end));
            }
        }
        // What hangs on the pointer may be let go on a wire: that does not flee from it.
        let floating = self.floating(scene);
        let nodes = nodes.into_iter().filter(|(name, _)| Some(*name) != floating);
        let nodes: Vec<Rect> = nodes.map(|(_, rect)| rect).collect();
        if self.ways.nodes != nodes || self.ways.ends != ends {
            let ways = route::routes(&ends, &nodes);
            self.ways = Ways { nodes, names, ends, ways };
        } else {
            // A node that was renamed.
            self.ways.names = names;
        }
    }

    /// The wires that are in sight, with their curves.
    pub(super) fn curves(&self) -> Vec<Wired> {
        let wires = self.ways.names.iter().zip(&self.ways.ways);
        wires
            .filter_map(|((from, to), way)| {
                let curve = Curve::new(way, &self.view);
                if !curve.bounds().intersects(self.view.rect) {
                    return None;
                }
                let (node, port) = from.split_once('.')?;
                let port_type = self.faces.get(node).and_then(|f| f.port_type(port, true));
                Some(Wired { from: from.clone(), to: to.clone(), port_type, curve })
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
                    WidgetInfo::selected(Role::Button, true, selected, texts::canvas::node_named(&node.name))
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
                let kind = if is_output { texts::canvas::output() } else { texts::canvas::input() };
                response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("{kind} {end}")));
                let (name, is_small) = (name.to_owned(), face.is_collapsed);
                ports.push(SeenPort { end, name, is_output, port_type, position, is_small, response });
            }
        }
        ports
    }
}

/// Names a node to egui.
pub(super) fn node_id(name: &str) -> Id {
    Id::unique(("canvas_node", name))
}

fn port_id(end: &str, is_output: bool) -> Id {
    Id::unique(("canvas_port", end, is_output))
}
