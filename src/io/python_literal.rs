//! Python files that only assign literals (`params.py`, `.prb`): parsed, never executed.

use std::iter::Peekable;
use std::str::Chars;

/// A value written out in Python.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// `None`.
    None,
    /// `True` or `False`.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a point or an exponent.
    Float(f64),
    /// Text, escapes replaced.
    Text(String),
    /// A list, tuple or set.
    List(Vec<Literal>),
    /// A dictionary, in order.
    Dict(Vec<(Literal, Literal)>),
}

impl Literal {
    /// The number, whole or not.
    pub fn number(&self) -> Option<f64> {
        match self {
            Literal::Int(value) => Some(*value as f64),
            Literal::Float(value) => Some(*value),
            _ => None,
        }
    }

    /// The number where it is whole, be it written `4` or `4.`.
    pub fn whole(&self) -> Option<i64> {
        match self {
            Literal::Int(value) => Some(*value),
            Literal::Float(value) if value.fract() == 0.0 && value.abs() < 9e15 => Some(*value as i64),
            _ => None,
        }
    }

    /// The text.
    pub fn text(&self) -> Option<&str> {
        match self {
            Literal::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The elements of a list.
    pub fn list(&self) -> Option<&[Literal]> {
        match self {
            Literal::List(items) => Some(items),
            _ => None,
        }
    }

    /// The value of a key of a dictionary.
    pub fn get(&self, key: &str) -> Option<&Literal> {
        match self {
            Literal::Dict(items) => items.iter().find(|(k, _)| k.text() == Some(key)).map(|(_, v)| v),
            _ => None,
        }
    }
}

/// The assignments of a file, last one of a name wins. What is no literal is given as the reason why not.
pub type Assignments = Vec<(String, Result<Literal, String>)>;

/// The value assigned to a name.
pub fn find<'a>(assignments: &'a Assignments, name: &str) -> Option<&'a Result<Literal, String>> {
    assignments.iter().rev().find(|(n, _)| n == name).map(|(_, value)| value)
}

/// Reads all `name = literal` lines of a file; other statements are passed over.
pub fn assignments(text: &str) -> Assignments {
    let mut found = Vec::new();
    let mut rest = text;
    let mut line = 1;
    while !rest.is_empty() {
        let end = rest.find('\n').map_or(rest.len(), |i| i + 1);
        let head = &rest[..end];
        let assignment = head.split_once('=').filter(|(name, value)| {
            let name = name.trim_end();
            !value.starts_with('=')
                && name.chars().next().is_some_and(|c| c.is_alphabetic() || c == '_')
                && name.chars().all(|c| c.is_alphanumeric() || c == '_')
        });
        let Some((name, _)) = assignment else {
            rest = &rest[end..];
            line += 1;
            continue;
        };
        let value = &rest[name.len() + 1..];
        let mut parser = Parser { chars: value.chars().peekable(), used: 0, depth: 0 };
        let parsed = parser.value().and_then(|v| parser.end_of_statement().map(|()| v));
        let used = match parsed {
            Ok(_) => name.len() + 1 + parser.used,
            // Go on with the next line; the rest of a longer statement is passed over there.
            Err(_) => end,
        };
        found.push((name.trim_end().to_owned(), parsed.map_err(|e| format!("line {line}: {e}"))));
        line += rest[..used].matches('\n').count();
        rest = &rest[used..];
    }
    found
}

/// Deeper nesting is no probe and no settings, and would exhaust the stack.
const MAX_DEPTH: usize = 64;

struct Parser<'a> {
    chars: Peekable<Chars<'a>>,
    /// Bytes consumed so far.
    used: usize,
    depth: usize,
}

