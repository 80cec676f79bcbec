//! Columns of another table, row by row.

use crate::{
    data::{Table, TableColumn},
    pipeline::{
        Category, Inputs, Node, NodeError, NodeInfo, Outputs, Port, PortType, PythonNames, PythonStep,
        RunContext, TaskClass, Work, literal,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Which rows belong together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct JoinTablesParams {
    /// Columns both tables have that tell which rows belong together.
    pub on: Vec<String>,
    /// Only these columns of the other table; left empty, all.
    pub columns: Vec<String>,
}

impl Default for JoinTablesParams {
    fn default() -> Self {
        Self { on: vec!["unit_id".into()], columns: Vec::new() }
    }
}

/// Adds the columns of another table to the rows that are equal in some columns.
pub struct JoinTables;

impl Node for JoinTables {
    type Params = JoinTablesParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "join_tables",
        label: "Join tables",
        summary: "Adds columns of another table, such as the SNR of units to their accuracy, where rows belong together.",
        source: "pandas merge",
        category: Category::Look,
        search: &["merge", "lookup", "left join", "unit_id"],
        version: 1,
        work: Work::Task(TaskClass::Other),
        inputs: &[Port::new("table", PortType::Table), Port::new("other", PortType::Table)],
        outputs: &[Port::new("table", PortType::Table)],
    };

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        let (table, other) = (names.input("table"), names.input("other"));
        let mut arguments = vec![table.to_owned(), other.to_owned(), literal(&params.on)];
        arguments.extend((!params.columns.is_empty()).then(|| literal(&params.columns)));
        let joined = format!("joined_columns({})", arguments.join(", "));
        Some(PythonStep::default().and(format!("{} = {joined}", names.output("table"))))
    }

    fn run(&self, params: &Self::Params, inputs: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        let joined = join(inputs.table("table")?, inputs.table("other")?, params);
        Ok(Outputs::one("table", joined.map_err(NodeError::Input)?))
    }
}

fn keys<'t>(table: &'t Table, which: &str, on: &[String]) -> Result<Vec<&'t TableColumn>, String> {
    on.iter()
        .map(|name| {
            let names = || table.columns.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ");
            table
                .column(name)
                .ok_or_else(|| format!("on: {which} has no column \"{name}\"; it has {}", names()))
        })
        .collect()
}

fn join(table: &Table, other: &Table, params: &JoinTablesParams) -> Result<Table, String> {
    let own = keys(table, "the table", &params.on)?;
    let others = keys(other, "the other table", &params.on)?;
    let name = |columns: &[&TableColumn], row: usize| -> Vec<String> {
        columns.iter().map(|column| column.cell(row)).collect()
    };
    let mut rows: HashMap<Vec<String>, usize> = HashMap::new();
    for row in 0..other.num_rows() {
        let name = name(&others, row);
        if rows.contains_key(&name) {
            return Err(format!("on: the other table has several rows of {}", name.join(", ")));
        }
        rows.insert(name, row);
    }
    let partners: Vec<Option<usize>> =
        (0..table.num_rows()).map(|row| rows.get(&name(&own, row)).copied()).collect();
    if let Some(missing) = params.columns.iter().find(|name| other.column(name).is_none()) {
        return Err(format!("columns: the other table has no \"{missing}\""));
    }
    let mut joined = table.clone();
    for (name, column) in &other.columns {
        let is_asked = params.columns.is_empty() || params.columns.contains(name);
        if params.on.contains(name) || !is_asked {
            continue;
        }
        let own = if table.column(name).is_some() { format!("other_{name}") } else { name.clone() };
        joined.units.extend(other.units.get(name).map(|unit| (own.clone(), unit.clone())));
        joined.set(&own, taken(column, &partners));
    }
    Ok(joined)
}

/// A column in another order, with missing cells.
fn taken(column: &TableColumn, rows: &[Option<usize>]) -> TableColumn {
    let whole: Option<Vec<usize>> = rows.iter().copied().collect();
    if let Some(rows) = whole {
        let table = Table::new(vec![("it".into(), column.clone())]).select_rows(&rows);
        if let Some((_, column)) = table.columns.into_iter().next() {
            return column;
        }
    }
    match column {
        TableColumn::Int(_) | TableColumn::Float(_) => {
            let number = |row: &Option<usize>| row.and_then(|row| column.number(row)).unwrap_or(f64::NAN);
            TableColumn::Float(rows.iter().map(number).collect())
        }
        _ => TableColumn::Text(
            rows.iter().map(|row| row.map(|row| column.cell(row)).unwrap_or_default()).collect(),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_added_where_rows_belong_together() {
        let own = Table::new(vec![
            ("unit_id".into(), TableColumn::Int(vec![3, 1, 2])),
            ("n".into(), TableColumn::Int(vec![30, 10, 20])),
        ]);
        let mut other = Table::new(vec![
            ("unit_id".into(), TableColumn::Text(vec!["1".into(), "3".into()])),
            ("n".into(), TableColumn::Int(vec![7, 9])),
        ]);
        let joined = join(&own, &other, &JoinTablesParams::default()).unwrap_or_default();
        let column = joined.column("other_n");
        let cells: Vec<String> = (0..3).filter_map(|row| Some(column?.cell(row))).collect();
        assert_eq!(cells, ["9", "7", ""]);
        other.set("unit_id", TableColumn::Int(vec![1, 1]));
        assert!(join(&own, &other, &JoinTablesParams::default()).is_err());
    }
}
