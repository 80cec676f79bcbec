//! Where a result comes from, kept beside it as `provenance.json`.

use super::{
    Coordinate, Key, Params,
    evaluate::{Evaluator, Job},
    feed::StageTime,
    join::Payload,
    prepared::Prepared,
    resources,
    store::Stored,
};
use petgraph::stable_graph::NodeIndex;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::{
    collections::{BTreeMap, HashSet},
    path::PathBuf,
    sync::{Arc, OnceLock},
};

/// What a result was made of, by what, where, when and at what cost. Fields that an earlier version did not write are empty.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Provenance {
    /// Version of the program.
    pub spikeloom: String,
    /// Versions of the libraries that compute.
    pub dependencies: BTreeMap<String, String>,
    /// Versions of other programs that took part, as they told them.
    pub tools: BTreeMap<String, String>,
    /// Kind of the node.
    pub kind: String,
    /// Version of the node: another one gives other results.
    pub node_version: u32,
    /// Name of the node.
    pub node: String,
    /// The item.
    pub coordinate: Coordinate,
    /// True for the estimate of a node that is applied lazily afterwards.
    pub fit: bool,
    /// Parameters with defaults, automatic ones as numbers.
    pub params: Params,
    /// Seed of the document.
    pub seed: u64,
    /// What arrived.
    pub inputs: Vec<InputOf>,
    /// Files the node itself depends on.
    pub files: Vec<FileOf>,
    /// What had changed since the item's last result, in words.
    pub because: Vec<String>,
    /// Name of the computer.
    pub host: String,
    /// Its operating system.
    pub os: String,
    /// Its processor.
    pub cpu: String,
    /// When it began, `2026-03-01T12:00:00Z`.
    pub started: String,
    /// When it ended.
    pub ended: String,
    /// Seconds it took.
    pub wall_s: f64,
    /// Seconds of processors, its share of the process.
    pub cpu_s: f64,
    /// Its stages.
    pub stages: Vec<StageTime>,
    /// The most memory the process has held, in bytes.
    pub peak_rss_bytes: Option<u64>,
    /// Threads that computed.
    pub threads: usize,
}

/// What arrived at an input.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct InputOf {
    /// The input.
    pub port: String,
    /// The item.
    pub coordinate: Coordinate,
    /// Name of what arrived: equal where all it was made of is equal.
    pub key: String,
    /// The result it is, where it is a stored one.
    pub result: Option<String>,
    /// The recipe it is otherwise: the nodes from its sources on.
    pub steps: Vec<Step>,
}

/// A node that is part of a recipe.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Step {
    /// Name of the node.
    pub node: String,
    /// Its kind.
    pub kind: String,
    /// Its version.
    pub version: u32,
    /// Its parameters.
    pub params: Params,
    /// Files it reads.
    pub files: Vec<FileOf>,
    /// Stored results it takes.
    pub results: Vec<String>,
    /// True where it is what its own files are, however they were found.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub by_files: bool,
}

/// A file outside the store.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FileOf {
    /// Where.
    pub path: PathBuf,
    /// Equal as long as its content is.
    pub fingerprint: String,
}

impl Stored {
    /// Where it comes from, as far as can be read.
    pub fn provenance(&self) -> Option<Provenance> {
        read(&self.folder)
    }
}

/// The provenance of the result in a folder.
pub(super) fn read(folder: &std::path::Path) -> Option<Provenance> {
    serde_json::from_slice(&std::fs::read(folder.join("provenance.json")).ok()?).ok()
}

/// What an item of a lazy node was made of.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    pub node: NodeIndex,
    pub prepared: Arc<Prepared>,
    /// Files of the item alone.
    pub files: Vec<FileOf>,
    /// What arrived: its key, and the result it is where it is one.
    pub inputs: Vec<(Key, Option<Key>)>,
}

pub(super) fn result_of(payload: &Payload) -> Option<Key> {
    match payload {
        Payload::Stored(stored, ..) => Some(stored.key),
        Payload::Here(_) => None,
    }
}

fn files_of(prepared: &Prepared) -> impl Iterator<Item = FileOf> + '_ {
    prepared
        .files
        .iter()
        .map(|(path, fingerprint)| FileOf { path: path.clone(), fingerprint: fingerprint.clone() })
}

