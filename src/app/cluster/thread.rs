//! The thread that asks Slurm how jobs go, and reads the log that is looked at.

use super::{Ask, Told};
use crate::{
    app::runs::Stop,
    batch::{BatchError, News, Watch},
    pipeline::{Event, EventKind, RunId, TaskId},
};
use crossbeam_channel::Receiver;
use std::{
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
    let mut log: Option<(TaskId, Option<News>)> = None;
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
                        let (given, settings) = (watch.given(), watch.settings());
                        tell(Told::Places { places: Arc::new(watch.places().clone()), given, settings });
                    }
                    for kind in events {
                        if matches!(kind, EventKind::RunStarted { .. }) {
                            (runs, began) = (runs + 1, Instant::now());
                        }
                        let at_s = began.elapsed().as_secs_f64();
                        tell(Told::Event(Event { run: RunId(runs), at_s, kind }));
                    }
                    due = Instant::now() + if watch.goes_on() { POLL } else { PATIENCE };
                }
                Err(error) => {
                    // What was submitted from another computer, where Slurm is, is no trouble of this one.
                    let is_elsewhere = matches!(error, BatchError::Scheduler(_)) && !was_going;
                    let words = Some(error.to_string());
                    if (!is_elsewhere || trouble.is_some()) && trouble != words {
                        tell(Told::Trouble(words.clone()));
                        trouble = words;
                    }
                    due = Instant::now() + PATIENCE;
                }
            }
        }
        if let Some((task, news)) = &mut log
            && let Some(place) = watch.places().get(task)
        {
            // What is submitted again has another log.
            let news = match news.take_if(|news| news.log() != place.log) {
                Some(_) => news.insert(News::of(&place.log)),
                None => news.get_or_insert_with(|| News::of(&place.log)),
            };
            if let Some(text) = news.read() {
                tell(Told::Log(task.clone(), text));
            }
        }
        let pause = due.saturating_duration_since(Instant::now());
        let pause = if log.is_some() { pause.min(READ) } else { pause };
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
                if let Err(error) = done {
                    tell(Told::Refused(error.to_string()));
                }
                due = Instant::now();
            },
            default(pause) => {}
        }
    }
}
