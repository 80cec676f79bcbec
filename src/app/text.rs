//! Numbers, times and names as people read them.

use super::texts;
pub use crate::data::text::{clock, number, took};
use crate::pipeline::{ParamKind, ParamSpec};
use serde_json::Value as Json;

/// `detect_peaks` as `Detect peaks`.
pub fn sentence(name: &str) -> String {
    let mut words = name.replace('_', " ");
    if let Some(first) = words.get(..1) {
        let upper = first.to_uppercase();
        words.replace_range(..1, &upper);
    }
    words
}

/// A message with a capital first letter.
pub fn sentence_of(message: &str) -> String {
    let mut letters = message.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

/// A parameter as an option of the command line: `--num-channels`.
fn option(spec: &ParamSpec) -> String {
    format!("--{}", spec.name.replace('_', "-"))
}

/// True where a message names a parameter as the option that would mend it.
pub fn asks_for(message: &str, spec: &ParamSpec) -> bool {
    let option = option(spec);
    message
        .match_indices(&option)
        .any(|(at, _)| !message[at + option.len()..].starts_with(|c: char| c == '-' || c.is_alphanumeric()))
}

/// A message with names of parameters and options of the command line as the labels of their fields.
pub fn with_labels(message: &str, specs: &[ParamSpec]) -> String {
    let mut longest_first: Vec<&ParamSpec> = specs.iter().collect();
    longest_first.sort_by_key(|spec| std::cmp::Reverse(spec.name.len()));
    longest_first.into_iter().fold(message.to_owned(), |text, spec| {
        let label = format!("\u{201c}{}\u{201d}", spec.label);
        with_word(&text.replace(&option(spec), &label), &spec.name, &label)
    })
}

/// A text with another word in the place of one that is no word of people: `freq_min`.
fn with_word(text: &str, word: &str, new: &str) -> String {
    if !word.contains('_') {
        return text.to_owned();
    }
    let mut result = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(word) {
        let (before, after) = (&rest[..at], &rest[at + word.len()..]);
        let goes_on = |c: char| c.is_alphanumeric() || "_-/=:".contains(c);
        let is_whole = !before.ends_with(|c| goes_on(c) || c == '.') && !after.starts_with(goes_on);
        result += before;
        result += if is_whole { new } else { word };
        rest = after;
    }
    result + rest
}

/// A message with the names of files alone, without their folders.
pub fn short_path(message: &str) -> String {
    let short = |word: &str| match word.rsplit_once('/') {
        Some((folder, name)) if folder.is_empty() || folder.starts_with('/') => name.to_owned(),
        _ => word.to_owned(),
    };
    message.split(' ').map(short).collect::<Vec<_>>().join(" ")
}

/// How long ago: `just now`, `3 min ago`, `2 h ago`, `5 days ago`.
pub fn ago(seconds: f64) -> String {
    let (minutes, hours, days) = (seconds / 60.0, seconds / 3600.0, seconds / 86_400.0);
    match seconds {
        s if s < 45.0 => texts::words::just_now().to_owned(),
        s if s < 3000.0 => texts::words::min_ago(&minutes.max(1.0)),
        s if s < 72_000.0 => texts::words::h_ago(&hours),
        s if s < 129_600.0 => texts::words::yesterday().to_owned(),
        _ => texts::words::days_ago(&days),
    }
}

/// Bytes as `412 B`, `3.4 MB`, `100 GB`.
pub fn bytes(count: u64) -> String {
    let mut value = count as f64;
    let mut units = ["B", "kB", "MB", "GB", "TB"].into_iter();
    let mut unit = units.next().unwrap_or_default();
    for larger in units {
        if value < 999.5 {
            break;
        }
        value /= 1000.0;
        unit = larger;
    }
    let digits = if value < 9.95 && unit != "B" { 1 } else { 0 };
    format!("{value:.digits$} {unit}")
}

/// A parameter's value on one line.
pub fn param_value(spec: &ParamSpec, value: &Json) -> String {
    let with_unit = |text: String| if spec.unit.is_empty() { text } else { format!("{text} {}", spec.unit) };
    match (&spec.kind, value) {
        (_, Json::Null) => if spec.auto { texts::words::auto() } else { texts::words::none() }.to_owned(),
        (_, Json::Bool(value)) => if *value { texts::words::yes() } else { texts::words::no() }.to_owned(),
        (_, Json::Number(value)) => with_unit(value.as_f64().map_or_else(|| value.to_string(), number)),
        (ParamKind::Choice { options }, Json::String(value)) => options
            .iter()
            .find(|(stored, ..)| stored == value)
            .map_or_else(|| value.clone(), |(_, label, _)| label.clone()),
        (ParamKind::Path { .. }, Json::String(value)) => match value.rsplit(['/', '\\']).next() {
            Some("") | None => texts::words::not_set().to_owned(),
            Some(name) => name.to_owned(),
        },
        (_, Json::String(value)) if value.is_empty() => texts::words::none().to_owned(),
        (_, Json::String(value)) => with_unit(value.clone()),
        (_, Json::Array(values)) => with_unit(list(values)),
        (ParamKind::Fields, Json::Object(values)) => {
            let each = values.iter().map(|(name, value)| format!("{name} = {value}"));
            each.collect::<Vec<_>>().join(", ")
        }
        (_, other) => other.to_string(),
    }
}

/// Items of a list parted by commas, as they are typed.
pub fn list(values: &[Json]) -> String {
    let words: Vec<String> = values
        .iter()
        .map(|value| match value {
            Json::String(text) => text.clone(),
            Json::Number(n) => n.to_string(),
            other => other.to_string(),
        })
        .collect();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_sizes_read_well() {
        assert_eq!(short_path("cannot read /tmp/a b.raw: gone"), "cannot read a b.raw: gone");
        assert_eq!((bytes(412), bytes(3_400_000)), ("412 B".into(), "3.4 MB".into()));
        let ages = [3.0, 50.0, 400.0, 7300.0, 90_000.0, 500_000.0].map(ago);
        assert_eq!(ages, ["just now", "1 min ago", "7 min ago", "2 h ago", "yesterday", "6 days ago"]);
        assert_eq!(sentence("detect_peaks"), "Detect peaks");
    }
}
