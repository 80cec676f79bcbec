//! One field of a form for one parameter: the right widget for its kind, from its declaration alone.

mod number;
mod unset;
mod words;

use super::{
    command::{Command, MergeKey},
    text, theme,
};
use crate::{
    app::texts,
    pipeline::{Edit, NodeInstance, ParamKind, ParamSpec, set_at},
};
use egui::{Id, Role, Sense, Ui, WidgetInfo, vec2};
use number::number;
use serde_json::{Value as Json, json};
use unset::{unset, word_of};
use words::{anything, choice, line, list, other, path};

/// What the user did to a field.
pub enum Change {
    /// Gave it a value.
    Set(Json),
    /// Back to the default.
    Reset,
    /// Wants to choose a path.
    Browse,
}

impl Change {
    /// The command that carries it out; changes of the same `gesture` undo as one.
    pub fn command(self, instance: &NodeInstance, spec: &ParamSpec, gesture: u64) -> Command {
        let mut params = instance.params.clone();
        match self {
            Change::Set(value) if value == spec.default => set_at(&mut params, &spec.name, None),
            Change::Set(value) => set_at(&mut params, &spec.name, Some(value)),
            Change::Reset => set_at(&mut params, &spec.name, None),
            Change::Browse => {
                let mode = match &spec.kind {
                    ParamKind::Path { mode } => mode.clone(),
                    _ => "open".to_owned(),
                };
                return Command::Browse { node: instance.name.clone(), field: spec.name.clone(), mode };
            }
        }
        Command::Edit {
            edit: Edit::SetParams(instance.name.clone(), params),
            label: texts::inspector::change(&spec.label.to_lowercase()),
            merge: Some(MergeKey(format!("{}.{} {gesture}", instance.name, spec.name))),
        }
    }
}

/// How much room a field has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Room {
    /// A line of the inspector.
    Line,
    /// A line of a node on the canvas: the style is scaled by the zoom.
    Node,
}

/// Share of the width that labels take.
const LABEL_SHARE: f32 = 0.48;

/// Draws a field alone, in the scale of `ui`, for the body of a node.
pub fn compact(ui: &mut Ui, owner: &str, spec: &ParamSpec, set: Option<&Json>) -> Option<Change> {
    let value = set.unwrap_or(&spec.default);
    let id = Id::unique(("parameter", owner, &spec.name));
    let name = texts::inspector::field_of_node(&spec.label, &owner);
    if spec.optional && value.is_null() && !matches!(spec.kind, ParamKind::Path { .. }) {
        return unset(ui, id, spec, Room::Node, &name);
    }
    widget(ui, id, spec, value, Room::Node, &name)
}

/// Draws a field with its label; `set` is what was set, `owner` tells fields of different nodes apart.
/// A field that is `needed` and not set stands out.
pub fn field(ui: &mut Ui, owner: &str, spec: &ParamSpec, set: Option<&Json>, needed: bool) -> Option<Change> {
    let mut change = None;
    let value = set.unwrap_or(&spec.default);
    let id = Id::unique(("parameter", owner, &spec.name));
    let width = ui.available_width();
    // What comes and goes above it is not to lose a click that has begun.
    let row = egui::UiBuilder::new().scope_id(id.with("row"));
    ui.scope_builder(row, |ui| {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            ui.set_min_height(theme::ROW);
            let differs = set.is_some_and(|v| *v != spec.default);
            if reset_dot(ui, spec, differs) {
                change = Some(Change::Reset);
            }
            let start = ui.cursor().left();
            let label_width = (width * LABEL_SHARE - 12.0).max(60.0);
            let mut words = egui::RichText::new(&spec.label);
            if needed {
                words = words.color(theme::palette(ui.visuals()).warn);
            }
            let label = egui::Label::new(words).truncate().sense(Sense::hover());
            ui.allocate_ui(vec2(label_width, theme::ROW), |ui| {
                ui.set_min_width(label_width);
                ui.add(label).on_hover_ui(|ui| explain(ui, spec));
            });
            ui.add_space((start + label_width + 4.0 - ui.cursor().left()).max(0.0));
            let edited = if spec.optional && !matches!(spec.kind, ParamKind::Path { .. }) {
                optional(ui, id, spec, value)
            } else {
                widget(ui, id, spec, value, Room::Line, &spec.label)
            };
            change = edited.or(change.take());
        })
    });
    if let Some(reason) = refusal(ui, id) {
        ui.colored_label(ui.visuals().error_fg_color, reason);
    }
    change
}

