//! Tiny nodes for the tests of this room.

use super::{
    Category, Coordinate, CoordinateValue, Document, Inputs, Node, NodeError, NodeInfo, Outputs,
    ParamProblem, Pipeline, Port, PortType, Registry, RunContext, TaskClass, TaskNeeds, Work,
};
use crate::data::{Table, TableColumn};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

/// Which way a number goes.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sign {
    /// Down.
    Neg,
    /// Up.
    Pos,
    /// Either way.
    BothWays,
}

/// Every kind of field there is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NumbersParams {
    /// Low cut-off frequency,
    /// in two lines.
    #[schemars(range(min = 0.1, max = 100_000.0), extend("unit" = "Hz", "soft" = [1.0, 500.0]))]
    pub freq_min: f64,
    /// How many.
    #[schemars(range(min = 1, max = 9))]
    pub count: u32,
    /// Which way.
    pub peak_sign: Sign,
    /// Length of the stretch.
    #[schemars(range(min = 0.0), extend("unit" = "ms", "auto" = true, "advanced" = true))]
    pub exclude_sweep_ms: Option<f64>,
    /// Which way, or none.
    pub other_sign: Option<Sign>,
    /// Channels.
    #[schemars(extend("label" = "Channels to keep"))]
    pub channel_indices: Vec<usize>,
    /// Names.
    pub names: Vec<String>,
    /// Ranges of times.
    pub periods: Vec<(f64, f64)>,
    /// A file.
    #[schemars(extend("path" = "open"))]
    pub file_path: String,
    /// On or off.
    pub enabled: bool,
    /// A small number.
    #[schemars(inner(range(min = -1.0, max = 1.0)))]
    pub weights: Option<Vec<f32>>,
}

impl Default for NumbersParams {
    fn default() -> Self {
        Self {
            freq_min: 300.0,
            count: 3,
            peak_sign: Sign::Neg,
            exclude_sweep_ms: None,
            other_sign: None,
            channel_indices: Vec::new(),
            names: Vec::new(),
            periods: Vec::new(),
            file_path: String::new(),
            enabled: true,
            weights: None,
        }
    }
}

/// A table with the numbers 1 to `count`, each times `freq_min`.
pub struct Numbers;

const TABLE_OUT: &[Port] = &[Port::new("table", PortType::Table)];
const TABLE_IN: &[Port] = &[Port::new("table", PortType::Table)];

pub const fn info(
    kind: &'static str,
    work: Work,
    inputs: &'static [Port],
    outputs: &'static [Port],
) -> NodeInfo {
    NodeInfo {
        kind,
        label: "Toy",
        summary: "Does little.",
        source: "",
        category: Category::Look,
        search: &[],
        version: 1,
        work,
        inputs,
        outputs,
    }
}

pub fn table(numbers: Vec<f64>) -> Table {
    Table::new(vec![("x".into(), TableColumn::Float(numbers))])
}

pub fn numbers(table: &Table) -> Vec<f64> {
    match table.column("x") {
        Some(TableColumn::Float(values)) => values.clone(),
        _ => Vec::new(),
    }
}

impl Node for Numbers {
    type Params = NumbersParams;
    const INFO: NodeInfo = info("numbers", Work::Lazy, &[], TABLE_OUT);

    fn check(&self, params: &NumbersParams) -> Vec<ParamProblem> {
        if params.count == 7 {
            return vec![ParamProblem { field: "count".into(), message: "seven is not for us".into() }];
        }
        Vec::new()
    }

    fn files(&self, params: &NumbersParams, _: &Path) -> Vec<PathBuf> {
        if params.file_path.is_empty() { Vec::new() } else { vec![PathBuf::from(&params.file_path)] }
    }

    fn run(&self, params: &NumbersParams, _: &Inputs, context: &RunContext) -> Result<Outputs, NodeError> {
        let mut values: Vec<f64> = (1..=params.count).map(|i| f64::from(i) * params.freq_min).collect();
        if !params.file_path.is_empty() {
            let path = context.path(params.file_path.as_ref());
            let text = std::fs::read_to_string(&path).map_err(|e| crate::io::Error::io("read", &path, e))?;
            values = text.split_whitespace().filter_map(|word| word.parse().ok()).collect();
        }
        Ok(Outputs::one("table", table(values)))
    }
}

/// Settings of the toy task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct WorkParams {
    /// Added to every number.
    pub add: f64,
    /// What happens: `ok`, `warn`, `fail`, `panic`, `sleep`, `nap`.
    pub mode: String,
    /// A file it writes for the user.
    pub out: String,
    /// Memory it says it needs.
    pub memory_mb: u64,
}

impl Default for WorkParams {
    fn default() -> Self {
        Self { add: 1.0, mode: "ok".into(), out: String::new(), memory_mb: 1 }
    }
}

/// A stored task that adds a number.
pub struct Add;

impl Node for Add {
    type Params = WorkParams;
    const INFO: NodeInfo = info("add", Work::Task(TaskClass::Other), TABLE_IN, TABLE_OUT);

