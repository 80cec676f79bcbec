//! Words: choices, texts, paths, lists.

use super::{Change, Room, refusal};
use crate::{
    app::{text, texts, theme},
    pipeline::{ParamKind, ParamSpec, read_loosely},
};
use egui::{Id, Response, Role, Ui, Vec2, WidgetInfo, vec2};
use serde_json::{Value as Json, json};

/// One of several, as buttons in a row where they fit, else as a list.
pub(super) fn choice(
    ui: &mut Ui,
    id: Id,
    options: &[(String, String, String)],
    current: &str,
    room: Room,
    name: &str,
) -> Option<Change> {
    let mut chosen = None;
    let entry = |ui: &mut Ui, option: &(String, String, String)| -> Response {
        let response = ui.selectable_label(option.0 == current, &option.1);
        if option.2.is_empty() { response } else { response.on_hover_text(&option.2) }
    };
    let letters: usize = options.iter().map(|o| o.1.chars().count() + 3).sum();
    if room == Room::Line && options.len() <= 4 && letters as f32 * 6.8 < ui.available_width() {
        ui.spacing_mut().item_spacing.x = 1.0;
        for option in options {
            if entry(ui, option).clicked() {
                chosen = Some(option.0.clone());
            }
        }
    } else {
        // What is none of the options says that none was chosen.
        let shown = options.iter().find(|o| o.0 == current).map_or(current, |o| o.1.as_str());
        let width = match room {
            Room::Line => (ui.available_width() - 4.0).max(60.0),
            Room::Node => 0.0,
        };
        let combo =
            egui::ComboBox::from_id_salt(id).selected_text(shown).width(width).truncate().show_ui(ui, |ui| {
                for option in options {
                    if entry(ui, option).clicked() {
                        chosen = Some(option.0.clone());
                    }
                }
            });
        combo.response.accessible_name(name);
    }
    chosen.filter(|c| c != current).map(|c| Change::Set(json!(c)))
}

/// A line of text that leaves `less` of the width free; the text where it changed.
pub(super) fn line(
    ui: &mut Ui,
    spec: &ParamSpec,
    current: &str,
    less: f32,
    room: Room,
    name: &str,
) -> Option<String> {
    let mut text = current.to_owned();
    let width = (ui.available_width() - less).max(40.0);
    let hint = match &spec.kind {
        ParamKind::Path { .. } if spec.optional => texts::inspector::none(),
        ParamKind::Path { mode } if mode == "folder" => texts::inspector::choose_a_folder(),
        ParamKind::Path { mode } if mode == "save" => texts::inspector::choose_a_place(),
        ParamKind::Path { .. } => texts::inspector::choose_a_file(),
        ParamKind::Any if spec.default.is_null() => texts::inspector::not_set(),
        _ => "",
    };
    // Of a long path the end tells more, as long as nobody types in it.
    let id = ui.next_auto_id().with("line");
    let is_path = matches!(spec.kind, ParamKind::Path { .. }) && !ui.memory(|memory| memory.has_focus(id));
    let end = is_path.then(|| end_of_path(ui, &text, width - 20.0)).flatten();
    let is_cut = end.is_some();
    let mut shown = end.unwrap_or_else(|| text.clone());
    let edit = egui::TextEdit::singleline(&mut shown).id(id).desired_width(width).hint_text(hint);
    let height = if room == Room::Line { theme::ROW } else { ui.spacing().interact_size.y };
    let edit = if room == Room::Node { edit.margin(egui::Margin::symmetric(3, 0)) } else { edit };
    let response = ui.add_sized(Vec2::new(width, height), edit).accessible_name(name);
    let response = if text.len() > 24 { response.on_hover_text(&text) } else { response };
    if response.changed() && !is_cut {
        text = shown;
        return Some(text);
    }
    None
}

/// The end of a path that has room, where all of it has not.
fn end_of_path(ui: &Ui, path: &str, width: f32) -> Option<String> {
    let font = egui::TextStyle::Body.resolve(ui.style());
    let fits = |words: &str| {
        ui.painter().layout_no_wrap(words.to_owned(), font.clone(), egui::Color32::WHITE).size().x <= width
    };
    if path.len() < 8 || fits(path) {
        return None;
    }
    // Whole folders, as long as one fits; else as many letters as there is room for.
    let starts = path.char_indices().skip(1);
    let folders = starts.clone().filter(|(_, c)| matches!(c, '/' | '\\'));
    let mut tails = folders.chain(starts).map(|(at, _)| format!("…{}", &path[at..]));
    tails.find(|tail| fits(tail))
}

