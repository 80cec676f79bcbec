//! Numbers: a slider over the usual range, dragging, and typing with units.

use super::{Change, Room};
use crate::{
    app::{text, texts, theme},
    pipeline::ParamSpec,
};
use egui::{DragValue, Id, Slider, SliderClamping, Ui, vec2};
use serde_json::{Value as Json, json};

/// A slider over the usual range where there is room, and a number to drag or type.
pub(super) fn number(
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
            .logarithmic(is_logarithmic(low, high))
            .clamping(SliderClamping::Never);
        let slider = if whole { slider.integer() } else { slider };
        let response = ui.add(slider).accessible_name(texts::inspector::slider(&spec.label));
        if response.changed() {
            changed = true;
            edited = round_to_range(edited, low, high);
        }
    }
    let refused = std::cell::RefCell::new(None);
    let parse = |typed: &str| match read(spec, typed) {
        Ok(number) => Some(number),
        Err(reason) => {
            *refused.borrow_mut() = Some(reason);
            None
        }
    };
    let speed = drag_speed(spec.soft_range, value);
    let counts = counts(spec, whole);
    let speed = if counts { speed.max(0.05) } else { speed };
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
    if whole || (counts && response.dragged()) {
        edited = edited.round();
    } else if response.dragged() && changed {
        // What a drag gives has no more digits than can be aimed at.
        edited = match spec.soft_range {
            Some((low, high)) => round_to_range(edited, low, high),
            None => round_to_digits(edited, 3),
        };
    }
    (changed && edited != value).then(|| Change::Set(json_of(spec, edited, whole)))
}

/// A number as it was typed, or why it cannot be used.
pub(super) fn read(spec: &ParamSpec, typed: &str) -> Result<f64, String> {
    let number =
        parse_number(typed, &spec.unit).ok_or_else(|| texts::inspector::is_not_a_number(&typed.trim()))?;
    refuse(spec, number).map_or(Ok(number), Err)
}

/// Of a number that is whole by default others may do, but are seldom meant.
fn counts(spec: &ParamSpec, whole: bool) -> bool {
    whole || spec.default.is_i64()
}

/// A number as the value of a parameter.
pub(super) fn json_of(spec: &ParamSpec, number: f64, whole: bool) -> Json {
    if counts(spec, whole) && number.fract() == 0.0 { json!(number as i64) } else { json!(number) }
}

/// Why a number cannot be used, with what is accepted.
fn refuse(spec: &ParamSpec, number: f64) -> Option<String> {
    let unit = if spec.unit.is_empty() { String::new() } else { format!(" {}", spec.unit) };
    match spec.hard_range {
        (Some(least), _) if number < least => {
            Some(texts::inspector::is_too_small_at_least(&text::number(number), &text::number(least), &unit))
        }
        (_, Some(most)) if number > most => {
            Some(texts::inspector::is_too_large_at_most(&text::number(number), &text::number(most), &unit))
        }
        _ => None,
    }
}

/// Units of one kind and how many of the first each is.
const UNITS: [&[(&str, f64)]; 5] = [
    &[("s", 1.0), ("ms", 1e-3), ("µs", 1e-6), ("us", 1e-6), ("min", 60.0), ("h", 3600.0)],
    &[("Hz", 1.0), ("kHz", 1e3), ("MHz", 1e6)],
    &[("V", 1.0), ("mV", 1e-3), ("µV", 1e-6), ("uV", 1e-6), ("nV", 1e-9)],
    &[("m", 1.0), ("cm", 1e-2), ("mm", 1e-3), ("µm", 1e-6), ("um", 1e-6), ("nm", 1e-9)],
    &[("bytes", 1.0), ("B", 1.0), ("kB", 1e3), ("MB", 1e6), ("GB", 1e9)],
];

/// How many of the unit of a field another unit is.
fn factor(given: &str, unit: &str) -> Option<f64> {
    match given {
        "" => return Some(1.0),
        given if given == unit => return Some(1.0),
        "k" => return Some(1e3),
        "%" if unit.is_empty() => return Some(1e-2),
        _ => {}
    }
    UNITS.iter().find_map(|kind| {
        // As it is written, else whatever the case: mV and MV differ, khz is kHz.
        let of = |name: &str| {
            let exact = kind.iter().find(|(known, _)| *known == name);
            exact.or_else(|| kind.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))).map(|u| u.1)
        };
        Some(of(given)? / of(unit)?)
    })
}

