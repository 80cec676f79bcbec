//! What a pipeline computed, described for others: RO-Crate, W3C PROV, and a paragraph for a paper.
//!
//! Source: RO-Crate 1.1 with the profile Process Run Crate 0.5; PROV-O.

use super::{
    Category, Coordinate, Executor, NodeInfo, ParamSpec, Pipeline, PortType, Provenance, Registry, Stored,
    evaluate::EvalState, store::file_name,
};
use serde_json::{Map, Value as Json, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

/// A result of a pipeline, with where it comes from.
#[derive(Clone, Debug)]
pub struct Made {
    /// The node.
    pub node: String,
    /// The item.
    pub coordinate: Coordinate,
    /// The result.
    pub stored: Stored,
    /// Where it comes from.
    pub provenance: Provenance,
}

impl Made {
    /// Where it lies in a crate: `results/NODE/ITEM/`.
    pub fn place(&self) -> String {
        let node = file_name(&self.node);
        match self.coordinate.is_empty() {
            true => format!("results/{node}/"),
            false => format!("results/{node}/{}/", file_name(&self.coordinate.to_string())),
        }
    }

    fn id(&self) -> String {
        format!("#task-{}", self.stored.key)
    }

    fn name(&self) -> String {
        match self.coordinate.is_empty() {
            true => self.node.clone(),
            false => format!("{} [{}]", self.node, self.coordinate),
        }
    }
}

impl Executor {
    /// All results a pipeline has now, in the order they were needed.
    pub fn history(&self, pipeline: &Pipeline, base_folder: &Path) -> Vec<Made> {
        let mut walk = self.evaluator(pipeline, base_folder, None);
        walk.evaluate();
        let mut found = Vec::new();
        for (instance, eval) in walk.iter() {
            for item in &eval.items {
                if let EvalState::Done(stored) = &item.state {
                    found.push(Made {
                        node: instance.name.clone(),
                        coordinate: item.coordinate.clone(),
                        provenance: stored.provenance().unwrap_or_default(),
                        stored: stored.clone(),
                    });
                }
            }
        }
        found
    }
}

fn reference(id: &str) -> Json {
    json!({"@id": id})
}

fn file_uri(path: &Path) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"/-._~".contains(&b);
    let text: String = path
        .to_string_lossy()
        .bytes()
        .map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") })
        .collect();
    format!("file://{text}")
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("json") => "application/json",
        Some("csv") => "text/csv",
        Some("svg") => "image/svg+xml",
        Some("txt" | "ron") => "text/plain",
        _ => "application/octet-stream",
    }
}

