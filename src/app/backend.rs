//! Everything that may take longer than a frame happens here, in threads that answer over a channel.

use super::{
    answer::{Answer, Recent},
    browser::Found,
    checks::{Check, check_loop},
    command::Joint,
    compare, files, flow, groups, history, left, presets,
    runs::Stop,
    settings::{RecentList, recent_files},
    sheet::Sheet,
    sketch::Sketch,
    texts,
};
use crate::inspect::{heights::peak_heights, selfcheck::self_check};
use crate::io::{self, study::Study};
use crate::pipeline::{
    Document, Executor, KeptRun, Limits, Look, Params, Pipeline, Registry, RunOptions, Value, document_of,
};
use crossbeam_channel::{Receiver, Sender};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// The hand that gives work away.
pub struct Backend {
    ctx: egui::Context,
    registry: Arc<Registry>,
    checks: Sender<Check>,
    answers: Receiver<Answer>,
    answer: Sender<Answer>,
}

impl Backend {
    /// Starts the threads; the store is opened by one of them.
    pub fn new(ctx: &egui::Context, registry: Arc<Registry>, store_folder: PathBuf, limits: Limits) -> Self {
        let (answer, answers) = crossbeam_channel::unbounded();
        let (checks, to_check) = crossbeam_channel::unbounded();
        let backend = Self { ctx: ctx.clone(), registry: registry.clone(), checks, answers, answer };
        let send = backend.sender();
        // The thread ends when the window drops its end of the channel.
        spawn("checks", move || check_loop(&registry, &store_folder, limits, &to_check, &send));
        backend
    }

    /// What came back since the last frame.
    pub fn answers(&self) -> Vec<Answer> {
        self.answers.try_iter().collect()
    }

    /// Asks for the problems and states of a sheet's pipeline; only the newest question is answered.
    pub fn check(&self, sheet: &Sheet) {
        let editor = &sheet.editor;
        let check = Check {
            revision: sheet.meaning,
            pipeline: editor.pipeline().clone(),
            base_folder: editor.base_folder(),
            path: editor.path.clone(),
            sheet: sheet.number,
        };
        // A closed channel means that the thread died with the window.
        let _ = self.checks.send(check);
    }

    /// Starts a run and passes its events on.
    pub fn run(&self, executor: &Arc<Executor>, sheet: u64, pipeline: &Pipeline, options: RunOptions) {
        let (executor, pipeline, send) = (executor.clone(), pipeline.clone(), self.sender());
        spawn("run", move || {
            let handle = executor.start(&pipeline, options);
            let (stop, stopped) = crossbeam_channel::unbounded();
            send(Answer::RunStarted { sheet, run: handle.id, stop });
            let mut stopped = stopped;
            loop {
                crossbeam_channel::select! {
                    recv(handle.events) -> event => match event {
                        Ok(event) => send(Answer::Event(sheet, event)),
                        Err(_) => break send(Answer::RunEnded(sheet, handle.wait())),
                    },
                    recv(stopped) -> asked => match asked {
                        Ok(Stop::All) => handle.cancel(),
                        Ok(Stop::Tasks(tasks)) => handle.stop_tasks(tasks),
                        // Nobody is left to ask.
                        Err(_) => stopped = crossbeam_channel::never(),
                    },
                }
            }
        });
    }

    /// Finds out what flows at these ends.
    pub fn describe(
        &self,
        executor: &Arc<Executor>,
        pipeline: &Pipeline,
        revision: u64,
        base_folder: PathBuf,
        ends: Vec<String>,
    ) {
        let (executor, pipeline, send) = (executor.clone(), pipeline.clone(), self.sender());
        spawn("flows", move || {
            let describe = |end: String| {
                let words = flow::describe(&executor, &pipeline, &base_folder, &end);
                (end, words)
            };
            send(Answer::Flows { revision, words: ends.into_iter().map(describe).collect() });
        });
    }

    /// Reads a file: a pipeline, a recording or a sorting.
    pub fn open(&self, path: PathBuf) {
        let (registry, send) = (self.registry.clone(), self.sender());
        spawn("open", move || {
            let path = files::meant(path);
            let result = files::read_file(&path, &registry);
            send(Answer::Opened { path, result });
        });
    }

    /// Looks why a node would run, or why it ran.
    pub fn why(&self, executor: &Arc<Executor>, sheet: &Sheet, node: String) {
        let (executor, send, number) = (executor.clone(), self.sender(), sheet.number);
        let (pipeline, base) = (sheet.editor.pipeline().clone(), sheet.editor.base_folder());
        let document = document_of(&base, sheet.editor.path.as_deref(), sheet.number);
        spawn("why", move || {
            send(Answer::Why(number, executor.why(&pipeline, &base, &document, &node)));
        });
    }

