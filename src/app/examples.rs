//! Pipelines that are part of the program.

use crate::engine::sort::SortPreset;

/// One of them.
pub struct Example {
    /// What menus call it.
    pub name: &'static str,
    /// What it is for, in a line or two.
    pub about: &'static str,
    /// Its RON text.
    pub text: &'static str,
}

macro_rules! example {
    ($name:literal, $file:literal, $about:literal) => {
        Example { name: $name, about: $about, text: include_str!(concat!("../../pipelines/", $file)) }
    };
}

/// All of them; the first one greets.
pub const EXAMPLES: [Example; 6] = [
    example!("Quick start", "quickstart.ron", "A generated recording, sorted and compared with its truth."),
    example!(
        "Tetrode",
        "tetrode.ron",
        "Up to eight wires close together: filter, sort, metrics and correlograms."
    ),
    example!(
        "Linear probe",
        "linear_probe.ron",
        "A few columns of contacts: filter, common reference, sort, metrics."
    ),
    example!(
        "Neuropixels",
        "neuropixels.ron",
        "Hundreds of contacts: bad channels mended, common reference, sort, metrics."
    ),
    example!("Spikes only", "spikes_only.ron", "No sorting: spikes found, located and described."),
    example!("Compare two sorters", "compare_sorters.ron", "The same recording sorted twice, unit by unit."),
];

/// The example for a kind of probe, by its index.
pub fn fitting(preset: SortPreset) -> usize {
    let name = match preset {
        SortPreset::SingleWire | SortPreset::Tetrode => "Tetrode",
        SortPreset::Linear | SortPreset::HdMea => "Linear probe",
        SortPreset::Neuropixels1 | SortPreset::Neuropixels2 => "Neuropixels",
    };
    EXAMPLES.iter().position(|example| example.name == name).unwrap_or(0)
}
