//! One file per format: reads into `data`, writes from it. Knows no node and no graph.

mod error;

pub use error::Error;
