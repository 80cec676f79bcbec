//! Who is at work on something in the store: files that say so as long as their owner lives.
//!
//! Several processes, and several computers on a shared file system, work on one store. Each task has a lease, a file made
//! by its owner alone. Its owner is dead where it is of this machine and no longer holds the file's lock, or of another
//! one and has not written to it for [`STALE`]; then the lease is taken over. Nothing depends on this but that no work is
//! done twice: a result is given its place in one step, whoever made it.

use crate::io::{Error, atomic::this_process};
use std::{
    fs::{self, File, TryLockError},
    io::{Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, OnceLock, Weak,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

/// An owner shows that often that it lives.
const BEAT: Duration = Duration::from_secs(5);
/// An owner on another machine that was silent so long is dead. File systems of networks tell late.
const STALE: Duration = Duration::from_secs(60);
/// A lease that was made just now may not be filled in yet.
const YOUNG: Duration = Duration::from_secs(2);

/// Something only this process works on, until this is dropped.
#[derive(Debug)]
pub struct Lease {
    path: PathBuf,
    token: String,
    file: Arc<File>,
}

/// What came of asking for a lease.
#[derive(Debug)]
pub enum Asked {
    /// It is ours.
    Ours(Lease),
    /// A living process has it: who, in words.
    Taken(String),
}

/// What a lease says of its owner.
struct Owner {
    machine: String,
    host: String,
    process: String,
    token: String,
}

impl Owner {
    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines().map(str::to_owned);
        Some(Self {
            machine: lines.next()?,
            host: lines.next()?,
            process: lines.next()?,
            token: lines.next()?,
        })
    }

    fn in_words(&self) -> String {
        format!("process {} on {}", self.process, self.host)
    }
}

enum State {
    /// In words who has it.
    Alive(String),
    /// Token of the owner that died, empty where it never wrote one, and the file: where it is locked, only who holds it
    /// takes the lease away.
    Dead(String, File),
    Gone,
}

/// This machine since it was started: names of machines may be the same.
fn machine() -> &'static str {
    static MACHINE: OnceLock<String> = OnceLock::new();
    MACHINE.get_or_init(|| {
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        format!("{} {}", boot.trim(), crate::pipeline::resources::host())
    })
}

impl Lease {
    /// Asks for a lease once; never waits.
    ///
    /// # Errors
    /// Where the file cannot be made or written.
    pub fn ask(path: &Path) -> Result<Asked, Error> {
        loop {
            match File::options().read(true).write(true).create_new(true).open(path) {
                Ok(file) => return Self::fill(path, file).map(Asked::Ours),
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(e) => return Err(Error::io("create", path, e)),
            }
            match state(path) {
                State::Alive(owner) => return Ok(Asked::Taken(owner)),
                State::Dead(token, file) => take_away(path, &token, file),
                State::Gone => {}
            }
        }
    }

    fn fill(path: &Path, mut file: File) -> Result<Self, Error> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        // Some file systems have no locks: there the time of the last beat tells alone.
        let _ = file.try_lock();
        let nanos = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |d| d.as_nanos());
        let token = format!("{}-{nanos:x}-{}", this_process(), COUNT.fetch_add(1, Ordering::Relaxed));
        let host = crate::pipeline::resources::host();
        let text = format!("{}\n{host}\n{}\n{token}\n", machine(), std::process::id());
        if let Err(e) = file.write_all(text.as_bytes()) {
            let _ = fs::remove_file(path);
            return Err(Error::io("write", path, e));
        }
        let file = Arc::new(file);
        keep_beating(&file, text.len() as u64);
        Ok(Self { path: path.to_owned(), token, file })
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // Where it was taken over, because this process stood still for long, it is another one's.
        if is_of(&self.path, &self.token) {
            let _ = fs::remove_file(&self.path);
        }
        let _ = self.file.unlock();
    }
}

fn read(path: &Path) -> Option<String> {
    fs::read_to_string(path).ok()
}

/// In words who holds a lease, where a living process does.
pub fn owner(path: &Path) -> Option<String> {
    match state(path) {
        State::Alive(owner) => Some(owner),
        State::Dead(..) | State::Gone => None,
    }
}

fn state(path: &Path) -> State {
    let Ok(mut file) = File::options().read(true).write(true).open(path) else {
        return if path.exists() { State::Alive("another user".into()) } else { State::Gone };
    };
    let mut text = String::new();
    let _ = file.read_to_string(&mut text);
    let owner = Owner::parse(&text);
    let silent = || silence(&file, path).unwrap_or_default();
    match owner {
        None if silent() < YOUNG => State::Alive("another process".into()),
        None => match file.try_lock() {
            Err(TryLockError::WouldBlock) => State::Alive("another process".into()),
            _ => State::Dead(String::new(), file),
        },
        Some(owner) if owner.machine == machine() => match file.try_lock() {
            Ok(()) => State::Dead(owner.token, file),
            Err(TryLockError::WouldBlock) => State::Alive(owner.in_words()),
            Err(TryLockError::Error(_)) if silent() < STALE => State::Alive(owner.in_words()),
            Err(TryLockError::Error(_)) => State::Dead(owner.token, file),
        },
        Some(owner) if silent() < STALE => State::Alive(owner.in_words()),
        Some(owner) => State::Dead(owner.token, file),
    }
}

