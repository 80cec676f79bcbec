//! Pull the plug: a study is killed at random moments, again and again, and always goes on.
//!
//! `SPIKELOOM_PLUG_ROUNDS=200 cargo test --release --test plug` kills it 200 times (20 where left out). Nothing that was
//! finished is done again, every stored file has its hash, nothing half-written has its final name, no program that a run
//! started goes on without it, and in the end the results are those of a run that was left alone.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "../common/mod.rs"]
mod common;

use common::place::{Place, small_recording};
use spikeloom::pipeline::Store;
use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    process::Stdio,
    thread::sleep,
    time::{Duration, Instant, SystemTime},
};

const STUDY: &str = r#"(version: 1, nodes: {
    "study": (kind: "read_study", params: (path: "data", pattern: "{session}/rec_{index}.raw", dtype: int16, num_channels: 4, sampling_frequency: 20000.0)),
    "filter": (kind: "bandpass_filter"),
    "statistics": (kind: "channel_statistics"),
    "noise": (kind: "noise_levels"),
    "count": (kind: "command", params: (program: "sh", outputs: ["table: table as csv"], parameters: ["mark: text = MARK"],
        arguments: ["-c", "sleep 98.7654 & sleep 0.03; printf 'bytes\\n%s\\n' $(wc -c < {recording}) > {table}; : {mark}"])),
    "save": (kind: "save_recording", params: (path: "saved")),
    "sessions": (kind: "group_items", params: (by: ["session"])),
    "joined": (kind: "concatenate"),
    "sort": (kind: "sort"),
    "metrics": (kind: "quality_metrics"),
    "statistics_of_all": (kind: "collect_tables"),
    "counts_of_all": (kind: "collect_tables"),
    "metrics_of_all": (kind: "collect_tables"),
    "table": (kind: "save_table", params: (path: "metrics.csv")),
}, wires: [
    ("study.recording", "filter.recording"), ("filter.recording", "statistics.recording"),
    ("study.recording", "noise.recording"), ("study.recording", "count.recording"),
    ("filter.recording", "save.recording"), ("filter.recording", "sessions.item"),
    ("sessions.item", "joined.recording"), ("joined.recording", "sort.recording"),
    ("joined.recording", "metrics.recording"), ("sort.sorting", "metrics.sorting"),
    ("statistics.table", "statistics_of_all.table"), ("count.table", "counts_of_all.table"),
    ("metrics.table", "metrics_of_all.table"), ("metrics_of_all.table", "table.table"),
])"#;

const TABLES: [&str; 4] = ["statistics_of_all", "counts_of_all", "metrics_of_all", "table"];

/// A place with the recordings of two sessions and the study of them.
fn study(mark: &str) -> Place {
    let place = Place::new();
    for session in ["a", "b"] {
        fs::create_dir_all(place.path("data").join(session)).unwrap();
        for index in 0..5 {
            let path = place.path("data").join(session).join(format!("rec_{index}.raw"));
            small_recording(&path, 20_000 + 500 * index + if session == "a" { 0 } else { 3000 });
        }
    }
    place.write("p.ron", &STUDY.replace("MARK", mark));
    place
}

/// Runs it to its end and gives the files of its tables and what it saved.
fn results(place: &Place) -> BTreeMap<String, Vec<u8>> {
    let last = common::place::events(&place.ends(0, &["run", "p.ron", "--json"])).pop().unwrap();
    let mut found = BTreeMap::new();
    for node in &TABLES[..3] {
        let folder = Path::new(last["results"][node].as_str().unwrap());
        found.insert((*node).to_owned(), fs::read(folder.join("table/table.csv")).unwrap());
    }
    found.insert("metrics.csv".into(), fs::read(place.path("metrics.csv")).unwrap());
    for path in below(place.folder.path()) {
        if path.ends_with("traces_cached_seg0.raw") && !path.starts_with(place.path("store")) {
            let name = path.strip_prefix(place.folder.path()).unwrap().display().to_string();
            found.insert(name, fs::read(&path).unwrap());
        }
    }
    assert_eq!(found.len(), 4 + 10, "{:?}", found.keys());
    found
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.file_type().unwrap().is_dir() {
            true => found.extend(below(&entry.path())),
            false => found.push(entry.path()),
        }
    }
    found
}

