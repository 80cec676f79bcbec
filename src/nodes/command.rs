//! Any other program as a node.

use super::{
    command_files as files,
    command_names::{known_names, names, names_in},
    command_ports::{Ported, ports},
    command_presets::{Preset, presets, wrong_image},
    command_process as process,
    command_python::Call,
    command_settings::{Setting, settings, wrong_values},
    command_template::Template,
    command_words,
};
use crate::{
    data::text::bytes_of,
    engine::Monitor,
    pipeline::{
        Category, Expression, Inputs, NeededKeys, Node, NodeError, NodeInfo, Offer, Offered, Outputs,
        ParamProblem, Port, PythonNames, PythonStep, RunContext, TaskClass, TaskNeeds, Term, Work,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    time::Duration,
};

/// Which program runs on what, and what it gives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CommandParams {
    /// The program: a name that is found on the path, such as octave-cli, or a file. A relative path starts at the folder
    /// of the pipeline.
    #[schemars(extend("path" = "open"))]
    pub program: String,
    /// What it is called with, one argument each. {recording} is the file of an input, {table} the place an output is
    /// expected at, {threshold} a parameter, {session} a key of the item, {work} the working folder, {inputs} and {outputs}
    /// the folders of the files, {base} the folder of the pipeline, {user} the numbers of user and group; {recording.sampling_frequency}, .num_channels, .num_frames and .dtype describe a recording.
    pub arguments: Vec<String>,
    /// Inputs and how they are handed over: recording: recording as raw (or binary_folder, mda), units: sorting as
    /// numpy_folder (or firings), metrics: table as csv, marks: events as csv, things: files.
    pub inputs: Vec<String>,
    /// Outputs and how they are read: counts: table as csv, units: sorting as numpy_folder (or firings, npz, zarr, nwb, phy),
    /// filtered: recording as raw (as the one that goes in; or binary_folder, mda, zarr, nwb, npy, phy), marks: events as csv,
    /// picture.svg: files.
    pub outputs: Vec<String>,
    /// Parameters with type and value, each a field below: threshold: float = 4.5, count: int = 3, name: text = a, loud: bool
    /// = true, way: up|down = up; with a range and words as in threshold: float 1..10 = 4.5 # In noise levels.
    pub parameters: Vec<String>,
    /// Values of those parameters that differ, by name.
    #[schemars(extend("fields" = true))]
    pub values: BTreeMap<String, Json>,
    /// Files the result depends on, such as scripts: when they change, the command runs again.
    pub files: Vec<PathBuf>,
    /// Variables of its environment, NAME=value each; templates as in arguments.
    #[schemars(extend("advanced" = true))]
    pub environment: Vec<String>,
    /// Where it runs. Left empty, in a folder of its own that is removed afterwards.
    #[schemars(extend("advanced" = true))]
    pub working_folder: String,
    /// Time it may take. None waits.
    #[schemars(range(min = 0.1), extend("unit" = "s", "soft" = [1.0, 86_400.0]))]
    pub timeout_s: Option<f64>,
    /// Cores it uses: no more programs run at once than fit.
    #[schemars(range(min = 1, max = 1024), extend("advanced" = true))]
    pub cores: usize,
    /// The most memory it will hold, such as 4GB: no more programs run at once than fit.
    #[schemars(extend("advanced" = true))]
    pub memory: String,
    /// Exit codes that mean success.
    #[schemars(extend("advanced" = true))]
    pub exit_codes: Vec<i32>,
    /// Conditions before it runs: file PATH (it exists), or an expression over parameters and keys.
    #[schemars(extend("advanced" = true))]
    pub before: Vec<String>,
    /// Conditions after it ran: file PATH, or an expression over parameters, keys and exit_code.
    #[schemars(extend("advanced" = true))]
    pub after: Vec<String>,
}

impl Default for CommandParams {
    fn default() -> Self {
        Self {
            program: String::new(),
            arguments: Vec::new(),
            inputs: vec!["recording: recording as raw".into()],
            outputs: vec!["table: table as csv".into()],
            parameters: Vec::new(),
            values: BTreeMap::new(),
            files: Vec::new(),
            environment: Vec::new(),
            working_folder: String::new(),
            timeout_s: None,
            cores: 1,
            memory: "1GB".into(),
            exit_codes: vec![0],
            before: Vec::new(),
            after: Vec::new(),
        }
    }
}

fn not_found(params: &CommandParams) -> String {
    format!(
        "\"{}\" is not found on the path or at the folder of the pipeline: install it, or name its file",
        params.program
    )
}

/// Runs a program on files made of its inputs and reads what it wrote.
pub struct Command;

