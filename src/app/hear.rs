//! Asks the threads what is not known yet, and takes in what they answer.

use super::{
    App,
    answer::{Answer, Purpose},
    browser::Mode,
    command::Command,
    editor::Editor,
    files::OpenedFile,
    jobs,
    runs::{Level, Stop, Task},
    sheet::Sheet,
    text, texts,
    views::Viewer,
    wizard,
};
use crate::pipeline::{Edit, Event, EventKind, NodeState, RunStatus, Why};
use std::{path::PathBuf, sync::Arc};

/// No revision of a pipeline.
const UNKEPT: u64 = u64::MAX;
/// Items whose reasons are told.
const TOLD: usize = 50;
/// A run of so many seconds has been left alone: the desktop says when it is over.
const LONG_S: f64 = 20.0;

impl App {
    /// Asks for problems and states where the pipeline changed since.
    pub(super) fn ask_for_checks(&mut self) {
        if self.sheet.checked != Some(self.sheet.meaning) {
            self.sheet.checked = Some(self.sheet.meaning);
            // What is looked at does not wait for the check: its parameters may be in the hand right now.
            self.sheet.refresh_viewer();
            self.backend.check(&self.sheet);
        }
    }

    /// Asks what flows at the selected node, once a selection and a state of the pipeline.
    pub(super) fn ask_for_flows(&mut self) {
        let Some(node) = self.sheet.editor.single_selection() else { return };
        let wanted = (self.sheet.meaning, node.name.clone());
        let Some(executor) = self.executor.clone().filter(|_| self.sheet.flows_of.as_ref() != Some(&wanted))
        else {
            return;
        };
        let kinds = self.kinds();
        let Some(known) = kinds.get(&node.kind) else { return };
        let outputs = known.outputs(&node.params).into_iter().map(|p| format!("{}.{}", node.name, p.name));
        let inputs = known.inputs(&node.params);
        let inputs =
            inputs.iter().filter_map(|p| self.sheet.editor.wire_into(&format!("{}.{}", node.name, p.name)));
        let editor = &self.sheet.editor;
        let ends = outputs.chain(inputs).filter_map(|end| editor.flat_end(&end)).collect();
        let base_folder = self.sheet.editor.base_folder();
        self.backend.describe(&executor, self.sheet.editor.pipeline(), self.sheet.meaning, base_folder, ends);
        self.sheet.flows.clear();
        self.sheet.flows_of = Some(wanted);
    }

