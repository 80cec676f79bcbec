//! Rooms import what the map of the house in `src/lib.rs` allows, and nothing else.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use proc_macro2::{Delimiter, TokenStream, TokenTree};
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
    ("app", &["data", "io", "engine", "figures", "pipeline", "nodes", "inspect", "batch"]),
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

/// Calls whose words are never shown: they name things to egui or to the system, or take texts apart.
const UNSEEN_CALLS: [&str; 9] = [
    "unique",
    "id_salt",
    "from_id_salt",
    "spawn",
    "debug_struct",
    "starts_with",
    "split_once",
    "find",
    "eprintln",
];
/// Symbols of units and quantities, the same in every language.
const SYMBOLS: [&str; 12] = ["s", "ms", "min", "h", "Hz", "kHz", "MHz", "µm", "µV", "x", "y", "Ctrl"];
/// The name of the program, and what stands in files as it is.
const UNSEEN: [&str; 4] = ["Spikeloom", "// Spikeloom, not saved: ", "// Shows ", "Paths start at "];

/// Texts that stand as literals in the code, tests apart; `call` is what they are arguments of.
fn literals(tokens: TokenStream, call: &str, found: &mut Vec<String>) {
    let (mut name, mut is_attribute, mut is_test) = (String::new(), false, false);
    for token in tokens {
        match &token {
            TokenTree::Group(group) if is_attribute => is_test |= group.to_string() == "[cfg (test)]",
            TokenTree::Group(group) if is_test => is_test = group.delimiter() != Delimiter::Brace,
            TokenTree::Group(group) => match group.delimiter() {
                Delimiter::Brace => literals(group.stream(), "", found),
                _ if name.is_empty() => literals(group.stream(), call, found),
                _ => literals(group.stream(), &name, found),
            },
            TokenTree::Literal(literal) => {
                let text = literal.to_string();
                if let Some(text) = text.strip_prefix('"').and_then(|text| text.strip_suffix('"'))
                    && !UNSEEN_CALLS.contains(&call)
                    && !UNSEEN.contains(&text)
                    && is_text(text)
                {
                    found.push(text.to_owned());
                }
            }
            _ => {}
        }
        let sign = match &token {
            TokenTree::Punct(sign) => sign.as_char(),
            _ => ' ',
        };
        is_attribute = sign == '#' || (is_attribute && sign == '!');
        is_test &= sign != ';';
        match token {
            TokenTree::Ident(ident) => name = ident.to_string(),
            _ if sign == '!' => {}
            _ => name.clear(),
        }
    }
}

/// True for several words, or one with a capital; values and symbols are none.
fn is_text(literal: &str) -> bool {
    let mut plain = String::new();
    let mut depth = 0;
    for c in literal.replace("\\n", " ").replace("\\u{", "{").chars() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            c if depth == 0 => plain.push(c),
            _ => {}
        }
    }
    let words = || plain.split(|c: char| !c.is_alphabetic()).filter(|word| !word.is_empty());
    let is_sentence = plain.contains(' ') || {
        let mut letters = plain.chars().skip_while(|c| !c.is_alphabetic());
        letters.next().is_some_and(char::is_uppercase) && letters.next().is_some_and(char::is_lowercase)
    };
    is_sentence && words().any(|word| !SYMBOLS.contains(&word) && word.is_ascii() && word.len() > 1)
}

#[test]
fn every_text_of_the_window_stands_among_the_texts() {
    assert!(["Save as…", "\\u{201c}{}\\u{201d} is kept", "{count} units", "Run"].into_iter().all(is_text));
    assert!(!["menu_bar", "{} min {:02.0} s", "Ctrl+C", "{node}.{port}", "Hz"].into_iter().any(is_text));
    let mut found = Vec::new();
    for path in files(&source().join("app")) {
        if path.starts_with(source().join("app/texts")) {
            continue;
        }
        let tokens: TokenStream = fs::read_to_string(&path).unwrap().parse().unwrap();
        let mut own = Vec::new();
        literals(tokens, "", &mut own);
        found.extend(own.into_iter().map(|text| format!("{}: {text}", path.display())));
    }
    assert!(found.is_empty(), "these belong into src/app/texts:\n{}", found.join("\n"));
}
