//! Open a sorting on disk.

use crate::{
    io::{self, content::Content},
    pipeline::{
        Category, Inputs, Node, NodeError, NodeInfo, Outputs, ParamProblem, Port, PortType, PythonNames,
        PythonStep, RunContext, TaskClass, Work,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::path::{Path, PathBuf};

/// Where the sorting is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ReadSortingParams {
    /// File or folder. The format is recognised; a relative path starts at the folder of the pipeline. sha1://HASH/firings.mda
    /// is a file by its content, found in the folder SHA1_CACHE_DIR.
    #[schemars(extend("path" = "open", "label" = "File or folder"))]
    pub path: PathBuf,
    /// Samples per second, where the file does not say it.
    #[schemars(range(min = 1.0, max = 1_000_000.0), extend("unit" = "Hz", "soft" = [10_000.0, 40_000.0]))]
    pub sampling_frequency: Option<f64>,
}

/// Opens a file or folder and recognises its format.
pub struct ReadSorting;

impl Node for ReadSorting {
    type Params = ReadSortingParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "read_sorting",
        label: "Read sorting",
        summary: "Opens a sorting: NumpyFolder, npz, zarr, analyzer, NWB units, phy folder or MDA firings.",
        source: "SpikeInterface read_phy, load, read_mda_sorting",
        category: Category::Source,
        search: &[
            "open",
            "load",
            "phy",
            "kilosort",
            "units",
            "ground truth",
            "npz",
            "zarr",
            "nwb",
            "analyzer",
            "import",
        ],
        version: 1,
        work: Work::Task(TaskClass::Files),
        inputs: &[],
        outputs: &[Port::new("sorting", PortType::Sorting)],
    };

    fn check(&self, params: &Self::Params) -> Vec<ParamProblem> {
        let missing = ParamProblem::where_no_path(
            &params.path,
            "no file is chosen: name a sorting, such as \"sorting\" or \"phy\"",
        );
        let wrong = Content::of_path(&params.path).and_then(Result::err);
        let wrong = wrong.map(|message| ParamProblem { field: "path".into(), message });
        missing.into_iter().chain(wrong).collect()
    }

    fn files(&self, params: &Self::Params, base: &Path) -> Vec<PathBuf> {
        // What is named by its content is the same wherever it lies.
        match Content::of_path(&params.path) {
            Some(_) => Vec::new(),
            None => io::files_behind(&base.join(&params.path)),
        }
    }

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        // SpikeInterface opens files by their names.
        if Content::of_path(&params.path).is_some() {
            return None;
        }
        let to = names.output("sorting");
        let path = names.path(&params.path);
        let found = io::describe(&names.place(&params.path), &io::OpenOptions::default());
        let rate = [("sampling_frequency", json!(params.sampling_frequency))];
        let format = found.map_or("", |found| found.format);
        Some(match format {
            "phy" => PythonStep::call(to, "se.read_phy", &[&path], &[]),
            "mda" => PythonStep::call(to, "se.read_mda_sorting", &[&path], &rate),
            "nwb" => PythonStep::call(to, "se.read_nwb_sorting", &[&path], &rate),
            "sorting_analyzer" => PythonStep::default().and(format!("{to} = si.load({path}).sorting")),
            _ => {
                let rate = params.sampling_frequency.map_or(String::new(), |rate| format!(", {rate:?}"));
                PythonStep::default().and(format!("{to} = sorting_in({path}{rate})"))
            }
        })
    }

    fn run(&self, params: &Self::Params, _: &Inputs, context: &RunContext) -> Result<Outputs, NodeError> {
        let rate = params.sampling_frequency;
        let sorting = match Content::of_path(&params.path) {
            None => io::open_sorting(&context.path(&params.path), rate)?,
            Some(content) => {
                let content = content.map_err(NodeError::Input)?;
                let file = content.find(&context.base_folder).map_err(NodeError::Input)?;
                content.verify(&file, context.notes_folder.as_deref())?;
                io::open_sorting_called(&file, &content.label, rate)?
            }
        };
        Ok(Outputs::one("sorting", sorting))
    }
}