    /// Opens what was dropped together.
    pub fn open_all(&self, paths: Vec<PathBuf>) {
        let (registry, send) = (self.registry.clone(), self.sender());
        spawn("open", move || {
            if let Some((path, study)) = files::study_of(&paths) {
                send(Answer::Opened { path, result: Ok(study) });
                return;
            }
            for path in paths {
                let path = files::meant(path);
                let result = files::read_file(&path, &registry);
                send(Answer::Opened { path, result });
            }
        });
    }

    /// Writes the pipeline to a file.
    pub fn save(&self, sheet: u64, pipeline: &Pipeline, revision: u64, path: PathBuf) {
        let (pipeline, registry, send) = (pipeline.clone(), self.registry.clone(), self.sender());
        spawn("save", move || {
            let result = Document::write(&pipeline, &path, &registry).map_err(|error| error.to_string());
            send(Answer::Saved { path, sheet, revision, result });
        });
    }

    /// Reads the file of a sheet again.
    pub fn reread(&self, sheet: u64, path: PathBuf) {
        let (registry, send) = (self.registry.clone(), self.sender());
        spawn("reread", move || {
            let result = Document::read(&path, &registry).map_err(|error| error.to_string());
            send(Answer::Reread { sheet, result });
        });
    }

    /// Asks which file of a study is there, to find out how its files lie.
    pub fn first_of_study(&self, node: String, params: Params, base_folder: PathBuf) {
        let send = self.sender();
        spawn("study", move || {
            let study = serde_json::from_value::<Study>(params.into_iter().collect());
            let first = study.map_err(|error| error.to_string()).and_then(|mut study| {
                if !study.path.as_os_str().is_empty() {
                    study.path = base_folder.join(&study.path);
                }
                study.files.iter_mut().for_each(|file| *file = base_folder.join(&file));
                io::study::first_file(&study).map_err(|error| error.to_string())
            });
            send(Answer::FirstOfStudy(node, first));
        });
    }

    /// Asks what was open in earlier sessions.
    pub fn find_recent(&self, state_folder: PathBuf) {
        let send = self.sender();
        spawn("recent", move || {
            for list in [RecentList::Pipelines, RecentList::Data] {
                send(Answer::RecentFiles(list, recent_files(&state_folder, list)));
            }
        });
    }

    /// Asks what became of files that were open before.
    pub fn look_after(&self, changes: u64, paths: Vec<PathBuf>) {
        let (registry, send) = (self.registry.clone(), self.sender());
        spawn("recent", move || {
            let of_path = |path: PathBuf| {
                let data = path.metadata().ok();
                let written = data.as_ref().and_then(|data| data.modified().ok());
                let age_s = written.and_then(|at| at.elapsed().ok()).map(|age| age.as_secs_f64());
                let opened = Document::read(&path, &registry).ok();
                let sketch = opened.map(|opened| Sketch::new(&opened.pipeline, &registry));
                Recent { is_there: data.is_some(), age_s, sketch, path }
            };
            send(Answer::Recent(changes, paths.into_iter().map(of_path).collect()));
        });
    }

    /// Asks for the presets of a kind of node.
    pub fn list_presets(&self, library: PathBuf, kind: String) {
        let (registry, send) = (self.registry.clone(), self.sender());
        spawn("presets", move || {
            let found = presets::list(&library, &kind, &registry);
            send(Answer::Presets(kind, found));
        });
    }

    /// Checks whether this computer sorts as it should.
    pub fn self_check(&self, stop: Arc<AtomicBool>) {
        let (registry, send) = (self.registry.clone(), self.sender());
        spawn("self-check", move || {
            let result = tempfile::tempdir().map_err(|error| error.to_string()).and_then(|folder| {
                let tell = |step: &str, share: f32| send(Answer::SelfCheckAt(step.to_owned(), share));
                let stops = || stop.load(Ordering::Relaxed);
                self_check(&registry, folder.path(), Limits::default(), tell, stops)
            });
            send(Answer::SelfChecked(result));
        });
    }

