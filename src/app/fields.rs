//! One field of a form for one parameter: the right widget for its kind, from its declaration alone.

use super::{
    command::{Command, MergeKey},
    text, theme,
};
use crate::pipeline::{Edit, NodeInstance, ParamKind, ParamSpec};
use egui::{DragValue, Id, Response, Role, Sense, Slider, SliderClamping, Ui, Vec2, WidgetInfo, vec2};
use serde_json::{Value as Json, json};

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
            Change::Set(value) if value == spec.default => drop(params.shift_remove(&spec.name)),
            Change::Set(value) => drop(params.insert(spec.name.clone(), value)),
            Change::Reset => drop(params.shift_remove(&spec.name)),
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
            label: format!("change {}", spec.label.to_lowercase()),
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
const LABEL_SHARE: f32 = 0.42;

/// Draws a field alone, in the scale of `ui`, for the body of a node.
pub fn compact(ui: &mut Ui, owner: &str, spec: &ParamSpec, set: Option<&Json>) -> Option<Change> {
    let value = set.unwrap_or(&spec.default);
    let id = Id::unique(("parameter", owner, &spec.name));
    let name = format!("{} of {owner}", spec.label);
    if spec.optional && value.is_null() && !matches!(spec.kind, ParamKind::Path { .. }) {
        let word = if spec.auto { "auto" } else { "not set" };
        if let ParamKind::Choice { options } = &spec.kind {
            return choice(ui, id, options, word, Room::Node, &name);
        }
        let button = ui.button(word);
        button.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
        return button.clicked().then(|| Change::Set(start_value(spec)));
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
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Reset {}", spec.label)));
    let hint = format!("Click for the default: {}", text::param_value(spec, &spec.default));
    response.on_hover_text(hint).clicked()
}

fn explain(ui: &mut Ui, spec: &ParamSpec) {
    ui.set_max_width(320.0);
    ui.strong(&spec.label);
    if !spec.doc.is_empty() {
        ui.label(&spec.doc);
    }
    let mut facts = vec![format!("Default {}", text::param_value(spec, &spec.default))];
    match spec.hard_range {
        (Some(least), Some(most)) => {
            facts.push(format!("{} to {}", text::number(least), text::number(most)));
        }
        (Some(least), None) => facts.push(format!("at least {}", text::number(least))),
        (None, Some(most)) => facts.push(format!("at most {}", text::number(most))),
        (None, None) => {}
    }
    facts.push(spec.name.clone());
    ui.weak(facts.join(" · "));
}

/// A field that may be left to the program: while it is, a quiet word that a click turns into the field.
fn optional(ui: &mut Ui, id: Id, spec: &ParamSpec, value: &Json) -> Option<Change> {
    let (word, hint) = match spec.auto {
        true => ("auto", "Worked out from the data. Click to say it yourself."),
        false => ("not set", "Click to set it."),
    };
    if let (true, ParamKind::Choice { options }) = (value.is_null(), &spec.kind) {
        return choice(ui, id, options, word, Room::Line, &spec.label);
    }
    if value.is_null() {
        let p = theme::palette(ui.visuals());
        let words = egui::RichText::new(word).color(p.text_weak);
        let button = egui::Button::new(words).fill(p.field).min_size(vec2(76.0, theme::ROW));
        let response = ui.add(button);
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Set {}", spec.label)));
        return response.on_hover_text(hint).clicked().then(|| Change::Set(start_value(spec)));
    }
    // Where nothing is the default, the mark of what differs leads back to it.
    let back = if spec.default.is_null() {
        None
    } else {
        let button = ui.small_button(word).accessible_name(format!("{} {word}", spec.label));
        button.clicked().then_some(Change::Set(Json::Null))
    };
    widget(ui, id, spec, value, Room::Line, &spec.label).or(back)
}

/// What a field begins with when it is no longer left to the program.
fn start_value(spec: &ParamSpec) -> Json {
    let number = spec.soft_range.map(|r| (r.0 + r.1) / 2.0).or(spec.hard_range.0).unwrap_or(0.0);
    match &spec.kind {
        ParamKind::Float => json!(number),
        ParamKind::Int => json!(number.round() as i64),
        ParamKind::Bool => json!(true),
        ParamKind::Choice { options } => json!(options.first().map_or("", |o| o.0.as_str())),
        ParamKind::List { .. } => json!([]),
        ParamKind::Text | ParamKind::Path { .. } | ParamKind::Other => json!(""),
    }
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
        ParamKind::Other => other(ui, id, spec, value, room, name),
    }
}

