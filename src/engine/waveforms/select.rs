//! A sample of each unit's spikes.

use super::average::spans_before;
use crate::{
    data::Sorting,
    engine::chain::{Chain, Job},
};
use rand::{SeedableRng, seq::index};
use rand_chacha::ChaCha8Rng;
use std::ops::RangeInclusive;

/// For each unit the segment and the position in that segment's columns of each chosen spike, ascending.
pub type SelectedSpikes = Vec<Vec<(u32, u32)>>;

/// Draws up to `max_spikes_per_unit` spikes of each unit at random, without those whose waveform would reach beyond
/// the segment.
///
/// `frames[segment]` is its length. The choice depends on the seed, the unit's place and its spikes alone.
pub fn select_spikes(
    sorting: &Sorting,
    frames: &[usize],
    num_before: usize,
    num_samples: usize,
    max_spikes_per_unit: usize,
    seed: u64,
) -> SelectedSpikes {
    let mut candidates: SelectedSpikes = vec![Vec::new(); sorting.num_units()];
    for (segment, spikes) in sorting.segments.iter().enumerate() {
        let first = num_before as i64;
        let end = frames.get(segment).copied().unwrap_or(0) as i64 - (num_samples - num_before) as i64;
        let columns = spikes.sample_index.iter().zip(spikes.unit_index.iter()).enumerate();
        for (position, (&sample, &unit)) in columns {
            if (first..=end).contains(&sample)
                && let Some(list) = candidates.get_mut(unit as usize)
            {
                list.push((segment as u32, position as u32));
            }
        }
    }
    for (unit, list) in candidates.iter_mut().enumerate() {
        if list.len() > max_spikes_per_unit {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            rng.set_stream(unit as u64);
            let mut chosen = index::sample(&mut rng, list.len(), max_spikes_per_unit).into_vec();
            chosen.sort_unstable();
            *list = chosen.into_iter().map(|i| list[i]).collect();
        }
    }
    candidates
}

/// Chooses up to `max_spikes_per_unit` spikes of each unit from few spans of the recording, spread evenly: spans are taken
/// until every unit has spikes enough, or all it has; without spikes whose waveform would reach beyond its span.
///
/// Enough is half of a unit's spikes, between the ends of `enough`: units that fire rarely do not make all of a short
/// recording be read.
pub fn select_in_few_spans(
    chain: &Chain,
    sorting: &Sorting,
    (num_before, num_samples): (usize, usize),
    max_spikes_per_unit: usize,
    enough: RangeInclusive<usize>,
) -> SelectedSpikes {
    let spans = chain.spans();
    let mut by_span: Vec<Vec<(u32, u32)>> = vec![Vec::new(); spans.len()];
    for (segment, spikes) in sorting.segments.iter().enumerate() {
        for (position, &sample) in spikes.sample_index.iter().enumerate() {
            let index = spans_before(&spans, segment, sample / chain.step() as i64);
            let first = sample - num_before as i64;
            if spans.get(index).is_some_and(|job| holds(job, chain.step(), first, num_samples)) {
                by_span[index].push((segment as u32, position as u32));
            }
        }
    }
    let unit_of =
        |&(segment, position): &(u32, u32)| sorting.segments[segment as usize].unit_index[position as usize];
    let mut selected: SelectedSpikes = vec![Vec::new(); sorting.num_units()];
    let mut counts = vec![0usize; sorting.num_units()];
    by_span.iter().flatten().for_each(|spike| counts[unit_of(spike) as usize] += 1);
    let wanted: Vec<usize> = counts.iter().map(|n| (n / 2).clamp(*enough.start(), *enough.end())).collect();
    for span in evenly(spans.len()) {
        let is_short = |spike| selected[unit_of(spike) as usize].len() < wanted[unit_of(spike) as usize];
        if by_span[span].iter().any(is_short) {
            for spike in &by_span[span] {
                let chosen = &mut selected[unit_of(spike) as usize];
                if chosen.len() < max_spikes_per_unit {
                    chosen.push(*spike);
                }
            }
        }
    }
    selected.iter_mut().for_each(|spikes| spikes.sort_unstable());
    selected
}

/// True where a span holds all that is read of a waveform.
pub(super) fn holds(span: &Job, step: usize, first: i64, num_samples: usize) -> bool {
    let end = first + num_samples as i64;
    (span.frames.start * step) as i64 <= first && end <= (span.frames.end * step) as i64
}

/// The numbers below `count`, in an order of which every beginning is spread evenly.
fn evenly(count: usize) -> impl Iterator<Item = usize> {
    let bits = count.next_power_of_two().trailing_zeros();
    (0..1usize << bits)
        .map(move |i| if bits == 0 { 0 } else { i.reverse_bits() >> (usize::BITS - bits) })
        .filter(move |&i| i < count)
}
