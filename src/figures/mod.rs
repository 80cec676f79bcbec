//! Drawings of spikes, waveforms and probes as SVG, by plotters.

mod correlograms;
mod drift_map;
mod grid;
mod picture;
mod probe;
mod raster;
mod style;
mod table;
mod traces;
mod waveforms;

pub use correlograms::correlograms;
pub use drift_map::{DriftMapPoint, drift_map, motion, peaks_of, spikes_of};
pub use grid::grid;
pub use picture::picture;
pub use probe::probe;
pub use raster::raster;
pub use table::{Marks, table};
pub use traces::{Traces, traces};
pub use waveforms::waveforms;

/// A figure could not be drawn.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct FigureError(pub String);

#[cfg(test)]
mod tests;
