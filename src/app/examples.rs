//! Pipelines that are part of the program.

use super::texts::examples;
use crate::engine::sort::SortPreset;

/// One of them.
pub struct Example {
    /// What menus call it.
    pub name: fn() -> &'static str,
    /// What it is for, in a line or two.
    pub about: fn() -> &'static str,
    /// The file its text comes from.
    file: &'static str,
    /// Its RON text.
    pub text: &'static str,
}

macro_rules! example {
    ($name:ident, $about:ident, $file:literal) => {
        Example {
            name: examples::$name,
            about: examples::$about,
            file: $file,
            text: include_str!(concat!("../../pipelines/", $file)),
        }
    };
}

/// All of them; the first one greets.
pub const EXAMPLES: [Example; 6] = [
    example!(quick_start, quick_start_about, "quickstart.ron"),
    example!(tetrode, tetrode_about, "tetrode.ron"),
    example!(linear_probe, linear_probe_about, "linear_probe.ron"),
    example!(neuropixels, neuropixels_about, "neuropixels.ron"),
    example!(spikes_only, spikes_only_about, "spikes_only.ron"),
    example!(compare_two_sorters, compare_two_sorters_about, "compare_sorters.ron"),
];

/// The example for a kind of probe, by its index.
pub fn fitting(preset: SortPreset) -> usize {
    let file = match preset {
        SortPreset::SingleWire | SortPreset::Tetrode => "tetrode.ron",
        SortPreset::Linear | SortPreset::HdMea => "linear_probe.ron",
        SortPreset::Neuropixels1 | SortPreset::Neuropixels2 => "neuropixels.ron",
    };
    EXAMPLES.iter().position(|example| example.file == file).unwrap_or(0)
}
