//! The room with toy nodes.

mod documents;
mod needs;
mod runs;
mod scale;
mod stops;
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
    NodeInstance::new(name, kind, params(values), [0.0, 0.0])
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
