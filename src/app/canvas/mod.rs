//! The canvas: draws the pipeline as it is and returns what the user asked for; it changes nothing itself.
//!
//! After ideas of `egui_node_graph`: a finder with search, typed ports with colours, a list of responses.

mod align;
mod body;
mod crumbs;
mod draw;
pub mod face;
mod find;
mod finder;
mod gesture;
pub mod icons;
mod marks;
mod menu;
mod minimap;
pub mod node;
pub mod picture;
mod pointer;
mod rename;
mod room;
mod route;
mod search;
mod seen;
mod splice;
mod view;
mod wire;

use super::{command::Command, groups::Kept, previews::Previews};
use crate::{
    app::texts,
    data::Notice,
    pipeline::{NodeReport, NodeState, Pipeline, Problem, Registry, Severity, leaf_of},
};
pub use align::Alignment;
use egui::{
    CursorIcon, Key, MouseWheelUnit, PointerButton, Rect, Response, Role, Sense, Ui, Vec2, WidgetInfo,
};
use face::Faces;
use finder::Finder;
use gesture::Gesture;
use rename::Renaming;
pub use rename::Target;
pub use rename::mark_key;
use seen::{Seen, SeenPort, Ways};
use std::collections::{BTreeMap, BTreeSet};
use view::View;

/// Radius of a port in canvas units.
const PORT_RADIUS: f32 = 6.5;
/// Free places that are looked at for one in sight.
const NEAR: usize = 400;

/// What the canvas draws.
pub struct Scene<'a> {
    /// What is drawn: the pipeline, or one level of it.
    pub pipeline: &'a Pipeline,
    /// The pipeline with all that lies in groups.
    pub whole: &'a Pipeline,
    /// What the pipeline is called.
    pub title: &'a str,
    /// The group that is drawn, empty for the whole.
    pub level: &'a str,
    /// Differs for every state of the pipeline, places of nodes aside.
    pub revision: u64,
    /// The nodes there are.
    pub registry: &'a Registry,
    /// What the user's library holds besides presets.
    pub kept: &'a [Kept],
    /// How nodes are.
    pub states: &'a BTreeMap<String, NodeState>,
    /// What is known of their results.
    pub known: &'a Known,
    /// The stage of nodes that run.
    pub stages: &'a BTreeMap<String, String>,
    /// Selected nodes.
    pub selection: &'a BTreeSet<String>,
    /// The selected wire.
    pub selected_wire: Option<&'a (String, String)>,
    /// Numbers of the selected frames and comments.
    pub selected_marks: &'a BTreeSet<u32>,
    /// Counts presses of the pointer: edits of one press undo as one.
    pub gesture: u64,
    /// The end that is being looked at.
    pub looked_at: Option<&'a str>,
    /// The map in the corner is wanted.
    pub minimap: bool,
    /// Nodes that show what leaves them.
    pub previewed: &'a BTreeSet<String>,
    /// What they show.
    pub previews: &'a Previews,
}

/// What is known of stored results, besides the states of their nodes.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// What nodes warned of, by name.
    pub warnings: BTreeMap<String, Vec<Notice>>,
    /// What the pipeline is advised of, by the node it concerns.
    pub advice: BTreeMap<String, Vec<String>>,
    /// Why nodes do not run though nothing is wrong with them, by name.
    pub off: BTreeMap<String, String>,
    /// What is known of what lies in a group, by its name.
    pub inner: BTreeMap<String, Vec<String>>,
    /// How many items leave by an output `node.port`, where there are several.
    pub counts: BTreeMap<String, usize>,
}

impl Known {
    /// True where there is something to say of a node.
    fn warns(&self, name: &str) -> bool {
        self.words_of(name).next().is_some() || self.inner.contains_key(name)
    }

    /// What is known of a node, as the group around says it.
    pub fn told(&self, name: &str) -> impl Iterator<Item = String> {
        self.words_of(name).map(move |words| format!("{}: {words}", leaf_of(name)))
    }

    /// What advice and results say of a node itself.
    fn words_of(&self, name: &str) -> impl Iterator<Item = &str> {
        let advice = self.advice.get(name).into_iter().flatten().map(String::as_str);
        let warnings = self.warnings.get(name).into_iter().flatten().map(|warning| &*warning.words);
        advice.chain(warnings)
    }

    /// Adds a problem that keeps no node from running.
    pub fn advise(&mut self, problem: &Problem) {
        if let (Some(node), Severity::Warning) = (&problem.node, problem.severity) {
            self.advice.entry(node.clone()).or_default().push(problem.message.clone());
        }
    }

