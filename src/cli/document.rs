//! Reading a pipeline for a command, and showing everything that is wrong with it.

use super::{CliError, error::FileProblem};
use crate::{
    io::absolute,
    nodes::registry,
    pipeline::{
        Document, DocumentError, Executor, Pipeline, Problem, Registry, RunSettings, Severity, Store, offers,
        validate,
    },
};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// A pipeline read from a file.
pub struct Loaded {
    /// The pipeline, with `--set` applied.
    pub pipeline: Pipeline,
    /// The file, absolute.
    pub path: PathBuf,
    /// Where relative paths of its parameters start.
    pub base_folder: PathBuf,
    /// The known nodes.
    pub registry: Registry,
    /// Everything wrong with it.
    pub problems: Vec<Problem>,
    text: String,
}

impl Loaded {
    /// Reads a file and applies settings of the form `node.param=value`.
    ///
    /// # Errors
    /// Where the file cannot be read, is no pipeline, or a setting does not fit.
    pub fn read(path: &Path, settings: &[String]) -> Result<Self, CliError> {
        let registry = registry();
        let text = std::fs::read_to_string(path).map_err(|error| match error.kind() {
            std::io::ErrorKind::InvalidData => CliError::advised(
                format!("{} is no text, so no pipeline", path.display()),
                "Pipelines are .ron files. `spikeloom info FILE` says what a recording holds, `spikeloom sort FILE` \
                 sorts it.",
            ),
            _ => CliError::Files(crate::io::Error::io("read", path, error)),
        })?;
        let name = path.display().to_string();
        let opened =
            Document::parse(&text, &name, &registry).map_err(|error| document_error(error, &name, &text))?;
        let mut pipeline = opened.pipeline;
        let mut problems = opened.problems;
        if !settings.is_empty() {
            for setting in settings {
                set(&mut pipeline, &registry, setting)?;
            }
            // A setting may have mended, or made, a problem.
            problems.retain(|problem| problem.field.is_none());
        }
        for problem in validate(&pipeline, &registry) {
            let known = |p: &Problem| {
                (&p.node, &p.field, &p.message) == (&problem.node, &problem.field, &problem.message)
            };
            if !problems.iter().any(known) {
                problems.push(problem);
            }
        }
        let path = absolute(path);
        let base_folder = path.parent().map(Path::to_owned).unwrap_or_default();
        Ok(Self { pipeline, path, base_folder, registry, problems, text })
    }

    /// Checks what depends on other programs as well, which are asked for it.
    ///
    /// # Errors
    /// Where anything keeps the pipeline from running.
    pub fn checked(mut self) -> Result<Self, CliError> {
        // What is wrong with a pipeline already is said at once.
        if self.num_errors() == 0 {
            self.problems.extend(offers(&self.pipeline, &self.registry, &self.base_folder, true).1);
        }
        if self.num_errors() > 0 { Err(self.problems_error()) } else { Ok(self) }
    }

    /// True where the items of a node are tasks.
    pub fn is_task(&self, node: &str) -> bool {
        let kind = self.pipeline.node(node).and_then(|node| self.registry.get(&node.kind));
        kind.is_some_and(|node| node.info().work.is_task())
    }

    /// How many problems keep it from running.
    pub fn num_errors(&self) -> usize {
        self.problems.iter().filter(|p| p.severity == Severity::Error).count()
    }

    /// All problems as one error.
    pub fn problems_error(&self) -> CliError {
        let name = self.path.display().to_string();
        let (errors, all) = (self.num_errors(), self.problems.len());
        let plural = |n: usize, word: &str| if n == 1 { format!("1 {word}") } else { format!("{n} {word}s") };
        let summary = match all - errors {
            0 => format!("{name}: {}", plural(errors, "error")),
            warnings => format!("{name}: {}, {}", plural(errors, "error"), plural(warnings, "warning")),
        };
        let problems = self
            .problems
            .iter()
            .map(|p| {
                FileProblem::new(p.to_string(), p.severity == Severity::Warning, &name, &self.text, p.line)
            })
            .collect();
        CliError::Problems { summary, problems }
    }
}

/// An executor on the user's store.
///
/// # Errors
/// Where the store cannot be opened.
pub fn executor(registry: Registry, threads: Option<u16>) -> Result<Arc<Executor>, CliError> {
    let folder = Store::default_folder();
    let store = Store::open(&folder).map_err(|error| {
        CliError::advised(error.to_string(), "SPIKELOOM_STORE names the folder results are kept in.")
    })?;
    let mut limits = RunSettings::load()?.limits()?;
    if let Some(threads) = threads {
        limits.threads = usize::from(threads);
    }
    Ok(Executor::new(registry, store, limits))
}

/// Applies one `node.param=value`.
pub fn set(pipeline: &mut Pipeline, registry: &Registry, setting: &str) -> Result<(), CliError> {
    let (target, value) = setting.split_once('=').ok_or_else(|| {
        CliError::advised(
            format!("--set {setting}: not of the form node.param=value"),
            "Write, for example, --set bandpass_filter.freq_min=500.",
        )
    })?;
    let edit = pipeline
        .set_param_from_text(registry, target.trim(), value)
        .map_err(|error| CliError::Input(format!("--set {error}")))?;
    pipeline.apply(edit)?;
    Ok(())
}

fn document_error(error: DocumentError, name: &str, text: &str) -> CliError {
    match error {
        DocumentError::File(error) => CliError::Files(error),
        DocumentError::Syntax { line, column, ref message, .. } => CliError::Problems {
            summary: format!("{name} cannot be read as a pipeline"),
            problems: vec![FileProblem::new(
                format!("{name}:{line}:{column}: {message}"),
                false,
                name,
                text,
                Some((line, column)),
            )],
        },
        newer @ DocumentError::Newer { .. } => CliError::Input(newer.to_string()),
    }
}
