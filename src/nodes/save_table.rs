//! Write a table as CSV.

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

/// Where to write.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SaveTableParams {
    /// File to write, ending in .csv. A relative path starts at the folder of the pipeline. Keys of items
    /// may be named, such as {session}.
    #[schemars(extend("path" = "save"))]
    pub path: PathBuf,
    /// Replace what is there, even where Spikeloom did not write it.
    #[schemars(extend("advanced" = true))]
    pub overwrite: bool,
}

/// Writes columns as CSV with a heading; missing values are empty.
pub struct SaveTable;

impl Node for SaveTable {
    type Params = SaveTableParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "save_table",
        label: "Save table",
        summary: "Writes a table, such as quality metrics, as CSV.",
        source: "",
        category: Category::Output,
        search: &["csv", "export", "write", "metrics", "excel", "pandas"],
        version: 1,
        work: Work::Task(TaskClass::Files),
        inputs: &[Port::new("table", PortType::Table)],
        outputs: &[Port::new("files", PortType::Files)],
    };

    fn check(&self, params: &Self::Params) -> Vec<ParamProblem> {
        ParamProblem::where_no_path(
            &params.path,
            "no file is chosen: name one to write, such as \"results/metrics.csv\"",
        )
    }

    fn writes(&self, params: &Self::Params) -> Vec<PathBuf> {
        vec![params.path.clone()]
    }

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        let write = format!("{}.to_csv(path, index=False)", names.input("table"));
        let saved = names.saved(&params.path, &write, params.overwrite);
        Some(PythonStep::default().and(format!("{} = {saved}", names.output("files"))))
    }

    fn run(
        &self,
        params: &Self::Params,
        inputs: &Inputs,
        context: &RunContext,
    ) -> Result<Outputs, NodeError> {
        let table = inputs.table("table")?;
        if table.columns.is_empty() {
            return Err(NodeError::Input(
                "the table has no columns: nothing came to be collected. What was written before stays as it is; see why \
                 nothing reaches the nodes before it"
                    .into(),
            ));
        }
        let path = context.place(&params.path);
        written::replace(&path, params.overwrite, &[], || io::csv::write_table(&path, table))?;
        Ok(Outputs::one("files", Value::Files(Arc::new(vec![path]))))
    }
}
