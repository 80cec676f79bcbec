//! Which channels are the reference of which, from how a user names it.

use crate::data::{Id, Operator, RecordingError, RecordingInfo, ReferenceSet, Stage};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where the reference comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reference {
    /// All channels, or those in `ref_channel_ids`.
    #[default]
    Global,
    /// One channel, named in `ref_channel_ids`.
    Single,
    /// The channels around each channel, within `local_radius`.
    Local,
}

/// How the channels of a reference are combined.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReferenceOperator {
    /// The median, which spikes on a few channels do not move.
    #[default]
    Median,
    /// The mean.
    Average,
}

/// Which reference is subtracted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct CommonReferenceParams {
    /// Where the reference comes from.
    pub reference: Reference,
    /// How the channels of the reference are combined.
    pub operator: ReferenceOperator,
    /// Give each channel group (shank, tetrode) a reference of its own.
    pub by_group: bool,
    /// Groups by the names of their channels, instead of the recording's own. None uses all channels as one.
    #[schemars(with = "Option<Vec<Vec<String>>>", extend("advanced" = true))]
    pub groups: Option<Vec<Vec<Id>>>,
    /// Channels the reference is taken from. With a single reference and groups, one for each group.
    #[schemars(with = "Vec<String>", extend("label" = "Reference channels"))]
    pub ref_channel_ids: Vec<Id>,
    /// Local reference: channels farther than the first and at most as far as the second distance.
    #[schemars(extend("unit" = "µm", "advanced" = true))]
    pub local_radius: [f64; 2],
    /// Local reference: where fewer channels lie within the radius, the nearest ones beyond the first distance are used.
    #[schemars(range(min = 1, max = 100), extend("advanced" = true))]
    pub min_local_neighbors: usize,
}

impl Default for CommonReferenceParams {
    fn default() -> Self {
        Self {
            reference: Reference::Global,
            operator: ReferenceOperator::Median,
            by_group: false,
            groups: None,
            ref_channel_ids: Vec::new(),
            local_radius: [30.0, 55.0],
            min_local_neighbors: 5,
        }
    }
}

impl CommonReferenceParams {
    /// The stage that subtracts it on a recording.
    ///
    /// # Errors
    /// Where a channel is not there, a group has one channel, or a local reference lacks a probe.
    pub fn stage(&self, info: &RecordingInfo) -> Result<Stage, RecordingError> {
        let operator = match self.operator {
            ReferenceOperator::Median => Operator::Median,
            ReferenceOperator::Average => Operator::Average,
        };
        Ok(Stage::CommonReference { operator, reference: reference_set(self, info)? })
    }
}

fn reference_set(
    params: &CommonReferenceParams,
    info: &RecordingInfo,
) -> Result<ReferenceSet, RecordingError> {
    let ids = info.channel_indices(&params.ref_channel_ids)?;
    let groups = groups(params, info)?;
    match params.reference {
        Reference::Local => local(params, info),
        Reference::Single => match groups {
            None => Ok(ReferenceSet::Channels(ids)),
            Some(groups) if groups.len() != ids.len() => Err(RecordingError(format!(
                "ref_channel_ids: {} reference channels for {} groups; give one for each group",
                ids.len(),
                groups.len()
            ))),
            Some(groups) => {
                // A channel outside every group keeps no reference.
                let mut neighbors = vec![Vec::new(); info.num_channels()];
                for (group, id) in groups.iter().zip(ids) {
                    for &channel in group {
                        neighbors[channel] = vec![id];
                    }
                }
                Ok(ReferenceSet::Neighbors(neighbors))
            }
        },
        Reference::Global if !ids.is_empty() => Ok(ReferenceSet::Channels(ids)),
        Reference::Global => {
            let sets = groups.unwrap_or_else(|| vec![(0..info.num_channels()).collect()]);
            match sets.iter().find(|set| set.len() == 1) {
                Some(set) => Err(RecordingError(format!(
                    "channel \"{}\" would be its own reference, which leaves nothing of it: take this node out, or \
                     put the channel in a group with others",
                    info.channel_ids[set[0]]
                ))),
                None => Ok(ReferenceSet::Sets(sets)),
            }
        }
    }
}

fn groups(
    params: &CommonReferenceParams,
    info: &RecordingInfo,
) -> Result<Option<Vec<Vec<usize>>>, RecordingError> {
    if let Some(groups) = &params.groups {
        let all: Vec<Id> = groups.iter().flatten().cloned().collect();
        // Names that are unknown or in two groups.
        info.channel_indices(&all)?;
        let sets = groups.iter().map(|group| info.channel_indices(group)).collect::<Result<Vec<_>, _>>()?;
        return Ok(Some(sets.into_iter().filter(|set| !set.is_empty()).collect()));
    }
    if !params.by_group {
        return Ok(None);
    }
    let mut sets: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    for (channel, &group) in info.groups.iter().enumerate() {
        sets.entry(group).or_default().push(channel);
    }
    Ok(Some(sets.into_values().collect()))
}

/// Channels in a ring around each channel; the nearest beyond its inner radius where the ring holds too few.
fn local(params: &CommonReferenceParams, info: &RecordingInfo) -> Result<ReferenceSet, RecordingError> {
    let locations = info.locations_um().ok_or_else(|| {
        RecordingError(
            "a local reference needs positions, and this recording has no probe: set a probe on the reader, or choose \
             the global reference"
                .into(),
        )
    })?;
    let [inner, outer] = params.local_radius;
    let neighbors = locations
        .iter()
        .map(|a| {
            let mut beyond: Vec<(f64, usize)> = locations
                .iter()
                .enumerate()
                .map(|(index, b)| ((a[0] - b[0]).hypot(a[1] - b[1]), index))
                .filter(|&(distance, _)| distance > inner)
                .collect();
            beyond.sort_by(|x, y| x.0.total_cmp(&y.0).then(x.1.cmp(&y.1)));
            let in_ring = beyond.iter().take_while(|&&(distance, _)| distance <= outer).count();
            beyond.truncate(in_ring.max(params.min_local_neighbors));
            let mut set: Vec<usize> = beyond.into_iter().map(|(_, index)| index).collect();
            set.sort_unstable();
            set
        })
        .collect();
    Ok(ReferenceSet::Neighbors(neighbors))
}
