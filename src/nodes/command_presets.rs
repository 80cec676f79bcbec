//! Commands to begin with: the programs that are called most, and programs in containers.

use std::path::PathBuf;

/// What a preset sets of a command.
#[derive(Debug, Default)]
pub struct Preset {
    /// The program.
    pub program: String,
    /// What it is called with.
    pub arguments: Vec<String>,
    /// Its parameters.
    pub parameters: Vec<String>,
    /// Files the result depends on.
    pub files: Vec<PathBuf>,
}

/// Container engines, which run an image instead of a program of their own.
const ENGINES: [&str; 4] = ["podman", "docker", "apptainer", "singularity"];

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// A program with a script beside the pipeline.
fn script(program: &str, file: &str, arguments: &[&str]) -> Preset {
    Preset {
        program: program.into(),
        arguments: words(arguments),
        parameters: vec!["threshold: float = 4.5".into()],
        files: vec![file.into()],
    }
}

/// An engine with an image that is still to be named.
fn container(engine: &str, arguments: &[&str]) -> Preset {
    Preset {
        program: engine.into(),
        arguments: words(&[arguments, &["process", "{recording}", "{table}"]].concat()),
        parameters: vec!["image: text = NAME@sha256:DIGEST".into()],
        ..Preset::default()
    }
}

/// All of them, by name.
pub fn presets() -> Vec<(&'static str, Preset)> {
    let mounts =
        ["--volume={inputs}:{inputs}:ro", "--volume={outputs}:{outputs}", "--volume={base}:{base}:ro"];
    let run = |own: &[&'static str]| {
        let shared = ["run", "--rm", "--init", "--network=none"];
        [&shared[..], own, &mounts, &["--workdir={outputs}", "{image}"]].concat()
    };
    vec![
        (
            "MATLAB",
            script(
                "matlab",
                "process.m",
                &[
                    "-batch",
                    "addpath('{base}'); process('{recording}', '{table}', {threshold})",
                    "-logfile",
                    "{work}/matlab.log",
                ],
            ),
        ),
        (
            "Octave",
            script(
                "octave-cli",
                "process.m",
                &["--quiet", "--path", "{base}", "--eval", "process('{recording}', '{table}', {threshold})"],
            ),
        ),
        (
            "Python",
            script(
                "python3",
                "process.py",
                &["-u", "{base}/process.py", "{recording}", "{table}", "{threshold}"],
            ),
        ),
        (
            "Shell",
            script(
                "sh",
                "process.sh",
                &["-eu", "{base}/process.sh", "{recording}", "{table}", "{threshold}"],
            ),
        ),
        ("Container (podman)", container("podman", &run(&[]))),
        // Files that it writes belong to whom it runs as.
        ("Container (docker)", container("docker", &run(&["--user={user}"]))),
        (
            "Container (apptainer)",
            container(
                "apptainer",
                &[
                    "exec",
                    "--containall",
                    "--bind={inputs}:{inputs}:ro",
                    "--bind={outputs}:{outputs}",
                    "--bind={base}:{base}:ro",
                    "--pwd={outputs}",
                    "docker://{image}",
                ],
            ),
        ),
    ]
}

/// What is wrong with the image of a container: by a name alone it is another one tomorrow.
pub fn wrong_image(program: &str, image: &str) -> Option<String> {
    let name = program.rsplit(['/', '\\']).next().unwrap_or(program);
    if !ENGINES.contains(&name) || image.ends_with(".sif") {
        return None;
    }
    let digest = image.split_once("@sha256:").map_or("", |(_, digest)| digest);
    let is_digest = digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit());
    (!is_digest).then(|| {
        format!(
            "image \"{image}\" is not named by its digest: write name@sha256: and 64 digits, as `{name} images --digests` or \
             the registry shows them, so that the same image runs next year"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_named_by_their_digest() {
        let digest = "a".repeat(64);
        assert_eq!(wrong_image("podman", &format!("ghcr.io/lab/sort@sha256:{digest}")), None);
        assert_eq!(wrong_image("apptainer", "sort.sif"), None);
        assert_eq!(wrong_image("sh", "whatever"), None);
        for wrong in ["ghcr.io/lab/sort:latest", "sort@sha256:12", "sort.sif@sha256:"] {
            assert!(wrong_image("/usr/bin/docker", wrong).is_some_and(|w| w.contains("digest")), "{wrong}");
        }
    }
}
