//! Requests of views and the threads that answer them.

use crate::engine::Monitor;
use crossbeam_channel::{Receiver, Sender, unbounded};
use std::sync::{
    Arc,
    atomic::{AtomicU64, AtomicUsize, Ordering},
};

/// Called when there is something new to draw; from any thread.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// The threads that serve views: a pool for traces, one for everything else, so that a summary of a long
/// sorting never holds up scrolling.
#[derive(Clone)]
pub struct Lanes {
    traces: Arc<rayon::ThreadPool>,
    rest: Arc<rayon::ThreadPool>,
    wake: Wake,
}

impl Lanes {
    /// Starts the threads.
    ///
    /// # Errors
    /// Where the system gives no threads.
    pub fn new(wake: Wake) -> Result<Self, String> {
        let pool = |name: &'static str, threads: usize| {
            rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .thread_name(move |i| format!("{name} {i}"))
                .build()
                .map(Arc::new)
                .map_err(|error| format!("the threads that draw views could not be started: {error}"))
        };
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Ok(Self { traces: pool("traces", cores.clamp(2, 4))?, rest: pool("inspect", 2)?, wake })
    }

    /// A lane for traces.
    pub fn trace_lane<T: Send + 'static>(&self) -> Lane<T> {
        Lane::new(Some(self.traces.clone()), self.wake.clone())
    }

    /// A lane for summaries, pictures and the like.
    pub fn lane<T: Send + 'static>(&self) -> Lane<T> {
        Lane::new(Some(self.rest.clone()), self.wake.clone())
    }

    /// A lane whose jobs wait for others, such as for a run: each gets a thread of its own.
    pub fn waiting_lane<T: Send + 'static>(&self) -> Lane<T> {
        Lane::new(None, self.wake.clone())
    }

    /// Asks for a repaint.
    pub fn wake(&self) {
        (self.wake)();
    }
}

impl std::fmt::Debug for Lanes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Lanes")
    }
}

/// One kind of request of one view. Only the newest request matters.
pub struct Lane<T> {
    pool: Option<Arc<rayon::ThreadPool>>,
    wake: Wake,
    newest: Arc<AtomicU64>,
    running: Arc<AtomicUsize>,
    sender: Sender<(u64, T)>,
    receiver: Receiver<(u64, T)>,
}

/// What a job holds: the way to answer and to learn that nobody waits for it any more.
pub struct Ticket<T> {
    generation: u64,
    newest: Arc<AtomicU64>,
    sender: Sender<(u64, T)>,
    wake: Wake,
}

impl<T: Send + 'static> Lane<T> {
    /// A lane of no group: each job gets a thread of its own.
    pub fn alone(wake: Wake) -> Self {
        Self::new(None, wake)
    }

    fn new(pool: Option<Arc<rayon::ThreadPool>>, wake: Wake) -> Self {
        let (sender, receiver) = unbounded();
        Self {
            pool,
            wake,
            newest: Arc::new(AtomicU64::new(0)),
            running: Arc::new(AtomicUsize::new(0)),
            sender,
            receiver,
        }
    }

    /// Starts a job that supersedes those before it on this lane.
    pub fn request(&self, job: impl FnOnce(&Ticket<T>) + Send + 'static) {
        let generation = self.newest.fetch_add(1, Ordering::AcqRel) + 1;
        let ticket = Ticket {
            generation,
            newest: self.newest.clone(),
            sender: self.sender.clone(),
            wake: self.wake.clone(),
        };
        let running = Running(self.running.clone());
        running.0.fetch_add(1, Ordering::AcqRel);
        let work = move || {
            if !ticket.superseded() {
                // A panic while drawing a picture must not end the program: the view just gets no answer.
                let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| job(&ticket)));
            }
            drop(running);
            (ticket.wake)();
        };
        match &self.pool {
            Some(pool) => pool.spawn_fifo(work),
            None => {
                // Without a thread the request stays unanswered and `busy` turns false again.
                let _ = std::thread::Builder::new().name("look".into()).spawn(work);
            }
        }
    }

    /// Drops what was asked and what was answered.
    pub fn cancel(&self) {
        self.newest.fetch_add(1, Ordering::AcqRel);
        while self.receiver.try_recv().is_ok() {}
    }

    /// The latest answer to the newest request, if there is a new one. Never waits.
    pub fn take(&self) -> Option<T> {
        let newest = self.newest.load(Ordering::Acquire);
        self.receiver
            .try_iter()
            .filter(|(generation, _)| *generation == newest)
            .last()
            .map(|(_, value)| value)
    }

    /// True while a job of this lane is queued or runs.
    pub fn busy(&self) -> bool {
        self.running.load(Ordering::Acquire) > 0
    }
}