    /// Adds what is known of a node.
    pub fn add(&mut self, name: &str, node: &NodeReport) {
        if !node.warnings.is_empty() {
            self.warnings.insert(name.to_owned(), node.warnings.clone());
        }
        if let Some(reason) = &node.off {
            self.off.insert(name.to_owned(), reason.clone());
        }
        let several = node.items.iter().filter(|(_, count)| **count > 1);
        self.counts.extend(several.map(|(port, count)| (format!("{name}.{port}"), *count)));
    }
}

/// The canvas between two frames.
#[derive(Default)]
pub struct Canvas {
    view: View,
    faces: Faces,
    ways: Ways,
    gesture: Gesture,
    gestures: u64,
    finder: Option<Finder>,
    find: Option<find::Find>,
    renaming: Option<Renaming>,
    /// The wire that takes what is dragged.
    splice: Option<(String, String)>,
    /// The wire whose menu was asked for last, where it was no other place's.
    menu_wire: Option<(String, String)>,
    /// Fit when the size is known: the selection, or everything.
    fit: Option<bool>,
    /// Look here when the size is known: what is in the middle, and the zoom.
    look: Option<([f32; 2], f32)>,
    /// The view was moved by hand: it is not fitted again when the size changes.
    moved: bool,
}

impl Canvas {
    /// Brings everything, or the selection, into view at the next frame.
    pub fn fit(&mut self, selection: bool) {
        self.fit = Some(selection);
        self.moved = selection;
    }

    /// What is in the middle and the zoom, where they were chosen by hand.
    pub fn place(&self) -> Option<([f32; 2], f32)> {
        if self.look.is_some() {
            return self.look;
        }
        let middle = self.view.to_world(self.view.rect.center());
        (self.moved && self.view.rect.is_positive()).then_some(([middle.x, middle.y], self.view.zoom))
    }

    /// Looks at a place of [`Self::place`] from the next frame on.
    pub fn look_at(&mut self, place: ([f32; 2], f32)) {
        self.look = Some(place);
        self.fit = None;
        self.moved = true;
    }

    /// Shows the canvas at 100 %.
    pub fn actual_size(&mut self) {
        self.view.actual_size();
        self.moved = true;
    }

    /// True while the search for a node is open or a name is edited.
    pub fn is_searching(&self) -> bool {
        self.finder.is_some() || self.find.is_some() || self.renaming.is_some()
    }

    /// A place where a new node covers no other: at the right of what is selected and seen, else near the middle of
    /// what is seen.
    pub fn free_place(&self, pipeline: &Pipeline, selection: &BTreeSet<String>) -> [f32; 2] {
        let none = BTreeMap::new();
        let seen = self.seen();
        let selected = pipeline.nodes().filter(|node| selection.contains(&node.name));
        let rects = selected.map(|node| self.faces.rect(node, &none)).filter(|rect| seen.intersects(*rect));
        let last = rects.max_by(|a, b| a.right().total_cmp(&b.right()));
        let size = egui::vec2(face::WIDTH, 110.0);
        let beside = last.map(|rect| rect.right_top() + egui::vec2(48.0, 0.0) + size / 2.0);
        self.free_place_at(pipeline, beside.unwrap_or(seen.center()))
    }

    /// Where what was let go over the canvas goes: at the pointer, else as any new node.
    pub fn drop_place(
        &self,
        ctx: &egui::Context,
        pipeline: &Pipeline,
        selection: &BTreeSet<String>,
    ) -> [f32; 2] {
        let pointer = ctx.input(|i| i.pointer.latest_pos()).filter(|p| self.view.rect.contains(*p));
        match pointer {
            Some(pointer) => self.free_place_at(pipeline, self.view.to_world(pointer)),
            None => self.free_place(pipeline, selection),
        }
    }

    /// What is in sight, on the canvas.
    fn seen(&self) -> Rect {
        let [min, max] = [self.view.rect.min, self.view.rect.max].map(|at| self.view.to_world(at));
        Rect::from_min_max(min, max)
    }

