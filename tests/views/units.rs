//! Units: listed, chosen, filtered, and followed into the traces.

use crate::screen::{Screen, example, with_recording};
use egui::{Key, Modifiers, Theme};
use egui_kittest::kittest::Queryable;
use spikeloom::{
    app::views::Viewer,
    data::{Id, Sorting},
    nodes::registry,
    pipeline::{Document, Executor, Limits, RunOptions, RunStatus, Store, Value},
};

#[test]
fn units_are_listed_and_chosen() {
    let mut screen = Screen::new([1300.0, 420.0], Theme::Dark);
    screen.show("generate.truth", Value::Sorting(example().1.clone()), with_recording());
    let first = &example().1.unit_ids[3];
    screen.0.get_by_label(&format!("Unit {first}")).click();
    screen.settle();
    let other = &example().1.unit_ids[5];
    screen.0.get_by_label(&format!("Unit {other}")).click_modifiers(Modifiers::COMMAND);
    screen.settle();
    assert_eq!(screen.viewer().selected_units(), [3, 5]);
    for panel in ["Waveforms on the probe", "Correlograms", "Amplitude over time", "Raster"] {
        screen.0.get_by_label(panel);
    }
}

#[test]
fn units_in_a_light_window() {
    let mut screen = Screen::new([1300.0, 420.0], Theme::Light);
    screen.show("generate.truth", Value::Sorting(example().1.clone()), with_recording());
    screen.looks_like("units_light");
}

#[test]
fn from_a_unit_to_its_spikes_in_the_traces() {
    let mut screen = Screen::new([1300.0, 420.0], Theme::Dark);
    screen.show("generate.truth", Value::Sorting(example().1.clone()), with_recording());
    screen.0.get_by_label("Traces").click();
    screen.settle();
    assert_eq!(screen.viewer().end(), Some("generate.recording"));
    screen.0.get_by_label("Probe");
}

#[test]
fn a_sorting_without_units_says_what_to_try() {
    let mut screen = Screen::new([900.0, 320.0], Theme::Dark);
    let none = Sorting::from_spikes(30_000.0, Vec::new(), &[], &[]);
    screen.show("sort.sorting", none, Vec::new());
    assert!(screen.says("No units were found"));
    let silent = Sorting::from_spikes(30_000.0, Id::range(2), &[], &[]);
    screen.show("sort.sorting", silent, Vec::new());
    screen.0.get_by_label("Unit 0");
}

#[test]
fn units_are_filtered_and_walked_through() {
    let mut screen = Screen::new([1300.0, 420.0], Theme::Dark);
    screen.show("generate.truth", Value::Sorting(example().1.clone()), with_recording());
    let first = screen.viewer().selected_units();
    let table = screen.0.get_by_label(&format!("Unit {}", example().1.unit_ids[0])).rect().center();
    screen.0.hover_at(table);
    screen.key(Key::ArrowDown);
    let second = screen.viewer().selected_units();
    assert!(first.len() == 1 && second.len() == 1 && first != second);
    screen.0.key_press_modifiers(Modifiers::SHIFT, Key::ArrowDown);
    screen.settle();
    assert_eq!(screen.viewer().selected_units().len(), 2);
    screen.0.get_by_label("Filter units").click();
    screen.settle();
    screen.0.get_by_label("Filter units").type_text("spikes > 100");
    screen.settle();
    let many = example().1.spike_counts().into_iter().filter(|&count| count > 100).count();
    assert!(many > 0 && many < 8);
    assert!(screen.says(&format!("{many} of 8 units")));
}

/// A recording, its truth, metrics of the truth and a comparison of the truth with itself.

#[test]
fn only_tables_of_the_same_units_are_joined() {
    let folder = tempfile::tempdir().unwrap();
    let text = r#"(version: 1, nodes: {
        "demo": (kind: "generate_recording", params: (duration_s: 4.0, num_units: 4)),
        "other": (kind: "generate_recording", params: (duration_s: 4.0, num_units: 6)),
        "compare": (kind: "compare_to_truth"),
        "metrics": (kind: "quality_metrics"),
    }, wires: [
        ("demo.recording", "metrics.recording"),
        ("demo.truth", "compare.truth"),
        ("other.truth", "metrics.sorting"),
        ("other.truth", "compare.sorting"),
    ])"#;
    let path = folder.path().join("p.ron");
    std::fs::write(&path, text).unwrap();
    let pipeline = Document::read(&path, &registry()).unwrap().pipeline;
    let store = Store::open(&folder.path().join("store")).unwrap();
    let executor = Executor::new(registry(), store, Limits::default());
    let run = executor.start(&pipeline, RunOptions::default());
    for _ in &run.events {}
    assert_eq!(run.wait(), RunStatus::Ok);
    let mut screen = Screen::new([1700.0, 420.0], Theme::Dark);
    let ctx = screen.0.ctx.clone();
    *screen.viewer() = Viewer::new(&ctx, executor);
    screen.viewer().show_end(&pipeline, folder.path(), "other.truth");
    screen.settle();
    assert!(screen.says("Presence") && !screen.says("Found as"), "the rows are the other's units");
    screen.viewer().show_end(&pipeline, folder.path(), "demo.truth");
    screen.settle();
    assert!(screen.says("Found as") && !screen.says("Presence"));
}
