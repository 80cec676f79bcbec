//! What the pointer does to nodes, ports, wires and empty canvas: clicks, and the beginning of gestures.

use super::{
    Canvas, Scene, Seen, SeenPort,
    gesture::{Gesture, WireDrag},
    menu,
    seen::node_id,
    snap,
    wire::Curve,
};
use crate::{
    app::{command::Command, editor},
    pipeline::PortType,
};
use egui::{CursorIcon, Rect, Response, Role, Sense, Ui, Vec2, WidgetInfo};
use std::collections::{BTreeMap, BTreeSet};

/// How near the pointer takes hold of a wire.
const WIRE_DISTANCE: f32 = 6.0;

impl Canvas {
    pub(super) fn handle_nodes(
        &mut self,
        ui: &Ui,
        scene: &Scene<'_>,
        seen: &[Seen<'_>],
        commands: &mut Vec<Command>,
    ) {
        let adds = ui.input(|i| i.modifiers.shift || i.modifiers.command);
        for item in seen {
            let name = &item.node.name;
            let selected = scene.selection.contains(name);
            if item.response.clicked() {
                commands.push(Command::Select(if adds {
                    let mut names = scene.selection.clone();
                    if !names.remove(name) {
                        names.insert(name.clone());
                    }
                    names.into_iter().collect()
                } else {
                    vec![name.clone()]
                }));
            }
            if item.response.double_clicked() && !adds {
                commands.push(Command::LookAtSelection);
            }
            if item.response.secondary_clicked() && !selected {
                commands.push(Command::Select(vec![name.clone()]));
            }
            if item.response.drag_started_by(egui::PointerButton::Primary)
                && matches!(self.gesture, Gesture::None)
                && let Some(pointer) = ui.input(|i| i.pointer.press_origin())
            {
                let mut moved: BTreeSet<&String> = BTreeSet::from([name]);
                if selected || adds {
                    moved.extend(scene.selection);
                }
                if !selected {
                    commands.push(Command::Select(moved.iter().map(|n| (*n).clone()).collect()));
                }
                let from = scene
                    .pipeline
                    .nodes()
                    .filter(|n| moved.contains(&n.name))
                    .map(|n| (n.name.clone(), n.position))
                    .collect();
                self.gestures += 1;
                self.gesture =
                    Gesture::Move { start: self.view.to_world(pointer), from, number: self.gestures };
            }
            let response = item.response.clone();
            menu::node(&response, scene, item.node, commands);
            if matches!(self.gesture, Gesture::None)
                && let Some(face) = self.faces.get(name)
            {
                response.on_hover_ui(|ui| menu::node_tooltip(ui, scene, item.node, face));
            }
        }
    }

    pub(super) fn handle_ports(
        &mut self,
        ui: &Ui,
        scene: &Scene<'_>,
        ports: &[SeenPort],
        commands: &mut Vec<Command>,
    ) {
        for port in ports {
            let into = || editor::wire_into(scene.pipeline, &port.end);
            if port.response.clicked() {
                let end = if port.is_output { Some(port.end.clone()) } else { into() };
                commands.extend(end.map(Command::Look));
            }
            if port.response.drag_started_by(egui::PointerButton::Primary)
                && matches!(self.gesture, Gesture::None)
                && let Some(port_type) = port.port_type
            {
                // Pulling at a connected input takes the wire off and along.
                let picked = (!port.is_output
                    && !editor::takes_many(scene.pipeline, scene.registry, &port.end))
                .then(into)
                .flatten()
                .map(|from| (from, port.end.clone()));
                let (end, is_output) = match &picked {
                    Some((from, _)) => (from.clone(), true),
                    None => (port.end.clone(), port.is_output),
                };
                let verdicts = self.verdicts(scene, &end, is_output);
                self.gesture = Gesture::Wire(WireDrag { end, is_output, port_type, picked, verdicts });
            }
            if matches!(self.gesture, Gesture::None) {
                port.response.clone().on_hover_ui(|ui| menu::port_tooltip(ui, port));
            }
        }
        let _ = ui;
    }

    /// For every port at the other side, whether it can take a wire from `end`.
    fn verdicts(
        &self,
        scene: &Scene<'_>,
        end: &str,
        is_output: bool,
    ) -> BTreeMap<String, Result<(), String>> {
        let mut verdicts = BTreeMap::new();
        for node in scene.pipeline.nodes() {
            let Some(face) = self.faces.get(&node.name) else { continue };
            for port in if is_output { &face.inputs } else { &face.outputs } {
                let other = format!("{}.{}", node.name, port.name);
                let (from, to) = if is_output { (end, other.as_str()) } else { (other.as_str(), end) };
                let verdict = scene.pipeline.can_connect(scene.registry, from, to);
                let verdict = verdict.map(|_| ()).map_err(|error| error.0);
                verdicts.insert(other, verdict);
            }
        }
        verdicts
    }

    /// Small handles in the middle of wires, for those who do not point.
    pub(super) fn wire_handles(
        &self,
        ui: &Ui,
        scene: &Scene<'_>,
        curves: &[(String, String, Option<PortType>, Curve)],
        commands: &mut Vec<Command>,
    ) {
        let _ = scene;
        for (from, to, _, curve) in curves {
            let rect = Rect::from_center_size(curve.at(0.5), Vec2::splat(10.0));
            let response = ui.interact(rect, node_id(&format!("{from} {to}")), Sense::click());
            response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Wire {from} to {to}")));
            if response.clicked() {
                commands.push(Command::Select(Vec::new()));
                commands.push(Command::SelectWire(from.clone(), to.clone()));
                commands.push(Command::Look(from.clone()));
            }
            menu::wire(&response, from, to, commands);
        }
    }

    pub(super) fn hovered_wire(
        &self,
        ui: &Ui,
        background: &Response,
        seen: &[Seen<'_>],
        ports: &[SeenPort],
        curves: &[(String, String, Option<PortType>, Curve)],
    ) -> Option<usize> {
        if !matches!(self.gesture, Gesture::None) || !background.contains_pointer() {
            return None;
        }
        let pointer = ui.input(|i| i.pointer.hover_pos())?;
        if seen.iter().any(|n| n.rect.contains(pointer))
            || ports.iter().any(|p| p.response.contains_pointer())
        {
            return None;
        }
        let distances = curves.iter().enumerate().map(|(index, c)| (c.3.distance(pointer), index));
        let (distance, index) = distances.min_by(|a, b| a.0.total_cmp(&b.0))?;
        (distance < WIRE_DISTANCE).then_some(index)
    }

    pub(super) fn handle_background(
        &mut self,
        ui: &Ui,
        scene: &Scene<'_>,
        background: &Response,
        hovered_wire: Option<usize>,
        curves: &[(String, String, Option<PortType>, Curve)],
        commands: &mut Vec<Command>,
    ) {
        let wire = hovered_wire.and_then(|index| curves.get(index));
        if wire.is_some() {
            ui.ctx().set_cursor_icon(CursorIcon::PointingHand);
        }
        let shift = ui.input(|i| i.modifiers.shift);
        if background.clicked_by(egui::PointerButton::Primary) {
            match wire {
                Some((from, to, ..)) => {
                    commands.push(Command::SelectWire(from.clone(), to.clone()));
                    commands.push(Command::Look(from.clone()));
                }
                None if !shift => commands.push(Command::Select(Vec::new())),
                None => {}
            }
        }
        if background.double_clicked() && wire.is_none() {
            self.open_finder(ui.ctx());
        }
        if background.drag_started_by(egui::PointerButton::Primary)
            && matches!(self.gesture, Gesture::None)
            && let Some(pointer) = ui.input(|i| i.pointer.press_origin())
        {
            let before = if shift { scene.selection.clone() } else { BTreeSet::new() };
            self.gesture = Gesture::Band { start: self.view.to_world(pointer), before };
        }
        if menu::background(background, commands) {
            self.open_finder(ui.ctx());
        }
        if let Some(kind) = background.dnd_release_payload::<String>() {
            let place = self.pointer_place(ui.ctx());
            let position = snap([place[0] - super::face::WIDTH / 2.0, place[1] - 16.0]);
            commands.push(Command::Add { kind: (*kind).clone(), position, from: None });
        }
    }
}
