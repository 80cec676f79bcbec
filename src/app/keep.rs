//! Copies of what is not saved: written a moment after a change, found again after a crash.
//!
//! Each session has a folder with a lock that the system lets go of when the program ends, however it ends: what
//! lies in the folder of a session that holds its lock no more was not saved.

use super::{
    App,
    answer::Answer,
    backend::Backend,
    settings::{RecentList, keep_recent_file},
    sheet::Sheet,
    text, texts,
};
use crate::pipeline::{Document, Pipeline, Registry};
use crossbeam_channel::{Receiver, Sender};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, Write},
    path::{Path, PathBuf},
    sync::Arc,
    thread::JoinHandle,
    time::{Duration, SystemTime},
};

/// A change is written once nothing more was changed for so long.
const CALM: Duration = Duration::from_millis(400);
/// However much is changed, it is written after so long.
const LONGEST: Duration = Duration::from_secs(3);
/// The first line of a copy: a comment for whoever reads it as a pipeline.
const MARK: &str = "// Spikeloom, not saved: ";

/// What the first line of a copy says.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct Header {
    title: String,
    path: Option<PathBuf>,
}

enum Job {
    /// Write the pipeline of a sheet; the copy it was recovered from goes once that is done.
    Keep { sheet: u64, pipeline: Pipeline, header: Header, instead_of: Option<PathBuf> },
    /// The copy of a sheet is needed no more, nor the one it was recovered from.
    Forget { sheet: u64, instead_of: Option<PathBuf> },
    /// A file was opened or saved, or is to be taken off the list of such files.
    Recent { list: RecentList, path: PathBuf, is_open: bool },
}

/// The hand that gives copies away to be written.
pub struct Keeper {
    jobs: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    /// Starts the thread; it makes its folder with the first copy.
    pub fn new(backend: &Backend, registry: Arc<Registry>, state_folder: PathBuf) -> Self {
        let (jobs, to_do) = crossbeam_channel::unbounded();
        let send = backend.sender();
        let work = move || keep_loop(&registry, &state_folder, &to_do, &send);
        let thread = std::thread::Builder::new().name("window_copies".into()).spawn(work);
        Self { jobs: Some(jobs), thread: thread.ok() }
    }

    /// The copy of a sheet is needed no more: it was saved, or closed.
    pub fn forget(&self, sheet: u64, instead_of: Option<PathBuf>) {
        self.send(Job::Forget { sheet, instead_of });
    }

    /// Puts a file first in a list of recent ones, or takes it off.
    pub fn recent(&self, list: RecentList, path: PathBuf, is_open: bool) {
        self.send(Job::Recent { list, path, is_open });
    }

    fn send(&self, job: Job) {
        if let Some(jobs) = &self.jobs {
            // Nobody listens where no thread could be started.
            let _ = jobs.send(job);
        }
    }
}

impl Drop for Keeper {
    /// What was changed last is written still.
    fn drop(&mut self) {
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has said so.
            let _ = thread.join();
        }
    }
}

/// A copy that an earlier session left.
pub struct Unsaved {
    /// Where it lies.
    pub file: PathBuf,
    /// What the pipeline was called.
    pub title: String,
    /// Its file, where it had one.
    pub path: Option<PathBuf>,
    /// When it was written.
    pub written: SystemTime,
    /// The pipeline, or why it cannot be read.
    pub pipeline: Result<Pipeline, String>,
    /// What its file holds now.
    pub saved: Option<Pipeline>,
    /// Its file was written after the copy.
    pub is_older: bool,
}

impl Unsaved {
    /// What it is and when it was written: `12 nodes · 3 min ago · /data/mine.ron`.
    pub fn words(&self) -> String {
        let age = self.written.elapsed().unwrap_or_default();
        let what = match &self.pipeline {
            Ok(pipeline) => texts::counts::nodes(pipeline.nodes().count()),
            Err(reason) => reason.clone(),
        };
        let place = match &self.path {
            Some(path) => path.display().to_string(),
            None => texts::files::never_saved().to_owned(),
        };
        let older = if self.is_older { texts::files::and_saved_since() } else { "" };
        format!("{what} · {} · {place}{older}", text::ago(age.as_secs_f64()))
    }
}

