//! A fork: items go one way or the other.

use super::carry::{Carries, condition_in_python, problem_of};
use crate::{
    data::{Table, TableColumn},
    pipeline::{
        Category, Coordinate, Expression, Inputs, Node, NodeError, NodeInfo, Outputs, ParamProblem, Passed,
        Port, PortType, PythonNames, PythonStep, RunContext, Term, Value, ValueAt, Work, literal,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which way an item goes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RouteItemsParams {
    /// Condition over the keys and, where a table is connected, over rows (how many), mean_x, median_x, min_x, max_x of
    /// its columns x, and x itself where there is one row: rows > 3 && mean_snr >= 4.
    #[schemars(extend("label" = "Matching where"))]
    pub condition: String,
    /// What the items are.
    #[schemars(extend("label" = "Items are"))]
    pub carries: Carries,
}

impl Default for RouteItemsParams {
    fn default() -> Self {
        Self { condition: "true".into(), carries: Carries::Recording }
    }
}

/// Sends each item on by one of two outputs.
pub struct RouteItems;

impl Node for RouteItems {
    type Params = RouteItemsParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "route_items",
        label: "Route",
        summary: "Sends each item one of two ways, by a condition on its keys or on a table such as its metrics.",
        source: "",
        category: Category::Shape,
        search: &["fork", "decision", "if", "branch", "condition", "switch", "study"],
        version: 1,
        work: Work::Arrange,
        inputs: &[Port::new("item", PortType::Recording), Port::new("table", PortType::Table).optional()],
        outputs: &[Port::new("matching", PortType::Recording), Port::new("rest", PortType::Recording)],
    };

    fn inputs(&self, params: &Self::Params) -> Vec<Port> {
        vec![Port::new("item", params.carries.port_type()), Port::new("table", PortType::Table).optional()]
    }

    fn outputs(&self, params: &Self::Params) -> Vec<Port> {
        let carries = params.carries.port_type();
        vec![Port::new("matching", carries), Port::new("rest", carries)]
    }

    fn check(&self, params: &Self::Params) -> Vec<ParamProblem> {
        problem_of("condition", &params.condition).into_iter().collect()
    }

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        let condition = Expression::parse(&params.condition).ok()?;
        let (matching, rest) = (names.output("matching"), names.output("rest"));
        let (head, condition) = match names.has_input("table") {
            true => {
                let both = format!("matched({}, {})", names.items("item"), names.items("table"));
                (
                    format!("for keys, item, table in {both}:"),
                    condition
                        .condition_in_python(&|name| format!("of_table(keys, table, {})", literal(name))),
                )
            }
            false => (format!("for keys, item in {}:", names.items("item")), condition_in_python(&condition)),
        };
        Some(
            PythonStep::default()
                .and(format!("{matching}, {rest} = [], []"))
                .and(head)
                .and(format!("    ({matching} if {condition} else {rest}).append((keys, item))"))
                .over_items(),
        )
    }

    fn arrange(
        &self,
        params: &Self::Params,
        item: &Coordinate,
        value: &ValueAt,
    ) -> Result<Vec<Passed>, NodeError> {
        let wrong = |message: String| NodeError::Input(format!("condition: {message}"));
        let condition = Expression::parse(&params.condition).map_err(|e| wrong(e.to_string()))?;
        let holds = match value("table")? {
            None => condition.holds(item).map_err(|e| wrong(e.to_string()))?,
            Some(Value::Table(table)) => {
                let term =
                    |name: &str| item.keys().get(name).map(Term::from).or_else(|| of_table(&table, name));
                match condition.evaluate(&term).map_err(|e| wrong(with_columns(&e.to_string(), &table)))? {
                    Term::Truth(truth) => truth,
                    other => return Err(wrong(format!("it is {other}: true or false expected"))),
                }
            }
            Some(other) => {
                return Err(NodeError::Input(format!("\"table\" takes Table, not {}", other.port_type())));
            }
        };
        let to = if holds { "matching" } else { "rest" };
        Ok(vec![Passed { from: "item", to, coordinate: item.clone() }])
    }

    fn run(&self, _: &Self::Params, _: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        Ok(Outputs::default())
    }
}

fn with_columns(message: &str, table: &Table) -> String {
    let names: Vec<&str> = table.columns.iter().map(|(name, _)| name.as_str()).collect();
    format!("{message}; the table has {}", names.join(", "))
}

/// What a name stands for in a table: `rows`, a column of a single row, or a summary of a column.
fn of_table(table: &Table, name: &str) -> Option<Term> {
    if name == "rows" {
        return Some(Term::Number(table.num_rows() as f64));
    }
    if let Some(column) = table.column(name)
        && table.num_rows() == 1
    {
        return match column {
            TableColumn::Text(_) => Some(Term::Text(column.cell(0))),
            TableColumn::Bool(values) => values.first().map(|&truth| Term::Truth(truth)),
            _ => column.number(0).map(Term::Number),
        };
    }
    let (how, of) = name.split_once('_')?;
    let column = table.column(of)?;
    let mut values: Vec<f64> = (0..column.len()).filter_map(|row| column.number(row)).collect();
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    let found = match how {
        "mean" => values.iter().sum::<f64>() / values.len() as f64,
        "median" if values.len() % 2 == 1 => *values.get(middle)?,
        "median" => (values.get(middle.checked_sub(1)?)? + values.get(middle)?) / 2.0,
        "min" => *values.first()?,
        "max" => *values.last()?,
        _ => return None,
    };
    found.is_finite().then_some(Term::Number(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stand_for_summaries_of_columns() {
        let number = |table: &Table, name: &str| match of_table(table, name) {
            Some(Term::Number(value)) => Some(value),
            _ => None,
        };
        let table = Table::new(vec![
            ("snr".into(), TableColumn::Float(vec![4.0, 1.0, f64::NAN, 7.0])),
            ("label".into(), TableColumn::Text(vec!["a".into(); 4])),
        ]);
        for (name, value) in
            [("rows", 4.0), ("mean_snr", 4.0), ("median_snr", 4.0), ("min_snr", 1.0), ("max_snr", 7.0)]
        {
            assert_eq!(number(&table, name), Some(value), "{name}");
        }
        for name in ["snr", "sum_snr", "mean_label", "median_nothing"] {
            assert_eq!(of_table(&table, name), None, "{name}");
        }
        assert_eq!(number(&table.select_rows(&[3]), "snr"), Some(7.0));
    }
}
