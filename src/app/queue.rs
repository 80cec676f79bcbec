//! Runs that wait for their turn: one goes on at a time, each with the pipeline as it was when it was asked for.

use super::{
    App,
    compare::{Line, settings},
    texts,
};
use crate::pipeline::{Pipeline, RunOptions, TaskId};
use std::collections::BTreeSet;

/// A run that was asked for.
pub struct Waiting {
    /// Differs for every run that was asked for.
    pub number: u64,
    /// The sheet that asked.
    pub sheet: u64,
    /// What it is called: the title of the pipeline.
    pub title: String,
    /// The state of the pipeline it was asked for.
    meaning: u64,
    pipeline: Pipeline,
    options: RunOptions,
    /// What is set otherwise than in the run before it of the same sheet.
    changes: Vec<Line>,
}

impl Waiting {
    /// The title, with the node the run goes to.
    pub fn words(&self) -> String {
        match &self.options.until {
            Some(node) => texts::runs::until_node(&self.title, &node),
            None => match &self.options.only {
                Some(tasks) => format!("{} ({})", self.title, texts::counts::tasks(tasks.len())),
                None => self.title.clone(),
            },
        }
    }

    /// What is set otherwise than in the run before it.
    pub fn changes(&self) -> &[Line] {
        &self.changes
    }

    /// The nodes it runs, as far as they are not done.
    fn scope(&self) -> BTreeSet<String> {
        let all = || self.pipeline.nodes().map(|node| node.name.clone()).collect();
        match (&self.options.only, &self.options.until) {
            (Some(tasks), _) => tasks.iter().map(|task| task.node.clone()).collect(),
            (None, None) => all(),
            (None, Some(last)) => {
                let last = self.pipeline.nodes_of(last);
                let before = last.iter().flat_map(|last| self.pipeline.nodes_before(last));
                before.map(|node| node.name.as_str()).chain(last.iter().copied()).map(str::to_owned).collect()
            }
        }
    }

    /// True where another one would do the same.
    fn is_same(&self, other: &Self) -> bool {
        let own = (self.sheet, self.meaning, &self.options.until, &self.options.only);
        own == (other.sheet, other.meaning, &other.options.until, &other.options.only)
    }
}

impl App {
    /// Runs the pipeline in front, or what a node needs; where a run goes on already it waits for its turn.
    pub(super) fn run(&mut self, until: Option<String>) {
        self.run_as(RunOptions { until, ..RunOptions::default() });
    }

    /// Runs some tasks of the pipeline in front.
    pub(super) fn run_tasks(&mut self, tasks: BTreeSet<TaskId>) {
        if tasks.is_empty() {
            self.toasts.info(texts::runs::all_is_done());
            return;
        }
        self.run_as(RunOptions { only: Some(tasks), ..RunOptions::default() });
    }

    fn run_as(&mut self, options: RunOptions) {
        if let Some(reason) = &self.no_store {
            self.toasts.error(texts::runs::nothing_can_run(&reason));
            return;
        }
        if self.sheet.is_empty() {
            self.toasts.info(texts::runs::nothing_to_run());
            return;
        }
        self.last_run += 1;
        let editor = &self.sheet.editor;
        let waiting = Waiting {
            number: self.last_run,
            sheet: self.sheet.number,
            title: editor.title(),
            meaning: self.sheet.meaning,
            pipeline: editor.pipeline().clone(),
            options: RunOptions {
                base_folder: editor.base_folder(),
                pipeline_path: editor.path.clone(),
                owner: self.sheet.number,
                title: editor.title(),
                hooks: self.run_settings.hooks.clone(),
                threads: self.run_settings.threads,
                ..options
            },
            changes: Vec::new(),
        };
        if self.queue.iter().chain(&self.running).any(|other| other.is_same(&waiting)) {
            self.toasts.info(texts::runs::run_is_on_its_way());
            return;
        }
        if let Some(running) = &self.running {
            self.toasts.info(texts::runs::queued_it_begins_after(&running.words()));
        }
        self.queue.push_back(waiting);
        self.start_next();
        self.queue_changed();
    }

    /// Lets a run wait no longer.
    pub(super) fn unqueue(&mut self, is_meant: impl Fn(&Waiting) -> bool) {
        self.queue.retain(|waiting| !is_meant(waiting));
        self.queue_changed();
    }

    /// Other runs wait than before: says of each what is set otherwise than in the one before it.
    fn queue_changed(&mut self) {
        for index in 0..self.queue.len() {
            let waiting = &self.queue[index];
            let mut before = self.running.iter().chain(self.queue.iter().take(index));
            let before = before.rfind(|before| before.sheet == waiting.sheet);
            let pair = before.map(|before| [before.pipeline.clone(), waiting.pipeline.clone()]);
            let changes = pair.map_or_else(Vec::new, |pair| settings(&self.registry, &pair));
            self.queue[index].changes = changes;
        }
        self.follow_queue();
    }

    /// Nodes show what the pipeline as it is now will come to: what runs for an earlier state of it is none of
    /// theirs, what waits for its turn is.
    pub(super) fn follow_queue(&mut self) {
        for sheet in std::iter::once(&mut self.sheet).chain(&mut self.behind) {
            let (pipeline, number) = (sheet.editor.pipeline(), sheet.number);
            let waiting = self.queue.iter().filter(|waiting| waiting.sheet == number).flat_map(|waiting| {
                let changed = pipeline.changed_since(&waiting.pipeline);
                waiting.scope().into_iter().filter(move |name| !changed.contains(name))
            });
            sheet.waiting = waiting.collect();
            if let Some(running) = self.running.as_ref().filter(|running| running.sheet == number) {
                sheet.runs.set_outdated(pipeline.changed_since(&running.pipeline));
            }
            sheet.join_states();
        }
    }

    /// Starts the run that waits longest, where none goes on.
    pub(super) fn start_next(&mut self) {
        let Some(executor) = self.executor.clone().filter(|_| self.running.is_none()) else { return };
        while let Some(next) = self.queue.pop_front() {
            let Some(sheet) = self.sheet_mut(next.sheet) else { continue };
            sheet.runs.asked();
            self.backend.run(&executor, next.sheet, &next.pipeline, next.options.clone());
            self.running = Some(next);
            return;
        }
    }

    /// The run that went on is over.
    pub(super) fn run_over(&mut self, sheet: u64) {
        if self.running.as_ref().is_some_and(|running| running.sheet == sheet) {
            self.running = None;
            self.start_next();
            self.queue_changed();
        }
    }

    /// True where a run of this sheet goes on or waits.
    pub(super) fn is_busy(&self, sheet: u64) -> bool {
        let mut asked = self.queue.iter().chain(&self.running);
        asked.any(|waiting| waiting.sheet == sheet)
    }

    /// Stops single tasks of the sheet in front.
    pub(super) fn stop_tasks(&mut self, tasks: &BTreeSet<TaskId>) {
        if self.sheet.runs.stop_tasks(tasks) + self.stop_on_cluster(tasks) == 0 {
            self.toasts.info(texts::runs::nothing_to_stop());
        }
    }

    /// Stops the run of the sheet in front, or lets it wait no longer.
    pub(super) fn stop(&mut self) {
        let number = self.sheet.number;
        if self.sheet.runs.is_busy() {
            self.sheet.runs.stop();
        } else {
            self.unqueue(|waiting| waiting.sheet == number);
        }
    }
}
