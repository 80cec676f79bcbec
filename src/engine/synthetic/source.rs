//! Traces made when they are read.

use super::{
    GAIN_UV, GenerateParams, Purpose, Seeds,
    kernels::write_frames,
    neuron::PHASES,
    noise::{CELL, Noise, White},
    population::{Cell, Population},
    trains::phase_of,
};
use crate::data::{DType, RecordingInfo, Sorting, Source, SourceError};
use rand::{Rng, RngExt};
use rand_distr::{Distribution, Poisson};
use std::{fmt, sync::Arc};

/// Mean rate of each distant neuron in Hz.
const BACKGROUND_RATE_HZ: f64 = 6.0;

/// A generated recording: 16-bit samples at 0.195 µV a unit, the same whichever way they are read.
pub struct SyntheticSource {
    info: RecordingInfo,
    population: Population,
    noise: Noise,
    truth: Arc<Sorting>,
    seeds: Seeds,
    phase_key: u64,
    noise_is_on: bool,
    background_per_cell: f64,
}

impl fmt::Debug for SyntheticSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SyntheticSource").field("info", &self.info).finish_non_exhaustive()
    }
}

impl SyntheticSource {
    /// The traces that belong to a truth made by [`truth`](super::truth) with the same parameters and seed.
    ///
    /// # Errors
    /// Where the truth has other units or another length.
    pub fn new(
        params: &GenerateParams,
        document_seed: u64,
        truth: Arc<Sorting>,
    ) -> Result<Self, SourceError> {
        let population = Population::draw(params, document_seed);
        let spikes = truth.segments.first();
        let fits = truth.num_units() == population.units.len()
            && spikes.is_some_and(|s| s.num_frames == Some(params.num_frames()) && s.amplitude.is_some());
        if !fits {
            return Err(SourceError::Other("the truth belongs to a recording of other parameters".into()));
        }
        let seeds = params.seeds(document_seed);
        let num_channels = population.contacts_um.len();
        let mut info =
            RecordingInfo::new(params.sampling_frequency, num_channels, params.num_frames(), DType::Int16);
        info.gain_to_uv = Some(vec![GAIN_UV; num_channels]);
        info.offset_to_uv = Some(vec![0.0; num_channels]);
        let probe = params.probe.probe();
        info.groups = probe.contacts.iter().map(|c| c.shank_index as i64).collect();
        info.probe = Some(Arc::new(probe));
        Ok(Self {
            noise: Noise::new(params, seeds, &population.contacts_um),
            noise_is_on: params.noise_uv + params.common_noise_uv + params.field_potential_uv > 0.0,
            background_per_cell: params.num_background_units as f64 * BACKGROUND_RATE_HZ * CELL as f64
                / params.sampling_frequency,
            phase_key: seeds.stream(Purpose::Phase, 0).next_u64(),
            info,
            population,
            truth,
            seeds,
        })
    }

    /// Adds the spikes of the units that touch frames `start..start + len`.
    fn add_units(&self, start: usize, len: usize, tile: &mut [f32]) {
        let Some(spikes) = self.truth.segments.first() else { return };
        let Some(amplitudes) = &spikes.amplitude else { return };
        let Some(longest) = self.population.units.first().map(|c| c.neuron.num_samples as i64) else {
            return;
        };
        let samples = spikes.sample_index.as_slice();
        let from = samples.partition_point(|&s| s < start as i64 - longest);
        let to = samples.partition_point(|&s| s < (start + len) as i64 + longest);
        for position in from..to {
            let (sample, unit) = (samples[position], spikes.unit_index[position]);
            if let Some(cell) = self.population.units.get(unit as usize) {
                let factor = -amplitudes[position] / cell.neuron.amplitude_uv as f32;
                let phase = phase_of(self.phase_key, sample, unit);
                self.draw(cell, sample, (phase, factor), start, len, tile);
            }
        }
    }

    /// Adds the spikes of distant neurons; each cell of frames has a random stream of its own.
    fn add_background(&self, start: usize, len: usize, tile: &mut [f32]) {
        let Some(longest) = self.population.background.first().map(|c| c.neuron.num_samples) else { return };
        let Ok(count) = Poisson::new(self.background_per_cell) else { return };
        for block in start.saturating_sub(longest) / CELL..=(start + len + longest) / CELL {
            let mut rng = self.seeds.stream(Purpose::BackgroundSpikes, block as u64);
            let count: f64 = count.sample(&mut rng);
            for _ in 0..count as usize {
                let unit = rng.random_range(0..self.population.background.len());
                let sample = (block * CELL + rng.random_range(0..CELL)) as i64;
                let phase = rng.random_range(0..PHASES);
                let factor = rng.random_range(0.8f32..1.2);
                let cell = &self.population.background[unit];
                self.draw(cell, sample, (phase, factor), start, len, tile);
            }
        }
    }

    /// Adds one spike, `(phase, factor)` of its neuron, to the tile of frames `start..start + len`.
    fn draw(
        &self,
        cell: &Cell,
        sample: i64,
        (phase, factor): (usize, f32),
        start: usize,
        len: usize,
        tile: &mut [f32],
    ) {
        let neuron = &cell.neuron;
        let first = sample - neuron.num_before as i64 - start as i64;
        let (from, to) = (first.max(0), (first + neuron.num_samples as i64).min(len as i64));
        if from >= to {
            return;
        }
        let drift = &self.population.drift;
        let displacement = (!drift.is_still()).then(|| {
            drift.displacement_um(sample as f64 / self.info.sampling_frequency, neuron.position_um[1])
        });
        for (&channel, still) in cell.channels.iter().zip(&cell.weights) {
            let weights =
                displacement.map_or(*still, |d| neuron.weights(self.population.contacts_um[channel], d));
            let row = &mut tile[channel * len + from as usize..channel * len + to as usize];
            neuron.draw_on(&weights, phase, factor, (from - first) as usize, row);
        }
    }
}

impl Source for SyntheticSource {
    fn info(&self) -> &RecordingInfo {
        &self.info
    }

    fn read(&self, segment: usize, start: usize, out: &mut [f32]) -> Result<(), SourceError> {
        let num_channels = self.info.num_channels();
        let end = start + out.len() / num_channels;
        if segment > 0 || end > self.info.total_frames() {
            return Err(SourceError::Other(format!(
                "frames {start} to {end} of segment {segment} were asked for, the generated recording has one segment \
                 of {} frames",
                self.info.total_frames()
            )));
        }
        let mut white: Option<White> = self.noise_is_on.then(|| self.noise.white());
        let mut tile = Vec::new();
        let mut frame = start;
        while frame < end {
            let cell = frame / CELL;
            let first = frame - cell * CELL;
            let len = (CELL - first).min(end - frame);
            tile.clear();
            tile.resize(num_channels * len, 0.0);
            if let Some(white) = &mut white {
                self.noise.advance(white, cell as i64);
                self.noise.add(white, first, len, &mut tile);
            }
            self.add_background(frame, len, &mut tile);
            self.add_units(frame, len, &mut tile);
            let rows = &mut out[(frame - start) * num_channels..(frame - start + len) * num_channels];
            write_frames(&tile, len, (1.0 / GAIN_UV) as f32, rows);
            frame += len;
        }
        Ok(())
    }
}
