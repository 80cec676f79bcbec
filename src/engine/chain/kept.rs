//! Spans that stay in memory from one pass over a recording to the next.
//!
//! A sort reads its recording two or three times, and a third of its time goes into filters, references and whitening. What
//! ends in a [`Stage::Round`](crate::data::Stage::Round) is held in two bytes a sample, to the bit; what does not fit into
//! the memory there is for it is computed again, with the same result.

use super::{run::SpanKey, span::Span};
use std::{
    collections::HashMap,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Spans whose samples are counted.
#[derive(Debug)]
pub(super) struct Kept {
    /// Of passes that read every how manieth frame.
    every: usize,
    /// Bytes that are free.
    room: AtomicUsize,
    spans: RwLock<HashMap<SpanKey, Arc<Span>>>,
}

impl Kept {
    pub fn new(every: usize, bytes: usize) -> Self {
        Self { every, room: AtomicUsize::new(bytes), spans: RwLock::default() }
    }

    /// Keeps a span, where there is room.
    pub fn keep(&self, key: SpanKey, span: &Arc<Span>) {
        let Span::Counted(counts) = &**span else { return };
        let bytes = counts.num_bytes();
        let take = |room: usize| room.checked_sub(bytes);
        let (.., every) = key;
        if every != self.every || self.room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_err()
        {
            return;
        }
        let mut spans = self.spans.write().unwrap_or_else(PoisonError::into_inner);
        if spans.insert(key, span.clone()).is_some() {
            // Another worker kept it meanwhile.
            self.room.fetch_add(bytes, Ordering::Relaxed);
        }
    }

    /// A span that is kept.
    pub fn get(&self, key: SpanKey) -> Option<Arc<Span>> {
        self.spans.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned()
    }
}
