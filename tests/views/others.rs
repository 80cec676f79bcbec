//! Tables, figures, clouds of peaks, what runs, and what is written of all that.

use crate::screen::{Screen, example, with_recording, with_spikes};
use egui::Theme;
use egui_kittest::kittest::Queryable;
use spikeloom::{
    data::{Figure, Peaks, Table, TableColumn},
    engine::{
        Preview,
        correlograms::{CorrelogramBins, correlograms_table},
    },
    pipeline::{self, Coordinate, EventKind, RunId, TaskId, Value},
};
use std::sync::Arc;

#[test]
fn an_empty_viewer_says_what_to_do() {
    let screen = Screen::new([700.0, 300.0], Theme::Dark);
    assert!(screen.says("Click a wire or a port"));
}

#[test]
fn tables_sort_and_search() {
    let mut table = Table::default();
    table.set("unit_id", TableColumn::Int(vec![1, 2, 3]));
    table.set("snr", TableColumn::Float(vec![4.0, f64::NAN, 9.5]));
    table.set("label", TableColumn::Text(vec!["good".into(), "noise".into(), "good".into()]));
    let mut screen = Screen::new([600.0, 260.0], Theme::Dark);
    screen.show("metrics.table", table, Vec::new());
    assert!(screen.says("3 rows"));
    let top = |screen: &Screen| {
        let y = |text: &str| screen.0.get_by_label(text).rect().top();
        (y("4.00"), y("9.50"))
    };
    screen.0.get_by_label("SNR").click();
    screen.settle();
    let (low, high) = top(&screen);
    assert!(low < high);
    screen.0.get_by_label("SNR").click();
    screen.settle();
    let (low, high) = top(&screen);
    assert!(low > high);
    screen.0.get_by_role(egui::accesskit::Role::TextInput).click();
    screen.settle();
    screen.0.get_by_role(egui::accesskit::Role::TextInput).type_text("noise");
    screen.settle();
    assert!(screen.says("1 row"));
}

#[test]
fn figures_and_peaks_are_pictures() {
    let svg = r##"<svg xmlns="http://www.w3.org/2000/svg" width="200" height="100"><rect width="200" height="100" fill="#eef"/><circle cx="100" cy="50" r="30" fill="#c46200"/><text x="10" y="20" font-family="sans-serif">title</text></svg>"##;
    let figure = Figure { title: "A circle".into(), svg: svg.into(), width: 200, height: 100 };
    let mut screen = Screen::new([500.0, 300.0], Theme::Dark);
    screen.show("plot.figure", figure, Vec::new());
    screen.0.get_by_label("A circle");
    screen.looks_like("figure");

    let spikes = &example().1.segments[0];
    let peaks = Peaks {
        sampling_frequency: 30_000.0,
        num_channels: 32,
        segment_index: vec![0; spikes.sample_index.len()].into(),
        sample_index: spikes.sample_index.clone(),
        channel_index: spikes.unit_index.clone(),
        amplitude: spikes.amplitude.clone().unwrap(),
        location_um: spikes.location_um.clone(),
    };
    screen.show("detect.peaks", peaks, Vec::new());
    screen.0.get_by_label("Drift map");
}

#[test]
fn a_sort_is_seen_while_it_runs() {
    let mut screen = Screen::new([900.0, 320.0], Theme::Dark);
    let task = TaskId { node: "sort".into(), coordinate: Coordinate::default() };
    let event = |kind: EventKind| pipeline::Event { run: RunId(1), at_s: 0.0, kind };
    screen.viewer().show_end(&pipeline::Pipeline::default(), std::path::Path::new(""), "sort.sorting");
    screen.viewer().on_event(&event(EventKind::Started { task: task.clone() }));
    let peaks = |count: usize| (0..count).map(|i| [i as f32 * 0.01, (i * 37 % 800) as f32, 50.0]).collect();
    screen
        .viewer()
        .on_event(&event(EventKind::Preview { task: task.clone(), preview: Preview::Peaks(peaks(1000)) }));
    screen.viewer().on_event(&event(EventKind::Preview {
        task: task.clone(),
        preview: Preview::Counts { num_spikes: 900, num_units: 7 },
    }));
    screen.viewer().on_event(&event(EventKind::Progress {
        task: task.clone(),
        stage: "detect".into(),
        done: 1,
        total: 4,
        share: None,
        remaining_s: Some(12.0),
    }));
    screen.settle();
    assert!(screen.says("7 units") && screen.says("Detect 25 %") && screen.says("12.0 s left"));
    screen.0.get_by_label("Drift map");
    screen.viewer().on_event(&event(EventKind::Failed { task, message: "disk full: free some room".into() }));
    screen.settle();
    assert!(screen.says("disk full"));
}

#[test]
fn what_is_seen_is_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut screen = Screen::new([1300.0, 480.0], Theme::Dark);
    let export = |screen: &mut Screen, entry: &str, file: &str| {
        screen.0.get_by_label("Export").click();
        screen.settle();
        screen.0.get_by_label(entry).click();
        screen.settle();
        let name = screen.viewer().take_file_wish().unwrap();
        assert!(screen.viewer().take_file_wish().is_none(), "asked once");
        let path = folder.path().join(file);
        assert_eq!(std::path::Path::new(&name).extension(), path.extension());
        screen.viewer().save_to(&path);
        screen.settle();
        assert_eq!(screen.viewer().take_saved().unwrap().as_deref(), Ok(path.as_path()));
        std::fs::read_to_string(&path).unwrap()
    };
    screen.show("generate.recording", example().0.clone(), with_spikes());
    let csv = export(&mut screen, "Save values in sight…", "a.csv");
    assert_eq!(csv.lines().count(), 1 + 15_000, "half a second at 30 kHz");
    assert_eq!(csv.lines().next().unwrap().split(',').count(), 1 + 32);
    let svg = export(&mut screen, "Save picture…", "a.svg");
    assert!(svg.contains("polyline") && svg.contains("channel"));
    screen.0.get_by_label("Heat map").click();
    screen.settle();
    assert!(export(&mut screen, "Save picture…", "b.svg").contains("data:image/png;base64,"));
    screen.show("generate.truth", Value::Sorting(example().1.clone()), with_recording());
    let csv = export(&mut screen, "Save table…", "units.csv");
    assert!(csv.starts_with("unit_id,num_spikes,firing_rate,amplitude,snr") && csv.lines().count() == 9);
}

#[test]
fn correlograms_are_a_picture_with_the_table_behind() {
    let sorting = &example().1;
    let bins = CorrelogramBins::new(sorting.sampling_frequency, 50.0, 1.0);
    let table = correlograms_table(sorting, &bins, true).unwrap();
    let mut screen = Screen::new([1100.0, 360.0], Theme::Dark);
    screen.show("correlograms.table", Value::Table(Arc::new(table)), Vec::new());
    assert!(screen.says("Autocorrelogram of unit 0"));
    screen.looks_like("correlograms");
    screen.0.get_by_label("Unit 1").click();
    screen.settle();
    assert!(screen.says("One unit. Ctrl + click adds another."));
    screen.0.get_by_label("Table").click();
    screen.settle();
    assert!(screen.says("bin_start_ms"));
}
