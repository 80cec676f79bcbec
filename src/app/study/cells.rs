//! What is known of every recording at every node, by row and column.

use crate::{
    app::{runs::Runs, texts},
    pipeline::{
        Cell, CellState, Coordinate, EventKind, Executor, Expression, LeftOut, Look, NodeState, Partners,
        Pipeline, PortType, TaskId,
    },
};
use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    path::Path,
    sync::Arc,
};

/// A node of the study.
#[derive(Debug)]
pub struct Column {
    /// Its name.
    pub node: String,
    /// What is looked at: its first output.
    pub end: Option<String>,
    /// Columns of nodes before it.
    before: Vec<usize>,
    /// Its cell in each row.
    pub cells: Vec<Option<Cell>>,
}

/// Recordings and nodes.
#[derive(Debug, Default)]
pub struct Cells {
    /// The rows: what tells an item from others.
    pub coordinates: Arc<Vec<Coordinate>>,
    /// The same in words.
    pub names: Vec<String>,
    /// True for rows that are recordings; the others are groups, or parts, of them.
    pub is_recording: Vec<bool>,
    /// The nodes that have tasks, in the order they run.
    pub columns: Vec<Column>,
    /// Where the recordings come from.
    pub source: Option<String>,
    /// Nodes that cannot run, and why.
    pub invalid: Vec<(String, String)>,
    /// Row of each coordinate.
    row_of: BTreeMap<Coordinate, usize>,
    /// Cells in each state.
    pub counts: BTreeMap<CellState, usize>,
}

/// Finds out how every item is at every node; takes seconds for thousands.
pub fn read(executor: &Executor, pipeline: &Pipeline, base_folder: &Path) -> Cells {
    let matrix = executor.matrix(pipeline, base_folder);
    let registry = executor.registry();
    let ports = |name: &str, of: PortType| -> Option<String> {
        let instance = pipeline.node(name)?;
        let node = registry.get(&instance.kind)?;
        let port = node.outputs(&instance.params).into_iter().find(|p| p.port_type == of)?;
        node.inputs(&instance.params).is_empty().then(|| format!("{name}.{}", port.name))
    };
    let mut coordinates: Vec<Coordinate> = Vec::new();
    let mut source = None;
    let mut recordings = BTreeSet::new();
    for end in pipeline.nodes().filter_map(|node| ports(&node.name, PortType::Recording)) {
        let Ok(Look::Ready(items)) = executor.look(pipeline, base_folder, &end) else { continue };
        if items.len() > 1 || source.is_none() {
            // Those that are broken have a cell where they come from.
            let node = end.split('.').next().unwrap_or_default();
            let broken =
                matrix.nodes.iter().filter(|(name, _)| name == node).flat_map(|(_, cells)| cells.keys());
            recordings.extend(broken.cloned());
            recordings.extend(items.iter().map(|(coordinate, _)| coordinate.to_string()));
            coordinates.extend(items.into_iter().map(|(coordinate, _)| coordinate));
            source = Some(end);
        }
    }
    // As the rows of the matrix are: those of the study in its order, groups before them.
    let mut known = HashSet::new();
    coordinates.extend(matrix.rows.iter().map(|(_, coordinate)| coordinate.clone()));
    coordinates.retain(|coordinate| known.insert(coordinate.clone()));
    coordinates.sort_by_key(|coordinate| coordinate.keys().len());
    let names: Vec<String> = coordinates.iter().map(ToString::to_string).collect();
    let is_recording = names.iter().map(|name| recordings.contains(name)).collect();
    let row_of_name: BTreeMap<&str, usize> = names.iter().enumerate().map(|(i, n)| (n.as_str(), i)).collect();
    let order: Vec<String> = matrix.nodes.iter().map(|(node, _)| node.clone()).collect();
    let mut columns = Vec::new();
    for (node, found) in matrix.nodes {
        let mut cells = vec![None; coordinates.len()];
        for (name, cell) in found {
            if let Some(&row) = row_of_name.get(name.as_str()) {
                cells[row] = Some(cell);
            }
        }
        let before: BTreeSet<&str> =
            pipeline.nodes_before(&node).into_iter().map(|before| before.name.as_str()).collect();
        let before = order.iter().enumerate().filter(|(_, other)| before.contains(other.as_str()));
        let before = before.map(|(column, _)| column).collect();
        let end = pipeline.node(&node).and_then(|instance| {
            let known = registry.get(&instance.kind)?;
            known.outputs(&instance.params).first().map(|port| format!("{node}.{}", port.name))
        });
        columns.push(Column { node, end, before, cells });
    }
    let row_of = coordinates.iter().cloned().enumerate().map(|(row, c)| (c, row)).collect();
    let invalid = matrix.invalid;
    Cells { is_recording, ..Cells::new(coordinates, names, columns, source, invalid, row_of) }
}

