//! The spikes of a zarr store.

use super::{array, arrays, attributes, ids, number};
use crate::{
    data::{Sorting, Table},
    io::{
        Error, properties,
        spikes::{SpikeColumns, Spikes},
    },
};
use std::path::Path;

/// True where a store, or a group of it, holds spikes.
pub(in crate::io) fn is_sorting(folder: &Path) -> bool {
    folder.join(".zgroup").is_file() && folder.join("spikes/sample_index/.zarray").is_file()
}

/// Reads the spikes of a store and what is known of its units.
///
/// # Errors
/// Where an attribute or array is missing or damaged, or they do not fit each other.
pub(in crate::io) fn read_sorting(folder: &Path) -> Result<Sorting, Error> {
    read_sorting_with(folder, SpikeColumns::default())
}

/// Reads spikes whose amplitudes and locations, in the order of the store, are known from elsewhere.
///
/// # Errors
/// As [`read_sorting`].
pub(in crate::io) fn read_sorting_with(folder: &Path, columns: SpikeColumns) -> Result<Sorting, Error> {
    let about = attributes(folder)?;
    let rate = number(&about, "sampling_frequency", folder)?;
    let num_segments = number(&about, "num_segments", folder)? as usize;
    let unit_ids = ids(&array(folder, "unit_ids")?)?;
    let group = folder.join("spikes");
    let column = |name: &str| -> Result<Vec<i64>, Error> {
        let array = array(&group, name)?;
        array.raw()?.numbers(&array.path)
    };
    let sample_index = column("sample_index")?;
    let slices = column("segment_slices")?;
    let mut segment_index = vec![-1; sample_index.len()];
    for (segment, slice) in slices.chunks_exact(2).enumerate() {
        let range = usize::try_from(slice[0]).ok().zip(usize::try_from(slice[1]).ok());
        let spikes = range.and_then(|(start, end)| segment_index.get_mut(start..end)).ok_or_else(|| {
            Error::format(
                &group.join("segment_slices"),
                format!(
                    "spikes {} to {} of {}: copy or export it again",
                    slice[0],
                    slice[1],
                    sample_index.len()
                ),
            )
        })?;
        spikes.fill(segment as i64);
    }
    let spikes = Spikes { sample_index, unit_index: column("unit_index")?, segment_index, columns };
    let mut sorting = spikes.into_sorting(folder, rate, unit_ids, num_segments)?;
    sorting.properties = table(&folder.join("properties"), sorting.num_units())?;
    Ok(sorting)
}

/// The arrays of a group that have a row for each of `rows`, as a table. Objects other than text are left out.
pub(in crate::io) fn table(group: &Path, rows: usize) -> Result<Table, Error> {
    let mut table = Table::default();
    for (name, array) in arrays(group)? {
        if matches!(array.object_codec(), None | Some("vlen-utf8" | "json2" | "json")) {
            properties::add(&mut table, &name, &array.as_raw()?, rows, &array.path)?;
        }
    }
    Ok(table)
}
