//! The view for a value, and what it keeps when another value of the same type comes.

use super::{
    axis, cloud::CloudView, empty, figure::FigureView, live::LiveNode, table::TableView, text,
    traces::TraceView, units::UnitView, waveforms::TemplatesView,
};
use crate::{inspect::Lanes, pipeline::Value};
use egui::{Ui, UiBuilder};
use std::sync::Arc;

/// The view that is open.
pub(super) enum Content {
    Nothing,
    Traces(Box<TraceView>),
    Units(Box<UnitView>),
    Table(TableView),
    Figure(FigureView),
    Peaks(CloudView, bool),
    Templates(TemplatesView),
    Text(Vec<(String, String)>),
    Live(Box<LiveView>),
}

/// What is seen of a node while it runs.
pub(super) struct LiveView {
    node: String,
    cloud: CloudView,
    templates: Option<TemplatesView>,
    version: u64,
}

impl Content {
    /// Shows a value.
    pub(super) fn show(&mut self, lanes: &Lanes, end: &str, value: &Value) {
        match (value, &mut *self) {
            (Value::Recording(recording), Content::Traces(view)) => view.set_recording(end, recording),
            (Value::Recording(recording), _) => {
                let mut view = TraceView::new(lanes);
                view.set_recording(end, recording);
                *self = Content::Traces(Box::new(view));
            }
            (Value::Sorting(sorting), Content::Units(view)) if Arc::ptr_eq(view.sorting(), sorting) => {}
            (Value::Sorting(sorting), _) => {
                *self = Content::Units(Box::new(UnitView::new(lanes, sorting.clone())));
            }
            (Value::Table(table), Content::Table(view)) => view.set_table(table.clone()),
            (Value::Table(table), _) => *self = Content::Table(TableView::new(table.clone())),
            (Value::Figure(figure), _) => *self = Content::Figure(FigureView::new(lanes, figure.clone())),
            (Value::Peaks(peaks), _) => {
                let mut view = CloudView::new(lanes);
                view.set_peaks(peaks, None);
                *self = Content::Peaks(view, peaks.location_um.is_some());
            }
            (Value::Templates(templates), Content::Templates(view)) => view.set_templates(templates),
            (Value::Templates(templates), _) => {
                *self = Content::Templates(TemplatesView::new(templates.clone()));
            }
            (Value::Waveforms(waveforms), _) => {
                let templates = Arc::new(waveforms.templates.clone());
                *self = Content::Templates(TemplatesView::new(templates));
            }
            (other, _) => *self = Content::Text(text::facts(other)),
        }
    }

    /// True while the view waits for something to be computed.
    pub(super) fn busy(&self) -> bool {
        match self {
            Content::Traces(view) => view.busy(),
            Content::Units(view) => view.busy(),
            Content::Figure(view) => view.busy(),
            Content::Peaks(view, _) => view.busy(),
            Content::Live(view) => view.cloud.busy(),
            Content::Nothing | Content::Table(_) | Content::Templates(_) | Content::Text(_) => false,
        }
    }

    /// Draws the view where it needs nothing from outside.
    pub(super) fn ui(&mut self, ui: &mut Ui) {
        match self {
            Content::Table(view) => view.ui(ui),
            Content::Figure(view) => view.ui(ui),
            Content::Peaks(view, located) => {
                let name = if *located { "depth (µm)" } else { "channel" };
                ui.horizontal(|ui| {
                    ui.add_space(8.0);
                    ui.weak(format!("{} peaks", axis::count(view.len() as u64)));
                });
                view.ui(ui, name);
            }
            Content::Templates(view) => view.ui(ui),
            Content::Text(facts) => text::ui(ui, facts),
            Content::Nothing | Content::Traces(_) | Content::Units(_) | Content::Live(_) => {}
        }
    }

    /// Shows what a running node has so far.
    pub(super) fn show_live(&mut self, lanes: &Lanes, node: &str, state: &LiveNode) {
        let current = matches!(self, Content::Live(view) if view.node == node);
        if !current {
            let cloud = CloudView::new(lanes);
            let view = LiveView { node: node.to_owned(), cloud, templates: None, version: u64::MAX };
            *self = Content::Live(Box::new(view));
        }
        let Content::Live(view) = self else {
            return;
        };
        if view.version == state.version {
            return;
        }
        view.version = state.version;
        view.cloud.set_points(&state.points);
        if let Some(templates) = &state.templates {
            match &mut view.templates {
                Some(shown) => shown.set_templates(templates),
                None => view.templates = Some(TemplatesView::new(templates.clone())),
            }
        }
    }

    /// Draws a running node: counts above, drift map on the left, templates on the right.
    pub(super) fn live_ui(&mut self, ui: &mut Ui, state: &LiveNode) {
        let Content::Live(view) = self else {
            return;
        };
        ui.horizontal(|ui| {
            ui.add_space(8.0);
            let mut text = if state.stage.is_empty() { "Running".to_owned() } else { sentence(&state.stage) };
            if let Some(share) = state.share {
                text += &format!(" {:.0} %", share * 100.0);
            }
            ui.strong(text);
            if let Some(seconds) = state.remaining_s {
                ui.weak(format!("{} left", axis::duration(seconds)));
            }
            if !state.points.is_empty() {
                ui.separator();
                ui.label(format!("{} peaks", axis::count(state.points.len() as u64)));
            }
            if let Some((spikes, units)) = state.counts {
                ui.separator();
                ui.label(format!("{} spikes", axis::count(spikes)));
                ui.label(format!("{} units", axis::count(units)));
            }
        });
        if state.points.is_empty() && state.templates.is_none() {
            return empty::working(
                ui,
                "Running…",
                "Peaks and units show here as soon as they are found.",
                state.share,
            );
        }
        let full = ui.available_rect_before_wrap();
        let left = match &view.templates {
            Some(_) => full.with_max_x(full.left() + full.width() * 0.55),
            None => full,
        };
        ui.scope_builder(UiBuilder::new().max_rect(left).id_salt("map"), |ui| view.cloud.ui(ui, "depth"));
        if let Some(templates) = &mut view.templates {
            let right = full.with_min_x(left.right());
            ui.scope_builder(UiBuilder::new().max_rect(right).id_salt("templates"), |ui| templates.ui(ui));
        }
    }
}

/// A stage's name as the start of a sentence.
fn sentence(stage: &str) -> String {
    let text = stage.replace('_', " ");
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
