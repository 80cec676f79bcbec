//! The table of units as a sorting.

use super::{
    file::File,
    series::{Clock, choose},
    series_of,
};
use crate::{
    data::{Id, Sorting, Table, TableColumn},
    io::{
        Error,
        numpy_folder::id_of,
        spikes::{SpikeColumns, Spikes},
    },
};
use hdf5_reader::group::Group;
use std::path::Path;

/// Rates that recording systems have, in Hz.
const USUAL_RATES: [f64; 12] = [
    10_000.0,
    12_500.0,
    15_000.0,
    16_000.0,
    20_000.0,
    24_000.0,
    24_414.062_5,
    25_000.0,
    30_000.0,
    32_000.0,
    40_000.0,
    50_000.0,
];
/// Fewer spikes may all fall on samples of a rate by chance.
const SPIKES_FOR_RATE: usize = 100;
/// Times written in whole microseconds are off by so much of a sample.
const OFF_SAMPLE: f64 = 0.03;

/// The table of units of a file, if any.
pub(super) fn path_of(file: &File) -> Result<Option<String>, Error> {
    if file.find_group("units")?.is_some() {
        return Ok(Some("units".to_owned()));
    }
    Ok(file.of_type("Units", "processing")?.into_iter().next())
}

/// Reads the spikes of a file; a spike's sample counts from the start of the electrical series, if there is one.
///
/// The sampling frequency is the given one, else that of the series, `1 / resolution` of the spike times, or the
/// lowest usual rate of which all spike times are whole samples.
///
/// # Errors
/// Where there are no units, columns do not fit each other, or no sampling frequency is known.
pub(in crate::io) fn read_sorting(path: &Path, sampling_frequency: Option<f64>) -> Result<Sorting, Error> {
    let file = File::open(path)?;
    let table = path_of(&file)?.ok_or_else(|| Error::format(path, "the file has no table of units"))?;
    let table = file.group(&table)?;
    let id = file.column(&table, "id")?;
    let unit_ids: Vec<Id> = match file.find(&table, "unit_name")? {
        Some(names) if names.is_text() => names.texts()?.into_iter().map(Id::Text).collect(),
        _ => id.numbers()?.into_iter().map(|id| id_of(&id.to_string())).collect(),
    };
    let times_column = file.column(&table, "spike_times")?;
    let times = times_column.numbers()?;
    let index = file.column(&table, "spike_times_index")?;
    let ends: Vec<usize> = index.numbers()?.into_iter().map(|end| end as usize).collect();
    let in_order = ends.is_sorted() && ends.last().is_none_or(|&end| end <= times.len());
    if ends.len() != unit_ids.len() || !in_order {
        return Err(index.wrong(&format!(
            "{} ends that reach {} do not divide {} spike times among {} units",
            ends.len(),
            ends.last().copied().unwrap_or(0),
            times.len(),
            unit_ids.len()
        )));
    }
    let clock = match series_of(&file)?.is_empty() {
        true => None,
        false => Some(Clock::read(&file, &file.group(&choose(&file, None)?)?)?),
    };
    let start_s = clock.as_ref().map_or(0.0, |clock| clock.start_s);
    let resolution =
        times_column.number_attribute("resolution").filter(|step| step.is_finite() && *step > 0.0);
    let rate = sampling_frequency
        .or(clock.map(|clock| clock.rate))
        .or(resolution.map(|step| 1.0 / step))
        .or_else(|| rate_of(&times))
        .ok_or_else(|| {
            times_column.wrong(
                "nothing in the file tells the sampling frequency (no electrical series, no resolution, and the \
                 times are no whole samples of a usual rate): give --sampling-frequency",
            )
        })?;
    let mut unit_index = Vec::with_capacity(times.len());
    for (unit, &end) in ends.iter().enumerate() {
        unit_index.resize(end, unit as i64);
    }
    let used = &times[..unit_index.len()];
    if let Some(bad) = used.iter().find(|time| !time.is_finite()) {
        return Err(times_column.wrong(&format!("a spike at {bad} s")));
    }
    let sample_index = used.iter().map(|time| ((time - start_s) * rate).round_ties_even() as i64).collect();
    let spikes =
        Spikes { sample_index, unit_index, segment_index: Vec::new(), columns: SpikeColumns::default() };
    let mut sorting = spikes.into_sorting(path, rate, unit_ids, 1)?;
    sorting.properties = properties(&file, &table, sorting.num_units())?;
    Ok(sorting)
}

/// The lowest usual rate of which all times are whole samples.
fn rate_of(times: &[f64]) -> Option<f64> {
    if times.len() < SPIKES_FOR_RATE {
        return None;
    }
    let off = |time: &f64, rate: f64| (time * rate - (time * rate).round()).abs();
    USUAL_RATES.into_iter().find(|&rate| times.iter().all(|time| off(time, rate) <= OFF_SAMPLE))
}

/// Columns that have a value a unit.
fn properties(file: &File, table: &Group, units: usize) -> Result<Table, Error> {
    let (_, names) = table.member_names().map_err(|error| file.wrong("units", &error.to_string()))?;
    let known = ["id", "unit_name", "spike_times"];
    let mut properties = Table::default();
    for name in names.iter().filter(|name| !known.contains(&name.as_str()) && !name.ends_with("_index")) {
        // Ragged columns have something of each spike or channel.
        if names.contains(&format!("{name}_index")) {
            continue;
        }
        let column = file.column(table, name)?;
        if column.shape() != [units] {
            continue;
        }
        if column.is_text() {
            properties.set(name, TableColumn::Text(column.texts()?));
        } else if column.dtype().is_some() {
            properties.set(name, TableColumn::Float(column.numbers()?));
        }
    }
    Ok(properties)
}