/// Rows that an expression lets through; all for an empty one.
pub fn fitting(coordinates: &[Coordinate], filter: &str) -> Result<Vec<usize>, String> {
    if filter.trim().is_empty() {
        return Ok((0..coordinates.len()).collect());
    }
    let expression = Expression::parse(filter).map_err(|error| error.to_string())?;
    let mut rows = Vec::new();
    let mut refused = None;
    for (row, coordinate) in coordinates.iter().enumerate() {
        match expression.holds(coordinate) {
            Ok(true) => rows.push(row),
            Ok(false) => {}
            // Items that were gathered have fewer keys: only where it fits none is something wrong.
            Err(error) => refused = Some(error.to_string()),
        }
    }
    match refused {
        Some(reason) if rows.is_empty() => Err(reason),
        _ => Ok(rows),
    }
}

impl Cells {
    pub(super) fn new(
        coordinates: Vec<Coordinate>,
        names: Vec<String>,
        columns: Vec<Column>,
        source: Option<String>,
        invalid: Vec<(String, String)>,
        row_of: BTreeMap<Coordinate, usize>,
    ) -> Self {
        let mut counts = BTreeMap::new();
        for cell in columns.iter().flat_map(|column| column.cells.iter().flatten()) {
            *counts.entry(cell.state).or_default() += 1;
        }
        let is_recording = vec![true; names.len()];
        Self {
            coordinates: Arc::new(coordinates),
            names,
            is_recording,
            columns,
            source,
            invalid,
            row_of,
            counts,
        }
    }

    /// How many of these rows are recordings, and how many are not.
    pub fn kinds(&self, rows: impl Iterator<Item = usize>) -> (usize, usize) {
        rows.fold((0, 0), |(recordings, others), row| match self.is_recording.get(row) {
            Some(true) => (recordings + 1, others),
            _ => (recordings, others + 1),
        })
    }

    /// A cell follows its task.
    pub fn hear(&mut self, event: &EventKind) {
        let (task, cell) = match event {
            EventKind::Queued { task } => (task, Cell::of(CellState::Queued, None)),
            EventKind::Started { task } => (task, Cell::of(CellState::Running, None)),
            EventKind::Cached { task, .. } => (task, Cell::of(CellState::Done, None)),
            EventKind::Finished { task, wall_s, .. } => {
                (task, Cell { wall_s: Some(*wall_s), ..Cell::of(CellState::Done, None) })
            }
            EventKind::Failed { task, message } => {
                (task, Cell::of(CellState::Failed, Some(message.to_string())))
            }
            EventKind::Cancelled { task, reason, cause } => {
                let (state, message) = match cause {
                    LeftOut::Stopped => (CellState::Cancelled, None),
                    LeftOut::Before => (CellState::Blocked, Some(reason.clone())),
                    LeftOut::Turn | LeftOut::Full => (CellState::Waiting, Some(reason.clone())),
                };
                (task, Cell::of(state, message))
            }
            _ => return,
        };
        self.set(task, cell);
    }

    /// The same of a run elsewhere, which says where it is.
    pub fn hear_elsewhere(&mut self, event: &EventKind) {
        match event {
            EventKind::Progress { task, stage, .. } => {
                self.set(task, Cell::of(CellState::Running, Some(stage.clone())));
            }
            event => self.hear(event),
        }
    }

