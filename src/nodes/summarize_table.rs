//! Rows that belong together as one.

use super::carry::named;
use crate::{
    data::{Table, TableColumn},
    pipeline::{
        Category, CoordinateValue, Expression, ExpressionError, Inputs, Node, NodeError, NodeInfo, Outputs,
        ParamProblem, Port, PortType, PythonNames, PythonStep, RunContext, TaskClass, Term, Work, literal,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// What is made of the values of a group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Statistic {
    /// Their mean.
    #[default]
    Mean,
    /// The one in the middle.
    Median,
    /// Their sum.
    Sum,
    /// The least.
    Min,
    /// The greatest.
    Max,
}

/// How rows are brought together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SummarizeTableParams {
    /// Columns, and new ones as expressions: sorter, snr_from = floor(snr / 2) * 2. Rows equal in all of them become one.
    pub by: Vec<String>,
    /// Columns of numbers that are summarised; left empty, all.
    pub values: Vec<String>,
    /// What is made of their values.
    pub statistic: Statistic,
    /// Column whose cells become columns, such as sorter: recordings below each other, sorters beside each other.
    pub across: String,
    /// Only rows that meet a condition over the columns, such as snr > 3.
    #[schemars(extend("label" = "Only rows where"))]
    pub condition: Option<String>,
}

/// Brings the rows of a table together that are equal in some columns.
pub struct SummarizeTable;

impl Node for SummarizeTable {
    type Params = SummarizeTableParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "summarize_table",
        label: "Summarize table",
        summary: "Makes one row of all that are equal in some columns: mean, median, sum, least or greatest of the others; the cells of one column can become columns.",
        source: "pandas groupby and pivot_table",
        category: Category::Look,
        search: &["groupby", "aggregate", "pivot", "mean", "average", "filter rows", "where"],
        version: 5,
        work: Work::Task(TaskClass::Other),
        inputs: &[Port::new("table", PortType::Table)],
        outputs: &[Port::new("table", PortType::Table)],
    };

    fn check(&self, params: &Self::Params) -> Vec<ParamProblem> {
        let wrong = params.by.iter().filter_map(|text| named(text).err());
        let mut problems: Vec<ParamProblem> =
            wrong.map(|message| ParamProblem { field: "by".into(), message }).collect();
        problems.extend(params.condition.as_deref().and_then(|c| super::carry::problem_of("condition", c)));
        problems
    }

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        let to = names.output("table");
        let by: Vec<(String, Expression)> =
            params.by.iter().map(|text| named(text)).collect::<Result<_, _>>().ok()?;
        let condition = params.condition.as_deref().map(Expression::parse).transpose().ok()?;
        let in_row =
            |expression: &Expression| expression.in_python(&|name| format!("row[{}]", literal(name)));
        let rows = format!("{to}_rows");
        // Rows in which an expression asks for a cell that is missing belong nowhere.
        let all = by.iter().map(|(_, expression)| expression).chain(&condition);
        let asked: BTreeSet<&str> = all.flat_map(Expression::names).collect();
        let mut step = PythonStep::default().and(match asked.is_empty() {
            true => format!("{rows} = {}", names.input("table")),
            false => format!("{rows} = {}.dropna(subset={})", names.input("table"), literal(asked)),
        });
        let each = |expression: &Expression| {
            format!("[{} for row in {rows}.to_dict(\"records\")]", in_row(expression))
        };
        if let Some(condition) = &condition {
            let held = condition.condition_in_python(&|name| format!("row[{}]", literal(name)));
            let held = format!("[{held} for row in {rows}.to_dict(\"records\")]");
            step = step.and(format!("{rows} = {rows}[np.array({held}, bool)]"));
        }
        for (name, expression) in by.iter().filter(|(name, expression)| expression.names() != [name.as_str()])
        {
            step = step.and(format!("{rows} = {rows}.assign(**{{{}: {}}})", literal(name), each(expression)));
        }
        let keys: Vec<&str> = by.iter().map(|(name, _)| name.as_str()).collect();
        let statistic = match params.statistic {
            Statistic::Mean => "mean",
            Statistic::Median => "median",
            Statistic::Sum => "sum",
            Statistic::Min => "min",
            Statistic::Max => "max",
        };
        let mut arguments = vec![rows, literal(&keys), literal(&params.values), literal(statistic)];
        if !params.across.is_empty() {
            // Cells of rows that the condition leaves out are columns as well.
            arguments.extend([literal(&params.across), names.input("table").to_owned()]);
        }
        Some(step.and(format!("{to} = summarized_rows({})", arguments.join(", "))))
    }

    fn run(&self, params: &Self::Params, inputs: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        Ok(Outputs::one("table", summarize(inputs.table("table")?, params).map_err(NodeError::Input)?))
    }
}