fn number(
    ui: &mut Ui,
    id: Id,
    spec: &ParamSpec,
    value: f64,
    whole: bool,
    room: Room,
    name: &str,
) -> Option<Change> {
    let (least, most) = (spec.hard_range.0.unwrap_or(f64::MIN), spec.hard_range.1.unwrap_or(f64::MAX));
    let mut edited = value;
    let mut changed = false;
    let width = ui.available_width();
    if let Some((low, high)) = spec.soft_range.filter(|_| room == Room::Line && width > 130.0) {
        ui.spacing_mut().slider_width = (width - 84.0).clamp(40.0, 120.0);
        let slider = Slider::new(&mut edited, low..=high)
            .show_value(false)
            .logarithmic(low > 0.0 && high / low > 100.0)
            .clamping(SliderClamping::Never);
        let slider = if whole { slider.integer() } else { slider };
        let response = ui.add(slider).accessible_name(format!("{} slider", spec.label));
        changed |= response.changed();
    }
    let refused = std::cell::RefCell::new(None);
    let parse = |typed: &str| {
        let Some(number) = parse_number(typed, &spec.unit) else {
            *refused.borrow_mut() = Some(format!("\"{}\" is not a number.", typed.trim()));
            return None;
        };
        match refuse(spec, number) {
            None => Some(number),
            Some(reason) => {
                *refused.borrow_mut() = Some(reason);
                None
            }
        }
    };
    let span = spec.soft_range.map_or(value.abs().max(1.0), |(low, high)| high - low);
    let speed = if whole { (span / 300.0).max(0.05) } else { span / 300.0 };
    let suffix = if spec.unit.is_empty() { String::new() } else { format!(" {}", spec.unit) };
    let drag = DragValue::new(&mut edited)
        .speed(speed)
        .range(least..=most)
        .clamp_existing_to_range(false)
        .update_while_editing(false)
        .suffix(suffix)
        .custom_formatter(|value, _| text::number(value))
        .custom_parser(parse);
    let response = match room {
        Room::Line => ui.add_sized(vec2(76.0, theme::ROW), drag),
        Room::Node => ui.add(drag),
    };
    let response = response.accessible_name(name);
    changed |= response.changed();
    if let Some(reason) = refused.into_inner() {
        ui.data_mut(|data| data.insert_temp(id.with("refused"), reason));
    } else if changed || response.gained_focus() {
        ui.data_mut(|data| data.remove::<String>(id.with("refused")));
    }
    if whole {
        edited = edited.round();
    } else if changed {
        // What a drag gives has no more digits than its field shows.
        edited = round_to_digits(edited, 5);
    }
    (changed && edited != value)
        .then(|| Change::Set(if whole { json!(edited as i64) } else { json!(edited) }))
}

/// Why a number cannot be used, with what is accepted.
fn refuse(spec: &ParamSpec, number: f64) -> Option<String> {
    let unit = if spec.unit.is_empty() { String::new() } else { format!(" {}", spec.unit) };
    match spec.hard_range {
        (Some(least), _) if number < least => {
            Some(format!("{} is too small: at least {}{unit}.", text::number(number), text::number(least)))
        }
        (_, Some(most)) if number > most => {
            Some(format!("{} is too large: at most {}{unit}.", text::number(number), text::number(most)))
        }
        _ => None,
    }
}

fn refusal(ui: &Ui, id: Id) -> Option<String> {
    ui.data(|data| data.get_temp(id.with("refused")))
}

