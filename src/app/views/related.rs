//! Finds what else of a pipeline helps to understand an end; off the UI thread.

use super::{
    look::Target,
    related_graph::{Graph, after},
};
use crate::{
    data::{Events, Id, Recording, Sorting, SpikeTrains, Table, Templates},
    pipeline::{Act, Coordinate, Executor, Glimpse, Inputs, Look, Params, Pipeline, PortType, Value},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// What of the same pipeline helps to understand an end, as far as it is there already.
#[derive(Clone, Debug, Default)]
pub struct Related {
    /// Sortings, those that come from this end first.
    pub sortings: Vec<(String, Arc<Sorting>)>,
    /// The recording a sorting belongs to.
    pub recording: Option<(String, Recording)>,
    /// A recording is connected with a sorting, whether it can be read or not.
    pub has_recording: bool,
    /// Other recordings to compare one with.
    pub recordings: Vec<(String, Recording)>,
    /// Templates of the same units; those in µV first.
    pub templates: Vec<Arc<Templates>>,
    /// Tables with a row for each unit.
    pub tables: Vec<(String, Arc<Table>)>,
    /// Events, such as stimuli.
    pub events: Vec<(String, Arc<Events>)>,
    /// What goes into the node of a recording.
    pub before: Option<(String, Recording)>,
    /// A node that shows at once what it finds in a recording.
    pub glimpsed: Option<Glimpsed>,
}

/// A node that shows at once what it finds in a recording, with the parameters it has now.
#[derive(Clone)]
pub struct Glimpsed {
    /// The node.
    pub node: String,
    /// Its kind.
    kind: String,
    /// Its parameters.
    pub params: Params,
    /// What goes into it.
    recording: Recording,
    /// Finds the peaks.
    pub glimpse: Arc<Glimpse<Params>>,
}

impl Glimpsed {
    /// The channels of the recording it looks at.
    pub fn channel_ids(&self) -> &[Id] {
        &self.recording.info().channel_ids
    }
}

impl std::fmt::Debug for Glimpsed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Glimpsed")
            .field("node", &self.node)
            .field("params", &self.params)
            .finish_non_exhaustive()
    }
}

impl Related {
    /// Adds a value that is at hand.
    pub fn add(&mut self, end: &str, value: Value) {
        let end = end.to_owned();
        match value {
            Value::Sorting(sorting) => self.sortings.push((end, sorting)),
            Value::Recording(recording) => {
                self.recording.get_or_insert_with(|| (end.clone(), recording.clone()));
                self.recordings.push((end, recording));
            }
            Value::Templates(templates) => self.add_templates(templates),
            Value::Waveforms(waveforms) => self.add_templates(Arc::new(waveforms.templates.clone())),
            Value::Table(table) => self.tables.push((end, table)),
            Value::Events(events) => self.events.push((end, events)),
            _ => {}
        }
    }

    fn add_templates(&mut self, templates: Arc<Templates>) {
        let at = if templates.in_uv { 0 } else { self.templates.len() };
        self.templates.insert(at, templates);
    }
}

/// True where a table has one row for each of some of these units, and for nothing else.
pub fn is_about(table: &Table, units: &[Id]) -> bool {
    let Some((name, ids)) = table.columns.first() else {
        return false;
    };
    let known: BTreeSet<String> = units.iter().map(ToString::to_string).collect();
    let rows: BTreeSet<String> = (0..ids.len()).map(|row| ids.cell(row)).collect();
    name == "unit_id" && rows.len() == ids.len() && !rows.is_empty() && rows.is_subset(&known)
}

/// Where the recording comes from that goes into a node which shows its peaks at once, also where it is not `edited`.
pub fn input_of_glimpse(
    executor: &Executor,
    pipeline: &Pipeline,
    name: &str,
    edited: bool,
) -> Option<String> {
    let instance = pipeline.node(name)?;
    let node = executor.registry().get(&instance.kind)?;
    let shows = |act: &Act| matches!(act, Act::ShowsPeaks { always } if *always || edited);
    node.acts(&instance.params).iter().any(shows).then_some(())?;
    let ports = node.inputs(&instance.params);
    let port = ports.iter().find(|port| port.port_type == PortType::Recording)?;
    let wires = pipeline.wires();
    let wire = wires.iter().find(|w| w.2 == name && w.3 == port.name)?;
    Some(format!("{}.{}", wire.0, wire.1))
}

