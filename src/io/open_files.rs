//! Files of recordings: however many recordings are open, few files are at once.

use std::{
    collections::VecDeque,
    fs::File,
    path::PathBuf,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// Files that are open at once; systems allow a process about a thousand.
const MOST: usize = 200;

/// Open files, the one used last at the end.
static OPEN: Mutex<VecDeque<(u64, Arc<File>)>> = Mutex::new(VecDeque::new());

fn open_files() -> MutexGuard<'static, VecDeque<(u64, Arc<File>)>> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A file that is opened again where too many others were read since.
#[derive(Debug)]
pub struct ReopenedFile {
    id: u64,
    path: PathBuf,
}

impl ReopenedFile {
    /// A file that is open.
    pub fn new(path: PathBuf, file: File) -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let id = COUNT.fetch_add(1, Ordering::Relaxed);
        keep(&mut open_files(), id, Arc::new(file));
        Self { id, path }
    }

    /// The open file.
    ///
    /// # Errors
    /// Where it has to be opened again and cannot be.
    pub fn get(&self) -> std::io::Result<Arc<File>> {
        let mut open = open_files();
        if let Some(at) = open.iter().rposition(|(id, _)| *id == self.id)
            && let Some(found) = open.remove(at)
        {
            let file = found.1.clone();
            open.push_back(found);
            return Ok(file);
        }
        let file = Arc::new(File::open(&self.path)?);
        keep(&mut open, self.id, file.clone());
        Ok(file)
    }
}

impl Drop for ReopenedFile {
    fn drop(&mut self) {
        open_files().retain(|(id, _)| *id != self.id);
    }
}

fn keep(open: &mut VecDeque<(u64, Arc<File>)>, id: u64, file: Arc<File>) {
    open.push_back((id, file));
    while open.len() > MOST {
        open.pop_front();
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use std::io::Read;

    #[test]
    fn few_files_are_open_and_all_can_be_read() {
        let folder = tempfile::tempdir().unwrap();
        let files: Vec<ReopenedFile> = (0..3 * MOST)
            .map(|i| {
                let path = folder.path().join(i.to_string());
                std::fs::write(&path, i.to_string()).unwrap();
                ReopenedFile::new(path.clone(), File::open(path).unwrap())
            })
            .collect();
        for (i, file) in files.iter().enumerate() {
            let mut text = String::new();
            file.get().unwrap().as_ref().read_to_string(&mut text).unwrap();
            assert_eq!(text, i.to_string());
            assert!(open_files().len() <= MOST);
        }
        let gone = files.first().map(|file| file.path.clone()).unwrap();
        std::fs::remove_file(gone).unwrap();
        assert!(files[0].get().is_err());
    }
}
