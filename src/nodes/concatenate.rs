//! Recordings one after the other.

use crate::{
    data::{Recording, RecordingInfo, Source, SourceError, Table, TableColumn},
    engine::chain,
    pipeline::{
        Category, Coordinate, CoordinateValue, Inputs, Node, NodeError, NodeInfo, Outputs, OwnItem, Port,
        PortType, PythonNames, PythonStep, RunContext, Value, Work, literal,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{collections::BTreeSet, sync::Arc};

/// What lies between two recordings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Gap {
    /// Nothing: the next one starts with the following sample.
    #[default]
    None,
    /// Silence: zeros of the length given.
    Silence,
    /// They stay segments of their own; filters do not run across.
    Segments,
}

/// Recordings follow one another in the order in which they come, which is that of the study, and that of the wires.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ConcatenateParams {
    /// What lies between two recordings.
    pub gap: Gap,
    /// Length of the silence between two recordings.
    #[schemars(range(min = 0.0, max = 3_600_000.0), extend("unit" = "ms", "soft" = [0.0, 1000.0]))]
    pub gap_ms: f64,
    /// Go on without recordings that cannot be had, and say so. Otherwise their group fails.
    pub skip_missing: bool,
}

impl Default for ConcatenateParams {
    fn default() -> Self {
        Self { gap: Gap::None, gap_ms: 100.0, skip_missing: false }
    }
}

/// Joins a collection of recordings, or each group of it, into one, and says where each part lies.
pub struct Concatenate;

impl Node for Concatenate {
    type Params = ConcatenateParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "concatenate",
        label: "Concatenate",
        summary: "Joins recordings of the same channels, all or each group, one after the other.",
        source: "SpikeInterface concatenate_recordings, append_recordings",
        category: Category::Shape,
        search: &["concatenate_recordings", "append_recordings", "append", "join", "merge sessions", "study"],
        version: 2,
        work: Work::Lazy,
        inputs: &[Port::new("recording", PortType::Recording).many()],
        outputs: &[Port::new("recording", PortType::Recording), Port::new("parts", PortType::Table)],
    };

    // The parts name the items; the recording itself does not depend on their names.
    fn uses_coordinates(&self, _: &Self::Params) -> bool {
        true
    }

    fn takes_what_is_there(&self, params: &Self::Params) -> bool {
        params.skip_missing
    }

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        let (from, to) = (names.inputs("recording"), names.output("recording"));
        let (items, parts) = (names.items("recording"), names.output("parts"));
        let told = match params.gap {
            Gap::None => String::new(),
            Gap::Segments => ", segments=True".to_owned(),
            Gap::Silence => format!(", gap_ms={}", literal(params.gap_ms)),
        };
        let mut step = PythonStep::default();
        if !params.skip_missing && names.single("recording").is_none() {
            step = step.and(format!("all_there({items})"));
        }
        let step = step.and(format!("{to} = joined_recordings({from}{told})"));
        Some(match names.is_used("parts") {
            true => step.and(format!("{parts} = parts_table({items}{told})")),
            false => step,
        })
    }

    fn run(&self, params: &Self::Params, inputs: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        let mut items = Vec::new();
        for (coordinate, value) in inputs.many("recording") {
            match value {
                Value::Recording(recording) => items.push((coordinate, recording.clone())),
                other => {
                    return Err(NodeError::Input(format!(
                        "input \"recording\" takes Recording, not {} ({coordinate})",
                        other.port_type()
                    )));
                }
            }
        }
        let Some((_, first)) = items.first() else {
            return Err(NodeError::Input("input \"recording\" is not connected".into()));
        };
        for (coordinate, recording) in &items {
            let (own, of_first) = (recording.info(), first.info());
            let named = |what: String| {
                let reason = format!("{coordinate} {what}: filter the items first, or bring them together");
                Err(NodeError::Input(format!("input \"recording\": {reason}")))
            };
            let (rate, other) = (own.sampling_frequency, of_first.sampling_frequency);
            if (rate - other).abs() > 1e-6 * other {
                return named(format!("is sampled at {rate} Hz, the first item at {other} Hz"));
            }
            if own.num_channels() != of_first.num_channels() {
                let (count, other) = (own.num_channels(), of_first.num_channels());
                return named(format!("has {count} channels, the first item {other}"));
            }
        }
        let gap_frames = match params.gap {
            Gap::Silence => (params.gap_ms * 1e-3 * first.info().sampling_frequency).round() as usize,
            Gap::None | Gap::Segments => 0,
        };
        let parts = parts(&items, params.gap, gap_frames);
        let mut recordings: Vec<Recording> = Vec::with_capacity(2 * items.len());
        for (_, recording) in items {
            if let (Some(last), true) = (recordings.last(), gap_frames > 0) {
                recordings.push(Silence::like(last.info(), gap_frames));
            }
            recordings.push(recording);
        }
        let joined = match params.gap {
            Gap::Segments => chain::append(&recordings)?,
            Gap::None | Gap::Silence => chain::concatenate(&recordings)?,
        };
        let item = OwnItem {
            coordinate: Coordinate::default(),
            facts: json!([params.gap == Gap::Segments, gap_frames]),
            files: Vec::new(),
            of_inputs: true,
            value: Ok(Value::from(joined)),
        };
        Ok(Outputs::one("parts", parts).and_own("recording", vec![item]))
    }
}

