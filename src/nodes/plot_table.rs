//! Columns of a table, drawn.

use crate::{
    data::TableColumn,
    figures,
    pipeline::{
        Category, Inputs, Node, NodeError, NodeInfo, Outputs, Port, PortType, RunContext, TaskClass, Work,
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
    /// A grid: series below each other, x beside each other, y as shade and number.
    Grid,
}

/// What is drawn over what.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct PlotTableParams {
    /// Column across: numbers or words. Left empty, the first.
    pub x: String,
    /// Column of numbers upwards. Left empty, the first other one of numbers.
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
        summary: "Draws a column of a table over another one as points, lines or bars, a colour for each series; or as a grid of shades.",
        source: "",
        category: Category::Look,
        search: &["figure", "chart", "scatter", "bar", "line", "heat map", "matrix", "study", "report"],
        version: 2,
        work: Work::Task(TaskClass::Other),
        inputs: &[Port::new("table", PortType::Table)],
        outputs: &[Port::new("figure", PortType::Figure)],
    };

    fn run(&self, params: &Self::Params, inputs: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        let table = inputs.table("table")?;
        let named = |name: &String, found: Option<&(String, TableColumn)>| match (name.is_empty(), found) {
            (true, Some((first, _))) => first.clone(),
            _ => name.clone(),
        };
        let x = named(&params.x, table.columns.first());
        let is_y = |(name, column): &&(String, TableColumn)| {
            *name != x && !params.series.contains(name) && !matches!(column, TableColumn::Text(_))
        };
        let y = named(&params.y, table.columns.iter().find(is_y));
        let title = if params.title.is_empty() { format!("{y} over {x}") } else { params.title.clone() };
        let drawn = |marks| figures::table(table, &title, &x, &y, &params.series, marks);
        let figure = match params.marks {
            PlotMarks::Points => drawn(figures::Marks::Points),
            PlotMarks::Lines => drawn(figures::Marks::Lines),
            PlotMarks::Bars => drawn(figures::Marks::Bars),
            PlotMarks::Grid => figures::grid(table, &title, &x, &y, &params.series),
        };
        Ok(Outputs::one("figure", figure.map_err(|error| NodeError::Input(error.to_string()))?))
    }
}
