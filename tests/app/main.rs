//! The window from outside: a user's clicks, drags and keys, and what is on the screen after them.
#![cfg(feature = "gui")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod canvas;
#[path = "../common/mod.rs"]
mod common;
mod files;
mod finding;
mod groups;
mod health;
mod history;
mod idle;
mod import;
mod keys;
mod live;
mod looks;
mod marks;
mod params;
mod pictures;
mod probe;
mod quickstart;
mod recovery;
mod run_settings;
mod runs;
mod session;
mod start;
mod study;
mod tabs;
mod window;
mod wires;
