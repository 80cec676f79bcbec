//! Results of joined recordings, for each of them.

use crate::{
    data::{Sorting, SpikeTrains, Table, TableColumn},
    pipeline::{
        Category, Coordinate, CoordinateValue, Inputs, Node, NodeError, NodeInfo, Outputs, Port, PortType,
        PythonNames, PythonStep, RunContext, TaskClass, Value, Work,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// There is nothing to set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SplitBackParams {}

/// Takes the spikes found in joined recordings apart again; each recording keeps all units.
pub struct SplitBack;

impl Node for SplitBack {
    type Params = SplitBackParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "split_back",
        label: "Split back",
        summary: "Gives each of the recordings that were concatenated its own spikes, in its own time.",
        source: "SpikeInterface split_sorting",
        category: Category::Shape,
        search: &["split_sorting", "unconcatenate", "sessions", "time map", "study"],
        version: 1,
        work: Work::Task(TaskClass::Other),
        inputs: &[Port::new("sorting", PortType::Sorting), Port::new("parts", PortType::Table)],
        outputs: &[Port::new("sorting", PortType::Sorting)],
    };

    fn in_python(&self, _: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        let found = format!("split_back({}, {})", names.items("sorting"), names.items("parts"));
        Some(PythonStep::default().and(format!("{} = {found}", names.output("sorting"))).over_items())
    }

    fn run(&self, _: &Self::Params, inputs: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        let (sorting, parts) = (inputs.sorting("sorting")?, inputs.table("parts")?);
        let mut items: BTreeMap<Coordinate, BTreeMap<i64, SpikeTrains>> = BTreeMap::new();
        for (coordinate, place) in places(parts)? {
            let trains = sorting.segments.get(place.segment).ok_or_else(|| {
                NodeError::Input(format!(
                    "parts: segment {} of a sorting of {} segments: connect the parts of the recording that was sorted",
                    place.segment,
                    sorting.segments.len()
                ))
            })?;
            items
                .entry(coordinate)
                .or_default()
                .insert(place.of_segment, cut(trains, place.start, place.frames));
        }
        let items = items.into_iter().map(|(coordinate, segments)| {
            let segments = segments.into_values().collect();
            let part = Sorting { segments, ..sorting.as_ref().clone() };
            (coordinate, Value::from(part))
        });
        Ok(Outputs::default().and_many("sorting", items.collect()))
    }
}

struct Place {
    of_segment: i64,
    segment: usize,
    start: i64,
    frames: usize,
}

const COLUMNS: [&str; 4] = ["of_segment", "segment_index", "start_frame", "num_frames"];

fn places(parts: &Table) -> Result<Vec<(Coordinate, Place)>, NodeError> {
    let mut columns = Vec::new();
    for name in COLUMNS {
        match parts.column(name) {
            Some(TableColumn::Int(values)) if values.iter().all(|&value| value >= 0) => columns.push(values),
            _ => {
                return Err(NodeError::Input(format!(
                    "parts: no column \"{name}\" of whole numbers: connect the output parts of Concatenate"
                )));
            }
        }
    }
    let is_key = |name: &str| !COLUMNS.contains(&name) && name != "start_s";
    let keys = || parts.columns.iter().filter(|(name, _)| is_key(name));
    let value = |column: &TableColumn, row: usize| match column {
        TableColumn::Int(values) => values.get(row).map(|&value| CoordinateValue::Int(value)),
        _ => {
            let word = column.cell(row);
            let value = CoordinateValue::of_text(&word);
            // 2024.10 is a name.
            let is_same = value.to_string() == word;
            let value = if is_same { value } else { CoordinateValue::Text(word.clone()) };
            Some(value).filter(|_| !word.is_empty())
        }
    };
    let row = |row: usize| {
        let coordinate =
            keys().filter_map(|(name, column)| Some((name.clone(), value(column, row)?))).collect();
        let [of_segment, segment, start, frames] =
            [0, 1, 2, 3].map(|i| columns[i].get(row).copied().unwrap_or(0));
        let place = Place { of_segment, segment: segment as usize, start, frames: frames as usize };
        (coordinate, place)
    };
    Ok((0..parts.num_rows()).map(row).collect())
}

/// The spikes of a stretch, counted from its start.
fn cut(trains: &SpikeTrains, start: i64, frames: usize) -> SpikeTrains {
    let samples = trains.sample_index.as_slice();
    let from = samples.partition_point(|&sample| sample < start);
    let to = samples.partition_point(|&sample| sample < start + frames as i64);
    SpikeTrains {
        sample_index: samples[from..to].iter().map(|sample| sample - start).collect(),
        unit_index: trains.unit_index.as_slice()[from..to].iter().copied().collect(),
        amplitude: trains
            .amplitude
            .as_ref()
            .map(|column| column.as_slice()[from..to].iter().copied().collect()),
        location_um: trains.location_um.as_ref().map(|c| c.as_slice()[from..to].iter().copied().collect()),
        num_frames: Some(frames),
    }
}
