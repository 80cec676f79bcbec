//! Spans that stay in memory from one pass over a recording to the next.
//!
//! A sort reads its recording two or three times, and a third of its time goes into filters, references and whitening. What
//! ends in a [`Stage::Round`](crate::data::Stage::Round) is held in two bytes a sample, to the bit; what does not fit into
//! the memory there is for it is computed again, with the same result.

use super::run::SpanKey;
use crate::engine::block::Block;
use std::{
    collections::HashMap,
    ops::Range,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Samples as multiples of a step.
#[derive(Debug)]
pub(super) struct Kept {
    step: f32,
    /// Of passes that read every how manieth frame.
    every: usize,
    /// Bytes that are free.
    room: AtomicUsize,
    spans: RwLock<HashMap<SpanKey, Arc<Span>>>,
}

#[derive(Debug)]
struct Span {
    frames: Range<usize>,
    /// Channel after channel.
    samples: Vec<i16>,
}

impl Kept {
    pub fn new(step: f32, every: usize, bytes: usize) -> Self {
        Self { step, every, room: AtomicUsize::new(bytes), spans: RwLock::default() }
    }

    /// Keeps a whole span, where there is room.
    pub fn keep(&self, key: SpanKey, block: &Block) {
        let lock = || self.spans.read().unwrap_or_else(PoisonError::into_inner);
        let bytes = 2 * block.num_channels() * block.num_frames();
        let take = |room: usize| room.checked_sub(bytes);
        let (.., every) = key;
        if every != self.every
            || lock().contains_key(&key)
            || self.room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_err()
        {
            return;
        }
        let mut samples = vec![0; bytes / 2];
        for (channel, out) in samples.chunks_exact_mut(block.num_frames().max(1)).enumerate() {
            count(block.channel(channel), 1.0 / self.step, out);
        }
        let span = Span { frames: block.frames(), samples };
        let mut spans = self.spans.write().unwrap_or_else(PoisonError::into_inner);
        if spans.insert(key, Arc::new(span)).is_some() {
            // Another worker kept it meanwhile.
            self.room.fetch_add(bytes, Ordering::Relaxed);
        }
    }

    /// Fills in the frames of a kept span that `out` holds; false where the span is not kept.
    pub fn copy_overlap(&self, key: SpanKey, out: &mut Block) -> bool {
        let span = self.spans.read().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        let Some(span) = span else { return false };
        let (first, frames) = (out.first_frame(), out.frames());
        let (start, end) = (frames.start.max(span.frames.start), frames.end.min(span.frames.end));
        if start < end {
            for (channel, samples) in span.samples.chunks_exact(span.frames.len()).enumerate() {
                let from = &samples[start - span.frames.start..end - span.frames.start];
                scale(from, self.step, &mut out.channel_mut(channel)[start - first..end - first]);
            }
        }
        true
    }
}

/// How many steps each sample is.
#[multiversion::multiversion(targets("x86_64+avx+avx2+bmi1+bmi2+fma"))]
fn count(samples: &[f32], per_step: f32, out: &mut [i16]) {
    for (to, v) in out.iter_mut().zip(samples) {
        *to = (v * per_step).round_ties_even() as i32 as i16;
    }
}

#[multiversion::multiversion(targets("x86_64+avx+avx2+bmi1+bmi2+fma"))]
fn scale(counts: &[i16], step: f32, out: &mut [f32]) {
    for (to, v) in out.iter_mut().zip(counts) {
        *to = f32::from(*v) * step;
    }
}
