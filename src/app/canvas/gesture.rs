//! What the pointer is in the middle of: panning, a band, moving nodes, drawing a wire.

use super::{Canvas, Curve, Finder, Scene, Seen, SeenPort, band_stroke, finder::Loose, menu, node_id, snap};
use crate::{
    app::{
        command::{Command, MergeKey},
        editor, theme,
    },
    pipeline::{Edit, PortType},
};
use egui::{Align2, CursorIcon, FontId, Pos2, Rect, Response, Role, Sense, Ui, Vec2, WidgetInfo, vec2};
use std::collections::{BTreeMap, BTreeSet};

/// How near a port takes a wire, in screen points.
const SNAP_DISTANCE: f32 = 18.0;
/// How near the pointer takes hold of a wire.
const WIRE_DISTANCE: f32 = 6.0;

/// What the pointer is in the middle of.
#[derive(Default)]
pub enum Gesture {
    /// Nothing.
    #[default]
    None,
    /// Moving the view.
    Pan,
    /// Drawing a band around nodes; what was selected before stays with shift.
    Band { start: Pos2, before: BTreeSet<String> },
    /// Moving nodes from where they were.
    Move { start: Pos2, from: Vec<(String, [f32; 2])>, number: u64 },
    /// Drawing a wire.
    Wire(WireDrag),
}

/// A wire that hangs on the pointer.
pub struct WireDrag {
    end: String,
    is_output: bool,
    port_type: PortType,
    /// The wire that was picked up, to be removed or replaced on release.
    picked: Option<(String, String)>,
    /// For each port at the other side, why it cannot take the wire.
    verdicts: BTreeMap<String, Result<(), String>>,
}

impl Gesture {
    /// True where a wire is being drawn that no port of this node can take.
    pub fn refuses_node(&self, name: &str) -> bool {
        let Gesture::Wire(wire) = self else { return false };
        if wire.end.split_once('.').is_some_and(|(node, _)| node == name) {
            return false;
        }
        !wire.verdicts.iter().any(|(end, verdict)| {
            verdict.is_ok() && end.split_once('.').is_some_and(|(node, _)| node == name)
        })
    }

