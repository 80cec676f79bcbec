//! The table that files hold.

use super::reader::file_at;
use crate::{
    io,
    pipeline::{
        Category, Inputs, Node, NodeError, NodeInfo, Outputs, Port, PortType, RunContext, TaskClass, Work,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which file, and what it does not say itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TableFromFilesParams {
    /// Which of several files, 0 being the first.
    pub index: usize,
}

/// Opens a table (.csv or .tsv) that another node wrote, such as a command.
pub struct TableFromFiles;

impl Node for TableFromFiles {
    type Params = TableFromFilesParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "table_from_files",
        label: "Table from files",
        summary: "Opens a table (.csv or .tsv) that another node wrote, such as a command.",
        source: "",
        category: Category::Source,
        search: &["open result", "command output", "load files"],
        version: 1,
        work: Work::Task(TaskClass::Files),
        inputs: &[Port::new("files", PortType::Files)],
        outputs: &[Port::new("table", PortType::Table)],
    };

    fn run(&self, params: &Self::Params, inputs: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        Ok(Outputs::one("table", io::csv::read_table(&file_at(inputs, params.index)?)?))
    }
}
