//! Opens the search for a node: anywhere, at an end, on a wire, in place of another.

use super::{
    Canvas, Finder, Scene, face,
    finder::{Aim, Answer},
    snap, view,
};
use crate::{
    app::command::{Command, Joint},
    app::texts,
    pipeline::{Pipeline, Registry},
};
use egui::{Pos2, Ui};

impl Canvas {
    /// Opens the search for a node at the pointer.
    pub fn open_finder(&mut self, ctx: &egui::Context) {
        let place = self.pointer_place(ctx);
        self.finder = Some(Finder::new(place, self.view.to_screen(view::pos(place))));
    }

    /// Opens the search for a node that gives what an input takes, at the left of it.
    pub fn find_input(&mut self, pipeline: &Pipeline, registry: &Registry, end: &str) {
        let Some((name, port)) = end.split_once('.') else { return };
        let Some(node) = pipeline.node(name) else { return };
        let Some(port_type) = self.faces.get(name).and_then(|face| face.port_type(port, false)) else {
            return;
        };
        let place = snap([node.position[0] - face::WIDTH - 36.0, node.position[1]]);
        let finder = Finder::new(place, self.view.to_screen(view::pos(place)));
        self.finder = Some(finder.for_end(registry, end.to_owned(), false, port_type));
    }

    /// Opens the search for a node to put into a wire, at a place of the screen.
    pub(super) fn find_for_wire(
        &mut self,
        pipeline: &Pipeline,
        registry: &Registry,
        wire: &(String, String),
        at: Pos2,
    ) {
        let place = self.view.to_world(at);
        let place = snap([place.x - face::WIDTH / 2.0, place.y - 16.0]);
        let (from, to) = wire.clone();
        let kinds = pipeline.kinds_for_wire(registry, &from);
        let aim = Aim::Add(Joint::Wire { from, to });
        self.finder = Some(Finder::new(place, at).among(kinds, texts::canvas::insert_into_the_wire(), aim));
    }

    /// Opens the search for a node to put into a wire, beside its middle.
    pub fn find_on_wire(&mut self, pipeline: &Pipeline, registry: &Registry, wire: &(String, String)) {
        let curve = self.curves().into_iter().find(|wired| wired.is(Some(wire)));
        let at = curve.map_or_else(|| self.view.rect.center(), |wired| wired.curve.at(0.5));
        self.find_for_wire(pipeline, registry, wire, at);
    }

    /// Opens the search for a kind that a node could become.
    pub fn find_swap(&mut self, pipeline: &Pipeline, registry: &Registry, name: &str) {
        let Some(node) = pipeline.node(name) else { return };
        let below = [node.position[0], node.position[1] + face::HEADER];
        let finder = Finder::new(node.position, self.view.to_screen(view::pos(below)));
        let kinds = pipeline.swaps(registry, name);
        self.finder = Some(finder.among(kinds, texts::canvas::replace_with(), Aim::Replace(name.to_owned())));
    }

    pub(super) fn finder_ui(&mut self, ui: &Ui, scene: &Scene<'_>, commands: &mut Vec<Command>) {
        let Some(finder) = &mut self.finder else { return };
        match finder.ui(ui, scene.registry, scene.kept) {
            Answer::Open => {}
            Answer::Closed => self.finder = None,
            Answer::Chosen(command) => {
                commands.push(*command);
                self.finder = None;
            }
        }
    }
}
