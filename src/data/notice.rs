//! What the user is told of a result or a failure, with what mends it as a value.

use serde::{Deserialize, Serialize};
use std::{fmt, ops::Deref};

/// What mends what is told of a node, where the program can do it: who tells it knows the cause, and the window makes
/// a button of it. Parameters are those of the node itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Remedy {
    /// Give this parameter a lower value.
    Lower(String),
    /// Give this parameter a higher value.
    Raise(String),
    /// Give this parameter its default.
    Reset(String),
    /// Choose this of what a parameter may be.
    Set {
        /// The parameter.
        field: String,
        /// The choice.
        value: String,
    },
    /// Look how high peaks are, to choose a threshold.
    SeeHeights,
    /// Say where the contacts of the recording lie.
    GiveProbe,
    /// Say which column of the file carries which contact of its probe.
    WireProbe,
    /// Wire its channels in the order that the traces propose.
    OrderChannels,
    /// Filter the recording before.
    Filter,
    /// Look for bad channels before, and before any reference.
    FindBadChannels,
    /// Find out how the samples of a raw file lie.
    FindLayout,
    /// Take the node out.
    TakeOut,
}

/// What is told: words, and what mends it. Stored as the words alone where nothing is known to mend it.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub struct Notice {
    /// What is so and what to do, for people.
    pub words: String,
    /// What mends it, the likeliest first.
    pub remedies: Vec<Remedy>,
}

impl Notice {
    /// The same, with one more thing that mends it.
    #[must_use]
    pub fn mended_by(mut self, remedy: Remedy) -> Self {
        self.remedies.push(remedy);
        self
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Stored {
    Words(String),
    Both { words: String, remedies: Vec<Remedy> },
}

impl From<Stored> for Notice {
    fn from(stored: Stored) -> Self {
        match stored {
            Stored::Words(words) => words.into(),
            Stored::Both { words, remedies } => Self { words, remedies },
        }
    }
}

impl From<Notice> for Stored {
    fn from(Notice { words, remedies }: Notice) -> Self {
        match remedies.is_empty() {
            true => Stored::Words(words),
            false => Stored::Both { words, remedies },
        }
    }
}

impl From<String> for Notice {
    fn from(words: String) -> Self {
        Self { words, remedies: Vec::new() }
    }
}

impl From<&str> for Notice {
    fn from(words: &str) -> Self {
        words.to_owned().into()
    }
}

impl Deref for Notice {
    type Target = str;

    fn deref(&self) -> &str {
        &self.words
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn words_alone_are_stored_as_words() {
        let plain = Notice::from("no units");
        assert_eq!(serde_json::to_string(&plain).unwrap(), "\"no units\"");
        let mended =
            plain.clone().mended_by(Remedy::Lower("detect_threshold".into())).mended_by(Remedy::TakeOut);
        let text = serde_json::to_string(&mended).unwrap();
        assert_eq!(text, r#"{"words":"no units","remedies":[{"lower":"detect_threshold"},"take_out"]}"#);
        for notice in [plain, mended] {
            let text = serde_json::to_string(&notice).unwrap();
            assert_eq!(serde_json::from_str::<Notice>(&text).unwrap(), notice);
        }
    }
}
