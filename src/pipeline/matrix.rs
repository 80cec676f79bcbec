//! Every item at every node: what is done, what waits, what failed and why.

use super::{
    Coordinate, Executor, Pipeline, Work,
    evaluate::{EvalState, ItemEval},
};
use serde::Serialize;
use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
};

/// How a node is at one item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CellState {
    /// The result is there.
    Done,
    /// A process is at work on it.
    Running,
    /// It was handed over and waits for its turn.
    Queued,
    /// It can run.
    Ready,
    /// It waits for something before it.
    Waiting,
    /// It failed, or failed the last time.
    Failed,
    /// It was stopped.
    Cancelled,
    /// It cannot run: something before it failed or was stopped.
    Blocked,
}

impl CellState {
    /// True where it can be stopped.
    pub fn is_at_work(self) -> bool {
        matches!(self, CellState::Running | CellState::Queued)
    }

    /// As people read it.
    pub fn word(self) -> &'static str {
        match self {
            CellState::Done => "done",
            CellState::Running => "running",
            CellState::Queued => "queued",
            CellState::Ready => "ready",
            CellState::Waiting => "waits",
            CellState::Failed => "failed",
            CellState::Cancelled => "cancelled",
            CellState::Blocked => "blocked",
        }
    }
}

/// One node at one item.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Cell {
    /// How it is.
    pub state: CellState,
    /// Seconds the task took, where it is done.
    pub wall_s: Option<f64>,
    /// Why it failed or cannot run.
    pub message: Option<String>,
    /// Its result, where it is done.
    #[serde(skip)]
    pub folder: Option<PathBuf>,
}

impl Cell {
    /// One of which no more is known than its state, and why it is so.
    pub fn of(state: CellState, message: Option<String>) -> Self {
        Self { state, wall_s: None, message, folder: None }
    }
}

/// Nodes with tasks, in the order they run, and what is known of each item there.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Matrix {
    /// The columns: the node, and its items by coordinate.
    pub nodes: Vec<(String, BTreeMap<String, Cell>)>,
    /// The rows in order: each coordinate some node has, as text and by its keys.
    pub rows: Vec<(String, Coordinate)>,
    /// Nodes that cannot run, and why.
    pub invalid: Vec<(String, String)>,
}

impl Matrix {
    /// How many cells are in each state.
    pub fn counts(&self) -> BTreeMap<CellState, usize> {
        let mut counts = BTreeMap::new();
        for cell in self.nodes.iter().flat_map(|(_, cells)| cells.values()) {
            *counts.entry(cell.state).or_default() += 1;
        }
        counts
    }
}

impl Executor {
    /// How every item is at every node, as the store has it; runs nothing.
    pub fn matrix(&self, pipeline: &Pipeline, base_folder: &Path) -> Matrix {
        let mut walk = self.evaluator(pipeline, base_folder, None);
        walk.evaluate();
        walk.take_failures(|job| self.store().is_at_work(&job.key));
        let mut matrix = Matrix::default();
        let (mut rows, mut places) = (BTreeMap::new(), HashMap::new());
        for (instance, eval) in walk.iter() {
            if let Some(message) = &eval.invalid {
                matrix.invalid.push((instance.name.clone(), message.clone()));
            }
            let work = self.registry().get(&instance.kind).map_or(Work::Lazy, |node| node.info().work);
            for item in &eval.items {
                let next = places.len();
                places.entry(item.coordinate.clone()).or_insert(next);
            }
            // Of recipes only what is wrong is worth a word.
            let is_wrong = |item: &&ItemEval| matches!(item.state, EvalState::Failed(_));
            let items = eval.items.iter().filter(|item| work.is_task() || is_wrong(item));
            let mut cells = BTreeMap::new();
            for item in items {
                let name = item.coordinate.to_string();
                rows.entry(item.coordinate.clone()).or_insert_with(|| name.clone());
                cells.insert(name, self.cell(item));
            }
            if !cells.is_empty() {
                matrix.nodes.push((instance.name.clone(), cells));
            }
        }
        matrix.rows = rows.into_iter().map(|(coordinate, name)| (name, coordinate)).collect();
        // Groups before what they are made of, items in the order of the study.
        matrix.rows.sort_by_key(|(_, item)| (item.keys().len(), places.get(item).copied()));
        matrix
    }

    fn cell(&self, item: &ItemEval) -> Cell {
        let cell = Cell::of;
        match &item.state {
            EvalState::Lazy => cell(CellState::Done, None),
            EvalState::Done(stored) => Cell {
                wall_s: stored.wall_s(),
                folder: Some(stored.folder.clone()),
                ..cell(CellState::Done, None)
            },
            EvalState::Waiting => cell(CellState::Waiting, None),
            EvalState::Failed(message) => cell(CellState::Failed, Some(message.words.clone())),
            EvalState::Cancelled(reason) => cell(CellState::Blocked, Some(reason.clone())),
            EvalState::Runnable(job) if self.store().is_at_work(&job.key) => cell(CellState::Running, None),
            EvalState::Runnable(_) => cell(CellState::Ready, None),
        }
    }
}
