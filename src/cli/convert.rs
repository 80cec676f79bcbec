//! `convert`: a recording or sorting in another format.

use super::{
    CliError,
    arguments::{ConvertArguments, Format},
    output,
    run::interrupted,
};
use crate::io;
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
    match format {
        Format::BinaryFolder => {
            let recording = io::open_recording(input, &reading.options())?;
            let info = recording.info();
            let (bar, interrupted) = (bar(info.total_frames()), interrupted());
            let progress = |done: u64, _: u64| {
                bar.set_position(done);
                !interrupted.load(Ordering::SeqCst)
            };
            io::binary_folder::write(recording.source().as_ref(), info, out, info.dtype, &progress)
                .map_err(ended)?;
            bar.finish_and_clear();
        }
        Format::NumpyFolder => {
            let sorting = io::open_sorting(input, reading.sampling_frequency)?;
            io::numpy_folder::write(&sorting, out).map_err(ended)?;
        }
    }
    output::text(&format!("{}\n", out.display()))
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
