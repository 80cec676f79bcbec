//! Slurm, through its own commands.

use super::{Batch, BatchError, Needs, NodeJobs, Submission, Wait};
use crate::data::text::shell_word;
use std::{
    collections::HashMap,
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

/// The elements of arrays that it knows of.
#[derive(Clone, Debug, Default)]
pub struct Elements(HashMap<String, Known>);

#[derive(Clone, Debug, Default)]
struct Known {
    each: HashMap<usize, Element>,
    /// What it says of all at once: one that was cancelled before any of it ran is one line.
    all: Option<Element>,
}

impl Elements {
    /// An element of an array.
    pub fn get(&self, job: &str, index: usize) -> Option<&Element> {
        let known = self.0.get(job)?;
        known.each.get(&index).or(known.all.as_ref())
    }

    /// True where an array, or a part of it, is known.
    pub(super) fn knows(&self, job: &str) -> bool {
        self.0.contains_key(job)
    }

    /// Lines as [`Slurm::elements`] asks for: array, element, state, reason and host, with bars between.
    pub fn of_lines(told: &str) -> Self {
        let mut elements = Self::default();
        for (job, index, element) in told.lines().filter_map(parse) {
            let known = elements.0.entry(job).or_default();
            match index {
                Some(index) => drop(known.each.insert(index, element)),
                None => known.all = Some(element),
            }
        }
        elements
    }
}

impl JobState {
    /// True where it waits or runs.
    pub fn is_open(self) -> bool {
        matches!(self, JobState::Pending | JobState::Running)
    }
}

impl Element {
    /// True where somebody ended it, or Slurm did as what it waits for can never end well.
    pub fn was_cancelled(&self) -> bool {
        self.word == "CANCELLED"
    }

    /// How it is, in words.
    pub fn words(&self) -> String {
        match self.state {
            JobState::Pending => self.waits_for(),
            JobState::Running => format!("running on {}", self.host),
            JobState::Completed => "ended".into(),
            JobState::Failed if self.says_more() => {
                format!("{} ({})", self.word.to_lowercase(), self.reason)
            }
            JobState::Failed => self.word.to_lowercase(),
        }
    }

    fn says_more(&self) -> bool {
        !matches!(self.reason.as_str(), "" | "None" | "NonZeroExitCode")
    }

    /// True where it waits for nothing else than others before it and its turn.
    pub fn waits_as_usual(&self) -> bool {
        let usual = ["", "None", "Priority", "Dependency", "Resources", "BeginTime"];
        usual.contains(&self.reason.as_str())
    }

    fn waits_for(&self) -> String {
        let reason = self.reason.as_str();
        let why = match reason {
            "JobHeldUser" => "is held: `scontrol release` lets it go on",
            "JobHeldAdmin" => "is held by those who run the cluster: ask them",
            "PartitionTimeLimit" => {
                "asks for more time than its partition gives: cancel it and submit it with a shorter limit"
            }
            "PartitionNodeLimit" | "BadConstraints" => {
                "asks for what no computer of its partition has: cancel it and ask for less"
            }
            "DependencyNeverSatisfied" => "waits for what failed",
            _ if reason.starts_with("QOS") || reason.starts_with("Assoc") || reason.starts_with("Max") => {
                "waits for a limit of your account: it goes on as others of yours end"
            }
            _ if reason.starts_with("ReqNodeNotAvail") || reason.starts_with("Node") => {
                "waits for a computer that is not available"
            }
            _ if self.waits_as_usual() => return "waits for its turn".into(),
            _ => "waits",
        };
        format!("{why} ({reason})")
    }

    /// What went wrong with it, and what to do.
    pub fn failure(&self) -> String {
        match self.word.as_str() {
            "TIMEOUT" => "reached its time limit: submit it with a longer one (a retry has the same)".into(),
            "OUT_OF_MEMORY" => {
                "needed more memory than it was given: submit it with more (a retry has the same)".into()
            }
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
        let size = self.configured("MaxArraySize").and_then(|size| size.parse::<usize>().ok());
        // Its own default; numbers of elements stay below it.
        size.unwrap_or(1001).saturating_sub(1).max(1)
    }

    /// What it is called.
    pub fn cluster(&self) -> Option<String> {
        self.configured("ClusterName").filter(|name| !name.is_empty())
    }

    /// A value of its configuration.
    fn configured(&self, name: &str) -> Option<String> {
        let told = self.call("scontrol", &["show", "config"], None).ok()?;
        let line = told.lines().find(|line| line.trim_start().starts_with(name))?;
        Some(line.split_once('=')?.1.trim().to_owned())
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
            format!("--output={}", pattern(&submission.log(place, "%a"))),
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
            shell_word(&store.display().to_string()),
            shell_word(&program.display().to_string()),
            shell_word(&submission.folder.display().to_string()),
        );
        // The array must not start before it is known what its elements are.
        submission.jobs.push(NodeJobs {
            node: batch.node.clone(),
            job: String::new(),
            elements: batch.elements.clone(),
            needs: needs.clone(),
        });
        match submission
            .save()
            .map_err(BatchError::from)
            .and_then(|()| self.hand_in(batch, &arguments, &script))
        {
            Ok(number) => {
                if let Some(jobs) = submission.jobs.last_mut() {
                    jobs.job = number;
                }
                Ok(submission.save()?)
            }
            Err(error) => {
                submission.jobs.pop();
                // What went wrong first is what has to be told.
                let _ = submission.save();
                Err(error)
            }
        }
    }

    /// The number of an array that it took.
    fn hand_in(&self, batch: &Batch, arguments: &[String], script: &str) -> Result<String, BatchError> {
        let told = self.call("sbatch", arguments, Some(script)).map_err(|error| match error {
            BatchError::Scheduler(message) => failed(format!("{}: {message}", batch.node)),
            other => other,
        })?;
        // Sites have sbatch say more before it.
        let last = told.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
        let number = last.split(';').next().unwrap_or_default();
        match !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()) {
            true => Ok(number.to_owned()),
            false => Err(failed(format!(
                "{}: sbatch told no number of a job but `{last}`: look with `squeue --me` whether it took it",
                batch.node
            ))),
        }
    }

    /// The elements it knows of, by array and number; those that ended some minutes ago are forgotten.
    ///
    /// # Errors
    /// Where it does not answer.
    pub fn elements(&self) -> Result<Elements, BatchError> {
        let told =
            self.call("squeue", &["-h", "-a", "-r", "-t", "all", "--me", "-o", "%F|%K|%T|%r|%N"], None)?;
        Ok(Elements::of_lines(&told))
    }

    /// Cancels arrays, or elements of them such as `12_3`, those that run included.
    ///
    /// # Errors
    /// Where it refuses.
    pub fn cancel(&self, jobs: &[String]) -> Result<(), BatchError> {
        self.call("scancel", jobs, None).map(drop)
    }
}

