//! Everything that may take longer than a frame happens here, in threads that answer over a channel.

use super::{
    browser::{Entry, Found},
    flow, text,
};
use crate::io;
use crate::pipeline::{
    Document, Event, Executor, Limits, NodeReport, Opened, Pipeline, Problem, Registry, RunId, RunOptions,
    RunStatus, Store, missing_files, validate,
};
use crossbeam_channel::{Receiver, Sender};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

/// What a file turned out to be.
#[derive(Debug)]
pub enum OpenedFile {
    /// A pipeline and what is wrong with it.
    Pipeline(Opened),
    /// A recording, a sorting or both: these nodes read it.
    Readers {
        /// Kinds of the nodes, the one to look at first.
        kinds: Vec<&'static str>,
    },
    /// A folder that is nothing by itself: there may be something in it.
    Folder {
        /// What was found, for people.
        words: String,
    },
}

/// An answer from the threads.
pub enum Answer {
    /// The store is open.
    Ready(Arc<Executor>),
    /// The store cannot be opened; says why.
    NoStore(String),
    /// What was found out about a state of the pipeline.
    Checked {
        /// The state it was asked for.
        revision: u64,
        /// All problems.
        problems: Vec<Problem>,
        /// How each node is; `None` while the store is not open.
        nodes: Option<BTreeMap<String, NodeReport>>,
    },
    /// A run began; `stop` ends it.
    RunStarted {
        /// Its number.
        run: RunId,
        /// Ask here for it to stop.
        stop: Sender<()>,
    },
    /// What flows at some ends, in words.
    Flows {
        /// The state it was asked for.
        revision: u64,
        /// Words by end.
        words: BTreeMap<String, String>,
    },
    /// Something happened in a run.
    Event(Event),
    /// Nothing more comes of a run.
    RunEnded(RunStatus),
    /// A file was read, or could not be.
    Opened {
        /// The file.
        path: PathBuf,
        /// What it holds, or why it cannot be read.
        result: Result<OpenedFile, String>,
    },
    /// A file was written, or could not be.
    Saved {
        /// The file.
        path: PathBuf,
        /// The state that was written.
        revision: u64,
        /// Why it could not be.
        result: Result<(), String>,
    },
    /// What a folder holds, or why it cannot be read.
    Listed {
        /// The folder.
        folder: PathBuf,
        /// Its entries, folders first.
        entries: Result<Vec<Entry>, String>,
    },
    /// What a file is, in words.
    Recognised {
        /// The file.
        path: PathBuf,
        /// Its format.
        words: String,
        /// It can be opened as it is.
        opens: bool,
    },
    /// What is at a path that the user chose.
    Found {
        /// The path.
        path: PathBuf,
        /// What is there.
        found: Found,
        /// A folder is to be entered, not taken.
        enters: bool,
    },
}

/// What a path is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To open.
    Open,
    /// To save the pipeline there.
    Save,
    /// To save what the viewer shows.
    Export,
    /// For a parameter of a node.
    Param {
        /// The node.
        node: String,
        /// The parameter.
        field: String,
    },
}

