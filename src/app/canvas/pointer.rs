//! What the pointer does to nodes, ports, wires and empty canvas: clicks, and the beginning of gestures.

use super::{
    Canvas, Scene, Seen, SeenPort,
    gesture::{Gesture, WireDrag},
    menu,
    seen::node_id,
    snap,
    wire::Wired,
};
use crate::{
    app::{
        command::{Command, Joint},
        editor, texts,
    },
    pipeline::is_way,
};
use egui::{CursorIcon, DragAndDrop, Pos2, Rect, Response, Role, Sense, Ui, Vec2, WidgetInfo};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

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
        // The ways into a group and out of it stay where they are.
        for item in seen.iter().filter(|item| !is_way(&item.node.name)) {
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
                commands.push(match scene.whole.group(name) {
                    Some(_) => Command::Enter(name.clone()),
                    None => Command::LookAtSelection,
                });
            }
            if item.response.secondary_clicked() && !selected {
                commands.push(Command::Select(vec![name.clone()]));
            }
            if item.response.drag_started_by(egui::PointerButton::Primary)
                && matches!(self.gesture, Gesture::None)
                && let Some(pointer) = ui.input(|i| i.pointer.press_origin())
            {
                let mut moved = BTreeSet::from([name.clone()]);
                let mut marks = BTreeSet::new();
                if selected || adds {
                    moved.extend(scene.selection.iter().cloned());
                    marks.clone_from(scene.selected_marks);
                }
                if !selected {
                    let names = moved.iter().cloned().collect();
                    commands.push(Command::SelectAlso(names, marks.iter().copied().collect()));
                }
                self.begin_move(scene, pointer, moved, marks);
            }
            let response = item.response.clone();
            menu::node(&response, scene, item.node, commands);
            if self.explains(ui)
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
                let node = port.end.split_once('.').map(|(node, _)| node).filter(|node| !is_way(node));
                commands.extend(node.map(|node| Command::Select(vec![node.to_owned()])));
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
            if self.explains(ui) {
                port.response.clone().on_hover_ui(|ui| menu::port_tooltip(ui, port));
            }
        }
    }

    /// True where tooltips may come up: nothing is being drawn, and no question lies over the canvas.
    fn explains(&self, ui: &Ui) -> bool {
        matches!(self.gesture, Gesture::None) && ui.memory(|memory| memory.top_modal_layer().is_none())
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
        &mut self,
        ui: &Ui,
        scene: &Scene<'_>,
        curves: &[Wired],
        commands: &mut Vec<Command>,
    ) {
        for Wired { from, to, curve, .. } in curves {
            let rect = Rect::from_center_size(curve.at(0.5), Vec2::splat(10.0));
            let response = ui.interact(rect, node_id(&format!("{from} {to}")), Sense::click());
            response
                .widget_info(|| WidgetInfo::labeled(Role::Button, true, texts::canvas::wire_to(&from, &to)));
            if response.clicked() {
                commands.push(Command::Select(Vec::new()));
                commands.push(Command::SelectWire(from.clone(), to.clone()));
                commands.push(Command::Look(from.clone()));
            }
            let wire = (from.clone(), to.clone());
            if menu::wire(&response, &wire, commands) {
                self.find_for_wire(scene.pipeline, scene.registry, &wire, response.rect.center());
            }
        }
    }

    pub(super) fn hovered_wire(
        &self,
        ui: &Ui,
        background: &Response,
        seen: &[Seen<'_>],
        ports: &[SeenPort],
        curves: &[Wired],
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
        nearest_wire(curves, pointer, WIRE_DISTANCE)
    }

    pub(super) fn handle_background(
        &mut self,
        ui: &Ui,
        scene: &Scene<'_>,
        background: &Response,
        hovered_wire: Option<usize>,
        curves: &[Wired],
        commands: &mut Vec<Command>,
    ) {
        let wire = hovered_wire.and_then(|index| curves.get(index));
        if wire.is_some() {
            ui.ctx().set_cursor_icon(CursorIcon::PointingHand);
        }
        let shift = ui.input(|i| i.modifiers.shift);
        if background.clicked_by(egui::PointerButton::Primary) {
            match wire {
                Some(Wired { from, to, .. }) => {
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
            match nearest_wire(curves, pointer, WIRE_DISTANCE).map(|index| &curves[index]) {
                Some(wired) => self.pick_wire(scene, wired, pointer),
                None => {
                    let both = (scene.selection.clone(), scene.selected_marks.clone());
                    let before = if shift { both } else { Default::default() };
                    self.gesture = Gesture::Band { start: self.view.to_world(pointer), before };
                }
            }
        }
        if background.secondary_clicked() {
            self.menu_wire = wire.map(Wired::ends);
            commands.extend(self.menu_wire.clone().map(|(from, to)| Command::SelectWire(from, to)));
        }
        match self.menu_wire.clone() {
            Some(wire) if menu::wire(background, &wire, commands) => {
                self.find_on_wire(scene.pipeline, scene.registry, &wire);
            }
            Some(_) => {}
            None if menu::background(background, commands) => self.open_finder(ui.ctx()),
            None => {}
        }
        // Nodes and handles of wires lie above the background: what matters is that it is let go on the canvas.
        let is_over = ui.input(|i| i.pointer.latest_pos()).is_some_and(|p| self.view.rect.contains(p));
        let lets_go = is_over && ui.input(|i| i.pointer.any_released());
        if lets_go
            && DragAndDrop::has_payload_of_type::<PathBuf>(ui.ctx())
            && let Some(file) = DragAndDrop::take_payload::<PathBuf>(ui.ctx())
        {
            let position = Some(self.pointer_place(ui.ctx()));
            commands.push(Command::AddKept { file: (*file).clone(), position, joint: Joint::None });
        }
        if let Some(kind) = lets_go.then(|| DragAndDrop::take_payload::<String>(ui.ctx())).flatten() {
            let place = self.pointer_place(ui.ctx());
            let position = snap([place[0] - super::face::WIDTH / 2.0, place[1] - 16.0]);
            let joint = match self.splice.take() {
                Some((from, to)) => Joint::Wire { from, to },
                None => Joint::None,
            };
            commands.push(Command::Add { kind: (*kind).clone(), position, joint });
        }
    }

    /// Takes the end of a wire off that is nearer to the pointer; the other one stays where it is.
    fn pick_wire(&mut self, scene: &Scene<'_>, wired: &Wired, pointer: Pos2) {
        let Some(port_type) = wired.port_type else { return };
        let is_output = wired.curve.nearest(pointer) >= 0.5;
        let end = if is_output { &wired.from } else { &wired.to };
        let verdicts = self.verdicts(scene, end, is_output);
        let (end, picked) = (end.clone(), Some(wired.ends()));
        self.gesture = Gesture::Wire(WireDrag { end, is_output, port_type, picked, verdicts });
    }
}

/// The wire next to a point, where one is within reach.
pub(super) fn nearest_wire(curves: &[Wired], point: Pos2, reach: f32) -> Option<usize> {
    let distances = curves.iter().enumerate().map(|(index, wired)| (wired.curve.distance(point), index));
    let (distance, index) = distances.min_by(|a, b| a.0.total_cmp(&b.0))?;
    (distance < reach).then_some(index)
}
