//! Writing beside the final place and renaming: nothing half-written ever has a final name.

use super::{Error, written};
use std::{
    cell::RefCell,
    fs::{self, File},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
    sync::OnceLock,
    sync::atomic::{AtomicU64, Ordering},
};

/// Writes a file in one go: all of it or nothing.
///
/// # Errors
/// Where the folder is missing, read-only or full; an older file of that name is then untouched.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    file(path, |out| out.write_all(bytes).map_err(|source| Error::io("write", path, source)))
}

/// Writes a file through a buffered writer: all of it or nothing.
///
/// # Errors
/// Those of `fill`, and where the disk refuses; an older file of that name is then untouched.
pub fn file<E: From<Error>>(
    path: &Path,
    fill: impl FnOnce(&mut BufWriter<File>) -> Result<(), E>,
) -> Result<(), E> {
    if is_being_filled(path) {
        let created = File::create(path).map_err(|source| Error::io("create", path, source))?;
        let mut out = BufWriter::with_capacity(1 << 18, created);
        fill(&mut out)?;
        return Ok(out.flush().map_err(|source| Error::io("write", path, source))?);
    }
    let part = Part::beside(path)?;
    let created = File::create_new(&part.path).map_err(|source| Error::io("create", path, source))?;
    let mut out = BufWriter::with_capacity(1 << 18, created);
    fill(&mut out)?;
    let failed = |source| Error::io("write", path, source);
    let written = out.into_inner().map_err(|e| failed(e.into_error()))?;
    written.sync_all().map_err(failed)?;
    drop(written);
    written::about_to_place(&part.path, path)?;
    fs::rename(&part.path, path).map_err(failed)?;
    part.keep();
    sync_folder(path.parent());
    Ok(())
}

/// Makes a folder: `fill` is given an empty one beside `path`, which is renamed once it succeeds.
///
/// An empty folder at `path` is replaced.
///
/// # Errors
/// Those of `fill`; where `path` exists and is not empty; where the disk refuses. Nothing is left behind.
pub fn folder<E: Failure>(path: &Path, fill: impl FnOnce(&Path) -> Result<(), E>) -> Result<(), E> {
    if is_occupied(path) {
        return Err(Error::format(
            path,
            "it exists already and is not overwritten. Choose another name, or move it away first.",
        )
        .into());
    }
    let part = filled(path, fill)?;
    if path.is_dir() {
        // Empty, as was seen above; where it no longer is, this fails and nothing is lost.
        fs::remove_dir(path).map_err(|source| Error::io("replace", path, source))?;
    }
    place(part, path)?;
    Ok(())
}

/// Makes a folder as [`folder`] does, and replaces one that is there: the old one stays until the new is whole.
///
/// # Errors
/// Those of `fill`, and where the disk refuses; the old folder is then untouched.
pub fn replace_folder<E: Failure>(path: &Path, fill: impl FnOnce(&Path) -> Result<(), E>) -> Result<(), E> {
    let part = filled(path, fill)?;
    if !path.exists() {
        place(part, path)?;
        return Ok(());
    }
    // Dropping it removes the old folder once the new one has its name.
    let old = Part::beside(path)?;
    fs::rename(path, &old.path).map_err(|source| Error::io("replace", path, source))?;
    if let Err(e) = place(part, path) {
        // Put the old one back; where even that fails it still lies beside, under its temporary name.
        if fs::rename(&old.path, path).is_err() {
            old.keep();
        }
        return Err(e.into());
    }
    Ok(())
}

/// Why a folder could not be filled, told of the folder the user asked for, not of the temporary one.
pub trait Failure: From<Error> {
    /// The same of `to` where it is of `from`.
    fn renamed(self, from: &Path, to: &Path) -> Self;
}

impl Failure for Error {
    fn renamed(self, from: &Path, to: &Path) -> Self {
        let place = |path: PathBuf| match path.strip_prefix(from) {
            Ok(rest) if rest.as_os_str().is_empty() => to.to_owned(),
            Ok(rest) => to.join(rest),
            Err(_) => path,
        };
        match self {
            Error::Io { action, path, source } => Error::Io { action, path: place(path), source },
            Error::Format { path, message } => Error::Format { path: place(path), message },
            other => other,
        }
    }
}

/// Gives a folder that was filled under another name its final one.
fn place(part: Part, path: &Path) -> Result<(), Error> {
    written::about_to_place(&part.path, path)?;
    fs::rename(&part.path, path).map_err(|source| Error::io("create", path, source))?;
    part.keep();
    sync_folder(path.parent());
    Ok(())
}

thread_local! {
    /// Folders under temporary names that this thread is filling: they are renamed and synced as a whole, so their
    /// files are written in place.
    static FILLING: RefCell<Vec<PathBuf>> = const { RefCell::new(Vec::new()) };
}

fn is_being_filled(path: &Path) -> bool {
    FILLING.with_borrow(|folders| folders.iter().any(|folder| path.starts_with(folder)))
}

/// Removes the folder from the list when the filling ends, however it ends.
struct Filling;

impl Filling {
    fn begin(folder: &Path) -> Self {
        FILLING.with_borrow_mut(|folders| folders.push(folder.to_owned()));
        Self
    }
}

