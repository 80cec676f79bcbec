//! The trait of nodes, and its erased form that the graph works with.

use super::{
    act::Act,
    expand::Expansion,
    needs::TaskNeeds,
    offer::Offered,
    params::{ParamProblem, ParamSpec, Params},
    port::{Coordinate, CoordinateValue, Port, PortType, Value},
    python::{PythonNames, PythonStep},
};
use crate::{
    data::{
        Events, Features, Figure, Fit, Motion, NoiseLevels, Peaks, Recording, RecordingError, Sorting,
        SourceError, Table, Templates, Waveforms,
    },
    engine::{EngineError, Monitor, Preview},
    io::OpenOptions,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::{
    collections::BTreeMap,
    fmt::Debug,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Where a node stands in the palette.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Category {
    Source,
    Shape,
    Preprocess,
    Sort,
    Look,
    Output,
}

/// Tasks of a class share a limit on how many run at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum TaskClass {
    Sort,
    Metrics,
    Waveforms,
    Correlograms,
    Traces,
    Files,
    Command,
    Other,
}

/// How a node's result comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// `run` only builds a recipe (milliseconds): done whenever needed, never stored, no task.
    Lazy,
    /// [`Node::arrange`] says which items go where and under which keys; values pass as they are, and no task.
    Arrange,
    /// `fit` is a stored task; `run` then applies it as a recipe.
    FitThenLazy(TaskClass),
    /// `run` is a stored task.
    Task(TaskClass),
}

impl Work {
    /// The class of its tasks.
    pub fn class(self) -> TaskClass {
        match self {
            Work::Task(class) | Work::FitThenLazy(class) => class,
            Work::Lazy | Work::Arrange => TaskClass::Other,
        }
    }

    /// True where there is something to run and to keep.
    pub fn is_task(self) -> bool {
        matches!(self, Work::FitThenLazy(_) | Work::Task(_))
    }
}

/// What a node is, the same for all its instances.
#[derive(Clone, Copy, Debug)]
pub struct NodeInfo {
    /// Kind in documents; equals the file name, such as `bandpass_filter`.
    pub kind: &'static str,
    /// Name for people, such as `Band-pass filter`.
    pub label: &'static str,
    /// One sentence, ending in a period.
    pub summary: &'static str,
    /// Where the method comes from (paper or reference implementation), may be empty.
    pub source: &'static str,
    /// Where it stands in the palette.
    pub category: Category,
    /// Other words it is found by, SpikeInterface's name among them.
    pub search: &'static [&'static str],
    /// Raise when the output for the same input changes: part of the key of results.
    pub version: u32,
    /// How its result comes about.
    pub work: Work,
    /// Inputs with default parameters.
    pub inputs: &'static [Port],
    /// Outputs with default parameters.
    pub outputs: &'static [Port],
}

/// Why a node could not do its work.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// It was told to stop.
    #[error("cancelled")]
    Cancelled,
    /// Wrong input or parameter: says what is wrong and what to do.
    #[error("{0}")]
    Input(String),
    /// A file could not be read or written.
    #[error(transparent)]
    Files(crate::io::Error),
    /// The store of results could not be read or written.
    #[error("the store of results: {0}")]
    Store(crate::io::Error),
    /// The work itself failed.
    #[error("{0}")]
    Failed(String),
}

impl NodeError {
    /// True where a disk is full or a quota used up: what follows would fail for the same reason.
    pub fn is_full_disk(&self) -> bool {
        match self {
            NodeError::Files(error) | NodeError::Store(error) => error.is_full_disk(),
            _ => false,
        }
    }
}

impl From<crate::io::Error> for NodeError {
    fn from(error: crate::io::Error) -> Self {
        match error {
            crate::io::Error::Cancelled => NodeError::Cancelled,
            other => NodeError::Files(other),
        }
    }
}
impl From<super::StoreError> for NodeError {
    fn from(error: super::StoreError) -> Self {
        match error {
            super::StoreError::File(error) => NodeError::Store(error),
            other => NodeError::Failed(other.to_string()),
        }
    }
}
impl From<EngineError> for NodeError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Cancelled => NodeError::Cancelled,
            other => NodeError::Failed(other.to_string()),
        }
    }
}
impl From<SourceError> for NodeError {
    fn from(error: SourceError) -> Self {
        NodeError::Failed(error.to_string())
    }
}
impl From<RecordingError> for NodeError {
    fn from(error: RecordingError) -> Self {
        NodeError::Input(error.to_string())
    }
}

/// Finds the peaks in some frames of a segment for given parameters; what it learns of the recording it keeps.
pub type Glimpse<P> =
    Box<dyn Fn(&P, usize, Range<usize>, &dyn Monitor) -> Result<Peaks, NodeError> + Send + Sync>;

