//! Blank stretches with artefacts.

use crate::{
    data::Stage,
    pipeline::{
        Category, Inputs, Node, NodeError, NodeInfo, Outputs, ParamProblem, Port, PortType, PythonNames,
        PythonStep, RunContext, Work, literal,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which stretches to blank.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SilencePeriodsParams {
    /// Stretches as `(start_frame, end_frame)`, a list for each segment: `[[(30000, 33000)], []]`. The end is left out.
    #[schemars(extend("unit" = "frames", "label" = "Periods"))]
    pub list_periods: Vec<Vec<(usize, usize)>>,
}

/// Sets samples of the given stretches to zero.
pub struct SilencePeriods;

impl Node for SilencePeriods {
    type Params = SilencePeriodsParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "silence_periods",
        label: "Silence periods",
        summary: "Sets stretches with artefacts, such as stimulation, to zero on all channels.",
        source: "SpikeInterface silence_periods (mode zeros)",
        category: Category::Preprocess,
        search: &["artifact", "artefact", "blank", "stimulation", "zero", "remove_artifacts"],
        version: 1,
        work: Work::Lazy,
        inputs: &[Port::new("recording", PortType::Recording)],
        outputs: &[Port::new("recording", PortType::Recording)],
    };

    fn check(&self, params: &Self::Params) -> Vec<ParamProblem> {
        let periods = params.list_periods.iter().flatten();
        periods
            .filter(|(start, end)| start >= end)
            .map(|(start, end)| ParamProblem {
                field: "list_periods".into(),
                message: format!("the period ({start}, {end}) ends before it starts"),
            })
            .take(1)
            .collect()
    }

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        let (from, to) = (names.input("recording"), names.output("recording"));
        let periods = literal(&params.list_periods);
        Some(PythonStep::default().and(format!("{to} = silenced_periods({from}, {periods})")))
    }

    fn run(&self, params: &Self::Params, inputs: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        let recording = inputs.recording("recording")?;
        let segments = &recording.info().segments;
        if params.list_periods.len() > segments.len() {
            return Err(NodeError::Input(format!(
                "list_periods has periods for {} segments, the recording has {}",
                params.list_periods.len(),
                segments.len()
            )));
        }
        let mut periods = Vec::new();
        for (index, (list, segment)) in params.list_periods.iter().zip(segments).enumerate() {
            for &(start, end) in list {
                if end > segment.num_frames {
                    return Err(NodeError::Input(format!(
                        "list_periods: ({start}, {end}) is beyond the end of segment {index}, which has {} frames",
                        segment.num_frames
                    )));
                }
                periods.push((index, start, end));
            }
        }
        periods.sort_unstable();
        // Nothing to blank changes nothing: the recipe stays as it is.
        if periods.is_empty() {
            return Ok(Outputs::one("recording", recording.clone()));
        }
        Ok(Outputs::one("recording", recording.with_stage(Stage::SilencePeriods { periods })?))
    }
}
