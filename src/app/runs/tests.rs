//! Events of runs, and what is made of them.

use super::*;
use crate::pipeline::{Coordinate, CoordinateValue};

#[test]
fn events_become_states_and_a_status_line() {
    let mut runs = Runs::default();
    let (stop, _stopped) = crossbeam_channel::unbounded();
    runs.started(RunId(1), stop);
    let task = |node: &str| TaskId { node: node.into(), coordinate: Coordinate::default() };
    let mut hear = |kind| runs.hear(&Event { run: RunId(1), at_s: 1.0, kind });
    hear(EventKind::RunStarted { tasks: 2 });
    hear(EventKind::Queued { task: task("sort") });
    hear(EventKind::Cached { task: task("generate"), folder: "a".into() });
    hear(EventKind::Started { task: task("sort") });
    hear(EventKind::Progress {
        task: task("sort"),
        stage: "detect".into(),
        done: 41,
        total: 50,
        share: Some(0.41),
        remaining_s: Some(32.0),
    });
    runs.fold();
    assert_eq!(runs.status(), "1 of 2 · Sort 41 % · 0:32 left");
    assert_eq!(runs.stages()["sort"], "detect");
    // Tasks that are found on the way take nothing back from the bar.
    let share = runs.share();
    (0..6).for_each(|i| {
        let task = task(&format!("metrics_{i}"));
        runs.hear(&Event { run: RunId(1), at_s: 1.5, kind: EventKind::Queued { task } });
    });
    runs.fold();
    assert_eq!(runs.share(), share);
    // Nobody knows how long they take: what is told is of the task alone.
    assert_eq!(runs.status(), "1 of 8 · Sort 41 % (0:32 left)");
    // Of a task that never ran before only its stage is known.
    let kind = EventKind::Progress {
        task: task("sort"),
        stage: "detect".into(),
        done: 1,
        total: 4,
        share: None,
        remaining_s: None,
    };
    runs.hear(&Event { run: RunId(1), at_s: 1.6, kind });
    runs.fold();
    assert_eq!(runs.status(), "1 of 8 · Sort: detect 25 %");
    assert_eq!(runs.stages()["sort"], "detect 25 %");
    assert_eq!(runs.share(), share);
    runs.hear(&Event {
        run: RunId(1),
        at_s: 2.0,
        kind: EventKind::Failed { task: task("sort"), message: "no spikes".into() },
    });
    runs.fold();
    assert_eq!(runs.live()["sort"], NodeState::Failed("no spikes".into()));
    // What changed since is not what ran.
    runs.forget(&Pipeline::default(), &BTreeSet::from(["sort".to_owned()]));
    runs.fold();
    assert!(!runs.live().contains_key("sort") && runs.live().contains_key("generate"));
    // What a recipe warns of is in the log; it is no task that waits.
    let line = "its probe says no order".to_owned();
    let kind = EventKind::Log { task: task("read"), warning: true, line };
    runs.hear(&Event { run: RunId(1), at_s: 2.0, kind });
    runs.fold();
    assert!(!runs.live().contains_key("read"));
    assert!(runs.log_of("read").any(|line| line.level == Level::Warning));
}

#[test]
fn a_study_says_when_all_is_done_and_what_each_of_its_items_said() {
    let mut runs = Runs::default();
    let (stop, _stopped) = crossbeam_channel::unbounded();
    runs.started(RunId(1), stop);
    let item = |i: usize| TaskId {
        node: "sort".into(),
        coordinate: Coordinate::single("index", CoordinateValue::of_text(&i.to_string())),
    };
    let mut hear = |at_s, kind| runs.hear(&Event { run: RunId(1), at_s, kind });
    hear(0.0, EventKind::RunStarted { tasks: 5 });
    (0..5).for_each(|i| hear(0.0, EventKind::Queued { task: item(i) }));
    hear(0.0, EventKind::Started { task: item(0) });
    hear(0.0, EventKind::Started { task: item(1) });
    hear(1.0, EventKind::Log { task: item(0), warning: false, line: "of 0".into() });
    hear(1.0, EventKind::Log { task: item(1), warning: true, line: "of 1".into() });
    hear(30.0, EventKind::Finished { task: item(0), folder: "a".into(), wall_s: 30.0, cpu_s: 30.0 });
    hear(30.0, EventKind::Started { task: item(2) });
    // Four times half a minute on two threads, of which one is just done.
    assert_eq!(runs.status(), "1 of 5 · Sort · 0:45 left");
    let said = |i: usize| runs.log_of_task(&item(i)).map(|l| l.line.clone()).collect::<Vec<_>>();
    assert!(said(0).contains(&"of 0".to_owned()) && !said(0).contains(&"of 1".to_owned()), "{:?}", said(0));
    assert!(said(1).contains(&"of 1".to_owned()), "{:?}", said(1));
}
