//! What the pointer is in the middle of: panning, a band, moving nodes, drawing a wire.

use super::{
    Canvas, Finder, Scene, Seen, SeenPort,
    draw::band_stroke,
    marks::{kind_word, world_rect},
    route, snap,
    wire::Curve,
};
use crate::{
    app::{
        command::{Command, MergeKey},
        texts, theme,
    },
    pipeline::{Edit, Mark, PortType},
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
    /// Drawing a band around nodes and marks; what was selected before stays with shift.
    Band { start: Pos2, before: (BTreeSet<String>, BTreeSet<u32>) },
    /// Moving nodes and marks from where they were.
    Move {
        start: Pos2,
        from: Vec<(String, [f32; 2])>,
        marks: Vec<(u32, Mark)>,
        /// Tells the steps of this gesture from those of others.
        number: u64,
    },
    /// Making a mark larger or smaller.
    Resize { start: Pos2, mark: u32, from: Mark, number: u64 },
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

    /// The wire that hangs on the pointer instead of where it was.
    pub fn picked(&self) -> Option<&(String, String)> {
        match self {
            Gesture::Wire(wire) => wire.picked.as_ref(),
            _ => None,
        }
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
    /// True while something is dragged: Escape ends that and nothing else.
    pub fn is_dragging(&self) -> bool {
        !matches!(self.gesture, Gesture::None)
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
            // Given up: back to where it was.
            Gesture::Move { number, .. } if escape => {
                commands.push(Command::TakeBack(MergeKey(format!("move_{number}"))));
            }
            Gesture::Resize { number, .. } if escape => {
                commands.push(Command::TakeBack(MergeKey(format!("resize_{number}"))));
            }
            Gesture::Band { start, before } => {
                let band = Rect::from_two_pos(*start, self.view.to_world(pointer));
                let (mut names, mut numbers) = before.clone();
                let nodes = scene.pipeline.nodes();
                let inside = nodes.filter(|n| band.intersects(self.faces.rect(n, scene.states)));
                names.extend(inside.map(|n| n.name.clone()));
                // A band inside a frame is about its nodes.
                let marks = scene.pipeline.marks().filter(|(_, mark)| band.contains_rect(world_rect(mark)));
                numbers.extend(marks.map(|(number, _)| number));
                if names != *scene.selection || numbers != *scene.selected_marks {
                    let (names, numbers) = (names.into_iter().collect(), numbers.into_iter().collect());
                    commands.push(Command::SelectAlso(names, numbers));
                }
            }
            Gesture::Move { start, from, marks, number } => {
                let shift = self.view.to_world(pointer) - *start;
                let moved = |at: [f32; 2]| snap([at[0] + shift.x, at[1] + shift.y]);
                let moves: Vec<_> = from.iter().map(|(name, at)| (name.clone(), moved(*at))).collect();
                let there = |(name, at): &(String, [f32; 2])| {
                    scene.pipeline.node(name).is_none_or(|n| n.position == *at)
                };
                let marks_there = marks.iter().all(|(number, mark)| {
                    scene.pipeline.mark(*number).is_none_or(|m| m.position == moved(mark.position))
                });
                let merge = || Some(MergeKey(format!("move_{number}")));
                if !moves.iter().all(there) || !marks_there {
                    let label = texts::canvas::move_(&moved_words(from, marks));
                    let mut edits: Vec<Edit> = marks
                        .iter()
                        .map(|(number, mark)| {
                            let position = moved(mark.position);
                            Edit::SetMark(*number, Some(Mark { position, ..mark.clone() }))
                        })
                        .collect();
                    edits.push(Edit::Move(moves));
                    commands.push(Command::Edit { edit: Edit::Batch(edits), label, merge: merge() });
                }
                if let (true, Some(wire), Some((node, _))) = (released, self.splice.take(), from.first()) {
                    commands.push(Command::Splice { node: node.clone(), wire, merge: merge() });
                }
                ui.ctx().set_cursor_icon(CursorIcon::Grabbing);
            }
            Gesture::Resize { start, mark, from, number } => {
                let shift = self.view.to_world(pointer) - *start;
                let new = from.clone().sized(snap([from.size[0] + shift.x, from.size[1] + shift.y]));
                if scene.pipeline.mark(*mark).is_some_and(|now| now.size != new.size) {
                    commands.push(Command::Edit {
                        edit: Edit::SetMark(*mark, Some(new)),
                        label: texts::canvas::resize(&kind_word(from)),
                        merge: Some(MergeKey(format!("resize_{number}"))),
                    });
                }
                ui.ctx().set_cursor_icon(CursorIcon::ResizeNwSe);
            }
            Gesture::Wire(wire) if released && !escape => {
                let target = self.wire_target(wire, pointer, seen, ports);
                let from_here = pointer.distance(self.anchor(scene, wire).unwrap_or(pointer));
                match target {
                    Some(other) if wire.verdicts.get(&other).is_some_and(Result::is_ok) => {
                        let (from, to) = if wire.is_output {
                            (wire.end.clone(), other)
                        } else {
                            (other, wire.end.clone())
                        };
                        match wire.picked.clone() {
                            None => commands.push(Command::Connect { from, to }),
                            // Back where it was.
                            Some(old) if old == (from.clone(), to.clone()) => {}
                            Some(old) => commands.push(Command::Reconnect { old, from, to }),
                        }
                    }
                    // Refused, or back where it came from: nothing changes.
                    Some(_) => {}
                    None if from_here < SNAP_DISTANCE => {}
                    None => {
                        let place = self.view.to_world(pointer);
                        let offset = if wire.is_output { 0.0 } else { -super::face::WIDTH };
                        let position = snap([place.x + offset, place.y - 16.0]);
                        let (end, port_type) = (wire.end.clone(), wire.port_type);
                        // Taken off and let go it is cut; what is chosen now takes it on.
                        if let Some((from, to)) = wire.picked.clone() {
                            commands.push(Command::edit(
                                Edit::Disconnect(from, to),
                                texts::canvas::remove_wire(),
                            ));
                        }
                        let finder = Finder::new(position, pointer);
                        self.finder = Some(finder.for_end(scene.registry, end, wire.is_output, port_type));
                    }
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

/// What is moved, as "Undo …" says it.
fn moved_words(nodes: &[(String, [f32; 2])], marks: &[(u32, Mark)]) -> String {
    match (nodes, marks) {
        ([(name, _)], []) => name.clone(),
        (_, []) => texts::counts::nodes(nodes.len()),
        ([], [(_, mark)]) => kind_word(mark).to_owned(),
        ([], _) => texts::counts::marks(marks.len()),
        // A frame takes along what lies in it.
        (_, [(_, mark), ..]) => {
            texts::canvas::mark_with_nodes(&kind_word(mark), &texts::counts::nodes(nodes.len()))
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
    egui::Id::unique("refused_wire")
}
