//! What a program printed last, and the line of it that says what went wrong.

use std::collections::VecDeque;

/// Lines of the console that errors show.
const LAST: usize = 12;

/// The last lines of a console.
#[derive(Debug, Default)]
pub struct Console {
    /// All together, as they came.
    last: VecDeque<String>,
    /// Those of standard error: the others may be many.
    errors: VecDeque<String>,
}

impl Console {
    /// One more line.
    pub fn push(&mut self, line: String, is_error: bool) {
        let keep = |lines: &mut VecDeque<String>, line| {
            lines.push_back(line);
            if lines.len() > LAST {
                lines.pop_front();
            }
        };
        if is_error {
            keep(&mut self.errors, line.clone());
        }
        keep(&mut self.last, line);
    }

    /// The last lines, for an error, of which the first line is whole without them.
    pub fn last_lines(&self) -> String {
        match self.last.is_empty() {
            true => "; it printed nothing".into(),
            false => {
                format!("\nIt printed last:\n{}", self.last.iter().cloned().collect::<Vec<_>>().join("\n"))
            }
        }
    }

    /// The line that says what went wrong: what is printed as an error goes before what only speaks of one.
    pub fn reason(&self) -> Option<&String> {
        let names_it = |line: &&String| {
            let line = line.to_lowercase();
            // Octave says afterwards where it was.
            line.contains("error") && !line.ends_with("called from")
        };
        let begins_so = |line: &&String| names_it(line) && line.to_lowercase().contains("error:");
        let (last, errors) = (|| self.last.iter().rev(), || self.errors.iter().rev());
        errors()
            .find(names_it)
            .or_else(|| last().find(begins_so))
            .or_else(|| errors().next())
            .or_else(|| last().find(names_it))
            .or_else(|| last().next())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_console_the_line_that_says_what_went_wrong_is_found() {
        let reason = |lines: &[(&str, bool)]| {
            let mut console = Console::default();
            lines.iter().for_each(|(line, is_error)| console.push((*line).to_owned(), *is_error));
            console.reason().cloned().unwrap_or_default()
        };
        let chatter = [("with error correction", false), ("cleaning up", false)];
        assert_eq!(reason(&[chatter[0], ("no such file", true), chatter[1]]), "no such file");
        assert_eq!(reason(&[("ValueError: odd", true), ("bye", true), chatter[0]]), "ValueError: odd");
        assert_eq!(
            reason(&[("Error: odd", false), ("error: called from", false), ("here", false)]),
            "Error: odd"
        );
        assert_eq!(reason(&[("a warning", true), ("ERROR: no data", false)]), "ERROR: no data");
        assert_eq!(reason(&chatter), "with error correction");
        // However much is printed meanwhile.
        let many = [&[("gone", true)][..], &[chatter[1]; 40]].concat();
        assert_eq!(reason(&many), "gone");
        assert_eq!(reason(&[]), "");
    }
}
