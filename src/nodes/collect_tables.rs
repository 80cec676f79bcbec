//! The tables of all items as one.

use crate::{
    data::{Table, TableColumn},
    pipeline::{
        Category, Coordinate, CoordinateValue, Inputs, Node, NodeError, NodeInfo, Outputs, Port, PortType,
        PythonNames, PythonStep, RunContext, TaskClass, Value, Work, literal,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What the one table holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CollectTablesParams {
    /// Only these columns of the tables; none keeps all.
    pub columns: Vec<String>,
}

/// Puts the tables of all items, or of each group, below each other, with their keys as columns.
pub struct CollectTables;

impl Node for CollectTables {
    type Params = CollectTablesParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "collect_tables",
        label: "Collect tables",
        summary: "Puts the tables of all items, or of each group, into one, with their keys as columns.",
        source: "pandas concat",
        category: Category::Shape,
        search: &["concat", "aggregate", "gather", "reduce", "combine", "study", "summary"],
        version: 1,
        work: Work::Task(TaskClass::Other),
        inputs: &[Port::new("table", PortType::Table).many()],
        outputs: &[Port::new("table", PortType::Table)],
    };

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        let mut arguments = vec![names.items("table")];
        arguments.extend((!params.columns.is_empty()).then(|| literal(&params.columns)));
        let collected = format!("collected_tables({})", arguments.join(", "));
        Some(PythonStep::default().and(format!("{} = {collected}", names.output("table"))))
    }

    fn uses_coordinates(&self, _: &Self::Params) -> bool {
        true
    }

    fn takes_what_is_there(&self, _: &Self::Params) -> bool {
        true
    }

    fn run(&self, params: &Self::Params, inputs: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        let mut tables = Vec::new();
        for (coordinate, value) in inputs.many("table") {
            match value {
                Value::Table(table) => tables.push((coordinate, &**table)),
                other => {
                    let found = other.port_type();
                    return Err(NodeError::Input(format!(
                        "\"table\" takes Table, not {found} ({coordinate})"
                    )));
                }
            }
        }
        let collected = collect(&tables, &params.columns);
        let missing = params.columns.iter().find(|name| collected.column(name).is_none());
        if let (Some(missing), false) = (missing, tables.is_empty()) {
            let names: BTreeSet<&str> =
                tables.iter().flat_map(|(_, table)| &table.columns).map(|(name, _)| name.as_str()).collect();
            let names: Vec<&str> = names.into_iter().collect();
            return Err(NodeError::Input(format!(
                "columns: no table has \"{missing}\"; there are {}",
                names.join(", ")
            )));
        }
        Ok(Outputs::one("table", collected))
    }
}

/// Keys first, then columns in the order they come up; a key of the name of a column is put as `key_NAME`.
fn collect(tables: &[(&Coordinate, &Table)], kept: &[String]) -> Table {
    let mut names: Vec<&str> = Vec::new();
    let mut keys: BTreeSet<&str> = BTreeSet::new();
    let mut collected = Table::default();
    for (coordinate, table) in tables {
        keys.extend(coordinate.keys().keys().map(String::as_str));
        for (name, _) in &table.columns {
            if !names.contains(&name.as_str()) && (kept.is_empty() || kept.contains(name)) {
                names.push(name);
                collected.units.extend(table.units.get(name).map(|unit| (name.clone(), unit.clone())));
            }
        }
    }
    for key in keys {
        let cells: Vec<Option<CoordinateValue>> = tables
            .iter()
            .flat_map(|(c, table)| std::iter::repeat_n(c.keys().get(key).cloned(), table.num_rows()))
            .collect();
        let name = if names.contains(&key) { format!("key_{key}") } else { key.to_owned() };
        collected.columns.push((name, of_keys(&cells)));
    }
    for name in names {
        let parts: Vec<(Option<&TableColumn>, usize)> =
            tables.iter().map(|(_, table)| (table.column(name), table.num_rows())).collect();
        collected.columns.push((name.to_owned(), below_each_other(&parts)));
    }
    collected
}

