//! What the viewer shows of recordings, sortings, tables and figures, from outside.
#![cfg(feature = "gui")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod others;
mod screen;
mod traces;
mod units;