impl Node for Command {
    type Params = CommandParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "command",
        label: "Command",
        summary: "Runs any program, such as Octave, MATLAB, Python or a shell script, and takes what it wrote.",
        source: "",
        category: Category::Look,
        search: &[
            "external",
            "program",
            "script",
            "octave",
            "matlab",
            "python",
            "shell",
            "run",
            "subprocess",
        ],
        version: 1,
        work: Work::Task(TaskClass::Command),
        inputs: &[Port::new("recording", crate::pipeline::PortType::Recording)],
        outputs: &[Port::new("table", crate::pipeline::PortType::Table)],
    };

    fn inputs(&self, params: &Self::Params) -> Vec<Port> {
        ports(&params.inputs, true).unwrap_or_default().iter().map(Ported::port).collect()
    }

    fn outputs(&self, params: &Self::Params) -> Vec<Port> {
        ports(&params.outputs, false).unwrap_or_default().iter().map(Ported::port).collect()
    }

    fn in_words(&self, params: &Self::Params, versions: &BTreeMap<String, String>) -> Option<String> {
        let values = settings(&params.parameters, &params.values).unwrap_or_default();
        let CommandParams { program, arguments, files, .. } = params;
        Some(command_words::in_words(program, arguments, files, &values, versions))
    }

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        Call {
            program: &params.program,
            arguments: &params.arguments,
            environment: &params.environment,
            exit_codes: &params.exit_codes,
            timeout_s: params.timeout_s,
            working_folder: &params.working_folder,
            before: &params.before,
            after: &params.after,
            inputs: &ports(&params.inputs, true).ok()?,
            outputs: &ports(&params.outputs, false).ok()?,
            settings: &settings(&params.parameters, &params.values).ok()?,
        }
        .in_python(names)
    }

    // Keys of the item may stand in its arguments.
    fn uses_coordinates(&self, params: &Self::Params) -> bool {
        let has_conditions = !(params.before.is_empty() && params.after.is_empty());
        has_conditions || !self.needed_keys(params).named.is_empty()
    }

    fn needed_keys(&self, params: &Self::Params) -> NeededKeys {
        let settings = settings(&params.parameters, &params.values).unwrap_or_default();
        let others = known_names(&params.inputs, &params.outputs, &settings);
        let is_known = |name: &str| {
            others.iter().any(|known| {
                name.strip_prefix(known.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            })
        };
        let folder = std::slice::from_ref(&params.working_folder);
        let templates = [
            ("arguments", &params.arguments[..]),
            ("environment", &params.environment),
            ("working_folder", folder),
        ];
        let mut named = names_in(&templates, &[("before", &params.before), ("after", &params.after)]);
        named.retain(|(_, name)| !is_known(name));
        NeededKeys { named, others }
    }

    fn presets(&self) -> Vec<(&'static str, Self::Params)> {
        let begin = |(name, preset): (&'static str, Preset)| {
            let Preset { program, arguments, parameters, files } = preset;
            (name, CommandParams { program, arguments, parameters, files, ..CommandParams::default() })
        };
        presets().into_iter().map(begin).collect()
    }

    fn check(&self, params: &Self::Params) -> Vec<ParamProblem> {
        let problem = |field: &str, message: String| ParamProblem { field: field.into(), message };
        let mut problems = Vec::new();
        if params.program.trim().is_empty() {
            let message = "no program is named: write one, such as octave-cli or ./count.sh";
            problems.push(problem("program", message.into()));
        }
        problems.extend(ports(&params.inputs, true).err().map(|message| problem("inputs", message)));
        problems.extend(ports(&params.outputs, false).err().map(|message| problem("outputs", message)));
        if params.outputs.is_empty() {
            problems
                .push(problem("outputs", "nothing leaves it: name an output, such as log.txt: files".into()));
        }
        match settings(&params.parameters, &params.values) {
            Err(message) => problems.push(problem("parameters", message)),
            Ok(found) => {
                problems.extend(wrong_values(&found, &params.values));
                let image = found.iter().find(|setting| setting.name == "image");
                let wrong = image.and_then(|image| wrong_image(&params.program, &image.text()));
                problems.extend(wrong.map(|message| problem("parameters", message)));
            }
        }
        let templates = [("arguments", &params.arguments), ("environment", &params.environment)];
        for (field, texts) in templates {
            let wrong = texts.iter().filter_map(|text| Template::parse(text).err());
            problems.extend(wrong.map(|message| problem(field, message)));
        }
        if bytes_of(&params.memory).is_none() {
            let message = format!("\"{}\" is no size: write one such as 4GB", params.memory);
            problems.push(problem("memory", message));
        }
        if let Some(wrong) = params.environment.iter().find(|text| !text.contains('=')) {
            problems.push(problem("environment", format!("{wrong}: NAME=value expected")));
        }
        for (field, conditions) in [("before", &params.before), ("after", &params.after)] {
            let wrong = conditions.iter().filter(|text| !text.starts_with("file "));
            let wrong = wrong.filter_map(|text| Expression::parse(text).err());
            problems.extend(wrong.map(|error| problem(field, error.to_string())));
        }
        problems
    }

    // What is wrong with them is known without asking anybody: `check` says it.
    fn offered(&self, params: &Self::Params, _: &Path, _: bool) -> Offered {
        let declared = settings(&params.parameters, &BTreeMap::new()).unwrap_or_default();
        let specs = declared.into_iter().map(|setting| setting.spec).collect();
        Offered::Known(Offer { specs, ..Offer::default() }.into())
    }

    fn needs(&self, params: &Self::Params, _: &Inputs) -> TaskNeeds {
        let memory_bytes = bytes_of(&params.memory).unwrap_or(0);
        let time_s = params.timeout_s.map(|limit| limit.ceil() as u64);
        TaskNeeds { cores: params.cores, memory_bytes, time_s }
    }

    fn lacks(&self, params: &Self::Params, base: &Path) -> Vec<ParamProblem> {
        let is_missing = !params.program.trim().is_empty() && process::find(&params.program, base).is_none();
        let lacked = is_missing.then(|| ParamProblem { field: "program".into(), message: not_found(params) });
        lacked.into_iter().collect()
    }

    fn files(&self, params: &Self::Params, base: &Path) -> Vec<PathBuf> {
        // Another version of the program is another program.
        process::find(&params.program, base).into_iter().chain(params.files.iter().cloned()).collect()
    }

    fn run(
        &self,
        params: &Self::Params,
        inputs: &Inputs,
        context: &RunContext,
    ) -> Result<Outputs, NodeError> {
        let wrong =
            |field: &'static str| move |message: String| NodeError::Input(format!("{field}: {message}"));
        let settings = settings(&params.parameters, &params.values).map_err(wrong("parameters"))?;
        let ins = ports(&params.inputs, true).map_err(wrong("inputs"))?;
        let outs = ports(&params.outputs, false).map_err(wrong("outputs"))?;
        let scratch = tempfile::tempdir();
        let folder = match (&context.scratch_folder, &scratch) {
            (Some(folder), _) => folder.clone(),
            (None, Ok(own)) => own.path().to_owned(),
            (None, Err(error)) => return Err(NodeError::Failed(format!("no folder to work in: {error}"))),
        };
        let mut values = names(&params.program, &settings, context, &folder)?;
        let places = files::Places::begin(&folder)?;
        for port in &ins {
            values.extend(places.hand_over(port, inputs, context)?);
        }
        for port in &outs {
            values.insert(port.name.to_owned(), places.of_output(port).display().to_string());
        }
        conditions("before", &params.before, &settings, &values, context, None)?;
        let filled = |text: &str, field: &'static str| {
            Template::parse(text).and_then(|template| template.fill(&values)).map_err(wrong(field))
        };
        let fill = |texts: &[String], field| {
            texts.iter().map(|text| filled(text, field)).collect::<Result<Vec<_>, NodeError>>()
        };
        let working_folder = match filled(&params.working_folder, "working_folder")? {
            folder if folder.is_empty() => places.work(),
            folder => context.path(Path::new(&folder)),
        };
        if !working_folder.is_dir() {
            let message = format!("working_folder: {} is no folder", working_folder.display());
            return Err(NodeError::Input(message));
        }
        let call = process::Call {
            program: process::find(&params.program, &context.base_folder)
                .ok_or_else(|| NodeError::Input(format!("program: {}", not_found(params))))?,
            arguments: fill(&params.arguments, "arguments")?,
            environment: fill(&params.environment, "environment")?,
            working_folder,
            timeout: params.timeout_s.map(Duration::from_secs_f64),
        };
        if let Some(version) = process::version(&call.program) {
            context.tool(&params.program, &version);
        }
        context.stage("run");
        let ended = process::run(&call, context)?;
        if !params.exit_codes.contains(&ended.code) {
            return Err(NodeError::Failed(format!(
                "{} ended with code {}{}{}",
                params.program,
                ended.code,
                ended.reason(),
                ended.last_lines()
            )));
        }
        conditions("after", &params.after, &settings, &values, context, Some(ended.code))?;
        let mut outputs = Outputs::default();
        for port in &outs {
            outputs = places.take(port, &ins, inputs, outputs).map_err(|error| match error {
                NodeError::Input(message) => {
                    NodeError::Failed(format!("{}: {message}{}", port.name, ended.last_lines()))
                }
                other => other,
            })?;
        }
        Ok(outputs)
    }
}

/// Fails where a condition does not hold.
fn conditions(
    field: &str,
    conditions: &[String],
    settings: &[Setting],
    values: &BTreeMap<String, String>,
    context: &RunContext,
    exit_code: Option<i32>,
) -> Result<(), NodeError> {
    for condition in conditions {
        let wrong = |message: String| NodeError::Failed(format!("{field}: {message}"));
        if let Some(path) = condition.strip_prefix("file ") {
            let path =
                Template::parse(path.trim()).and_then(|template| template.fill(values)).map_err(wrong)?;
            if !context.path(Path::new(&path)).exists() {
                return Err(wrong(format!("the file {path} is not there")));
            }
            continue;
        }
        let value = |name: &str| match name {
            "exit_code" => exit_code.map(|code| Term::Number(f64::from(code))),
            _ => settings
                .iter()
                .find(|setting| setting.name == name)
                .map(Setting::term)
                .or_else(|| context.coordinate.keys().get(name).map(Term::from)),
        };
        match Expression::parse(condition)
            .and_then(|e| e.evaluate(&value))
            .map_err(|e| wrong(e.to_string()))?
        {
            Term::Truth(true) => {}
            other => return Err(wrong(format!("{condition} is {other}"))),
        }
    }
    Ok(())
}
