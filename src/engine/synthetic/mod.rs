//! Recordings whose spikes are all known: neurons of a physical model on a chosen probe, in realistic noise.
//!
//! [`truth`] draws the neurons and their spikes; [`SyntheticSource`] makes the traces when they are read, from
//! random streams keyed by (seed, stream, cell), so that any range, read in any way, has the same samples and
//! nothing is stored.

mod drift;
mod hybrid;
mod kernels;
mod layout;
mod neuron;
mod noise;
mod params;
mod population;
mod source;
mod trains;

pub use drift::DriftMode;
pub use hybrid::{HybridParams, HybridSource, HybridUnit, hybrid_truth, hybrid_units};
pub use layout::ProbeLayout;
pub use params::GenerateParams;
pub use source::SyntheticSource;
pub use trains::truth;

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// µV per unit of the generated samples, as Neuropixels 1.0 and Intan headstages have it.
pub const GAIN_UV: f64 = 0.195;

/// What a random stream is for; each purpose has streams of its own, so that one more unit or another
/// noise level leaves all else as it was.
#[derive(Clone, Copy, Debug)]
enum Purpose {
    Neuron = 1,
    Background = 2,
    Train = 3,
    Noise = 4,
    BackgroundSpikes = 5,
    Channels = 6,
    Field = 7,
    Phase = 8,
    Drift = 9,
    HybridPlace = 10,
    HybridTrain = 11,
}

/// The two seeds of a generated recording: of the document and of the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seeds {
    document: u64,
    node: u64,
}

impl Seeds {
    /// The random stream of one cell (unit, block of frames …) of a purpose.
    fn stream(self, purpose: Purpose, cell: u64) -> ChaCha8Rng {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&self.document.to_le_bytes());
        key[8..16].copy_from_slice(&self.node.to_le_bytes());
        key[16] = purpose as u8;
        let mut rng = ChaCha8Rng::from_seed(key);
        rng.set_stream(cell);
        rng
    }
}

#[cfg(test)]
mod tests;
