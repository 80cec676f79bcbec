//! Start: no arguments or a file opens the window, a subcommand is the command line.

use spikeloom::cli::{self, Start};
use std::{path::PathBuf, process::ExitCode};

// Parts of a pass are made by one thread and given up by another: a sort of 384 channels takes a twentieth less time than
// with the allocator of glibc, and a tenth more memory.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match cli::start() {
        Start::Done(code) => code,
        Start::Window(file) => match open_window(file) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => cli::report(error),
        },
    }
}

#[cfg(feature = "gui")]
fn open_window(file: Option<PathBuf>) -> Result<(), cli::CliError> {
    spikeloom::app::run(file).map_err(|reason| {
        cli::CliError::advised(reason, "`spikeloom run FILE` runs a pipeline without a window.")
    })
}

#[cfg(not(feature = "gui"))]
fn open_window(_: Option<PathBuf>) -> Result<(), cli::CliError> {
    Err(cli::CliError::advised(
        "this build has no window: it was made with --no-default-features",
        "`spikeloom run FILE` runs a pipeline without one, `spikeloom --help` lists all commands.",
    ))
}
