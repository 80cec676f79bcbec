//! Airflow, as a DAG in Python that its scheduler reads.

use super::{Batch, BatchError, Engine, Needs, NodeJobs, Submission, Wait};
use crate::{data::text::shell_word, io::atomic, pipeline::TaskId};
use serde::Deserialize;
use serde_json::{Value as Json, json};
use std::{
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The DAG, with places for what differs.
const TEMPLATE: &str = include_str!("../../assets/python/airflow_dag.py");

/// Seconds between a failure and the next try.
const RETRY_DELAY_S: u32 = 30;

/// How a pipeline becomes a DAG.
#[derive(Clone, Debug)]
pub struct Airflow {
    /// The file the DAG is written to.
    pub dag: PathBuf,
    /// How often a task that failed is tried again.
    pub retries: u32,
}

impl Airflow {
    /// Where Airflow looks for the DAG of a pipeline: in `$AIRFLOW_HOME/dags`, or `~/airflow/dags`.
    pub fn default_dag(pipeline: &Path) -> Option<PathBuf> {
        let home = std::env::var_os("AIRFLOW_HOME").filter(|home| !home.is_empty()).map(PathBuf::from);
        let home = home.or_else(|| Some(directories::BaseDirs::new()?.home_dir().join("airflow")))?;
        Some(home.join("dags").join(format!("{}.py", dag_id(pipeline))))
    }

    /// Writes the DAG and notes it in the submission. Each batch comes with what its tasks need.
    ///
    /// # Errors
    /// Where there is no folder for DAGs, a time limit cannot be read or a file cannot be written.
    pub fn submit(
        &self,
        submission: &mut Submission,
        batches: &[(Batch, Needs)],
        program: &Path,
        store: &Path,
    ) -> Result<(), BatchError> {
        let folder = self.dag.parent().unwrap_or(Path::new("."));
        if !folder.as_os_str().is_empty() && !folder.is_dir() {
            return Err(BatchError::Scheduler(format!(
                "there is no folder {} for the DAG: set AIRFLOW_HOME, or name the file with --dag",
                folder.display()
            )));
        }
        // One of another pipeline of that name, or a file of somebody's own.
        let own = json!(submission.pipeline).to_string().replace('\'', "\\u0027");
        if std::fs::read_to_string(&self.dag).is_ok_and(|text| !text.contains(&own)) {
            return Err(BatchError::Scheduler(format!(
                "{} is there already and is not of this pipeline: name another file with --dag, or rename the pipeline",
                self.dag.display()
            )));
        }
        let id = dag_id(&submission.pipeline);
        let mut nodes = Vec::with_capacity(batches.len());
        for (place, (batch, needs)) in batches.iter().enumerate() {
            nodes.push(self.node(submission, place, batch, needs, program, store)?);
            submission.jobs.push(NodeJobs {
                node: batch.node.clone(),
                job: id.clone(),
                elements: batch.elements.clone(),
                needs: needs.clone(),
            });
        }
        submission.engine = Engine::Airflow;
        // The DAG must not run before it is known what its tasks are.
        submission.save()?;
        let plan = json!({
            "dag": id,
            "pipeline": submission.pipeline,
            "folder": submission.pipeline.parent().unwrap_or(Path::new("/")),
            "retries": self.retries,
            "retry_delay_s": RETRY_DELAY_S,
            "nodes": nodes,
        });
        let plan = serde_json::to_string_pretty(&plan).unwrap_or_default();
        let title = submission.pipeline.file_name().unwrap_or_default().to_string_lossy();
        let text = TEMPLATE
            .replace("@TITLE@", &format!("The pipeline {}.", plain(&title)))
            .replace("@VERSION@", env!("CARGO_PKG_VERSION"))
            // Within quotes of three.
            .replace("@PLAN@", &plan.replace('\'', "\\u0027"));
        Ok(atomic::write_file(&self.dag, text.as_bytes())?)
    }

    fn node(
        &self,
        submission: &Submission,
        place: usize,
        batch: &Batch,
        needs: &Needs,
        program: &Path,
        store: &Path,
    ) -> Result<Json, BatchError> {
        let time_limit_s = needs.time.as_deref().map(seconds).transpose().map_err(BatchError::Scheduler)?;
        let shared = batch.elements.iter().any(|tasks| tasks.len() > 1);
        let waits_for_all = batch.waits.iter().any(|(_, wait)| *wait == Wait::All);
        let threads = needs.cores.map(|cores| format!(" --threads {cores}")).unwrap_or_default();
        let element = |(index, tasks): (usize, &Vec<TaskId>)| {
            let command = format!(
                "set -o pipefail; SPIKELOOM_STORE={} {} task {} {place} {index} --all{threads} 2>&1 | tee -a {}",
                shell_word(&store.display().to_string()),
                shell_word(&program.display().to_string()),
                shell_word(&submission.folder.display().to_string()),
                shell_word(&submission.log(place, &index.to_string()).display().to_string()),
            );
            json!({"title": title(tasks), "command": raw(&command)})
        };
        Ok(json!({
            "node": batch.node,
            "group": format!("{place:02}_{}", plain(&batch.node)),
            // What failed is missing, and says so to those that gather; of several tasks some may have done well.
            "trigger_rule": if waits_for_all || shared { "all_done" } else { "all_success" },
            "pool_slots": needs.cores.unwrap_or(1),
            "queue": needs.partition,
            "time_limit_s": time_limit_s,
            "waits": batch.waits.iter().map(|(other, wait)| json!([other, *wait == Wait::SamePlace])).collect::<Vec<_>>(),
            "elements": batch.elements.iter().enumerate().map(element).collect::<Vec<_>>(),
        }))
    }
}

/// A run of a DAG, as Airflow has it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct AirflowRun {
    /// Its state in Airflow's word, such as `running`.
    pub state: String,
    /// When it was to begin, in UTC as `2026-03-01T12:00:00.5+00:00`; Airflow 2 does not say it.
    pub run_after: Option<String>,
    /// The time it stands for.
    pub logical_date: Option<String>,
}