/// The metadata of a crate with `pipeline.ron`, `methods.md` and `provenance.jsonld` in it, and the results where
/// `with_files`; without, they are named where they lie in the store.
pub fn ro_crate(name: &str, made: &[Made], registry: &Registry, with_files: bool) -> Json {
    let folder = |m: &Made| if with_files { m.place() } else { file_uri(&m.stored.folder) + "/" };
    let by_key: BTreeMap<String, String> =
        made.iter().map(|m| (m.stored.key.to_string(), folder(m))).collect();
    let mut graph = Vec::new();
    let mut parts: BTreeSet<String> =
        ["pipeline.ron", "methods.md", "provenance.jsonld"].map(str::to_owned).into();
    let mut nodes: BTreeMap<String, Json> = BTreeMap::new();
    let mut inputs: BTreeMap<String, Json> = BTreeMap::new();
    let mut properties = Vec::new();
    let mut actions = Vec::new();
    for m in made {
        let p = &m.provenance;
        let instrument = format!("#node-{}-{}", p.kind, p.node_version);
        let info = registry.get(&p.kind).map(|node| node.info());
        nodes.entry(instrument.clone()).or_insert_with(|| {
            json!({
                "@id": instrument, "@type": "SoftwareApplication", "name": info.map_or(p.kind.as_str(), |i| i.label),
                "description": info.map_or("", |i| i.summary), "softwareVersion": p.node_version.to_string(),
                "isPartOf": reference("#spikeloom"),
            })
        });
        let mut objects = BTreeSet::new();
        for file in p.all_files() {
            let id = file_uri(&file.path);
            inputs.entry(id.clone()).or_insert_with(|| {
                let name = file.path.file_name().unwrap_or_default().to_string_lossy();
                json!({"@id": id, "@type": "File", "name": name, "identifier": format!("spikeloom-fingerprint:{}", file.fingerprint)})
            });
            objects.insert(id);
        }
        let taken =
            p.inputs.iter().flat_map(|i| i.result.iter().chain(i.steps.iter().flat_map(|s| &s.results)));
        objects.extend(taken.filter_map(|key| by_key.get(key).cloned()));
        let mut of_task = Vec::new();
        let mut property = |name: String, value: Json| {
            let id = format!("{}-{}", m.id(), file_name(&name));
            of_task.push(reference(&id));
            properties.push(json!({"@id": id, "@type": "PropertyValue", "name": name, "value": value}));
        };
        for step in p.inputs.iter().flat_map(|input| &input.steps) {
            property(
                step.node.clone(),
                json!(format!("{} {}", step.kind, Json::Object(step.params.clone()))),
            );
        }
        property("parameters".into(), json!(Json::Object(p.params.clone()).to_string()));
        for (what, value) in [
            ("host", json!(p.host)),
            ("operating system", json!(p.os)),
            ("processor", json!(p.cpu)),
            ("threads", json!(p.threads)),
            ("processor time in s", json!(p.cpu_s)),
            ("peak memory in bytes", json!(p.peak_rss_bytes)),
            ("seed", json!(p.seed)),
        ] {
            property(what.into(), value);
        }
        for (tool, version) in p.tools.iter().chain(&p.dependencies) {
            property(format!("version of {tool}"), json!(version));
        }
        actions.push(json!({
            "@id": m.id(), "@type": "CreateAction", "name": m.name(), "instrument": reference(&instrument),
            "startTime": p.started, "endTime": p.ended, "actionStatus": "http://schema.org/CompletedActionStatus",
            "object": objects.iter().map(|id| reference(id)).collect::<Vec<_>>(), "result": reference(&folder(m)),
            "additionalProperty": of_task,
        }));
        let files: Vec<Json> = m
            .stored
            .manifest
            .files
            .iter()
            .map(|(inner, entry)| {
                let id = folder(m) + inner;
                json!({
                    "@id": id, "@type": "File", "name": inner, "contentSize": entry.bytes.to_string(),
                    "encodingFormat": media_type(inner), "identifier": format!("blake3:{}", entry.blake3),
                })
            })
            .collect();
        let ids: Vec<Json> = files.iter().map(|file| json!({"@id": file["@id"]})).collect();
        graph.push(json!({
            "@id": folder(m), "@type": "Dataset", "name": m.name(), "identifier": m.stored.key.to_string(), "hasPart": ids,
        }));
        graph.extend(files);
        parts.insert(folder(m));
    }
    // What lies elsewhere is a part of the whole as well: every file that is described has to be one.
    parts.extend(inputs.keys().cloned());
    let last = made.iter().map(|m| m.provenance.ended.as_str()).max().unwrap_or_default();
    let references = |ids: &mut dyn Iterator<Item = &str>| ids.map(reference).collect::<Vec<_>>();
    let ids =
        |found: &[Json]| found.iter().filter_map(|x| Some(x["@id"].as_str()?.to_owned())).collect::<Vec<_>>();
    let profile = "https://w3id.org/ro/wfrun/process/0.5";
    let mut all = vec![
        json!({
            "@id": "ro-crate-metadata.json", "@type": "CreativeWork", "about": reference("./"),
            "conformsTo": reference("https://w3id.org/ro/crate/1.1"),
        }),
        json!({
            "@id": "./", "@type": "Dataset", "name": name, "datePublished": last,
            "description": format!("Results of the Spikeloom pipeline {name}, with what they were made of."),
            "conformsTo": reference(profile), "hasPart": references(&mut parts.iter().map(String::as_str)),
            "mentions": references(&mut ids(&actions).iter().map(String::as_str)),
        }),
        json!({"@id": profile, "@type": "CreativeWork", "name": "Process Run Crate", "version": "0.5"}),
        json!({
            "@id": "#spikeloom", "@type": "SoftwareApplication", "name": "Spikeloom",
            "softwareVersion": env!("CARGO_PKG_VERSION"),
        }),
        json!({
            "@id": "pipeline.ron", "@type": ["File", "SoftwareSourceCode"], "name": format!("Pipeline {name}"),
            "encodingFormat": "text/plain", "programmingLanguage": "RON", "runtimePlatform": reference("#spikeloom"),
        }),
        json!({"@id": "methods.md", "@type": "File", "name": "Methods", "encodingFormat": "text/markdown"}),
        json!({
            "@id": "provenance.jsonld", "@type": "File", "name": "Provenance (W3C PROV)",
            "encodingFormat": "application/ld+json",
        }),
    ];
    all.extend(nodes.into_values().chain(inputs.into_values()));
    all.extend(graph);
    all.extend(actions);
    all.extend(properties);
    json!({"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": all})
}

