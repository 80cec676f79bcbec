//! A field that is left to the program: a quiet word, and what is typed in its place.

use super::{Change, Room, number, words};
use crate::{
    app::{texts, theme},
    pipeline::{ParamKind, ParamSpec},
};
use egui::{
    Id, Key, Role, TextEdit, Ui, WidgetInfo,
    text::{CCursor, CCursorRange},
    vec2,
};
use serde_json::{Value as Json, json};

/// The word of what is not set; a click begins a value, which is set once it is entered and not before.
pub(super) fn unset(ui: &mut Ui, id: Id, spec: &ParamSpec, room: Room, name: &str) -> Option<Change> {
    let (word, hint) = word_of(spec);
    if let ParamKind::Choice { options } = &spec.kind {
        return words::choice(ui, id, options, word, room, name);
    }
    // The inspector and the node may show the same field at once.
    let typed = id.with(("begun", room == Room::Node));
    if let Some(text) = ui.data(|data| data.get_temp::<String>(typed)) {
        return begun(ui, id, typed, spec, text, room, name);
    }
    let p = theme::palette(ui.visuals());
    let (button, name) = match room {
        Room::Node => (egui::Button::new(word), name.to_owned()),
        Room::Line => {
            let words = egui::RichText::new(word).color(p.text_weak);
            let button = egui::Button::new(words).fill(p.field).min_size(vec2(76.0, theme::ROW));
            (button, texts::inspector::set(&spec.label))
        }
    };
    let response = ui.add(button);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
    if !response.on_hover_text(hint).clicked() {
        return None;
    }
    match &spec.kind {
        ParamKind::Bool => Some(Change::Set(json!(true))),
        ParamKind::Fields => Some(Change::Set(json!({}))),
        _ => {
            ui.data_mut(|data| {
                data.insert_temp(typed, offered(spec));
                data.insert_temp(typed, true);
                data.remove::<String>(id.with("refused"));
            });
            None
        }
    }
}

/// What is said of a field that is left to the program, and what more the pointer learns.
pub(super) fn word_of(spec: &ParamSpec) -> (&'static str, &'static str) {
    match spec.auto {
        true => (texts::inspector::auto(), texts::inspector::auto_hint()),
        false => (texts::inspector::not_set(), texts::inspector::not_set_hint()),
    }
}

/// What the field of a value begins with: the middle of the usual range, where there is one.
fn offered(spec: &ParamSpec) -> String {
    let middle = spec.soft_range.map(|(low, high)| (low + high) / 2.0);
    match &spec.kind {
        ParamKind::Float => middle.map_or_else(String::new, |middle| middle.to_string()),
        ParamKind::Int => middle.map_or_else(String::new, |middle| middle.round().to_string()),
        _ => String::new(),
    }
}

/// A value while it is typed: Enter takes it, and leaving the field takes what was written into it.
fn begun(
    ui: &mut Ui,
    id: Id,
    typed: Id,
    spec: &ParamSpec,
    mut text: String,
    room: Room,
    name: &str,
) -> Option<Change> {
    let edit = TextEdit::singleline(&mut text).id(typed);
    let response = match room {
        Room::Line => ui.add_sized(vec2(76.0, theme::ROW), edit),
        Room::Node => ui.add(edit.desired_width(76.0).margin(egui::Margin::symmetric(3, 0))),
    };
    let response = response.accessible_name(name);
    if ui.data_mut(|data| data.remove_temp::<bool>(typed)).is_some() {
        response.request_focus();
        // What is typed takes the place of what is offered.
        let all = CCursorRange::two(CCursor::new(0), CCursor::new(text.chars().count()));
        let mut state = TextEdit::load_state(ui.ctx(), response.id).unwrap_or_default();
        state.cursor.set_char_range(Some(all));
        state.store(ui.ctx(), response.id);
        return None;
    }
    if response.has_focus() {
        ui.data_mut(|data| data.insert_temp(typed, text));
        return None;
    }
    ui.data_mut(|data| data.remove::<String>(typed));
    let (enter, escape) = ui.input(|i| (i.key_pressed(Key::Enter), i.key_pressed(Key::Escape)));
    let is_written = enter || text != offered(spec);
    if !response.lost_focus() || escape || !is_written || text.trim().is_empty() {
        return None;
    }
    match read(spec, &text) {
        Ok(value) => Some(Change::Set(value)),
        Err(reason) => {
            ui.data_mut(|data| data.insert_temp(id.with("refused"), reason));
            None
        }
    }
}

fn read(spec: &ParamSpec, text: &str) -> Result<Json, String> {
    match &spec.kind {
        ParamKind::Float => number::read(spec, text).map(|number| number::json_of(spec, number, false)),
        ParamKind::Int => number::read(spec, text).map(|number| number::json_of(spec, number.round(), true)),
        ParamKind::List { item } => words::read_list(text, item),
        ParamKind::Other => words::read_json(text),
        ParamKind::Any => Ok(words::loose(text)),
        _ => Ok(json!(text)),
    }
}
