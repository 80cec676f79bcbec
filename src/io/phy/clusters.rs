//! `cluster_<field>.tsv`: what is known of each cluster.

use crate::{
    data::{Table, TableColumn},
    io::{Error, csv},
};
use std::path::{Path, PathBuf};

/// One column a file, one row a cluster of `clusters`; `group` is always there, `unsorted` where nothing is said.
pub(super) fn read(folder: &Path, clusters: &[i64]) -> Result<Table, Error> {
    let mut table = Table::default();
    table.set("group", TableColumn::Text(vec!["unsorted".to_owned(); clusters.len()]));
    for path in files(folder)? {
        let file = csv::read_table(&path)?;
        let Some((_, TableColumn::Int(ids))) = file.columns.iter().find(|(n, _)| n == "cluster_id") else {
            // Another tool's table.
            continue;
        };
        for (name, column) in file.columns.iter().filter(|(n, _)| n != "cluster_id") {
            let rows: Vec<Option<usize>> =
                clusters.iter().map(|cluster| ids.iter().position(|id| id == cluster)).collect();
            if name == "group" {
                table.set("group", groups(column, &rows));
            } else {
                table.set(name, spread(column, &rows));
            }
        }
    }
    Ok(table)
}

/// The column's values in the order of the clusters; what is missing is NaN, false or empty.
fn spread(column: &TableColumn, rows: &[Option<usize>]) -> TableColumn {
    let complete = rows.iter().all(Option::is_some);
    match column {
        TableColumn::Int(v) if complete => {
            TableColumn::Int(rows.iter().flatten().filter_map(|&r| v.get(r).copied()).collect())
        }
        TableColumn::Int(_) | TableColumn::Float(_) => TableColumn::Float(
            rows.iter().map(|row| row.and_then(|r| column.number(r)).unwrap_or(f64::NAN)).collect(),
        ),
        TableColumn::Bool(v) => {
            TableColumn::Bool(rows.iter().map(|row| row.is_some_and(|r| v.get(r) == Some(&true))).collect())
        }
        TableColumn::Text(_) => {
            TableColumn::Text(rows.iter().map(|row| row.map_or(String::new(), |r| column.cell(r))).collect())
        }
    }
}

/// phy's labels; old files have them as numbers.
fn groups(column: &TableColumn, rows: &[Option<usize>]) -> TableColumn {
    let word = |cell: String| match cell.as_str() {
        "" | "3" | "nan" => "unsorted".to_owned(),
        "0" => "noise".to_owned(),
        "1" => "mua".to_owned(),
        "2" => "good".to_owned(),
        _ => cell,
    };
    TableColumn::Text(rows.iter().map(|row| word(row.map_or(String::new(), |r| column.cell(r)))).collect())
}

/// The tables of a folder in order of their names. `cluster_info.tsv` is a snapshot of the others: not trusted.
fn files(folder: &Path) -> Result<Vec<PathBuf>, Error> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(|source| Error::io("list", folder, source))? {
        let path = entry.map_err(|source| Error::io("list", folder, source))?.path();
        let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
        let table = name.ends_with(".tsv") || name.ends_with(".csv");
        if table && name.starts_with("cluster_") && !name.starts_with("cluster_info") {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}