    /// What a run says of tasks of which the store has no result: what is at work, what was stopped, and what is not run
    /// for that. Of a run that goes on elsewhere also what failed there.
    pub fn overlay(&mut self, runs: &Runs, elsewhere: bool) {
        let is_done =
            |cells: &Self, task: &TaskId| cells.get(task).is_some_and(|c| c.state == CellState::Done);
        for task in runs.tasks().iter().filter(|_| elsewhere || runs.is_running()) {
            let (state, message) = match &task.state {
                NodeState::Queued => (CellState::Queued, None),
                NodeState::Running { .. } => {
                    (CellState::Running, Some(task.stage.clone()).filter(|_| elsewhere))
                }
                NodeState::Cancelled if elsewhere && task.left_out => {
                    (CellState::Blocked, Some(task.message.clone()))
                }
                NodeState::Failed(message) if elsewhere => (CellState::Failed, Some(message.to_string())),
                _ => continue,
            };
            if !is_done(self, &task.id) {
                self.set(&task.id, Cell::of(state, message));
            }
        }
        let mut partners = HashMap::new();
        for task in runs.stopped() {
            if self.get(task).is_none() || is_done(self, task) {
                continue;
            }
            self.set(task, Cell::of(CellState::Cancelled, None));
            for other in self.after(task, &mut partners) {
                let waits = self
                    .get(&other)
                    .is_some_and(|cell| matches!(cell.state, CellState::Ready | CellState::Waiting));
                if waits {
                    let message = Some(texts::runs::not_run_stopped(&task));
                    self.set(&other, Cell::of(CellState::Blocked, message));
                }
            }
        }
    }

    /// Tasks that need this one. Items that go together with others are found by the keys of those, and kept for the next.
    fn after(&self, task: &TaskId, partners: &mut HashMap<Vec<String>, Partners>) -> Vec<TaskId> {
        let Some(own) = self.columns.iter().position(|column| column.node == task.node) else {
            return Vec::new();
        };
        let mut found = Vec::new();
        for (index, column) in self.columns.iter().enumerate().filter(|(_, c)| c.before.contains(&own)) {
            match self.row_of.get(&task.coordinate).filter(|&&row| column.cells[row].is_some()) {
                Some(&row) => found.push(self.task(index, row)),
                None => {
                    let keys = task.coordinate.keys().keys().cloned().collect();
                    let known =
                        partners.entry(keys).or_insert_with_key(|keys| Partners::of(&self.coordinates, keys));
                    let rows = known.find(&task.coordinate).filter(|&row| column.cells[row].is_some());
                    found.extend(rows.map(|row| self.task(index, row)));
                }
            }
        }
        found
    }

    /// What is known of a task.
    pub fn get(&self, task: &TaskId) -> Option<&Cell> {
        let row = *self.row_of.get(&task.coordinate)?;
        let column = self.columns.iter().find(|column| column.node == task.node)?;
        column.cells.get(row)?.as_ref()
    }

    fn set(&mut self, task: &TaskId, mut cell: Cell) {
        let Some(&row) = self.row_of.get(&task.coordinate) else { return };
        let Some(column) = self.columns.iter_mut().find(|column| column.node == task.node) else { return };
        let Some(place) = column.cells.get_mut(row) else { return };
        if let Some(old) = place {
            // The time of what was done before is not said again.
            let keeps =
                old.state == CellState::Done && cell.state == CellState::Done && cell.wall_s.is_none();
            if keeps {
                return;
            }
            // What is broken before it is as broken in a run.
            if old.state == CellState::Blocked && cell.state == CellState::Waiting {
                cell.state = CellState::Blocked;
            }
            if let Some(count) = self.counts.get_mut(&old.state) {
                *count = count.saturating_sub(1);
            }
        }
        *self.counts.entry(cell.state).or_default() += 1;
        *place = Some(cell);
    }