/// The same history as W3C PROV in JSON-LD: a task is an activity, what it used and made are entities.
pub fn prov(made: &[Made]) -> Json {
    let entity = |key: &str| format!("urn:spikeloom:result:{key}");
    let mut files = BTreeMap::new();
    let mut agents = BTreeMap::new();
    let mut graph = Vec::new();
    for m in made {
        let p = &m.provenance;
        let agent = format!("urn:spikeloom:version:{}", p.spikeloom);
        agents.entry(agent.clone()).or_insert_with(|| {
            json!({"@id": agent, "@type": ["prov:Agent", "prov:SoftwareAgent"], "label": format!("Spikeloom {}", p.spikeloom)})
        });
        let mut used: Vec<String> = Vec::new();
        for file in p.all_files() {
            let id = file_uri(&file.path);
            files.entry(id.clone()).or_insert_with(
                || json!({"@id": id, "@type": "prov:Entity", "spikeloom:fingerprint": file.fingerprint}),
            );
            used.push(id);
        }
        let taken =
            p.inputs.iter().flat_map(|i| i.result.iter().chain(i.steps.iter().flat_map(|s| &s.results)));
        used.extend(taken.map(|key| entity(key)));
        let used: Vec<Json> = used.iter().map(|id| reference(id)).collect();
        let key = m.stored.key.to_string();
        let activity = format!("urn:spikeloom:task:{key}");
        graph.push(json!({
            "@id": activity, "@type": "prov:Activity", "label": m.name(),
            "prov:startedAtTime": {"@type": "xsd:dateTime", "@value": p.started},
            "prov:endedAtTime": {"@type": "xsd:dateTime", "@value": p.ended},
            "prov:wasAssociatedWith": reference(&agent), "prov:used": used,
            "spikeloom:kind": p.kind, "spikeloom:nodeVersion": p.node_version, "spikeloom:host": p.host,
            "spikeloom:parameters": Json::Object(p.params.clone()).to_string(),
        }));
        graph.push(json!({
            "@id": entity(&key), "@type": "prov:Entity", "label": m.name(),
            "prov:wasGeneratedBy": reference(&activity), "prov:wasDerivedFrom": used,
        }));
    }
    let all: Vec<Json> = agents.into_values().chain(files.into_values()).chain(graph).collect();
    json!({
        "@context": {
            "prov": "http://www.w3.org/ns/prov#", "xsd": "http://www.w3.org/2001/XMLSchema#",
            "label": "http://www.w3.org/2000/01/rdf-schema#label", "spikeloom": "urn:spikeloom:term:",
        },
        "@graph": all,
    })
}

/// What was done, in words for the methods of a paper: each node with the parameters it ran with.
pub fn methods(pipeline: &Pipeline, registry: &Registry, made: &[Made]) -> String {
    let order = petgraph::algo::toposort(pipeline.graph(), None).unwrap_or_default();
    let nodes = order.into_iter().map(|index| &pipeline.graph()[index]);
    let mut sentences = Vec::new();
    for instance in nodes.filter(|instance| !instance.muted && !instance.bypassed) {
        let Some(node) = registry.get(&instance.kind) else { continue };
        let info = node.info();
        // What is only written or drawn changes no data.
        let outputs = node.outputs(&instance.params);
        let is_drawn = !outputs.is_empty() && outputs.iter().all(|port| port.port_type == PortType::Figure);
        if info.category == Category::Output || is_drawn {
            continue;
        }
        let of_node: Vec<&Made> = made.iter().filter(|m| m.node == instance.name).collect();
        let given = node.complete(&instance.params).unwrap_or_else(|_| instance.params.clone());
        // Automatic values are known from what ran, and may be others for each item.
        let ran: Vec<&Map<String, Json>> = match of_node.is_empty() {
            true => vec![&given],
            false => of_node.iter().map(|m| &m.provenance.params).collect(),
        };
        let versions = of_node.iter().flat_map(|m| m.provenance.tools.clone()).collect();
        let mut own: Vec<String> = ran.iter().filter_map(|params| node.in_words(params, &versions)).collect();
        own.sort();
        own.dedup();
        let mut sentence = match own.as_slice() {
            [] => told(&info, node.specs(), &ran),
            own => format!("{}: {}", info.label, own.join(" or ")),
        };
        if of_node.len() > 1 {
            sentence.push_str(&format!(", for each of {} items", of_node.len()));
        }
        sentences.push(sentence + ".");
    }
    let versions: BTreeSet<&str> = made.iter().map(|m| m.provenance.spikeloom.as_str()).collect();
    let versions = match versions.is_empty() {
        true => env!("CARGO_PKG_VERSION").to_owned(),
        false => versions.into_iter().collect::<Vec<_>>().join(" and "),
    };
    let systems: BTreeSet<String> =
        made.iter().map(|m| format!("{} ({})", m.provenance.os, m.provenance.cpu)).collect();
    let tools: BTreeMap<&String, &String> = made.iter().flat_map(|m| &m.provenance.tools).collect();
    let mut text = format!("Data were processed with Spikeloom {versions} (seed {})", pipeline.seed());
    if !systems.is_empty() {
        text.push_str(&format!(" on {}", systems.into_iter().collect::<Vec<_>>().join(" and ")));
    }
    text.push_str(&format!(". The steps were, in order: {}", sentences.join(" ")));
    if !tools.is_empty() {
        let tools: Vec<String> = tools.iter().map(|(name, version)| format!("{name} ({version})")).collect();
        text.push_str(&format!(" Other programs took part: {}.", tools.join(", ")));
    }
    text.push('\n');
    text
}

