//! Asks the threads what is not known yet, and takes in what they answer.

use super::{
    App,
    backend::{Answer, OpenedFile, Purpose},
    browser::Mode,
    canvas,
    command::Command,
    editor::Editor,
    jobs,
    runs::Level,
    views::Viewer,
};
use crate::pipeline::{Edit, EventKind, NodeState, RunStatus};
use std::path::PathBuf;

impl App {
    /// Asks for problems and states where the pipeline changed since.
    pub(super) fn ask_for_checks(&mut self) {
        if self.checked != Some(self.meaning) {
            self.checked = Some(self.meaning);
            let (folder, path) = (self.editor.base_folder(), self.editor.path.clone());
            self.backend.check(self.meaning, self.editor.pipeline(), folder, path);
        }
    }

    /// Asks what flows at the selected node, once a selection and a state of the pipeline.
    pub(super) fn ask_for_flows(&mut self) {
        let Some(node) = self.editor.single_selection() else { return };
        let wanted = (self.meaning, node.name.clone());
        let Some(executor) = self.executor.clone().filter(|_| self.flows_of.as_ref() != Some(&wanted)) else {
            return;
        };
        let Some(known) = self.registry.get(&node.kind) else { return };
        let outputs = known.outputs(&node.params).into_iter().map(|p| format!("{}.{}", node.name, p.name));
        let inputs = known.inputs(&node.params);
        let inputs =
            inputs.iter().filter_map(|p| self.editor.wire_into(&format!("{}.{}", node.name, p.name)));
        let ends = outputs.chain(inputs).collect();
        let base_folder = self.editor.base_folder();
        self.backend.describe(&executor, self.editor.pipeline(), self.meaning, base_folder, ends);
        self.flows.clear();
        self.flows_of = Some(wanted);
    }

    /// What is stored, with what runs say on top.
    pub(super) fn join_states(&mut self) {
        self.states.clone_from(&self.stored);
        let pipeline = self.editor.pipeline();
        self.states.retain(|name, _| pipeline.index(name).is_some());
        for (name, live) in self.runs.live() {
            let done = matches!(live, NodeState::Done { .. } | NodeState::Cached);
            let stored = self.states.get(name);
            // The store knows better whether what was done still holds.
            let outdated = done
                && !self.runs.is_running()
                && stored.is_some_and(|s| !matches!(s, NodeState::Cached | NodeState::Done { .. }));
            if !outdated && pipeline.index(name).is_some() {
                self.states.insert(name.clone(), live.clone());
            }
        }
    }

    /// Takes in an answer of the threads.
    pub(super) fn hear(&mut self, answer: Answer) {
        match answer {
            Answer::Ready(executor) => {
                let mut viewer = Viewer::new(&self.ctx, executor.clone());
                if let Some(end) = &self.editor.looked_at {
                    viewer.show_end(self.editor.pipeline(), &self.editor.base_folder(), end);
                }
                self.viewer = Some(viewer);
                if let Some(options) = self.pending_run.take() {
                    self.backend.run(&executor, self.editor.pipeline(), options);
                }
                self.executor = Some(executor);
            }
            Answer::NoStore(reason) => {
                self.starting = false;
                self.pending_run = None;
                self.runs.say(Level::Error, reason.clone());
                self.no_store = Some(reason);
            }
            Answer::Checked { revision, problems, nodes } => {
                if revision == self.meaning {
                    self.problems = problems;
                    if let Some(nodes) = nodes {
                        self.stored.clear();
                        self.known = canvas::Known::default();
                        self.problems.iter().for_each(|problem| self.known.advise(problem));
                        for (name, node) in nodes {
                            self.known.add(&name, &node);
                            self.stored.insert(name, node.state);
                        }
                        self.join_states();
                        self.refresh_viewer();
                    }
                }
            }
            Answer::Flows { revision, words } => {
                if revision == self.meaning {
                    self.flows = words;
                }
            }
            Answer::RunStarted { run, stop } => {
                self.starting = false;
                self.runs.started(run, stop);
                if self.dialogs.after_stop.is_some() {
                    self.runs.stop();
                }
            }
            Answer::Event(event) => {
                if let Some(viewer) = &mut self.viewer {
                    viewer.on_event(&event);
                }
                self.runs.hear(&event);
                self.join_states();
                if let EventKind::Started { task } = &event.kind {
                    self.follow(&task.node);
                }
                if let EventKind::RunFinished { status, .. } = &event.kind {
                    self.run_finished(*status);
                }
            }
            Answer::RunEnded(status) => {
                self.starting = false;
                self.runs.ended(status);
            }
            Answer::Opened { path, result } => self.opened(path, result),
            Answer::Saved { path, revision, result } => match result {
                Ok(()) => {
                    self.settings.remember_file(&path);
                    self.editor.path = Some(path);
                    self.editor.mark_saved(revision);
                    if let Some(next) = self.dialogs.after_save.take() {
                        self.perform(next);
                    }
                }
                Err(reason) => {
                    self.dialogs.after_save = None;
                    self.runs.say(Level::Error, reason.clone());
                    self.toasts.error(reason);
                }
            },
            Answer::Listed { folder, entries } => {
                if let Some(browser) = &mut self.dialogs.browser {
                    browser.listed(&folder, entries);
                }
            }
            Answer::Recognised { path, words, opens } => {
                if let Some(browser) = &mut self.dialogs.browser {
                    browser.recognised(path, words, opens);
                }
            }
            Answer::Found { path, found, enters } => self.path_found(path, found, enters),
        }
    }

