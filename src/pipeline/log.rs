//! What a task says: all that fits is kept, and of a flood only its beginning and its end are told.

use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// The beginning and the end of a log that are kept, in bytes each.
const KEPT_BYTES: usize = 1 << 20;

/// Lines that are told at once, and how long it takes until another one may be.
const BURST: u32 = 1000;
const EACH: Duration = Duration::from_millis(5);
/// Lines that are told of those that were held back, the last ones.
const LAST: usize = 20;

/// The log of a task. Of a very long one the middle is left out, but for its warnings.
#[derive(Debug, Default)]
pub(super) struct TaskLog {
    head: String,
    tail: VecDeque<String>,
    tail_bytes: usize,
    left_out: usize,
}

impl TaskLog {
    /// One more line; `is_kept` tells of one whether it stays however long the log becomes.
    pub(super) fn push(&mut self, line: String, is_kept: impl Fn(&str) -> bool) {
        if self.tail.is_empty() && self.head.len() + line.len() < KEPT_BYTES {
            self.head.push_str(&line);
            return;
        }
        self.tail_bytes += line.len();
        self.tail.push_back(line);
        while self.tail_bytes > KEPT_BYTES
            && let Some(oldest) = self.tail.pop_front()
        {
            self.tail_bytes -= oldest.len();
            match is_kept(&oldest) && self.head.len() < 2 * KEPT_BYTES {
                true => self.head.push_str(&oldest),
                false => self.left_out += 1,
            }
        }
    }

    /// All of it as text.
    pub(super) fn take(&mut self) -> String {
        let Self { head: mut text, tail, left_out, .. } = std::mem::take(self);
        if left_out > 0 {
            text.push_str(&format!("           … {left_out} lines are left out here …\n"));
        }
        tail.iter().for_each(|line| text.push_str(line));
        text
    }
}

/// Holds lines back where more come than anybody could read.
#[derive(Debug)]
pub(super) struct Flood {
    /// Lines that may be told now.
    free: u32,
    since: Instant,
    held: usize,
    last: VecDeque<String>,
}

impl Default for Flood {
    fn default() -> Self {
        Self { free: BURST, since: Instant::now(), held: 0, last: VecDeque::new() }
    }
}

impl Flood {
    /// The lines to tell when this one comes.
    pub(super) fn pass(&mut self, line: &str) -> Vec<String> {
        let refilled = (self.since.elapsed().as_nanos() / EACH.as_nanos()).min(u128::from(BURST)) as u32;
        if refilled > 0 {
            self.free = (self.free + refilled).min(BURST);
            self.since = Instant::now();
        }
        // Who was held back waits until there is room for all of the end.
        if self.free == 0 || (self.held > 0 && self.free <= LAST as u32) {
            self.held += 1;
            self.last.push_back(line.to_owned());
            if self.last.len() > LAST {
                self.last.pop_front();
            }
            return Vec::new();
        }
        let mut told = self.rest();
        told.push(line.to_owned());
        self.free = self.free.saturating_sub(told.len() as u32);
        told
    }

    /// What is still held back: how much, and the end of it.
    pub(super) fn rest(&mut self) -> Vec<String> {
        let last = std::mem::take(&mut self.last);
        let untold = std::mem::take(&mut self.held) - last.len();
        let gap = (untold > 0).then(|| format!("… {untold} lines are in the log alone …"));
        gap.into_iter().chain(last).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_log_keeps_its_ends_and_its_warnings() {
        let mut log = TaskLog::default();
        for i in 0..200_000 {
            let word = if i == 100_000 { "warning" } else { "line" };
            log.push(format!("{i:010} {word} of some length\n"), |line| line.contains("warning"));
        }
        let text = log.take();
        assert!(text.len() < 3 * KEPT_BYTES, "{} bytes", text.len());
        assert!(text.starts_with("0000000000 line") && text.ends_with("0000199999 line of some length\n"));
        assert!(text.contains("0000100000 warning"));
        let lines = text.lines().count() - 1;
        assert!(text.contains(&format!("… {} lines are left out", 200_000 - lines)), "{lines} lines");
        assert_eq!(log.take(), "");
    }

    #[test]
    fn of_a_flood_the_beginning_and_the_end_are_told() {
        let mut flood = Flood::default();
        let told: usize = (0..50_000).map(|i| flood.pass(&i.to_string()).len()).sum();
        assert!((BURST as usize..20_000).contains(&told), "{told} of 50 000 lines");
        let rest = flood.rest();
        assert_eq!(rest.last().map(String::as_str), Some("49999"));
        assert!(rest.len() <= LAST + 1 && flood.rest().is_empty(), "{rest:?}");
        // Who speaks seldom is always heard.
        assert_eq!(Flood::default().pass("a"), ["a"]);
    }
}
