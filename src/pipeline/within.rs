//! A pipeline somewhere within a text: an answer of a chat, a message, a page, with prose and code fences around it.

use super::{Document, Opened, Registry};

impl Document {
    /// The first pipeline or part of one within a text: the text itself, what stands in a code fence, or what
    /// stands in parentheses anywhere. A version that is left out is the newest.
    ///
    /// # Errors
    /// Where there is none; says what the most likely piece of the text lacks.
    pub fn parse_within(text: &str, registry: &Registry) -> Result<Opened, String> {
        let mut why = None;
        for piece in pieces(text) {
            let whole = whole(piece);
            match Document::parse(&whole, "the text", registry) {
                Ok(opened) if opened.pipeline.nodes().next().is_some() => return Ok(opened),
                Ok(opened) if opened.pipeline.marks().next().is_some() => return Ok(opened),
                Ok(_) => {}
                // Prose is no pipeline that lacks something.
                Err(error) if piece.starts_with('(') && piece.contains("nodes") => {
                    why = why.or(Some(error.to_string()));
                }
                Err(_) => {}
            }
        }
        Err(why.unwrap_or_else(|| "there is no pipeline in it".to_owned()))
    }
}

/// What could be a pipeline, the likeliest first.
fn pieces(text: &str) -> Vec<&str> {
    let text = text.trim().trim_start_matches('\u{feff}');
    let mut pieces = vec![text];
    // Every second part lies between two fences; its first line may name a language.
    for fenced in text.split("```").skip(1).step_by(2) {
        let (first, rest) = fenced.split_once('\n').unwrap_or(("", fenced));
        let is_name = first.trim().chars().all(|c| c.is_alphanumeric() || "-_+".contains(c));
        pieces.push(if is_name { rest } else { fenced }.trim());
    }
    let mut from = 0;
    while let Some(open) = text[from..].find('(').map(|at| from + at) {
        match closing(&text[open..]) {
            // What it holds is part of it.
            Some(length) if text[open..open + length].contains("nodes") => {
                pieces.push(&text[open..open + length]);
                from = open + length;
            }
            _ => from = open + 1,
        }
    }
    pieces
}

/// The length of a text in parentheses up to the one that closes the first; words in quotes do not count.
fn closing(text: &str) -> Option<usize> {
    let (mut depth, mut quoted, mut escaped) = (0_usize, false, false);
    for (at, letter) in text.char_indices() {
        match letter {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
            }
            _ => {}
        }
    }
    None
}

/// A piece with the parentheses and the version that a person leaves out.
fn whole(piece: &str) -> String {
    let inner = match piece.strip_prefix('(') {
        Some(inner) => inner.to_owned(),
        None => format!("{})", piece.trim_end_matches(',')),
    };
    // Among the fields at the top, not in those of a node.
    match inner.trim_start().starts_with("version") || inner.contains("\n    version:") {
        true => format!("({inner}"),
        false => format!("(version: {}, {inner}", super::migrate::VERSION),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::pipeline::toys;

    const PART: &str = "(version: 1, nodes: {\"n\": (kind: \"numbers\"), \"a\": (kind: \"add\")}, \
                        wires: [(\"n.table\", \"a.table\")])";

    fn names(text: &str) -> Vec<String> {
        let opened = Document::parse_within(text, &toys::registry()).unwrap();
        assert_eq!(opened.pipeline.wires().len(), 1, "{text}");
        opened.pipeline.nodes().map(|node| node.name.clone()).collect()
    }

    #[test]
    fn a_pipeline_is_found_in_prose_and_in_fences() {
        let inner = &PART[1..PART.len() - 1];
        let bare = inner.strip_prefix("version: 1, ").unwrap();
        for text in [
            PART.to_owned(),
            format!("Sure (as you asked)! Here it is:\n\n```ron\n{PART}\n```\n\nPaste it (Ctrl+V)."),
            format!("```\n{PART}\n```"),
            format!("Take {PART} and run it :-)"),
            format!("```rust\n({bare})\n```"),
            bare.to_owned(),
            PART.replace("numbers\"", "numbers\", params: (names: [\"a )( \\\" b\"])"),
        ] {
            assert_eq!(names(&text), ["n", "a"], "{text}");
        }
    }

    #[test]
    fn what_is_no_pipeline_says_so_and_what_nearly_is_one_says_what_it_lacks() {
        let registry = toys::registry();
        for text in ["", "(", "hello (world)", "```\n```", "(version: 1)", "µ) ((("] {
            assert!(Document::parse_within(text, &registry).unwrap_err().contains("no pipeline"), "{text}");
        }
        let broken = "Here:\n```\n(version: 1, nodes: {\"n\": (kind: }, wires: [])\n```";
        let why = Document::parse_within(broken, &registry).unwrap_err();
        assert!(why.contains(':') && !why.contains("no pipeline"), "{why}");
    }
}
