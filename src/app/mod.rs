//! The window: draws the pipeline, sends work away, shows what comes back. The only room that sees egui.

pub mod theme;
pub mod views;
