//! Which folders of submissions may go: never those whose jobs wait or run, as far as their scheduler tells.

use super::{Elements, Engine, Slurm, Submission};
use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

/// Slurm forgets jobs some minutes after their end; what was touched since may be about to be handed over.
const YOUNG: Duration = Duration::from_secs(3600);
/// Airflow tells nothing of its tasks: what another submission took the place of may still be run for so long.
const LONG: Duration = Duration::from_secs(7 * 24 * 3600);

/// The folder of a submission, and whether it is needed.
#[derive(Clone, Debug, PartialEq)]
pub struct Leftover {
    /// Where it is.
    pub folder: PathBuf,
    /// The pipeline that was submitted; empty where that cannot be read.
    pub pipeline: PathBuf,
    /// When, as people read it.
    pub submitted: String,
    /// Bytes of its files.
    pub bytes: u64,
    /// Since it was written to last.
    pub age: Duration,
    /// True where nothing of it waits or runs.
    pub is_over: bool,
    /// True where its pipeline is gone, or was submitted again since.
    pub is_superseded: bool,
}

impl Leftover {
    /// True where it goes without being asked for, or for its age.
    pub fn goes(&self, max_age: Option<Duration>) -> bool {
        self.is_over && (self.is_superseded || max_age.is_some_and(|max| self.age > max))
    }
}

/// The submissions of a store, the oldest first; and why Slurm does not say what became of its own, which are then kept.
pub fn leftovers(store: &Path, slurm: &Slurm) -> (Vec<Leftover>, Option<String>) {
    let folders = Submission::folders(store);
    let has_own = folders.iter().any(|folder| {
        Submission::read(folder).is_ok_and(|read| read.engine == Engine::Slurm && !read.jobs.is_empty())
    });
    let told = has_own.then(|| slurm.elements().map(|elements| (elements, slurm.cluster())));
    match told {
        None => (judged(folders, None), None),
        Some(Ok((elements, cluster))) => (judged(folders, Some((&elements, cluster.as_deref()))), None),
        Some(Err(error)) => (judged(folders, None), Some(error.to_string())),
    }
}

fn judged(mut folders: Vec<PathBuf>, slurm: Option<(&Elements, Option<&str>)>) -> Vec<Leftover> {
    folders.sort();
    let mut later: BTreeSet<PathBuf> = BTreeSet::new();
    let mut found: Vec<Leftover> = Vec::with_capacity(folders.len());
    for folder in folders.into_iter().rev() {
        let read = Submission::read(&folder).unwrap_or_default();
        let age = age_of(&folder);
        let is_over = is_ours(&folder) && is_over(&read, age, slurm);
        let is_superseded = !read.pipeline.is_file() || later.contains(&read.pipeline);
        later.insert(read.pipeline.clone());
        let (pipeline, submitted) = (read.pipeline, read.submitted);
        let bytes = files(&folder).map(|data| data.len()).sum();
        found.push(Leftover { folder, pipeline, submitted, bytes, age, is_over, is_superseded });
    }
    found.reverse();
    found
}

fn is_over(read: &Submission, age: Duration, slurm: Option<(&Elements, Option<&str>)>) -> bool {
    if read.jobs.is_empty() {
        // Nothing was handed over, or is about to be.
        return age > YOUNG;
    }
    let Some((elements, cluster)) = slurm.filter(|_| read.engine == Engine::Slurm) else {
        let is_run_by_dag = read.engine == Engine::Airflow && age > LONG;
        return is_run_by_dag;
    };
    // Another cluster is not asked.
    if read.cluster.is_some() && read.cluster.as_deref() != cluster {
        return false;
    }
    let mut jobs = read.jobs.iter();
    let is_open = |index: usize, job: &str| elements.get(job, index).is_some_and(|e| e.state.is_open());
    let any_open = jobs.clone().any(|jobs| (0..jobs.elements.len()).any(|index| is_open(index, &jobs.job)));
    let all_known = jobs.all(|jobs| !jobs.job.is_empty() && elements.knows(&jobs.job));
    !any_open && (all_known || age > YOUNG)
}