impl<T> Drop for Lane<T> {
    fn drop(&mut self) {
        // Whoever still works for this lane may stop.
        self.newest.fetch_add(1, Ordering::AcqRel);
    }
}

struct Running(Arc<AtomicUsize>);

impl Drop for Running {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Work of the engine ends where nobody waits for its answer any more.
impl<T: Send> Monitor for Ticket<T> {
    fn cancelled(&self) -> bool {
        self.superseded()
    }
}

impl<T> Ticket<T> {
    /// True where a newer request was made: the job should end.
    pub fn superseded(&self) -> bool {
        self.newest.load(Ordering::Acquire) != self.generation
    }

    /// Answers; may be called several times, coarse first.
    pub fn send(&self, value: T) {
        if !self.superseded() && self.sender.send((self.generation, value)).is_ok() {
            (self.wake)();
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use std::{sync::mpsc, time::Duration};

    fn lanes() -> (Lanes, mpsc::Receiver<()>) {
        let (tell, woken) = mpsc::channel();
        let tell = std::sync::Mutex::new(tell);
        let wake: Wake = Arc::new(move || {
            let _ = tell.lock().unwrap().send(());
        });
        (Lanes::new(wake).unwrap(), woken)
    }

    #[test]
    fn a_newer_request_supersedes() {
        let (lanes, woken) = lanes();
        let lane = lanes.lane::<u32>();
        let (go, wait) = mpsc::channel::<()>();
        let (stopped, seen) = mpsc::channel();
        let (begun, begins) = mpsc::channel();
        lane.request(move |ticket| {
            begun.send(()).unwrap();
            wait.recv().unwrap();
            stopped.send(ticket.superseded()).unwrap();
            ticket.send(1);
        });
        begins.recv_timeout(Duration::from_secs(5)).unwrap();
        lane.request(|ticket| ticket.send(2));
        go.send(()).unwrap();
        assert!(seen.recv_timeout(Duration::from_secs(5)).unwrap());
        while lane.busy() {
            woken.recv_timeout(Duration::from_secs(5)).unwrap();
        }
        assert_eq!(lane.take(), Some(2));
        assert_eq!(lane.take(), None);
    }

    #[test]
    fn the_latest_answer_of_several_is_taken() {
        let (lanes, woken) = lanes();
        let lane = lanes.waiting_lane::<u32>();
        lane.request(|ticket| {
            ticket.send(1);
            ticket.send(2);
        });
        while lane.busy() {
            woken.recv_timeout(Duration::from_secs(5)).unwrap();
        }
        assert_eq!(lane.take(), Some(2));
    }

    #[test]
    fn a_panic_leaves_the_lane_usable() {
        let (lanes, woken) = lanes();
        let lane = lanes.lane::<u32>();
        lane.request(|_| panic!("a picture failed"));
        while lane.busy() {
            woken.recv_timeout(Duration::from_secs(5)).unwrap();
        }
        lane.request(|ticket| ticket.send(3));
        while lane.busy() {
            woken.recv_timeout(Duration::from_secs(5)).unwrap();
        }
        assert_eq!(lane.take(), Some(3));
    }
}
