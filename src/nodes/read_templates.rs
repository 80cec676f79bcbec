//! Open templates on disk.

use crate::{
    io,
    pipeline::{
        Category, Inputs, Node, NodeError, NodeInfo, Outputs, ParamProblem, Port, PortType, RunContext,
        TaskClass, Work,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Where the templates are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ReadTemplatesParams {
    /// A phy folder, or a sorting analyzer (folder or zarr). A relative path starts at the folder of the pipeline.
    #[schemars(extend("path" = "open", "label" = "File or folder"))]
    pub path: PathBuf,
}

/// Opens the mean waveforms that a folder holds beside its spikes.
pub struct ReadTemplates;

impl Node for ReadTemplates {
    type Params = ReadTemplatesParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "read_templates",
        label: "Read templates",
        summary: "Opens the mean waveforms of a phy folder or a SpikeInterface sorting analyzer.",
        source: "SpikeInterface load_sorting_analyzer, get_extension(\"templates\")",
        category: Category::Source,
        search: &["open", "load", "phy", "analyzer", "zarr", "waveforms", "import"],
        version: 1,
        work: Work::Task(TaskClass::Files),
        inputs: &[],
        outputs: &[Port::new("templates", PortType::Templates)],
    };

    fn check(&self, params: &Self::Params) -> Vec<ParamProblem> {
        ParamProblem::where_no_path(
            &params.path,
            "no file is chosen: name a phy folder or a sorting analyzer",
        )
    }

    fn files(&self, params: &Self::Params, base: &Path) -> Vec<PathBuf> {
        vec![base.join(&params.path)]
    }

    fn run(&self, params: &Self::Params, _: &Inputs, context: &RunContext) -> Result<Outputs, NodeError> {
        Ok(Outputs::one("templates", io::open_templates(&context.path(&params.path))?))
    }
}