/// The mark of a value that is not the default; a click brings the default back.
fn reset_dot(ui: &mut Ui, spec: &ParamSpec, differs: bool) -> bool {
    let sense = if differs { Sense::click() } else { Sense::hover() };
    let (rect, response) = ui.allocate_exact_size(vec2(8.0, theme::ROW), sense);
    if !differs {
        return false;
    }
    let p = theme::palette(ui.visuals());
    let radius = if response.hovered() { 4.0 } else { 2.5 };
    ui.painter().circle_filled(rect.center(), radius, p.accent);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, texts::inspector::reset(&spec.label)));
    let hint = texts::inspector::click_for_the_default(&text::param_value(spec, &spec.default));
    response.on_hover_text(hint).clicked()
}

fn explain(ui: &mut Ui, spec: &ParamSpec) {
    ui.set_max_width(320.0);
    ui.strong(&spec.label);
    if !spec.doc.is_empty() {
        ui.label(&spec.doc);
    }
    let mut facts = vec![texts::inspector::default(&text::param_value(spec, &spec.default))];
    match spec.hard_range {
        (Some(least), Some(most)) => {
            facts.push(texts::inspector::from_to(&text::number(least), &text::number(most)));
        }
        (Some(least), None) => facts.push(texts::inspector::at_least(&text::number(least))),
        (None, Some(most)) => facts.push(texts::inspector::at_most(&text::number(most))),
        (None, None) => {}
    }
    facts.push(spec.name.clone());
    ui.weak(facts.join(" · "));
}

/// A field that may be left to the program: while it is, a quiet word that a click turns into the field.
fn optional(ui: &mut Ui, id: Id, spec: &ParamSpec, value: &Json) -> Option<Change> {
    if value.is_null() {
        return unset(ui, id, spec, Room::Line, &spec.label);
    }
    // Where nothing is the default, the mark of what differs leads back to it.
    let back = if spec.default.is_null() {
        None
    } else {
        let (word, _) = word_of(spec);
        let button = ui.small_button(word).accessible_name(format!("{} {word}", spec.label));
        button.clicked().then_some(Change::Set(Json::Null))
    };
    widget(ui, id, spec, value, Room::Line, &spec.label).or(back)
}

fn widget(ui: &mut Ui, id: Id, spec: &ParamSpec, value: &Json, room: Room, name: &str) -> Option<Change> {
    let words = value.as_str().unwrap_or_default();
    match &spec.kind {
        ParamKind::Float => number(ui, id, spec, value.as_f64().unwrap_or(0.0), false, room, name),
        ParamKind::Int => number(ui, id, spec, value.as_f64().unwrap_or(0.0), true, room, name),
        ParamKind::Bool => {
            let mut on = value.as_bool().unwrap_or(false);
            let response = ui.checkbox(&mut on, "").accessible_name(name);
            response.changed().then(|| Change::Set(json!(on)))
        }
        ParamKind::Choice { options } => choice(ui, id, options, words, room, name),
        ParamKind::Text => line(ui, spec, words, 0.0, room, name)
            .map(|text| Change::Set(if spec.optional && text.is_empty() { Json::Null } else { json!(text) })),
        ParamKind::Path { .. } if room == Room::Node => {
            let button = ui.add(egui::Button::new(text::param_value(spec, value)).truncate());
            button.widget_info(|| WidgetInfo::labeled(Role::Button, true, name));
            button.on_hover_text(words).clicked().then_some(Change::Browse)
        }
        ParamKind::Path { .. } => path(ui, spec, words),
        ParamKind::List { item } => list(ui, id, spec, item, value, room, name),
        ParamKind::Any => anything(ui, id, spec, value, room, name),
        ParamKind::Fields | ParamKind::Other => other(ui, id, spec, value, room, name),
    }
}

/// Why what was typed cannot be used.
fn refusal(ui: &Ui, id: Id) -> Option<String> {
    ui.data(|data| data.get_temp(id.with("refused")))
}
