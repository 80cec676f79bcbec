//! Open a motion that was estimated before.

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

/// Where the motion is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ReadMotionParams {
    /// Folder of SpikeInterface's `Motion.save`, or a .npz. A relative path starts at the folder of the pipeline.
    #[schemars(extend("path" = "open", "label" = "Folder or file"))]
    pub path: PathBuf,
}

/// Opens what Save motion or SpikeInterface wrote.
pub struct ReadMotion;

impl Node for ReadMotion {
    type Params = ReadMotionParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "read_motion",
        label: "Read motion",
        summary: "Opens a motion of the tissue: a folder of SpikeInterface's Motion.save, or npz.",
        source: "SpikeInterface Motion.load",
        category: Category::Source,
        search: &["open", "load", "drift", "displacement", "import", "npz"],
        version: 1,
        work: Work::Task(TaskClass::Files),
        inputs: &[],
        outputs: &[Port::new("motion", PortType::Motion)],
    };

    fn check(&self, params: &Self::Params) -> Vec<ParamProblem> {
        ParamProblem::where_no_path(
            &params.path,
            "nothing is chosen: name a folder or file, such as \"motion\"",
        )
    }

    fn files(&self, params: &Self::Params, base: &Path) -> Vec<PathBuf> {
        vec![base.join(&params.path)]
    }

    fn run(&self, params: &Self::Params, _: &Inputs, context: &RunContext) -> Result<Outputs, NodeError> {
        Ok(Outputs::one("motion", io::motion::read(&context.path(&params.path))?))
    }
}
