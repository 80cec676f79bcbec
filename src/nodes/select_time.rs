//! Keep a stretch of a recording.

use crate::{
    data::Stage,
    pipeline::{
        Category, Inputs, Node, NodeError, NodeInfo, Outputs, ParamProblem, Port, PortType, PythonNames,
        PythonStep, RunContext, Work, literal,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which stretch to keep.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SelectTimeParams {
    /// Start of the stretch, counted from the first sample of each segment.
    #[schemars(range(min = 0.0), extend("unit" = "s", "soft" = [0.0, 600.0]))]
    pub start_time: f64,
    /// End of the stretch, counted from the first sample of each segment. None keeps everything to the end.
    #[schemars(range(min = 0.0), extend("unit" = "s", "soft" = [0.0, 600.0]))]
    pub end_time: Option<f64>,
    /// Keep this segment alone, 0 being the first. None keeps all.
    pub segment_index: Option<usize>,
}

/// Moves the bounds of the segments; nothing is read.
pub struct SelectTime;

impl Node for SelectTime {
    type Params = SelectTimeParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "select_time",
        label: "Select time",
        summary: "Keeps a stretch of a recording, in seconds from the start of each segment.",
        source: "SpikeInterface time_slice, frame_slice",
        category: Category::Shape,
        search: &["time_slice", "frame_slice", "crop", "trim", "segment", "cut"],
        version: 1,
        work: Work::Lazy,
        inputs: &[Port::new("recording", PortType::Recording)],
        outputs: &[Port::new("recording", PortType::Recording)],
    };

    fn check(&self, params: &Self::Params) -> Vec<ParamProblem> {
        match params.end_time {
            Some(end) if end <= params.start_time => vec![ParamProblem {
                field: "end_time".into(),
                message: format!("the end ({end} s) must be after the start ({} s)", params.start_time),
            }],
            _ => Vec::new(),
        }
    }

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        let (from, to) = (names.input("recording"), names.output("recording"));
        let segment =
            params.segment_index.map(|index| format!(".select_segments([{index}])")).unwrap_or_default();
        let end = params.end_time.map_or(String::new(), |end| format!(", {}", literal(end)));
        let start = literal(params.start_time);
        Some(PythonStep::default().and(format!("{to} = selected_time({from}{segment}, {start}{end})")))
    }

    fn run(&self, params: &Self::Params, inputs: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        let recording = inputs.recording("recording")?;
        let info = recording.info();
        if let Some(index) = params.segment_index
            && index >= info.segments.len()
        {
            return Err(NodeError::Input(format!(
                "segment_index {index} of a recording of {} segments (0 is the first)",
                info.segments.len()
            )));
        }
        let frame = |seconds: f64, num_frames: usize| {
            ((seconds * info.sampling_frequency).round() as usize).min(num_frames)
        };
        let ranges: Vec<(usize, usize)> = info
            .segments
            .iter()
            .enumerate()
            .map(|(index, segment)| {
                if params.segment_index.is_some_and(|kept| kept != index) {
                    return (0, 0);
                }
                let end = params.end_time.map_or(segment.num_frames, |end| frame(end, segment.num_frames));
                (frame(params.start_time, segment.num_frames), end)
            })
            .collect();
        if ranges.iter().all(|(start, end)| start >= end) {
            let longest = info.segments.iter().map(|s| s.num_frames).max().unwrap_or(0);
            return Err(NodeError::Input(format!(
                "nothing is left: start_time is {} s, but the longest segment ends at {:.3} s",
                params.start_time,
                longest as f64 / info.sampling_frequency
            )));
        }
        // A segment that ends before the start is dropped.
        let ranges = ranges.into_iter().map(|(start, end)| (start, end.max(start))).collect();
        Ok(Outputs::one("recording", recording.with_stage(Stage::SelectFrames { ranges })?))
    }
}
