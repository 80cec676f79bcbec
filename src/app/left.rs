//! What sessions that are over left: copies of what was not saved, and which tabs were open.

use super::{
    keep::{Header, MARK, files, folders, lock, remove},
    session, text, texts,
};
use crate::pipeline::{Document, Pipeline, Registry};
use std::{
    fs,
    io::BufRead,
    path::{Path, PathBuf},
    time::SystemTime,
};

/// A copy that an earlier session left.
pub struct Unsaved {
    /// Where it lies.
    pub file: PathBuf,
    /// What the pipeline was called.
    pub title: String,
    /// Its file, where it had one.
    pub path: Option<PathBuf>,
    /// Where relative paths start while it has no file.
    pub folder: Option<PathBuf>,
    /// Nothing was changed in it: it only had no file.
    pub untouched: bool,
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

/// What sessions that are over left.
pub struct Left {
    /// What was not saved, newest first, with what had no file.
    pub unsaved: Vec<Unsaved>,
    /// The tabs of the sessions that ended since tabs were opened again, those of the last at the end.
    pub lasts: Vec<session::Last>,
}

impl Left {
    /// The files of all of it.
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.unsaved.iter().map(|unsaved| &*unsaved.file).chain(self.lasts.iter().map(session::Last::list))
    }
}

/// What sessions that are over left. Folders with nothing in them are removed.
pub fn left(state_folder: &Path, registry: &Registry) -> Left {
    let mut over = Vec::new();
    for session in folders(&state_folder.join("unsaved")) {
        // Held by another window: its pipelines are open there.
        let Some(lock) = lock(&session) else { continue };
        let listed = session.join(session::LIST).metadata().and_then(|data| data.modified()).ok();
        if listed.is_none() && files(&session).is_empty() {
            // Goes only where nothing else lies in it.
            let _ = fs::remove_file(session.join("lock"));
            let _ = fs::remove_dir(&session);
        } else {
            over.push((listed, session, lock));
        }
    }
    over.sort_by_key(|(listed, ..)| *listed);
    let mut left = Left { unsaved: Vec::new(), lasts: Vec::new() };
    for (listed, session, _lock) in &over {
        let has_tabs = listed.is_some();
        let copies = files(session).into_iter().filter_map(|file| read_copy(&file, registry));
        let (shown, used_up): (Vec<Unsaved>, Vec<_>) = copies.partition(|copy| has_tabs || !copy.untouched);
        match session::Last::read(session, &shown, registry).filter(|last| !last.is_empty()) {
            Some(last) => left.lasts.push(last),
            None => drop(remove(&session.join(session::LIST))),
        }
        used_up.iter().for_each(|copy| drop(remove(&copy.file)));
        left.unsaved.extend(shown);
    }
    left.unsaved.sort_by_key(|unsaved| std::cmp::Reverse(unsaved.written));
    left
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
    Some(Unsaved {
        file: file.to_owned(),
        title,
        path: header.path,
        folder: header.folder,
        untouched: header.untouched,
        written,
        pipeline,
        saved,
        is_older,
    })
}
