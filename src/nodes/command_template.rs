//! Texts with names in braces.

use std::collections::BTreeMap;

/// A text with names in braces; `{{` and `}}` are braces themselves.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq)]
enum Piece {
    Text(String),
    Name(String),
}

impl Template {
    /// Reads a text.
    ///
    /// # Errors
    /// Where a brace is not closed or holds no name.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut rest = text;
        while let Some(at) = rest.find(['{', '}']) {
            plain.push_str(&rest[..at]);
            let (brace, after) = rest[at..].split_at(1);
            if after.starts_with(brace) {
                plain.push_str(brace);
                rest = &after[1..];
                continue;
            }
            let inner = if brace == "{" { after.split_once('}') } else { None };
            let (name, after) = inner.ok_or_else(|| {
                format!("{text}: a brace is not closed; {{{{ and }}}} are braces themselves")
            })?;
            let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || "_.".contains(c));
            if !is_name {
                return Err(format!("{text}: {{{name}}} holds no name; {{{{ and }}}} are braces themselves"));
            }
            pieces.push(Piece::Text(std::mem::take(&mut plain)));
            pieces.push(Piece::Name(name.to_owned()));
            rest = after;
        }
        plain.push_str(rest);
        pieces.push(Piece::Text(plain));
        Ok(Self { pieces })
    }

    /// The names in it.
    pub fn names(&self) -> Vec<String> {
        let names = self.pieces.iter().filter_map(|piece| match piece {
            Piece::Name(name) => Some(name.clone()),
            Piece::Text(_) => None,
        });
        names.collect()
    }

    /// The text with values in place of names.
    ///
    /// # Errors
    /// Where a name has no value: says which there are.
    pub fn fill(&self, values: &BTreeMap<String, String>) -> Result<String, String> {
        let mut text = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(plain) => text.push_str(plain),
                Piece::Name(name) => match values.get(name) {
                    Some(value) => text.push_str(value),
                    None => {
                        let names: Vec<&str> = values.keys().map(String::as_str).collect();
                        return Err(format!("there is no {{{name}}}; there are {}", names.join(", ")));
                    }
                },
            }
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_filled_and_braces_stay() {
        let values = BTreeMap::from([("a".to_owned(), "1".to_owned()), ("b.c".to_owned(), "2".to_owned())]);
        let fill = |text: &str| Template::parse(text).and_then(|template| template.fill(&values));
        assert_eq!(fill("x{a}{b.c} {{a}}"), Ok("x12 {a}".to_owned()));
        assert_eq!(fill(""), Ok(String::new()));
        assert!(fill("{d}").is_err_and(|e| e.contains("there are a, b.c")));
        for wrong in ["{a", "a}", "{}", "{a b}"] {
            assert!(fill(wrong).is_err(), "{wrong}");
        }
    }
}
