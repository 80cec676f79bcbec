//! What is typed into the filter of the table of units: words, and conditions such as `snr > 5`.

use std::cmp::Ordering;

/// Words and conditions that a unit must all meet.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Filter {
    words: Vec<String>,
    conditions: Vec<Condition>,
}

#[derive(Clone, Debug, PartialEq)]
struct Condition {
    column: String,
    order: Ordering,
    or_equal: bool,
    value: f64,
}

impl Filter {
    /// Reads what was typed; a condition that is not finished yet means nothing.
    pub(super) fn parse(text: &str) -> Self {
        let mut filter = Self::default();
        for part in text.to_lowercase().split([',', ';', '&']).map(str::trim).filter(|p| !p.is_empty()) {
            let Some(at) = part.find(['<', '>', '=']) else {
                filter.words.extend(part.split_whitespace().map(str::to_owned));
                continue;
            };
            let (column, rest) = part.split_at(at);
            let value = rest.trim_start_matches(['<', '>', '=']);
            let sign = &rest[..rest.len() - value.len()];
            if let Ok(value) = value.trim().parse() {
                let order = match sign.chars().next() {
                    Some('<') => Ordering::Less,
                    Some('>') => Ordering::Greater,
                    _ => Ordering::Equal,
                };
                let or_equal = sign.ends_with('=');
                filter.conditions.push(Condition {
                    column: column.trim().to_owned(),
                    order,
                    or_equal,
                    value,
                });
            }
        }
        filter
    }

    /// True where a unit meets all; `texts` are what words may occur in, `number` the value of a column by
    /// the beginning of its name.
    pub(super) fn holds(&self, texts: &[String], number: impl Fn(&str) -> Option<f64>) -> bool {
        let word = |word: &String| texts.iter().any(|text| text.to_lowercase().contains(word));
        let condition = |c: &Condition| {
            number(&c.column).is_some_and(|value| {
                let order = value.partial_cmp(&c.value);
                order == Some(c.order) || c.or_equal && order == Some(Ordering::Equal)
            })
        };
        self.words.iter().all(word) && self.conditions.iter().all(condition)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_and_conditions_must_all_hold() {
        let number = |name: &str| match name {
            "snr" => Some(7.5),
            "rate" => Some(0.2),
            _ => None,
        };
        let texts = ["unit 12".to_owned(), "Good".to_owned()];
        let holds = |text: &str| Filter::parse(text).holds(&texts, number);
        assert!(holds("") && holds("good") && holds("12, snr > 5") && holds("snr>=7.5;rate<1"));
        assert!(!holds("noise") && !holds("snr > 8") && !holds("good, rate >= 1"));
        assert!(!holds("no_such > 1"), "what is not known meets no condition");
        assert!(holds("snr >"), "not finished");
        assert!(holds("snr = 7.5") && !holds("snr = 7"));
    }
}
