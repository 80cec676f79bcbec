//! By how much values of two runs differ, in words.

use crate::app::text;

/// From the first value to the second: `+1.5 µV`; empty where they are the same.
pub fn by(values: [f64; 2], unit: &str) -> String {
    let [before, now] = values;
    // Numbers that were rounded when they were written differ by what they show, not by the last bit.
    let digits = 6 - before.abs().max(now.abs()).max(f64::MIN_POSITIVE).log10().floor() as i32;
    let step = 10f64.powi(digits.clamp(0, 12));
    let difference = ((now - before) * step).round() / step;
    if difference == 0.0 || !difference.is_finite() {
        return String::new();
    }
    let sign = if difference < 0.0 { '−' } else { '+' };
    let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
    format!("{sign}{}{unit}", text::number(difference.abs()))
}

/// The same with the share of the first value: `+0.35 (+8 %)`.
pub fn with_share(values: [f64; 2]) -> String {
    let difference = by(values.map(four_digits), "");
    let share = 100.0 * (values[1] - values[0]) / values[0].abs();
    if difference.is_empty() || !share.is_finite() || share.abs() < 0.5 {
        return difference;
    }
    let sign = if share < 0.0 { '−' } else { '+' };
    format!("{difference} ({sign}{:.0} %)", share.abs())
}

/// A number as precise as one is read.
pub fn four_digits(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let step = 10f64.powi(3 - value.abs().log10().floor() as i32);
    (value * step).round() / step
}

/// Of words that differ in their numbers alone: `12 units · 340 spikes` and `14 units · 300 spikes` differ by
/// `+2 units · −40 spikes`. Empty where they differ in more.
pub fn of_words(words: [&str; 2]) -> String {
    let [before, now] = words.map(parts);
    // One unit and two units differ in their number alone.
    let singular = |text: &str| {
        text.split_whitespace().map(|word| word.trim_end_matches('s')).collect::<Vec<_>>().join(" ")
    };
    let told = |parts: &Parts| parts.iter().map(|(_, after)| singular(after)).collect();
    let texts: [Vec<String>; 2] = [told(&before), told(&now)];
    if texts[0] != texts[1] {
        return String::new();
    }
    // What a number counts stands after it, or before it where the words begin with its name.
    let counts_first = before.first().is_some_and(|(_, text)| text.is_empty());
    let named = |index: usize| {
        let of = |text: &str| text.rsplit(['·', ',']).next().unwrap_or_default().trim().to_owned();
        // Of one alone words have no plural.
        let several = [&now, &before].into_iter().find(|parts| parts[index].0 != Some(1.0)).unwrap_or(&now);
        let after = several[index].1.split(['·', ',']).next().unwrap_or_default().trim();
        if counts_first { after.to_owned() } else { of(&now[index - 1].1) }
    };
    let differences = (1..now.len()).filter_map(|index| {
        let difference = by([before[index].0?, now[index].0?], "");
        let is_one = difference.chars().skip(1).eq(['1']);
        let name = if counts_first { counted(&named(index), is_one) } else { named(index) };
        let words = if counts_first { [difference.clone(), name] } else { [name, difference.clone()] };
        (!difference.is_empty()).then(|| words.join(" ").trim().to_owned())
    });
    differences.collect::<Vec<_>>().join(" · ")
}

/// What is counted, in words that stand after a number of several: of one, its first word has no plural.
fn counted(several: &str, is_one: bool) -> String {
    let (first, rest) = several.split_once(' ').unwrap_or((several, ""));
    match first.strip_suffix('s').filter(|_| is_one) {
        Some(one) => format!("{one} {rest}").trim().to_owned(),
        None => several.to_owned(),
    }
}

/// Numbers, each with the text behind it; the first has what stands before all of them.
type Parts = Vec<(Option<f64>, String)>;

fn parts(words: &str) -> Parts {
    let mut parts: Parts = vec![(None, String::new())];
    let mut digits = String::new();
    let close = |digits: &mut String, parts: &mut Parts| {
        if !digits.is_empty() {
            let plain: String = digits.chars().filter(|c| *c != GROUP).collect();
            parts.push((plain.parse().ok(), String::new()));
            digits.clear();
        }
    };
    let letters: Vec<char> = words.chars().collect();
    for (at, &letter) in letters.iter().enumerate() {
        let (before, next) = (at.checked_sub(1).map(|at| letters[at]), letters.get(at + 1));
        // Between two words, or two numbers, it is no sign.
        let is_sign = matches!(letter, '-' | '−')
            && next.is_some_and(char::is_ascii_digit)
            && !before.is_some_and(char::is_alphanumeric);
        if is_sign {
            close(&mut digits, &mut parts);
            digits.push('-');
            continue;
        }
        if letter.is_ascii_digit() || (!digits.is_empty() && (letter == '.' || letter == GROUP)) {
            digits.push(letter);
            continue;
        }
        close(&mut digits, &mut parts);
        if let Some((_, text)) = parts.last_mut() {
            text.push(letter);
        }
    }
    close(&mut digits, &mut parts);
    parts
}

/// Between groups of three digits.
const GROUP: char = '\u{202f}';

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_said_with_sign_and_unit() {
        assert_eq!(by([300.0, 400.0], "Hz"), "+100 Hz");
        assert_eq!(by([0.3, 0.1 + 0.2], ""), "");
        assert_eq!(by([5.5, 5.0], "σ"), "−0.5 σ");
        assert_eq!(with_share([4.0, 5.0]), "+1 (+25 %)");
        assert_eq!(with_share([0.0, 5.0]), "+5");
    }

    #[test]
    fn words_that_differ_in_numbers_alone_say_by_how_much() {
        assert_eq!(of_words(["12 units · 3400 spikes", "1 unit · 3000 spikes"]), "−11 units · −400 spikes");
        assert_eq!(of_words(["12\u{202f}400 peaks", "12\u{202f}500 peaks"]), "+100 peaks");
        assert_eq!(of_words(["accuracy 0.9 · recall 0.8", "accuracy 0.95 · recall 0.8"]), "accuracy +0.05");
        assert_eq!(of_words(["12 units", "13 units"]), "+1 unit");
        assert_eq!(of_words(["1 unit", "2 units"]), "+1 unit");
        assert_eq!(of_words(["mean -3.5 · x 1", "mean -2 · x 1"]), "mean +1.5");
        assert_eq!(of_words(["mean −3", "mean 3"]), "mean +6");
        assert_eq!(of_words(["50 s", "1.5 min"]), "");
        assert_eq!(of_words(["not run yet", "12 units"]), "");
    }
}