impl Drop for Filling {
    fn drop(&mut self) {
        FILLING.with_borrow_mut(Vec::pop);
    }
}

fn filled<E: Failure>(path: &Path, fill: impl FnOnce(&Path) -> Result<(), E>) -> Result<Part, E> {
    let part = Part::beside(path)?;
    fs::create_dir(&part.path).map_err(|source| Error::io("create", path, source))?;
    let filling = Filling::begin(&part.path);
    fill(&part.path).map_err(|error| error.renamed(&part.path, path))?;
    drop(filling);
    sync_tree(&part.path).map_err(|source| Error::io("write", path, source))?;
    Ok(part)
}

fn is_occupied(path: &Path) -> bool {
    match fs::read_dir(path) {
        Ok(mut entries) => entries.next().is_some(),
        Err(_) => path.symlink_metadata().is_ok(),
    }
}

/// A file or folder under a temporary name; removed when dropped, unless it was kept.
struct Part {
    path: PathBuf,
    kept: bool,
}

impl Part {
    fn beside(path: &Path) -> Result<Self, Error> {
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        let name = path
            .file_name()
            .ok_or_else(|| Error::format(path, "this names no file or folder to write"))?
            .to_string_lossy()
            .into_owned();
        let parent = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::create_dir_all(parent).map_err(|source| Error::io("create", parent, source))?;
        let number = COUNTER.fetch_add(1, Ordering::Relaxed);
        remove_leftovers(parent, &name);
        let path = parent.join(format!(".{name}.{}-{number}.part", this_process()));
        remove(&path);
        Ok(Self { path, kept: false })
    }

    fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if !self.kept {
            remove(&self.path);
        }
    }
}

/// This process, unlike any other that uses the same files, of whichever computer or container.
pub fn this_process() -> String {
    format!("{}-{}", machine(), std::process::id())
}

/// This machine since it was started, in a few digits: processes are told apart by number on it alone, and in each container
/// of it they are counted anew.
fn machine() -> &'static str {
    static MACHINE: OnceLock<String> = OnceLock::new();
    MACHINE.get_or_init(|| {
        let mut hasher = blake3::Hasher::new();
        for file in ["/proc/sys/kernel/random/boot_id", "/proc/sys/kernel/hostname"] {
            hasher.update(&fs::read(file).unwrap_or_default());
        }
        let space = fs::read_link("/proc/self/ns/pid").unwrap_or_default();
        hasher.update(space.as_os_str().as_encoded_bytes());
        hasher.finalize().to_hex()[..8].to_owned()
    })
}

/// Removes what killed processes of this machine left under temporary names of a file or folder.
fn remove_leftovers(parent: &Path, name: &str) {
    let start = format!("{}.{}-", name.trim_start_matches('.'), machine());
    // Without it nobody tells which processes live.
    if !Path::new("/proc/self").exists() {
        return;
    }
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let found = entry.file_name();
        let found = found.to_string_lossy();
        // A folder that was made within the making of another has both names.
        let plain = found.trim_start_matches('.');
        let process =
            plain.strip_prefix(&start).filter(|rest| found.starts_with('.') && rest.ends_with(".part"));
        let Some(process) = process.and_then(|rest| rest.split('-').next()) else { continue };
        if process.parse::<u32>().is_ok() && !Path::new("/proc").join(process).exists() {
            remove(&entry.path());
        }
    }
}

/// Removes a file or folder of no use to anybody.
pub fn remove(path: &Path) {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    // Nothing there is the usual case, and a leftover that cannot be removed harms nobody.
    drop(removed);
}

fn sync_tree(folder: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            sync_tree(&entry.path())?;
        } else if kind.is_file() {
            File::open(entry.path())?.sync_all()?;
        }
    }
    sync_folder(Some(folder));
    Ok(())
}

/// Makes a rename last; some file systems cannot sync folders, which is then as good as it gets.
fn sync_folder(folder: Option<&Path>) {
    let folder = folder.filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Ok(handle) = File::open(folder) {
        drop(handle.sync_all());
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_failed_write_leaves_the_old_file_and_no_trace() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        write_file(&path, b"old").unwrap();
        let result: Result<(), Error> = file(&path, |out| {
            out.write_all(b"half").unwrap();
            Err(Error::format(&path, "no"))
        });
        assert!(result.is_err());
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert_eq!(names(folder.path()), ["a.txt"]);
    }

    #[test]
    fn folders_appear_whole_or_not_at_all() {
        let base = tempfile::tempdir().unwrap();
        let path = base.path().join("out");
        let fill = |text: &'static str| {
            move |p: &Path| fs::write(p.join("x"), text).map_err(|e| Error::io("write", p, e))
        };
        folder(&path, fill("1")).unwrap();
        assert!(folder(&path, fill("2")).unwrap_err().to_string().contains("exists"));
        replace_folder(&path, fill("3")).unwrap();
        let failed: Result<(), Error> =
            replace_folder(&path, |p| folder(p, |inner| Err(Error::format(&inner.join("x"), "no"))));
        let message = failed.unwrap_err().to_string();
        assert_eq!(message, format!("{}: no", path.join("x").display()));
        assert_eq!(fs::read(path.join("x")).unwrap(), b"3");
        assert_eq!(names(base.path()), ["out"]);
    }
}
