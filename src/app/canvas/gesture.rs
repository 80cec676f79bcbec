//! What the pointer is in the middle of: panning, a band, moving nodes, drawing a wire.

use super::{
    Canvas, Finder, Scene, Seen, SeenPort, draw::band_stroke, finder::Loose, route, snap, wire::Curve,
};
use crate::{
    app::{
        command::{Command, MergeKey},
        theme,
    },
    pipeline::{Edit, PortType},
};
use egui::{Align2, CursorIcon, FontId, Pos2, Rect, Role, Sense, Ui, WidgetInfo, vec2};
use std::collections::{BTreeMap, BTreeSet};

/// How near a port takes a wire, in screen points.
const SNAP_DISTANCE: f32 = 18.0;

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
    /// The end it is fixed to.
    pub end: String,
    /// True where that is an output.
    pub is_output: bool,
    /// What it carries.
    pub port_type: PortType,
    /// The wire that was picked up, to be removed or replaced on release.
    pub picked: Option<(String, String)>,
    /// For each port at the other side, why it cannot take the wire.
    pub verdicts: BTreeMap<String, Result<(), String>>,
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
                let way = [route::direct(self.view.to_world(from), self.view.to_world(to))];
                Curve::new(&way, &self.view).draw(ui.painter(), color, 2.2, None);
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
