//! What can go wrong on the command line, and the code it ends with.

use crate::{io, pipeline::PipelineError};
use miette::{Diagnostic, LabeledSpan, NamedSource};

/// Why a command ended without doing what it was asked.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum CliError {
    /// Bad input or use: says what to do.
    #[error("{0}")]
    Input(String),
    /// Bad input or use, with advice on a line of its own.
    #[error("{message}")]
    Advised {
        /// What is wrong.
        message: String,
        /// What to do.
        #[help]
        help: String,
    },
    /// A file cannot be read or written.
    #[error(transparent)]
    Files(#[from] io::Error),
    /// A pipeline that cannot be used, with all its problems.
    #[error("{summary}")]
    Problems {
        /// How many there are, and where.
        summary: String,
        /// Each of them.
        #[related]
        problems: Vec<FileProblem>,
    },
    /// Something was started and did not succeed.
    #[error("{0}")]
    Failed(String),
    /// The user stopped it.
    #[error("cancelled")]
    Cancelled,
    /// What went wrong was shown while it happened.
    #[error("failed")]
    Shown {
        /// The code to end with.
        code: u8,
    },
}

impl CliError {
    /// The code of the process.
    pub fn code(&self) -> u8 {
        match self {
            CliError::Input(_)
            | CliError::Advised { .. }
            | CliError::Files(_)
            | CliError::Problems { .. } => 2,
            CliError::Failed(_) => 1,
            CliError::Cancelled => 130,
            CliError::Shown { code } => *code,
        }
    }

    /// All it has to say, where there is room for one text only.
    pub fn in_one_text(&self) -> String {
        match self {
            CliError::Advised { message, help } => format!("{}. {help}", message.trim_end_matches('.')),
            CliError::Problems { summary, problems } => {
                let all: Vec<String> = problems.iter().map(ToString::to_string).collect();
                format!("{summary}: {}", all.join("; "))
            }
            other => other.to_string(),
        }
    }

    /// Bad input with advice.
    pub fn advised(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Advised { message: message.into(), help: help.into() }
    }
}

impl io::atomic::Failure for CliError {
    fn renamed(self, from: &std::path::Path, to: &std::path::Path) -> Self {
        match self {
            CliError::Files(error) => CliError::Files(error.renamed(from, to)),
            other => other,
        }
    }
}

impl From<PipelineError> for CliError {
    fn from(error: PipelineError) -> Self {
        Self::Input(error.to_string())
    }
}

/// One problem of a file, with the place it is at where that is known.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct FileProblem {
    message: String,
    severity: miette::Severity,
    file: Option<NamedSource<String>>,
    label: Option<LabeledSpan>,
}

impl FileProblem {
    /// A problem at a line and column (from 1) of a text, or of the file as a whole.
    pub fn new(
        message: String,
        warning: bool,
        name: &str,
        text: &str,
        place: Option<(usize, usize)>,
    ) -> Self {
        let severity = if warning { miette::Severity::Warning } else { miette::Severity::Error };
        let offset = place.and_then(|place| offset_of(text, place));
        Self {
            message,
            severity,
            file: offset.map(|_| NamedSource::new(name, text.to_owned())),
            label: offset.map(|offset| LabeledSpan::at_offset(offset, "here")),
        }
    }
}

impl Diagnostic for FileProblem {
    fn severity(&self) -> Option<miette::Severity> {
        Some(self.severity)
    }
    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        self.file.as_ref().map(|file| file as &dyn miette::SourceCode)
    }
    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.label.iter().cloned()))
    }
}

/// Byte offset of a line and column, both counted from 1, columns in characters.
fn offset_of(text: &str, (line, column): (usize, usize)) -> Option<usize> {
    let start: usize = text.split_inclusive('\n').take(line.checked_sub(1)?).map(str::len).sum();
    let rest = text.get(start..)?.lines().next().unwrap_or("");
    let in_line = rest.char_indices().nth(column.saturating_sub(1)).map_or(rest.len(), |(at, _)| at);
    Some(start + in_line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_and_columns_become_offsets() {
        let text = "one\nµtwo\n";
        assert_eq!(offset_of(text, (1, 2)), Some(1));
        assert_eq!(offset_of(text, (2, 2)), Some(6));
        assert_eq!(offset_of(text, (0, 1)), None);
        assert_eq!(offset_of(text, (9, 1)), Some(text.len()));
    }
}
