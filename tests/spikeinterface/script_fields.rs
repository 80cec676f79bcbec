//! Every field of a node that has Python is heard by its script, or stands here with the reason.

use serde_json::{Value as Json, json};
use spikeloom::{
    nodes,
    pipeline::{Edit, NodeInstance, ParamKind, ParamSpec, Params, Pipeline, script},
};
use std::path::Path;

/// Fields that have no say in a script, of a kind or of all (`*`), and why.
const SILENT: [(&str, &str, &str); 17] = [
    ("*", "carries", "lists of Python hold anything"),
    ("*", "other_carries", "lists of Python hold anything"),
    ("*", "stream", "NWB alone has streams there; its own test has a file"),
    ("read_recording", "allow_partial_frame", "whole frames are read there whatever the file ends with"),
    ("command", "cores", "a script runs one program at a time"),
    ("command", "memory", "a script runs one program at a time"),
    ("command", "files", "a script runs everything anew"),
    ("command", "values", "values belong to parameters that are declared"),
    ("read_study", "path_column", "it belongs to a table; tests of studies have some"),
    ("read_study", "keys", "it belongs to a table; tests of studies have some"),
    ("sorting_from_files", "index", "a step of a script gives one file"),
    ("spikeinterface_sorter", "python", "the script's own Python runs it"),
    ("spikeinterface_sorter", "timeout_s", "run_sorter knows no limit"),
    ("split_by_time", "before_s", "it needs events; their test has some"),
    ("split_by_time", "after_s", "it needs events; their test has some"),
    ("sweep", "parameters", "what is swept stands with the node that is swept"),
    ("sweep", "combine", "it needs two parameters of another node"),
];

/// Other settings under which a field has a say.
fn settings(kind: &str) -> Vec<Json> {
    let raw = json!({"dtype": "int16", "num_channels": 4, "sampling_frequency": 20000.0, "gain_to_uv": 1.0});
    match kind {
        "common_reference" => vec![json!({"reference": "local"})],
        "concatenate" => vec![json!({"gap": "silence"})],
        "detect_bad_channels" => vec![json!({"action": "interpolate"})],
        "read_recording" | "read_study" | "recording_from_files" => vec![raw],
        "whiten" => vec![json!({"mode": "local"})],
        _ => Vec::new(),
    }
}

/// Values of a field that is more than a number, a word or a choice.
fn special(kind: &str, field: &str) -> Option<Json> {
    match (kind, field) {
        ("common_reference", "groups") => Some(json!([["1"], ["2"]])),
        ("common_reference", "local_radius") => Some(json!([10.0, 90.0])),
        ("generate_recording", "amplitude_range_uv") => Some(json!([50.0, 70.0])),
        ("silence_periods", "list_periods") => Some(json!([[[1, 2]]])),
        ("spikeinterface_sorter", "parameters") => Some(json!({"a": 1})),
        _ => None,
    }
}

/// Other values than the one a field has.
fn others(kind: &str, spec: &ParamSpec) -> Vec<Json> {
    if let Some(value) = special(kind, &spec.name) {
        return vec![value];
    }
    let (low, high) = spec.hard_range;
    match &spec.kind {
        ParamKind::Float | ParamKind::Int => {
            let usual = spec.default.as_f64().unwrap_or(low.unwrap_or(1.0));
            let more = usual + 1.0;
            let value = match high {
                Some(high) if more > high => low.unwrap_or(0.0).max(usual / 2.0 - 0.3),
                _ => more,
            };
            let is_int = matches!(spec.kind, ParamKind::Int);
            vec![if is_int { json!(value.round() as i64) } else { json!(value) }]
        }
        ParamKind::Bool => vec![json!(spec.default != json!(true))],
        ParamKind::Choice { options } => {
            let stored = options.iter().map(|(stored, ..)| json!(stored));
            stored.filter(|stored| *stored != spec.default).collect()
        }
        ParamKind::List { item } => vec![match item.as_str() {
            "text" => json!(["1"]),
            "int" => json!([1]),
            _ => json!([1.0]),
        }],
        _ => vec![json!("other")],
    }
}

#[test]
fn every_field_is_heard_or_its_silence_has_a_reason() {
    let registry = nodes::registry();
    let written = |kind: &str, params: &Params| {
        let mut pipeline = Pipeline::default();
        pipeline.apply(Edit::AddNode(NodeInstance::new("node", kind, params.clone(), [0.0; 2]))).unwrap();
        script(&pipeline, &registry, Path::new("/nowhere"), "p.ron")
    };
    let (mut heard, mut unheard) = (0, Vec::new());
    for node in registry.iter() {
        let kind = node.info().kind;
        let bases: Vec<Params> = std::iter::once(json!({}))
            .chain(settings(kind))
            .map(|base| base.as_object().cloned().unwrap_or_default())
            .collect();
        let of_bases: Vec<(Params, String)> = bases
            .into_iter()
            .map(|base| (base.clone(), written(kind, &base)))
            .filter(|(_, text)| !text.contains("SpikeInterface has no equivalent"))
            .collect();
        if of_bases.is_empty() {
            continue;
        }
        for spec in node.specs() {
            let is_heard = of_bases.iter().any(|(base, usual)| {
                others(kind, spec).into_iter().any(|value| {
                    let mut params = base.clone();
                    params.insert(spec.name.clone(), value);
                    node.complete(&params).is_ok() && written(kind, &params) != *usual
                })
            });
            let is_silent =
                SILENT.iter().any(|(of, field, _)| (*of == "*" || *of == kind) && *field == spec.name);
            heard += usize::from(is_heard);
            match (is_heard, is_silent) {
                (false, false) => unheard.push(format!("{kind}.{} has no say", spec.name)),
                (true, true) => unheard.push(format!("{kind}.{} is said to have none", spec.name)),
                _ => {}
            }
        }
    }
    assert!(unheard.is_empty() && heard > 150, "{heard} are heard\n{}", unheard.join("\n"));
}
