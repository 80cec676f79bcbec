//! Write a figure as SVG or PNG.

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

/// Where and how to write.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SaveFigureParams {
    /// File to write, ending in .svg or .png. A relative path starts at the folder of the pipeline. Keys of items
    /// may be named, such as {session}.
    #[schemars(extend("path" = "save"))]
    pub path: PathBuf,
    /// PNG: pixels for each pixel of the drawing.
    #[schemars(range(min = 0.1, max = 10.0), extend("soft" = [1.0, 4.0]))]
    pub scale: f32,
    /// Replace what is there, even where Spikeloom did not write it.
    #[schemars(extend("advanced" = true))]
    pub overwrite: bool,
}

impl Default for SaveFigureParams {
    fn default() -> Self {
        Self { path: PathBuf::new(), scale: 2.0, overwrite: false }
    }
}

/// Writes a drawing as it is, or as a picture.
pub struct SaveFigure;

impl Node for SaveFigure {
    type Params = SaveFigureParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "save_figure",
        label: "Save figure",
        summary: "Writes a figure as SVG or PNG.",
        source: "",
        category: Category::Output,
        search: &["export", "write", "svg", "png", "picture", "plot"],
        version: 1,
        work: Work::Task(TaskClass::Files),
        inputs: &[Port::new("figure", PortType::Figure)],
        outputs: &[Port::new("files", PortType::Files)],
    };

    fn check(&self, params: &Self::Params) -> Vec<ParamProblem> {
        let ending = params.path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        let message = match ending.as_deref() {
            Some("svg" | "png") => return Vec::new(),
            _ if params.path.as_os_str().is_empty() => {
                "no file is chosen: name one to write, such as \"results/raster.svg\""
            }
            _ => "figures are written as .svg or .png: end the name with one of these",
        };
        vec![ParamProblem { field: "path".into(), message: message.into() }]
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
        let figure = inputs.figure("figure")?;
        let path = context.place(&params.path);
        written::replace(&path, params.overwrite, &[], || io::figure::write(&path, figure, params.scale))?;
        Ok(Outputs::one("files", Value::Files(Arc::new(vec![path]))))
    }
}