    /// Takes in an answer of the threads.
    pub(super) fn hear(&mut self, answer: Answer) {
        match answer {
            Answer::Ready(executor) => {
                for sheet in std::iter::once(&mut self.sheet).chain(&mut self.behind) {
                    sheet.viewer = Some(Viewer::new(&self.ctx, executor.clone()));
                    sheet.refresh_viewer();
                }
                self.executor = Some(executor);
                self.start_next();
                self.follow_queue();
            }
            Answer::NoStore(reason) => {
                self.unqueue(|_| true);
                self.sheet.runs.say(Level::Error, reason.clone());
                self.no_store = Some(reason);
            }
            Answer::Checked { revision, problems, nodes } => {
                let is_whole = nodes.is_some();
                let mut problems = problems;
                problems.extend(self.shuffled(revision));
                if let Some(sheet) = self.sheet_at(revision) {
                    sheet.take_report(problems, nodes);
                }
                if is_whole && self.sheet.meaning == revision && std::mem::take(&mut self.sheet.has_warned) {
                    self.show_what_is_to_mend();
                }
            }
            Answer::Offers { revision, offers } => {
                if let Some(sheet) = self.sheet_at(revision) {
                    sheet.offers = offers;
                }
            }
            Answer::Asked => {
                std::iter::once(&mut self.sheet)
                    .chain(&mut self.behind)
                    .for_each(|sheet| sheet.checked = None);
            }
            Answer::Flows { revision, words } => {
                if let Some(sheet) = self.sheet_at(revision) {
                    sheet.flows = words;
                }
            }
            Answer::RunStarted { sheet, run, stop } => match self.sheet_mut(sheet) {
                Some(sheet) => sheet.runs.started(run, stop),
                // Its tab was closed meanwhile; what it does is not wanted any more.
                None => drop(stop.send(Stop::All)),
            },
            Answer::Event(sheet, event) => self.hear_event(sheet, &event),
            Answer::RunEnded(number, status) => {
                if let Some(sheet) = self.sheet_mut(number) {
                    sheet.runs.ended(status);
                }
                self.history.forget();
                self.study.forget();
                self.run_over(number);
            }
            Answer::Cluster(number, follower, told) => self.hear_cluster(number, follower, told),
            Answer::Submitted(number, result) => self.submitted(number, result),
            Answer::Opened { path, result } => self.opened(path, result),
            Answer::Saved { path, sheet, revision, result } => self.saved(path, sheet, revision, result),
            Answer::Reread { sheet, result } => self.reread(sheet, result),
            Answer::Recent(changes, found) => self.start.listed(changes, found),
            Answer::Presets(kind, presets) => self.presets.listed(kind, presets),
            Answer::Preview(made) => self.preview_made(made),
            Answer::HandedOn(result) => self.handed_on(result),
            Answer::Wiring(question, found) => self.wiring_found(question, found),
            Answer::Heights(node, found) => self.heights_found(&node, found),
            Answer::SelfCheckAt(step, share) => self.self_check_told(step, share),
            Answer::SelfChecked(result) => self.self_checked(result),
            Answer::Kept(kept) => self.palette.kept = kept,
            Answer::KeptRead { sheet, place, joint, result } => self.kept_read(sheet, place, &joint, result),
            Answer::Why(number, why) => self.told_why(number, why),
            Answer::Runs(runs) => self.history.listed(runs),
            Answer::Compared(result) => match *result {
                Ok(comparison) => self.history.compared(comparison),
                Err(reason) => self.toasts.error(texts::files::runs_not_compared(&reason)),
            },
            Answer::FirstOfStudy(node, Ok(first)) => self.import(wizard::Source::Study(node, first)),
            Answer::FirstOfStudy(_, Err(reason)) => self.toasts.error(reason),
            Answer::RecentFiles(list, earlier) => {
                self.settings.recall_files(list, earlier);
                self.start.look_again();
            }
            Answer::Left(left) => self.take_left(left),
            Answer::NotKept(reason) => {
                self.not_kept = true;
                self.toasts.error(reason);
            }
            Answer::KeptAgain => {
                self.not_kept = false;
                // Of what was changed in between there is no copy yet.
                for sheet in std::iter::once(&mut self.sheet).chain(&mut self.behind) {
                    sheet.kept = sheet.kept.and(Some(UNKEPT));
                }
            }
            Answer::RecentNotKept(reason) => self.toasts.error(reason),
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

    /// The sheet that shows this state of a pipeline.
    fn sheet_at(&mut self, meaning: u64) -> Option<&mut Sheet> {
        let mut sheets = std::iter::once(&mut self.sheet).chain(&mut self.behind);
        sheets.find(|sheet| sheet.meaning == meaning)
    }

    fn hear_event(&mut self, number: u64, event: &Event) {
        let is_front = self.sheet.number == number;
        let Some(sheet) = self.sheet_mut(number) else { return };
        if let Some(viewer) = &mut sheet.viewer {
            viewer.on_event(event);
        }
        sheet.runs.hear(event);
        sheet.unjoined = true;
        if is_front {
            self.study.hear(event);
        }
        let Some(sheet) = self.sheet_mut(number) else { return };
        match &event.kind {
            EventKind::Started { task } if is_front => self.follow(&task.node),
            EventKind::RunFinished { status, .. } => {
                sheet.run_finished();
                sheet.has_warned = sheet.runs.has_warned();
                let (title, lasted_s) = (sheet.editor.title(), sheet.runs.lasted_s());
                self.tell_of_end(*status, &title, is_front, lasted_s);
            }
            _ => {}
        }
    }

    fn saved(&mut self, path: PathBuf, number: u64, revision: u64, result: Result<(), String>) {
        match result {
            Ok(()) => {
                self.remember_file(&path);
                if let Some(sheet) = self.sheet_mut(number) {
                    sheet.editor.path = Some(path);
                    sheet.editor.mark_saved(revision);
                    // It is not in the file any more.
                    sheet.left_out.clear();
                    sheet.checked = None;
                }
                if let Some(next) = self.dialogs.after_save.take() {
                    self.perform(next);
                }
            }
            Err(reason) => {
                self.dialogs.after_save = None;
                if let Some(sheet) = self.sheet_mut(number) {
                    sheet.runs.say(Level::Error, reason.clone());
                }
                self.toasts.error(reason);
            }
        }
    }

    fn opened(&mut self, path: PathBuf, result: Result<OpenedFile, String>) {
        match result {
            Ok(OpenedFile::Pipeline(opened)) => {
                self.remember_file(&path);
                // It may have come back meanwhile as one of the last session's tabs.
                let open = self.sheets().find(|sheet| sheet.is_of(&path)).map(|sheet| sheet.number);
                if let Some(number) = open {
                    let waiting = self.sheet.is_fresh().then_some(self.sheet.number);
                    self.bring_forward(number);
                    waiting.into_iter().for_each(|waiting| self.close_sheet(waiting));
                    self.was_dropped = false;
                    return;
                }
                self.show(Editor::new(opened.pipeline, "", Some(path)));
                self.sheet.take_problems_of_text(opened.problems);
                // What is wrong in the text of the file is seen nowhere else.
                if !self.sheet.left_out.is_empty() {
                    self.bottom.open = true;
                    self.bottom.tab = jobs::Tab::Problems;
                }
            }
            Ok(OpenedFile::Readers { kinds, fitting }) => self.show_readers(&kinds, &path, fitting),
            Ok(OpenedFile::Study { params, fitting }) => {
                let is_raw = fitting.is_none();
                self.show_reading(&[(wizard::STUDY, params)], &path, fitting);
                // Files that say nothing of themselves: once for all of them.
                let added = self.sheet.editor.selection.first().cloned();
                if let Some(node) = added.filter(|_| is_raw) {
                    self.perform(Command::Import(node));
                }
            }
            Ok(OpenedFile::Raw) => self.import(wizard::Source::File(path)),
            Ok(OpenedFile::Probe) => self.give_probe(&path),
            Ok(OpenedFile::Streams(streams)) => self.import_streams(streams),
            Ok(OpenedFile::Copy { opened, name, folder, shown, given }) => {
                let mut editor = Editor::new(opened.pipeline, texts::files::pipeline_of(&name), None);
                editor.folder = folder;
                self.show(editor);
                self.sheet.take_problems_of_text(opened.problems);
                self.sheet.given = Arc::new(given);
                if let Some(end) = shown {
                    self.perform(Command::Look(end));
                }
                // A picture is called by its file.
                let picture = path.file_name().filter(|_| path.is_file()).map(|file| file.to_string_lossy());
                self.toasts.info(texts::files::pipeline_that_made(&picture.unwrap_or(name.into())));
            }
            Ok(OpenedFile::Folder { words }) => {
                self.toasts.info(words);
                self.browse_in(Purpose::Open, Mode::Open, path, String::new());
            }
            // Nothing that the tab in front is about.
            Err(reason) => self.toasts.error(reason),
        }
        self.was_dropped = false;
    }

    /// The reasons are among what was said, which opens.
    fn told_why(&mut self, number: u64, why: Result<Vec<Why>, String>) {
        let Some(sheet) = self.sheet_mut(number) else { return };
        match why {
            Ok(found) => {
                let text: String = found.iter().take(TOLD).map(ToString::to_string).collect();
                text.lines().for_each(|line| sheet.runs.say(Level::Info, line));
                let more = found.len().saturating_sub(TOLD);
                if more > 0 {
                    sheet.runs.say(Level::Info, texts::runs::more_items(&more));
                }
            }
            Err(reason) => sheet.runs.say(Level::Info, reason),
        }
        self.bottom.open = true;
        self.bottom.tab = jobs::Tab::Log;
    }

    pub(super) fn chosen(&mut self, purpose: Purpose, path: PathBuf) {
        match purpose {
            Purpose::Open => self.perform(Command::Open(path)),
            Purpose::Save => self.save(path),
            Purpose::Script => self.write_script(path),
            Purpose::Archive => self.write_archive(path),
            Purpose::Probe => self.take_probe_file(&path),
            Purpose::Export => {
                if let Some(viewer) = &mut self.sheet.viewer {
                    viewer.save_to(&path);
                }
            }
            Purpose::Param { node, field } => {
                let Some(mut params) = self.sheet.editor.pipeline().params_of(&node) else { return };
                params.insert(field.clone(), path.to_string_lossy().into_owned().into());
                self.edit(Edit::SetParams(node, params), &texts::files::change(&field), None);
            }
        }
    }

    /// A run is over: said where nobody looks.
    /// Opens the list of problems where a result of the last run warned of what can be mended.
    fn show_what_is_to_mend(&mut self) {
        let mut warned = self.sheet.known.warnings.values().flatten();
        if warned.any(|warning| !warning.remedies.is_empty()) {
            self.bottom.open = true;
            self.bottom.tab = jobs::Tab::Problems;
        }
    }

    fn tell_of_end(&mut self, status: RunStatus, title: &str, is_front: bool, lasted_s: f64) {
        // The study shows what failed as well.
        let is_shown = self.bottom.open && self.bottom.tab == jobs::Tab::Study;
        if is_front && status == RunStatus::Failed && !is_shown {
            self.bottom.open = true;
            self.bottom.tab = jobs::Tab::Jobs;
            // What failed first, with its cause and what mends it.
            let failed = |task: &&Task| matches!(task.state, NodeState::Failed(_));
            self.bottom.job = self.sheet.runs.tasks().iter().find(failed).map(|task| task.id.clone());
        }
        let is_looking = self.ctx.input(|i| i.focused);
        if is_front && is_looking {
            return;
        }
        let after = text::took(lasted_s);
        let words = match status {
            RunStatus::Ok => texts::files::the_run_of_is_done(&title, &after),
            RunStatus::Failed => texts::files::the_run_of_failed(&title, &after),
            RunStatus::Cancelled => return,
        };
        if !is_looking && lasted_s >= LONG_S {
            self.backend.notify(words.clone());
        }
        match status {
            RunStatus::Failed => self.toasts.error(words),
            _ => self.toasts.success(words),
        }
    }
}
