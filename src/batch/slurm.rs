//! Slurm, through its own commands.

use super::{Batch, BatchError, Needs, NodeJobs, Submission, Wait, shell_quoted};
use std::{
    collections::BTreeMap,
    ffi::OsStr,
    io::Write,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// How an element of an array is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum JobState {
    /// It waits for others or for its turn.
    Pending,
    /// It runs.
    Running,
    /// It ended well.
    Completed,
    /// It ended otherwise.
    Failed,
}

/// An element of an array, as Slurm has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Element {
    /// How it is.
    pub state: JobState,
    /// The same in Slurm's word, such as `TIMEOUT`.
    pub word: String,
    /// Why it waits or ended so.
    pub reason: String,
    /// Where it runs or ran.
    pub host: String,
}

/// The elements it knows of, by array and number.
pub type Elements = BTreeMap<(String, usize), Element>;

impl Element {
    /// How it is, in words.
    pub fn words(&self) -> String {
        match self.state {
            JobState::Pending => format!("waits ({})", self.reason),
            JobState::Running => format!("running on {}", self.host),
            JobState::Completed => "ended".into(),
            JobState::Failed => format!("{} ({})", self.word.to_lowercase(), self.reason),
        }
    }

    /// What went wrong with it, and what to do.
    pub fn failure(&self) -> String {
        match self.word.as_str() {
            "TIMEOUT" => "reached its time limit: submit it again with more time".into(),
            "OUT_OF_MEMORY" => "needed more memory than it was given: submit it again with more".into(),
            "NODE_FAIL" | "BOOT_FAIL" => format!("its computer was lost ({}): submit it again", self.host),
            "PREEMPTED" => "had to make room for others: submit it again".into(),
            _ => self.words(),
        }
    }
}

/// The scheduler.
#[derive(Clone, Debug, Default)]
pub struct Slurm {
    conf: Option<PathBuf>,
}

fn failed(what: String) -> BatchError {
    BatchError::Scheduler(what)
}

impl Slurm {
    /// The one that a configuration file describes, where not the one that its commands find by themselves.
    pub fn at(conf: &Path) -> Self {
        Self { conf: Some(conf.to_owned()) }
    }