/// What sessions that are over left unsaved, newest first. Folders with nothing in them are removed.
pub fn unsaved(state_folder: &Path, registry: &Registry) -> Vec<Unsaved> {
    let mut found = Vec::new();
    for session in folders(&state_folder.join("unsaved")) {
        // Held by another window: its pipelines are open there.
        let Some(_lock) = lock(&session) else { continue };
        let files: Vec<PathBuf> = files(&session);
        if files.is_empty() {
            // Goes only where nothing else lies in it.
            let _ = fs::remove_file(session.join("lock"));
            let _ = fs::remove_dir(&session);
        }
        found.extend(files.into_iter().filter_map(|file| read_copy(&file, registry)));
    }
    found.sort_by_key(|unsaved| std::cmp::Reverse(unsaved.written));
    found
}

fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}

fn files(session: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(session).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "ron")).collect()
}

/// The lock of a session, where nobody else holds it.
fn lock(session: &Path) -> Option<fs::File> {
    let file = fs::File::options().create(true).append(true).open(session.join("lock")).ok()?;
    file.try_lock().ok()?;
    Some(file)
}

fn read_copy(file: &Path, registry: &Registry) -> Option<Unsaved> {
    let written = file.metadata().and_then(|data| data.modified()).ok()?;
    let mut first = String::new();
    // Without a first line it is still a pipeline, or says why not.
    let _ = fs::File::open(file).map(std::io::BufReader::new).and_then(|mut f| f.read_line(&mut first));
    let header = first.strip_prefix(MARK).and_then(|text| serde_json::from_str::<Header>(text).ok());
    let header = header.unwrap_or_default();
    let pipeline = Document::read(file, registry).map(|opened| opened.pipeline).map_err(|e| e.to_string());
    let of_file = header.path.as_deref();
    let saved = of_file.and_then(|path| Document::read(path, registry).ok()).map(|opened| opened.pipeline);
    let saved_at = of_file.and_then(|path| path.metadata().and_then(|data| data.modified()).ok());
    let title = if header.title.is_empty() { texts::files::untitled().to_owned() } else { header.title };
    let is_older = saved_at.is_some_and(|at| at > written);
    Some(Unsaved { file: file.to_owned(), title, path: header.path, written, pipeline, saved, is_older })
}

/// The folder of this session, with its lock.
struct Session {
    folder: PathBuf,
    _lock: fs::File,
}

impl Session {
    fn begin(state_folder: &Path) -> std::io::Result<Self> {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let name = format!("{}-{}", since.as_millis(), std::process::id());
        let folder = state_folder.join("unsaved").join(name);
        fs::create_dir_all(&folder)?;
        let lock = lock(&folder).ok_or_else(|| std::io::Error::other(texts::files::lock_is_held()))?;
        Ok(Self { folder, _lock: lock })
    }

    fn file(&self, sheet: u64) -> PathBuf {
        self.folder.join(format!("{sheet}.ron"))
    }

    fn write(&self, sheet: u64, text: &str) -> std::io::Result<()> {
        let beside = self.folder.join(format!("{sheet}.part"));
        let mut file = fs::File::create(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, self.file(sheet))
    }
}

impl Drop for Session {
    /// Nothing is left where nothing is unsaved.
    fn drop(&mut self) {
        if files(&self.folder).is_empty() {
            let _ = fs::remove_file(self.folder.join("lock"));
            let _ = fs::remove_dir(&self.folder);
        }
    }
}

