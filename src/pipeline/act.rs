//! What nodes do to a recording, as far as the order of steps depends on it.

/// Something a node does to the recording that goes through it, or asks of it. Nodes declare them
/// ([`Node::acts`](super::Node::acts)); advice on the order of steps knows these and no node.
#[derive(Clone, Debug, PartialEq)]
pub enum Act {
    /// Keeps the band of frequencies in which spikes are.
    Filters,
    /// Has a corner frequency, which must lie below half the sampling frequency.
    Corner {
        /// The parameter that gives it.
        field: &'static str,
        /// The frequency.
        hz: f64,
    },
    /// Subtracts what channels have in common.
    References,
    /// Moves channels by fractions of a sample, as if all had been sampled at once.
    ShiftsPhase,
    /// Makes the noise of channels uncorrelated and of unit variance.
    Whitens,
    /// Leaves bad channels out or fills them in.
    MendsChannels,
    /// Interpolates between contacts.
    CorrectsMotion,
    /// Sorts, and whitens by itself before.
    Sorts,
    /// Needs to know where contacts lie, where a group has more channels than these.
    NeedsProbe {
        /// The number of channels of a group that needs none.
        above: usize,
    },
    /// Brings a recording whose probe can be given by a parameter.
    TakesProbe {
        /// The parameter.
        field: &'static str,
    },
    /// Leaves out the channels whose names a parameter lists, or fills them in.
    LeavesOut {
        /// The parameter.
        field: &'static str,
    },
    /// Shows at once what it would find in a short stretch ([`Node::glimpse`](super::Node::glimpse)).
    ShowsPeaks {
        /// Also where it is not worked on: it learns what it needs in no time.
        always: bool,
    },
    /// Reads a file whose layout has to be told where it is raw.
    ReadsRaw {
        /// The parameter that names the file.
        path: &'static str,
    },
}

impl Act {
    /// True where channels go into each other.
    pub fn mixes_channels(&self) -> bool {
        matches!(self, Act::References | Act::Whitens | Act::CorrectsMotion)
    }
}