    /// The nearest place around this middle where a new node covers no other, in sight where there is one.
    fn free_place_at(&self, pipeline: &Pipeline, middle: egui::Pos2) -> [f32; 2] {
        let seen = self.seen();
        let none = BTreeMap::new();
        let taken: Vec<Rect> = pipeline.nodes().map(|n| self.faces.rect(n, &none).expand(12.0)).collect();
        let size = egui::vec2(face::WIDTH, 110.0);
        // Rings around the middle, the nearest place first.
        let steps = (0..40).flat_map(|ring: i32| {
            (-ring..=ring)
                .flat_map(move |x| (-ring..=ring).map(move |y| (x, y)))
                .filter(move |(x, y)| x.abs().max(y.abs()) == ring)
        });
        let mut free = steps
            .map(|(x, y)| middle - size / 2.0 + egui::vec2(x as f32 * 60.0, y as f32 * 40.0))
            .filter(|at| !taken.iter().any(|rect| rect.intersects(Rect::from_min_size(*at, size))));
        let nearest = free.next();
        let in_sight = |at: &egui::Pos2| seen.contains_rect(Rect::from_min_size(*at, size));
        let place = nearest.into_iter().chain(free.take(NEAR)).find(in_sight).or(nearest).unwrap_or(middle);
        snap([place.x, place.y])
    }

    /// Brings a place into view where it is outside.
    pub fn reveal(&mut self, place: [f32; 2]) {
        let rect = Rect::from_min_size(view::pos(place), egui::vec2(face::WIDTH, 110.0));
        if !self.view.rect.contains_rect(self.view.rect_to_screen(rect)) {
            self.fit(false);
        }
    }

    /// The place on the canvas under the pointer, else its middle.
    pub fn pointer_place(&self, ctx: &egui::Context) -> [f32; 2] {
        let pointer = ctx.input(|i| i.pointer.latest_pos()).filter(|p| self.view.rect.contains(*p));
        let place = self.view.to_world(pointer.unwrap_or_else(|| self.view.rect.center()));
        snap([place.x, place.y])
    }

    /// True while the pointer is over the canvas, or nowhere: keys that other panels know too are meant for it.
    pub fn has_pointer(&self, ctx: &egui::Context) -> bool {
        ctx.input(|i| i.pointer.latest_pos()).is_none_or(|p| self.view.rect.contains(p))
    }

    /// Where nodes go that are brought in line, with their names.
    pub fn aligned(
        &self,
        pipeline: &Pipeline,
        states: &BTreeMap<String, NodeState>,
        names: &BTreeSet<String>,
        alignment: Alignment,
    ) -> Vec<(String, [f32; 2])> {
        let nodes: Vec<_> = pipeline.nodes().filter(|n| names.contains(&n.name)).collect();
        let rects: Vec<Rect> = nodes.iter().map(|n| self.faces.rect(n, states)).collect();
        nodes.iter().map(|n| n.name.clone()).zip(alignment.places(&rects)).collect()
    }

    /// Draws the canvas and returns what was asked for.
    pub fn ui(&mut self, ui: &mut Ui, scene: &Scene<'_>) -> Vec<Command> {
        let mut commands = Vec::new();
        let rect = ui.available_rect_before_wrap();
        let background = ui.allocate_rect(rect, Sense::click_and_drag());
        background.widget_info(|| WidgetInfo::labeled(Role::Canvas, true, texts::canvas::canvas()));
        if self.view.rect.size() != rect.size() && !self.moved {
            self.fit = self.fit.or(Some(false));
        }
        self.view.rect = rect;
        self.faces.refresh(scene.pipeline, scene.whole, scene.registry, scene.revision);
        self.faces.show_previews(scene.previewed);
        self.apply_fit(scene);
        keep_focus(ui, &background);
        self.navigate(ui, &background);

        let mut ui = ui.new_child(egui::UiBuilder::new().max_rect(rect));
        ui.set_clip_rect(rect.intersect(ui.clip_rect()));
        let ui = &mut ui;
        self.grid(ui);
        let marks = self.seen_marks(ui, scene);
        self.draw_marks(ui, scene, &marks);
        self.find_ways(scene);
        let curves = self.curves();
        self.wire_handles(ui, scene, &curves, &mut commands);
        let seen = self.seen_nodes(ui, scene);
        let ports = self.seen_ports(ui, &seen);

        self.handle_marks(ui, scene, &marks, &mut commands);
        self.handle_nodes(ui, scene, &seen, &mut commands);
        self.handle_ports(ui, scene, &ports, &mut commands);
        self.splice = self.find_splice(ui, scene, &curves);
        let hovered_wire = self.hovered_wire(ui, &background, &seen, &ports, &curves);
        self.handle_background(ui, scene, &background, hovered_wire, &curves, &mut commands);
        self.follow_gesture(ui, scene, &seen, &ports, &mut commands);

        self.draw_wires(ui, scene, &curves, hovered_wire);
        self.draw_nodes(ui, scene, &seen, &mut commands);
        self.draw_ports(ui, scene, &ports);
        self.draw_splice(ui, &curves);
        self.draw_gesture(ui, scene, &ports);
        self.minimap_ui(ui, scene);
        self.crumbs_ui(ui, scene, &mut commands);
        self.rename_ui(ui, scene, &mut commands);
        self.find_ui(ui, scene, &mut commands);
        self.finder_ui(ui, scene, &mut commands);
        let is_empty = scene.pipeline.nodes().next().is_none() && scene.pipeline.marks().next().is_none();
        if is_empty && self.finder.is_none() {
            draw::empty_hint(ui, rect);
        }
        if scene.states.values().any(|s| matches!(s, NodeState::Running { .. })) {
            ui.ctx().request_repaint_after(std::time::Duration::from_millis(50));
        }
        commands
    }

