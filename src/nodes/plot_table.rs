//! Columns of a table, drawn.

use crate::{
    figures,
    pipeline::{
        Category, Inputs, Node, NodeError, NodeInfo, Outputs, ParamProblem, Port, PortType, RunContext,
        TaskClass, Work,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How rows are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlotMarks {
    /// A dot a row.
    #[default]
    Points,
    /// Dots joined in the order of x.
    Lines,
    /// A bar a row, those of one x beside each other.
    Bars,
}

/// What is drawn over what.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PlotTableParams {
    /// Column across: numbers or words.
    pub x: String,
    /// Column of numbers upwards.
    pub y: String,
    /// Columns that tell series apart, each with a colour of its own.
    pub series: Vec<String>,
    /// How rows are drawn.
    pub marks: PlotMarks,
    /// Title; left empty, y over x.
    pub title: String,
}

/// Draws one column of a table over another.
pub struct PlotTable;

impl Node for PlotTable {
    type Params = PlotTableParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "plot_table",
        label: "Plot table",
        summary: "Draws a column of a table over another one as points, lines or bars, a colour for each series.",
        source: "",
        category: Category::Look,
        search: &["figure", "chart", "scatter", "bar", "line", "study", "report"],
        version: 1,
        work: Work::Task(TaskClass::Other),
        inputs: &[Port::new("table", PortType::Table)],
        outputs: &[Port::new("figure", PortType::Figure)],
    };

    fn check(&self, params: &Self::Params) -> Vec<ParamProblem> {
        let missing = [("x", &params.x), ("y", &params.y)].into_iter().filter(|(_, name)| name.is_empty());
        let problem = |(field, _): (&str, _)| ParamProblem {
            field: field.into(),
            message: "no column is named: write one of the table's".into(),
        };
        missing.map(problem).collect()
    }

    fn run(&self, params: &Self::Params, inputs: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        let marks = match params.marks {
            PlotMarks::Points => figures::Marks::Points,
            PlotMarks::Lines => figures::Marks::Lines,
            PlotMarks::Bars => figures::Marks::Bars,
        };
        let title = match params.title.is_empty() {
            true => format!("{} over {}", params.y, params.x),
            false => params.title.clone(),
        };
        let table = inputs.table("table")?;
        let figure = figures::table(table, &title, &params.x, &params.y, &params.series, marks);
        Ok(Outputs::one("figure", figure.map_err(|error| NodeError::Input(error.to_string()))?))
    }
}
