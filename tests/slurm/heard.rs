//! What is told of jobs by what Slurm says of them, word by word; no Slurm is asked.

use crate::{
    COUNT,
    common::place::{Place, counted_study},
};
use spikeloom::{
    batch::{Elements, Fate, Fates, JobState, Needs, NodeJobs, Slurm, Submission, Watch},
    nodes::registry,
    pipeline::{Document, EventKind, Executor, Limits, RunStatus, Store, TaskId},
};
use std::{
    path::Path,
    sync::Arc,
    thread::sleep,
    time::{Duration, Instant},
};

struct Followed {
    place: Place,
    executor: Arc<Executor>,
    watch: Watch,
}

/// Each node an array, numbered from 1 on; `shared` tasks a job.
fn submit(place: &Place, executor: &Executor, settings: &[&str], first: usize, shared: usize) {
    let (path, store) = (place.path("p.ron"), place.path("store"));
    let settings: Vec<String> = settings.iter().map(|text| (*text).to_owned()).collect();
    let mut submission = Submission::begin(&store, &path, &settings).unwrap();
    let pipeline = submission.read_pipeline(&registry()).unwrap();
    let plan = executor.plan(&pipeline, place.folder.path(), None);
    for (number, node) in ["count", "again", "all"].iter().enumerate() {
        let tasks: Vec<TaskId> =
            plan.stale().map(|task| task.task.clone()).filter(|task| task.node == *node).collect();
        submission.jobs.push(NodeJobs {
            node: (*node).into(),
            job: (first + number).to_string(),
            elements: tasks.chunks(shared).map(<[TaskId]>::to_vec).collect(),
            needs: Needs::default(),
        });
    }
    submission.save().unwrap();
}

impl Followed {
    fn new(shared: usize) -> Self {
        let place = counted_study(COUNT, "all");
        let store = Store::open(&place.path("store")).unwrap();
        let executor = Executor::new(registry(), store, Limits::default());
        submit(&place, &executor, &[], 1, shared);
        // By another way to the same file.
        let path = place.folder.path().join("data/../p.ron");
        let watch = Watch::new(executor.clone(), Slurm::at(Path::new("none")), &path);
        Self { place, executor, watch }
    }

    /// What is told where Slurm says this.
    fn hear(&mut self, lines: &[&str]) -> Vec<String> {
        let events = self.watch.hear(&Elements::of_lines(&lines.join("\n"))).unwrap();
        let said = events.iter().map(|event| match event {
            EventKind::RunStarted { tasks } => format!("start {tasks}"),
            EventKind::Queued { task } => format!("{task} queued"),
            EventKind::Started { task } => format!("{task} started"),
            EventKind::Progress { task, stage, .. } => format!("{task} {stage}"),
            EventKind::Log { task, line, .. } => format!("{task}: {line}"),
            EventKind::Finished { task, .. } => format!("{task} done"),
            EventKind::Failed { task, message } => format!("{task} failed: {}", message.words),
            EventKind::Cancelled { task, reason, .. } => format!("{task} left out: {reason}"),
            EventKind::RunFinished { status, .. } => match status {
                RunStatus::Ok => "end".into(),
                RunStatus::Failed => "end, failed".into(),
                RunStatus::Cancelled => "end, cancelled".into(),
            },
            other => format!("{other:?}"),
        });
        said.collect()
    }

    /// The same, asked again until these words are among it: the store is looked through now and then only.
    fn hear_until(&mut self, lines: &[&str], words: &str) -> Vec<String> {
        let (mut said, began) = (Vec::new(), Instant::now());
        while !said.iter().any(|line: &String| line.contains(words)) {
            assert!(began.elapsed() < Duration::from_secs(60), "never \"{words}\": {said:#?}");
            said.extend(self.hear(lines));
            sleep(Duration::from_millis(20));
        }
        said
    }
}

fn has(said: &[String], words: &[&str]) {
    for words in words {
        assert!(said.iter().any(|line| line.contains(words)), "no \"{words}\" in {said:#?}");
    }
}

const AFTER: [&str; 2] = ["2|N/A|PENDING|Dependency|", "3|0|PENDING|Dependency|"];

#[test]
fn how_a_job_ends_is_told_in_words_and_what_waited_for_it_says_so() {
    let mut of = Followed::new(1);
    let first =
        ["1|0|RUNNING|None|n1", "1|1|RUNNING|None|n1", "1|2|RUNNING|None|n2", "1|3|PENDING|JobHeldUser|"];
    let said = of.hear(&[&first[..], &AFTER].concat());
    has(&said, &["start 9", "count [index=2] running on n2", "count [index=3]: is held: `scontrol release`"]);
    // Its computer is lost: it waits again, and is no failure.
    let again =
        ["1|0|PENDING|BeginTime|", "1|1|RUNNING|None|n1", "1|2|RUNNING|None|n2", "1|3|PENDING|JobHeldUser|"];
    assert_eq!(of.hear(&[&again[..], &AFTER].concat()), ["count [index=0] queued"]);
    // Three that end otherwise, with what waited for them.
    let ends = [
        "1|0|TIMEOUT|TimeLimit|n1",
        "1|1|NODE_FAIL|None|n1",
        "1|2|OUT_OF_MEMORY|OutOfMemory|n2",
        "1|3|CANCELLED|None|",
        "2|0|CANCELLED|DependencyNeverSatisfied|",
        "2|1|CANCELLED|DependencyNeverSatisfied|",
        "2|2|CANCELLED|DependencyNeverSatisfied|",
        "2|3|CANCELLED|DependencyNeverSatisfied|",
        "3|0|CANCELLED|None|",
    ];
    let said = of.hear(&ends);
    has(
        &said,
        &[
            "count [index=0] failed: reached its time limit",
            "count [index=1] failed: its computer was lost (n1)",
            "count [index=2] failed: needed more memory",
            "count [index=3] left out: cancelled",
            "again [index=0] left out: not run: count [index=0] failed",
            "again [index=3] left out: not run: count [index=3] was stopped",
            "all left out: not run: ",
        ],
    );
    assert_eq!(said.last().map(String::as_str), Some("end, failed"));
    assert_eq!(of.hear(&ends), [""; 0]);
}

