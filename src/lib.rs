//! Spikeloom: draw a spike-sorting pipeline, run it on the spot, look at every wire and every unit.
//!
//! # The map of the house
//! Dependencies point down only; `tests/layers.rs` holds the arrows.
//!
//! | room | what it is for | may import |
//! |---|---|---|
//! | [`data`] | what flows on wires | – |
//! | [`io`] | one file per format | `data` |
//! | [`engine`] | pure algorithms on arrays; no files, no graph | `data` |
//! | [`figures`] | drawings of spikes, waveforms and probes as SVG | `data`, `engine` |
//! | [`pipeline`] | graph, document, plan, store, executor, events; knows the trait `Node`, never a node | `data`, `io`, `engine::{Monitor, Scratch}` |
//! | [`nodes`] | one file per node and the registry | `data`, `io`, `engine`, `figures`, `pipeline` |
//! | [`inspect`] | what views show, computed off the UI thread | `data`, `io`, `engine`, `pipeline` |
//! | [`batch`] | handing a plan to a scheduler | `data`, `io`, `pipeline` |
//! | [`cli`] | the command line | all but `app` |
//! | `app` | the window (feature `gui`); the only room that sees egui | all but `cli` |
//!
//! # Invariants
//! - Samples are read on one global grid of spans with fixed warm-up: what a view reads is what a sort reads.
//! - Same input, parameters and seed give the same bytes, for any number of threads.
//! - A result is written beside its place and renamed; nothing half-written ever has a final name.
//! - The user's data is never modified in place.

pub mod batch;
pub mod cli;
pub mod data;
pub mod engine;
pub mod figures;
pub mod inspect;
pub mod io;
pub mod nodes;
pub mod pipeline;

#[cfg(feature = "gui")]
pub mod app;
