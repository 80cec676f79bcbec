//! What became of tasks whose jobs ended: by what is in the store, by Slurm's word, by what was before them.

use super::{Element, Place, watch::Watch};
use crate::pipeline::{Cell, CellState, Coordinate, EventKind, LeftOut, Matrix, Partners, Pipeline, TaskId};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    path::Path,
    time::{Duration, Instant},
};

/// On a shared file system it takes up to a minute until one computer sees what another wrote.
const LATE: Duration = Duration::from_secs(90);

/// What was told of a task last.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    Queued,
    Started,
    Done,
    Failed,
    Stopped,
    NotRun,
}

impl Told {
    pub(super) fn is_over(self) -> bool {
        !matches!(self, Told::Queued | Told::Started)
    }
}

impl Watch {
    /// Looks through the store what became of tasks whose jobs ended, and, where jobs share, of those that are done while
    /// their job goes on.
    pub(super) fn settle(
        &mut self,
        over: &[(TaskId, Option<Element>)],
        shares: bool,
        events: &mut Vec<EventKind>,
    ) {
        let base = self.path.parent().unwrap_or(Path::new("/")).to_owned();
        let pipelines = std::mem::take(&mut self.pipelines);
        for (of, pipeline) in pipelines.iter().enumerate() {
            let is_of = |task: &TaskId| self.places.get(task).is_some_and(|place| place.of == of);
            let own: Vec<_> = over.iter().filter(|(task, _)| is_of(task)).collect();
            if own.is_empty() && !shares {
                continue;
            }
            let matrix = self.executor.matrix(pipeline, &base);
            let mut cells = Cells::of(&matrix);
            self.settle_ended(own, pipeline, &mut cells, events);
            if shares {
                self.settle_shared(of, &mut cells, events);
            }
        }
        self.pipelines = pipelines;
    }

    fn settle_ended(
        &mut self,
        mut over: Vec<&(TaskId, Option<Element>)>,
        pipeline: &Pipeline,
        cells: &mut Cells,
        events: &mut Vec<EventKind>,
    ) {
        // What stands in the way of others is known before them.
        over.sort_by_key(|(task, _)| cells.place(&task.node));
        for tasks in over.chunk_by(|a, b| a.0.node == b.0.node) {
            let mut obstacles = self.obstacles(&tasks[0].0.node, pipeline);
            for (task, element) in tasks {
                let cell = cells.get(task);
                if self.is_late(task, element.as_ref(), cell.as_ref()) {
                    continue;
                }
                let before = || obstacles.first(task);
                let (told, event) = self.verdict(task, element.as_ref(), cell.as_ref(), before);
                self.told.insert(task.clone(), told);
                self.late.remove(task);
                events.push(event);
            }
        }
    }

    /// True where its job ended well and its result is yet to be seen here.
    fn is_late(&mut self, task: &TaskId, element: Option<&Element>, cell: Option<&Cell>) -> bool {
        let is_open =
            |cell: &Cell| !matches!(cell.state, CellState::Done | CellState::Failed | CellState::Blocked);
        if element.is_none_or(|element| element.word != "COMPLETED") || !cell.is_none_or(is_open) {
            return false;
        }
        self.late.entry(task.clone()).or_insert_with(Instant::now).elapsed() < LATE
    }

    /// Tasks before a node that failed or were stopped.
    fn obstacles(&self, node: &str, pipeline: &Pipeline) -> Obstacles {
        let before: BTreeSet<&str> =
            pipeline.nodes_before(node).into_iter().map(|before| before.name.as_str()).collect();
        let is_one = |(task, told): &(&TaskId, &Told)| {
            matches!(told, Told::Failed | Told::Stopped) && before.contains(task.node.as_str())
        };
        let mut tasks: Vec<(TaskId, Told)> =
            self.told.iter().filter(is_one).map(|(task, told)| (task.clone(), *told)).collect();
        tasks.sort_by(|a, b| a.0.cmp(&b.0));
        let coordinates = tasks.iter().map(|(task, _)| task.coordinate.clone()).collect();
        Obstacles { tasks, coordinates, partners: HashMap::new() }
    }

    /// Of jobs with several tasks those that are done.
    fn settle_shared(&mut self, of: usize, cells: &mut Cells, events: &mut Vec<EventKind>) {
        let running = self.places.iter().filter(|(task, place)| {
            place.of == of && place.shared > 1 && self.told.get(*task) == Some(&Told::Started)
        });
        let done: Vec<(TaskId, Cell)> = running
            .filter_map(|(task, _)| Some((task.clone(), cells.get(task)?)))
            .filter(|(_, cell)| cell.state == CellState::Done)
            .collect();
        for (task, cell) in done {
            self.told.insert(task.clone(), Told::Done);
            events.push(finished(task, &cell));
        }
    }