    /// Tasks of rows up to a column that are in a state that is wanted, with what they need and is not done.
    pub fn tasks(
        &self,
        rows: &[usize],
        until: Option<usize>,
        wanted: impl Fn(CellState) -> bool,
    ) -> BTreeSet<TaskId> {
        let mut tasks = BTreeSet::new();
        // Items that go together with others, by the keys of those.
        let mut partners: HashMap<Vec<String>, Partners> = HashMap::new();
        let columns = 0..self.columns.len();
        for column in columns.filter(|column| until.is_none_or(|until| until == *column)) {
            for &row in rows {
                let state =
                    self.columns[column].cells.get(row).and_then(|cell| cell.as_ref().map(|c| c.state));
                if !state.is_some_and(&wanted) {
                    continue;
                }
                tasks.insert(self.task(column, row));
                let own = &self.coordinates[row];
                for &before in &self.columns[column].before {
                    let mut add = |other: usize| {
                        let cell = self.columns[before].cells[other].as_ref();
                        if cell.is_some_and(|cell| cell.state != CellState::Done) {
                            tasks.insert(self.task(before, other));
                        }
                    };
                    // Mostly the same item; else every one that goes together with it.
                    if self.columns[before].cells[row].is_some() {
                        add(row);
                    } else {
                        let keys = own.keys().keys().cloned().collect();
                        let found = partners
                            .entry(keys)
                            .or_insert_with_key(|keys| Partners::of(&self.coordinates, keys));
                        found.find(own).for_each(add);
                    }
                }
            }
        }
        tasks
    }

    /// Tasks of a row, or of one cell of it, that run or wait for their turn, with those of the parts it became.
    pub fn at_work(&self, row: usize, column: Option<usize>) -> BTreeSet<TaskId> {
        let own = &self.coordinates[row];
        let is_part = |other: usize| other == row || (!own.is_empty() && self.coordinates[other].holds(own));
        let rows: Vec<usize> = match column {
            Some(_) => vec![row],
            None => (0..self.coordinates.len()).filter(|&other| is_part(other)).collect(),
        };
        let columns = (0..self.columns.len()).filter(|&index| column.is_none_or(|only| only == index));
        let at_work = |column: usize, row: usize| {
            self.columns[column].cells[row].as_ref().is_some_and(|cell| cell.state.is_at_work())
        };
        columns
            .flat_map(|column| rows.iter().map(move |&row| (column, row)))
            .filter(|&(column, row)| at_work(column, row))
            .map(|(column, row)| self.task(column, row))
            .collect()
    }