/// The glimpse of a node, where it gives one.
fn glimpse_of(
    executor: &Executor,
    target: &Target,
    (name, edited): (&str, bool),
    wanted: &Wanted,
) -> Option<Glimpsed> {
    let end = input_of_glimpse(executor, &target.pipeline, name, edited)?;
    let instance = target.pipeline.node(name)?;
    let node = executor.registry().get(&instance.kind)?;
    let (_, value) = item_at(executor, target, &end, wanted)?;
    let Value::Recording(recording) = value else { return None };
    let ports = node.inputs(&instance.params);
    let port = ports.iter().find(|port| port.port_type == PortType::Recording)?;
    let inputs = Inputs::of([(port.name, Value::Recording(recording.clone()))]);
    let glimpse = Arc::new(node.glimpse(&inputs).ok()??);
    let (kind, params) = (instance.kind.clone(), instance.params.clone());
    Some(Glimpsed { node: name.to_owned(), kind, params, recording, glimpse })
}

/// What is looked for.
pub struct Wanted {
    /// What is at hand though it was not computed here: items by their ends.
    pub given: Arc<BTreeMap<String, Vec<(Coordinate, Value)>>>,
    /// Type of the value in sight.
    pub port_type: PortType,
    /// Its item.
    pub at: Coordinate,
    /// The value itself, where it is there.
    pub value: Option<Value>,
    /// The node that is worked on.
    pub edited: Option<String>,
    /// What was found last.
    pub last: Option<Glimpsed>,
}

/// How near an item is to the one in sight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Near {
    /// It is the same.
    Same,
    /// It is a part or a variant of it: it has its keys and more.
    Below,
    /// It is what that is a part or a variant of.
    Above,
}

impl Near {
    fn of(coordinate: &Coordinate, at: &Coordinate) -> Option<Self> {
        match (coordinate.holds(at), at.holds(coordinate)) {
            (true, true) => Some(Self::Same),
            (true, false) => Some(Self::Below),
            (false, true) => Some(Self::Above),
            (false, false) => None,
        }
    }
}

/// The item of an end that belongs to the one in sight.
fn item_at(executor: &Executor, target: &Target, end: &str, wanted: &Wanted) -> Option<(Near, Value)> {
    let items = match executor.look(&target.pipeline, &target.base_folder, end) {
        Ok(Look::Ready(items) | Look::Partly(items, _)) => items,
        _ => wanted.given.get(end)?.clone(),
    };
    nearest_of(items, &wanted.at, wanted.value.as_ref())
}

/// The item that belongs to the one at a coordinate, and how near it is. Groups and parts of a recording have some of its keys
/// too, and times of their own: what does not lie in the same time is not it.
fn nearest_of(
    items: Vec<(Coordinate, Value)>,
    at: &Coordinate,
    own: Option<&Value>,
) -> Option<(Near, Value)> {
    let near = items.into_iter().filter_map(|(coordinate, value)| {
        let near = Near::of(&coordinate, at)?;
        let fits = near == Near::Same || own.is_none_or(|own| same_time(own, &value));
        fits.then_some((near, value))
    });
    // The first of those that are equally near.
    near.min_by_key(|(near, _)| *near)
}

/// False where one value cannot be of the same stretch of time as the other.
fn same_time(one: &Value, other: &Value) -> bool {
    let frames = |recording: &Recording| -> Vec<usize> {
        recording.info().segments.iter().map(|segment| segment.num_frames).collect()
    };
    match (one, other) {
        (Value::Recording(one), Value::Recording(other)) => frames(one) == frames(other),
        (Value::Recording(recording), Value::Sorting(sorting))
        | (Value::Sorting(sorting), Value::Recording(recording)) => {
            let lies_in = |(train, frames): (&SpikeTrains, usize)| {
                train.sample_index.last().is_none_or(|last| *last < frames as i64)
            };
            let (trains, frames) = (&sorting.segments, frames(recording));
            frames.len() == trains.len() && trains.iter().zip(frames).all(lies_in)
        }
        _ => true,
    }
}

