//! Where a task was put, and what its job says.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::{Path, PathBuf},
};

/// Where a task was put.
#[derive(Clone, Debug, PartialEq)]
pub struct Place {
    /// The scheduler's number of the array.
    pub job: String,
    /// The element of it.
    pub index: usize,
    /// What its job says.
    pub log: PathBuf,
    /// Tasks of the same job, this one included.
    pub shared: usize,
    /// Which of the pipelines that are followed it is of.
    pub(super) of: usize,
}

impl Place {
    /// As Slurm names the job: `12_3`.
    pub fn name(&self) -> String {
        format!("{}_{}", self.job, self.index)
    }

    /// The last thing its job said.
    pub(super) fn last_words(&self) -> Option<String> {
        let said = tail(&self.log).ok()?;
        let last = said.lines().rev().map(str::trim).find(|line| !line.is_empty())?;
        Some(last.chars().take(MOST_SAID).collect())
    }
}

/// The end of a log where it changed since it was read.
#[derive(Debug)]
pub struct News {
    log: PathBuf,
    length: Option<u64>,
}

impl News {
    /// Of a log that was not read yet.
    pub fn of(log: &Path) -> Self {
        Self { log: log.to_owned(), length: None }
    }

    /// Its end where there is more than the last time.
    pub fn read(&mut self) -> Option<String> {
        let length = self.log.metadata().map_or(0, |data| data.len());
        if self.length.replace(length) == Some(length) {
            return None;
        }
        Some(tail(&self.log).unwrap_or_default())
    }

    /// The log.
    pub fn log(&self) -> &Path {
        &self.log
    }
}

/// Of a long log the end, in bytes.
const TAIL: u64 = 128 * 1024;
/// Letters of a log that are said as a reason.
const MOST_SAID: usize = 300;

fn tail(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let from = file.metadata()?.len().saturating_sub(TAIL);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    // The first line of a part is none.
    let whole = if from > 0 { text.split_once('\n').map_or("", |(_, rest)| rest) } else { &text };
    Ok(whole.to_owned())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn of_a_log_what_is_new_is_read_and_of_a_long_one_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("a.log");
        let mut news = News::of(&log);
        assert_eq!(news.read().as_deref(), Some(""));
        assert_eq!(news.read(), None);
        std::fs::write(&log, "one\n").unwrap();
        assert_eq!(news.read().as_deref(), Some("one\n"));
        assert_eq!(news.read(), None);
        std::fs::write(&log, "a line of the log\n".repeat(20_000)).unwrap();
        let text = news.read().unwrap();
        assert!(text.len() < 200_000 && text.starts_with("a line of the log\n"));
    }
}