/// A number as typed, with the unit of the field, a larger or smaller one, or none; `1 min 30 s` is a sum.
fn parse_number(typed: &str, unit: &str) -> Option<f64> {
    let typed = typed.trim().replace([',', '\u{202f}'], "").replace('−', "-").replace('μ', "µ");
    let mut rest = typed.as_str();
    let mut sum = None;
    while !rest.trim().is_empty() {
        let (number, after) = split_number(rest)?;
        let word_end = after.find(|c: char| c.is_ascii_digit()).unwrap_or(after.len());
        let (word, next) = after.split_at(word_end);
        // Only a time is told in parts.
        if sum.is_some() && word.trim().is_empty() {
            return None;
        }
        let value = number * factor(word.trim(), unit)?;
        // 0.5 ms in seconds is 0.0005, not its neighbour.
        let value = if word.trim().is_empty() { value } else { round_to_digits(value, 12) };
        sum = Some(sum.unwrap_or(0.0) + value);
        rest = next;
    }
    sum
}

/// A number at the start of a text, and what follows it.
fn split_number(text: &str) -> Option<(f64, &str)> {
    let text = text.trim_start();
    let end = text
        .char_indices()
        .find(|&(i, c)| {
            let exponent = matches!(c, 'e' | 'E')
                && i > 0
                && text[i + 1..].starts_with(|n: char| n.is_ascii_digit() || n == '-' || n == '+');
            let sign = matches!(c, '-' | '+') && (i == 0 || text[..i].ends_with(['e', 'E']));
            !(c.is_ascii_digit() || c == '.' || c == ' ' || exponent || sign)
        })
        .map_or(text.len(), |(i, _)| i);
    Some((text[..end].replace(' ', "").parse().ok()?, &text[end..]))
}

fn round_to_digits(value: f64, digits: i32) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let scale = 10f64.powi(digits - 1 - value.abs().log10().floor() as i32);
    (value * scale).round() / scale
}

/// Ranges over a power of ten and more: equal steps are equal factors.
fn is_logarithmic(low: f64, high: f64) -> bool {
    low > 0.0 && high / low >= 10.0
}

/// What a point of a drag changes: a hundredth of the value, or a three-hundredth of an even range.
fn drag_speed(range: Option<(f64, f64)>, value: f64) -> f64 {
    match range {
        Some((low, high)) if is_logarithmic(low, high) => value.abs().max(low) / 100.0,
        Some((low, high)) => (high - low) / 300.0,
        None => value.abs().max(1.0) / 100.0,
    }
}

/// As many digits as a hand can aim at on a slider over this range.
fn round_to_range(value: f64, low: f64, high: f64) -> f64 {
    if is_logarithmic(low, high) {
        return round_to_digits(value, 2);
    }
    let digits = 2 - (high - low).abs().log10().floor() as i32;
    let scale = 10f64.powi(digits);
    (value * scale).round() / scale
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
        assert_eq!(parse_number("0.5 ms", "s"), Some(0.0005));
        assert_eq!(parse_number("0.5 ms", "ms"), Some(0.5));
        assert_eq!(parse_number("1 min", "s"), Some(60.0));
        assert_eq!(parse_number("1 min", "ms"), Some(60_000.0));
        assert_eq!(parse_number("1 min 30 s", "s"), Some(90.0));
        assert_eq!(parse_number("2khz", "Hz"), Some(2000.0));
        assert_eq!(parse_number("0.1 mm", "µm"), Some(100.0));
        assert_eq!(parse_number("-0.2mV", "µV"), Some(-200.0));
        assert_eq!(parse_number("30 %", ""), Some(0.3));
        assert_eq!(parse_number("2 MB", "bytes"), Some(2_000_000.0));
        assert_eq!(parse_number("5 Hz", "s"), None);
        assert_eq!(parse_number("1 2", "s"), Some(12.0));
        assert_eq!(parse_number("30 s 5", "s"), None);
        assert_eq!(parse_number("", "s"), None);
    }

    #[test]
    fn hands_give_round_numbers() {
        // The cut-off of a filter: factors count, and a drag is as fine at 3 Hz as at 300 Hz.
        assert_eq!(round_to_range(301.274, 1.0, 1000.0), 300.0);
        assert_eq!(round_to_range(6.2741, 1.0, 1000.0), 6.3);
        assert_eq!(drag_speed(Some((1.0, 1000.0)), 300.0), 3.0);
        assert_eq!(drag_speed(Some((1.0, 1000.0)), 3.0), 0.03);
        // A share: hundredths of its range.
        assert_eq!(round_to_range(0.73486, 0.0, 1.0), 0.73);
        assert_eq!(round_to_range(7.346, 0.0, 10.0), 7.3);
    }
}
