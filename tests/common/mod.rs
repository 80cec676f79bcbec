//! What the tests share: where Python and the real recordings are, and the program itself.
#![allow(dead_code, reason = "each test uses a part of it")]

pub mod place;

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

/// Python with SpikeInterface, probeinterface, phylib and scipy, as `tests/run` installs it.
///
/// # Panics
/// Where there is none: the checks against other programs are no option.
pub fn python() -> PathBuf {
    if let Some(path) = std::env::var_os("SPIKELOOM_TEST_PYTHON").filter(|path| !path.is_empty()) {
        return PathBuf::from(path);
    }
    let path = root().join(".venv/bin/python");
    assert!(
        path.exists(),
        "no Python for the checks against SpikeInterface: run `tests/run` once, or name one in SPIKELOOM_TEST_PYTHON"
    );
    path
}

/// Runs a Python script with arguments and gives its standard output.
///
/// # Panics
/// Where it fails; shows what it wrote.
pub fn run_python(script: &str, arguments: &[&Path]) -> String {
    let output = Command::new(python())
        .args(["-W", "ignore", "-c", script])
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("cannot start {}: {error}", python().display()));
    assert!(
        output.status.success(),
        "python failed:\n{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Real recordings and files of other programs.
///
/// # Panics
/// Where they are missing.
pub fn shared_data() -> PathBuf {
    let path = match std::env::var_os("SPIKELOOM_SHARED_DATA").filter(|path| !path.is_empty()) {
        Some(path) => PathBuf::from(path),
        None => root().join("../shared/data"),
    };
    assert!(
        path.is_dir(),
        "the real recordings are not at {}: name their folder in SPIKELOOM_SHARED_DATA",
        path.display()
    );
    path
}

/// The folder of the repository.
pub fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// What a program wrote on standard output.
pub fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What a program wrote on standard error.
pub fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
