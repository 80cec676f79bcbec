//! The columns that every sorting has, before those of tables and properties.

use crate::{
    app::texts::{self, Words},
    data::{RAW_UNITS, Sorting, TableColumn},
    inspect::{MeanWaveforms, UnitSummary},
};

/// How many there are.
pub(super) const OWN: usize = 7;

/// What amplitudes are in, those of the sorting, else those of the mean waveforms; `None` where there are none.
pub(super) fn amplitude_unit(sorting: &Sorting, means: Option<&MeanWaveforms>) -> Option<&'static str> {
    let own = sorting.segments.iter().any(|s| s.amplitude.is_some()).then_some(sorting.amplitudes_in_uv);
    own.or_else(|| means.map(|m| m.templates.in_uv)).map(|in_uv| if in_uv { "µV" } else { RAW_UNITS })
}

/// What the first columns are called.
pub(super) fn names(sorting: &Sorting, means: Option<&MeanWaveforms>) -> [String; OWN] {
    let amplitude = match amplitude_unit(sorting, means) {
        None => texts::units::ampl().to_owned(),
        // There is room for few words.
        Some(RAW_UNITS) => texts::units::ampl_raw().to_owned(),
        Some(unit) => texts::units::ampl_in(&unit),
    };
    [
        texts::units::unit().to_owned(),
        texts::units::spikes().to_owned(),
        texts::units::rate_hz().to_owned(),
        amplitude,
        texts::units::snr().to_owned(),
        texts::units::viol_percent().to_owned(),
        texts::units::depth_um().to_owned(),
    ]
}

/// What the first columns are called in files.
pub(super) const IN_FILES: [&str; OWN] =
    ["unit_id", "num_spikes", "firing_rate", "amplitude", "snr", "isi_violations_percent", "depth_um"];

/// What the first columns mean.
pub(super) const HINTS: [Words; OWN] = [
    texts::units::name_of_the_unit,
    texts::units::spikes_in_all_segments,
    texts::units::spikes_per_second,
    texts::units::median_amplitude,
    texts::units::largest_value_over_noise,
    texts::units::intervals_under,
    texts::units::where_the_unit_sits,
];

/// What stands in a cell.
pub(super) enum Cell {
    Count(u64),
    Number(f64),
    Pending,
    Missing,
}

/// The cell of a unit in one of the first columns.
pub(super) fn value(
    index: usize,
    unit: usize,
    sorting: &Sorting,
    summary: Option<&UnitSummary>,
    means: Option<&MeanWaveforms>,
    snr: Option<&TableColumn>,
) -> Cell {
    let Some(row) = summary.and_then(|s| s.rows.get(unit)) else {
        return Cell::Pending;
    };
    let complete = summary.is_some_and(UnitSummary::is_complete);
    let known = |value: Option<f64>| match value {
        Some(value) => Cell::Number(value),
        None if complete => Cell::Missing,
        None => Cell::Pending,
    };
    match index {
        1 => Cell::Count(row.num_spikes as u64),
        2 => Cell::Number(row.rate_hz),
        3 => known(row.amplitude.or_else(|| means?.amplitude(unit)).map(f64::from)),
        4 if snr.is_some() => known(snr.and_then(|c| c.number(unit))),
        4 => match means {
            Some(means) => match means.snr.get(unit).copied().flatten() {
                Some(snr) => Cell::Number(f64::from(snr)),
                None if means.share < 1.0 => Cell::Pending,
                None => Cell::Missing,
            },
            None => Cell::Missing,
        },
        5 => known(row.violations_percent),
        _ => {
            let own = row.location_um.map(|l| f64::from(l[1]));
            let from_means = || {
                let templates = &means?.templates;
                let (channel, _, value) = templates.extremum(unit)?;
                (value != 0.0).then(|| templates.locations_um.get(channel).map(|l| l[1])).flatten()
            };
            let property = || {
                ["y_um", "y", "depth_um", "depth"]
                    .iter()
                    .find_map(|n| sorting.properties.column(n)?.number(unit))
            };
            known(own.or_else(property).or_else(from_means))
        }
    }
}