impl AirflowRun {
    /// True where nothing of it runs or waits any more.
    pub fn has_ended(&self) -> bool {
        matches!(self.state.as_str(), "success" | "failed")
    }

    fn time(&self) -> &str {
        self.run_after.as_deref().or(self.logical_date.as_deref()).unwrap_or_default()
    }

    /// True where it began after a pipeline was submitted.
    pub fn is_since(&self, submission: &Submission) -> bool {
        let second = |time: &str| time.get(..19).unwrap_or_default().to_owned();
        second(self.time()) >= second(&submission.submitted)
    }
}

/// The latest run of a DAG; `None` where it has none, or Airflow's command is not on the path or does not answer.
pub fn last_run(dag: &str) -> Option<AirflowRun> {
    // Airflow 3 takes the name by itself, Airflow 2 as an option.
    let ways: [&[&str]; 2] = [&[dag], &["--dag-id", dag]];
    ways.iter().find_map(|way| {
        let arguments = [&["dags", "list-runs", "-o", "json"], *way].concat();
        let output = Command::new("airflow").args(arguments).stdin(Stdio::null()).output().ok()?;
        latest(&String::from_utf8_lossy(&output.stdout))
    })
}

/// The latest of the runs that Airflow lists as JSON; warnings may come before it.
fn latest(said: &str) -> Option<AirflowRun> {
    let runs = said.lines().find_map(|line| serde_json::from_str::<Vec<AirflowRun>>(line).ok())?;
    runs.into_iter().max_by(|a, b| a.time().cmp(b.time()))
}

/// The name of a pipeline's DAG.
pub fn dag_id(pipeline: &Path) -> String {
    format!("spikeloom_{}", plain(&pipeline.file_stem().unwrap_or_default().to_string_lossy()))
}