    /// True where a wire is being drawn that this port cannot take.
    pub fn refuses_port(&self, end: &str, is_output: bool) -> bool {
        let Gesture::Wire(wire) = self else { return false };
        if is_output == wire.is_output {
            return end != wire.end;
        }
        !wire.verdicts.get(end).is_some_and(Result::is_ok)
    }
}

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

    /// Goes on with the gesture, and ends it when the button is let go.
    pub(super) fn follow_gesture(
        &mut self,
        ui: &Ui,
        scene: &Scene<'_>,
        seen: &[Seen<'_>],
        ports: &[SeenPort],
        commands: &mut Vec<Command>,
    ) {
        let released = ui.input(|i| !i.pointer.any_down());
        let Some(pointer) = ui.input(|i| i.pointer.latest_pos()) else { return };
        let escape = ui.input(|i| i.key_pressed(egui::Key::Escape));
        match &self.gesture {
            Gesture::None | Gesture::Pan => {}
            Gesture::Band { start, before } => {
                let band = Rect::from_two_pos(*start, self.view.to_world(pointer));
                let mut names = before.clone();
                let nodes = scene.pipeline.nodes();
                let inside = nodes.filter(|n| band.intersects(self.faces.rect(n, scene.states)));
                names.extend(inside.map(|n| n.name.clone()));
                if names != *scene.selection {
                    commands.push(Command::Select(names.into_iter().collect()));
                }
            }
            Gesture::Move { start, from, number } => {
                let shift = self.view.to_world(pointer) - *start;
                let moves: Vec<_> = from
                    .iter()
                    .map(|(name, at)| (name.clone(), snap([at[0] + shift.x, at[1] + shift.y])))
                    .collect();
                let there = |(name, at): &(String, [f32; 2])| {
                    scene.pipeline.node(name).is_none_or(|n| n.position == *at)
                };
                if !moves.iter().all(there) {
                    commands.push(Command::Edit {
                        edit: Edit::Move(moves),
                        label: "move".into(),
                        merge: Some(MergeKey(format!("move {number}"))),
                    });
                }
                ui.ctx().set_cursor_icon(CursorIcon::Grabbing);
            }
            Gesture::Wire(wire) if released && !escape => {
                let target = self.wire_target(wire, pointer, seen, ports);
                let place = self.view.to_world(pointer);
                let from_here = pointer.distance(self.anchor(scene, wire).unwrap_or(pointer));
                match target {
                    Some(other) if wire.verdicts.get(&other).is_some_and(Result::is_ok) => {
                        let (from, to) = if wire.is_output {
                            (wire.end.clone(), other)
                        } else {
                            (other, wire.end.clone())
                        };
                        if wire.picked.as_ref() != Some(&(from.clone(), to.clone())) {
                            let disconnect = wire
                                .picked
                                .clone()
                                .map(|(a, b)| Command::edit(Edit::Disconnect(a, b), "move wire"));
                            commands.extend(disconnect);
                            commands.push(Command::Connect { from, to });
                        }
                    }
                    // Refused, or back where it came from: nothing changes.
                    Some(_) => {}
                    None if from_here < SNAP_DISTANCE => {}
                    None => match wire.picked.clone() {
                        Some((from, to)) => {
                            commands.push(Command::edit(Edit::Disconnect(from, to), "remove wire"));
                        }
                        None => {
                            let offset = if wire.is_output { 0.0 } else { -super::face::WIDTH };
                            let position = snap([place.x + offset, place.y - 16.0]);
                            let loose = Loose {
                                end: wire.end.clone(),
                                is_output: wire.is_output,
                                port_type: wire.port_type,
                            };
                            self.finder = Some(Finder::new(position, pointer, Some(loose)));
                        }
                    },
                }
            }
            Gesture::Wire(_) => {}
        }
        if released || escape {
            self.gesture = Gesture::None;
        }
    }

    /// The port a wire would go to: one near the pointer, else the first that fits of the node under it.
    fn wire_target(
        &self,
        wire: &WireDrag,
        pointer: Pos2,
        seen: &[Seen<'_>],
        ports: &[SeenPort],
    ) -> Option<String> {
        let near = ports
            .iter()
            .filter(|p| p.is_output != wire.is_output && p.position.distance(pointer) < SNAP_DISTANCE)
            .min_by(|a, b| a.position.distance(pointer).total_cmp(&b.position.distance(pointer)));
        if let Some(port) = near {
            return Some(port.end.clone());
        }
        let node = &seen.iter().rev().find(|n| n.rect.contains(pointer))?.node.name;
        let of_node = |end: &str| end.split_once('.').is_some_and(|(n, _)| n == node);
        let fitting = wire.verdicts.iter().find(|(end, v)| of_node(end) && v.is_ok());
        let any = fitting.or_else(|| wire.verdicts.iter().find(|(end, _)| of_node(end)));
        any.map(|(end, _)| end.clone()).or_else(|| Some(wire.end.clone()))
    }

    /// Where a hanging wire is fixed.
    fn anchor(&self, scene: &Scene<'_>, wire: &WireDrag) -> Option<Pos2> {
        let (node, port) = wire.end.split_once('.')?;
        let place = self.faces.port_position(scene.pipeline.node(node)?, port, wire.is_output)?;
        Some(self.view.to_screen(place))
    }

    pub(super) fn draw_gesture(&self, ui: &Ui, scene: &Scene<'_>, ports: &[SeenPort]) {
        let Some(pointer) = ui.input(|i| i.pointer.latest_pos()) else { return };
        match &self.gesture {
            Gesture::Band { start, .. } => {
                band_stroke(ui, Rect::from_two_pos(self.view.to_screen(*start), pointer));
            }
            Gesture::Wire(wire) => {
                let Some(anchor) = self.anchor(scene, wire) else { return };
                let near = ports
                    .iter()
                    .find(|p| p.is_output != wire.is_output && p.position.distance(pointer) < SNAP_DISTANCE);
                let refusal = near.and_then(|p| match wire.verdicts.get(&p.end) {
                    Some(Err(reason)) => Some(reason),
                    _ => None,
                });
                let free = near.filter(|_| refusal.is_none()).map_or(pointer, |p| p.position);
                let (from, to) = if wire.is_output { (anchor, free) } else { (free, anchor) };
                let p = theme::palette(ui.visuals());
                let color = match refusal {
                    Some(_) => p.bad,
                    None => theme::port_color(wire.port_type, ui.visuals()),
                };
                Curve::new(from, to, &self.view).draw(ui.painter(), color, 2.2, None);
                if let Some(reason) = refusal {
                    ui.ctx().set_cursor_icon(CursorIcon::NotAllowed);
                    note(ui, pointer, reason);
                }
            }
            _ => {}
        }
    }
}

/// Words beside the pointer; also heard by those who do not see them.
fn note(ui: &Ui, pointer: Pos2, words: &str) {
    let p = theme::palette(ui.visuals());
    let galley = ui.painter().layout(words.to_owned(), FontId::proportional(12.0), p.bad, 320.0);
    let rect = Align2::LEFT_TOP.anchor_size(pointer + vec2(16.0, 14.0), galley.size() + vec2(16.0, 10.0));
    let painter = ui.ctx().layer_painter(egui::LayerId::new(egui::Order::Tooltip, view_id()));
    painter.rect(
        rect,
        4.0,
        p.panel,
        egui::Stroke::new(1.0, p.bad.gamma_multiply(0.6)),
        egui::StrokeKind::Inside,
    );
    painter.galley(rect.min + vec2(8.0, 5.0), galley, p.bad);
    let response = ui.interact(rect, view_id(), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, words));
}

fn view_id() -> egui::Id {
    egui::Id::unique("refused wire")
}
