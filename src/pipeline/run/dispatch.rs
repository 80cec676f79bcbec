//! Starts what can run: within the limits, and where no other process is at it.

use super::{Run, tell::Told};
use crate::{
    data::text::size,
    pipeline::{
        EventKind, NodeError,
        evaluate::{Evaluator, Job},
        feed::TaskMonitor,
        memo,
        needs::Room,
        store::{Claim, ScratchFolder},
        task,
    },
};
use std::{
    sync::{Arc, atomic::AtomicBool},
    time::{Duration, Instant},
};

/// How often it is asked whether another process is done with a task.
const ELSEWHERE: Duration = Duration::from_millis(100);

/// So many tasks go before one that does not fit; then the room it needs is kept free.
const PATIENCE: usize = 16;

impl Run {
    /// Tasks that another process was at are ready again once it is done with them, or dead.
    pub(super) fn ask_again(&mut self) {
        let now = Instant::now();
        let (due, later) = std::mem::take(&mut self.elsewhere).into_iter().partition(|(_, at)| *at <= now);
        self.elsewhere = later;
        for (job, _) in due {
            match self.site.store.is_at_work(&job.key) {
                true => self.elsewhere.push((job, now + ELSEWHERE)),
                false => self.ready.push_front(job),
            }
        }
    }

    /// A task for this process alone; none where another one is at it.
    pub(super) fn claim(&mut self, job: &Arc<Job>) -> Option<ScratchFolder> {
        match self.site.store.claim(&job.key) {
            Ok(Claim::Ours(folder)) => Some(folder),
            Ok(Claim::Taken(owner)) => {
                let line = format!("waits for {owner}, which is computing it");
                self.feed.tell(EventKind::Log { task: job.task.clone(), warning: false, line });
                self.elsewhere.push((job.clone(), Instant::now() + ELSEWHERE));
                None
            }
            Err(error) => {
                self.running.push(job.clone());
                let _ = self.ended.0.send((job.clone(), Err(error.into())));
                None
            }
        }
    }

    /// Starts what can run, within the limits.
    pub(super) fn dispatch(&mut self, walk: &Evaluator) {
        let executor = self.executor.clone();
        let running = self.running.iter().map(|job| (job.class(), job.needs()));
        let mut room = Room::new(executor.limits(), self.site.threads, running);
        // What was held back may be gone.
        if self.held.is_some_and(|(key, _)| !self.ready.iter().any(|job| job.key == key)) {
            self.held = None;
        }
        let mut waiting = Vec::new();
        while !room.is_full()
            && let Some(job) = self.ready.take(|class| !room.is_full_of(class))
        {
            if !room.fits(job.class(), job.needs()) {
                let goes_on = self.held_back(&job, &room);
                waiting.push(job);
                if goes_on {
                    continue;
                }
                break;
            }
            let Some(scratch) = self.claim(&job) else { continue };
            let mut ingredients = walk.ingredients(&job);
            ingredients.because = self.executor.reasons(walk, &job, &self.results);
            self.tell(job.task.clone(), Told::Started, |task| EventKind::Started { task });
            room.take(job.class(), job.needs());
            self.passed(&job);
            self.running.push(job.clone());
            let (site, sender) = (self.site.clone(), self.ended.0.clone());
            let stop = Arc::<AtomicBool>::default();
            self.stop_of.insert(job.key, stop.clone());
            let stops = [self.cancel.clone(), stop];
            let last = self.site.store.last_stages(job.node.info().kind, job.fit);
            let usual = last.unwrap_or_else(|| job.node.usual_stages());
            let monitor = TaskMonitor::new(job.task.clone(), self.feed.clone(), stops, usual);
            let monitor = Arc::new(monitor);
            let own = job.clone();
            let body = move || {
                let result = memo::caught(|| task::run(&own, &site, &monitor, scratch, ingredients));
                monitor.tell_rest();
                // The run waits for every task, so somebody listens.
                let _ = sender.send((own, result));
            };
            if let Err(e) = std::thread::Builder::new().name(job.task.node.clone()).spawn(body) {
                let error = NodeError::Failed(format!("no thread could be started: {e}"));
                let _ = self.ended.0.send((job, Err(error)));
            }
        }
        waiting.into_iter().rev().for_each(|job| self.ready.push_front(job));
    }

    /// A task does not fit beside those that run; true where others may go before it.
    pub(super) fn held_back(&mut self, job: &Arc<Job>, room: &Room) -> bool {
        let needs = job.needs();
        let (_, passed) = *self.held.get_or_insert_with(|| {
            let (wanted, free) = (size(needs.memory_bytes), size(room.free_memory()));
            let line = if needs.memory_bytes > self.executor.limits().memory_bytes {
                format!(
                    "needs about {wanted} of memory, more than may be used at once: waits until it is alone"
                )
            } else if needs.memory_bytes > room.free_memory() {
                format!("waits for memory: it needs about {wanted}, {free} are free")
            } else {
                format!("waits for {} free cores", needs.cores)
            };
            self.feed.tell(EventKind::Log { task: job.task.clone(), warning: false, line });
            (job.key, 0)
        });
        passed < PATIENCE
    }

    /// A task starts, ahead of one that is held back or as the one that was.
    pub(super) fn passed(&mut self, job: &Job) {
        match &mut self.held {
            Some((key, _)) if *key == job.key => self.held = None,
            Some((_, passed)) => *passed += 1,
            None => {}
        }
    }
}
