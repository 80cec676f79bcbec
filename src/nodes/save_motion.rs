//! Write a motion for other programs.

use crate::{
    io::{self, written},
    pipeline::{
        Category, Inputs, Node, NodeError, NodeInfo, Outputs, ParamProblem, Port, PortType, RunContext,
        TaskClass, Value, Work,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{path::PathBuf, sync::Arc};

/// Where to write.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SaveMotionParams {
    /// Folder to write, or a file that ends in .npz. A relative path starts at the folder of the pipeline. Keys of items
    /// may be named, such as {session}.
    #[schemars(extend("path" = "save"))]
    pub path: PathBuf,
    /// Replace what is there, even where Spikeloom did not write it.
    #[schemars(extend("advanced" = true))]
    pub overwrite: bool,
}

/// Writes the folder that SpikeInterface loads, or npz.
pub struct SaveMotion;

impl Node for SaveMotion {
    type Params = SaveMotionParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "save_motion",
        label: "Save motion",
        summary: "Writes a motion as a folder that SpikeInterface's Motion.load opens, or as npz.",
        source: "SpikeInterface Motion.save",
        category: Category::Output,
        search: &["export", "write", "drift", "displacement", "npz"],
        version: 1,
        work: Work::Task(TaskClass::Files),
        inputs: &[Port::new("motion", PortType::Motion)],
        outputs: &[Port::new("files", PortType::Files)],
    };

    fn check(&self, params: &Self::Params) -> Vec<ParamProblem> {
        ParamProblem::where_no_path(
            &params.path,
            "no place is chosen: name a folder to write, such as \"results/motion\"",
        )
    }

    fn writes(&self, params: &Self::Params) -> Vec<PathBuf> {
        vec![params.path.clone()]
    }

    fn run(
        &self,
        params: &Self::Params,
        inputs: &Inputs,
        context: &RunContext,
    ) -> Result<Outputs, NodeError> {
        let motion = inputs.motion("motion")?;
        let path = context.place(&params.path);
        written::replace(&path, params.overwrite, &[], || io::motion::write(motion, &path))?;
        Ok(Outputs::one("files", Value::Files(Arc::new(vec![path]))))
    }
}