    fn apply_fit(&mut self, scene: &Scene<'_>) {
        if let Some((middle, zoom)) = self.look.take_if(|_| self.view.rect.is_positive()) {
            self.view.look_at(view::pos(middle), zoom);
        }
        let Some(selection) = self.fit else { return };
        if !self.view.rect.is_positive() {
            return;
        }
        self.fit = None;
        let every = !selection || (scene.selection.is_empty() && scene.selected_marks.is_empty());
        let rects = scene
            .pipeline
            .nodes()
            .filter(|n| every || scene.selection.contains(&n.name))
            .map(|n| self.faces.rect(n, scene.states));
        let marks =
            scene.pipeline.marks().filter(|(number, _)| every || scene.selected_marks.contains(number));
        let marks = marks.map(|(_, mark)| marks::world_rect(mark));
        self.view.fit(rects.chain(marks).fold(Rect::NOTHING, Rect::union));
    }

    /// Wheel, pinch, two fingers, middle drag and space drag.
    fn navigate(&mut self, ui: &Ui, background: &Response) {
        if !background.contains_pointer() && !matches!(self.gesture, Gesture::Pan) {
            return;
        }
        let Some(pointer) = ui.input(|i| i.pointer.latest_pos()) else { return };
        let (mut zoom, mut pan) = (1.0, Vec2::ZERO);
        ui.input(|input| {
            for event in &input.events {
                match event {
                    egui::Event::MouseWheel { unit, delta, modifiers, .. } => match unit {
                        MouseWheelUnit::Point if !modifiers.command => pan += *delta,
                        MouseWheelUnit::Point => zoom *= (delta.y / 200.0).exp(),
                        _ if modifiers.shift => pan += egui::vec2(delta.x + delta.y, 0.0) * 40.0,
                        _ => zoom *= 1.15_f32.powf(delta.y),
                    },
                    egui::Event::Zoom(factor) => zoom *= factor,
                    _ => {}
                }
            }
            let grabs = input.pointer.button_pressed(PointerButton::Middle)
                || (input.pointer.primary_pressed() && input.key_down(Key::Space));
            if grabs && matches!(self.gesture, Gesture::None) {
                self.gesture = Gesture::Pan;
            }
        });
        if zoom != 1.0 {
            self.view.zoom_at(pointer, zoom);
            self.moved = true;
        }
        if matches!(self.gesture, Gesture::Pan) {
            pan += ui.input(|i| i.pointer.delta());
            ui.ctx().set_cursor_icon(CursorIcon::Grabbing);
        }
        self.moved |= pan != Vec2::ZERO;
        self.view.offset += pan;
    }
}

/// The canvas takes the keyboard when nothing else has it, so that Tab and arrows are its own.
fn keep_focus(ui: &Ui, background: &Response) {
    let clicked = background.contains_pointer() && ui.input(|i| i.pointer.any_pressed());
    ui.memory_mut(|memory| {
        if clicked || (memory.focused().is_none() && background.contains_pointer()) {
            memory.request_focus(background.id);
        }
        if memory.has_focus(background.id) {
            let filter =
                egui::EventFilter { tab: true, horizontal_arrows: true, vertical_arrows: true, escape: true };
            memory.set_focus_lock_filter(background.id, filter);
        }
    });
}

/// Nodes sit on a grid of 4.
fn snap(place: [f32; 2]) -> [f32; 2] {
    place.map(|v| (v / 4.0).round() * 4.0)
}
