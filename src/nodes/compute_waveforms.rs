//! Waveforms of single spikes and templates.

use crate::{
    engine::{
        chain,
        waveforms::{WaveformParams, extract, select_spikes},
    },
    pipeline::{
        Category, Inputs, Node, NodeError, NodeInfo, Outputs, Port, PortType, PythonNames, PythonStep,
        RunContext, TaskClass, Work, literal,
    },
};
use serde_json::json;

/// Cuts spikes out of the traces and averages them.
pub struct ComputeWaveforms;

impl Node for ComputeWaveforms {
    type Params = WaveformParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "compute_waveforms",
        label: "Waveforms",
        summary: "Cuts some spikes of each unit out of the traces, and averages them to templates.",
        source: "SpikeInterface random_spikes, waveforms, templates",
        category: Category::Look,
        search: &["templates", "average", "snippets", "random_spikes", "extract waveforms", "spike shape"],
        version: 1,
        work: Work::Task(TaskClass::Waveforms),
        inputs: &[Port::new("recording", PortType::Recording), Port::new("sorting", PortType::Sorting)],
        outputs: &[Port::new("waveforms", PortType::Waveforms), Port::new("templates", PortType::Templates)],
    };

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        let (recording, sorting) = (names.input("recording"), names.input("sorting"));
        let (waveforms, templates) = (names.output("waveforms"), names.output("templates"));
        let (seed, radius_um) = (names.seed(), literal(params.radius_um));
        let window = json!({"ms_before": params.ms_before, "ms_after": params.ms_after});
        let extensions = json!({
            "random_spikes": {"max_spikes_per_unit": params.max_spikes_per_unit, "seed": seed},
            "waveforms": window, "templates": window,
        });
        Some(
            PythonStep::default()
                .and(format!("{waveforms} = analyzer_of({sorting}, {recording}, {seed}, {radius_um})"))
                .and(format!("{waveforms}.compute({})", literal(extensions)))
                .and(format!("{templates} = {waveforms}")),
        )
    }

    fn run(
        &self,
        params: &Self::Params,
        inputs: &Inputs,
        context: &RunContext,
    ) -> Result<Outputs, NodeError> {
        let (recording, sorting) = (inputs.recording("recording")?, inputs.sorting("sorting")?);
        let frames: Vec<usize> = recording.info().segments.iter().map(|s| s.num_frames).collect();
        let (before, samples) = params.samples(recording.info().sampling_frequency);
        let selected =
            select_spikes(sorting, &frames, before, samples, params.max_spikes_per_unit, context.seed);
        let waveforms = extract(&chain::compile(recording)?, sorting, selected, params, context)?;
        let templates = waveforms.templates.clone();
        Ok(Outputs::one("waveforms", waveforms).and("templates", templates))
    }
}
