//! A sample of each unit's spikes.

use crate::data::Sorting;
use rand::{SeedableRng, seq::index};
use rand_chacha::ChaCha8Rng;

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
