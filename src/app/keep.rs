//! Copies of what is not saved: written a moment after a change, found again after a crash.
//!
//! Each session has a folder with a lock that the system lets go of when the program ends, however it ends: what
//! lies in the folder of a session that holds its lock no more was not saved.

use super::{
    App,
    answer::Answer,
    backend::Backend,
    session::{self, Tab},
    settings::{RecentList, keep_recent_file},
    sheet::Sheet,
    texts,
};
use crate::pipeline::{Document, Pipeline, Registry};
use crossbeam_channel::{Receiver, Sender};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs,
    io::Write,
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
pub const MARK: &str = "// Spikeloom, not saved: ";

/// What the first line of a copy says.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Header {
    /// What the pipeline is called.
    pub title: String,
    /// Its file, where it has one.
    pub path: Option<PathBuf>,
    /// Where relative paths start while it has no file.
    pub folder: Option<PathBuf>,
    /// Nothing was changed: it is kept for having no file, such as a template.
    pub untouched: bool,
}

enum Job {
    /// Write the pipeline of a sheet; the copy it was recovered from goes once that is done.
    Keep { sheet: u64, pipeline: Box<Pipeline>, header: Header, instead_of: Option<PathBuf> },
    /// The copy of a sheet is needed no more, nor the one it was recovered from.
    Forget { sheet: u64, instead_of: Option<PathBuf> },
    /// A file was opened or saved, or is to be taken off the list of such files.
    Recent { list: RecentList, path: PathBuf, is_open: bool },
    /// These are the tabs that are open.
    Tabs(Vec<Tab>),
    /// What tabs an earlier session had is needed no more: this one took them over.
    TakenOver(PathBuf),
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

    /// These tabs come back in the next session; none where that is not wanted.
    pub fn tabs(&self, tabs: Vec<Tab>) {
        self.send(Job::Tabs(tabs));
    }

    /// The list of tabs of an earlier session is used up.
    pub fn taken_over(&self, list: PathBuf) {
        self.send(Job::TakenOver(list));
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

/// The folders in a folder.
pub fn folders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}

/// The copies of a session.
pub fn files(session: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(session).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|e| e == "ron")).collect()
}

/// The lock of a session, where nobody else holds it.
pub fn lock(session: &Path) -> Option<fs::File> {
    let file = fs::File::options().create(true).append(true).open(session.join("lock")).ok()?;
    file.try_lock().ok()?;
    Some(file)
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

    /// The session, begun where it was not, or where its folder has been cleaned away.
    fn of<'a>(begun: &'a mut Option<Self>, state_folder: &Path) -> std::io::Result<&'a Self> {
        let session = match begun.take().filter(|begun| begun.folder.is_dir()) {
            Some(session) => session,
            None => Self::begin(state_folder)?,
        };
        Ok(begun.insert(session))
    }

    fn file(&self, sheet: u64) -> PathBuf {
        self.folder.join(copy_name(sheet))
    }

    fn write(&self, name: &str, text: &str) -> std::io::Result<()> {
        let beside = self.folder.join(format!("{name}.part"));
        let mut file = fs::File::create(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, self.folder.join(name))
    }
}

impl Drop for Session {
    /// Nothing is left where nothing is unsaved or comes back.
    fn drop(&mut self) {
        if files(&self.folder).is_empty() && !self.folder.join(session::LIST).exists() {
            let _ = fs::remove_file(self.folder.join("lock"));
            let _ = fs::remove_dir(&self.folder);
        }
    }
}

/// What the copy of a sheet is called in the folder of its session.
pub fn copy_name(sheet: u64) -> String {
    format!("{sheet}.ron")
}

fn keep_loop(registry: &Registry, state_folder: &Path, jobs: &Receiver<Job>, send: &impl Fn(Answer)) {
    let mut session: Option<Session> = None;
    let (mut failed, mut untold, mut had_tabs) = (false, true, false);
    while let Ok(first) = jobs.recv() {
        let since = std::time::Instant::now();
        let (mut newest, mut before) = (BTreeMap::new(), BTreeMap::new());
        let mut open = None;
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
                        send(Answer::RecentNotKept(texts::files::recent_files_are_not_kept(&error)));
                    }
                    return;
                }
                // At once as well: should what comes back end the program, it comes back no second time.
                Job::TakenOver(list) => return drop(remove(list)),
                Job::Tabs(tabs) => {
                    had_tabs |= !tabs.is_empty();
                    open = Some(std::mem::take(tabs));
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
        let mut results = Vec::new();
        for (sheet, job) in newest {
            let result = match job {
                Job::Forget { .. } => session.as_ref().map_or(Ok(()), |session| remove(&session.file(sheet))),
                Job::Keep { pipeline, header, .. } => {
                    let text = copy_text(&pipeline, &header, registry);
                    let begun = Session::of(&mut session, state_folder);
                    begun.and_then(|begun| begun.write(&copy_name(sheet), &text))
                }
                Job::Recent { .. } | Job::TakenOver(_) | Job::Tabs(_) => Ok(()),
            };
            results.push(result.and_then(|()| before.remove(&sheet).map_or(Ok(()), |file| remove(&file))));
        }
        let open = open.filter(|_| had_tabs);
        results.extend(open.map(|tabs| write_tabs(&mut session, state_folder, &tabs)));
        if failed && !results.is_empty() && results.iter().all(Result::is_ok) {
            failed = false;
            send(Answer::KeptAgain);
        }
        for result in results {
            // Said once: the next change tries again.
            if let Err(error) = result
                && !std::mem::replace(&mut failed, true)
            {
                send(Answer::NotKept(texts::files::copies_are_not_written(&state_folder.display(), &error)));
            }
        }
    }
}

/// Lists the open tabs; where a session that had some has none any more, it lists that: nothing comes back.
fn write_tabs(session: &mut Option<Session>, state_folder: &Path, tabs: &[Tab]) -> std::io::Result<()> {
    let text = serde_json::to_string(tabs).map_err(std::io::Error::other)?;
    Session::of(session, state_folder)?.write(session::LIST, &text)
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
    /// Asks for copies of what changed and is not saved, and for the tabs to be noted; a drag is waited for.
    pub(super) fn keep_changes(&mut self) {
        if !self.ctx.input(|i| i.pointer.any_down()) {
            self.keep_sheets();
            self.keep_tabs();
        }
    }

    /// Asks for copies of what is not saved.
    pub(super) fn keep_sheets(&mut self) {
        for sheet in std::iter::once(&mut self.sheet).chain(&mut self.behind) {
            keep(&self.keeper, sheet);
        }
    }
}

fn keep(keeper: &Keeper, sheet: &mut Sheet) {
    let revision = sheet.editor.revision();
    let untouched = !sheet.editor.is_dirty();
    if !untouched || (sheet.editor.path.is_none() && !sheet.is_empty()) {
        if sheet.kept != Some(revision) {
            sheet.kept = Some(revision);
            let (path, folder) = (sheet.editor.path.clone(), sheet.editor.folder.clone());
            let header = Header { title: sheet.editor.title(), path, folder, untouched };
            let pipeline = Box::new(sheet.editor.pipeline().clone());
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
        let path = Some(folder.path().join("mine.ron"));
        let header = Header { title: "mine.ron".into(), path, ..Header::default() };
        let session = Session::begin(folder.path()).unwrap();
        session.write(&copy_name(3), &copy_text(&pipeline, &header, &registry)).unwrap();
        let unsaved = |folder: &Path, registry: &Registry| crate::app::left::left(folder, registry).unsaved;
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
