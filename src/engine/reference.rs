//! Common reference: the exact median or the mean of channels, subtracted sample by sample.

mod median;

use super::{
    EngineError,
    tile::{LANES, Row, SUB, num_tiles, transpose},
};
use crate::data::{Operator, ReferenceSet};
use median::{global_median, median_of_rows};

/// A checked reference, ready to run.
#[derive(Clone, Debug)]
pub struct ReferencePlan {
    operator: Operator,
    num_channels: usize,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    /// One reference of all channels.
    Global,
    /// `(channels it is computed from, channels it is subtracted from)`.
    Sets(Vec<(Vec<usize>, Vec<usize>)>),
    /// Neighbours of each channel, and for each the exchanges that sort as many values.
    Local { neighbors: Vec<Vec<usize>>, networks: Vec<Vec<(u16, u16)>> },
}

/// Buffers a reference needs, used again and again.
#[derive(Clone, Debug, Default)]
pub struct ReferenceScratch {
    rows: Vec<Row>,
    values: Vec<f32>,
    references: Vec<f32>,
    sorted: Vec<Row>,
}

impl ReferencePlan {
    /// Checks that the channels exist.
    ///
    /// # Errors
    /// Where a channel does not exist or a set is empty.
    pub fn new(
        operator: Operator,
        reference: &ReferenceSet,
        num_channels: usize,
    ) -> Result<Self, EngineError> {
        let sets: Box<dyn Iterator<Item = &Vec<usize>>> = match reference {
            ReferenceSet::Sets(sets) | ReferenceSet::Neighbors(sets) => Box::new(sets.iter()),
            ReferenceSet::Channels(channels) => Box::new(std::iter::once(channels)),
        };
        for set in sets {
            if let Some(bad) = set.iter().find(|&&c| c >= num_channels) {
                return Err(EngineError::Data(format!(
                    "the reference uses channel index {bad}, the recording has {num_channels} channels"
                )));
            }
        }
        let everything =
            |set: &[usize]| set.len() == num_channels && set.iter().enumerate().all(|(i, &c)| i == c);
        let kind = match reference {
            ReferenceSet::Sets(sets) if sets.len() == 1 && everything(&sets[0]) => Kind::Global,
            ReferenceSet::Channels(channels) if everything(channels) => Kind::Global,
            ReferenceSet::Sets(sets) => {
                Kind::Sets(sets.iter().filter(|s| !s.is_empty()).map(|s| (s.clone(), s.clone())).collect())
            }
            ReferenceSet::Channels(channels) if channels.is_empty() => {
                return Err(EngineError::Data("the reference has no channels. Choose at least one.".into()));
            }
            ReferenceSet::Channels(channels) => {
                Kind::Sets(vec![(channels.clone(), (0..num_channels).collect())])
            }
            ReferenceSet::Neighbors(neighbors) => {
                let longest = neighbors.iter().map(Vec::len).max().unwrap_or(0);
                let mut networks = vec![Vec::new(); longest + 1];
                for set in neighbors {
                    if networks[set.len()].is_empty() {
                        networks[set.len()] = sorting_network(set.len());
                    }
                }
                Kind::Local { neighbors: neighbors.clone(), networks }
            }
        };
        Ok(Self { operator, num_channels, kind })
    }

    /// Subtracts the reference from the first `frames` rows of every tile of a sub-block.
    pub fn run(&self, sub: &mut [Row], frames: usize, scratch: &mut ReferenceScratch) {
        match &self.kind {
            Kind::Global if self.operator == Operator::Median => {
                scratch.rows.resize(num_tiles(self.num_channels) * LANES, Row::ZERO);
                global_median(sub, frames, self.num_channels, &mut scratch.rows);
            }
            Kind::Global => global_mean(sub, frames, self.num_channels),
            Kind::Sets(sets) => self.run_sets(sets, sub, frames, scratch),
            Kind::Local { neighbors, networks } => self.run_local(neighbors, networks, sub, frames, scratch),
        }
    }

    fn run_sets(
        &self,
        sets: &[(Vec<usize>, Vec<usize>)],
        sub: &mut [Row],
        frames: usize,
        scratch: &mut ReferenceScratch,
    ) {
        let ReferenceScratch { rows, sorted: found, .. } = scratch;
        for first in (0..frames).step_by(LANES) {
            let count = LANES.min(frames - first);
            found.clear();
            for (from, _) in sets {
                rows.clear();
                // After a short end its last frame is repeated.
                let frame = |lane: usize| first + lane.min(count - 1);
                let series = |&c: &usize| Row(std::array::from_fn(|lane| value(sub, c, frame(lane))));
                rows.extend(from.iter().map(series));
                found.push(match self.operator {
                    Operator::Median => median_of_rows(rows),
                    Operator::Average => mean_of_lanes(rows),
                });
            }
            for ((_, to), reference) in sets.iter().zip(found.iter()) {
                for &channel in to {
                    for lane in 0..count {
                        sub[channel / LANES * SUB + first + lane].0[channel % LANES] -= reference.0[lane];
                    }
                }
            }
        }
    }

