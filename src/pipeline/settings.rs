//! What the user sets once for all runs: how much at a time, and what happens at the end.

use super::{Limits, RunStatus, TaskClass, job_handlers::job_handlers};
use crate::{
    data::text::bytes_of,
    io::{Error, atomic},
};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The file `settings.ron`; what is left out stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RunSettings {
    /// Threads that compute; all cores where left out.
    pub threads: Option<usize>,
    /// Tasks of a class that run at once: `{sort: 1, metrics: 2, command: 4}`.
    pub limits: BTreeMap<TaskClass, usize>,
    /// Memory that tasks which run at once may need together, such as `16GB`; four fifths of the machine's where left out.
    pub memory: Option<String>,
    /// A job handler file of sortingview (YAML), whose numbers of workers are limits too; `limits` goes before it.
    pub job_handlers: Option<PathBuf>,
    /// What to do at the end of runs.
    pub hooks: Hooks,
}

/// Commands for the shell, run at the end of a run with `SPIKELOOM_STATUS` (`ok` or `failed`), `SPIKELOOM_PIPELINE`,
/// `SPIKELOOM_TASKS` and `SPIKELOOM_FAILED` in their environment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Hooks {
    /// After a run in which all went well, such as `notify-send "done"`.
    pub on_finish: String,
    /// After one in which something failed.
    pub on_failure: String,
}

/// The folder of what the user keeps to use again: `SPIKELOOM_LIBRARY`, or the platform's.
pub fn library_folder() -> PathBuf {
    if let Some(folder) = std::env::var_os("SPIKELOOM_LIBRARY").filter(|v| !v.is_empty()) {
        return PathBuf::from(folder);
    }
    directories::ProjectDirs::from("", "", "spikeloom").map_or_else(
        || std::env::temp_dir().join("spikeloom_library"),
        |dirs| dirs.data_dir().join("library"),
    )
}

impl RunSettings {
    /// The file named by `SPIKELOOM_SETTINGS`, or `settings.ron` in the platform's folder for settings.
    pub fn default_path() -> Option<PathBuf> {
        if let Some(path) = std::env::var_os("SPIKELOOM_SETTINGS").filter(|path| !path.is_empty()) {
            return Some(PathBuf::from(path));
        }
        let folders = directories::ProjectDirs::from("", "", "spikeloom")?;
        Some(folders.config_dir().join("settings.ron"))
    }

    /// The user's settings; the defaults where there is no file.
    ///
    /// # Errors
    /// Where the file cannot be read or is not understood: says where.
    pub fn load() -> Result<Self, Error> {
        match Self::default_path() {
            // A file that is named should be there.
            Some(path) if std::env::var_os("SPIKELOOM_SETTINGS").is_some() && !path.exists() => {
                Err(Error::format(
                    &path,
                    "is not there, but SPIKELOOM_SETTINGS names it: make it in the window (Settings of runs), or name another",
                ))
            }
            path => Self::read_or_usual(path.as_deref()),
        }
    }

    /// The settings of a file that may not be there yet: the defaults then, as where settings are made.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn read_or_usual(path: Option<&Path>) -> Result<Self, Error> {
        path.filter(|path| path.exists()).map_or_else(|| Ok(Self::default()), Self::read)
    }

    /// The settings of a file.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text = std::fs::read_to_string(path).map_err(|e| Error::io("read", path, e))?;
        let wrong = |e: ron::error::SpannedError| {
            let at = e.span.start;
            Error::format(path, format!("line {}, column {}: {}", at.line, at.col, e.code))
        };
        let options =
            ron::Options::default().with_default_extension(ron::extensions::Extensions::IMPLICIT_SOME);
        let mut settings: Self = options.from_str(&text).map_err(wrong)?;
        if let Some(zero) = settings.limits.iter().find(|(_, limit)| **limit == 0) {
            return Err(Error::format(path, format!("limits: {:?}: at least 1 expected", zero.0)));
        }
        // Relative to the file that names it.
        let base = path.parent().unwrap_or(Path::new("")).to_owned();
        settings.job_handlers = settings.job_handlers.map(|inner| base.join(inner));
        Ok(settings)
    }

    /// Writes them as a file; one that was there is kept beside it as `settings.ron.old`.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        let folder = path.parent().unwrap_or(Path::new(""));
        std::fs::create_dir_all(folder).map_err(|e| Error::io("make", folder, e))?;
        let config = ron::ser::PrettyConfig::new().extensions(ron::extensions::Extensions::IMPLICIT_SOME);
        let text = ron::ser::to_string_pretty(self, config)
            .map_err(|e| Error::format(path, format!("cannot be written: {e}")))?;
        if path.is_file() {
            let old = path.with_extension("ron.old");
            std::fs::copy(path, &old).map_err(|e| Error::io("write", &old, e))?;
        }
        atomic::write_file(path, text.as_bytes())
    }

    /// The limits of an executor.
    ///
    /// # Errors
    /// Where the job handler file cannot be read.
    pub fn limits(&self) -> Result<Limits, Error> {
        let mut limits = Limits::default();
        limits.threads = self.threads.unwrap_or(limits.threads).max(1);
        if let Some(memory) = &self.memory {
            limits.memory_bytes = bytes_of(memory).ok_or_else(|| {
                let path = Self::default_path().unwrap_or_default();
                Error::format(&path, format!("memory: \"{memory}\" is no size: write one such as \"16GB\""))
            })?;
        }
        if let Some(path) = &self.job_handlers {
            let text = std::fs::read_to_string(path).map_err(|e| Error::io("read", path, e))?;
            limits.per_class.extend(job_handlers(&text).map_err(|message| Error::format(path, message))?);
        }
        limits.per_class.extend(&self.limits);
        Ok(limits)
    }
}

impl Hooks {
    /// Starts the command for the end of a run, where there is one. What becomes of it is its own affair.
    pub(super) fn call(&self, status: RunStatus, pipeline: Option<&Path>, tasks: usize, failed: usize) {
        let (command, word) = match status {
            RunStatus::Ok => (&self.on_finish, "ok"),
            RunStatus::Failed => (&self.on_failure, "failed"),
            RunStatus::Cancelled => return,
        };
        if command.trim().is_empty() {
            return;
        }
        let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("/bin/sh", "-c") };
        let started = Command::new(shell)
            .args([flag, command])
            .env("SPIKELOOM_STATUS", word)
            .env("SPIKELOOM_PIPELINE", pipeline.unwrap_or(Path::new("")))
            .env("SPIKELOOM_TASKS", tasks.to_string())
            .env("SPIKELOOM_FAILED", failed.to_string())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn();
        if let Ok(mut child) = started {
            // Somebody has to ask for its end; a program that ends before leaves it to the system.
            let _ = std::thread::Builder::new().name("hook".into()).spawn(move || child.wait());
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_not_there_yet_stands_for_what_is_usual() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("settings.ron");
        assert_eq!(RunSettings::read_or_usual(Some(&path)).unwrap(), RunSettings::default());
        let set = RunSettings { threads: Some(3), ..RunSettings::default() };
        set.save(&path).unwrap();
        assert_eq!(RunSettings::read_or_usual(Some(&path)).unwrap(), set);
        std::fs::write(&path, "(threads: many)").unwrap();
        assert!(RunSettings::read_or_usual(Some(&path)).is_err());
    }
}
