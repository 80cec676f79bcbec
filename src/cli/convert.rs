//! `convert`: a recording or sorting in another format.

use super::{
    CliError,
    arguments::{ConvertArguments, Format},
    output,
    run::interrupted,
};
use crate::{
    data::{Id, Sorting, Table, TableColumn},
    engine::chain::{self, ChainSource},
    io,
};
use indicatif::{ProgressBar, ProgressDrawTarget};
use std::{io::IsTerminal, sync::atomic::Ordering};

/// Reads the input and writes it anew; what is at `--out` is never overwritten.
///
/// # Errors
/// Where the input cannot be read, the format does not hold what it is, or the disk refuses.
pub fn convert(arguments: &ConvertArguments) -> Result<(), CliError> {
    let ConvertArguments { input, out, format, reading } = arguments;
    if std::fs::read_dir(out).map_or_else(|_| out.exists(), |mut entries| entries.next().is_some()) {
        return Err(CliError::advised(
            format!("--out {}: it exists already", out.display()),
            "Nothing is overwritten. Choose another name, or move it away.",
        ));
    }
    let description = io::describe(input, &reading.options())?;
    let only_spikes = description.is_sorting && !description.is_recording;
    match format {
        Format::BinaryFolder => save_recording(arguments)?,
        Format::Mda if !only_spikes => save_recording(arguments)?,
        Format::Mda => io::mda::write_firings(&open_sorting(arguments)?, out).map_err(ended)?,
        Format::NumpyFolder => io::numpy_folder::write(&open_sorting(arguments)?, out).map_err(ended)?,
        Format::Csv => io::csv::write_table(out, &spikes(&open_sorting(arguments)?)).map_err(ended)?,
    }
    output::text(&format!("{}\n", out.display()))
}

fn open_sorting(arguments: &ConvertArguments) -> Result<Sorting, CliError> {
    Ok(io::open_sorting(&arguments.input, arguments.reading.sampling_frequency)?)
}

fn save_recording(arguments: &ConvertArguments) -> Result<(), CliError> {
    let recording = io::open_recording(&arguments.input, &arguments.reading.options())?;
    // A format may describe preprocessing: what is written is what it gives.
    let chain = chain::compile(&recording).map_err(|error| CliError::Input(error.to_string()))?;
    let info = chain.info().clone();
    let source = ChainSource::new(chain);
    let (bar, interrupted) = (bar(info.total_frames()), interrupted());
    let progress = |done: u64, _: u64| {
        bar.set_position(done);
        !interrupted.load(Ordering::SeqCst)
    };
    let write = match arguments.format {
        Format::Mda => io::mda::write_recording,
        _ => io::binary_folder::write,
    };
    write(&source, &info, &arguments.out, info.dtype, &progress).map_err(ended)?;
    bar.finish_and_clear();
    Ok(())
}

/// A row a spike, in order of time.
fn spikes(sorting: &Sorting) -> Table {
    let mut table = Table::default();
    let (mut segment, mut sample, mut time, mut unit) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (index, spikes) in sorting.segments.iter().enumerate() {
        for (&at, &of) in spikes.sample_index.iter().zip(spikes.unit_index.iter()) {
            segment.push(index as i64);
            sample.push(at);
            time.push(at as f64 / sorting.sampling_frequency);
            unit.push(sorting.unit_ids.get(of as usize).map(Id::to_string).unwrap_or_default());
        }
    }
    table.set("segment_index", TableColumn::Int(segment));
    table.set("sample_index", TableColumn::Int(sample));
    table.set("time_s", TableColumn::Float(time));
    table.set("unit_id", TableColumn::Text(unit));
    table
}

/// The input was opened before: what fails now is not the user's doing.
fn ended(error: io::Error) -> CliError {
    match error {
        io::Error::Cancelled => CliError::Cancelled,
        other => CliError::Failed(other.to_string()),
    }
}

fn bar(total: usize) -> ProgressBar {
    let target = if std::io::stderr().is_terminal() {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    ProgressBar::with_draw_target(Some(total as u64), target)
}
