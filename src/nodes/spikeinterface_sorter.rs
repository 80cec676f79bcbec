//! Any sorter that SpikeInterface has, in the user's Python.

use super::{
    command_process as process, python,
    sorter_fields::{self, map_or_lines},
};
use crate::{
    engine::{Monitor, chain},
    io,
    pipeline::{
        Category, Inputs, Node, NodeError, NodeInfo, Offered, Outputs, ParamProblem, Port, PortType,
        PythonNames, PythonStep, RunContext, TaskClass, TaskNeeds, Work, literal,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

/// Which sorter runs, where, and with what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SpikeinterfaceSorterParams {
    /// Name of the sorter, such as mountainsort5, kilosort4 or spykingcircus2. `spikeloom sorters` lists those that are
    /// installed, `spikeloom sorters NAME` the parameters of one.
    pub sorter: String,
    /// Parameters that differ from the sorter's defaults, by name: "detect_threshold": 6, "filter": false; a dot
    /// reaches into a group: "detection.method_kwargs.detect_threshold": 6.
    #[serde(deserialize_with = "map_or_lines")]
    #[schemars(extend("fields" = true))]
    pub parameters: BTreeMap<String, Json>,
    /// The Python that has SpikeInterface and the sorter: its file, or the folder of its environment. Left empty, the one of
    /// SPIKELOOM_PYTHON, of the active environment, of .venv beside the pipeline, or python3.
    #[schemars(extend("path" = "open"))]
    pub python: String,
    /// Time it may take. None waits.
    #[schemars(range(min = 1.0), extend("unit" = "s", "soft" = [60.0, 86_400.0], "advanced" = true))]
    pub timeout_s: Option<f64>,
}

impl Default for SpikeinterfaceSorterParams {
    fn default() -> Self {
        Self {
            sorter: sorter_fields::DEFAULT.into(),
            parameters: BTreeMap::new(),
            python: String::new(),
            timeout_s: None,
        }
    }
}

/// Calls `run_sorter` and reads the sorting back.
pub struct SpikeinterfaceSorter;

impl Node for SpikeinterfaceSorter {
    type Params = SpikeinterfaceSorterParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "spikeinterface_sorter",
        label: "SpikeInterface sorter",
        summary: "Sorts with any sorter that SpikeInterface has, in your own Python environment.",
        source: "SpikeInterface run_sorter",
        category: Category::Sort,
        search: &[
            "python",
            "kilosort",
            "kilosort4",
            "mountainsort",
            "mountainsort5",
            "spykingcircus",
            "tridesclous",
            "external",
            "run_sorter",
        ],
        version: 1,
        work: Work::Task(TaskClass::Command),
        inputs: &[Port::new("recording", PortType::Recording)],
        outputs: &[Port::new("sorting", PortType::Sorting)],
    };

    fn check(&self, params: &Self::Params) -> Vec<ParamProblem> {
        let problem = |field: &str, message: String| ParamProblem { field: field.into(), message };
        let mut problems = Vec::new();
        if params.sorter.trim().is_empty() {
            let message =
                "no sorter is named: write one, such as mountainsort5; `spikeloom sorters` lists them";
            problems.push(problem("sorter", message.into()));
        }
        let is_name = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_alphanumeric() || c == '_');
        if let Some(wrong) = params.parameters.keys().find(|name| !name.split('.').all(is_name)) {
            problems.push(problem("parameters", format!("\"{wrong}\" is no name of a parameter")));
        }
        problems
    }

    fn offered(&self, params: &Self::Params, base: &Path, waits: bool) -> Offered {
        sorter_fields::offered(params.sorter.trim(), &params.python, &params.parameters, base, waits)
    }

    // Sorters differ; most take several cores and a few gigabytes.
    fn needs(&self, _: &Self::Params, _: &Inputs) -> TaskNeeds {
        TaskNeeds::new(4, 4000)
    }

    fn files(&self, params: &Self::Params, base: &Path) -> Vec<PathBuf> {
        // Another version of either is another sorter.
        let Ok(python) = python::find(&params.python, base) else { return Vec::new() };
        python::version_files(&python, &["spikeinterface", params.sorter.trim()])
    }

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        let (from, to) = (names.input("recording"), names.output("sorting"));
        let sorter = literal(params.sorter.trim());
        let folder = format!("folder={} / \"sorter\"", names.work_folder(to));
        let mut step =
            PythonStep::call(&format!("{to}_params"), "ss.get_default_sorter_params", &[&sorter], &[]);
        for (name, value) in &params.parameters {
            let place: String = name.split('.').map(|part| format!("[{}]", literal(part))).collect();
            step = step.and(format!("{to}_params{place} = {}", literal(value)));
        }
        let unpacked = format!("**{to}_params");
        Some(step.and_call(to, "ss.run_sorter", &[&sorter, from, &folder, &unpacked], &[]))
    }

    fn run(
        &self,
        params: &Self::Params,
        inputs: &Inputs,
        context: &RunContext,
    ) -> Result<Outputs, NodeError> {
        match self.offered(params, &context.base_folder, true) {
            Offered::Failed(message) => return Err(NodeError::Input(message)),
            Offered::Known(offer) => {
                if let Some(problem) = offer.problems.first() {
                    return Err(NodeError::Input(format!("{}: {}", problem.field, problem.message)));
                }
            }
            Offered::Nothing | Offered::Unasked => {}
        }
        let parameters: Vec<(&String, &Json)> = params.parameters.iter().collect();
        let python = python::find(&params.python, &context.base_folder).map_err(NodeError::Input)?;
        let scratch = tempfile::tempdir();
        let folder = match (&context.scratch_folder, &scratch) {
            (Some(folder), _) => folder.join("sorter"),
            (None, Ok(own)) => own.path().join("sorter"),
            (None, Err(error)) => return Err(NodeError::Failed(format!("no folder to work in: {error}"))),
        };
        // What an earlier try left is of no use.
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(|e| io::Error::io("remove", &folder, e))?;
        }
        fs::create_dir_all(&folder).map_err(|e| io::Error::io("create", &folder, e))?;
        let at = |name: &str| folder.join(name);
        let write = |path: PathBuf, text: &str| -> Result<PathBuf, NodeError> {
            fs::write(&path, text).map_err(|e| io::Error::io("write", &path, e))?;
            Ok(path)
        };

        context.stage("hand over");
        let chain = chain::compile(inputs.recording("recording")?)?;
        let info = chain.info().clone();
        let progress = |done: u64, total: u64| {
            context.progress(done, total);
            !context.cancelled()
        };
        io::binary_folder::write(
            &chain::ChainSource::new(chain),
            &info,
            &at("recording"),
            info.dtype,
            &progress,
        )?;
        let script = write(at("run_sorter.py"), python::SCRIPT)?;
        let request = json!({
            "sorter": params.sorter.trim(), "parameters": parameters, "recording": at("recording"),
            "folder": at("output"), "sorting": at("sorting"),
        });
        let request = write(at("request.json"), &request.to_string())?;

        context.stage("run");
        let answer = at("answer.json");
        let arguments = [script, PathBuf::from("run"), request, answer.clone()];
        let call = process::Call {
            program: python,
            arguments: arguments.iter().map(|path| path.display().to_string()).collect(),
            environment: vec!["PYTHONUNBUFFERED=1".into(), "PYTHONWARNINGS=ignore".into()],
            working_folder: folder.clone(),
            timeout: params.timeout_s.map(Duration::from_secs_f64),
        };
        let ended = process::run(&call, context)?;
        let versions = match python::Answer::read(&answer) {
            Ok(answer) if ended.code == 0 => answer.versions,
            Err(message) if answer.exists() => return Err(NodeError::Input(message)),
            _ => {
                let name = params.sorter.trim();
                let (why, last) = (ended.reason(), ended.last_lines());
                return Err(NodeError::Failed(format!("{name} ended with code {}{why}{last}", ended.code)));
            }
        };
        for (name, version) in &versions {
            context.tool(name, version);
        }
        let sorting = io::open_sorting(&at("sorting"), Some(info.sampling_frequency))?;
        Ok(Outputs::default().and("sorting", sorting))
    }
}