/// A number as typed, with the unit of the field, a larger or smaller one, or none.
fn parse_number(typed: &str, unit: &str) -> Option<f64> {
    let typed = typed.trim().replace([',', '\u{202f}'], "").replace('−', "-");
    let split = typed
        .char_indices()
        .find(|&(i, c)| {
            c.is_alphabetic()
                && !(matches!(c, 'e' | 'E')
                    && i > 0
                    && typed[i + 1..].starts_with(|n: char| n.is_ascii_digit() || n == '-'))
        })
        .map_or(typed.len(), |(i, _)| i);
    let number: f64 = typed[..split].trim().parse().ok()?;
    let factor = match (typed[split..].trim(), unit) {
        ("", _) => 1.0,
        (given, unit) if given == unit => 1.0,
        ("k", _) | ("kHz", "Hz") | ("s", "ms") | ("mV", "µV") | ("mm", "µm") => 1e3,
        ("ms", "s") | ("Hz", "kHz") | ("µs", "ms") | ("us", "ms") => 1e-3,
        ("min", "s") => 60.0,
        ("h", "s") => 3600.0,
        ("um", "µm") | ("uV", "µV") => 1.0,
        _ => return None,
    };
    Some(number * factor)
}

fn round_to_digits(value: f64, digits: i32) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let scale = 10f64.powi(digits - 1 - value.abs().log10().floor() as i32);
    (value * scale).round() / scale
}

fn choice(
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
fn line(ui: &mut Ui, spec: &ParamSpec, current: &str, less: f32, room: Room, name: &str) -> Option<String> {
    let mut text = current.to_owned();
    let width = (ui.available_width() - less).max(40.0);
    let hint = match &spec.kind {
        ParamKind::Path { .. } if spec.optional => "none",
        ParamKind::Path { mode } if mode == "folder" => "choose a folder",
        ParamKind::Path { mode } if mode == "save" => "choose a place",
        ParamKind::Path { .. } => "choose a file",
        _ => "",
    };
    let edit = egui::TextEdit::singleline(&mut text).desired_width(width).hint_text(hint);
    let height = if room == Room::Line { theme::ROW } else { ui.spacing().interact_size.y };
    let edit = if room == Room::Node { edit.margin(egui::Margin::symmetric(3, 0)) } else { edit };
    let response = ui.add_sized(Vec2::new(width, height), edit).accessible_name(name);
    let response = if text.len() > 24 { response.on_hover_text(&text) } else { response };
    response.changed().then_some(text)
}

fn path(ui: &mut Ui, spec: &ParamSpec, current: &str) -> Option<Change> {
    let typed = line(ui, spec, current, 34.0, Room::Line, &spec.label);
    let button = ui.add_sized(vec2(26.0, theme::ROW), egui::Button::new("…"));
    button.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("Browse for {}", spec.label)));
    if button.on_hover_text("Browse…").clicked() {
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

fn list(
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

fn read_list(text: &str, item: &str) -> Result<Json, String> {
    let words = text.split([',', ';']).map(str::trim).filter(|w| !w.is_empty());
    let values: Result<Vec<Json>, String> = words
        .map(|word| match item {
            "int" => word
                .parse::<i64>()
                .map(|n| json!(n))
                .map_err(|_error| format!("\"{word}\" is no whole number.")),
            "float" => {
                word.parse::<f64>().map(|n| json!(n)).map_err(|_error| format!("\"{word}\" is no number."))
            }
            _ => Ok(json!(word)),
        })
        .collect();
    values.map(Json::Array)
}

fn other(ui: &mut Ui, id: Id, spec: &ParamSpec, value: &Json, room: Room, name: &str) -> Option<Change> {
    draft(ui, id, spec, value.to_string(), room, name, |text| {
        serde_json::from_str(text).map_err(|error| format!("Not readable: {error}."))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_with_units() {
        assert_eq!(parse_number("300 Hz", "Hz"), Some(300.0));
        assert_eq!(parse_number("6 kHz", "Hz"), Some(6000.0));
        assert_eq!(parse_number("1.5e3", "Hz"), Some(1500.0));
        assert_eq!(parse_number("30\u{202f}000", "Hz"), Some(30_000.0));
        assert_eq!(parse_number("0.5 s", "ms"), Some(500.0));
        assert_eq!(parse_number("5 apples", "Hz"), None);
    }

    #[test]
    fn lists_are_read_item_by_item() {
        assert_eq!(read_list("1, 2,3", "int"), Ok(json!([1, 2, 3])));
        assert!(read_list("1, two", "int").is_err());
        assert_eq!(read_list("", "text"), Ok(json!([])));
    }
}