/// One operation of a pipeline: typed parameters, typed ports, a pure function.
///
/// The result depends on parameters, inputs, the seed of the document and files named by
/// [`Node::files`] alone.
pub trait Node: Send + Sync + 'static {
    /// Its parameters. Doc comments, ranges, units and defaults of the fields are the only declaration.
    type Params: Serialize + DeserializeOwned + JsonSchema + Default + Clone + PartialEq + Debug + Send + Sync;

    /// What it is.
    const INFO: NodeInfo;

    /// Inputs for these parameters, where they depend on them.
    fn inputs(&self, _params: &Self::Params) -> Vec<Port> {
        Self::INFO.inputs.to_vec()
    }

    /// Outputs for these parameters, where they depend on them.
    fn outputs(&self, _params: &Self::Params) -> Vec<Port> {
        Self::INFO.outputs.to_vec()
    }

    /// Turns automatic values into numbers from what is known of the inputs without reading samples.
    ///
    /// # Errors
    /// Where the inputs do not allow it, such as a missing probe.
    fn resolve(&self, params: &Self::Params, _inputs: &Inputs) -> Result<Self::Params, NodeError> {
        Ok(params.clone())
    }

    /// The nodes this one stands for, where it is made of others and gives the same result as they do.
    fn expand(&self, _params: &Self::Params) -> Option<Expansion> {
        None
    }

    /// What it does to the recording that goes through it, for advice on the order of steps.
    fn acts(&self, _params: &Self::Params) -> Vec<Act> {
        Vec::new()
    }

    /// The same with SpikeInterface, in Python; `None` where it has no equivalent.
    fn in_python(&self, _params: &Self::Params, _names: &PythonNames) -> Option<PythonStep> {
        None
    }

    /// Parameters to begin with for one use or another, by name.
    fn presets(&self) -> Vec<(&'static str, Self::Params)> {
        Vec::new()
    }

    /// What is wrong with the parameters beyond types and ranges.
    fn check(&self, _params: &Self::Params) -> Vec<ParamProblem> {
        Vec::new()
    }

    /// Parameters that depend on what others are set to. Where not `waits` it answers at once, from what it knows; else it
    /// may start a program. Never called by what draws.
    fn offered(&self, _params: &Self::Params, _base: &Path, _waits: bool) -> Offered {
        Offered::Nothing
    }

    /// Files outside the store the result depends on; their fingerprints become part of its key. Relative paths start at
    /// `base`.
    fn files(&self, _params: &Self::Params, _base: &Path) -> Vec<PathBuf> {
        Vec::new()
    }

    /// Files or folders this node writes outside the store, for the user, at [`RunContext::place`] of these paths. A
    /// result whose files are gone runs again.
    fn writes(&self, _params: &Self::Params) -> Vec<PathBuf> {
        Vec::new()
    }

    /// True where the result depends on the coordinates of the inputs, as of a table that has them as columns.
    fn uses_coordinates(&self, _params: &Self::Params) -> bool {
        false
    }

    /// True where a `many` input takes what is there, though other items of it cannot be had.
    fn takes_what_is_there(&self, _params: &Self::Params) -> bool {
        false
    }

    /// What a task of it needs while it runs. `inputs` holds the recordings alone, and none where they are not known yet.
    fn needs(&self, _params: &Self::Params, _inputs: &Inputs) -> TaskNeeds {
        TaskNeeds::of(Self::INFO.work.class())
    }

    /// The keys by which what leaves is gathered at the next `many` input.
    fn groups(&self, _params: &Self::Params) -> Option<Vec<String>> {
        None
    }

    /// Parameters of other nodes that take their values from keys this node adds.
    fn sweeps(&self, _params: &Self::Params) -> Vec<Swept> {
        Vec::new()
    }

    /// The parameters where they name another node by what it is called from now on; `None` where they name it not.
    /// `called` gives the new name of a node that has one.
    fn renamed(
        &self,
        _params: &Self::Params,
        _called: &dyn Fn(&str) -> Option<String>,
    ) -> Option<Self::Params> {
        None
    }

    /// Where an item goes and under which keys ([`Work::Arrange`]). `item` is the coordinate of the inputs; a value
    /// is asked for only where the answer depends on it.
    ///
    /// # Errors
    /// Where the keys or values do not allow an answer.
    fn arrange(
        &self,
        _params: &Self::Params,
        _item: &Coordinate,
        _value: &ValueAt,
    ) -> Result<Vec<Passed>, NodeError> {
        Ok(Vec::new())
    }

    /// Estimates from the data what `run` will apply ([`Work::FitThenLazy`]): named values, stored.
    ///
    /// # Errors
    /// As [`Node::run`].
    fn fit(
        &self,
        _params: &Self::Params,
        _inputs: &Inputs,
        _context: &RunContext,
    ) -> Result<Outputs, NodeError> {
        Ok(Outputs::default())
    }

    /// Shows at once what it would find in a short stretch, `None` where it cannot: for looking while parameters change.
    ///
    /// # Errors
    /// Where the inputs do not fit.
    fn glimpse(&self, _inputs: &Inputs) -> Result<Option<Glimpse<Self::Params>>, NodeError> {
        Ok(None)
    }

    /// Computes the outputs. With [`Work::FitThenLazy`] the values of `fit` are `inputs.fit("name")`.
    ///
    /// # Errors
    /// Where inputs do not fit, files fail, or it is cancelled.
    fn run(&self, params: &Self::Params, inputs: &Inputs, context: &RunContext)
    -> Result<Outputs, NodeError>;
}

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