fn of_keys(cells: &[Option<CoordinateValue>]) -> TableColumn {
    let whole: Option<Vec<i64>> = cells
        .iter()
        .map(|cell| match cell {
            Some(CoordinateValue::Int(value)) => Some(*value),
            _ => None,
        })
        .collect();
    let real: Option<Vec<f64>> = cells
        .iter()
        .map(|cell| match cell {
            Some(CoordinateValue::Int(value)) => Some(*value as f64),
            Some(CoordinateValue::Float(value)) => Some(value.get()),
            Some(CoordinateValue::Text(_)) => None,
            None => Some(f64::NAN),
        })
        .collect();
    match (whole, real) {
        (Some(whole), _) => TableColumn::Int(whole),
        (None, Some(real)) => TableColumn::Float(real),
        (None, None) => TableColumn::Text(
            cells.iter().map(|cell| cell.as_ref().map(ToString::to_string).unwrap_or_default()).collect(),
        ),
    }
}

/// Columns of one name; of a type that holds all, with missing cells where a table has none.
fn below_each_other(parts: &[(Option<&TableColumn>, usize)]) -> TableColumn {
    // A table without rows says nothing of its types.
    let parts: Vec<_> = parts.iter().filter(|(_, rows)| *rows > 0).collect();
    let all = |fits: fn(&TableColumn) -> bool| parts.iter().all(|(part, _)| part.is_some_and(fits));
    if all(|part| matches!(part, TableColumn::Int(_))) {
        let values = parts.iter().filter_map(|(part, _)| match part {
            Some(TableColumn::Int(values)) => Some(values),
            _ => None,
        });
        return TableColumn::Int(values.flatten().copied().collect());
    }
    if all(|part| matches!(part, TableColumn::Bool(_))) {
        let values = parts.iter().filter_map(|(part, _)| match part {
            Some(TableColumn::Bool(values)) => Some(values),
            _ => None,
        });
        return TableColumn::Bool(values.flatten().copied().collect());
    }
    let is_number = |part: &TableColumn| matches!(part, TableColumn::Int(_) | TableColumn::Float(_));
    if parts.iter().all(|(part, _)| part.is_none_or(is_number)) {
        let cells = parts.iter().flat_map(|(part, rows)| {
            (0..*rows).map(move |row| part.and_then(|part| part.number(row)).unwrap_or(f64::NAN))
        });
        return TableColumn::Float(cells.collect());
    }
    let cells = parts.iter().flat_map(|(part, rows)| {
        (0..*rows).map(move |row| part.map(|part| part.cell(row)).unwrap_or_default())
    });
    TableColumn::Text(cells.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_first_and_missing_cells_are_missing() {
        let key = |value: i64| Coordinate::single("x", CoordinateValue::Int(value));
        let a = Table::new(vec![
            ("n".into(), TableColumn::Int(vec![1, 2])),
            ("x".into(), TableColumn::Text(vec!["u".into(), "v".into()])),
        ]);
        let b = Table::new(vec![
            ("n".into(), TableColumn::Float(vec![0.5])),
            ("ok".into(), TableColumn::Bool(vec![true])),
        ]);
        let (first, second) = (key(1), key(2));
        let all = collect(&[(&first, &a), (&second, &b)], &[]);
        let names: Vec<&str> = all.columns.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["key_x", "n", "x", "ok"]);
        assert_eq!(all.column("key_x"), Some(&TableColumn::Int(vec![1, 1, 2])));
        assert_eq!(all.column("n"), Some(&TableColumn::Float(vec![1.0, 2.0, 0.5])));
        assert_eq!(all.column("ok"), Some(&TableColumn::Text(vec!["".into(), "".into(), "true".into()])));
        assert_eq!(collect(&[(&first, &a)], &["n".into()]).columns.len(), 2);
    }
}
