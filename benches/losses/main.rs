//! At which stage the sorter loses spikes.
//!
//! `cargo bench --bench losses -- RECORDING TRUTH [--motion FOLDER] [--seed N] [--seeds N] [--units] [--only WORD]` filters
//! (150 to 6000 Hz), takes the common median of 16 channels or more, and holds the sorter against the truth (a
//! SpikeInterface folder or any sorting that opens). `--motion` is the true motion of the tissue, as SpikeInterface saves
//! one; `benches/accuracy` writes it beside the recordings it makes. Without arguments it does nothing, so that
//! `cargo bench` runs through.
//!
//! Prints a row for the sorter as it is, for each stage given the truth (an oracle: what is still lost is lost later),
//! and for each part of it left out or exchanged (an ablation). `--seeds` draws other numbers that often, means are
//! printed. Where the tissue moves, the errors of the motion estimates come first; where templates are true, how well
//! spikes are found that overlap with others.
//!
//! `--units` prints a row a true unit instead, see [`units`]. `--only` takes the row of a name, or those whose name holds a word.

mod collisions;
mod stages;
mod table;
mod truth;
mod units;

use spikeloom::{
    data::{Operator, Recording, ReferenceSet, Stage},
    engine::{
        Monitor,
        design::{Band, Family, design},
    },
    io::{OpenOptions, open_recording, open_sorting},
};
use std::{error::Error, path::Path};

type Fallible<T> = Result<T, Box<dyn Error>>;

/// Passes on what the sorter rejects.
struct Printer;

impl Monitor for Printer {
    fn log(&self, line: &str) {
        println!("   {line}");
    }
    fn warn(&self, line: &spikeloom::data::Notice) {
        println!("   warning: {line}");
    }
}

/// Fewer channels than this are no common reference: the spikes themselves would be subtracted.
const LEAST_REFERENCE_CHANNELS: usize = 16;

fn preprocess(recording: &Recording) -> Fallible<Recording> {
    let info = recording.info();
    let freq_max = 6000.0f64.min(0.45 * info.sampling_frequency);
    let sections = design(Family::Butterworth, 5, Band::Bandpass(150.0, freq_max), info.sampling_frequency)?;
    let filtered = recording.with_stage(Stage::Filter { sections, marks_filtered: true })?;
    let n = info.num_channels();
    if n < LEAST_REFERENCE_CHANNELS {
        return Ok(filtered);
    }
    let reference = ReferenceSet::Sets(vec![(0..n).collect()]);
    Ok(filtered.with_stage(Stage::CommonReference { operator: Operator::Median, reference })?)
}

const USAGE: &str =
    "usage: losses RECORDING TRUTH [--motion FOLDER] [--seed N] [--seeds N] [--units] [--only WORD]";

fn main() -> Fallible<()> {
    let mut arguments = std::env::args().skip(1).filter(|a| a != "--bench");
    let (mut places, mut motion, mut only) = (Vec::new(), None, None);
    let (mut seed, mut seeds, mut by_unit) = (0u64, 1u64, false);
    while let Some(argument) = arguments.next() {
        let mut value = || arguments.next().ok_or(USAGE);
        match argument.as_str() {
            "--motion" => motion = Some(spikeloom::io::motion::read(Path::new(&value()?))?),
            "--seed" => seed = value()?.parse()?,
            "--seeds" => seeds = value()?.parse()?,
            "--only" => only = Some(value()?),
            "--units" => by_unit = true,
            _ => places.push(argument),
        }
    }
    let [input, true_spikes] = places.as_slice() else {
        return if places.is_empty() { Ok(()) } else { Err(USAGE.into()) };
    };
    let recording = preprocess(&open_recording(Path::new(input), &OpenOptions::default())?)?;
    let spikes = open_sorting(Path::new(true_spikes), Some(recording.info().sampling_frequency))?;
    if by_unit {
        return units::losses(&recording, &spikes, seed);
    }
    table::print(&recording, &spikes, motion.as_ref(), seed..seed + seeds.max(1), only.as_deref())
}
