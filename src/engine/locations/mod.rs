//! Where units and spikes are.
//!
//! # Source
//! SpikeInterface 0.105 `compute_unit_locations` and `compute_spike_locations`; monopolar triangulation after
//! Boussard et al. 2021.

mod monopolar;
mod spikes;

pub(super) use monopolar::triangulate;
pub use spikes::{SpikeLocationParams, spike_locations, with_locations};

use super::{EngineError, waveforms::main_channels};
use crate::data::{Table, TableColumn, Templates};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a unit is located.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LocationMethod {
    /// Mean of the channels' positions, weighted by their peak-to-peak amplitude.
    CenterOfMass,
    /// The point source whose field fits the peak-to-peak amplitudes best; also says how far it is from the probe.
    #[default]
    MonopolarTriangulation,
}

/// Settings of unit locations.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct UnitLocationParams {
    /// How a unit is located.
    pub method: LocationMethod,
    /// Channels within this distance of the unit's main channel count.
    #[schemars(range(min = 1.0, max = 10_000.0), extend("unit" = "µm", "soft" = [30.0, 200.0]))]
    pub radius_um: f64,
}

impl Default for UnitLocationParams {
    fn default() -> Self {
        Self { method: LocationMethod::MonopolarTriangulation, radius_um: 75.0 }
    }
}

/// Position `[x, y, z]` of each unit in µm, z away from the probe (NaN for the centre of mass); `None` for units
/// without a template.
///
/// # Errors
/// Where the recording has no probe.
pub fn unit_locations(
    templates: &Templates,
    params: &UnitLocationParams,
) -> Result<Vec<Option<[f64; 3]>>, EngineError> {
    if templates.locations_um.len() != templates.channel_ids.len() {
        return Err(EngineError::Data(
            "units cannot be located without the positions of the channels: set a probe on the reader".into(),
        ));
    }
    let places = &templates.locations_um;
    Ok(main_channels(templates)
        .into_iter()
        .enumerate()
        .map(|(unit, main)| {
            let [x, y] = places[main?.0];
            let (contacts, sizes): (Vec<[f64; 2]>, Vec<f64>) = templates.channel_indices[unit]
                .iter()
                .zip(templates.waveforms[unit].columns())
                .map(|(&channel, waveform)| {
                    (places[channel as usize], peak_to_peak(waveform.iter().copied()))
                })
                .filter(|(place, _)| (place[0] - x).hypot(place[1] - y) <= params.radius_um)
                .unzip();
            let [x, y] = center_of_mass(&contacts, &sizes);
            Some(match params.method {
                LocationMethod::CenterOfMass => [x, y, f64::NAN],
                LocationMethod::MonopolarTriangulation => triangulate(&contacts, &sizes, [x, y], 0.0),
            })
        })
        .collect())
}

/// Locations as a table: `unit_id`, `x`, `y`, `z` in µm; without z for the centre of mass.
///
/// # Errors
/// As [`unit_locations`].
pub fn unit_locations_table(
    templates: &Templates,
    params: &UnitLocationParams,
) -> Result<Table, EngineError> {
    let found = unit_locations(templates, params)?;
    let axis = |i: usize| TableColumn::Float(found.iter().map(|p| p.map_or(f64::NAN, |p| p[i])).collect());
    let mut table = Table::default();
    table.set("unit_id", super::compare::id_column(templates.unit_ids.iter()));
    table.set("x", axis(0));
    table.set("y", axis(1));
    if params.method == LocationMethod::MonopolarTriangulation {
        table.set("z", axis(2));
    }
    Ok(table)
}

pub(super) fn peak_to_peak(values: impl Iterator<Item = f32>) -> f64 {
    let (low, high) = values.fold((f32::INFINITY, f32::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    if high >= low { f64::from(high) - f64::from(low) } else { 0.0 }
}

pub(super) fn center_of_mass(places: &[[f64; 2]], weights: &[f64]) -> [f64; 2] {
    let total: f64 = weights.iter().sum();
    let axis = |i: usize| places.iter().zip(weights).map(|(p, w)| p[i] * w).sum::<f64>() / total;
    [axis(0), axis(1)]
}

#[cfg(test)]
mod tests;