    fn opened(&mut self, path: PathBuf, result: Result<OpenedFile, String>) {
        match result {
            Ok(OpenedFile::Pipeline(opened)) => {
                self.settings.remember_file(&path);
                // What is wrong in the text of the file is seen nowhere else.
                let in_text = opened.problems.iter().any(|p| p.line.is_some() && p.node.is_none());
                self.show(Editor::new(opened.pipeline, "", Some(path)));
                self.problems = opened.problems;
                if in_text {
                    self.bottom.open = true;
                    self.bottom.tab = jobs::Tab::Problems;
                }
            }
            Ok(OpenedFile::Readers { kinds }) => self.show_readers(&kinds, &path),
            Ok(OpenedFile::Folder { words }) => {
                self.toasts.info(words);
                self.browse_in(Purpose::Open, Mode::Open, path, String::new());
            }
            Err(reason) => {
                self.runs.say(Level::Error, reason.clone());
                self.toasts.error(reason);
            }
        }
    }

    pub(super) fn chosen(&mut self, purpose: Purpose, path: PathBuf) {
        match purpose {
            Purpose::Open => self.perform(Command::Open(path)),
            Purpose::Save => self.save(path),
            Purpose::Export => {
                if let Some(viewer) = &mut self.viewer {
                    viewer.save_to(&path);
                }
            }
            Purpose::Param { node, field } => {
                let Some(instance) = self.editor.pipeline().node(&node) else { return };
                let mut params = instance.params.clone();
                params.insert(field.clone(), path.to_string_lossy().into_owned().into());
                self.edit(Edit::SetParams(node, params), &format!("change {field}"), None);
            }
        }
    }

    fn run_finished(&mut self, status: RunStatus) {
        // What is stored now is other than what was asked for last; until it is asked for again, what the
        // run says holds.
        for (name, live) in self.runs.live() {
            if matches!(live, NodeState::Done { .. } | NodeState::Cached) {
                self.stored.insert(name.clone(), NodeState::Cached);
            }
        }
        self.join_states();
        self.checked = None;
        self.flows_of = None;
        if status == RunStatus::Failed {
            self.bottom.open = true;
            self.bottom.tab = jobs::Tab::Jobs;
        }
        if !self.ctx.input(|i| i.focused) {
            match status {
                RunStatus::Ok => self.toasts.success("The run is done."),
                RunStatus::Failed => self.toasts.error("The run failed."),
                RunStatus::Cancelled => {}
            }
        }
    }

    fn refresh_viewer(&mut self) {
        if let (Some(viewer), Some(end)) = (&mut self.viewer, &self.editor.looked_at) {
            viewer.show_end(self.editor.pipeline(), &self.editor.base_folder(), end);
        }
    }
}