/// A path as the pattern of a log: only the number of the element is filled in.
fn pattern(log: &Path) -> String {
    let folder = log.parent().unwrap_or(Path::new("")).display().to_string().replace('%', "%%");
    format!("{folder}/{}", log.file_name().unwrap_or_default().display())
}

/// Array, element, and how it is.
fn parse(line: &str) -> Option<(String, Option<usize>, Element)> {
    let mut fields = line.split('|').map(str::trim);
    let (job, index) = (fields.next()?.to_owned(), fields.next()?.parse().ok());
    let word = fields.next()?.to_owned();
    let (reason, host) = (fields.next()?.to_owned(), fields.next().unwrap_or_default().to_owned());
    let state = match word.as_str() {
        "PENDING" | "REQUEUED" | "REQUEUE_HOLD" | "REQUEUE_FED" | "RESV_DEL_HOLD" | "SUSPENDED"
        | "SPECIAL_EXIT" => JobState::Pending,
        "COMPLETED" => JobState::Completed,
        "BOOT_FAIL" | "CANCELLED" | "DEADLINE" | "FAILED" | "LAUNCH_FAILED" | "NODE_FAIL"
        | "OUT_OF_MEMORY" | "PREEMPTED" | "RECONFIG_FAIL" | "REVOKED" | "TIMEOUT" => JobState::Failed,
        // RUNNING, COMPLETING, CONFIGURING, RESIZING and whatever else it passes through.
        _ => JobState::Running,
    };
    Some((job, index, Element { state, word, reason, host }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_squeue_are_read() {
        let elements = Elements::of_lines("12|3|PENDING|Dependency|\n12|N/A|CANCELLED|Resources|\nnothing\n");
        let state = |job: &str, index| elements.get(job, index).map(|element| element.state);
        assert_eq!(state("12", 3), Some(JobState::Pending));
        // The rest of an array that was cancelled before it began.
        assert_eq!(state("12", 4), Some(JobState::Failed));
        assert_eq!(state("13", 3), None);
        assert!(elements.get("12", 4).is_some_and(Element::was_cancelled));
        assert!(!elements.get("12", 3).is_some_and(Element::was_cancelled));
        let state = |word: &str| {
            let (_, index, element) = parse(&format!("1|0|{word}|None|node7"))?;
            Some((index, element.state, element.host))
        };
        for word in ["RUNNING", "COMPLETING", "RESIZING"] {
            assert_eq!(state(word), Some((Some(0), JobState::Running, "node7".into())), "{word}");
        }
        for word in ["TIMEOUT", "OUT_OF_MEMORY", "NODE_FAIL", "CANCELLED", "FAILED", "PREEMPTED"] {
            assert_eq!(state(word).map(|s| s.1), Some(JobState::Failed), "{word}");
        }
    }

    #[test]
    fn a_folder_with_a_percent_sign_is_no_pattern() {
        assert_eq!(pattern(Path::new("/a/s 50%a/000_%a.log")), "/a/s 50%%a/000_%a.log");
    }
}
