//! Patterns of paths with names in braces, such as `{session}/rec_{index}.bin`.

use super::Entry;
use crate::io::Error;
use serde_json::Value as Json;
use std::{collections::BTreeMap, fs, path::Path};

/// A pattern of paths below a folder.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    /// Parts of the path, each made of pieces.
    parts: Vec<Vec<Piece>>,
}

#[derive(Clone, Debug, PartialEq)]
enum Piece {
    /// These characters.
    Literal(String),
    /// A key: at least one character.
    Key(String),
    /// Any characters, also none.
    Any,
}

impl Pattern {
    /// Reads a pattern: `{name}` is a key, `*` anything within a name, `/` parts folders.
    ///
    /// # Errors
    /// Where a brace is not closed, a key has no name, or there is no key at all; says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = |message: &str| format!("the pattern \"{text}\": {message}");
        let mut parts = Vec::new();
        for part in text.split(['/', '\\']).filter(|part| !part.is_empty() && *part != ".") {
            if part == ".." {
                return Err(wrong("it starts at the folder of the study and cannot leave it"));
            }
            parts.push(pieces(part).map_err(|message| wrong(&message))?);
        }
        let pieces = || parts.iter().flatten();
        if !pieces().any(|piece| matches!(piece, Piece::Key(_))) {
            return Err(wrong("it names no key: write one in braces, such as {session}/rec_{index}.bin"));
        }
        Ok(Self { parts })
    }

    /// Names of the keys, in the order of the pattern.
    pub fn keys(&self) -> Vec<&str> {
        let mut keys: Vec<&str> = Vec::new();
        for piece in self.parts.iter().flatten() {
            if let Piece::Key(key) = piece
                && !keys.contains(&key.as_str())
            {
                keys.push(key);
            }
        }
        keys
    }

    /// The same for a program that fills in `*`: every key is one.
    pub fn glob(&self) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Literal(text) => text.replace('[', "[[]").replace('?', "[?]"),
            Piece::Key(_) | Piece::Any => "*".to_owned(),
        };
        let part = |part: &Vec<Piece>| part.iter().map(piece).collect::<String>();
        self.parts.iter().map(part).collect::<Vec<_>>().join("/")
    }

    /// The same as a regular expression over the path from the folder, with `/` between, and a named group for each key.
    pub fn regex(&self) -> String {
        let mut seen: Vec<&str> = Vec::new();
        let mut parts = Vec::new();
        for pieces in &self.parts {
            // Names that begin with a dot are hidden.
            let is_open = !matches!(pieces.first(), Some(Piece::Literal(_)));
            let mut part = if is_open { "(?!\\.)".to_owned() } else { String::new() };
            for piece in pieces {
                match piece {
                    Piece::Literal(text) => {
                        for c in text.chars() {
                            part.extend(r".^$*+?{}[]\|()".contains(c).then_some('\\'));
                            part.push(c);
                        }
                    }
                    Piece::Key(key) if seen.contains(&key.as_str()) => part.push_str(&format!("(?P={key})")),
                    Piece::Key(key) => {
                        seen.push(key);
                        part.push_str(&format!("(?P<{key}>[^/]+?)"));
                    }
                    Piece::Any => part.push_str("[^/]*?"),
                }
            }
            parts.push(part);
        }
        parts.join("/")
    }

    /// The paths below a folder that fit, with their keys as words.
    pub(super) fn find(&self, folder: &Path) -> Result<Vec<Entry>, Error> {
        let mut found = Vec::new();
        self.walk(folder, 0, &BTreeMap::new(), &mut found)?;
        if found.is_empty() {
            return Err(Error::format(folder, "nothing in it fits the pattern: see the names of its files"));
        }
        Ok(found)
    }

    fn walk(
        &self,
        folder: &Path,
        depth: usize,
        keys: &BTreeMap<String, String>,
        found: &mut Vec<Entry>,
    ) -> Result<(), Error> {
        let Some(pieces) = self.parts.get(depth) else { return Ok(()) };
        let is_last = depth + 1 == self.parts.len();
        if let [Piece::Literal(name)] = pieces.as_slice() {
            let path = folder.join(name);
            match (is_last, path.exists()) {
                (false, _) if path.is_dir() => self.walk(&path, depth + 1, keys, found)?,
                (true, true) => found.push(entry(&path, keys)),
                // A folder that fits so far and lacks the rest: the recording is missing.
                (true, false) if depth > 0 => found.push(entry(&path, keys)),
                _ => {}
            }
            return Ok(());
        }
        let listed = fs::read_dir(folder).map_err(|e| Error::io("list", folder, e))?;
        let mut names: Vec<String> =
            listed.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        for name in names.iter().filter(|name| !name.starts_with('.')) {
            let mut own = keys.clone();
            if fits(pieces, name, &mut own) {
                let path = folder.join(name);
                if is_last {
                    found.push(entry(&path, &own));
                } else if path.is_dir() {
                    self.walk(&path, depth + 1, &own, found)?;
                }
            }
        }
        Ok(())
    }
}

fn entry(path: &Path, keys: &BTreeMap<String, String>) -> Entry {
    let keys = keys.iter().map(|(key, word)| (key.clone(), Json::from(word.as_str()))).collect();
    Entry { keys, ..Entry::at(path.to_owned()) }
}

fn pieces(part: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut rest = part;
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('{') {
            let (name, after) = inner.split_once('}').ok_or("a brace is not closed")?;
            let is_name = |c: char| c.is_alphanumeric() || c == '_';
            if name.is_empty() || !name.chars().all(is_name) || name.starts_with(|c: char| c.is_ascii_digit())
            {
                return Err(format!("{{{name}}} is no name of a key: letters, digits and _ expected"));
            }
            pieces.push(Piece::Key(name.to_owned()));
            rest = after;
        } else if let Some(after) = rest.strip_prefix('*') {
            pieces.push(Piece::Any);
            rest = after;
        } else {
            let end = rest.find(['{', '*']).unwrap_or(rest.len());
            pieces.push(Piece::Literal(rest[..end].to_owned()));
            rest = &rest[end..];
        }
    }
    let open = |pair: &[Piece]| pair.iter().all(|piece| !matches!(piece, Piece::Literal(_)));
    if pieces.windows(2).any(open) {
        return Err("two keys need characters between them".into());
    }
    Ok(pieces)
}

/// Whether a name fits, and the keys it tells; a key that is known already must agree.
fn fits(pieces: &[Piece], name: &str, keys: &mut BTreeMap<String, String>) -> bool {
    let Some((first, rest)) = pieces.split_first() else { return name.is_empty() };
    match first {
        Piece::Literal(text) => name.strip_prefix(text.as_str()).is_some_and(|name| fits(rest, name, keys)),
        Piece::Any => {
            name.char_indices().map(|(at, _)| at).chain([name.len()]).any(|at| fits(rest, &name[at..], keys))
        }
        Piece::Key(key) => {
            for at in name.char_indices().map(|(at, _)| at).skip(1).chain([name.len()]).filter(|at| *at > 0) {
                if keys.get(key).is_some_and(|known| *known != name[..at]) {
                    continue;
                }
                let mut own = keys.clone();
                own.insert(key.clone(), name[..at].to_owned());
                if fits(rest, &name[at..], &mut own) {
                    *keys = own;
                    return true;
                }
            }
            false
        }
    }
}