    fn run_local(
        &self,
        neighbors: &[Vec<usize>],
        networks: &[Vec<(u16, u16)>],
        sub: &mut [Row],
        frames: usize,
        scratch: &mut ReferenceScratch,
    ) {
        let ReferenceScratch { values: series, sorted, references, .. } = scratch;
        series.resize(num_tiles(self.num_channels) * LANES * SERIES, 0.0);
        references.resize(LANES * SERIES, 0.0);
        for index in 0..num_tiles(self.num_channels) {
            let rows = &sub[index * SUB..][..frames];
            transpose(rows, LANES, &mut series[index * LANES * SERIES..], SERIES, 0);
        }
        for (index, sets) in neighbors.chunks(LANES).enumerate() {
            // Here the lanes are 16 frames of one channel; those after a short end are dropped.
            for (set, references) in sets.iter().zip(references.chunks_exact_mut(SERIES)) {
                for (group, out) in
                    references.chunks_exact_mut(LANES).take(frames.div_ceil(LANES)).enumerate()
                {
                    sorted.clear();
                    sorted.extend(set.iter().map(|&c| {
                        let mut row = Row::ZERO;
                        row.0.copy_from_slice(&series[c * SERIES + group * LANES..][..LANES]);
                        row
                    }));
                    let reference = match self.operator {
                        _ if set.is_empty() => Row::ZERO,
                        Operator::Median => median_of_lanes(sorted, &networks[set.len()]),
                        Operator::Average => mean_of_lanes(sorted),
                    };
                    out.copy_from_slice(&reference.0);
                }
            }
            for (frame, row) in sub[index * SUB..][..frames].iter_mut().enumerate() {
                for lane in 0..sets.len() {
                    row.0[lane] -= references[lane * SERIES + frame];
                }
            }
        }
    }
}

/// Room for the samples of a channel in a sub-block, not a power of two apart.
const SERIES: usize = SUB + LANES;

fn value(sub: &[Row], channel: usize, frame: usize) -> f32 {
    sub[channel / LANES * SUB + frame].0[channel % LANES]
}

fn global_mean(sub: &mut [Row], frames: usize, num_channels: usize) {
    for frame in 0..frames {
        let mut sums = [0.0f64; LANES];
        for channel in 0..num_channels {
            sums[channel % LANES] += f64::from(value(sub, channel, frame));
        }
        let mean = (sums.iter().sum::<f64>() / num_channels as f64) as f32;
        for index in 0..num_tiles(num_channels) {
            for v in &mut sub[index * SUB + frame].0 {
                *v -= mean;
            }
        }
    }
}

/// Exchanges `(i, j)`, `i < j`, that sort `n` values: Batcher's merge exchange (Knuth, TAOCP 3, 5.2.2 M).
fn sorting_network(n: usize) -> Vec<(u16, u16)> {
    let mut exchanges = Vec::new();
    if n < 2 {
        return exchanges;
    }
    let top = n.next_power_of_two() / 2;
    let mut p = top;
    while p > 0 {
        let (mut q, mut r, mut d) = (top, 0, p);
        loop {
            for i in 0..n - d {
                if i & p == r {
                    exchanges.push((i as u16, (i + d) as u16));
                }
            }
            if q == p {
                break;
            }
            d = q - p;
            q /= 2;
            r = p;
        }
        p /= 2;
    }
    exchanges
}

#[multiversion::multiversion(targets(
    "x86_64+avx+avx2+bmi1+bmi2+fma+avx512f+avx512bw+avx512cd+avx512dq+avx512vl",
    "x86_64+avx+avx2+bmi1+bmi2+fma",
))]
fn median_of_lanes(values: &mut [Row], network: &[(u16, u16)]) -> Row {
    for &(i, j) in network {
        let (a, b) = (values[i as usize], values[j as usize]);
        for l in 0..LANES {
            let swap = b.0[l] < a.0[l];
            values[i as usize].0[l] = if swap { b.0[l] } else { a.0[l] };
            values[j as usize].0[l] = if swap { a.0[l] } else { b.0[l] };
        }
    }
    let n = values.len();
    let mut median = values[n / 2];
    if n.is_multiple_of(2) {
        for l in 0..LANES {
            median.0[l] = (values[n / 2 - 1].0[l] + median.0[l]) * 0.5;
        }
    }
    median
}

fn mean_of_lanes(values: &[Row]) -> Row {
    let mut sums = [0.0f64; LANES];
    for row in values {
        for l in 0..LANES {
            sums[l] += f64::from(row.0[l]);
        }
    }
    Row(sums.map(|s| (s / values.len() as f64) as f32))
}
