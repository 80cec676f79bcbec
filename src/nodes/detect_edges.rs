//! Where a channel crosses a level.

use crate::{
    data::{Event, Events, Id, RecordingInfo, Table, TableColumn},
    engine::{Monitor, chain},
    pipeline::{
        Category, Inputs, Node, NodeError, NodeInfo, Outputs, ParamProblem, Port, PortType, PythonNames,
        PythonStep, RunContext, TaskClass, Work, literal, named_channels,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which crossings count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Edge {
    /// From below the level to it or above.
    #[default]
    Rising,
    /// From the level or above to below it.
    Falling,
}

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DetectEdgesParams {
    /// Name of the channel. None takes the first.
    pub channel: Option<String>,
    /// The level, in units of the recording.
    pub level: f64,
    /// Which crossings count.
    pub edge: Edge,
    /// Crossings closer than this to the one before do not count.
    #[schemars(range(min = 0.0), extend("unit" = "ms", "soft" = [0.0, 100.0]))]
    pub refractory_ms: f64,
}

impl Default for DetectEdgesParams {
    fn default() -> Self {
        Self { channel: None, level: 0.0, edge: Edge::Rising, refractory_ms: 0.0 }
    }
}

/// Finds the samples at which a channel crosses a level: triggers on an analogue line, or TTL among the traces.
pub struct DetectEdges;

impl Node for DetectEdges {
    type Params = DetectEdgesParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "detect_edges",
        label: "Detect edges",
        summary: "Finds the times at which a channel crosses a level, such as triggers on an analogue line.",
        source: "",
        category: Category::Look,
        search: &["rising edge", "falling edge", "trigger", "ttl", "sync", "threshold crossing", "pulses"],
        version: 1,
        work: Work::Task(TaskClass::Traces),
        inputs: &[Port::new("recording", PortType::Recording)],
        outputs: &[Port::new("events", PortType::Events), Port::new("table", PortType::Table)],
    };

    fn check(&self, params: &Self::Params) -> Vec<ParamProblem> {
        let wrong = (!params.level.is_finite())
            .then(|| ParamProblem { field: "level".into(), message: "a finite number expected".into() });
        wrong.into_iter().collect()
    }

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        // Which of several crossings count is no matter of a line of numpy, and events have no form of their own there.
        if params.refractory_ms > 0.0 || names.is_used("events") {
            return None;
        }
        let (from, to) = (names.input("recording"), names.output("table"));
        let channels = match &params.channel {
            Some(channel) => named_channels(from, [channel]),
            None => format!("{from}.channel_ids[:1]"),
        };
        let level = names.variable("level");
        let rising = if params.edge == Edge::Rising { 1 } else { -1 };
        Some(
            PythonStep::default()
                .and(format!("{to} = pd.DataFrame({{\"num_edges\": [0], \"duration_s\": [{from}.get_total_duration()]}})"))
                .and(format!("for segment in range({from}.get_num_segments()):"))
                .and(format!("    {level} = {from}.get_traces(segment, channel_ids={channels})[:, 0] >= {}", literal(params.level)))
                .and(format!("    {to}[\"num_edges\"] += np.sum(np.diff({level}.astype(int)) == {rising})"))
                .and(format!("{to}[\"edge_rate_hz\"] = {to}[\"num_edges\"] / {to}[\"duration_s\"]")),
        )
    }

    fn run(
        &self,
        params: &Self::Params,
        inputs: &Inputs,
        context: &RunContext,
    ) -> Result<Outputs, NodeError> {
        let chain = chain::compile(inputs.recording("recording")?)?;
        let info = chain.info();
        let channel = column(info, params.channel.as_deref())?;
        let n = info.num_channels();
        let refractory = (params.refractory_ms * 1e-3 * info.sampling_frequency).round() as usize;
        let (mut events, mut block, mut done) = (Vec::new(), Vec::new(), 0);
        for segment in 0..chain.num_segments() {
            let frames = chain.num_frames(segment);
            let (mut before, mut last) = (None, None);
            for start in (0..frames).step_by(BLOCK) {
                if context.cancelled() {
                    return Err(NodeError::Cancelled);
                }
                let length = BLOCK.min(frames - start);
                block.resize(length * n, 0.0);
                chain.read_frames(segment, start, &mut block)?;
                for (index, &sample) in block.iter().skip(channel).step_by(n).enumerate() {
                    let is_above = f64::from(sample) >= params.level;
                    let crosses = before == Some(!is_above) && is_above == (params.edge == Edge::Rising);
                    before = Some(is_above);
                    let frame = start + index;
                    if crosses && last.is_none_or(|last| frame - last >= refractory) {
                        last = Some(frame);
                        events.push((segment, frame));
                    }
                }
                done += length;
                context.progress(done as u64, info.total_frames() as u64);
            }
        }
        let mut table = Table::default();
        table.set("num_edges", TableColumn::Int(vec![events.len() as i64]));
        table.set("duration_s", TableColumn::Float(vec![info.duration_s()]));
        table.set("edge_rate_hz", TableColumn::Float(vec![events.len() as f64 / info.duration_s()]));
        let label = if params.edge == Edge::Rising { "rising" } else { "falling" };
        let events = events.into_iter().map(|(segment_index, frame)| Event {
            segment_index,
            time_s: frame as f64 / info.sampling_frequency,
            duration_s: 0.0,
            label: label.to_owned(),
        });
        Ok(Outputs::one("events", Events { events: events.collect() }).and("table", table))
    }
}

/// Frames read at a time.
const BLOCK: usize = 1 << 16;

fn column(info: &RecordingInfo, channel: Option<&str>) -> Result<usize, NodeError> {
    let Some(name) = channel else { return Ok(0) };
    let indices = info.channel_indices(&[Id::Text(name.to_owned())])?;
    Ok(indices.first().copied().unwrap_or(0))
}