/// Removes a folder of a submission.
///
/// # Errors
/// Where it cannot be.
pub fn remove(leftover: &Leftover) -> Result<(), crate::io::Error> {
    let folder = &leftover.folder;
    // Without it nobody takes what is left for a submission.
    let _ = fs::remove_file(folder.join("submission.json"));
    fs::remove_dir_all(folder).map_err(|error| crate::io::Error::io("remove", folder, error))
}

fn files(folder: &Path) -> impl Iterator<Item = fs::Metadata> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.metadata().ok())
}

fn age_of(folder: &Path) -> Duration {
    let times = files(folder).chain(folder.metadata()).filter_map(|data| data.modified().ok());
    let last = times.max().unwrap_or(SystemTime::UNIX_EPOCH);
    last.elapsed().unwrap_or_default()
}

/// What somebody else handed over is not known to our scheduler: it lists only our own jobs.
fn is_ours(folder: &Path) -> bool {
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::fs::MetadataExt;
        let owner = |path: &Path| path.metadata().ok().map(|data| data.uid());
        owner(folder).is_some() && owner(folder) == owner(Path::new("/proc/self"))
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = folder;
        true
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::{batch::NodeJobs, pipeline::TaskId};

    fn submitted(store: &Path, pipeline: &Path, engine: Engine, job: &str) -> Submission {
        let mut submission = Submission::begin(store, pipeline, &[]).unwrap();
        let task = TaskId { node: "n".into(), coordinate: Default::default() };
        submission.engine = engine;
        submission.jobs =
            vec![NodeJobs { job: job.into(), elements: vec![vec![task]], ..NodeJobs::default() }];
        submission.save().unwrap();
        submission
    }

    #[test]
    fn what_is_at_work_or_may_be_stays_and_what_is_over_goes() {
        let place = tempfile::tempdir().unwrap();
        let store = place.path().join("store");
        let [first, gone] = ["p.ron", "gone.ron"].map(|name| place.path().join(name));
        fs::write(&first, "()").unwrap();
        fs::write(&gone, "()").unwrap();
        submitted(&store, &first, Engine::Slurm, "1");
        submitted(&store, &first, Engine::Slurm, "2");
        submitted(&store, &first, Engine::Slurm, "3");
        submitted(&store, &gone, Engine::Slurm, "4");
        submitted(&store, &gone, Engine::Airflow, "dag");
        let mut elsewhere = submitted(&store, &first, Engine::Slurm, "1");
        elsewhere.cluster = Some("other".into());
        elsewhere.save().unwrap();
        submitted(&store, &first, Engine::Slurm, "");
        fs::remove_file(&gone).unwrap();
        let elements = Elements::of_lines(
            "1|0|COMPLETED|None|\n2|0|RUNNING|None|\n3|0|COMPLETED|None|\n4|0|CANCELLED|None|\n",
        );
        let found = judged(Submission::folders(&store), Some((&elements, Some("here"))));
        let over: Vec<bool> = found.iter().map(|leftover| leftover.is_over).collect();
        assert_eq!(over, [true, false, true, true, false, false, false]);
        assert!(found.iter().all(|leftover| leftover.goes(None) == leftover.is_over), "{found:?}");
        assert!(found[0].bytes > 100 && !found[6].is_superseded);
        // Where Slurm does not answer nothing of it goes.
        let found = judged(Submission::folders(&store), None);
        assert!(found.iter().all(|leftover| !leftover.goes(Some(Duration::ZERO))));
        // A new one comes after those that stay.
        remove(&found[0]).unwrap();
        let new = Submission::begin(&store, &first, &[]).unwrap();
        assert!(new.folder.ends_with("000007"), "{}", new.folder.display());
    }
}