/// Letters, digits and underscores, which all names of Airflow may have.
fn plain(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || "_.-".contains(c) { c } else { '_' }).collect()
}

/// What an element is called.
fn title(tasks: &[TaskId]) -> String {
    let Some(first) = tasks.first() else { return String::new() };
    let item = first.coordinate.to_string();
    let name = if item.is_empty() { first.node.clone() } else { format!("{} [{item}]", first.node) };
    match tasks.len() {
        1 => name,
        count => format!("{name} and {} more", count - 1),
    }
}

/// A command in which Airflow fills in nothing.
fn raw(command: &str) -> String {
    match command.contains("{{") || command.contains("{%") || command.contains("{#") {
        true => format!("{{% raw %}}{command}{{% endraw %}}"),
        false => command.to_owned(),
    }
}

/// A time limit as Slurm writes it, in seconds: minutes, minutes:seconds, hours:minutes:seconds, days-hours and so on.
fn seconds(text: &str) -> Result<u64, String> {
    let wrong =
        || format!("--time {text}: a time such as 90 (minutes), 2:00:00 or 1-12 (days-hours) is expected");
    let number = |text: &str| text.parse::<u64>().map_err(|_not_a_number| wrong());
    let (days, rest) = match text.split_once('-') {
        Some((days, rest)) => (Some(number(days)?), rest),
        None => (None, text),
    };
    let parts = rest.split(':').map(number).collect::<Result<Vec<u64>, String>>()?;
    let of_day = match (days.is_some(), parts.as_slice()) {
        (false, [minutes]) => minutes * 60,
        (false, [minutes, seconds]) => minutes * 60 + seconds,
        (true, [hours]) => hours * 3600,
        (true, [hours, minutes]) => hours * 3600 + minutes * 60,
        (_, [hours, minutes, seconds]) => hours * 3600 + minutes * 60 + seconds,
        _ => return Err(wrong()),
    };
    Ok(days.unwrap_or(0) * 86_400 + of_day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_slurm_reads_them() {
        for (text, expected) in [
            ("90", 5400),
            ("1:30", 90),
            ("2:00:00", 7200),
            ("1-12", 129_600),
            ("1-0:30", 88_200),
            ("1-0:0:5", 86_405),
        ] {
            assert_eq!(seconds(text), Ok(expected), "{text}");
        }
        for wrong in ["", "soon", "1:2:3:4", "1-", "-5"] {
            assert!(seconds(wrong).is_err_and(|e| e.contains("2:00:00")), "{wrong}");
        }
    }

    #[test]
    fn the_latest_run_is_read_whatever_is_said_before_it() {
        let said = r#"[py.warnings] no graphviz
[{"dag_id": "p", "run_id": "manual__1", "state": "failed", "run_after": "2026-11-29T11:14:52.779908+00:00", "logical_date": "2026-11-29T11:14:49.762742+00:00", "end_date": null},
 {"dag_id": "p"}]"#;
        assert_eq!(latest(said), None, "one line holds it");
        let said = said.replace(",\n ", ", ");
        let run = latest(&said).unwrap_or_default();
        assert!(run.has_ended() && run.state == "failed");
        let at = |submitted: &str| Submission { submitted: submitted.into(), ..Submission::default() };
        assert!(run.is_since(&at("2026-11-29T11:14:52Z")) && !run.is_since(&at("2026-11-29T11:14:53Z")));
        let earlier = r#"[{"state": "success", "logical_date": "2024-01-01T00:00:00+00:00"}]"#;
        assert!(latest(earlier).is_some_and(|run| !run.is_since(&at("2024-01-01T00:00:01Z"))));
    }

    #[test]
    fn names_are_those_airflow_takes() {
        assert_eq!(dag_id(Path::new("/a/my study (1).ron")), "spikeloom_my_study__1_");
        assert_eq!(raw("echo {{x}}"), "{% raw %}echo {{x}}{% endraw %}");
        assert_eq!(raw("echo {x}"), "echo {x}");
    }
}
