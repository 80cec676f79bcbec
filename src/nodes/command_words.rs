//! A command in words, as a paper tells it: the program, its version and the script, not every argument.

use super::command_settings::Setting;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// Endings of what programs run.
const SCRIPTS: [&str; 10] = ["m", "py", "sh", "bash", "r", "jl", "pl", "rb", "js", "ipynb"];

/// What ran, with the values of its parameters. `files` are those the result depends on; `versions` are what programs said
/// of themselves, by name.
pub fn in_words(
    program: &str,
    arguments: &[String],
    files: &[PathBuf],
    values: &[Setting],
    versions: &BTreeMap<String, String>,
) -> String {
    let file_name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let version = versions.get(program).map(|version| format!(" ({version})")).unwrap_or_default();
    let program = file_name(Path::new(program.trim()));
    let is_script = |path: &Path| {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        ending.is_some_and(|ending| SCRIPTS.contains(&ending.as_str()))
    };
    let named = files.iter().map(|file| file.as_path());
    let called = arguments.iter().filter(|text| !text.contains(char::is_whitespace)).map(Path::new);
    let mut scripts: Vec<String> = Vec::new();
    for script in named.chain(called).filter(|path| is_script(path)).map(file_name) {
        if !scripts.contains(&script) {
            scripts.push(script);
        }
    }
    let ran = match scripts.is_empty() {
        true => "ran as the pipeline says".to_owned(),
        false => format!("ran {}", scripts.join(" and ")),
    };
    let values: Vec<String> = values.iter().map(|one| format!("{} {}", one.name, one.text())).collect();
    let with = if values.is_empty() { String::new() } else { format!(" with {}", values.join(", ")) };
    format!("{program}{version} {ran}{with}")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::{super::command_settings::settings, *};

    #[test]
    fn a_command_is_told_by_program_version_script_and_values() {
        let octave = "/usr/bin/octave-cli";
        let versions = BTreeMap::from([(octave.to_owned(), "GNU Octave 9.2".to_owned())]);
        let words = |program: &str, arguments: &[&str], files: &[&str], parameters: &[&str]| {
            let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
            let files: Vec<PathBuf> = files.iter().map(PathBuf::from).collect();
            let values = settings(&owned(parameters), &BTreeMap::new()).unwrap();
            in_words(program, &owned(arguments), &files, &values, &versions)
        };
        let called = ["--quiet", "--eval", "rising_edges('{recording}', {level}, '{table}')"];
        assert_eq!(
            words(octave, &called, &["signac/rising_edges.m"], &["level: float = 128"]),
            "octave-cli (GNU Octave 9.2) ran rising_edges.m with level 128"
        );
        assert_eq!(words("sh", &["-eu", "{base}/count.sh", "{table}"], &[], &[]), "sh ran count.sh");
        assert_eq!(words("sh", &["-c", "cat {recording}"], &[], &[]), "sh ran as the pipeline says");
    }
}