/// What leaves by one port.
#[derive(Clone, Debug)]
pub enum Output {
    /// One value, at the coordinate of the inputs.
    One(Value),
    /// Several, each with keys added to that coordinate (Split, Sweep).
    Many(Vec<(Coordinate, Value)>),
    /// A recording in a file or folder that the task wrote into its own folder: it becomes part of the result and is opened
    /// there.
    Written(WrittenRecording),
    /// As `Many`, of lazy nodes: each tells what it is made of and keeps its name whatever comes with it, and
    /// one that cannot be had tells why and does not stop the others.
    Own(Vec<OwnItem>),
}

/// A recording that a task wrote, and how it is opened.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct WrittenRecording {
    /// The file or folder.
    pub path: PathBuf,
    /// What it does not say itself.
    pub options: OpenOptions,
    /// The probe, where the file has none: a file beside it, as probeinterface writes it.
    pub probe: Option<PathBuf>,
}

/// An item that is named after what it is made of, not after all its node was given.
#[derive(Clone, Debug)]
pub struct OwnItem {
    /// Keys added to the coordinate of the inputs.
    pub coordinate: Coordinate,
    /// Whatever tells it from other items of the node's kind, such as how its file is read.
    pub facts: serde_json::Value,
    /// Files it is made of.
    pub files: Vec<PathBuf>,
    /// True where it is made of the node's inputs, in their order but whatever their coordinates are.
    pub of_inputs: bool,
    /// The value, or why there is none.
    pub value: Result<Value, String>,
}

/// Where an item goes ([`Work::Arrange`]).
#[derive(Clone, Debug, PartialEq)]
pub struct Passed {
    /// The input it came by.
    pub from: &'static str,
    /// The output it leaves by.
    pub to: &'static str,
    /// The keys it has from there on.
    pub coordinate: Coordinate,
}

/// A parameter of another node that takes its value from a key of the item ([`Node::sweeps`]).
#[derive(Clone, Debug, PartialEq)]
pub struct Swept {
    /// The key.
    pub key: String,
    /// Name of the other node.
    pub node: String,
    /// Its parameter.
    pub field: String,
    /// What each value of the key stands for.
    pub values: Vec<(CoordinateValue, serde_json::Value)>,
}

/// Gives the value at an input, `None` where nothing is connected.
pub type ValueAt<'a> = dyn Fn(&str) -> Result<Option<Value>, NodeError> + 'a;

/// What leaves a node, by port name.
#[derive(Clone, Debug, Default)]
pub struct Outputs(pub BTreeMap<String, Output>);

impl Outputs {
    /// One value at one port.
    pub fn one(port: &str, value: impl Into<Value>) -> Self {
        Self::default().and(port, value)
    }

    /// One more value at another port.
    #[must_use]
    pub fn and(mut self, port: &str, value: impl Into<Value>) -> Self {
        self.0.insert(port.to_owned(), Output::One(value.into()));
        self
    }

    /// A recording that the task wrote, at another port.
    #[must_use]
    pub fn and_written(mut self, port: &str, recording: WrittenRecording) -> Self {
        self.0.insert(port.to_owned(), Output::Written(recording));
        self
    }

    /// Items at one port that are named after what they are made of.
    #[must_use]
    pub fn and_own(mut self, port: &str, items: Vec<OwnItem>) -> Self {
        self.0.insert(port.to_owned(), Output::Own(items));
        self
    }

    /// Several values at one port, each with the keys that tell it apart.
    #[must_use]
    pub fn and_many(mut self, port: &str, items: Vec<(Coordinate, Value)>) -> Self {
        self.0.insert(port.to_owned(), Output::Many(items));
        self
    }
}

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
            monitor: Arc::new(crate::engine::Silent),
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
    fn warn(&self, line: &str) {
        self.monitor.warn(line);
    }
    fn tool(&self, name: &str, version: &str) {
        self.monitor.tool(name, version);
    }
}