    /// Finds out how high the peaks are at an end, the input of a node.
    pub fn heights(
        &self,
        executor: &Arc<Executor>,
        pipeline: &Pipeline,
        base_folder: PathBuf,
        end: String,
        node: String,
    ) {
        let (executor, pipeline, send) = (executor.clone(), pipeline.clone(), self.sender());
        spawn("heights", move || {
            let found = match executor.look(&pipeline, &base_folder, &end) {
                Ok(Look::Ready(items) | Look::Partly(items, _)) => match items.first() {
                    Some((_, Value::Recording(recording))) => {
                        peak_heights(recording).map_err(|error| error.to_string())
                    }
                    _ => Err(texts::files::no_recording_at(&end)),
                },
                Ok(Look::NeedsRun(_) | Look::NeedsFit(_)) => Err(texts::files::run_to_it_first(&end)),
                Err(error) => Err(error.to_string()),
            };
            send(Answer::Heights(node, found));
        });
    }

    /// Tells the user by the desktop, where it has a way to.
    pub fn notify(&self, words: String) {
        spawn("notify", move || {
            let mut command = std::process::Command::new("notify-send");
            command.args(["--app-name=Spikeloom", "Spikeloom", &words]);
            // Desktops without it show nothing; the window says it, too.
            let _ = command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).status();
        });
    }

    /// Asks what the library holds besides presets.
    pub fn list_kept(&self, library: PathBuf) {
        let (registry, send) = (self.registry.clone(), self.sender());
        spawn("library", move || send(Answer::Kept(groups::kept(&library, &registry))));
    }

    /// Reads a file of the library.
    pub fn read_kept(&self, sheet: u64, file: PathBuf, place: [f32; 2], joint: Joint) {
        let (registry, send) = (self.registry.clone(), self.sender());
        spawn("library", move || {
            let result = Document::read(&file, &registry).map_err(|error| error.to_string());
            send(Answer::KeptRead { sheet, place, joint, result: result.map(|opened| opened.pipeline) });
        });
    }

    /// Asks which runs there were.
    pub fn list_runs(&self, executor: &Arc<Executor>) {
        let (executor, send) = (executor.clone(), self.sender());
        spawn("runs", move || send(Answer::Runs(history::list(&executor))));
    }

    /// Compares two runs.
    pub fn compare(&self, executor: &Arc<Executor>, runs: [KeptRun; 2]) {
        let (executor, send) = (executor.clone(), self.sender());
        spawn("compare", move || send(Answer::Compared(Box::new(compare::compare(&executor, runs)))));
    }

    /// Asks what earlier sessions left unsaved.
    pub fn find_unsaved(&self, state_folder: PathBuf) {
        let (registry, send) = (self.registry.clone(), self.sender());
        spawn("unsaved", move || {
            let mut known: Option<BTreeSet<PathBuf>> = None;
            // A session that was killed a moment ago still holds its lock while it dies.
            for pause_s in [0, 1, 3, 6] {
                std::thread::sleep(Duration::from_secs(pause_s));
                let found = left::left(&state_folder, &registry);
                let files: BTreeSet<PathBuf> = found.files().map(Path::to_owned).collect();
                if known.as_ref().is_none_or(|known| !files.is_subset(known)) {
                    send(Answer::Left(found));
                    known = Some(files);
                }
            }
        });
    }

    /// Asks what a folder holds.
    pub fn list(&self, folder: PathBuf) {
        let send = self.sender();
        spawn("list", move || {
            let entries = files::list_folder(&folder)
                .map_err(|error| texts::files::cannot_be_read(&folder.display(), &error));
            send(Answer::Listed { folder, entries });
        });
    }

    /// Asks what a file or folder is.
    pub fn recognise(&self, path: PathBuf) {
        let send = self.sender();
        spawn("recognise", move || {
            let (words, opens) = files::recognise(&path);
            send(Answer::Recognised { path, words, opens });
        });
    }

    /// Asks what is at a path; where it is not said whether a folder is entered, one that is nothing to open is.
    pub fn find(&self, path: PathBuf, enters: Option<bool>) {
        let send = self.sender();
        spawn("find", move || {
            let found = match path.metadata() {
                Ok(data) if data.is_dir() => Found::Folder,
                Ok(_) => Found::File,
                Err(_) => Found::Missing,
            };
            let enters = enters.unwrap_or_else(|| !files::recognise(&path).1);
            send(Answer::Found { path, found, enters });
        });
    }

    pub(super) fn sender(&self) -> impl Fn(Answer) + Clone + Send + Sync + 'static {
        let (answer, ctx) = (self.answer.clone(), self.ctx.clone());
        move |value| {
            // Nobody listens once the window is gone.
            let _ = answer.send(value);
            ctx.request_repaint();
        }
    }
}

pub(super) fn spawn(name: &str, work: impl FnOnce() + Send + 'static) {
    let started = std::thread::Builder::new().name(format!("window_{name}")).spawn(work);
    if let Err(error) = started {
        eprintln!("cannot start a thread: {error}");
    }
}
