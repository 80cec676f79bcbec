//! What lies in a folder of results: read to be shown with the pipeline that made it, without another run.

use crate::{
    io,
    pipeline::{Coordinate, Pipeline, PortType, Registry, RunRecord, Store, Value},
};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// Items by the ends `node.port` they left.
pub type Given = BTreeMap<String, Vec<(Coordinate, Value)>>;

/// What a folder of results says besides its pipeline.
#[derive(Debug, Default)]
pub struct Results {
    /// Where relative paths of the pipeline start, where that is known and there.
    pub folder: Option<PathBuf>,
    /// The node whose results they are, where they are those of one.
    pub node: Option<String>,
    /// The end to look at.
    pub shown: Option<String>,
    /// What lies in the folder itself.
    pub given: Given,
}

/// Reads a folder of results beside its pipeline.
pub fn read(folder: &Path, pipeline: &Pipeline, registry: &Registry) -> Results {
    if let Some((node, given)) = of_node(folder) {
        let kind = pipeline.node(&node).and_then(|instance| registry.get(&instance.kind));
        let first = kind.and_then(|kind| kind.info().outputs.first());
        let shown = first.map(|port| format!("{node}.{}", port.name));
        return Results { folder: None, node: Some(node), shown, given };
    }
    let record = fs::read(folder.join("run.json")).ok();
    let record = record.and_then(|text| serde_json::from_slice::<RunRecord>(&text).ok()).unwrap_or_default();
    let of_run = record.results.iter().rev();
    let best = of_run.clone().find(|result| result.port_type == PortType::Sorting);
    let last = best.or_else(|| of_run.clone().find(|result| result.last)).map(|result| result.end.clone());
    let sorting = beside(folder, pipeline, registry);
    // A run in the store says where its paths start; of what was written elsewhere they start where it lies.
    let base = if record.base_folder.as_os_str().is_empty() { folder } else { &record.base_folder };
    Results {
        folder: Some(base.to_owned()).filter(|base| base.is_dir()),
        node: None,
        shown: last.or_else(|| sorting.as_ref().map(|(end, _)| end.clone())),
        given: sorting.into_iter().map(|(end, value)| (end, vec![(Coordinate::default(), value)])).collect(),
    }
}

/// The result of a node, with the name it had.
fn of_node(folder: &Path) -> Option<(String, Given)> {
    let stored = Store::result_at(folder)?;
    let provenance = fs::read(folder.join("provenance.json")).ok()?;
    let provenance: serde_json::Value = serde_json::from_slice(&provenance).ok()?;
    let node = provenance.get("node")?.as_str()?.to_owned();
    let items = Store::items(&stored).ok()?.into_iter();
    let given = items.map(|(port, items)| (format!("{node}.{port}"), items)).collect();
    Some((node, given))
}

/// A sorting that lies beside its pipeline, and the end it left.
fn beside(folder: &Path, pipeline: &Pipeline, registry: &Registry) -> Option<(String, Value)> {
    let sorting = io::open_sorting(&folder.join("sorting"), None).ok()?;
    let end = pipeline.in_order().into_iter().find_map(|node| {
        let outputs = registry.get(&node.kind)?.outputs(&node.params);
        let port = outputs.iter().find(|port| port.port_type == PortType::Sorting)?;
        let sorts = !registry.get(&node.kind)?.inputs(&node.params).is_empty();
        sorts.then(|| format!("{}.{}", node.name, port.name))
    })?;
    Some((end, sorting.into()))
}