fn keep_loop(registry: &Registry, state_folder: &Path, jobs: &Receiver<Job>, send: &impl Fn(Answer)) {
    let mut session: Option<Session> = None;
    let (mut failed, mut untold) = (false, true);
    while let Ok(first) = jobs.recv() {
        let since = std::time::Instant::now();
        let (mut newest, mut before) = (BTreeMap::new(), BTreeMap::new());
        let mut take = |mut job: Job| {
            let (sheet, instead_of) = match &mut job {
                Job::Keep { sheet, instead_of, .. } | Job::Forget { sheet, instead_of } => {
                    (*sheet, instead_of)
                }
                // At once: there is nothing to wait for.
                Job::Recent { list, path, is_open } => {
                    if let Err(error) = keep_recent_file(state_folder, *list, path, *is_open)
                        && std::mem::take(&mut untold)
                    {
                        send(Answer::NotKept(texts::files::recent_files_are_not_kept(&error)));
                    }
                    return;
                }
            };
            before.extend(instead_of.take().map(|file| (sheet, file)));
            newest.insert(sheet, job);
        };
        take(first);
        while since.elapsed() < LONGEST
            && let Ok(next) = jobs.recv_timeout(CALM)
        {
            take(next);
        }
        for (sheet, job) in newest {
            let result = match job {
                Job::Recent { .. } => Ok(()),
                Job::Forget { .. } => session.as_ref().map_or(Ok(()), |session| remove(&session.file(sheet))),
                Job::Keep { pipeline, header, .. } => {
                    let text = copy_text(&pipeline, &header, registry);
                    let begun = match session.take() {
                        // Its folder may have been cleaned away.
                        Some(begun) if begun.folder.is_dir() => Ok(begun),
                        _ => Session::begin(state_folder),
                    };
                    begun.and_then(|begun| {
                        let written = begun.write(sheet, &text);
                        session = Some(begun);
                        written
                    })
                }
            };
            let result = result.and_then(|()| before.remove(&sheet).map_or(Ok(()), |file| remove(&file)));
            // Said once: the next change tries again.
            if let Err(error) = result
                && !std::mem::replace(&mut failed, true)
            {
                send(Answer::NotKept(texts::files::copies_are_not_written(&state_folder.display(), &error)));
            }
        }
    }
}

fn copy_text(pipeline: &Pipeline, header: &Header, registry: &Registry) -> String {
    let header = serde_json::to_string(header).unwrap_or_default();
    format!("{MARK}{header}\n{}", Document::to_text(pipeline, registry))
}

/// Removes a file that may be gone already.
pub fn remove(file: &Path) -> std::io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

impl App {
    /// Asks for copies of what changed and is not saved; a drag is waited for.
    pub(super) fn keep_changes(&mut self) {
        if self.ctx.input(|i| i.pointer.any_down()) {
            return;
        }
        for sheet in std::iter::once(&mut self.sheet).chain(&mut self.behind) {
            keep(&self.keeper, sheet);
        }
    }
}

fn keep(keeper: &Keeper, sheet: &mut Sheet) {
    let revision = sheet.editor.revision();
    if sheet.editor.is_dirty() {
        if sheet.kept != Some(revision) {
            sheet.kept = Some(revision);
            let header = Header { title: sheet.editor.title(), path: sheet.editor.path.clone() };
            let pipeline = sheet.editor.pipeline().clone();
            let instead_of = sheet.recovered_from.take();
            keeper.send(Job::Keep { sheet: sheet.number, pipeline, header, instead_of });
        }
    } else if sheet.kept.take().is_some() {
        keeper.forget(sheet.number, sheet.recovered_from.take());
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::pipeline::{Edit, NodeInstance, Params};

    #[test]
    fn a_copy_is_found_by_the_next_session_and_not_while_this_one_lives() {
        let registry = crate::nodes::registry();
        let folder = tempfile::tempdir().unwrap();
        let mut pipeline = Pipeline::default();
        let node = NodeInstance::new("band", "bandpass_filter", Params::new(), [0.0, 0.0]);
        pipeline.apply(Edit::AddNode(node)).unwrap();
        let header = Header { title: "mine.ron".into(), path: Some(folder.path().join("mine.ron")) };
        let session = Session::begin(folder.path()).unwrap();
        session.write(3, &copy_text(&pipeline, &header, &registry)).unwrap();
        assert!(unsaved(folder.path(), &registry).is_empty());
        drop(session);
        let found = unsaved(folder.path(), &registry);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].title.as_str(), &found[0].path), ("mine.ron", &header.path));
        assert_eq!(found[0].pipeline.as_ref().unwrap().nodes().count(), 1);
        // What cannot be read is listed with the reason.
        fs::write(&found[0].file, "(version: 1, nodes: {").unwrap();
        let found = unsaved(folder.path(), &registry);
        assert!(found[0].pipeline.is_err() && found[0].title == "Untitled");
        remove(&found[0].file).unwrap();
        assert!(unsaved(folder.path(), &registry).is_empty());
        assert!(folders(&folder.path().join("unsaved")).is_empty(), "an empty session goes");
    }
}