/// The results in the store, each with what changes where it is made anew: the inode of its provenance.
fn made(place: &Place) -> BTreeMap<PathBuf, u64> {
    let objects = below(&place.path("store/objects"));
    let own = objects.into_iter().filter(|path| path.ends_with("provenance.json"));
    own.map(|path| (path.clone(), fs::metadata(&path).unwrap().ino())).collect()
}

/// Programs of the study that still run.
fn left_running(mark: &str) -> usize {
    let of_group = |line: &str| line.contains(mark);
    let found = fs::read_dir("/proc").unwrap().flatten().filter(|entry| {
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        let is_number = entry.file_name().to_string_lossy().bytes().all(|b| b.is_ascii_digit());
        is_number && of_group(&String::from_utf8_lossy(&line))
    });
    found.count()
}

/// A random number below a limit.
fn below_limit(state: &mut u64, limit: u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) % limit
}

#[test]
fn a_study_survives_being_killed_at_random_moments() {
    let rounds: usize = std::env::var("SPIKELOOM_PLUG_ROUNDS").map_or(20, |n| n.parse().unwrap());
    let seed = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_nanos() as u64;
    println!("{rounds} rounds, seed {seed}");
    let mark = format!("plug{}", std::process::id());
    let began = Instant::now();
    let alone = results(&study(&mark));
    let took = began.elapsed();
    let mut state = seed;
    let mut place = study(&mark);
    let (mut seen, mut killed, mut whole) = (BTreeMap::<PathBuf, u64>::new(), 0, 0);
    while killed < rounds {
        let mut run = place.command(&["run", "p.ron"]);
        let mut child = run.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // Most of the time in the midst of it, now and then near its end.
        sleep(Duration::from_micros(below_limit(&mut state, took.as_micros() as u64 * 2 / 5)));
        let ended_before = child.try_wait().unwrap().is_some();
        child.kill().unwrap();
        child.wait().unwrap();

        let gone = Instant::now();
        while left_running(&mark) > 0 && gone.elapsed() < Duration::from_secs(5) {
            sleep(Duration::from_millis(5));
        }
        assert_eq!(left_running(&mark), 0, "a program goes on without its run (seed {seed})");
        let found = made(&place);
        for (path, inode) in &seen {
            assert_eq!(found.get(path), Some(inode), "{} was made again (seed {seed})", path.display());
        }
        if killed % 10 == 0 {
            let report = Store::open(&place.path("store")).unwrap().verify(false).unwrap();
            assert_eq!(report.damaged, [], "seed {seed}");
        }
        seen = found;
        if !ended_before {
            killed += 1;
            continue;
        }
        assert_eq!(results(&place), alone, "seed {seed}");
        whole += 1;
        place = study(&mark);
        seen.clear();
    }
    assert_eq!(results(&place), alone, "seed {seed}");
    // A lease of a process that was killed before it wrote its name is taken away once it can't be one that is being made.
    sleep(Duration::from_secs(3));
    let report = Store::open(&place.path("store")).unwrap().verify(false).unwrap();
    assert_eq!(report.damaged, [], "seed {seed}");
    for inner in ["tmp", "scratch"] {
        assert_eq!(
            below(&place.path("store").join(inner)),
            [] as [PathBuf; 0],
            "left in {inner} (seed {seed})"
        );
    }
    // Of runs too, whose records were half written, once that is long ago.
    let is_part = |path: &PathBuf| path.iter().any(|part| part.to_string_lossy().ends_with(".part"));
    let parts = || below(place.folder.path()).into_iter().filter(is_part).collect::<Vec<PathBuf>>();
    let records = place.path("store/runs");
    for part in parts().iter().filter(|part| part.starts_with(&records)) {
        let long_ago = SystemTime::now() - Duration::from_secs(3600);
        fs::File::options().write(true).open(part).unwrap().set_modified(long_ago).unwrap();
    }
    place.ends(0, &["run", "p.ron"]);
    assert_eq!(parts(), [] as [PathBuf; 0], "half-written files stay (seed {seed})");
    println!("killed {killed} times, {} studies went through; one alone took {took:?}", whole + 1);
}
