//! The thread that looks at each state of the pipeline: what is wrong with it, and what is done.

use super::{answer::Answer, backend::spawn};
use crate::pipeline::{
    Executor, Limits, Offered, Pipeline, Problem, Registry, Store, missing_files, offers, validate,
};
use crossbeam_channel::Receiver;
use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// A state of the pipeline to be looked at.
pub(super) struct Check {
    pub revision: u64,
    pub pipeline: Pipeline,
    pub base_folder: PathBuf,
    pub path: Option<PathBuf>,
    /// The sheet it is on.
    pub sheet: u64,
}

/// Answers until the window drops its end of the channel.
pub(super) fn check_loop(
    registry: &Arc<Registry>,
    store_folder: &Path,
    limits: Limits,
    to_check: &Receiver<Check>,
    send: &(impl Fn(Answer) + Clone + Send + 'static),
) {
    let executor = match Store::open(store_folder) {
        Ok(store) => {
            let executor = Executor::new(Registry::clone(registry), store, limits);
            send(Answer::Ready(executor.clone()));
            Some(executor)
        }
        Err(error) => {
            send(Answer::NoStore(error.to_string()));
            None
        }
    };
    let mut advice: Vec<Problem> = Vec::new();
    let asking = Arc::new(AtomicBool::new(false));
    while let Ok(first) = to_check.recv() {
        // A slider asks often: only its last place is worth an answer.
        std::thread::sleep(Duration::from_millis(15));
        let check = to_check.try_iter().last().unwrap_or(first);
        let mut problems = validate(&check.pipeline, registry);
        problems.extend(missing_files(&check.pipeline, registry, &check.base_folder));
        let (known, wrong) = offers(&check.pipeline, registry, &check.base_folder, false);
        problems.extend(wrong);
        if known.values().any(|offered| *offered == Offered::Unasked) && !asking.swap(true, Ordering::Relaxed)
        {
            let (registry, send, asking) = (registry.clone(), send.clone(), asking.clone());
            let (pipeline, base) = (check.pipeline.clone(), check.base_folder.clone());
            spawn("offers", move || {
                offers(&pipeline, &registry, &base, true);
                asking.store(false, Ordering::Relaxed);
                send(Answer::Asked);
            });
        }
        send(Answer::Offers { revision: check.revision, offers: known });
        // The advice of the state before stands until the new one is there, so that nothing flickers.
        let quick = problems.iter().chain(&advice).cloned().collect();
        send(Answer::Checked { revision: check.revision, problems: quick, nodes: None });
        if let Some(executor) = &executor {
            advice = executor.advise(&check.pipeline, &check.base_folder);
            problems.extend(advice.iter().cloned());
            let path = check.path.as_deref();
            let nodes = executor.survey(&check.pipeline, &check.base_folder, path, check.sheet);
            send(Answer::Checked { revision: check.revision, problems, nodes: Some(nodes) });
        }
    }
}
