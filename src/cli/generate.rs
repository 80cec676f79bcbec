//! `generate`: a recording whose spikes are all known, as files for other programs.

use super::{CliError, arguments::GenerateArguments, convert::Bar, document::set, output};
use crate::{
    data::{DType, Source},
    engine::synthetic::{GenerateParams, SyntheticSource, truth},
    io,
    nodes::registry,
    pipeline::{Edit, NodeInstance, Params, Pipeline},
};
use serde_json::{Value as Json, json};
use std::{path::Path, sync::Arc};

/// The kind of the node whose parameters are taken.
const KIND: &str = "generate_recording";

/// Says that a folder was written by `generate`, and with what.
const FACTS: &str = "generated.json";

/// Writes `recording/`, `truth/` and `generated.json`; a folder that holds anything else is not replaced.
///
/// # Errors
/// Where a parameter does not fit or the folder cannot be written.
pub fn generate(arguments: &GenerateArguments) -> Result<(), CliError> {
    let GenerateArguments { out, set: settings, seed } = arguments;
    let params = params(settings)?;
    let spikes = truth(&params, *seed);
    let source = SyntheticSource::new(&params, *seed, Arc::new(spikes.clone()))
        .map_err(|error| CliError::Failed(error.to_string()))?;
    let info = source.info().clone();
    let facts =
        json!({"program": "spikeloom", "version": env!("CARGO_PKG_VERSION"), "params": params, "seed": seed});
    let facts = output::to_json(&facts, true)?;
    let bar = Bar::new(info.total_frames());
    let fill = |folder: &Path| {
        let recording = folder.join("recording");
        io::binary_folder::write(&source, &info, &recording, DType::Float32, &|done, _| bar.go_on(done))?;
        io::numpy_folder::write(&spikes, &folder.join("truth"))?;
        io::atomic::write_file(&folder.join(FACTS), facts.as_bytes())
    };
    let ended = match out.join(FACTS).is_file() {
        true => io::atomic::replace_folder(out, fill),
        false => io::atomic::folder(out, fill),
    };
    ended.map_err(|error| match error {
        io::Error::Cancelled => CliError::Cancelled,
        other => CliError::Files(other),
    })?;
    output::text(&format!("{}\n", out.display()))
}

fn params(settings: &[String]) -> Result<GenerateParams, CliError> {
    let registry = registry();
    let mut pipeline = Pipeline::default();
    pipeline.apply(Edit::AddNode(NodeInstance::new(KIND, KIND, Params::new(), [0.0; 2])))?;
    for setting in settings {
        set(&mut pipeline, &registry, &format!("{KIND}.{setting}"))?;
    }
    let params = pipeline.node(KIND).map(|node| node.params.clone()).unwrap_or_default();
    if let Some(problem) = registry.get(KIND).and_then(|node| node.check(&params).into_iter().next()) {
        return Err(CliError::Input(format!("--set {}: {}", problem.field, problem.message)));
    }
    serde_json::from_value(Json::Object(params)).map_err(|error| CliError::Input(format!("--set: {error}")))
}
