//! Pipelines that are part of the program.

/// One of them.
pub struct Example {
    /// What menus call it.
    pub name: &'static str,
    /// Its RON text.
    pub text: &'static str,
}

macro_rules! example {
    ($name:literal, $file:literal) => {
        Example { name: $name, text: include_str!(concat!("../../pipelines/", $file)) }
    };
}

/// All of them; the first one greets.
pub const EXAMPLES: [Example; 6] = [
    example!("Quick start", "quickstart.ron"),
    example!("Tetrode", "tetrode.ron"),
    example!("Linear probe", "linear_probe.ron"),
    example!("Neuropixels", "neuropixels.ron"),
    example!("Spikes only", "spikes_only.ron"),
    example!("Compare two sorters", "compare_sorters.ron"),
];
