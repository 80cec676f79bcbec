//! The command line: the same library calls as the window, with no display.
//!
//! Exit codes: 0 done, 1 a run failed, 2 bad input or use, 130 cancelled.

mod airflow_jobs;
mod archive;
mod arguments;
mod compare;
mod convert;
mod document;
mod error;
mod events;
mod export;
mod generate;
mod info;
mod input;
mod inspect_pipeline;
mod jobs;
mod nodes;
mod output;
mod presets;
mod progress;
mod reading;
mod run;
mod selfcheck;
mod sort;
mod sorters;
mod status;
mod store;
mod submit;
mod why;

use arguments::{Cli, Command};
use clap::{CommandFactory, Parser};
pub use error::CliError;
use std::{path::PathBuf, process::ExitCode};

/// What to do after the arguments were read.
#[derive(Debug)]
pub enum Start {
    /// Open the window, with a file where one was named.
    Window(Option<PathBuf>),
    /// The command is done; end with this code.
    Done(ExitCode),
}

/// The window, where the file it should open is there.
fn window(file: Option<PathBuf>) -> Start {
    match file {
        Some(file) if !file.exists() => Start::Done(report(CliError::advised(
            format!("there is no file or command \"{}\"", file.display()),
            "`spikeloom --help` lists the commands; a file is named by its path.",
        ))),
        // The window may outlast the folder it was started in.
        file => Start::Window(file.map(|file| std::path::absolute(&file).unwrap_or(file))),
    }
}

/// Reads the arguments of the process and does what they say, all but opening the window.
pub fn start() -> Start {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version come this way too, with code 0.
            let code = if error.use_stderr() { 2 } else { 0 };
            // Nothing is left to tell a closed terminal.
            let _ = error.print();
            return Start::Done(ExitCode::from(code));
        }
    };
    let result = match cli.command {
        None => return window(cli.file),
        Some(Command::Open { file }) => return window(Some(file)),
        Some(Command::Run(arguments)) => run::run(&arguments),
        Some(Command::Check { pipeline, set }) => inspect_pipeline::check(&pipeline, &set),
        Some(Command::Plan(arguments)) => inspect_pipeline::plan(&arguments),
        Some(Command::Submit(arguments)) => submit::submit(&arguments),
        Some(Command::Jobs(arguments)) => jobs::jobs(&arguments),
        Some(Command::Task(arguments)) => submit::task(&arguments),
        Some(Command::Status(arguments)) => status::status(&arguments),
        Some(Command::Why(arguments)) => why::why(&arguments),
        Some(Command::Archive { pipeline, out, metadata_only }) => {
            archive::archive(&pipeline, &out, !metadata_only)
        }
        Some(Command::Export(arguments)) => export::export(&arguments),
        Some(Command::Methods { pipeline }) => archive::methods(&pipeline),
        Some(Command::Verify) => store::verify(),
        Some(Command::Clean(arguments)) => store::clean(&arguments),
        Some(Command::Pin { pipeline, remove }) => store::pin(&pipeline, remove),
        Some(Command::Nodes { json }) => nodes::list(json),
        Some(Command::Node { name, set, json }) => nodes::page(&name, &set, json),
        Some(Command::Sorters { name, python, json }) => sorters::sorters(name.as_deref(), &python, json),
        Some(Command::Selfcheck { threads, json }) => selfcheck::selfcheck(threads, json),
        Some(Command::Info(arguments)) => info::info(&arguments),
        Some(Command::Sort(arguments)) => sort::sort(&arguments),
        Some(Command::Generate(arguments)) => generate::generate(&arguments),
        Some(Command::Convert(arguments)) => convert::convert(&arguments),
        Some(Command::Compare(arguments)) => compare::compare(&arguments),
        Some(Command::Completions { shell }) => {
            clap_complete::generate(shell, &mut Cli::command(), "spikeloom", &mut std::io::stdout());
            Ok(())
        }
    };
    Start::Done(match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => report(error),
    })
}

/// Shows an error on standard error and gives the code to end with.
pub fn report(error: CliError) -> ExitCode {
    let code = error.code();
    if !matches!(error, CliError::Shown { .. }) {
        // Lines are not wrapped: paths and commands stay in one piece, to be copied.
        let hook = miette::set_hook(Box::new(|_| {
            Box::new(miette::MietteHandlerOpts::new().break_words(false).wrap_lines(false).build())
        }));
        // Fails where one is set already, which shows errors as well.
        drop(hook);
        eprintln!("{:?}", miette::Report::new(error));
    }
    ExitCode::from(code)
}