/// Where each segment of each recording lies in what they are joined to: a row a segment, the keys first.
fn parts(items: &[(&Coordinate, Recording)], gap: Gap, gap_frames: usize) -> Table {
    let mut rows: Vec<(&Coordinate, [i64; 4])> = Vec::new();
    let (mut start, mut segment_index) = (0, 0);
    for (coordinate, recording) in items {
        for (own, segment) in recording.info().segments.iter().enumerate() {
            rows.push((coordinate, [own as i64, segment_index, start, segment.num_frames as i64]));
            match gap {
                Gap::Segments => segment_index += 1,
                Gap::None | Gap::Silence => start += segment.num_frames as i64,
            }
        }
        start += gap_frames as i64;
    }
    let keys: BTreeSet<&String> = items.iter().flat_map(|(coordinate, _)| coordinate.keys().keys()).collect();
    let mut table = Table::default();
    for key in keys {
        let cells: Vec<Option<&CoordinateValue>> = rows.iter().map(|(c, _)| c.keys().get(key)).collect();
        let whole = cells.iter().map(|cell| match cell {
            Some(CoordinateValue::Int(value)) => Some(*value),
            _ => None,
        });
        let text = |cell: &Option<&CoordinateValue>| cell.map(ToString::to_string).unwrap_or_default();
        let column = match whole.collect::<Option<Vec<i64>>>() {
            Some(whole) => TableColumn::Int(whole),
            None => TableColumn::Text(cells.iter().map(text).collect()),
        };
        table.set(key, column);
    }
    for (index, name) in ["of_segment", "segment_index", "start_frame", "num_frames"].iter().enumerate() {
        table.set(name, TableColumn::Int(rows.iter().map(|(_, row)| row[index]).collect()));
    }
    let rate = items.first().map_or(1.0, |(_, recording)| recording.info().sampling_frequency);
    table.set("start_s", TableColumn::Float(rows.iter().map(|(_, row)| row[2] as f64 / rate).collect()));
    table
}

/// Zeros on all channels.
#[derive(Debug)]
struct Silence(RecordingInfo);

impl Silence {
    fn like(info: &RecordingInfo, num_frames: usize) -> Recording {
        let mut info = info.clone();
        info.segments.truncate(1);
        if let Some(segment) = info.segments.first_mut() {
            (segment.num_frames, segment.t_start_s) = (num_frames, None);
        }
        Recording::new(Arc::new(Silence(info)))
    }
}

impl Source for Silence {
    fn info(&self) -> &RecordingInfo {
        &self.0
    }

    fn read(&self, _: usize, _: usize, out: &mut [f32]) -> Result<(), SourceError> {
        out.fill(0.0);
        Ok(())
    }
}
