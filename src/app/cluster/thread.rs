//! The thread that asks Slurm how jobs go, and reads the log that is looked at.

use super::{Ask, Told, run_id};
use crate::{
    app::runs::Stop,
    batch::{Place, Watch},
    pipeline::{Event, EventKind, TaskId},
};
use crossbeam_channel::Receiver;
use std::{
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

/// How often Slurm is asked while something waits or runs.
const POLL: Duration = Duration::from_secs(2);
/// How often it is asked again after it did not answer, and whether somebody else submitted something.
const PATIENCE: Duration = Duration::from_secs(6);
/// How often a log that is looked at is read.
const READ: Duration = Duration::from_millis(400);

/// Follows until nobody listens any more; the jobs go on without.
pub(super) fn follow(mut watch: Watch, asks: &Receiver<Ask>, stops: &Receiver<Stop>, tell: impl Fn(Told)) {
    let (mut runs, mut began) = (0, Instant::now());
    let mut log: Option<(TaskId, Option<(PathBuf, u64)>)> = None;
    let (mut due, mut trouble) = (Instant::now(), None::<String>);
    loop {
        if Instant::now() >= due {
            let was_going = watch.goes_on();
            let more = watch.has_more();
            match watch.poll() {
                Ok(events) => {
                    if trouble.take().is_some() {
                        tell(Told::Trouble(None));
                    }
                    if more || (watch.goes_on() && !was_going) {
                        tell(Told::Places(Arc::new(watch.places().clone()), watch.given()));
                    }
                    for kind in events {
                        if matches!(kind, EventKind::RunStarted { .. }) {
                            (runs, began) = (runs + 1, Instant::now());
                        }
                        let at_s = began.elapsed().as_secs_f64();
                        tell(Told::Event(Event { run: run_id(runs), at_s, kind }));
                    }
                    due = Instant::now() + if watch.goes_on() { POLL } else { PATIENCE };
                }
                Err(error) => {
                    // What was submitted from another computer is no trouble of this one.
                    let words = Some(error.to_string());
                    if (was_going || trouble.is_some()) && trouble != words {
                        tell(Told::Trouble(words.clone()));
                        trouble = words;
                    }
                    due = Instant::now() + PATIENCE;
                }
            }
        }
        if let Some((task, read)) = &mut log
            && let Some(text) = watch.places().get(task).and_then(|place| news(place, read))
        {
            tell(Told::Log(task.clone(), text));
        }
        let pause = due.saturating_duration_since(Instant::now());
        let pause = if log.is_some() { pause.min(READ) } else { pause };
        let mut refused = None;
        crossbeam_channel::select! {
            recv(asks) -> asked => match asked {
                Ok(Ask::Look) => due = Instant::now(),
                Ok(Ask::Log(task)) => log = task.map(|task| (task, None)),
                Err(_) => return,
            },
            recv(stops) -> asked => {
                let done = match asked {
                    Ok(Stop::All) => watch.cancel(None),
                    Ok(Stop::Tasks(tasks)) => watch.cancel(Some(&tasks)),
                    Err(_) => return,
                };
                refused = done.err();
                due = Instant::now();
            },
            default(pause) => {}
        }
        if let Some(error) = refused {
            trouble = Some(error.to_string());
            tell(Told::Trouble(trouble.clone()));
            due = Instant::now() + PATIENCE;
        }
    }
}

/// The end of a log where it changed since it was read.
fn news(place: &Place, read: &mut Option<(PathBuf, u64)>) -> Option<String> {
    let length = place.log.metadata().map_or(0, |data| data.len());
    let now = Some((place.log.clone(), length));
    (*read != now).then(|| {
        *read = now;
        place.tail()
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn of_a_log_what_is_new_is_read_and_of_a_long_one_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("a.log");
        let place = Place { job: "1".into(), index: 0, log: log.clone(), shared: 1 };
        let mut read = None;
        assert_eq!(news(&place, &mut read).as_deref(), Some(""));
        assert_eq!(news(&place, &mut read), None);
        std::fs::write(&log, "one\n").unwrap();
        assert_eq!(news(&place, &mut read).as_deref(), Some("one\n"));
        assert_eq!(news(&place, &mut read), None);
        std::fs::write(&log, "a line of the log\n".repeat(20_000)).unwrap();
        let text = news(&place, &mut read).unwrap();
        assert!(text.len() < 200_000 && text.starts_with("a line of the log\n"));
    }
}
