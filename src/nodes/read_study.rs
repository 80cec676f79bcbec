//! Open many recordings at once.

use super::{
    reader::{ByteOrder, ReadRecordingParams, finished, options, probe_file},
    study_python,
};
use crate::{
    data::{DType, Table, TableColumn},
    io::study::{self, Entry, Place, Study},
    pipeline::{
        Act, Category, Coordinate, CoordinateValue, Inputs, Node, NodeError, NodeInfo, Outputs, OwnItem,
        ParamProblem, Port, PortType, PythonNames, PythonStep, RunContext, Value, Work,
    },
};
use rayon::prelude::*;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Where the recordings are, what tells them apart, and what their files do not say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ReadStudyParams {
    /// A folder of recordings, a table of them (.csv, .tsv, .json), or a SpikeForest study (.json). A relative path starts
    /// at the folder of the pipeline.
    #[schemars(extend("path" = "open", "label" = "Folder or table"))]
    pub path: PathBuf,
    /// Which files below the folder are recordings, with their keys in braces: {session}/rec_{index}.bin. Left empty, every
    /// recording in the folder is one, named by its folders. In a project of signac the state points are keys.
    pub pattern: String,
    /// Recordings named one by one, beside those of the folder or table.
    pub files: Vec<PathBuf>,
    /// The column of a table that holds the paths.
    #[schemars(extend("advanced" = true))]
    pub path_column: String,
    /// The columns of a table that are keys. Left empty, all are but those of paths and of what is said here.
    #[schemars(extend("advanced" = true))]
    pub keys: Vec<String>,
    /// Probe of all: a probeinterface .json, a .prb, the .meta of SpikeGLX, or the name of a bundled probe. None takes what each recording says.
    #[schemars(extend("path" = "open"))]
    pub probe: Option<String>,
    /// Number type of raw files. Other formats say it themselves.
    #[schemars(extend("label" = "Number type"))]
    pub dtype: Option<DType>,
    /// Channels of raw files, all columns counted. Other formats say it themselves.
    #[schemars(range(min = 1, max = 100_000))]
    pub num_channels: Option<usize>,
    /// Samples per second of raw files. Other formats say it themselves.
    #[schemars(range(min = 1.0, max = 1_000_000.0), extend("unit" = "Hz", "soft" = [10_000.0, 40_000.0]))]
    pub sampling_frequency: Option<f64>,
    /// µV per unit of raw files. None where unknown: amplitudes are then in raw units.
    #[schemars(extend("label" = "Gain to µV"))]
    pub gain_to_uv: Option<f64>,
    /// µV at zero of raw files.
    #[schemars(extend("label" = "Offset to µV"))]
    pub offset_to_uv: Option<f64>,
    /// Which stream to open, where the files have several.
    pub stream: Option<String>,
    /// Bytes before the first sample of raw files.
    #[schemars(extend("unit" = "bytes", "advanced" = true))]
    pub file_offset: u64,
    /// Order of raw files: 0 where all channels of a sample lie together, 1 where all samples of a channel do.
    #[schemars(range(min = 0, max = 1), extend("advanced" = true))]
    pub time_axis: u8,
    /// Order of the bytes of a number in raw files.
    #[schemars(extend("advanced" = true))]
    pub byte_order: ByteOrder,
    /// Read the whole frames of raw files whose last frame was cut off.
    #[schemars(extend("advanced" = true))]
    pub allow_partial_frame: bool,
    /// The samples were filtered before they were stored.
    #[schemars(extend("advanced" = true, "label" = "Filtered already"))]
    pub is_filtered: bool,
}

impl ReadStudyParams {
    fn study(&self, base: &Path) -> Study {
        let path = if self.path.as_os_str().is_empty() { PathBuf::new() } else { base.join(&self.path) };
        Study {
            path,
            pattern: self.pattern.clone(),
            files: self.files.iter().map(|file| base.join(file)).collect(),
            path_column: self.path_column.clone(),
            keys: self.keys.clone(),
        }
    }

