//! Nodes: rules that hold for every one of them, and what they do in a pipeline, seen by SpikeInterface and phy.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../common/mod.rs"]
mod common;
mod outputs;
mod preprocessing;

use spikeloom::{
    nodes::registry,
    pipeline::{Category, ParamKind, Params, Work},
};
use std::{collections::BTreeSet, fs, path::Path};

#[test]
fn every_node_says_what_it_is() {
    let mut labels = BTreeSet::new();
    for node in registry().iter() {
        let info = node.info();
        let kind = info.kind;
        assert!(kind.chars().all(|c| c.is_ascii_lowercase() || c == '_' || c.is_ascii_digit()), "{kind}");
        assert!(info.label.starts_with(char::is_uppercase), "{kind}: label \"{}\"", info.label);
        assert!(labels.insert(info.label), "{kind}: label \"{}\" is used twice", info.label);
        assert!(info.summary.starts_with(char::is_uppercase), "{kind}: \"{}\"", info.summary);
        assert!(info.summary.ends_with('.'), "{kind}: \"{}\"", info.summary);
        assert!(info.version > 0, "{kind}: versions count from 1");
        assert!(!info.outputs.is_empty(), "{kind}: a node gives something");
        let lazy = matches!(info.work, Work::Lazy | Work::Arrange | Work::FitThenLazy(_));
        let only_recordings = info.outputs.iter().all(|p| p.port_type.name() == "Recording");
        assert!(!only_recordings || lazy, "{kind}: recordings are recipes, never stored");
    }
}

#[test]
fn ports_of_a_node_have_names_of_their_own() {
    for node in registry().iter() {
        let info = node.info();
        for ports in [info.inputs, info.outputs] {
            let names: BTreeSet<&str> = ports.iter().map(|port| port.name).collect();
            assert_eq!(names.len(), ports.len(), "{}: two ports of one name", info.kind);
        }
        assert!(info.outputs.iter().all(|port| !port.optional), "{}: outputs are never optional", info.kind);
    }
}

#[test]
fn every_parameter_is_documented_and_has_its_unit() {
    for node in registry().iter() {
        for spec in node.specs() {
            let name = format!("{}.{}", node.info().kind, spec.name);
            assert!(
                spec.doc.starts_with(|c: char| c.is_uppercase() || !c.is_ascii()),
                "{name}: doc \"{}\"",
                spec.doc
            );
            assert!(spec.doc.ends_with('.'), "{name}: doc \"{}\"", spec.doc);
            assert!(!spec.label.is_empty(), "{name}: no label");
            for (ending, unit) in [("_ms", "ms"), ("_um", "µm"), ("_uv", "µV"), ("_hz", "Hz"), ("_s", "s")]
            {
                let gains = spec.name.starts_with("gain_to") || spec.name.starts_with("offset_to");
                if spec.name.ends_with(ending) && !gains && spec.name != "to_uv" {
                    assert_eq!(spec.unit, unit, "{name}: wrong or missing unit");
                }
            }
            if let ParamKind::Choice { options } = &spec.kind {
                assert!(options.len() > 1, "{name}: a choice of one");
                for (stored, label, _) in options {
                    assert!(!stored.is_empty() && !label.is_empty(), "{name}: an option without a name");
                }
            }
        }
    }
}

#[test]
fn defaults_are_accepted_and_within_their_ranges() {
    for node in registry().iter() {
        let kind = node.info().kind;
        for problem in node.check(&Params::new()) {
            let spec = node.specs().iter().find(|spec| spec.name == problem.field);
            // A file has to be chosen; nothing else has to be set.
            let is_path = spec.is_some_and(|spec| matches!(spec.kind, ParamKind::Path { .. }));
            assert!(is_path, "{kind}: the default of {} is refused: {}", problem.field, problem.message);
        }
        for spec in node.specs() {
            let Some(value) = spec.default.as_f64() else { continue };
            let (min, max) = spec.hard_range;
            assert!(min.is_none_or(|min| value >= min), "{kind}.{}: default below {min:?}", spec.name);
            assert!(max.is_none_or(|max| value <= max), "{kind}.{}: default above {max:?}", spec.name);
        }
    }
}

#[test]
fn parameters_survive_a_document() {
    for node in registry().iter() {
        let kind = node.info().kind;
        assert!(node.params_to_ron(&Params::new()).unwrap().is_empty(), "{kind}: defaults are written");
        let complete = node.complete(&Params::new()).unwrap();
        let names: Vec<&String> = complete.keys().collect();
        let specs: Vec<&String> = node.specs().iter().map(|spec| &spec.name).collect();
        assert_eq!(names, specs, "{kind}: parameters and their declarations differ");
        assert!(node.params_from_ron("()").unwrap().is_empty(), "{kind}: an empty document sets something");
    }
}

#[test]
fn every_node_is_found_by_its_name() {
    let registry = registry();
    for node in registry.iter() {
        let info = node.info();
        for query in [info.label, info.kind] {
            let found: Vec<&str> = registry.search(query).iter().map(|node| node.info().kind).collect();
            assert!(found.contains(&info.kind), "\"{query}\" finds {found:?}");
        }
    }
}

/// The table of nodes in the README; `SPIKELOOM_UPDATE=1 cargo test --test nodes` writes it anew.
#[test]
fn the_table_of_nodes_in_the_readme_is_fresh() {
    const BEGIN: &str = "<!-- nodes: begin -->\n";
    const END: &str = "<!-- nodes: end -->";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md");
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(BEGIN).unwrap();
    let (found, after) = rest.split_once(END).unwrap();
    let mut table = String::from("\n| category | node | what it does |\n|---|---|---|\n");
    let registry = registry();
    let categories = [
        Category::Source,
        Category::Shape,
        Category::Preprocess,
        Category::Sort,
        Category::Look,
        Category::Output,
    ];
    for category in categories {
        for node in registry.in_category(category) {
            let info = node.info();
            table.push_str(&format!("| {category:?} | `{}` | {} |\n", info.kind, info.summary));
        }
    }
    table.push('\n');
    if std::env::var_os("SPIKELOOM_UPDATE").is_some() {
        fs::write(&path, format!("{before}{BEGIN}{table}{END}{after}")).unwrap();
        return;
    }
    assert_eq!(found, table, "write it anew: SPIKELOOM_UPDATE=1 cargo test --release --test nodes");
}