impl Parser<'_> {
    fn next(&mut self) -> Option<char> {
        let c = self.chars.next()?;
        self.used += c.len_utf8();
        Some(c)
    }

    fn peek(&mut self) -> Option<char> {
        self.chars.peek().copied()
    }

    fn skip_comment(&mut self) {
        while self.peek().is_some_and(|c| c != '\n') {
            self.next();
        }
    }

    /// Skips blanks; line ends too inside brackets.
    fn skip_blanks(&mut self) {
        while let Some(c) = self.peek() {
            match c {
                ' ' | '\t' | '\r' | '\u{c}' => {
                    self.next();
                }
                '\n' if self.depth > 0 => {
                    self.next();
                }
                '#' if self.depth > 0 => self.skip_comment(),
                '\\' => {
                    self.next();
                    self.next();
                }
                _ => break,
            }
        }
    }

    fn end_of_statement(&mut self) -> Result<(), String> {
        self.skip_blanks();
        if self.peek() == Some('#') {
            self.skip_comment();
        }
        match self.peek() {
            None => Ok(()),
            Some('\n' | ';') => {
                self.next();
                Ok(())
            }
            Some(c) => Err(format!("only literal values are read, found {c:?} after one")),
        }
    }

    fn value(&mut self) -> Result<Literal, String> {
        self.skip_blanks();
        let Some(c) = self.peek() else { return Err("a value expected, the file ends".into()) };
        match c {
            '[' => Ok(Literal::List(self.items(']')?.0)),
            '(' => {
                let (mut items, comma) = self.items(')')?;
                // Brackets around one value without a comma are only brackets.
                if items.len() == 1 && !comma { Ok(items.remove(0)) } else { Ok(Literal::List(items)) }
            }
            '{' => self.dict(),
            '\'' | '"' => self.texts(String::new()),
            '-' | '+' => {
                self.next();
                let negative = c == '-';
                self.skip_blanks();
                match self.digits()? {
                    Literal::Int(value) => Ok(Literal::Int(if negative { -value } else { value })),
                    Literal::Float(value) => Ok(Literal::Float(if negative { -value } else { value })),
                    other => Err(format!("a number expected after {c}, found {other:?}")),
                }
            }
            '0'..='9' | '.' => self.digits(),
            c if c.is_alphabetic() || c == '_' => {
                let mut word = String::new();
                while let Some(c) = self.peek().filter(|c| c.is_alphanumeric() || *c == '_') {
                    word.push(c);
                    self.next();
                }
                if matches!(self.peek(), Some('\'' | '"')) {
                    return self.texts(word);
                }
                match word.as_str() {
                    "None" => Ok(Literal::None),
                    "True" => Ok(Literal::Bool(true)),
                    "False" => Ok(Literal::Bool(false)),
                    "inf" | "nan" => Ok(Literal::Float(if word == "inf" { f64::INFINITY } else { f64::NAN })),
                    _ => {
                        Err(format!("{word} is computed; only literal values are read, nothing is executed"))
                    }
                }
            }
            c => Err(format!("a literal value expected, found {c:?}")),
        }
    }

    fn open(&mut self) -> Result<(), String> {
        self.next();
        self.depth += 1;
        if self.depth > MAX_DEPTH { Err("brackets are nested too deeply".into()) } else { Ok(()) }
    }

    /// The items up to the closing bracket, and whether a comma came.
    fn items(&mut self, close: char) -> Result<(Vec<Literal>, bool), String> {
        self.open()?;
        let (mut items, mut comma) = (Vec::new(), false);
        loop {
            self.skip_blanks();
            if self.peek() == Some(close) {
                break;
            }
            items.push(self.value()?);
            comma |= self.separator(close)?;
        }
        self.close();
        Ok((items, comma))
    }

    fn dict(&mut self) -> Result<Literal, String> {
        self.open()?;
        let (mut pairs, mut set) = (Vec::new(), Vec::new());
        loop {
            self.skip_blanks();
            if self.peek() == Some('}') {
                break;
            }
            let key = self.value()?;
            self.skip_blanks();
            if self.peek() == Some(':') {
                self.next();
                pairs.push((key, self.value()?));
            } else {
                set.push(key);
            }
            self.separator('}')?;
        }
        self.close();
        Ok(if set.is_empty() { Literal::Dict(pairs) } else { Literal::List(set) })
    }

    fn close(&mut self) {
        self.next();
        self.depth -= 1;
    }

    /// A comma, or the closing bracket, which is left there.
    fn separator(&mut self, close: char) -> Result<bool, String> {
        self.skip_blanks();
        match self.peek() {
            Some(',') => {
                self.next();
                Ok(true)
            }
            Some(c) if c == close => Ok(false),
            Some(c) => Err(format!("a comma or {close} expected, found {c:?}")),
            None => Err(format!("{close} expected, the file ends")),
        }
    }

    fn digits(&mut self) -> Result<Literal, String> {
        let mut text = String::new();
        while let Some(c) = self.peek() {
            let signed = matches!(c, '+' | '-') && text.ends_with(['e', 'E']);
            if !(c.is_ascii_alphanumeric() || c == '.' || c == '_' || signed) {
                break;
            }
            if c != '_' {
                text.push(c);
            }
            self.next();
        }
        if let Ok(value) = text.parse() {
            return Ok(Literal::Int(value));
        }
        text.parse().map(Literal::Float).map_err(|_word| format!("{text} is no number"))
    }

    /// One or several adjacent strings, of which the first has `prefix`.
    fn texts(&mut self, prefix: String) -> Result<Literal, String> {
        let mut text = String::new();
        let mut prefix = prefix.to_lowercase();
        loop {
            if !matches!(prefix.as_str(), "" | "r" | "u" | "b" | "br" | "rb") {
                return Err(format!("text with the prefix {prefix} is computed; only literals are read"));
            }
            self.text(prefix.contains('r'), &mut text)?;
            self.skip_blanks();
            prefix.clear();
            if !matches!(self.peek(), Some('\'' | '"')) {
                return Ok(Literal::Text(text));
            }
        }
    }

    fn text(&mut self, raw: bool, text: &mut String) -> Result<(), String> {
        let Some(quote) = self.next() else { return Err("text expected".into()) };
        let mut long = false;
        if self.peek() == Some(quote) {
            self.next();
            if self.peek() != Some(quote) {
                return Ok(());
            }
            self.next();
            long = true;
        }
        loop {
            match self.next() {
                None => return Err("text without a closing quote".into()),
                Some('\n') if !long => return Err("text without a closing quote".into()),
                Some(c) if c == quote && !long => return Ok(()),
                Some(c) if c == quote => {
                    if self.peek() != Some(quote) {
                        text.push(c);
                        continue;
                    }
                    self.next();
                    if self.peek() == Some(quote) {
                        self.next();
                        return Ok(());
                    }
                    text.extend([c, c]);
                }
                Some('\\') if raw => {
                    text.push('\\');
                    text.extend(self.next());
                }
                Some('\\') => self.escape(text),
                Some(c) => text.push(c),
            }
        }
    }

    fn escape(&mut self, text: &mut String) {
        match self.next() {
            Some('n') => text.push('\n'),
            Some('t') => text.push('\t'),
            Some('r') => text.push('\r'),
            Some('a') => text.push('\u{7}'),
            Some('b') => text.push('\u{8}'),
            Some('f') => text.push('\u{c}'),
            Some('v') => text.push('\u{b}'),
            Some('\n') => {}
            Some(c @ ('\\' | '\'' | '"')) => text.push(c),
            // Python keeps escapes it does not know, which Windows paths rely on.
            Some(c) => text.extend(['\\', c]),
            None => {}
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn value(text: &str) -> Result<Literal, String> {
        find(&assignments(&format!("x = {text}\ny = 1\n")), "x").unwrap().clone()
    }

    #[test]
    fn reads_literals() {
        assert_eq!(value("25000."), Ok(Literal::Float(25000.0)));
        assert_eq!(value("-1_000"), Ok(Literal::Int(-1000)));
        assert_eq!(value("r'C:\\new'  # where"), Ok(Literal::Text("C:\\new".into())));
        assert_eq!(value("'a' 'b'"), Ok(Literal::Text("ab".into())));
        assert_eq!(value("('a',)"), Ok(Literal::List(vec![Literal::Text("a".into())])));
        assert_eq!(value("(3)"), Ok(Literal::Int(3)));
        let nested = value("{0: {'geometry': {\n 1: (2, 3.5), # c\n}}}").unwrap();
        let Literal::Dict(groups) = nested else { unreachable!("a dictionary was written") };
        assert!(groups[0].1.get("geometry").is_some());
    }

    #[test]
    fn computed_values_are_reported_and_passed_over() {
        for text in ["os.path.join('a')", "range(4)", "[1, 2", "f'{a}'", "1 + 2"] {
            assert!(value(text).is_err(), "{text}");
        }
        let all = assignments("import os\nx = f(\n  1)\ny == 3\nz = None\n");
        assert_eq!(find(&all, "z"), Some(&Ok(Literal::None)));
        assert!(find(&all, "y").is_none());
    }
}