    /// The task of a cell.
    pub fn task(&self, column: usize, row: usize) -> TaskId {
        TaskId { node: self.columns[column].node.clone(), coordinate: self.coordinates[row].clone() }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
pub(super) mod tests {
    use super::*;
    use crate::pipeline::CoordinateValue;

    /// So many recordings at five nodes.
    pub fn many(count: usize) -> Cells {
        let coordinates: Vec<Coordinate> = (0..count)
            .map(|i| {
                let session = CoordinateValue::of_text(["a", "b", "c"][i % 3]);
                let mut coordinate = Coordinate::single("session", session);
                coordinate.keys_mut().insert("index".to_owned(), CoordinateValue::of_text(&i.to_string()));
                coordinate
            })
            .collect();
        let names = coordinates.iter().map(ToString::to_string).collect();
        let states = [CellState::Done, CellState::Failed, CellState::Ready, CellState::Waiting];
        let columns = (0..5)
            .map(|column| Column {
                node: format!("node_{column}"),
                end: Some(format!("node_{column}.out")),
                before: (0..column).collect(),
                cells: (0..count)
                    .map(|row| {
                        let state = states[(row + column) % 4];
                        let message = (state == CellState::Failed).then(|| "no probe".to_owned());
                        Some(Cell {
                            wall_s: (state == CellState::Done).then_some(1.5),
                            ..Cell::of(state, message)
                        })
                    })
                    .collect(),
            })
            .collect();
        let row_of = coordinates.iter().cloned().enumerate().map(|(row, c)| (c, row)).collect();
        Cells::new(coordinates, names, columns, Some("study.recording".to_owned()), Vec::new(), row_of)
    }

    #[test]
    fn rows_are_filtered_by_expressions() {
        let cells = many(12);
        let rows = fitting(&cells.coordinates, "session == \"a\" && index % 2 == 0").unwrap();
        assert_eq!(rows, [0, 6]);
        assert_eq!(fitting(&cells.coordinates, "").unwrap().len(), 12);
        assert!(fitting(&cells.coordinates, "session ==").is_err());
        assert!(fitting(&cells.coordinates, "nothing == 3").is_err());
    }

    #[test]
    fn a_cell_is_run_with_what_it_needs() {
        let cells = many(4);
        // Row 1: failed, ready, waiting, done, failed.
        let tasks = cells.tasks(&[1], Some(2), |_| true);
        let nodes: Vec<&str> = tasks.iter().map(|task| task.node.as_str()).collect();
        assert_eq!(nodes, ["node_0", "node_1", "node_2"]);
        let failed = cells.tasks(&[0, 1], None, |state| state == CellState::Failed);
        assert!(failed.iter().any(|task| task.node == "node_4" && task.coordinate == cells.coordinates[1]));
    }

    #[test]
    fn what_gathers_is_run_with_all_it_gathers() {
        let mut cells = many(5);
        let groups = ["a", "b", "c"].map(|s| Coordinate::single("session", CoordinateValue::of_text(s)));
        let rows = cells.coordinates.iter().cloned().chain(groups).chain([Coordinate::default()]);
        let (coordinates, count) = (rows.collect::<Vec<_>>(), 5);
        let cells_at = |wanted: std::ops::Range<usize>| {
            let cell = |row: usize| wanted.contains(&row).then(|| Cell::of(CellState::Ready, None));
            (0..coordinates.len()).map(cell).collect::<Vec<_>>()
        };
        let ranges = [0..count, count..count + 3, count + 3..count + 4];
        let columns = ranges.into_iter().enumerate().map(|(index, range)| Column {
            node: format!("node_{index}"),
            end: None,
            before: (0..index).collect(),
            cells: cells_at(range),
        });
        let columns = columns.collect();
        let row_of = coordinates.iter().cloned().enumerate().map(|(row, c)| (c, row)).collect();
        cells = Cells::new(coordinates, Vec::new(), columns, None, Vec::new(), row_of);
        // Of the sessions a, b, c, a, b the first has two recordings; all come together in the last node.
        assert_eq!(cells.tasks(&[count], Some(1), |_| true).len(), 1 + 2);
        assert_eq!(cells.tasks(&[count + 3], Some(2), |_| true).len(), 1 + 3 + 5);
    }

    #[test]
    fn cells_follow_their_tasks() {
        let mut cells = many(4);
        let task = cells.task(1, 1);
        let before = cells.counts[&CellState::Ready];
        cells.hear(&EventKind::Started { task: task.clone() });
        assert_eq!(cells.columns[1].cells[1].as_ref().unwrap().state, CellState::Running);
        assert_eq!(cells.at_work(1, None), [task.clone()].into());
        cells.hear(&EventKind::Failed { task: task.clone(), message: "disk".into() });
        assert_eq!(cells.columns[1].cells[1].as_ref().unwrap().message.as_deref(), Some("disk"));
        assert_eq!(cells.counts[&CellState::Ready], before - 1);
        let (reason, cause) = ("stopped".to_owned(), LeftOut::Stopped);
        cells.hear(&EventKind::Cancelled { task: task.clone(), reason, cause });
        assert_eq!(cells.get(&task).unwrap().state, CellState::Cancelled);
        assert!(cells.at_work(1, None).is_empty() && !cells.after(&task, &mut HashMap::new()).is_empty());
    }

    #[test]
    fn a_large_study_that_is_stopped_is_shown_at_once() {
        let count = 10_000;
        let mut cells = many(count);
        // A table of all is made last.
        let gathered = cells.columns.len();
        let coordinates =
            cells.coordinates.iter().cloned().chain([Coordinate::default()]).collect::<Vec<_>>();
        let mut columns = std::mem::take(&mut cells.columns);
        columns.iter_mut().for_each(|column| column.cells.push(None));
        let last = (0..=count).map(|row| (row == count).then(|| Cell::of(CellState::Waiting, None)));
        let (node, before) = ("table".to_owned(), (0..gathered).collect());
        columns.push(Column { node, end: None, before, cells: last.collect() });
        let row_of = coordinates.iter().cloned().enumerate().map(|(row, c)| (c, row)).collect();
        let names = coordinates.iter().map(ToString::to_string).collect();
        let cells = Cells::new(coordinates, names, columns, None, Vec::new(), row_of);
        let (began, mut partners) = (std::time::Instant::now(), HashMap::new());
        for row in 0..count {
            let after = cells.after(&cells.task(0, row), &mut partners);
            assert_eq!(after.len(), gathered, "the others of its item, and the table");
            assert!(after.iter().any(|task| task.node == "table"));
        }
        assert!(began.elapsed().as_secs_f64() < 1.0, "{:?}", began.elapsed());
    }
}