struct Check {
    revision: u64,
    pipeline: Pipeline,
    base_folder: PathBuf,
    path: Option<PathBuf>,
}

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

    /// Asks for the problems and states of a pipeline, `path` its file; only the newest question is answered.
    pub fn check(&self, revision: u64, pipeline: &Pipeline, base_folder: PathBuf, path: Option<PathBuf>) {
        // A closed channel means that the thread died with the window.
        let _ = self.checks.send(Check { revision, pipeline: pipeline.clone(), base_folder, path });
    }

    /// Starts a run and passes its events on.
    pub fn run(&self, executor: &Arc<Executor>, pipeline: &Pipeline, options: RunOptions) {
        let (executor, pipeline, send) = (executor.clone(), pipeline.clone(), self.sender());
        spawn("run", move || {
            let handle = executor.start(&pipeline, options);
            let (stop, stopped) = crossbeam_channel::bounded(1);
            send(Answer::RunStarted { run: handle.id, stop });
            let mut stopped = stopped;
            loop {
                crossbeam_channel::select! {
                    recv(handle.events) -> event => match event {
                        Ok(event) => send(Answer::Event(event)),
                        Err(_) => break send(Answer::RunEnded(handle.wait())),
                    },
                    recv(stopped) -> asked => {
                        if asked.is_ok() {
                            handle.cancel();
                        }
                        // Asked once, or nobody left to ask.
                        stopped = crossbeam_channel::never();
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
            let result = read_file(&path, &registry);
            send(Answer::Opened { path, result });
        });
    }

    /// Writes the pipeline to a file.
    pub fn save(&self, pipeline: &Pipeline, revision: u64, path: PathBuf) {
        let (pipeline, registry, send) = (pipeline.clone(), self.registry.clone(), self.sender());
        spawn("save", move || {
            let result = Document::write(&pipeline, &path, &registry).map_err(|error| error.to_string());
            send(Answer::Saved { path, revision, result });
        });
    }

    /// Asks what a folder holds.
    pub fn list(&self, folder: PathBuf) {
        let send = self.sender();
        spawn("list", move || {
            let entries = list_folder(&folder)
                .map_err(|error| format!("{} cannot be read: {error}.", folder.display()));
            send(Answer::Listed { folder, entries });
        });
    }

    /// Asks what a file or folder is.
    pub fn recognise(&self, path: PathBuf) {
        let send = self.sender();
        spawn("recognise", move || {
            let (words, opens) = recognise(&path);
            send(Answer::Recognised { path, words, opens });
        });
    }

    /// Asks what is at a path.
    pub fn find(&self, path: PathBuf, enters: bool) {
        let send = self.sender();
        spawn("find", move || {
            let found = match path.metadata() {
                Ok(data) if data.is_dir() => Found::Folder,
                Ok(_) => Found::File,
                Err(_) => Found::Missing,
            };
            send(Answer::Found { path, found, enters });
        });
    }

    fn sender(&self) -> impl Fn(Answer) + Send + Sync + 'static {
        let (answer, ctx) = (self.answer.clone(), self.ctx.clone());
        move |value| {
            // Nobody listens once the window is gone.
            let _ = answer.send(value);
            ctx.request_repaint();
        }
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) {
    let started = std::thread::Builder::new().name(format!("window {name}")).spawn(work);
    if let Err(error) = started {
        eprintln!("cannot start a thread: {error}");
    }
}

fn check_loop(
    registry: &Registry,
    store_folder: &Path,
    limits: Limits,
    to_check: &Receiver<Check>,
    send: &impl Fn(Answer),
) {
    let executor = match Store::open(store_folder) {
        Ok(store) => {
            let executor = Executor::new(registry.clone(), store, limits);
            send(Answer::Ready(executor.clone()));
            Some(executor)
        }
        Err(error) => {
            send(Answer::NoStore(error.to_string()));
            None
        }
    };
    let mut advice: Vec<Problem> = Vec::new();
    while let Ok(first) = to_check.recv() {
        // A slider asks often: only its last place is worth an answer.
        std::thread::sleep(Duration::from_millis(15));
        let check = to_check.try_iter().last().unwrap_or(first);
        let mut problems = validate(&check.pipeline, registry);
        problems.extend(missing_files(&check.pipeline, registry, &check.base_folder));
        // The advice of the state before stands until the new one is there, so that nothing flickers.
        let quick = problems.iter().chain(&advice).cloned().collect();
        send(Answer::Checked { revision: check.revision, problems: quick, nodes: None });
        if let Some(executor) = &executor {
            advice = executor.advise(&check.pipeline, &check.base_folder);
            problems.extend(advice.iter().cloned());
            let nodes = executor.survey(&check.pipeline, &check.base_folder, check.path.as_deref());
            send(Answer::Checked { revision: check.revision, problems, nodes: Some(nodes) });
        }
    }
}

fn read_file(path: &Path, registry: &Registry) -> Result<OpenedFile, String> {
    if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("ron")) {
        return Document::read(path, registry).map(OpenedFile::Pipeline).map_err(|error| error.to_string());
    }
    if !path.exists() {
        return Err(format!("{} is not there. Was it moved or renamed?", path.display()));
    }
    readers_of(path)
}

/// Folders first, then files, by name; what is hidden is left out.
fn list_folder(folder: &Path) -> std::io::Result<Vec<Entry>> {
    let mut entries: Vec<Entry> = std::fs::read_dir(folder)?
        .filter_map(|entry| {
            let entry = entry.ok()?;
            let name = entry.file_name().to_string_lossy().into_owned();
            // Through links: a link to a folder is a folder.
            let data = std::fs::metadata(entry.path()).ok()?;
            (!name.starts_with('.')).then(|| Entry { name, is_folder: data.is_dir(), size: data.len() })
        })
        .collect();
    entries.sort_by_cached_key(|e| (!e.is_folder, e.name.to_lowercase()));
    Ok(entries)
}

/// What a path is, in words, and whether it can be opened as it is.
fn recognise(path: &Path) -> (String, bool) {
    if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("ron")) {
        return ("Pipeline".to_owned(), true);
    }
    let Ok(found) = io::describe(path, &io::OpenOptions::default()) else {
        let words = if path.is_dir() {
            "A folder of no known format: look inside."
        } else {
            "Not recognised: opened as raw samples, you say their number type and channels."
        };
        return (words.to_owned(), path.is_file());
    };
    let words = match (found.is_recording, found.is_sorting) {
        (true, true) => "recording and sorting",
        (false, true) => "sorting",
        _ => "recording",
    };
    let opened = found.is_recording.then(|| io::open_recording(path, &io::OpenOptions::default()).ok());
    let words = match opened.flatten() {
        Some(recording) => {
            let info = recording.info();
            let rate = text::number(info.sampling_frequency / 1e3);
            let length = text::took(info.duration_s());
            format!("{} · {} channels · {rate} kHz · {length}", found.label, info.num_channels())
        }
        None => format!("{} · {words}", found.label),
    };
    (words, true)
}

/// The nodes that read all that a file holds; one that is not recognised is raw samples until told more.
fn readers_of(path: &Path) -> Result<OpenedFile, String> {
    let options = io::OpenOptions::default();
    let recording = Ok(OpenedFile::Readers { kinds: vec!["read_recording"] });
    match io::describe(path, &options) {
        Ok(found) if found.is_sorting => {
            // The traces of a phy folder or an analyzer lie elsewhere and may be gone.
            let traces = found.is_recording && io::open_recording(path, &options).is_ok();
            let kinds =
                [(traces, "read_recording"), (true, "read_sorting"), (found.has_templates, "read_templates")];
            Ok(OpenedFile::Readers {
                kinds: kinds.iter().filter(|(is, _)| *is).map(|(_, kind)| *kind).collect(),
            })
        }
        Ok(_) => recording,
        Err(error @ io::Error::Io { .. }) => Err(error.to_string()),
        Err(error) if path.is_dir() && io::is_known_but_not_read(path) => Err(error.to_string()),
        Err(error) if path.is_dir() => Ok(OpenedFile::Folder { words: error.to_string() }),
        Err(_) => recording,
    }
}