/// The value of a cell in an expression; none where it is missing.
fn term(table: &Table, name: &str, row: usize) -> Option<Term> {
    match table.column(name)? {
        TableColumn::Text(values) => values.get(row).cloned().map(Term::Text),
        TableColumn::Bool(values) => values.get(row).copied().map(Term::Truth),
        column => column.number(row).map(Term::Number),
    }
}

/// Rows by what they have in common.
type Groups = BTreeMap<Vec<CoordinateValue>, Vec<usize>>;

fn groups(table: &Table, by: &[(String, Expression)], condition: Option<&str>) -> Result<Groups, String> {
    let condition = condition.map(Expression::parse).transpose().map_err(|e| e.to_string())?;
    let said = |e: ExpressionError| format!("{e}; the columns are {}", columns(table));
    let mut groups = Groups::new();
    'rows: for row in 0..table.num_rows() {
        // Rows in which an expression asks for a cell that is missing belong nowhere.
        let missing = std::cell::Cell::new(false);
        let value = |name: &str| {
            let found = term(table, name, row);
            missing.set(missing.get() || (found.is_none() && table.column(name).is_some()));
            found
        };
        match condition.as_ref().map(|condition| condition.evaluate(&value)) {
            None | Some(Ok(Term::Truth(true))) => {}
            Some(Ok(Term::Truth(false))) => continue,
            Some(Err(_)) if missing.get() => continue,
            Some(Ok(other)) => return Err(format!("condition: it is {other}: true or false expected")),
            Some(Err(error)) => return Err(said(error)),
        }
        let mut group = Vec::with_capacity(by.len());
        for (name, expression) in by {
            let term = match expression.evaluate(&value) {
                Ok(term) => term,
                Err(_) if missing.get() => continue 'rows,
                Err(error) => return Err(said(error)),
            };
            let said = term.to_string();
            let is_number = matches!(term, Term::Number(_));
            match term.key() {
                Some(key) => group.push(key),
                None if is_number => continue 'rows,
                None => return Err(format!("by: {name} is {said}: a number, a word or a truth expected")),
            }
        }
        groups.entry(group).or_default().push(row);
    }
    Ok(groups)
}

fn columns(table: &Table) -> String {
    table.columns.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(", ")
}

fn summarize(table: &Table, params: &SummarizeTableParams) -> Result<Table, String> {
    let missing = |what: String| Err(format!("{what}; the columns are {}", columns(table)));
    for name in &params.values {
        if !table.column(name).is_some_and(|column| !matches!(column, TableColumn::Text(_))) {
            return missing(format!("values: there is no column of numbers \"{name}\""));
        }
    }
    if !params.across.is_empty() && table.column(&params.across).is_none() {
        return missing(format!("across: there is no column \"{}\"", params.across));
    }
    let by: Vec<(String, Expression)> = params.by.iter().map(|text| named(text)).collect::<Result<_, _>>()?;
    let groups = groups(table, &by, params.condition.as_deref())?;
    let mut result = Table::default();
    for (index, (name, _)) in by.iter().enumerate() {
        let cells: Vec<CoordinateValue> =
            groups.keys().filter_map(|group| group.get(index).cloned()).collect();
        result.set(name, of_cells(&cells));
    }
    let asked: Vec<&(String, TableColumn)> = table
        .columns
        .iter()
        .filter(|(name, column)| {
            let is_asked = params.values.is_empty() || params.values.contains(name);
            let is_taken = *name == params.across || result.column(name).is_some();
            is_asked && !is_taken && !matches!(column, TableColumn::Text(_))
        })
        .collect();
    let unit = |name: &str| table.units.get(name).cloned();
    let over = |column: &TableColumn, rows: &mut dyn Iterator<Item = usize>| {
        statistic(rows.filter_map(|row| column.number(row)).collect(), params.statistic)
    };
    let Some(across) = table.column(&params.across) else {
        let mut count = "count".to_owned();
        while result.column(&count).is_some() || asked.iter().any(|(name, _)| *name == count) {
            count.push('_');
        }
        result.set(&count, TableColumn::Int(groups.values().map(|rows| rows.len() as i64).collect()));
        for (name, column) in asked {
            let cells = groups.values().map(|rows| over(column, &mut rows.iter().copied()));
            result.set(name, TableColumn::Float(cells.collect()));
            result.units.extend(unit(name).map(|unit| (name.clone(), unit)));
        }
        return Ok(result);
    };
    for cell in across.distinct() {
        for (name, column) in &asked {
            let own = if asked.len() == 1 { cell.clone() } else { format!("{name} {cell}") };
            let is_here = |row: &usize| across.cell(*row) == cell;
            let cells = groups.values().map(|rows| over(column, &mut rows.iter().copied().filter(is_here)));
            result.set(&own, TableColumn::Float(cells.collect()));
            result.units.extend(unit(name).map(|unit| (own, unit)));
        }
    }
    Ok(result)
}

