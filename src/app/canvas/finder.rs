//! Searching for a node to add, at the pointer: everything, or only what fits a wire.

use super::icons;
use crate::{
    app::{
        command::{Command, Joint},
        groups::Kept,
        texts, theme,
    },
    pipeline::{Category, DynNode, PortType, Registry},
};
use egui::{Area, Frame, Id, Key, Order, Pos2, Role, ScrollArea, Sense, Ui, WidgetInfo, vec2};
use std::sync::Arc;

const WIDTH: f32 = 300.0;
const ROW_HEIGHT: f32 = 24.0;

/// What a node is searched for.
#[derive(Clone, Debug)]
pub enum Aim {
    /// To be added.
    Add(Joint),
    /// To take the place of this one.
    Replace(String),
}

/// The search box.
pub struct Finder {
    /// Where on the canvas the node goes.
    place: [f32; 2],
    screen: Pos2,
    aim: Aim,
    hint: String,
    /// The kinds that are offered; all where `None`.
    kinds: Option<Vec<&'static str>>,
    /// What an end carries, and whether it is to be taken.
    carried: Option<(PortType, bool)>,
    query: String,
    row: usize,
    /// Frames it has been open; clicks of the first one opened it.
    age: u32,
}

/// What came of a frame.
pub enum Answer {
    /// Still searching.
    Open,
    /// Given up.
    Closed,
    /// This is to be done.
    Chosen(Box<Command>),
}

/// What is offered.
enum Offer<'a> {
    Node(&'a Arc<dyn DynNode>),
    Kept(&'a Kept),
}

impl Offer<'_> {
    fn label(&self) -> &str {
        match self {
            Offer::Node(node) => node.info().label,
            Offer::Kept(kept) => &kept.name,
        }
    }

    /// What it is there for.
    fn summary(&self) -> &str {
        match self {
            Offer::Node(node) => node.info().summary,
            Offer::Kept(kept) => &kept.words,
        }
    }
}

impl Finder {
    /// A search that adds at `place`, seen at `screen`.
    pub fn new(place: [f32; 2], screen: Pos2) -> Self {
        let aim = Aim::Add(Joint::None);
        let hint = texts::canvas::search_nodes().to_owned();
        Self { place, screen, aim, hint, kinds: None, carried: None, query: String::new(), row: 0, age: 0 }
    }

    /// The same search, for what takes or gives what an end carries.
    #[must_use]
    pub fn for_end(mut self, registry: &Registry, end: String, is_output: bool, port_type: PortType) -> Self {
        self.hint = match is_output {
            true => texts::canvas::what_takes(&port_type),
            false => texts::canvas::what_gives(&port_type),
        };
        self.kinds = Some(registry.with_port(port_type, is_output).iter().map(|n| n.info().kind).collect());
        self.carried = Some((port_type, is_output));
        self.aim = Aim::Add(Joint::End { end, is_output });
        self
    }

    /// The same search, among these kinds only.
    #[must_use]
    pub fn among(mut self, kinds: Vec<&'static str>, hint: &str, aim: Aim) -> Self {
        self.hint = hint.to_owned();
        self.kinds = Some(kinds);
        self.aim = aim;
        self
    }

    /// What is to be done with what was chosen.
    fn command(&self, offer: &Offer<'_>) -> Command {
        let position = self.place;
        match (offer, self.aim.clone()) {
            (Offer::Node(node), Aim::Add(joint)) => {
                Command::Add { kind: node.info().kind.to_owned(), position, joint }
            }
            (Offer::Node(other), Aim::Replace(node)) => {
                Command::Swap { node, kind: other.info().kind.to_owned() }
            }
            (Offer::Kept(kept), Aim::Add(joint)) => {
                Command::AddKept { file: kept.file.clone(), position: Some(position), joint }
            }
            // Nothing of the library is offered to take a place.
            (Offer::Kept(kept), Aim::Replace(_)) => {
                Command::AddKept { file: kept.file.clone(), position: Some(position), joint: Joint::None }
            }
        }
    }

    /// Draws the box.
    pub fn ui(&mut self, ui: &Ui, registry: &Registry, kept: &[Kept]) -> Answer {
        let mut answer = Answer::Open;
        let area = Area::new(Id::unique("node_finder"))
            .order(Order::Foreground)
            .fixed_pos(self.screen)
            .constrain_to(ui.ctx().content_rect().shrink(8.0))
            .show(ui.ctx(), |ui| {
                Frame::popup(ui.style()).show(ui, |ui| answer = self.contents(ui, registry, kept));
            });
        let outside = ui.input(|i| {
            i.pointer.any_pressed()
                && i.pointer.interact_pos().is_some_and(|p| !area.response.rect.contains(p))
        });
        self.age += 1;
        if (outside && self.age > 2) || ui.input(|i| i.key_pressed(Key::Escape)) {
            answer = Answer::Closed;
        }
        answer
    }