    /// `before` tells what stands in its way.
    fn verdict(
        &self,
        task: &TaskId,
        element: Option<&Element>,
        cell: Option<&Cell>,
        mut before: impl FnMut() -> Option<String>,
    ) -> (Told, EventKind) {
        let state = cell.map(|cell| cell.state);
        if let (Some(cell), Some(CellState::Done)) = (cell, state) {
            return (Told::Done, finished(task.clone(), cell));
        }
        let cancelled =
            |told, reason: String, cause| (told, EventKind::Cancelled { task: task.clone(), reason, cause });
        let failed = |message: String| {
            (Told::Failed, EventKind::Failed { task: task.clone(), message: message.as_str().into() })
        };
        let word = element.map_or("", |element| element.word.as_str());
        if word == "CANCELLED" {
            let never = element.is_some_and(|element| element.reason == "DependencyNeverSatisfied");
            return match (never, before()) {
                (_, Some(reason)) => cancelled(Told::NotRun, reason, LeftOut::Before),
                (true, None) => {
                    cancelled(Told::NotRun, "not run: something before it failed".into(), LeftOut::Before)
                }
                (false, None) => cancelled(Told::Stopped, "cancelled".into(), LeftOut::Stopped),
            };
        }
        let by_slurm = element.filter(|_| !matches!(word, "COMPLETED" | "FAILED" | "")).map(Element::failure);
        let by_task = cell.filter(|_| state == Some(CellState::Failed)).and_then(|cell| cell.message.clone());
        if let Some(message) = by_slurm.or(by_task) {
            return failed(message);
        }
        let place = self.places.get(task);
        let words = place.and_then(Place::last_words);
        // What gathers goes on without what failed: where it began, it says itself what became of it.
        let in_the_way = before().filter(|_| words.is_none() || state == Some(CellState::Blocked));
        // Of what ended a while ago, or was lost with the controller, the scheduler has no word.
        let is_lost = element.is_none();
        match (in_the_way, words) {
            (Some(reason), _) => cancelled(Told::NotRun, reason, LeftOut::Before),
            (None, words) if is_lost => {
                let name = place.map(Place::name).unwrap_or_default();
                let said = words.map_or_else(String::new, |words| format!("; it said last: {words}"));
                failed(format!(
                    "Slurm no longer knows its job {name}, which left no result: submit it again{said}"
                ))
            }
            (None, Some(words)) => failed(format!("its job ended without a result: {words}")),
            (None, None) => {
                let name = place.map(Place::name).unwrap_or_default();
                failed(format!(
                    "its job {name} ended without a result and said nothing: `sacct -j {name}` tells more"
                ))
            }
        }
    }
}

fn keys_of(coordinate: &Coordinate) -> Vec<String> {
    coordinate.keys().keys().cloned().collect()
}

/// Tasks that stand in the way of those of a node.
struct Obstacles {
    tasks: Vec<(TaskId, Told)>,
    coordinates: Vec<Coordinate>,
    partners: HashMap<Vec<String>, Partners>,
}

impl Obstacles {
    /// Why a task did not run.
    fn first(&mut self, task: &TaskId) -> Option<String> {
        let keys = keys_of(&task.coordinate);
        let coordinates = &self.coordinates;
        let partners = self.partners.entry(keys).or_insert_with_key(|keys| Partners::of(coordinates, keys));
        let (other, told) = self.tasks.get(partners.find(&task.coordinate).min()?)?;
        let became = if *told == Told::Failed { "failed" } else { "was stopped" };
        Some(format!("not run: {other} {became}"))
    }
}

/// Cells of a matrix, found quickly however many they are.
pub(super) struct Cells<'m> {
    nodes: HashMap<&'m str, (usize, &'m BTreeMap<String, Cell>)>,
    rows: Vec<Coordinate>,
    names: Vec<&'m str>,
    partners: HashMap<Vec<String>, Partners>,
}

impl<'m> Cells<'m> {
    pub(super) fn of(matrix: &'m Matrix) -> Self {
        let nodes = matrix.nodes.iter().enumerate();
        Self {
            nodes: nodes.map(|(place, (node, cells))| (node.as_str(), (place, cells))).collect(),
            rows: matrix.rows.iter().map(|(_, coordinate)| coordinate.clone()).collect(),
            names: matrix.rows.iter().map(|(name, _)| name.as_str()).collect(),
            partners: HashMap::new(),
        }
    }

    /// The place of a node in the order they run.
    fn place(&self, node: &str) -> usize {
        self.nodes.get(node).map_or(usize::MAX, |(place, _)| *place)
    }

    /// What the store knows of a task, or of the several that it became: the worst of them, or all of them done.
    pub(super) fn get(&mut self, task: &TaskId) -> Option<Cell> {
        let (_, cells) = self.nodes.get(task.node.as_str())?;
        if let Some(cell) = cells.get(&task.coordinate.to_string()) {
            return Some(cell.clone());
        }
        let rows = &self.rows;
        let keys = keys_of(&task.coordinate);
        let partners = self.partners.entry(keys).or_insert_with_key(|keys| Partners::of(rows, keys));
        let parts = partners.find(&task.coordinate).filter(|&row| rows[row].holds(&task.coordinate));
        let parts: Vec<&Cell> = parts.filter_map(|row| cells.get(self.names[row])).collect();
        let worst = parts.iter().find(|cell| cell.state == CellState::Failed);
        let open = worst.or_else(|| parts.iter().find(|cell| cell.state != CellState::Done));
        let whole = || {
            let wall_s = parts.iter().filter_map(|cell| cell.wall_s).sum();
            Some(Cell { wall_s: Some(wall_s), ..(*parts.first()?).clone() })
        };
        open.map(|cell| (*cell).clone()).or_else(whole)
    }
}

fn finished(task: TaskId, cell: &Cell) -> EventKind {
    let folder = cell.folder.clone().unwrap_or_default();
    let wall_s = cell.wall_s.unwrap_or(0.0);
    EventKind::Finished { task, folder, wall_s, cpu_s: wall_s }
}
