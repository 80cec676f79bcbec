//! Sorts a recording with the defaults and writes the spikes, to be scored against the truth.
//!
//! `cargo bench --bench accuracy -- RECORDING OUT [--dtype T --num-channels N --sampling-frequency F] [--seed N]`
//! filters (300 to 6000 Hz), takes the common median of 16 channels or more, sorts, prints the time of each stage and
//! writes a NumpyFolder. Without a recording it does nothing, so that `cargo bench` runs through.

use spikeloom::{
    data::{DType, Operator, Recording, ReferenceSet, Stage},
    engine::{
        Monitor, Preview, Scratch,
        design::{Band, Family, design},
        sort::{SortParams, sort},
    },
    io::{OpenOptions, numpy_folder, open_recording},
};
use std::{error::Error, path::Path, time::Instant};

/// Prints what the sorter says.
struct Printer;

impl Monitor for Printer {
    fn stage(&self, name: &str) {
        println!("-- {name}");
    }
    fn progress(&self, _: u64, _: u64) {}
    fn cancelled(&self) -> bool {
        false
    }
    fn preview(&self, _: Preview) {}
    fn log(&self, line: &str) {
        println!("   {line}");
    }
    fn warn(&self, line: &str) {
        println!("   warning: {line}");
    }
}

struct Temporary;

impl Scratch for Temporary {
    fn folder(&self) -> &Path {
        Path::new("")
    }
}

/// Fewer channels than this are no common reference: the spikes themselves would be subtracted.
const LEAST_REFERENCE_CHANNELS: usize = 16;

fn preprocess(recording: &Recording) -> Result<Recording, Box<dyn Error>> {
    let info = recording.info();
    let freq_max = 6000.0f64.min(0.45 * info.sampling_frequency);
    let sections = design(Family::Butterworth, 5, Band::Bandpass(300.0, freq_max), info.sampling_frequency)?;
    let filtered = recording.with_stage(Stage::Filter { sections, marks_filtered: true })?;
    let n = info.num_channels();
    if n < LEAST_REFERENCE_CHANNELS {
        return Ok(filtered);
    }
    let reference = ReferenceSet::Sets(vec![(0..n).collect()]);
    Ok(filtered.with_stage(Stage::CommonReference { operator: Operator::Median, reference })?)
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
    let [input, out, rest @ ..] = arguments.as_slice() else { return Ok(()) };
    let mut options = OpenOptions::default();
    let mut seed = 0;
    for pair in rest.chunks(2) {
        let [name, value] = pair else { return Err("options come in pairs".into()) };
        match name.as_str() {
            "--dtype" => options.dtype = DType::parse(value),
            "--num-channels" => options.num_channels = Some(value.parse()?),
            "--sampling-frequency" => options.sampling_frequency = Some(value.parse()?),
            "--probe" => options.probe = Some(value.clone()),
            "--seed" => seed = value.parse()?,
            other => return Err(format!("unknown option {other}").into()),
        }
    }
    let recording = preprocess(&open_recording(Path::new(input), &options)?)?;
    let start = Instant::now();
    let output = sort(&recording, &SortParams::default(), seed, &Printer, &Temporary)?;
    let seconds = recording.info().duration_s();
    let cpu: f64 = output.stages.iter().map(|s| s.cpu_s).sum();
    for stage in &output.stages {
        println!("{:>10}: {:7.2} s wall, {:7.2} s cpu", stage.name, stage.wall_s, stage.cpu_s);
    }
    println!(
        "{} units, {} spikes, {:.1} s wall, {:.3} cpu-s per s of data",
        output.sorting.num_units(),
        output.sorting.num_spikes(),
        start.elapsed().as_secs_f64(),
        cpu / seconds
    );
    numpy_folder::write(&output.sorting, Path::new(out))?;
    Ok(())
}
