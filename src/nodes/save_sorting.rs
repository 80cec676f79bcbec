//! Write a sorting for other programs.

use crate::{
    io::{self, written},
    pipeline::{
        Category, Inputs, Node, NodeError, NodeInfo, Outputs, ParamProblem, Port, PortType, PythonNames,
        PythonStep, RunContext, TaskClass, Value, Work,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{path::PathBuf, sync::Arc};

/// Formats a sorting can be written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SortingFormat {
    /// A folder of SpikeInterface, opened by `spikeinterface.load`.
    #[default]
    NumpyFolder,
    /// A single file of firings, as MountainSort has it.
    Mda,
}

/// Where to write.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SaveSortingParams {
    /// Folder (or, for MDA, file) to write. A relative path starts at the folder of the pipeline. Keys of items
    /// may be named, such as {session}.
    #[schemars(extend("path" = "save"))]
    pub path: PathBuf,
    /// How it is written.
    pub format: SortingFormat,
    /// Replace what is there, even where Spikeloom did not write it.
    #[schemars(extend("advanced" = true))]
    pub overwrite: bool,
}

/// Writes beside, then renames.
pub struct SaveSorting;

impl Node for SaveSorting {
    type Params = SaveSortingParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "save_sorting",
        label: "Save sorting",
        summary: "Writes a sorting as a folder that SpikeInterface loads, or as MDA.",
        source: "SpikeInterface sorting.save, MdaSortingExtractor.write_sorting",
        category: Category::Output,
        search: &["export", "write", "numpy folder", "spikeinterface", "firings", "mda"],
        version: 1,
        work: Work::Task(TaskClass::Files),
        inputs: &[Port::new("sorting", PortType::Sorting)],
        outputs: &[Port::new("files", PortType::Files)],
    };

    fn check(&self, params: &Self::Params) -> Vec<ParamProblem> {
        ParamProblem::where_no_path(
            &params.path,
            "no place is chosen: name a folder to write, such as \"results/sorting\"",
        )
    }

    fn writes(&self, params: &Self::Params) -> Vec<PathBuf> {
        vec![params.path.clone()]
    }

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        if params.format != SortingFormat::NumpyFolder {
            return None;
        }
        let write = format!("{}.save(folder=path, format=\"numpy_folder\")", names.input("sorting"));
        let saved = names.saved(&params.path, &write, params.overwrite);
        Some(PythonStep::default().and(format!("{} = {saved}", names.output("files"))))
    }

    fn run(
        &self,
        params: &Self::Params,
        inputs: &Inputs,
        context: &RunContext,
    ) -> Result<Outputs, NodeError> {
        let sorting = inputs.sorting("sorting")?;
        let path = context.place(&params.path);
        written::replace(&path, params.overwrite, &[], || match params.format {
            SortingFormat::NumpyFolder => io::numpy_folder::write(sorting, &path),
            SortingFormat::Mda => io::mda::write_firings(sorting, &path),
        })?;
        Ok(Outputs::one("files", Value::Files(Arc::new(vec![path]))))
    }
}
