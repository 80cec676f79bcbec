//! Stretches of a recording as recordings of their own.

use crate::{
    data::{RecordingInfo, Stage},
    pipeline::{
        Category, Coordinate, CoordinateValue, Inputs, Node, NodeError, NodeInfo, Outputs, OwnItem,
        ParamProblem, Port, PortType, PythonNames, PythonStep, RunContext, Value, Work, literal,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What the stretches are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SplitTime {
    /// Windows of equal length, one after the other, in each segment; key window.
    #[default]
    Window,
    /// Each segment by itself; key segment.
    Segment,
    /// From each event to its end, where it has a length; keys event and label.
    Epoch,
    /// The time around each event; keys event and label.
    Event,
}

/// How a recording is split.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SplitByTimeParams {
    /// What the stretches are.
    pub by: SplitTime,
    /// Length of a window; the last one of a segment may be shorter.
    #[schemars(range(min = 0.001), extend("unit" = "s", "soft" = [1.0, 600.0]))]
    pub window_s: f64,
    /// Time before each event.
    #[schemars(range(min = 0.0), extend("unit" = "s", "soft" = [0.0, 10.0]))]
    pub before_s: f64,
    /// Time after each event.
    #[schemars(range(min = 0.0), extend("unit" = "s", "soft" = [0.0, 10.0]))]
    pub after_s: f64,
}

impl Default for SplitByTimeParams {
    fn default() -> Self {
        Self { by: SplitTime::Window, window_s: 60.0, before_s: 0.5, after_s: 1.0 }
    }
}

/// Adds a key to the coordinate: what follows runs once for each stretch.
pub struct SplitByTime;

impl Node for SplitByTime {
    type Params = SplitByTimeParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "split_by_time",
        label: "Split by time",
        summary: "Makes recordings of windows, segments, epochs or the time around events; what follows runs for each.",
        source: "SpikeInterface split_recording, frame_slice",
        category: Category::Shape,
        search: &["split_recording", "segment", "epoch", "trial", "window", "event", "chunks", "study"],
        version: 1,
        work: Work::Lazy,
        inputs: &[
            Port::new("recording", PortType::Recording),
            Port::new("events", PortType::Events).optional(),
        ],
        outputs: &[Port::new("recording", PortType::Recording)],
    };

    fn check(&self, params: &Self::Params) -> Vec<ParamProblem> {
        if params.by == SplitTime::Event && params.before_s + params.after_s <= 0.0 {
            let message = "the time around an event has no length: give before_s or after_s".into();
            return vec![ParamProblem { field: "after_s".into(), message }];
        }
        Vec::new()
    }

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        let items = names.items("recording");
        let found = match params.by {
            SplitTime::Segment => format!("split_by_segment({items})"),
            SplitTime::Window => format!("split_by_window({items}, {})", literal(params.window_s)),
            SplitTime::Epoch | SplitTime::Event if !names.has_input("events") => return None,
            SplitTime::Epoch => format!("split_by_events({items}, {})", names.items("events")),
            SplitTime::Event => {
                let around = [literal(params.before_s), literal(params.after_s)].join(", ");
                format!("split_by_events({items}, {}, {around})", names.items("events"))
            }
        };
        let step = PythonStep::default().and(format!("{} = {found}", names.output("recording")));
        Some(step.over_items())
    }

    fn run(&self, params: &Self::Params, inputs: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        let recording = inputs.recording("recording")?;
        let info = recording.info();
        let stretches = match params.by {
            SplitTime::Window => windows(info, params.window_s),
            SplitTime::Segment => segments(info),
            SplitTime::Epoch | SplitTime::Event => around(info, params, inputs)?,
        };
        if stretches.is_empty() {
            return Err(NodeError::Input("no stretch lies within the recording".into()));
        }
        let mut items = Vec::with_capacity(stretches.len());
        for (coordinate, segment, (start, end)) in stretches {
            let mut ranges = vec![(0, 0); info.segments.len()];
            if let Some(range) = ranges.get_mut(segment) {
                *range = (start, end);
            }
            let part = recording.with_stage(Stage::SelectFrames { ranges })?;
            items.push(OwnItem {
                coordinate,
                // The same stretch is the same recording, whatever it is called.
                facts: json!([segment, start, end]),
                files: Vec::new(),
                of_inputs: true,
                value: Ok(Value::from(part)),
            });
        }
        Ok(Outputs::default().and_own("recording", items))
    }
}

/// Its keys, its segment, its frames.
type Stretch = (Coordinate, usize, (usize, usize));

fn key(name: &str, index: usize) -> Coordinate {
    Coordinate::single(name, CoordinateValue::Int(index as i64))
}

fn windows(info: &RecordingInfo, window_s: f64) -> Vec<Stretch> {
    let length = ((window_s * info.sampling_frequency).round() as usize).max(1);
    let mut found = Vec::new();
    for (segment, frames) in info.segments.iter().map(|s| s.num_frames).enumerate() {
        for start in (0..frames).step_by(length) {
            found.push((key("window", found.len()), segment, (start, (start + length).min(frames))));
        }
    }
    found
}

fn segments(info: &RecordingInfo) -> Vec<Stretch> {
    let segments = info.segments.iter().enumerate().filter(|(_, segment)| segment.num_frames > 0);
    segments.map(|(index, segment)| (key("segment", index), index, (0, segment.num_frames))).collect()
}

fn around(
    info: &RecordingInfo,
    params: &SplitByTimeParams,
    inputs: &Inputs,
) -> Result<Vec<Stretch>, NodeError> {
    let events = inputs.optional_events("events")?.ok_or_else(|| {
        NodeError::Input("input \"events\" is not connected: it says where the stretches are".into())
    })?;
    let mut found = Vec::new();
    for (index, event) in events.events.iter().enumerate() {
        let (from_s, to_s) = match params.by {
            SplitTime::Epoch => (event.time_s, event.time_s + event.duration_s),
            _ => (event.time_s - params.before_s, event.time_s + params.after_s),
        };
        let frames = info.segments.get(event.segment_index).map_or(0, |segment| segment.num_frames);
        let frame = |time_s: f64| (time_s * info.sampling_frequency).round().max(0.0) as usize;
        let (from, to) = (frame(from_s), frame(to_s).min(frames));
        if from < to {
            let mut coordinate = key("event", index);
            if !event.label.is_empty() {
                coordinate.keys_mut().insert("label".into(), CoordinateValue::of_text(&event.label));
            }
            found.push((coordinate, event.segment_index, (from, to)));
        }
    }
    Ok(found)
}