fn of_cells(cells: &[CoordinateValue]) -> TableColumn {
    let whole = cells.iter().map(|cell| match cell {
        CoordinateValue::Int(value) => Some(*value),
        _ => None,
    });
    let real = cells.iter().map(|cell| match cell {
        CoordinateValue::Int(value) => Some(*value as f64),
        CoordinateValue::Float(value) => Some(value.get()),
        CoordinateValue::Text(_) => None,
    });
    match (whole.collect::<Option<Vec<i64>>>(), real.collect::<Option<Vec<f64>>>()) {
        (Some(whole), _) => TableColumn::Int(whole),
        (None, Some(real)) => TableColumn::Float(real),
        (None, None) => TableColumn::Text(cells.iter().map(ToString::to_string).collect()),
    }
}

fn statistic(mut values: Vec<f64>, statistic: Statistic) -> f64 {
    if values.is_empty() {
        return f64::NAN;
    }
    values.sort_by(f64::total_cmp);
    let count = values.len();
    match statistic {
        Statistic::Mean => values.iter().sum::<f64>() / count as f64,
        Statistic::Median => (values[(count - 1) / 2] + values[count / 2]) / 2.0,
        Statistic::Sum => values.iter().sum(),
        Statistic::Min => values[0],
        Statistic::Max => values[count - 1],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_brought_together_by_columns_and_expressions() {
        let mut table = Table::default();
        table.set("sorter", TableColumn::Text(["a", "b", "a", "a"].map(str::to_owned).to_vec()));
        table.set("snr", TableColumn::Float(vec![1.0, 3.0, 5.0, f64::NAN]));
        table.set("accuracy", TableColumn::Float(vec![0.2, 0.4, 0.8, 1.0]));
        let params = |by: &[&str], condition: Option<&str>| SummarizeTableParams {
            by: by.iter().map(|text| (*text).to_owned()).collect(),
            values: vec!["accuracy".into()],
            condition: condition.map(str::to_owned),
            ..SummarizeTableParams::default()
        };
        let found = summarize(&table, &params(&["sorter"], None)).unwrap_or_default();
        assert_eq!(found.column("count"), Some(&TableColumn::Int(vec![3, 1])));
        assert_eq!(found.column("accuracy").and_then(|c| c.number(0)), Some((0.2 + 0.8 + 1.0) / 3.0));
        let found = summarize(&table, &params(&["from = floor(snr / 4) * 4"], None)).unwrap_or_default();
        assert_eq!(found.column("from"), Some(&TableColumn::Int(vec![0, 4])));
        assert_eq!(found.column("count"), Some(&TableColumn::Int(vec![2, 1])), "a missing SNR is nowhere");
        let found = summarize(&table, &params(&[], Some("snr > 2"))).unwrap_or_default();
        assert_eq!(found.column("count"), Some(&TableColumn::Int(vec![2])));
        let mut beside = params(&["from = floor(snr / 4) * 4"], None);
        beside.across = "sorter".into();
        let found = summarize(&table, &beside).unwrap_or_default();
        assert_eq!(found.columns.len(), 3);
        let cell = |sorter: &str, row| found.column(sorter).and_then(|column| column.number(row));
        assert_eq!(
            [cell("a", 0), cell("b", 0), cell("a", 1), cell("b", 1)],
            [Some(0.2), Some(0.4), Some(0.8), None]
        );
        beside.across = "sortr".into();
        let error = summarize(&table, &beside).err().unwrap_or_default();
        assert!(error.starts_with("across: there is no column \"sortr\""), "{error}");
        let error = summarize(&table, &params(&["sortr"], None)).err().unwrap_or_default();
        assert!(error.contains("the columns are sorter, snr, accuracy"), "{error}");
        for (how, value) in
            [(Statistic::Median, 0.3), (Statistic::Sum, 0.6), (Statistic::Min, 0.2), (Statistic::Max, 0.4)]
        {
            assert!((statistic(vec![0.4, 0.2], how) - value).abs() < 1e-12);
        }
    }
}
