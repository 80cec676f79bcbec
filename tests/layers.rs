//! Rooms import what the map of the house in `src/lib.rs` allows, and nothing else.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Room and what it may import.
const ARROWS: [(&str, &[&str]); 10] = [
    ("data", &[]),
    ("io", &["data"]),
    ("engine", &["data"]),
    ("figures", &["data", "engine"]),
    ("pipeline", &["data", "io", "engine"]),
    ("nodes", &["data", "io", "engine", "figures", "pipeline"]),
    ("inspect", &["data", "io", "engine", "pipeline"]),
    ("batch", &["data", "io", "pipeline"]),
    ("cli", &["data", "io", "engine", "pipeline", "nodes", "inspect", "batch"]),
    ("app", &["data", "io", "engine", "figures", "pipeline", "nodes", "inspect"]),
];

/// What the pipeline may know of the engine: the traits it implements and their values.
const ENGINE_FOR_PIPELINE: [&str; 5] = ["Monitor", "Scratch", "Preview", "Silent", "EngineError"];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// The code without comments, which may name anything.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n")
}

/// Paths that begin right after each `prefix::`, one level deep: `a::{b, c::d}` gives `b` and `c` for `a`.
fn named_after(text: &str, prefix: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let ident =
        |text: &str| text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    for (at, _) in text.match_indices(prefix) {
        let before = text[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let rest = &text[at + prefix.len()..];
        let Some(list) = rest.strip_prefix('{') else {
            names.insert(ident(rest));
            continue;
        };
        let (mut depth, mut fresh) = (1, true);
        for (i, c) in list.char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                ',' if depth == 1 => fresh = true,
                c if depth == 1 && fresh && (c.is_alphabetic() || c == '_') => {
                    names.insert(ident(&list[i..]));
                    fresh = false;
                }
                _ => {}
            }
            if depth == 0 {
                break;
            }
        }
    }
    names
}

fn rooms() -> BTreeSet<String> {
    ARROWS.iter().map(|(room, _)| (*room).to_owned()).collect()
}

#[test]
fn every_room_has_its_arrows() {
    let found: BTreeSet<String> = fs::read_dir(source())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(found, rooms());
}

#[test]
fn rooms_import_only_what_lies_below_them() {
    let mut wrong = Vec::new();
    for (room, allowed) in ARROWS {
        for path in files(&source().join(room)) {
            for name in named_after(&code(&path), "crate::").intersection(&rooms()) {
                if name != room && !allowed.contains(&name.as_str()) {
                    wrong.push(format!("{} imports {name}", path.display()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_pipeline_knows_only_the_traits_of_the_engine() {
    for path in files(&source().join("pipeline")) {
        let text = code(&path);
        for prefix in ["engine::", "crate::engine::"] {
            for name in named_after(&text, prefix) {
                assert!(
                    ENGINE_FOR_PIPELINE.contains(&name.as_str()),
                    "{} uses engine::{name}",
                    path.display()
                );
            }
        }
    }
}

#[test]
fn only_the_app_sees_the_window() {
    for (room, _) in ARROWS.iter().filter(|(room, _)| *room != "app") {
        for path in files(&source().join(room)) {
            let text = code(&path);
            for word in ["egui", "eframe", "rfd::"] {
                assert!(!text.contains(word), "{} uses {word}", path.display());
            }
        }
    }
}

#[test]
fn the_engine_opens_no_files_and_reads_no_clock_to_decide() {
    for path in files(&source().join("engine")) {
        let text = fs::read_to_string(&path).unwrap();
        let kept = text.split("#[cfg(test)]").next().unwrap_or("");
        assert!(!kept.contains("SystemTime"), "{} reads the clock", path.display());
        assert!(!kept.contains("rand::rng()"), "{} draws without a seed", path.display());
        assert!(!kept.contains("thread::spawn"), "{} makes threads of its own", path.display());
    }
}

#[test]
fn nodes_do_not_import_nodes_and_each_file_is_registered() {
    let list = code(&source().join("nodes/mod.rs"));
    let registry = spikeloom::nodes::registry();
    for path in files(&source().join("nodes")) {
        let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
        if stem == "mod" {
            continue;
        }
        let text = code(&path);
        assert!(!text.contains("crate::nodes"), "{} imports another node", path.display());
        // A node made of others names its parts; all others share only what is no node.
        for neighbour in named_after(&text, "super::").iter().filter(|_| !text.contains("fn expand")) {
            assert!(registry.get(neighbour).is_none(), "{} imports the node {neighbour}", path.display());
        }
        assert!(list.contains(&format!("mod {stem};")), "{stem} has no `mod` line in src/nodes/mod.rs");
        // A file without a node is what several of them share.
        assert!(
            registry.get(&stem).is_some() || !text.contains("impl Node for"),
            "{stem} is not registered, or its kind is not its file's name"
        );
    }
}