    fn call<S: AsRef<OsStr>>(
        &self,
        program: &str,
        arguments: &[S],
        input: Option<&str>,
    ) -> Result<String, BatchError> {
        let mut child = Command::new(program)
        .args(arguments)
        .envs(self.conf.iter().map(|conf| ("SLURM_CONF", conf)))
        .stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|e| {
            failed(format!(
                "{program} cannot be started: {e}. Submit from a computer where Slurm's commands are on the path."
            ))
        })?;
        if let (Some(mut stdin), Some(text)) = (child.stdin.take(), input) {
            // Where it does not listen, it says why.
            let _ = stdin.write_all(text.as_bytes());
        }
        let output = child.wait_with_output().map_err(|e| failed(format!("{program}: {e}")))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(failed(format!("{program} refused: {}", said.trim())));
        }
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Its partitions, the usual one first; none where it does not say.
    pub fn partitions(&self) -> Vec<String> {
        let told = self.call("sinfo", &["-h", "-o", "%P"], None).unwrap_or_default();
        let mut names: Vec<&str> = told.lines().map(str::trim).filter(|name| !name.is_empty()).collect();
        names.sort_by_key(|name| !name.ends_with('*'));
        names.into_iter().map(|name| name.trim_end_matches('*').to_owned()).collect()
    }

    /// Largest array it takes.
    pub fn max_elements(&self) -> usize {
        let told = self.call("scontrol", &["show", "config"], None).unwrap_or_default();
        let line = told.lines().find(|line| line.trim_start().starts_with("MaxArraySize"));
        let size = line.and_then(|line| line.split_once('=')?.1.trim().parse::<usize>().ok());
        // Its own default; numbers of elements stay below it.
        size.unwrap_or(1001).saturating_sub(1).max(1)
    }

    /// Submits a batch as an array and notes it in the submission. `earlier` are arrays to wait for besides.
    ///
    /// # Errors
    /// Where Slurm refuses it.
    pub fn submit(
        &self,
        submission: &mut Submission,
        batch: &Batch,
        needs: &Needs,
        program: &Path,
        store: &Path,
        earlier: &[String],
    ) -> Result<(), BatchError> {
        let place = submission.jobs.len();
        let base = submission.pipeline.parent().unwrap_or(Path::new("/"));
        let mut arguments = vec![
            "--parsable".to_owned(),
            format!("--job-name={}", batch.node),
            format!("--array=0-{}", batch.elements.len().saturating_sub(1)),
            format!("--output={}", submission.log(place, "%a").display()),
            format!("--chdir={}", base.display()),
            // A lost computer or a job that makes room for others: it goes on elsewhere.
            "--requeue".into(),
            "--open-mode=append".into(),
            "--kill-on-invalid-dep=yes".into(),
        ];
        let mut waits: Vec<String> = Vec::new();
        for (other, wait) in &batch.waits {
            let Some(other) = submission.jobs.get(*other) else { continue };
            waits.push(match wait {
                Wait::All => format!("afterany:{}", other.job),
                Wait::SamePlace => format!("aftercorr:{}", other.job),
            });
        }
        waits.extend(earlier.iter().map(|job| format!("afterany:{job}")));
        if !waits.is_empty() {
            arguments.push(format!("--dependency={}", waits.join(",")));
        }
        arguments.extend(needs.cores.map(|cores| format!("--cpus-per-task={cores}")));
        arguments.extend(needs.memory.as_ref().map(|memory| format!("--mem={memory}")));
        arguments.extend(needs.time.as_ref().map(|time| format!("--time={time}")));
        arguments.extend(needs.partition.as_ref().map(|partition| format!("--partition={partition}")));
        arguments.extend(needs.options.iter().cloned());
        let script = format!(
            "#!/bin/sh\nexport SPIKELOOM_STORE={}\nexec {} task {} {place} \"$SLURM_ARRAY_TASK_ID\"\n",
            shell_quoted(&store.display().to_string()),
            shell_quoted(&program.display().to_string()),
            shell_quoted(&submission.folder.display().to_string()),
        );
        // The array must not start before it is known what its elements are.
        submission.jobs.push(NodeJobs {
            node: batch.node.clone(),
            job: String::new(),
            elements: batch.elements.clone(),
            needs: needs.clone(),
        });
        submission.save()?;
        let told = self.call("sbatch", &arguments, Some(&script)).map_err(|error| {
            let BatchError::Scheduler(message) = error else { return error };
            BatchError::Scheduler(format!("{}: {message}", batch.node))
        });
        match (told, submission.jobs.last_mut()) {
            // With several clusters their name follows.
            (Ok(told), Some(jobs)) => {
                jobs.job = told.trim().split(';').next().unwrap_or_default().to_owned();
            }
            (Err(error), _) => {
                submission.jobs.pop();
                submission.save()?;
                return Err(error);
            }
            _ => {}
        }
        Ok(submission.save()?)
    }

    /// The elements it knows of, by array and number; those that ended some minutes ago are forgotten.
    ///
    /// # Errors
    /// Where it does not answer.
    pub fn elements(&self) -> Result<Elements, BatchError> {
        let told =
            self.call("squeue", &["-h", "-a", "-r", "-t", "all", "--me", "-o", "%F|%K|%T|%r|%N"], None)?;
        Ok(told.lines().filter_map(parse).collect())
    }

    /// Cancels arrays, or elements of them such as `12_3`, those that run included.
    ///
    /// # Errors
    /// Where it refuses.
    pub fn cancel(&self, jobs: &[String]) -> Result<(), BatchError> {
        self.call("scancel", jobs, None).map(drop)
    }
}

fn parse(line: &str) -> Option<((String, usize), Element)> {
    let mut fields = line.split('|').map(str::trim);
    let (job, index) = (fields.next()?.to_owned(), fields.next()?.parse().ok()?);
    let word = fields.next()?.to_owned();
    let (reason, host) = (fields.next()?.to_owned(), fields.next().unwrap_or_default().to_owned());
    let state = match word.as_str() {
        "PENDING" | "REQUEUED" | "REQUEUE_HOLD" | "REQUEUE_FED" | "SUSPENDED" | "SPECIAL_EXIT" => {
            JobState::Pending
        }
        "RUNNING" | "COMPLETING" | "CONFIGURING" | "SIGNALING" | "STAGE_OUT" | "STOPPED" => JobState::Running,
        "COMPLETED" => JobState::Completed,
        _ => JobState::Failed,
    };
    Some(((job, index), Element { state, word, reason, host }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_squeue_are_read() {
        let found = parse("12|3|PENDING|Dependency|").map(|(id, e)| (id, e.state, e.reason));
        assert_eq!(found, Some((("12".into(), 3), JobState::Pending, "Dependency".into())));
        let state = |word: &str| parse(&format!("1|0|{word}|None|node7")).map(|(_, e)| (e.state, e.host));
        assert_eq!(state("RUNNING"), Some((JobState::Running, "node7".into())));
        for word in ["TIMEOUT", "OUT_OF_MEMORY", "NODE_FAIL", "CANCELLED", "FAILED"] {
            assert_eq!(state(word).map(|s| s.0), Some(JobState::Failed), "{word}");
        }
        // A job that is no array.
        assert_eq!(parse("12|N/A|RUNNING|None|node7"), None);
    }
}
