//! The study: every recording at every node, filtered by an expression, looked at, run, retried.

mod cells;
mod draw;

use super::{App, command::Command};
use crate::{
    app::{runs::Runs, texts},
    inspect::{Lane, Wake},
    pipeline::{CellState, Coordinate, Event, Executor, Pipeline, TaskId},
};
use cells::{Cells, read};
use std::{collections::BTreeSet, path::PathBuf, sync::Arc};

/// The study of the pipeline in front, between two frames.
pub struct Study {
    lane: Lane<Cells>,
    rows_lane: Lane<Result<Vec<usize>, String>>,
    cells: Option<Cells>,
    /// The state of the pipeline it was asked for.
    asked: Option<u64>,
    filter: String,
    /// The filter that the rows are those of.
    filtered: Option<String>,
    /// Rows that the filter lets through, and why it cannot be used.
    rows: Vec<usize>,
    refused: Option<String>,
    /// The cell that was clicked, as row and node.
    chosen: Option<(usize, usize)>,
}

impl Study {
    pub fn new(ctx: &egui::Context) -> Self {
        let ctx = ctx.clone();
        let wake: Wake = Arc::new(move || ctx.request_repaint());
        Self {
            lane: Lane::alone(wake.clone()),
            rows_lane: Lane::alone(wake),
            cells: None,
            asked: None,
            filter: String::new(),
            filtered: None,
            rows: Vec::new(),
            refused: None,
            chosen: None,
        }
    }

    /// What is known is out of date.
    pub fn forget(&mut self) {
        self.asked = None;
    }

    /// Another pipeline is in front.
    pub fn clear(&mut self) {
        self.lane.cancel();
        self.rows_lane.cancel();
        self.cells = None;
        self.asked = None;
        self.filtered = None;
        self.rows.clear();
        self.chosen = None;
    }

    /// Hears what a run of the pipeline in front says.
    pub fn hear(&mut self, event: &Event) {
        if let Some(cells) = &mut self.cells {
            cells.hear(&event.kind);
        }
    }

    /// Hears what a run on Slurm says.
    pub fn hear_elsewhere(&mut self, event: &Event) {
        if let Some(cells) = &mut self.cells {
            cells.hear_elsewhere(&event.kind);
        }
    }

    /// True while cells are read.
    pub fn busy(&self) -> bool {
        self.lane.busy() || self.rows_lane.busy()
    }

    fn receive(&mut self, runs: &Runs, elsewhere: Option<&Runs>) {
        if let Some(mut cells) = self.lane.take() {
            cells.overlay(runs, false);
            elsewhere.into_iter().for_each(|runs| cells.overlay(runs, true));
            // Rows of what was there before are none any more.
            self.rows.retain(|&row| row < cells.names.len());
            // What is looked at stays, where it is the same cell still.
            let stays = |&(row, column): &(usize, usize)| {
                let is = |known: &Cells| {
                    Some((known.names.get(row)?.clone(), known.columns.get(column)?.node.clone()))
                };
                self.cells.as_ref().and_then(is).is_some_and(|before| is(&cells) == Some(before))
            };
            self.chosen = self.chosen.filter(stays);
            self.cells = Some(cells);
            self.filtered = None;
        }
        match self.rows_lane.take() {
            Some(Ok(rows)) => {
                self.rows = rows;
                self.refused = None;
            }
            Some(Err(reason)) => self.refused = Some(reason),
            None => {}
        }
        if let Some(cells) = self.cells.as_ref().filter(|_| self.filtered.as_ref() != Some(&self.filter)) {
            let (filter, coordinates) = (self.filter.clone(), cells.coordinates.clone());
            self.filtered = Some(filter.clone());
            self.rows_lane.request(move |ticket| ticket.send(cells::fitting(&coordinates, &filter)));
        }
    }

    fn ask(&mut self, executor: &Arc<Executor>, pipeline: &Pipeline, base_folder: PathBuf, meaning: u64) {
        if self.asked == Some(meaning) {
            return;
        }
        self.asked = Some(meaning);
        let (executor, pipeline) = (executor.clone(), pipeline.clone());
        self.lane.request(move |ticket| ticket.send(read(&executor, &pipeline, &base_folder)));
    }

    /// Tasks of rows that are not done, with what they need.
    fn tasks(
        &self,
        rows: &[usize],
        until: Option<usize>,
        wanted: impl Fn(CellState) -> bool,
    ) -> BTreeSet<TaskId> {
        self.cells.as_ref().map(|cells| cells.tasks(rows, until, wanted)).unwrap_or_default()
    }
}

impl App {
    /// Draws the study of the pipeline in front.
    pub(super) fn study_ui(&mut self, ui: &mut egui::Ui, commands: &mut Vec<Command>) {
        let Some(executor) = self.executor.clone() else {
            ui.weak(texts::runs::the_store_is_opened());
            return;
        };
        let editor = &self.sheet.editor;
        self.study.ask(&executor, editor.pipeline(), editor.base_folder(), self.sheet.meaning);
        let elsewhere = self.sheet.cluster.as_ref().map(|cluster| &cluster.runs);
        self.study.receive(&self.sheet.runs, elsewhere);
        let runs = self.sheet.runs.is_busy();
        let on_slurm = elsewhere.is_some_and(|runs| !runs.tasks().is_empty());
        self.study.ui(ui, runs, on_slurm, commands);
    }

    /// Shows an item of an end.
    pub(super) fn look_at_item(&mut self, end: String, item: &Coordinate) {
        if let Some(viewer) = &mut self.sheet.viewer {
            viewer.prefer_item(item.clone());
        }
        self.look(end);
    }

    /// True while the study is read.
    pub fn is_reading_study(&self) -> bool {
        self.study.busy()
    }
}
