//! Tables of recordings: CSV, TSV or JSON.

use super::{Entry, Place, SETTINGS, Study, signac, spikeforest};
use crate::{
    data::TableColumn,
    io::{Error, csv, json, mda::FIRINGS_TRUTH},
};
use serde_json::{Map, Value as Json};
use std::{collections::BTreeMap, path::Path};

/// The column that holds the path of the true spikes.
const TRUTH: &str = "truth";

/// Reads the table, or the SpikeForest JSON, a study names.
pub(super) fn read(study: &Study) -> Result<Vec<Entry>, Error> {
    let path = &study.path;
    let is_json = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("json"));
    let (rows, uneven) = if is_json {
        let value = json::read(path)?;
        if let Some(found) = spikeforest::entries(path, &value) {
            return Ok(found);
        }
        (rows_of_json(path, value)?, Vec::new())
    } else {
        rows_of_csv(path)?
    };
    if rows.is_empty() {
        return Err(Error::format(path, "the table has no rows"));
    }
    let column = path_column(study);
    if !rows.iter().any(|row| row.contains_key(column)) {
        let mut names: Vec<&str> = Vec::new();
        for name in rows.iter().flat_map(|row| row.keys()) {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        return Err(Error::format(
            path,
            format!(
                "there is no column \"{column}\" with the paths; the columns are {}: say in path_column which it is",
                names.join(", ")
            ),
        ));
    }
    let rows = rows.into_iter().enumerate();
    let mut entries: Vec<Entry> =
        rows.map(|(index, row)| entry(study, index, row)).collect::<Result<_, _>>()?;
    for (row, reason) in uneven {
        if let Some(entry) = entries.get_mut(row) {
            entry.place = Place::Nowhere(row_name(row), reason);
        }
    }
    Ok(entries)
}

/// What names a row, from 0, that says no path.
fn row_name(index: usize) -> String {
    format!("row {}", index + 1)
}

/// Rows, and what is wrong with those that have too few or too many cells.
type Rows = (Vec<Map<String, Json>>, Vec<(usize, String)>);

fn rows_of_csv(path: &Path) -> Result<Rows, Error> {
    let (table, uneven) = csv::read_uneven(path)?;
    // Whole numbers among which some are missing.
    let is_whole = |column: &TableColumn| {
        let mut values = (0..column.len()).filter_map(|row| column.number(row));
        values.all(|x| x.fract() == 0.0 && x.abs() < 9e15)
    };
    let whole: Vec<bool> = table.columns.iter().map(|(_, column)| is_whole(column)).collect();
    let row = |row: usize| {
        let cell = |((name, column), is_whole): (&(String, TableColumn), &bool)| {
            let text = column.cell(row);
            let value = match column {
                _ if text.is_empty() => Json::Null,
                TableColumn::Float(_) if *is_whole => {
                    column.number(row).map_or(Json::Null, |x| Json::from(x as i64))
                }
                TableColumn::Int(_) | TableColumn::Float(_) => text.parse().map_or(Json::Null, Json::Number),
                TableColumn::Bool(values) => values.get(row).map_or(Json::Null, |&v| Json::from(v)),
                TableColumn::Text(_) => Json::from(text),
            };
            (name.clone(), value)
        };
        table.columns.iter().zip(&whole).map(cell).collect()
    };
    Ok(((0..table.num_rows()).map(row).collect(), uneven))
}

/// A list of objects, an object with such a list as `recordings`, or an object of columns.
fn rows_of_json(path: &Path, value: Json) -> Result<Vec<Map<String, Json>>, Error> {
    let wrong = |message: &str| Err(Error::format(path, message));
    let list = match value {
        Json::Array(list) => list,
        Json::Object(mut fields) => match fields.remove("recordings") {
            Some(Json::Array(list)) => list,
            _ if !fields.is_empty() && fields.values().all(Json::is_array) => {
                let count = fields.values().filter_map(Json::as_array).map(Vec::len).max().unwrap_or(0);
                let cell = |column: &Json, row: usize| column.get(row).cloned().unwrap_or(Json::Null);
                return Ok((0..count)
                    .map(|row| {
                        fields.iter().map(|(name, column)| (name.clone(), cell(column, row))).collect()
                    })
                    .collect());
            }
            _ => return wrong("a list of recordings expected, or an object with the list \"recordings\""),
        },
        _ => return wrong("a list of recordings expected"),
    };
    list.into_iter()
        .enumerate()
        .map(|(index, row)| match row {
            Json::Object(fields) => Ok(fields),
            Json::String(file) => Ok(Map::from_iter([("path".to_owned(), Json::from(file))])),
            _ => Err(Error::format(
                path,
                format!("recording {index}: an object such as {{\"path\": …}} expected"),
            )),
        })
        .collect()
}

fn path_column(study: &Study) -> &str {
    if study.path_column.is_empty() { "path" } else { &study.path_column }
}

/// The columns of a row: those of an object in it are its name and theirs, as in the state points of signac.
fn flat(row: Map<String, Json>) -> Map<String, Json> {
    let mut columns = Map::new();
    for (name, value) in row {
        match value {
            Json::Object(inner) => {
                let mut found = BTreeMap::new();
                signac::flatten(&name, inner, &mut found);
                columns.extend(found);
            }
            value => drop(columns.insert(name, value)),
        }
    }
    columns
}

fn entry(study: &Study, index: usize, row: Map<String, Json>) -> Result<Entry, Error> {
    let mut row = flat(row);
    let table = &study.path;
    let column = path_column(study);
    let base = table.parent().unwrap_or(Path::new(""));
    let place = match row.shift_remove(column) {
        Some(Json::String(path)) if !path.trim().is_empty() => Place::Path(base.join(path.trim())),
        Some(_) => Place::Nowhere(row_name(index), format!("its column \"{column}\" is empty")),
        None => Place::Nowhere(row_name(index), format!("it has no \"{column}\"")),
    };
    let truth = row.shift_remove(TRUTH).and_then(|value| value.as_str().map(|path| base.join(path)));
    let beside = |place: &Place| match place {
        Place::Path(path) => Some(path.join(FIRINGS_TRUTH)).filter(|truth| truth.is_file()),
        _ => None,
    };
    let truth = truth.or_else(|| beside(&place)).map(Ok);
    let mut settings = Map::new();
    for name in SETTINGS {
        if study.keys.iter().any(|key| key == name) {
            continue;
        }
        match row.shift_remove(name) {
            // A path of a probe starts where the table is.
            Some(Json::String(probe)) if name == "probe" && base.join(&probe).is_file() => {
                settings.insert(name.to_owned(), base.join(probe).to_string_lossy().into_owned().into());
            }
            Some(Json::Null) | None => {}
            Some(value) => drop(settings.insert(name.to_owned(), value)),
        }
    }
    if let Some(missing) = study.keys.iter().find(|key| !row.contains_key(*key)) {
        let names: Vec<&str> = row.keys().map(String::as_str).collect();
        return Err(Error::format(
            table,
            format!("there is no column \"{missing}\" to be a key; the columns are {}", names.join(", ")),
        ));
    }
    let is_key = |name: &String| study.keys.is_empty() || study.keys.contains(name);
    let is_plain = |value: &Json| value.is_string() || value.is_number() || value.is_boolean();
    let mut keys: BTreeMap<String, Json> =
        row.into_iter().filter(|(name, value)| is_key(name) && is_plain(value)).collect();
    if keys.is_empty() {
        keys.insert("row".to_owned(), Json::from(index + 1));
    }
    Ok(Entry { keys, truth, settings, ..Entry::of(place) })
}
