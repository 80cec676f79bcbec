//! One recording for each shank or channel group.

use crate::{
    data::{Notice, RecordingInfo, Remedy, Stage},
    pipeline::{
        Category, Coordinate, CoordinateValue, Inputs, Node, NodeError, NodeInfo, Outputs, Port, PortType,
        PythonNames, PythonStep, RunContext, Value, Work,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// By what a recording is split.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SplitProperty {
    /// The group of each channel: its shank, unless the file says otherwise.
    #[default]
    Group,
    /// The shank of the probe.
    Shank,
}

/// How to split.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SplitByGroupParams {
    /// What tells the parts apart.
    pub property: SplitProperty,
}

/// Adds a key to the coordinate: what follows runs once for each group.
pub struct SplitByGroup;

impl Node for SplitByGroup {
    type Params = SplitByGroupParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "split_by_group",
        label: "Split by group",
        summary: "Makes one recording of each shank or channel group; what follows runs once for each.",
        source: "SpikeInterface split_by",
        category: Category::Shape,
        search: &["split_by", "shank", "tetrode", "group", "map"],
        version: 1,
        work: Work::Lazy,
        inputs: &[Port::new("recording", PortType::Recording)],
        outputs: &[Port::new("recording", PortType::Recording)],
    };

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        if params.property == SplitProperty::Shank {
            // Shanks are no property of channels there.
            let found = format!("split_by_shank({})", names.items("recording"));
            let step = PythonStep::default().and(format!("{} = {found}", names.output("recording")));
            return Some(step.over_items());
        }
        Some(
            PythonStep::default()
                .and(format!("{} = [", names.output("recording")))
                .and("    ({**keys, \"group\": group}, recording.select_channels(channels))")
                .and(format!("    for keys, recording in {}", names.items("recording")))
                .and("    for group, channels in channel_groups(recording).items()")
                .and("]")
                .over_items(),
        )
    }

    fn run(&self, params: &Self::Params, inputs: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        let recording = inputs.recording("recording")?;
        let key = match params.property {
            SplitProperty::Group => "group",
            SplitProperty::Shank => "shank",
        };
        let items = parts(recording.info(), params.property)?
            .into_iter()
            .map(|(value, indices)| {
                let part = recording.with_stage(Stage::SelectChannels { indices })?;
                Ok((Coordinate::single(key, value), Value::from(part)))
            })
            .collect::<Result<Vec<_>, NodeError>>()?;
        Ok(Outputs::default().and_many("recording", items))
    }
}

/// Channels of each part, in the order of the columns.
fn parts(
    info: &RecordingInfo,
    property: SplitProperty,
) -> Result<BTreeMap<CoordinateValue, Vec<usize>>, NodeError> {
    let mut parts: BTreeMap<CoordinateValue, Vec<usize>> = BTreeMap::new();
    match property {
        SplitProperty::Group => {
            for (channel, &group) in info.groups.iter().enumerate() {
                parts.entry(CoordinateValue::Int(group)).or_default().push(channel);
            }
        }
        SplitProperty::Shank => {
            let probe = info.probe.as_ref().ok_or_else(|| {
                let words = "the recording has no probe, so its shanks are unknown: set a probe on the reader, or split \
                             by group";
                NodeError::Mendable(Notice::from(words).mended_by(Remedy::GiveProbe))
            })?;
            for (channel, contact) in probe.contacts.iter().enumerate() {
                let value = match probe.shank_ids.get(contact.shank_index) {
                    Some(name) if !name.is_empty() => CoordinateValue::Text(name.clone()),
                    _ => CoordinateValue::Int(contact.shank_index as i64),
                };
                parts.entry(value).or_default().push(channel);
            }
        }
    }
    Ok(parts)
}
