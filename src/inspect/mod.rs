//! What views show, computed off the UI thread.
//!
//! A view asks through a [`Lane`], draws what it has, and is woken when there is more. A newer request on a
//! lane supersedes the older ones. The work runs on threads of our own, never on the pool that sorts.

mod beside;
mod cache;
mod density;
mod glimpse;
pub mod heights;
mod lanes;
mod minmax;
mod pairs;
mod raw_file;
mod samples;
pub mod selfcheck;
mod spans;
mod spikes;
mod streams;
mod traces;
mod units;
mod waveforms;

pub use beside::ProbeBeside;
pub use density::{Density, DensityRequest, density};
pub use glimpse::Glimpse;
pub use lanes::{Lane, Lanes, Ticket, Wake};
pub use minmax::{Extremes, bin};
pub use pairs::{Pairs, PairsRequest, pairs};
pub use raw_file::{RawFile, raw_file};
pub use samples::samples;
pub use spans::SpanReader;
pub use spikes::{SpikeIndex, Spot};
pub use streams::{Described, described, streams_in};
pub use traces::{TraceBins, TraceRequest, trace_bins};
pub use units::{UnitRow, UnitSummary, summarise};
pub use waveforms::{MeanWaveforms, mean_waveforms};
