//! Keeps the largest of the crossings that are close in time and space.

/// A sample above threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Crossing {
    /// Sample within the block.
    pub sample: u32,
    /// Channel.
    pub channel: u32,
    /// Height in noise levels, positive.
    pub height: f32,
}

impl Crossing {
    /// True where this one wins over `other`: higher, then earlier, then the lower channel.
    fn beats(&self, other: &Self) -> bool {
        other
            .height
            .total_cmp(&self.height)
            .then(self.sample.cmp(&other.sample))
            .then(self.channel.cmp(&other.channel))
            .is_lt()
    }
}

/// The crossings that are the largest within `sweep` samples on their channel's neighbours, in order of
/// `(sample, channel)`.
///
/// `crossings[c]` are those of channel `c` in order of time. A crossing that loses still suppresses others, so
/// that the result does not depend on an order of visits.
///
/// # Source
/// SpikeInterface `detect_peaks(method="locally_exclusive")`.
pub fn locally_exclusive(crossings: &[Vec<Crossing>], neighbors: &[Vec<u32>], sweep: usize) -> Vec<Crossing> {
    let mut kept = Vec::new();
    let mut cursors = vec![0usize; crossings.len()];
    for (channel, own) in crossings.iter().enumerate() {
        let near: &[u32] = neighbors.get(channel).map_or(&[], Vec::as_slice);
        for &other in near {
            cursors[other as usize] = 0;
        }
        for crossing in own {
            let (low, high) = (crossing.sample.saturating_sub(sweep as u32), crossing.sample + sweep as u32);
            let largest = near.iter().all(|&other| {
                let list = &crossings[other as usize];
                let cursor = &mut cursors[other as usize];
                while list.get(*cursor).is_some_and(|c| c.sample < low) {
                    *cursor += 1;
                }
                list[*cursor..].iter().take_while(|c| c.sample <= high).all(|c| !c.beats(crossing))
            });
            if largest {
                kept.push(*crossing);
            }
        }
    }
    kept.sort_by_key(|c| (c.sample, c.channel));
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(sample: u32, channel: u32, height: f32) -> Crossing {
        Crossing { sample, channel, height }
    }

    #[test]
    fn the_largest_of_a_neighborhood_is_kept() {
        let neighbors = vec![vec![0, 1], vec![1, 0, 2], vec![2, 1]];
        let crossings =
            vec![vec![at(10, 0, 6.0), at(40, 0, 5.5)], vec![at(12, 1, 7.0)], vec![at(12, 2, 6.5)]];
        let kept = locally_exclusive(&crossings, &neighbors, 5);
        assert_eq!(kept, vec![at(12, 1, 7.0), at(40, 0, 5.5)]);
    }

    #[test]
    fn ties_go_to_the_earlier_sample_and_the_lower_channel() {
        let neighbors = vec![vec![0, 1], vec![1, 0]];
        let crossings = vec![vec![at(10, 0, 6.0), at(11, 0, 6.0)], vec![at(10, 1, 6.0)]];
        assert_eq!(locally_exclusive(&crossings, &neighbors, 5), vec![at(10, 0, 6.0)]);
    }
}
