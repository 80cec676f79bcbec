//! What a node is told: its inputs, and what it may use besides.

use super::NodeError;
use crate::{
    data::{
        Events, Features, Figure, Fit, Motion, NoiseLevels, Notice, Peaks, Recording, Sorting, Table,
        Templates, Waveforms,
    },
    engine::{Monitor, Preview, Silent},
    pipeline::{Coordinate, PortType, Value},
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The inputs of one call: for each connected port the items that arrived, with their coordinates.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// Items by port name.
    pub ports: BTreeMap<String, Vec<(Coordinate, Value)>>,
    /// What `fit` returned, by name.
    pub fits: BTreeMap<String, Value>,
}

macro_rules! typed_input {
    ($($name:ident, $optional:ident, $variant:ident, $out:ty;)*) => {$(
        #[doc = concat!("The ", stringify!($variant), " at a port.\n\n# Errors\nWhere nothing or something else is connected.")]
        pub fn $name(&self, port: &str) -> Result<$out, NodeError> {
            self.$optional(port)?.ok_or_else(|| NodeError::Input(format!("input \"{port}\" is not connected")))
        }
        #[doc = concat!("The ", stringify!($variant), " at a port, `None` where nothing is connected.\n\n# Errors\nWhere something else is connected.")]
        pub fn $optional(&self, port: &str) -> Result<Option<$out>, NodeError> {
            match self.first(port) {
                None => Ok(None),
                Some(Value::$variant(value)) => Ok(Some(value)),
                Some(other) => Err(NodeError::Input(format!(
                    "input \"{port}\" takes {}, not {}", PortType::$variant, other.port_type()
                ))),
            }
        }
    )*};
}

impl Inputs {
    /// Inputs of one item a port, for tests and for calling a node by hand.
    pub fn of(items: impl IntoIterator<Item = (&'static str, Value)>) -> Self {
        let ports = items
            .into_iter()
            .map(|(port, value)| (port.to_owned(), vec![(Coordinate::default(), value)]))
            .collect();
        Self { ports, fits: BTreeMap::new() }
    }

    fn first(&self, port: &str) -> Option<&Value> {
        self.ports.get(port)?.first().map(|(_, value)| value)
    }

    /// All items at a `many` port, in order of the wires and of the coordinates.
    pub fn many(&self, port: &str) -> &[(Coordinate, Value)] {
        self.ports.get(port).map_or(&[], Vec::as_slice)
    }

    /// A value that `fit` returned.
    ///
    /// # Errors
    /// Where there is none of that name.
    pub fn fit(&self, name: &str) -> Result<&Value, NodeError> {
        self.fits.get(name).ok_or_else(|| NodeError::Failed(format!("no fit named \"{name}\"")))
    }

    typed_input! {
        recording, optional_recording, Recording, &Recording;
        sorting, optional_sorting, Sorting, &Arc<Sorting>;
        peaks, optional_peaks, Peaks, &Arc<Peaks>;
        features, optional_features, Features, &Arc<Features>;
        waveforms, optional_waveforms, Waveforms, &Arc<Waveforms>;
        templates, optional_templates, Templates, &Arc<Templates>;
        noise, optional_noise, Noise, &Arc<NoiseLevels>;
        motion, optional_motion, Motion, &Arc<Motion>;
        table, optional_table, Table, &Arc<Table>;
        events, optional_events, Events, &Arc<Events>;
        figure, optional_figure, Figure, &Arc<Figure>;
        fit_value, optional_fit_value, Fit, &Arc<Fit>;
    }
}

/// Gives the value at an input, `None` where nothing is connected.
pub type ValueAt<'a> = dyn Fn(&str) -> Result<Option<Value>, NodeError> + 'a;

/// What a running node may use besides its inputs.
pub struct RunContext {
    /// Seed of the document; random streams are keyed by (seed, stage, cell).
    pub seed: u64,
    /// Receives progress, log and previews, and tells of cancellation.
    pub monitor: Arc<dyn MonitorDyn>,
    /// A folder for this task alone; kept after a kill, so that long tasks go on where they stopped. None where nothing is
    /// gone on with.
    pub scratch_folder: Option<PathBuf>,
    /// Where it may note what it found out about files of others, such as that their content was verified.
    pub notes_folder: Option<PathBuf>,
    /// Where relative paths of parameters start: the folder of the document.
    pub base_folder: PathBuf,
    /// The item it runs for.
    pub coordinate: Coordinate,
}

/// A monitor that can be shared between threads.
pub trait MonitorDyn: Monitor + Send + Sync {}
impl<T: Monitor + Send + Sync> MonitorDyn for T {}

impl RunContext {
    /// A context that hears nothing and keeps nothing, for tests.
    pub fn silent(seed: u64) -> Self {
        Self {
            seed,
            monitor: Arc::new(Silent),
            scratch_folder: None,
            notes_folder: None,
            base_folder: PathBuf::new(),
            coordinate: Coordinate::default(),
        }
    }

    /// A parameter's path, seen from the folder of the document.
    pub fn path(&self, path: &Path) -> PathBuf {
        self.base_folder.join(path)
    }

    /// Where a parameter's path is written to: of several items each has a place of its own.
    pub fn place(&self, path: &Path) -> PathBuf {
        self.path(&self.coordinate.place(path))
    }
}

impl Monitor for RunContext {
    fn stage(&self, name: &str) {
        self.monitor.stage(name);
    }
    fn progress(&self, done: u64, total: u64) {
        self.monitor.progress(done, total);
    }
    fn cancelled(&self) -> bool {
        self.monitor.cancelled()
    }
    fn preview(&self, preview: Preview) {
        self.monitor.preview(preview);
    }
    fn log(&self, line: &str) {
        self.monitor.log(line);
    }
    fn warn(&self, notice: &Notice) {
        self.monitor.warn(notice);
    }
    fn tool(&self, name: &str, version: &str) {
        self.monitor.tool(name, version);
    }
    fn program_memory(&self, bytes: u64) {
        self.monitor.program_memory(bytes);
    }
}