    fn needs(&self, params: &WorkParams, _: &Inputs) -> TaskNeeds {
        TaskNeeds::new(1, params.memory_mb)
    }

    fn writes(&self, params: &WorkParams) -> Vec<PathBuf> {
        if params.out.is_empty() { Vec::new() } else { vec![PathBuf::from(&params.out)] }
    }

    fn run(&self, params: &WorkParams, inputs: &Inputs, context: &RunContext) -> Result<Outputs, NodeError> {
        use crate::engine::Monitor;
        let values = numbers(inputs.table("table")?);
        context.log("adding");
        match params.mode.as_str() {
            "fail" => return Err(NodeError::Failed("it was told to fail".into())),
            "warn" => context.warn(&"it was told to warn".into()),
            "nap" => std::thread::sleep(Duration::from_millis(60)),
            "panic" => panic!("it was told to panic"),
            "sleep" => {
                for step in 0..1000 {
                    if context.cancelled() {
                        return Err(NodeError::Cancelled);
                    }
                    context.progress(step, 1000);
                    std::thread::sleep(Duration::from_millis(10));
                }
            }
            _ => {}
        }
        if !params.out.is_empty() {
            let path = context.place(params.out.as_ref());
            std::fs::write(&path, format!("{values:?}"))
                .map_err(|e| crate::io::Error::io("write", &path, e))?;
        }
        Ok(Outputs::one("table", table(values.iter().map(|x| x + params.add).collect())))
    }
}

/// No settings.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NoParams {}

/// A stored task that makes an item of each number.
pub struct Split;

impl Node for Split {
    type Params = NoParams;
    const INFO: NodeInfo = info("split", Work::Task(TaskClass::Other), TABLE_IN, TABLE_OUT);

    fn run(&self, _: &NoParams, inputs: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        let items = numbers(inputs.table("table")?)
            .into_iter()
            .enumerate()
            .map(|(i, x)| {
                (Coordinate::single("index", CoordinateValue::Int(i as i64)), table(vec![x]).into())
            })
            .collect();
        Ok(Outputs::default().and_many("table", items))
    }
}

/// A lazy node that puts a collection in one table.
pub struct Gather;

impl Node for Gather {
    type Params = NoParams;
    const INFO: NodeInfo =
        info("gather", Work::Lazy, &[Port::new("table", PortType::Table).many()], TABLE_OUT);

    fn run(&self, _: &NoParams, inputs: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        let values = inputs.many("table").iter().flat_map(|(_, value)| match value {
            super::Value::Table(table) => numbers(table),
            _ => Vec::new(),
        });
        Ok(Outputs::one("table", table(values.collect())))
    }
}

/// Fits the mean, then subtracts it lazily.
pub struct Centre;

impl Node for Centre {
    type Params = NoParams;
    const INFO: NodeInfo = info("centre", Work::FitThenLazy(TaskClass::Other), TABLE_IN, TABLE_OUT);

    fn fit(&self, _: &NoParams, inputs: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        let values = numbers(inputs.table("table")?);
        let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
        Ok(Outputs::one("mean", table(vec![mean])))
    }

    fn run(&self, _: &NoParams, inputs: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        let super::Value::Table(mean) = inputs.fit("mean")? else {
            return Err(NodeError::Failed("no mean".into()));
        };
        let mean = numbers(mean).first().copied().unwrap_or_default();
        let values = numbers(inputs.table("table")?);
        Ok(Outputs::one("table", table(values.iter().map(|x| x - mean).collect())))
    }
}

/// A stored task of two inputs, the second one optional.
pub struct Plus;

impl Node for Plus {
    type Params = NoParams;
    const INFO: NodeInfo = info(
        "plus",
        Work::Task(TaskClass::Other),
        &[Port::new("a", PortType::Table), Port::new("b", PortType::Table).optional()],
        TABLE_OUT,
    );

    fn run(&self, _: &NoParams, inputs: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        let a = numbers(inputs.table("a")?);
        let b = inputs.optional_table("b")?.map(|t| numbers(t)).unwrap_or_default();
        let sums = a.iter().enumerate().map(|(i, x)| x + b.get(i % b.len().max(1)).copied().unwrap_or(0.0));
        Ok(Outputs::one("table", table(sums.collect())))
    }
}

pub fn registry() -> Registry {
    Registry::default().with(Numbers).with(Add).with(Split).with(Gather).with(Centre).with(Plus)
}

/// The pipeline of a document with these nodes and wires.
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
pub fn open(nodes: &str, wires: &str) -> Pipeline {
    let text = format!("(version: 1, nodes: {{{nodes}}}, wires: [{wires}])");
    Document::parse(&text, "test", &registry()).unwrap().pipeline
}

/// Numbers, what is added to them, and a node that nothing enters.
pub fn chain() -> Pipeline {
    open(
        r#""n": (kind: "numbers"), "a": (kind: "add", params: (add: 3.0)), "b": (kind: "add")"#,
        r#"("n.table", "a.table")"#,
    )
}