/// Time since the last beat, by the clock of the file system: those of computers differ.
fn silence(file: &File, path: &Path) -> Option<Duration> {
    let mut now = tempfile::NamedTempFile::new_in(path.parent()?).ok()?;
    now.write_all(b".").ok()?;
    now.as_file().sync_data().ok()?;
    let now = now.as_file().metadata().and_then(|m| m.modified()).ok()?;
    let beat = file.metadata().and_then(|m| m.modified()).ok()?;
    Some(now.duration_since(beat).unwrap_or_default())
}

/// Removes the lease of a dead owner. Where another process did so and has a lease of its own there, that stays.
fn take_away(path: &Path, token: &str, _locked: File) {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    if !is_of(path, token) {
        return;
    }
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let aside = path.with_extension(format!("dead-{}-{count}", this_process()));
    if fs::rename(path, &aside).is_err() {
        return;
    }
    // Another machine, which sees no lock, may have been faster by a moment.
    if !is_of(&aside, token) {
        let _ = fs::hard_link(&aside, path);
    }
    let _ = fs::remove_file(&aside);
}

/// Whether a lease has this token, or none where it is empty.
fn is_of(path: &Path, token: &str) -> bool {
    let found = read(path).map(|text| Owner::parse(&text).map_or(String::new(), |owner| owner.token));
    found.is_some_and(|found| found == token)
}

/// Leases that are held, with the length of what they say.
static HELD: Mutex<Vec<(Weak<File>, u64)>> = Mutex::new(Vec::new());

/// Writes to the file now and then for as long as it is held.
fn keep_beating(file: &Arc<File>, length: u64) {
    static BEATING: OnceLock<()> = OnceLock::new();
    super::lock(&HELD).push((Arc::downgrade(file), length));
    BEATING.get_or_init(|| {
        // Without it other machines take work over that lasts long, and do it a second time.
        let _ = std::thread::Builder::new().name("leases".into()).spawn(|| {
            loop {
                std::thread::sleep(BEAT);
                beat();
            }
        });
    });
}

fn beat() {
    let mut held = super::lock(&HELD);
    held.retain(|(file, _)| file.strong_count() > 0);
    let files: Vec<_> = held.iter().filter_map(|(file, length)| Some((file.upgrade()?, *length))).collect();
    // A disk that hangs must not keep others from taking leases.
    drop(held);
    for (file, length) in files {
        let mut file = &*file;
        let wrote = file.seek(SeekFrom::Start(length)).and_then(|_| file.write_all(b"."));
        // A beat that is lost is followed by another.
        let _ = wrote.and_then(|()| file.sync_data());
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn is_ours(path: &Path) -> Option<Lease> {
        match Lease::ask(path).unwrap() {
            Asked::Ours(lease) => Some(lease),
            Asked::Taken(_) => None,
        }
    }

    #[test]
    fn a_lease_has_one_owner_until_it_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.lock");
        let first = is_ours(&path).unwrap();
        assert!(is_ours(&path).is_none());
        assert!(owner(&path).unwrap().contains(&std::process::id().to_string()));
        drop(first);
        assert!(owner(&path).is_none() && !path.exists());
        assert!(is_ours(&path).is_some());
    }

    #[test]
    fn of_many_who_ask_for_that_of_a_dead_owner_one_gets_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.lock");
        for round in 0..50 {
            // Nobody holds its lock: its process is dead.
            fs::write(&path, format!("{}\nhere\n1\ntoken-{round}\n", machine())).unwrap();
            let leases: Vec<Option<Lease>> = std::thread::scope(|scope| {
                let asked: Vec<_> = (0..4).map(|_| scope.spawn(|| is_ours(&path))).collect();
                asked.into_iter().map(|thread| thread.join().unwrap()).collect()
            });
            assert_eq!(leases.iter().flatten().count(), 1, "round {round}");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn another_machine_lives_as_long_as_it_beats() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.lock");
        fs::write(&path, "elsewhere\nnode7\n12\ntoken\n").unwrap();
        assert_eq!(owner(&path).unwrap(), "process 12 on node7");
        assert!(is_ours(&path).is_none());
        let long_ago = SystemTime::now() - STALE - Duration::from_secs(1);
        File::options().append(true).open(&path).unwrap().set_modified(long_ago).unwrap();
        assert!(is_ours(&path).is_some(), "its owner is dead");
    }

    #[test]
    fn a_beat_is_seen_and_leaves_the_owner_readable() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.lock");
        let lease = is_ours(&path).unwrap();
        let long_ago = SystemTime::now() - STALE * 2;
        lease.file.set_modified(long_ago).unwrap();
        beat();
        assert!(silence(&lease.file, &path).unwrap() < STALE);
        let text = read(&path).unwrap();
        assert_eq!(Owner::parse(&text).unwrap().token, lease.token);
    }
}