impl Evaluator<'_> {
    /// What a job will be made of: all of its provenance that is known before it runs.
    pub(super) fn ingredients(&self, job: &Job) -> Provenance {
        let info = job.node.info();
        Provenance {
            spikeloom: env!("CARGO_PKG_VERSION").into(),
            kind: info.kind.into(),
            node_version: info.version,
            node: job.task.node.clone(),
            coordinate: job.task.coordinate.clone(),
            fit: job.fit,
            params: job.prepared.params.clone(),
            seed: job.seed,
            inputs: job
                .inputs
                .iter()
                .map(|(port, coordinate, key, payload)| InputOf {
                    port: port.clone(),
                    coordinate: coordinate.clone(),
                    key: key.to_string(),
                    result: result_of(payload).map(|key| key.to_string()),
                    steps: self.steps(*key),
                })
                .collect(),
            files: files_of(&job.prepared).collect(),
            ..Provenance::default()
        }
    }

    /// The recipe behind a key, sources first.
    fn steps(&self, key: Key) -> Vec<Step> {
        let mut steps: Vec<Step> = Vec::new();
        let mut seen = HashSet::from([key]);
        let mut open = vec![key];
        while let Some(origin) = open.pop().and_then(|key| self.origins.get(&key)) {
            let instance = &self.pipeline.graph()[origin.node];
            let version = self.registry.get(&instance.kind).map_or(0, |node| node.info().version);
            let results = origin.inputs.iter().filter_map(|(_, result)| Some(result.as_ref()?.to_string()));
            let step = Step {
                node: instance.name.clone(),
                kind: instance.kind.clone(),
                version,
                params: origin.prepared.params.clone(),
                // An item that names its own is not made of those of others.
                files: match origin.files.is_empty() {
                    true => files_of(&origin.prepared).collect(),
                    false => origin.files.clone(),
                },
                results: results.collect(),
                by_files: !origin.files.is_empty(),
            };
            if !steps.contains(&step) {
                steps.push(step);
            }
            let lazy = origin.inputs.iter().filter(|(_, result)| result.is_none());
            open.extend(lazy.map(|(key, _)| *key).filter(|key| seen.insert(*key)));
        }
        steps.reverse();
        steps
    }
}

/// The operating system, such as `Debian GNU/Linux 12 (bookworm), linux x86_64`.
pub(super) fn os() -> &'static str {
    static OS: OnceLock<String> = OnceLock::new();
    OS.get_or_init(|| {
        let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
        let name = release.lines().find_map(|line| line.strip_prefix("PRETTY_NAME="));
        let name = name.map(|name| format!("{}, ", name.trim_matches('"'))).unwrap_or_default();
        format!("{name}{} {}", std::env::consts::OS, std::env::consts::ARCH)
    })
}

/// The processor, empty where the system does not tell.
pub(super) fn cpu() -> &'static str {
    static CPU: OnceLock<String> = OnceLock::new();
    CPU.get_or_init(|| {
        let text = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with("model name"));
        line.and_then(|line| Some(line.split_once(':')?.1.trim().to_owned())).unwrap_or_default()
    })
}

/// Libraries whose version may change a number.
const COMPUTING: [&str; 9] =
    ["blake3", "hdf5-reader", "ndarray", "npyz", "rand", "rand_chacha", "rand_distr", "rayon", "realfft"];

/// Versions of the libraries that compute, as this program was built with them.
pub(super) fn dependencies() -> &'static BTreeMap<String, String> {
    static FOUND: OnceLock<BTreeMap<String, String>> = OnceLock::new();
    FOUND.get_or_init(|| {
        let quoted = |line: Option<&str>, field: &str| {
            Some(line?.strip_prefix(field)?.trim_start_matches(" = ").trim_matches('"').to_owned())
        };
        let packages = include_str!("../../Cargo.lock").split("[[package]]");
        let named = packages.filter_map(|package| {
            let mut lines = package.trim().lines();
            Some((quoted(lines.next(), "name")?, quoted(lines.next(), "version")?))
        });
        named.filter(|(name, _)| COMPUTING.contains(&name.as_str())).collect()
    })
}

impl Provenance {
    /// Fills in where it runs.
    pub(super) fn here(mut self, threads: usize) -> Self {
        self.dependencies = dependencies().clone();
        self.host = resources::host();
        self.os = os().into();
        self.cpu = cpu().into();
        self.started = resources::now_utc();
        self.threads = threads;
        self
    }

    /// All files it was made of, of its inputs' recipes included.
    pub fn all_files(&self) -> Vec<&FileOf> {
        let steps = self.inputs.iter().flat_map(|input| &input.steps).flat_map(|step| &step.files);
        let mut found: Vec<&FileOf> = Vec::new();
        for file in self.files.iter().chain(steps) {
            if !found.contains(&file) {
                found.push(file);
            }
        }
        found
    }

    /// The value of a field as JSON, for those who read it by name.
    pub fn to_json(&self) -> Json {
        serde_json::to_value(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_libraries_that_compute_are_known() {
        let found = dependencies();
        assert_eq!(found.len(), COMPUTING.len(), "{found:?}");
        assert!(found.values().all(|version| version.starts_with(|c: char| c.is_ascii_digit())), "{found:?}");
        assert!(os().contains(std::env::consts::ARCH));
    }
}
