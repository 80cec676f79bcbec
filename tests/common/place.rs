//! Running the program in a folder of its own.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use super::{shared_data, stderr, stdout};
use serde_json::Value as Json;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

/// A folder of one's own with a store in it.
pub struct Place {
    /// The folder.
    pub folder: tempfile::TempDir,
}

impl Place {
    /// An empty place.
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    /// A path in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a text file in it.
    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// The program, started in it.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_spikeloom"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("SPIKELOOM_STORE", self.path("store"))
            .env("SPIKELOOM_LIBRARY", self.path("library"))
            .stdin(Stdio::null());
        command
    }

    /// Runs the program in it to its end.
    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs, and expects a code; shows everything where it is another one.
    pub fn ends(&self, code: i32, arguments: &[&str]) -> Output {
        let output = self.run(arguments);
        assert_eq!(
            output.status.code(),
            Some(code),
            "spikeloom {}\n{}\n{}",
            arguments.join(" "),
            stdout(&output),
            stderr(&output)
        );
        output
    }

    /// Runs, expects bad input, and all words in what it says.
    pub fn refuses(&self, arguments: &[&str], words: &[&str]) {
        let text = stderr(&self.ends(2, arguments));
        for word in words {
            assert!(text.contains(word), "spikeloom {}: no \"{word}\" in\n{text}", arguments.join(" "));
        }
        assert!(!text.contains("panicked"), "{text}");
    }
}

/// Standard output as JSON.
pub fn json(output: &Output) -> Json {
    serde_json::from_str(&stdout(output)).unwrap_or_else(|error| panic!("{error}:\n{}", stdout(output)))
}

/// Standard output as events, one a line.
pub fn events(output: &Output) -> Vec<Json> {
    stdout(output).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// A real tetrode recording.
pub fn locust() -> String {
    shared_data().join("locust/locust_trial_01.raw").display().to_string()
}

/// What its file does not say.
pub const LOCUST: [&str; 6] = ["--dtype", "int16", "--num-channels", "4", "--sampling-frequency", "15000"];

/// Noise of 4 channels with a spike here and there, as a raw int16 file.
pub fn small_recording(path: &Path, frames: usize) {
    let mut state = 1_u64;
    let mut bytes = Vec::with_capacity(frames * 8);
    for frame in 0..frames {
        for channel in 0..4_i16 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let noise = ((state >> 33) % 41) as i16 - 20;
            let phase = frame % 997;
            let spike =
                if phase < 12 { -(150 - 30 * channel) * (6 - (phase as i16 - 6).abs()) / 6 } else { 0 };
            bytes.extend_from_slice(&(noise + spike).to_le_bytes());
        }
    }
    fs::write(path, bytes).unwrap();
}

/// A pipeline that saves a stretch of `x.raw`, referenced.
pub const SMALL: &str = r#"(
    version: 1,
    nodes: {
        "read": (kind: "read_recording", params: (path: "x.raw", dtype: int16, num_channels: 4, sampling_frequency: 20000.0)),
        "noise": (kind: "noise_levels"),
        "filter": (kind: "bandpass_filter"),
        "save": (kind: "save_recording", params: (path: "out")),
    },
    wires: [
        ("read.recording", "filter.recording"),
        ("read.recording", "noise.recording"),
        ("filter.recording", "save.recording"),
    ],
)"#;

/// A study of four recordings for a scheduler: each counted by the program `count.sh`, which is told the folder, the number of
/// the recording and its output, then collected by a node of that name.
pub fn counted_study(count: &str, collect: &str) -> Place {
    let place = Place::new();
    fs::create_dir(place.path("data")).unwrap();
    for index in 0..4 {
        small_recording(&place.path(&format!("data/rec_{index}.raw")), 2000 + 100 * index);
    }
    place.write("count.sh", count);
    let text = format!(
        r#"(version: 1, nodes: {{
    "study": (kind: "read_study", params: (path: "data", pattern: "rec_{{index}}.raw", dtype: int16, num_channels: 4, sampling_frequency: 20000.0)),
    "count": (kind: "command", params: (program: "sh", files: ["count.sh"],
        arguments: ["{{base}}/count.sh", "{{base}}", "{{index}}", "{{table}}"])),
    "again": (kind: "command", params: (program: "sh", inputs: ["counted: table as csv"], arguments: ["-c", "cat {{counted}} > {{table}}"])),
    "statistics": (kind: "channel_statistics"),
    "{collect}": (kind: "collect_tables"),
}}, wires: [
    ("study.recording", "count.recording"), ("count.table", "again.counted"), ("study.recording", "statistics.recording"),
    ("again.table", "{collect}.table"),
])"#
    );
    place.write("p.ron", &text);
    place
}

/// The recordings that `count.sh` noted in the file `begun`, in order.
pub fn begun(place: &Place) -> Vec<String> {
    begun_in(place.folder.path())
}

/// The same by the folder.
pub fn begun_in(folder: &Path) -> Vec<String> {
    let text = fs::read_to_string(folder.join("begun")).unwrap_or_default();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}
