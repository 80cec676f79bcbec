//! What is seen of a wire: one view for each type that can flow.

use crate::pipeline::{Event, Executor, Pipeline};
use std::{path::Path, sync::Arc};

/// The viewer panel: shows what flows at the port that was clicked.
pub struct Viewer {
    end: Option<String>,
}

impl Viewer {
    /// An empty viewer; `ctx` is woken when something to show arrives.
    pub fn new(_ctx: &egui::Context, _executor: Arc<Executor>) -> Self {
        Self { end: None }
    }

    /// Shows what flows at `end`, a `node.port`; relative paths of the pipeline start at `base_folder`.
    pub fn show_end(&mut self, _pipeline: &Pipeline, _base_folder: &Path, end: &str) {
        self.end = Some(end.to_owned());
    }

    /// Hears what a run says, for live previews.
    pub fn on_event(&mut self, _event: &Event) {}

    /// Draws the panel.
    pub fn ui(&mut self, ui: &mut egui::Ui) {
        ui.centered_and_justified(|ui| {
            ui.weak(match &self.end {
                None => "Click a wire or a port to look at what flows there.",
                Some(end) => end,
            });
        });
    }
}