/// A node with its parameter type erased; parameters are the JSON map of what was set.
pub trait DynNode: Send + Sync {
    /// What it is.
    fn info(&self) -> NodeInfo;
    /// Its parameters, in declared order.
    fn specs(&self) -> &[ParamSpec];
    /// Everything wrong with these parameters: types, ranges, unknown fields, the node's own checks.
    fn check(&self, params: &Params) -> Vec<ParamProblem>;
    /// All parameters, defaults filled in.
    ///
    /// # Errors
    /// The first problem.
    fn complete(&self, params: &Params) -> Result<Params, ParamProblem>;
    /// Reads parameters from RON text such as `(freq_min: 300.0)`; errors carry RON's own position.
    ///
    /// # Errors
    /// As RON says it.
    fn params_from_ron(&self, text: &str) -> Result<Params, ron::error::SpannedError>;
    /// Writes the fields that differ from the defaults, as `(name, RON text)` in declared order.
    ///
    /// # Errors
    /// The first problem with the parameters.
    fn params_to_ron(&self, params: &Params) -> Result<Vec<(String, String)>, ParamProblem>;
    /// As [`Node::expand`].
    ///
    /// # Errors
    /// The first problem with the parameters.
    fn expand(&self, params: &Params) -> Result<Option<Expansion>, ParamProblem>;
    /// As [`Node::acts`], of the defaults where the parameters are wrong.
    fn acts(&self, params: &Params) -> Vec<Act>;
    /// As [`Node::presets`]: what differs from the defaults.
    fn presets(&self) -> Vec<(&'static str, Params)> {
        Vec::new()
    }
    /// As [`Node::in_python`], of the defaults where the parameters are wrong.
    fn in_python(&self, _params: &Params, _names: &PythonNames) -> Option<PythonStep> {
        None
    }
    /// Inputs for these parameters (of the defaults where the parameters are wrong).
    fn inputs(&self, params: &Params) -> Vec<Port>;
    /// Outputs for these parameters (of the defaults where the parameters are wrong).
    fn outputs(&self, params: &Params) -> Vec<Port>;
    /// All parameters with automatic values turned into numbers.
    ///
    /// # Errors
    /// Wrong parameters, or inputs that do not allow it.
    fn resolve(&self, params: &Params, inputs: &Inputs) -> Result<Params, NodeError>;
    /// As [`Node::offered`], of the defaults where the parameters are wrong.
    fn offered(&self, _params: &Params, _base: &Path, _waits: bool) -> Offered {
        Offered::Nothing
    }
    /// As [`Node::files`].
    fn files(&self, params: &Params, base: &Path) -> Vec<PathBuf>;
    /// As [`Node::writes`].
    fn writes(&self, params: &Params) -> Vec<PathBuf>;
    /// As [`Node::uses_coordinates`].
    fn uses_coordinates(&self, params: &Params) -> bool;
    /// As [`Node::takes_what_is_there`].
    fn takes_what_is_there(&self, params: &Params) -> bool;
    /// As [`Node::needs`], of the defaults where the parameters are wrong.
    fn needs(&self, _params: &Params, _inputs: &Inputs) -> TaskNeeds {
        TaskNeeds::of(self.info().work.class())
    }
    /// As [`Node::groups`].
    fn groups(&self, params: &Params) -> Option<Vec<String>>;
    /// As [`Node::sweeps`].
    fn sweeps(&self, params: &Params) -> Vec<Swept>;
    /// As [`Node::renamed`].
    fn renamed(&self, params: &Params, called: &dyn Fn(&str) -> Option<String>) -> Option<Params>;
    /// As [`Node::arrange`]; `params` need not be resolved.
    ///
    /// # Errors
    /// As [`Node::arrange`].
    fn arrange(&self, params: &Params, item: &Coordinate, value: &ValueAt) -> Result<Vec<Passed>, NodeError>;
    /// As [`Node::fit`]; `params` are resolved.
    ///
    /// # Errors
    /// As [`Node::fit`].
    fn fit(&self, params: &Params, inputs: &Inputs, context: &RunContext) -> Result<Outputs, NodeError>;
    /// As [`Node::glimpse`]; its parameters need not be resolved.
    ///
    /// # Errors
    /// As [`Node::glimpse`].
    fn glimpse(&self, inputs: &Inputs) -> Result<Option<Glimpse<Params>>, NodeError>;
    /// As [`Node::run`]; `params` are resolved.
    ///
    /// # Errors
    /// As [`Node::run`].
    fn run(&self, params: &Params, inputs: &Inputs, context: &RunContext) -> Result<Outputs, NodeError>;
}
