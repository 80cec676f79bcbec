//! Pipelines that are part of the program.

/// One of them.
pub struct Example {
    /// What menus call it.
    pub name: &'static str,
    /// Its RON text.
    pub text: &'static str,
}

/// All of them; the first one greets.
pub const EXAMPLES: [Example; 0] = [];