/// Looks for what belongs to an end.
pub fn related(
    executor: &Arc<Executor>,
    target: &Target,
    wanted: &Wanted,
    superseded: &dyn Fn() -> bool,
) -> Related {
    let port_type = wanted.port_type;
    let mut found = Related::default();
    let nearest = |end: &str| match superseded() {
        true => None,
        false => item_at(executor, target, end, wanted),
    };
    let value = |end: &str| nearest(end).map(|(_, value)| value);
    let graph = Graph { executor, pipeline: &target.pipeline };
    match port_type {
        PortType::Recording => {
            let types = [PortType::Sorting, PortType::Recording, PortType::Events];
            for end in graph.ends(&target.end, &types) {
                if let Some(value) = value(&end) {
                    found.add(&end, value);
                }
            }
            let before = graph.before(&target.end);
            found.before = before.and_then(|end| match value(&end) {
                Some(Value::Recording(recording)) => Some((end, recording)),
                _ => None,
            });
            let edited = wanted.edited.iter().map(|name| (name.as_str(), true));
            let after = after(&target.pipeline, node_of(&target.end)).into_iter().map(|name| (name, false));
            let nodes = edited.chain(after);
            let mut nodes = nodes.take_while(|_| !superseded());
            let glimpsed = nodes.find_map(|node| glimpse_of(executor, target, node, wanted));
            found.glimpsed = glimpsed.map(|glimpsed| match &wanted.last {
                // What it learnt of the recording holds for other parameters too.
                Some(last) if last.kind == glimpsed.kind && last.recording.is_same(&glimpsed.recording) => {
                    Glimpsed { glimpse: last.glimpse.clone(), ..glimpsed }
                }
                _ => glimpsed,
            });
        }
        PortType::Sorting => {
            let mut recordings = graph.recording_ends(&target.end);
            recordings.extend(graph.beside(&target.end, PortType::Recording));
            found.has_recording = !recordings.is_empty();
            // That of the item itself, even where one of a group that it came from lies nearer.
            let mut best: Option<(Near, String, Value)> = None;
            for end in recordings {
                if best.as_ref().is_some_and(|(near, ..)| *near == Near::Same) {
                    break;
                }
                if let Some((near, value)) = nearest(&end)
                    && best.as_ref().is_none_or(|(before, ..)| near < *before)
                {
                    best = Some((near, end, value));
                }
            }
            if let Some((_, end, value)) = best {
                found.add(&end, value);
            }
            let own = graph.outputs(node_of(&target.end), PortType::Templates);
            let beside = graph.beside(&target.end, PortType::Templates);
            for end in own.into_iter().chain(graph.about(&target.end)).chain(beside) {
                if let Some(value) = value(&end) {
                    found.add(&end, value);
                }
            }
        }
        _ => {}
    }
    found
}

/// The node of an end `node.port`.
pub fn node_of(end: &str) -> &str {
    end.split_once('.').map_or(end, |(node, _)| node)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        data::{DType, RecordingInfo, Source, SourceError},
        pipeline::CoordinateValue,
    };

    #[derive(Debug)]
    struct Silent(RecordingInfo);

    impl Source for Silent {
        fn info(&self) -> &RecordingInfo {
            &self.0
        }

        fn read(&self, _: usize, _: usize, out: &mut [f32]) -> Result<(), SourceError> {
            out.fill(0.0);
            Ok(())
        }
    }

    fn recording(frames: usize) -> Value {
        Value::Recording(Recording::new(Arc::new(Silent(RecordingInfo::new(
            1000.0,
            1,
            frames,
            DType::Int16,
        )))))
    }

    fn sorting(last: i64) -> Value {
        Value::from(Sorting::from_spikes(1000.0, vec![Id::Int(0)], &[last], &[0]))
    }

    fn at(keys: &[(&str, i64)]) -> Coordinate {
        keys.iter().map(|&(key, value)| (key.to_owned(), CoordinateValue::Int(value))).collect()
    }

    fn last_of(found: Option<(Near, Value)>) -> Option<(Near, i64)> {
        match found? {
            (near, Value::Sorting(sorting)) => Some((near, *sorting.segments[0].sample_index.last()?)),
            _ => None,
        }
    }

    #[test]
    fn what_is_shown_beside_an_item_is_of_that_item() {
        let (in_sight, own) = (at(&[("session", 1), ("index", 2)]), recording(100));
        let one = |keys: &[(&str, i64)], last| (at(keys), sorting(last));
        let found =
            |items: &[(Coordinate, Value)]| last_of(nearest_of(items.to_vec(), &in_sight, Some(&own)));
        let others = [one(&[("session", 1), ("index", 1)], 10), one(&[("session", 2), ("index", 2)], 20)];
        assert_eq!(found(&others), None, "those of others are none of its");
        // With one more key, as after a sweep or when it was split back out of a group.
        let split = one(&[("session", 1), ("index", 2), ("parity", 0)], 30);
        let all = [others.to_vec(), vec![split]].concat();
        assert_eq!(found(&all), Some((Near::Below, 30)));
        // The spikes of the whole group have times of their own, which may lie beyond the end.
        assert_eq!(found(&[one(&[("session", 1)], 150)]), None);
        assert_eq!(found(&[one(&[], 50)]), Some((Near::Above, 50)), "the truth of all");
        let same = one(&[("session", 1), ("index", 2)], 150);
        assert_eq!(found(&[all, vec![same]].concat()), Some((Near::Same, 150)));
    }

    #[test]
    fn a_recording_in_another_time_does_not_belong_to_spikes() {
        let (in_sight, own) = (at(&[("session", 1)]), sorting(150));
        let found = |frames| nearest_of(vec![(at(&[]), recording(frames))], &in_sight, Some(&own));
        assert!(found(100).is_none() && found(200).is_some());
    }
}
