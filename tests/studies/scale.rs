//! Large studies stay quick.

use super::{common::place::Place, run};
use std::{fs, time::Instant};

#[test]
fn a_thousand_recordings_are_planned_and_found_done_quickly() {
    let place = Place::new();
    for session in 0..10 {
        fs::create_dir_all(place.path(&format!("data/s{session}"))).unwrap();
        for index in 0..100_u16 {
            let path = place.path(&format!("data/s{session}/rec_{index}.bin"));
            fs::write(path, [index.to_le_bytes(), [session, 1]].concat().repeat(50)).unwrap();
        }
    }
    place.write(
        "p.ron",
        &super::pipeline(
            r#""each": (kind: "channel_statistics"), "all": (kind: "collect_tables")"#,
            &[("study.recording", "each.recording"), ("each.table", "all.table")],
        ),
    );
    let timed = |arguments: &[&str]| {
        let began = Instant::now();
        place.ends(0, arguments);
        began.elapsed().as_secs_f64()
    };
    let planned = timed(&["plan", "p.ron"]);
    let began = Instant::now();
    let (last, ran) = run(&place, 0, "p.ron");
    let cold = began.elapsed().as_secs_f64();
    assert_eq!((ran["each"], last["tasks"].as_u64()), (1000, Some(1001)));
    let cached = timed(&["run", "p.ron"]);
    println!("1001 tasks: planned in {planned:.2} s, run in {cold:.2} s, found done in {cached:.2} s");
    // Limits with room for a busy machine; benches/studies.rs has the figures.
    assert!(planned < 5.0 && cold < 60.0 && cached < 10.0, "{planned} s, {cold} s, {cached} s");
}