    fn contents(&mut self, ui: &mut Ui, registry: &Registry, kept: &[Kept]) -> Answer {
        ui.set_width(WIDTH);
        let (up, down) = ui.input_mut(|i| {
            let none = egui::Modifiers::NONE;
            (i.consume_key(none, Key::ArrowUp), i.consume_key(none, Key::ArrowDown))
        });
        let edit =
            egui::TextEdit::singleline(&mut self.query).hint_text(self.hint.as_str()).desired_width(WIDTH);
        let response = ui.add(edit);
        response.widget_info(|| {
            WidgetInfo::labeled(Role::SearchInput, true, texts::canvas::search_nodes_to_add())
        });
        if response.changed() {
            self.row = 0;
        }
        let enter = response.lost_focus() && ui.input(|i| i.key_pressed(Key::Enter));
        if !enter {
            response.request_focus();
        }
        let found = self.found(registry, kept);
        if found.is_empty() {
            ui.add_space(4.0);
            let words = if self.query.is_empty() {
                texts::canvas::no_node_fits_here()
            } else {
                texts::canvas::nothing_of_that_name()
            };
            ui.weak(words);
            return Answer::Open;
        }
        let last = found.len() - 1;
        if down {
            self.row = (self.row + 1).min(last);
        }
        if up {
            self.row = self.row.saturating_sub(1);
        }
        self.row = self.row.min(last);
        let mut chosen = enter.then_some(self.row);
        ScrollArea::vertical().max_height(ROW_HEIGHT * 11.0).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            for (index, offer) in found.iter().enumerate() {
                if row(ui, offer, index == self.row, up || down) {
                    chosen = Some(index);
                }
            }
        });
        if let Some(offer) = found.get(self.row) {
            ui.separator();
            ui.weak(offer.summary());
        }
        match chosen.and_then(|index| found.get(index)) {
            Some(offer) => Answer::Chosen(Box::new(self.command(offer))),
            None => Answer::Open,
        }
    }

    /// Nodes, and what of the library fits.
    fn found<'a>(&self, registry: &'a Registry, kept: &'a [Kept]) -> Vec<Offer<'a>> {
        let nodes = match &self.kinds {
            // What is searched comes as well as it fits, else what is offered first comes first.
            Some(kinds) if self.query.trim().is_empty() => {
                kinds.iter().filter_map(|kind| registry.get(kind)).collect()
            }
            Some(kinds) => {
                let mut found = registry.search(&self.query);
                found.retain(|node| kinds.contains(&node.info().kind));
                found
            }
            None => registry.search(&self.query),
        };
        let fits = |kept: &Kept| match (&self.kinds, self.carried) {
            (_, Some((port_type, takes))) => kept.fits(port_type, takes),
            (kinds, None) => kinds.is_none(),
        };
        let named =
            |kept: &&Kept| kept.name.to_lowercase().contains(self.query.trim().to_lowercase().as_str());
        let (first, last): (Vec<_>, Vec<_>) =
            kept.iter().filter(|kept| fits(kept) && kept.answers(&self.query)).partition(named);
        // What one called oneself is meant before what has the word somewhere.
        let (first, last) = if self.query.trim().is_empty() { (last, first) } else { (first, last) };
        let kept = |kept: Vec<&'a Kept>| kept.into_iter().map(Offer::Kept);
        kept(first).chain(nodes.into_iter().map(Offer::Node)).chain(kept(last)).collect()
    }
}

fn row(ui: &mut Ui, offer: &Offer<'_>, current: bool, moved: bool) -> bool {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW_HEIGHT), Sense::click());
    response
        .widget_info(|| WidgetInfo::labeled(Role::Button, true, texts::canvas::add_offer(&offer.label())));
    let p = theme::palette(ui.visuals());
    if current || response.hovered() {
        let fill = if current { ui.visuals().selection.bg_fill } else { p.control };
        ui.painter().rect_filled(rect, 4.0, fill);
    }
    if current && moved {
        response.scroll_to_me(None);
    }
    let (category, color, from) = match offer {
        Offer::Node(node) => {
            let category = node.info().category;
            (category, theme::category_color(category, ui.visuals()), theme::category_name(category))
        }
        Offer::Kept(_) => (Category::Shape, p.text_weak, texts::canvas::my_library()),
    };
    icons::category(ui.painter(), Some(category), rect.left_center() + vec2(13.0, 0.0), 12.0, color);
    ui.painter().text(
        rect.left_center() + vec2(28.0, 0.0),
        egui::Align2::LEFT_CENTER,
        offer.label(),
        egui::FontId::proportional(13.0),
        p.text_strong,
    );
    ui.painter().text(
        rect.right_center() - vec2(8.0, 0.0),
        egui::Align2::RIGHT_CENTER,
        from,
        egui::FontId::proportional(11.0),
        p.text_weak,
    );
    response.clicked()
}
