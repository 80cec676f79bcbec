//! The room with toy nodes.

mod documents;
mod runs;
mod scale;
mod surveys;

use super::{Edit, NodeInstance, Params, Pipeline};
use serde_json::Value as Json;

pub fn params(json: Json) -> Params {
    match json {
        Json::Object(map) => map,
        other => panic!("{other} is no map"),
    }
}

pub fn instance(name: &str, kind: &str, values: Json) -> NodeInstance {
    NodeInstance {
        name: name.into(),
        kind: kind.into(),
        params: params(values),
        raw_params: None,
        position: [0.0, 0.0],
        muted: false,
        bypassed: false,
    }
}

/// A pipeline of `(name, kind, parameters)` and `(from, to)`.
pub fn pipeline(nodes: &[(&str, &str, Json)], wires: &[(&str, &str)]) -> Pipeline {
    let mut pipeline = Pipeline::default();
    for (name, kind, values) in nodes {
        pipeline.apply(Edit::AddNode(instance(name, kind, values.clone()))).unwrap();
    }
    for (from, to) in wires {
        pipeline.apply(Edit::Connect((*from).into(), (*to).into())).unwrap();
    }
    pipeline
}