#[test]
fn arrays_that_are_cancelled_before_they_begin_are_cancelled() {
    let mut of = Followed::new(2);
    has(&of.hear(&["1|0|PENDING|Resources|", "1|1|PENDING|Resources|", AFTER[0], AFTER[1]]), &["start 9"]);
    let said = of.hear(&[
        "1|N/A|CANCELLED|Resources|",
        "2|N/A|CANCELLED|Dependency|",
        "3|N/A|CANCELLED|Dependency|",
    ]);
    has(&said, &["count [index=0] left out: cancelled", "count [index=3] left out: cancelled"]);
    assert_eq!(said.last().map(String::as_str), Some("end, cancelled"));
}

#[test]
fn a_result_that_is_seen_late_is_waited_for() {
    let mut of = Followed::new(1);
    let running: Vec<String> = (0..4).map(|index| format!("1|{index}|RUNNING|None|n1")).collect();
    let running: Vec<&str> = running.iter().map(String::as_str).chain(AFTER).collect();
    has(&of.hear(&running), &["start 9"]);
    let ended: Vec<String> =
        (1..3).flat_map(|job| (0..4).map(move |index| format!("{job}|{index}|COMPLETED|None|n1"))).collect();
    let mut ended: Vec<&str> = ended.iter().map(String::as_str).collect();
    ended.push("3|0|COMPLETED|None|n1");
    assert_eq!(of.hear(&ended), [""; 0], "it may be there in a minute");
    of.place.ends(0, &["run", "p.ron"]);
    let said = of.hear_until(&ended, "end");
    has(&said, &["count [index=0] done", "again [index=3] done", "all done"]);
    assert_eq!(said.last().map(String::as_str), Some("end"));
}

#[test]
fn what_was_submitted_before_with_other_parameters_is_judged_by_those() {
    let mut of = Followed::new(1);
    // With what the first submission says, all is done; the second asks for something else.
    of.place.ends(0, &["run", "p.ron"]);
    submit(&of.place, &of.executor, &["study.sampling_frequency=10000"], 4, 1);
    let path = of.place.path("p.ron");
    let documents = Submission::of(&of.place.path("store"), &path);
    let read = |submission: &Submission| submission.read_pipeline(&registry()).unwrap();
    let now = Document::read(&path, &registry()).unwrap().pipeline;
    assert_eq!(documents.iter().map(|one| read(one).does_as(&now)).collect::<Vec<_>>(), [false, true]);
    let running = ["1|0|RUNNING|None|n1", "4|0|RUNNING|None|n1"];
    has(&of.hear(&running), &["start 9"]);
    assert_eq!(of.watch.settings(), ["study.sampling_frequency=10000"]);
    let ended = ["1|0|COMPLETED|None|n1", "4|0|FAILED|NonZeroExitCode|n1", "5|0|RUNNING|None|n1"];
    of.hear_until(&ended, "count [index=0] failed: its job 4_0 ended without a result and said nothing");
}

#[test]
fn jobs_that_slurm_no_longer_knows_are_done_or_lost() {
    let mut of = Followed::new(1);
    let running: Vec<String> = (0..4).map(|index| format!("1|{index}|RUNNING|None|n1")).collect();
    let running: Vec<&str> = running.iter().map(String::as_str).chain(AFTER).collect();
    has(&of.hear(&running), &["start 9"]);
    of.place.ends(0, &["run", "p.ron", "--until", "again"]);
    let elements = Elements::of_lines("3|0|PENDING|Dependency|");
    let submission = &Submission::of(&of.place.path("store"), &of.place.path("p.ron"))[0];
    // The result of one is gone, and nobody knows what became of its job.
    let folder = stored(&of.place, "again");
    std::fs::remove_dir_all(folder.join("index=2").canonicalize().unwrap()).unwrap();
    let fates = Fates::new(&of.executor, &elements).of(submission);
    let done = Fate::Known(JobState::Completed);
    assert_eq!(
        fates,
        [vec![done; 4], vec![done, done, Fate::Lost, done], vec![Fate::Known(JobState::Pending)]]
    );
    // Whoever follows hears of it, and what failed is tried again.
    let said = of.hear_until(&[""], "end");
    has(&said, &["again [index=1] done", "again [index=2] failed: Slurm no longer knows its job 2_2"]);
    has(&said, &["all left out: not run: again [index=2] failed"]);
}

/// Where the results of a node are linked.
fn stored(place: &Place, node: &str) -> std::path::PathBuf {
    let results = std::fs::read_dir(place.path("store/results")).unwrap().flatten();
    let mut of_node = results.map(|entry| entry.path().join(node)).filter(|path| path.is_dir());
    of_node.next().unwrap()
}
