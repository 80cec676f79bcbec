//! `convert`: a recording or sorting in another format.

use super::{
    CliError,
    arguments::{ConvertArguments, Format},
    input::open_recording,
    output,
    run::interrupted,
};
use crate::{
    data::{Id, Notice, Sorting, Stage, Table, TableColumn},
    engine::{
        EngineError, Monitor,
        chain::{self, ChainSource},
        design::{Band, Family, design},
        waveforms::{WaveformParams, estimate_templates, select_spikes},
    },
    io,
};
use indicatif::{ProgressBar, ProgressDrawTarget};
use std::{
    io::IsTerminal,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

/// Reads the input and writes it anew; what is at `--out` is never overwritten.
///
/// # Errors
/// Where the input cannot be read, the format does not hold what it is, or the disk refuses.
pub fn convert(arguments: &ConvertArguments) -> Result<(), CliError> {
    let ConvertArguments { input, out, format, reading, .. } = arguments;
    if std::fs::read_dir(out).map_or_else(|_| out.exists(), |mut entries| entries.next().is_some()) {
        return Err(CliError::advised(
            format!("--out {}: it exists already", out.display()),
            "Nothing is overwritten. Choose another name, or move it away.",
        ));
    }
    let description = io::describe(input, &reading.options())?;
    let spikes = description.is_sorting.then(|| open_sorting(arguments));
    match format {
        Format::Mda if !description.is_recording => {
            io::mda::write_firings(&open_sorting(arguments)?, out).map_err(ended)?;
        }
        Format::BinaryFolder | Format::Mda => save_recording(arguments, spikes.transpose()?.as_ref())?,
        Format::Phy => save_phy(arguments, &open_sorting(arguments)?)?,
        Format::NumpyFolder => io::numpy_folder::write(&open_sorting(arguments)?, out).map_err(ended)?,
        Format::Csv => io::csv::write_table(out, &table(&open_sorting(arguments)?)).map_err(ended)?,
    }
    output::text(&format!("{}\n", out.display()))
}

fn open_sorting(arguments: &ConvertArguments) -> Result<Sorting, CliError> {
    Ok(io::open_sorting(&arguments.input, arguments.reading.sampling_frequency)?)
}

fn save_recording(arguments: &ConvertArguments, spikes: Option<&Sorting>) -> Result<(), CliError> {
    let recording = open_recording(&arguments.input, &arguments.reading.options())?;
    // A format may describe preprocessing: what is written is what it gives.
    let chain = chain::compile(&recording).map_err(|error| CliError::Input(error.to_string()))?;
    let info = chain.info().clone();
    let source = ChainSource::new(chain);
    let bar = Bar::new(info.total_frames());
    let progress = |done: u64, _: u64| bar.go_on(done);
    if arguments.format != Format::Mda {
        io::binary_folder::write(&source, &info, &arguments.out, info.dtype, &progress).map_err(ended)?;
        return Ok(());
    }
    io::atomic::folder(&arguments.out, |folder| {
        io::mda::write_recording(&source, &info, folder, info.dtype, &progress)?;
        spikes.map_or(Ok(()), |spikes| io::mda::write_firings(spikes, &folder.join(io::mda::FIRINGS_TRUTH)))
    })
    .map_err(ended)
}

/// Templates are averaged from the traces, filtered where they are not; the traces are copied as they are.
fn save_phy(arguments: &ConvertArguments, sorting: &Sorting) -> Result<(), CliError> {
    let input = arguments.recording.as_ref().unwrap_or(&arguments.input);
    let options = arguments.reading.options();
    if arguments.recording.is_none() && !io::describe(input, &options)?.is_recording {
        return Err(CliError::advised(
            format!("{}: it holds no traces, and phy shows waveforms", input.display()),
            "Name the recording the spikes were found in with --recording PATH.",
        ));
    }
    let recording = open_recording(input, &options)?;
    let failed = |error: EngineError| match error {
        EngineError::Cancelled => CliError::Cancelled,
        EngineError::Source(error) => CliError::Failed(error.to_string()),
        EngineError::Data(message) => CliError::Input(message),
        EngineError::Mendable(notice) => CliError::Input(notice.words),
    };
    let filtered = if recording.info().is_filtered {
        recording.clone()
    } else {
        let rate = recording.info().sampling_frequency;
        let band = Band::Bandpass(300.0, (0.45 * rate).min(6000.0));
        let sections = design(Family::Butterworth, 5, band, rate).map_err(failed)?;
        recording
            .with_stage(Stage::Filter { sections, marks_filtered: true })
            .map_err(|error| CliError::Input(error.to_string()))?
    };
    let params = WaveformParams::default();
    let frames: Vec<usize> = recording.info().segments.iter().map(|s| s.num_frames).collect();
    let (before, samples) = params.samples(recording.info().sampling_frequency);
    let selected = select_spikes(sorting, &frames, before, samples, params.max_spikes_per_unit, 0);
    let bar = Bar::new(recording.info().total_frames());
    let compiled = chain::compile(&filtered).map_err(failed)?;
    let templates = estimate_templates(&compiled, sorting, &selected, &params, &bar).map_err(failed)?;
    let source = ChainSource::new(chain::compile(&recording).map_err(failed)?);
    let info = recording.info();
    let export = io::phy::Export {
        sorting,
        templates: &templates,
        info,
        traces: Some(io::phy::Traces { source: &source, dtype: info.dtype }),
        pc_features: None,
        metrics: None,
    };
    io::phy::write(&arguments.out, &export, &|done, _| bar.go_on(done)).map_err(ended)
}

/// A row a spike, in order of time.
fn table(sorting: &Sorting) -> Table {
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

/// A bar on a terminal, and Ctrl-C.
pub(super) struct Bar {
    bar: ProgressBar,
    interrupted: Arc<AtomicBool>,
}

impl Bar {
    pub(super) fn new(total: usize) -> Self {
        let target = if std::io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        Self { bar: ProgressBar::with_draw_target(Some(total as u64), target), interrupted: interrupted() }
    }

    /// Shows how much is done; false where it should stop.
    pub(super) fn go_on(&self, done: u64) -> bool {
        self.bar.set_position(done);
        !self.cancelled()
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Monitor for Bar {
    fn progress(&self, done: u64, total: u64) {
        self.bar.set_length(total);
        self.bar.set_position(done);
    }
    fn cancelled(&self) -> bool {
        self.interrupted.load(Ordering::SeqCst)
    }
    fn warn(&self, notice: &Notice) {
        eprintln!("warning: {notice}");
    }
}