/// A node with what it does and its parameters.
fn told(info: &NodeInfo, specs: &[ParamSpec], ran: &[&Map<String, Json>]) -> String {
    let told: Vec<String> = specs.iter().filter_map(|spec| in_words(spec, ran)).collect();
    let mut sentence = format!("{} ({}", info.label, lower_first(info.summary.trim_end_matches('.')));
    if !info.source.is_empty() {
        sentence.push_str(&format!("; after {}", info.source));
    }
    sentence.push(')');
    if !told.is_empty() {
        sentence.push_str(&format!(" with {}", told.join(", ")));
    }
    sentence
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or(String::new(), |first| first.to_lowercase().collect::<String>() + letters.as_str())
}

/// Values that are told one by one where they differ from item to item.
const TOLD_APART: usize = 4;

/// A parameter with its unit, and for how many items it had which value where they differ; nothing of what is not set, off or,
/// being a detail, as it is by itself.
fn in_words(spec: &ParamSpec, ran: &[&Map<String, Json>]) -> Option<String> {
    let mut values: Vec<(String, usize)> = Vec::new();
    for params in ran {
        let value = params.get(&spec.name).unwrap_or(&Json::Null);
        let words = match value {
            detail if spec.advanced && *detail == spec.default => String::new(),
            Json::Null | Json::Bool(false) => String::new(),
            Json::Bool(true) => "on".to_owned(),
            Json::String(text) => text.clone(),
            Json::Array(items) if items.is_empty() => String::new(),
            other => other.to_string(),
        };
        match values.iter_mut().find(|(known, _)| *known == words) {
            Some((_, count)) => *count += 1,
            None => values.push((words, 1)),
        }
    }
    let label = lower_first(&spec.label);
    let unit = if spec.unit.is_empty() { String::new() } else { format!(" {}", spec.unit) };
    match values.as_slice() {
        [] => None,
        [(words, _)] if words.is_empty() => None,
        [(words, _)] if words == "on" => Some(label),
        [(words, _)] => Some(format!("{label} {words}{unit}")),
        several if several.len() > TOLD_APART => {
            Some(format!("{label} of {} values, one or more items each", several.len()))
        }
        several => {
            let each = several.iter().map(|(words, count)| match words.is_empty() {
                true => format!("none ({count} of the items)"),
                false => format!("{words}{unit} ({count} of the items)"),
            });
            Some(format!("{label} {}", each.collect::<Vec<_>>().join(" or ")))
        }
    }
}

/// Writes a crate into a folder that is there.
///
/// # Errors
/// Where something cannot be written or copied.
pub fn write_crate(
    folder: &Path,
    name: &str,
    document: &str,
    texts: (Json, Json, String),
    copied: &[Made],
) -> Result<(), crate::io::Error> {
    use super::store::{make_folder, write, write_json};
    let (metadata, prov, methods) = texts;
    write(&folder.join("pipeline.ron"), document.as_bytes())?;
    write(&folder.join("methods.md"), format!("# Methods ({name})\n\n{methods}").as_bytes())?;
    write_json(&folder.join("provenance.jsonld"), &prov)?;
    for m in copied {
        for inner in m.stored.manifest.files.keys() {
            let (from, to): (PathBuf, PathBuf) =
                (m.stored.folder.join(inner), folder.join(m.place()).join(inner));
            if let Some(parent) = to.parent() {
                make_folder(parent)?;
            }
            std::fs::copy(&from, &to).map_err(|e| crate::io::Error::io("copy", &from, e))?;
        }
    }
    write_json(&folder.join("ro-crate-metadata.json"), &metadata)
}