    /// The same for the reader of one recording.
    fn reader(&self) -> ReadRecordingParams {
        ReadRecordingParams {
            path: PathBuf::new(),
            probe: self.probe.clone(),
            dtype: self.dtype,
            num_channels: self.num_channels,
            sampling_frequency: self.sampling_frequency,
            gain_to_uv: self.gain_to_uv,
            offset_to_uv: self.offset_to_uv,
            stream: self.stream.clone(),
            file_offset: self.file_offset,
            time_axis: self.time_axis,
            byte_order: self.byte_order,
            allow_partial_frame: self.allow_partial_frame,
            is_filtered: self.is_filtered,
        }
    }
}

/// Opens the recordings of a study, each under its keys; those that cannot be opened are named with the reason.
pub struct ReadStudy;

impl Node for ReadStudy {
    type Params = ReadStudyParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "read_study",
        label: "Read study",
        summary: "Opens many recordings by a pattern of folders, a table or a SpikeForest study; what follows runs for each.",
        source: "SpikeForest studies, signac state points",
        category: Category::Source,
        search: &[
            "batch",
            "folder",
            "pattern",
            "glob",
            "csv",
            "spikeforest",
            "dataset",
            "sessions",
            "many",
            "mda",
        ],
        version: 1,
        work: Work::Lazy,
        inputs: &[],
        outputs: &[
            Port::new("recording", PortType::Recording),
            Port::new("truth", PortType::Files),
            Port::new("table", PortType::Table),
        ],
    };

    fn acts(&self, params: &Self::Params) -> Vec<Act> {
        let path = if params.files.is_empty() { "path" } else { "files" };
        vec![Act::TakesProbe { field: "probe" }, Act::ReadsRaw { path }]
    }

    fn check(&self, params: &Self::Params) -> Vec<ParamProblem> {
        let mut problems = match params.files.is_empty() {
            true => ParamProblem::where_no_path(
                &params.path,
                "nothing is chosen: name a folder of recordings, a table such as \"study.csv\", or files",
            ),
            false => Vec::new(),
        };
        if !params.pattern.is_empty()
            && let Err(message) = study::Pattern::parse(&params.pattern)
        {
            problems.push(ParamProblem { field: "pattern".into(), message });
        }
        problems
    }

    fn files(&self, params: &Self::Params, base: &Path) -> Vec<PathBuf> {
        let study = params.study(base);
        // A folder is known by what is found in it: other files may change there.
        let table = (study.path.is_file() || !study.path.exists()).then(|| study.path.clone());
        let found = study::entries(&study).unwrap_or_default();
        let files = found.iter().flat_map(|entry| {
            let beside =
                entry.truth.clone().and_then(Result::ok).into_iter().chain(entry.state_point.clone());
            entry.files().into_iter().chain(beside)
        });
        table
            .into_iter()
            .filter(|path| !path.as_os_str().is_empty())
            .chain(files)
            .chain(probe_file(&params.reader()))
            .collect()
    }

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        study_python::in_python(&params.study(Path::new("")), &params.reader(), names)
    }

    fn run(&self, params: &Self::Params, _: &Inputs, context: &RunContext) -> Result<Outputs, NodeError> {
        let entries = study::entries(&params.study(&context.base_folder))?;
        let reader = params.reader();
        let options = options(&reader, context);
        let facts = serde_json::to_value(&reader).unwrap_or(Json::Null);
        let opened: Vec<Result<Value, String>> = entries
            .par_iter()
            .map(|entry| {
                let recording =
                    entry.open(&options, context.notes_folder.as_deref()).map_err(NodeError::from);
                let recording = recording.and_then(|recording| finished(recording, &reader, context));
                recording.map(Value::from).map_err(|e| e.to_string())
            })
            .collect();
        let mut seen: BTreeMap<Coordinate, String> = BTreeMap::new();
        let mut items = Vec::with_capacity(entries.len());
        let mut truths = Vec::new();
        for (entry, mut value) in entries.iter().zip(opened) {
            let mut coordinate = coordinate(entry);
            if let Some(first) = seen.get(&coordinate) {
                value = Err(format!("{} has the same keys as {first}: give it other ones", entry.name()));
                coordinate.keys_mut().insert("path".into(), CoordinateValue::Text(entry.name()));
            }
            seen.insert(coordinate.clone(), entry.name());
            if let Some(truth) = &entry.truth {
                let file = truth.as_ref().ok();
                // Without its samples its spikes are of no use: what takes both says why it does not run.
                let truth = value
                    .as_ref()
                    .map_err(Clone::clone)
                    .and_then(|_| truth.clone().map_err(|reason| format!("its true spikes: {reason}")));
                truths.push(OwnItem {
                    coordinate: coordinate.clone(),
                    facts: json!(file.and_then(|file| file.extension()).map(|e| e.to_string_lossy())),
                    files: file.cloned().into_iter().collect(),
                    of_inputs: false,
                    value: truth.map(|file| Value::Files(Arc::new(vec![file]))),
                });
            }
            items.push(OwnItem {
                coordinate,
                facts: json!({"reader": facts, "of_study": entry.settings, "described": described(entry)}),
                files: entry.files().into_iter().chain(probe_file(&reader)).collect(),
                of_inputs: false,
                value,
            });
        }
        let table = listed(&entries, &items);
        Ok(Outputs::one("table", table).and_own("recording", items).and_own("truth", truths))
    }
}

