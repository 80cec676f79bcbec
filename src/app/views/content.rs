//! The view for a value, and what it keeps when another value of the same type comes.

use super::{
    axis,
    cloud::CloudView,
    correlograms::CorrelogramsView,
    export::{self, Wish},
    figure::FigureView,
    live::LiveNode,
    live_view::LiveView,
    noise,
    table::TableView,
    text,
    traces::TraceView,
    units::UnitView,
    waveforms::TemplatesView,
};
use crate::{
    app::texts,
    data::{NoiseLevels, RecordingInfo},
    inspect::Lanes,
    pipeline::Value,
};
use egui::Ui;
use std::sync::Arc;

/// The view that is open.
pub(super) enum Content {
    Nothing,
    Traces(Box<TraceView>),
    Units(Box<UnitView>),
    Table(TableView),
    Correlograms(Box<CorrelogramsView>),
    Figure(FigureView),
    Cloud(Box<CloudView>),
    Noise(Arc<NoiseLevels>),
    Templates(TemplatesView),
    Text(Vec<(String, String)>),
    Live(Box<LiveView>),
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
            (Value::Table(table), _) if let Some(mut view) = CorrelogramsView::new(table) => {
                if let Content::Correlograms(before) = self {
                    view.keep_looks(before);
                }
                *self = Content::Correlograms(Box::new(view));
            }
            (Value::Table(table), Content::Table(view)) => view.set_table(table.clone()),
            (Value::Table(table), _) => *self = Content::Table(TableView::new(table.clone())),
            (Value::Figure(figure), _) => *self = Content::Figure(FigureView::new(lanes, figure.clone())),
            (Value::Peaks(peaks), _) => {
                let mut view = CloudView::new(lanes);
                view.set_peaks(peaks, None);
                *self = Content::Cloud(Box::new(view));
            }
            (Value::Features(features), _) => {
                let mut view = CloudView::new(lanes);
                view.set_features(features);
                *self = Content::Cloud(Box::new(view));
            }
            (Value::Noise(noise), _) => *self = Content::Noise(noise.clone()),
            (Value::Templates(templates), Content::Templates(view)) => view.set_templates(templates),
            (Value::Templates(templates), _) => {
                *self = Content::Templates(TemplatesView::new(templates.clone()));
            }
            (Value::Waveforms(waveforms), Content::Templates(view)) => view.set_waveforms(waveforms),
            (Value::Waveforms(waveforms), _) => {
                *self = Content::Templates(TemplatesView::of_waveforms(waveforms));
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
            Content::Cloud(view) => view.busy(),
            Content::Live(view) => view.busy(),
            Content::Nothing | Content::Noise(_) | Content::Table(_) | Content::Correlograms(_) => false,
            Content::Templates(_) | Content::Text(_) => false,
        }
    }

    /// Draws the view where it needs nothing from outside.
    pub(super) fn ui(&mut self, ui: &mut Ui) -> Option<Wish> {
        match self {
            Content::Table(view) => return view.ui(ui),
            Content::Correlograms(view) => return view.ui(ui),
            Content::Figure(view) => return view.ui(ui),
            Content::Noise(noise) => return noise::ui(ui, noise),
            Content::Cloud(view) => {
                let mut wish = None;
                ui.horizontal(|ui| {
                    ui.add_space(8.0);
                    ui.weak(texts::views::peaks(&axis::count(view.len() as u64)));
                    ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                        ui.add_space(8.0);
                        wish = export::menu(ui, None);
                    });
                });
                view.ui(ui);
                return wish;
            }
            Content::Templates(view) => view.ui(ui),
            Content::Text(facts) => text::ui(ui, facts),
            Content::Nothing | Content::Traces(_) | Content::Units(_) | Content::Live(_) => {}
        }
        None
    }

    /// Shows what a running node has so far; `recording` is what it works on, where known.
    pub(super) fn live_ui(
        &mut self,
        ui: &mut Ui,
        lanes: &Lanes,
        node: &str,
        state: &LiveNode,
        recording: Option<&RecordingInfo>,
    ) {
        if !matches!(self, Content::Live(view) if view.is_of(node)) {
            *self = Content::Live(Box::new(LiveView::new(lanes, node)));
        }
        if let Content::Live(view) = self {
            view.ui(ui, state, recording);
        }
    }
}