/// A path to type or to choose.
pub(super) fn path(ui: &mut Ui, spec: &ParamSpec, current: &str) -> Option<Change> {
    let typed = line(ui, spec, current, 34.0, Room::Line, &spec.label);
    let button = ui.add_sized(vec2(26.0, theme::ROW), egui::Button::new("…"));
    button.widget_info(|| WidgetInfo::labeled(Role::Button, true, texts::inspector::browse_for(&spec.label)));
    if button.on_hover_text(texts::inspector::browse()).clicked() {
        return Some(Change::Browse);
    }
    typed.map(|text| Change::Set(if spec.optional && text.is_empty() { Json::Null } else { json!(text) }))
}

/// A text that is kept while it cannot be read as a value.
fn draft(
    ui: &mut Ui,
    id: Id,
    spec: &ParamSpec,
    current: String,
    room: Room,
    name: &str,
    read: impl Fn(&str) -> Result<Json, String>,
) -> Option<Change> {
    let kept = id.with("draft");
    let shown: String = ui.data(|data| data.get_temp(kept)).unwrap_or_else(|| current.clone());
    let text = line(ui, spec, &shown, 0.0, room, name)?;
    match read(&text) {
        Ok(value) => {
            ui.data_mut(|data| {
                data.remove::<String>(id.with("refused"));
                data.insert_temp(kept, text);
            });
            Some(Change::Set(value))
        }
        Err(reason) => {
            ui.data_mut(|data| {
                data.insert_temp(id.with("refused"), reason);
                data.insert_temp(kept, text);
            });
            None
        }
    }
}

/// Several values parted by commas.
pub(super) fn list(
    ui: &mut Ui,
    id: Id,
    spec: &ParamSpec,
    item: &str,
    value: &Json,
    room: Room,
    name: &str,
) -> Option<Change> {
    let current = value.as_array().map_or_else(String::new, |values| text::list(values));
    let kept: Option<String> = ui.data(|data| data.get_temp(id.with("draft")));
    // Changed from outside (undo, reset): the draft is out of date.
    if let Some(kept) = kept
        && refusal(ui, id).is_none()
        && read_list(&kept, item).is_ok_and(|read| read != *value)
    {
        ui.data_mut(|data| data.remove::<String>(id.with("draft")));
    }
    draft(ui, id, spec, current, room, name, |text| read_list(text, item))
}

pub(super) fn read_list(text: &str, item: &str) -> Result<Json, String> {
    let words = text.split([',', ';']).map(str::trim).filter(|w| !w.is_empty());
    let values: Result<Vec<Json>, String> = words
        .map(|word| match item {
            "int" => word
                .parse::<i64>()
                .map(|n| json!(n))
                .map_err(|_error| texts::inspector::is_no_whole_number(&word)),
            "float" => {
                word.parse::<f64>().map(|n| json!(n)).map_err(|_error| texts::inspector::is_no_number(&word))
            }
            _ => Ok(json!(word)),
        })
        .collect();
    values.map(Json::Array)
}

/// What has no field of its own, as JSON.
pub(super) fn other(
    ui: &mut Ui,
    id: Id,
    spec: &ParamSpec,
    value: &Json,
    room: Room,
    name: &str,
) -> Option<Change> {
    draft(ui, id, spec, value.to_string(), room, name, read_json)
}

pub(super) fn read_json(text: &str) -> Result<Json, String> {
    serde_json::from_str(text).map_err(|error| texts::inspector::not_readable(&error))
}

/// What may be anything: JSON, else words; nothing is none.
pub(super) fn anything(
    ui: &mut Ui,
    id: Id,
    spec: &ParamSpec,
    value: &Json,
    room: Room,
    name: &str,
) -> Option<Change> {
    let current = match value {
        Json::Null => String::new(),
        // Quotes where it would else be read as something else.
        Json::String(words) if read_loosely(words) == *value => words.clone(),
        other => other.to_string(),
    };
    let kept: Option<String> = ui.data(|data| data.get_temp(id.with("draft")));
    if kept.is_some_and(|kept| loose(&kept) != *value) {
        ui.data_mut(|data| data.remove::<String>(id.with("draft")));
    }
    draft(ui, id, spec, current, room, name, |text| Ok(loose(text)))
}

pub(super) fn loose(text: &str) -> Json {
    if text.trim().is_empty() { Json::Null } else { read_loosely(text) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_item_by_item() {
        assert_eq!(read_list("1, 2,3", "int"), Ok(json!([1, 2, 3])));
        assert!(read_list("1, two", "int").is_err());
        assert_eq!(read_list("", "text"), Ok(json!([])));
    }
}