/// What a file's content does not tell: its ending, and what a study says of it.
fn described(entry: &Entry) -> Json {
    match &entry.place {
        Place::Path(path) => json!(path.extension().map(|e| e.to_string_lossy())),
        Place::Pointed(file) => json!([file.sampling_frequency, file.scale_factor, file.geometry_um]),
        Place::Nowhere(..) => Json::Null,
    }
}

fn coordinate(entry: &Entry) -> Coordinate {
    let keys = entry.keys.iter();
    keys.filter_map(|(key, value)| Some((key.clone(), CoordinateValue::of_json(value)?))).collect()
}

/// A row for each recording: its keys, where it is, and what is wrong with it.
fn listed(entries: &[Entry], items: &[OwnItem]) -> Table {
    let mut table = Table::default();
    let keys: std::collections::BTreeSet<&String> =
        items.iter().flat_map(|item| item.coordinate.keys().keys()).collect();
    for key in keys {
        let cells: Vec<Option<&CoordinateValue>> =
            items.iter().map(|item| item.coordinate.keys().get(key)).collect();
        let whole: Option<Vec<i64>> = cells
            .iter()
            .map(|cell| match cell {
                Some(CoordinateValue::Int(value)) => Some(*value),
                _ => None,
            })
            .collect();
        let text = |cell: &Option<&CoordinateValue>| cell.map(ToString::to_string).unwrap_or_default();
        let column =
            whole.map_or_else(|| TableColumn::Text(cells.iter().map(text).collect()), TableColumn::Int);
        table.set(key, column);
    }
    let names = entries.iter().map(Entry::name).collect();
    let is_ok = items.iter().map(|item| item.value.is_ok()).collect();
    let reasons = items.iter().map(|item| item.value.as_ref().err().cloned().unwrap_or_default()).collect();
    let seconds = items.iter().map(|item| match &item.value {
        Ok(Value::Recording(recording)) => recording.info().duration_s(),
        _ => f64::NAN,
    });
    table.set("file", TableColumn::Text(names));
    table.set("duration_s", TableColumn::Float(seconds.collect()));
    table.set("can_be_read", TableColumn::Bool(is_ok));
    table.set("reason", TableColumn::Text(reasons));
    table
}
