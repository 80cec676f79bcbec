//! What environments of Python answered, kept on disk until something is installed in them or taken away.

use super::python::{self, Answer};
use crate::{
    io::{absolute, atomic, stamp},
    pipeline::Store,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, OnceLock, PoisonError},
};

/// An answer and the state of the environment that gave it.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    stamp: String,
    answer: Arc<Answer>,
}

impl Note {
    fn of(python: &Path, answer: Answer) -> Self {
        Self { stamp: state(python, &answer.depends), answer: Arc::new(answer) }
    }

    fn holds(&self, python: &Path) -> bool {
        self.stamp == state(python, &self.answer.depends)
    }
}

/// An answer that somebody may be waiting for, and the state of the environment when it was asked.
#[derive(Clone)]
struct Asked {
    state: String,
    answer: Arc<OnceLock<Result<Note, String>>>,
}

impl Asked {
    fn holds(&self, python: &Path) -> bool {
        match self.answer.get() {
            Some(Ok(note)) => note.holds(python),
            // It is not known yet what else it depends on.
            Some(Err(_)) | None => self.state == state(python, &[]),
        }
    }
}

/// All sorters with their parameters. An environment is asked once, and again where another version of SpikeInterface or of a
/// sorter is installed; `None` where it was not asked yet and not `waits`.
///
/// # Errors
/// As [`python::sorters`].
pub fn known_sorters(python: &Path, waits: bool) -> Option<Result<Arc<Answer>, String>> {
    static KNOWN: Mutex<BTreeMap<PathBuf, Asked>> = Mutex::new(BTreeMap::new());
    let asked = {
        let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        match known.get(python).filter(|asked| asked.holds(python)) {
            Some(asked) => asked.clone(),
            None => {
                let answer = noted(python).map_or_else(OnceLock::new, |note| OnceLock::from(Ok(note)));
                let asked = Asked { state: state(python, &[]), answer: Arc::new(answer) };
                known.insert(python.to_owned(), asked.clone());
                asked
            }
        }
    };
    let found = match waits {
        // Others who ask meanwhile wait for the same answer.
        true => Some(asked.answer.get_or_init(|| ask(python))),
        false => asked.answer.get(),
    };
    Some(found?.as_ref().map(|note| note.answer.clone()).map_err(Clone::clone))
}

/// Asks an environment whatever is known of it, and keeps what it says.
///
/// # Errors
/// As [`python::sorters`].
pub fn asked_anew(python: &Path) -> Result<Arc<Answer>, String> {
    ask(python).map(|note| note.answer)
}

fn ask(python: &Path) -> Result<Note, String> {
    let answer = python::sorters(python, None).map_err(|error| error.to_string())?;
    let note = Note::of(python, answer);
    let place = place(python);
    // Where it cannot be kept, it is asked for again.
    let _ = serde_json::to_vec(&note).map(|bytes| {
        fs::create_dir_all(place.parent().unwrap_or(Path::new("")))
            .map(|()| atomic::write_file(&place, &bytes))
    });
    Ok(note)
}

fn noted(python: &Path) -> Option<Note> {
    let note: Note = serde_json::from_slice(&fs::read(place(python)).ok()?).ok()?;
    note.holds(python).then_some(note)
}

fn place(python: &Path) -> PathBuf {
    let name = blake3::hash(whole(python).as_os_str().as_encoded_bytes()).to_hex();
    Store::default_folder().join("notes").join(format!("python-{}", &name[..32]))
}

/// The same environment may be named from here and from the folder of a pipeline.
fn whole(python: &Path) -> PathBuf {
    absolute(python)
}

/// What tells whether something was installed in an environment or taken away, as far as what it depends on is known.
fn state(python: &Path, depends: &[PathBuf]) -> String {
    let python = whole(python);
    let script = blake3::hash(python::SCRIPT.as_bytes()).to_hex();
    let path = std::env::var_os("PYTHONPATH").unwrap_or_default();
    let mut text = format!("{} {}\n", &script[..16], path.display());
    let sites = python::sites(&python);
    let all = [python].into_iter().chain(sites).chain(depends.iter().cloned());
    for path in all {
        // Of a folder the time alone: what lies in it came or went.
        if let Ok(data) = fs::metadata(&path) {
            text.push_str(&format!("{} {}\n", path.display(), stamp::of_metadata(&data)));
        }
    }
    blake3::hash(text.as_bytes()).to_hex().to_string()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn an_answer_holds_until_something_is_installed() {
        let folder = tempfile::tempdir().unwrap();
        let python = folder.path().join("bin/python");
        let (site, other) = (folder.path().join("lib/python3.13/site-packages"), folder.path().join("other"));
        for made in [python.parent().unwrap(), &site, &other] {
            fs::create_dir_all(made).unwrap();
        }
        fs::write(&python, "").unwrap();
        let noted = || Note::of(&python, Answer { depends: vec![other.clone()], ..Answer::default() });
        let note = noted();
        let text = serde_json::to_string(&note).unwrap();
        assert!(serde_json::from_str::<Note>(&text).unwrap().holds(&python));
        for (what, path) in [("a package", site.join("new")), ("one found elsewhere", other.join("new"))] {
            let note = noted();
            std::thread::sleep(std::time::Duration::from_millis(20));
            fs::create_dir(path).unwrap();
            assert!(!note.holds(&python), "{what}");
        }
        let note = noted();
        fs::write(&python, "another").unwrap();
        assert!(!note.holds(&python), "another Python");
    }
}
