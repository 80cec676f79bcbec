//! What the viewer shows of recordings, sortings, tables and figures, from outside.
#![cfg(feature = "gui")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use egui::{Event, Key, Modifiers, MouseWheelUnit, Theme, TouchPhase, vec2};
use egui_kittest::{Harness, SnapshotOptions, kittest::Queryable};
use spikeloom::{
    app::{theme, views::Viewer},
    data::{
        DType, Events, Figure, Id, Peaks, Recording, RecordingInfo, Sorting, Source, SourceError, Table,
        TableColumn,
    },
    engine::{
        Preview,
        synthetic::{GenerateParams, ProbeLayout, SyntheticSource, truth},
    },
    nodes::registry,
    pipeline::{
        self, Coordinate, Document, EventKind, Executor, Limits, RunId, RunOptions, RunStatus, Store, TaskId,
        Value,
    },
};
use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

const PATIENCE: Duration = Duration::from_secs(60);

struct Screen(Harness<'static, Option<Viewer>>);

impl Screen {
    fn new(size: [f32; 2], theme_of_screen: Theme) -> Self {
        let harness =
            Harness::builder().with_size(vec2(size[0], size[1])).with_theme(theme_of_screen).build_ui_state(
                |ui, viewer: &mut Option<Viewer>| {
                    let viewer = viewer.get_or_insert_with(|| {
                        theme::install(ui.ctx());
                        Viewer::without_executor(ui.ctx())
                    });
                    let fill = ui.visuals().panel_fill;
                    egui::Frame::NONE.fill(fill).show(ui, |ui| {
                        ui.set_min_size(ui.available_size());
                        viewer.ui(ui);
                    });
                },
                None,
            );
        let mut screen = Self(harness);
        screen.0.run_steps(2);
        screen
    }

    fn viewer(&mut self) -> &mut Viewer {
        self.0.state_mut().as_mut().unwrap()
    }

    fn show(&mut self, end: &str, value: impl Into<Value>, related: Vec<(String, Value)>) {
        self.viewer().show_value(end, value.into(), related);
        self.settle();
    }

    /// Goes on drawing until nothing is computed any more.
    fn settle(&mut self) {
        let start = Instant::now();
        let mut quiet = 0;
        while quiet < 3 {
            assert!(start.elapsed() < PATIENCE, "the viewer never came to rest");
            self.0.run_steps(1);
            quiet = if self.viewer().busy() { 0 } else { quiet + 1 };
            std::thread::sleep(Duration::from_millis(5));
        }
        self.0.run_steps(2);
    }

    fn wheel(&mut self, label: &str, lines: f32, modifiers: Modifiers) {
        let at = self.0.get_by_label(label).rect().center();
        self.0.hover_at(at);
        self.0.run_steps(1);
        let event = Event::MouseWheel {
            unit: MouseWheelUnit::Line,
            delta: vec2(0.0, lines),
            phase: TouchPhase::Move,
            modifiers,
            source: egui::MouseWheelSource::Wheel,
        };
        self.0.event_modifiers(event, modifiers);
        self.settle();
    }

    fn key(&mut self, key: Key) {
        self.0.key_press(key);
        self.settle();
    }

    /// Compares with the picture of this name; another processor may round a few samples the other way.
    fn looks_like(&mut self, name: &str) {
        self.0.snapshot_options(name, &SnapshotOptions::new().max_failed_pixels(50usize));
    }

    /// Every text on the screen, to look for words.
    fn says(&self, words: &str) -> bool {
        self.0.query_all_by(|node| node.label().is_some_and(|l| l.contains(words))).next().is_some()
            || self.0.query_all_by(|node| node.value().is_some_and(|l| l.contains(words))).next().is_some()
    }
}

/// Ten seconds on 32 channels and the truth about them.
fn example() -> &'static (Recording, Arc<Sorting>) {
    static EXAMPLE: OnceLock<(Recording, Arc<Sorting>)> = OnceLock::new();
    EXAMPLE.get_or_init(|| {
        let params = GenerateParams { duration_s: 10.0, num_units: 8, ..GenerateParams::default() };
        let truth = Arc::new(truth(&params, 0));
        let source = SyntheticSource::new(&params, 0, truth.clone()).unwrap();
        (Recording::new(Arc::new(source)), truth)
    })
}

fn with_spikes() -> Vec<(String, Value)> {
    vec![("generate.truth".into(), Value::Sorting(example().1.clone()))]
}

fn with_recording() -> Vec<(String, Value)> {
    vec![("generate.recording".into(), Value::Recording(example().0.clone()))]
}

#[test]
fn an_empty_viewer_says_what_to_do() {
    let screen = Screen::new([700.0, 300.0], Theme::Dark);
    assert!(screen.says("Click a wire or a port"));
}

#[test]
fn traces_of_32_channels_are_lines_with_spikes_on_top() {
    let mut screen = Screen::new([1100.0, 480.0], Theme::Dark);
    screen.show("generate.recording", example().0.clone(), with_spikes());
    screen.0.get_by_label("Traces");
    screen.0.get_by_label("Probe");
    screen.0.get_by_label("Whole recording");
    assert!(screen.says("Spikes on top"));
    screen.looks_like("traces_lines");
}

#[test]
fn many_channels_are_a_heat_map() {
    let params = GenerateParams {
        duration_s: 3.0,
        num_units: 60,
        probe: ProbeLayout::Neuropixels384,
        ..GenerateParams::default()
    };
    let truth = Arc::new(truth(&params, 0));
    let mut screen = Screen::new([1100.0, 480.0], Theme::Dark);
    let recording = Recording::new(Arc::new(SyntheticSource::new(&params, 0, truth).unwrap()));
    screen.show("generate.recording", recording, Vec::new());
    assert!(screen.says("1.00 s"), "a second is shown first");
    assert!(screen.says("Heat map"), "so many channels are no lines");
    screen.looks_like("traces_heat");
}

#[test]
fn wheel_and_keys_move_through_time() {
    let mut screen = Screen::new([900.0, 400.0], Theme::Dark);
    screen.show("generate.recording", example().0.clone(), with_spikes());
    assert!(screen.says("500 ms"), "half a second is shown first");
    screen.wheel("Traces", 1.0, Modifiers::NONE);
    assert!(screen.says("400 ms"), "a notch of the wheel shows less time");
    screen.wheel("Traces", -30.0, Modifiers::NONE);
    assert!(screen.says("10.0 s"), "never more than there is");
    screen.wheel("Traces", 12.0, Modifiers::NONE);
    let before = screen.viewer().time_range().unwrap();
    screen.key(Key::ArrowRight);
    let after = screen.viewer().time_range().unwrap();
    assert!(after[0] > before[0]);
    screen.key(Key::Home);
    assert_eq!(screen.viewer().time_range().unwrap()[0], 0.0);
    screen.key(Key::D);
    let [from, to] = screen.viewer().time_range().unwrap();
    let rate = example().1.sampling_frequency;
    let middle = (from + to) / 2.0;
    let near = example().1.segments[0].sample_index.iter().any(|&s| (s as f64 / rate - middle).abs() < 1e-3);
    assert!(near || from == 0.0, "the next spike is in the middle");
}

#[test]
fn a_recording_that_fails_says_why() {
    #[derive(Debug)]
    struct Broken(RecordingInfo);
    impl Source for Broken {
        fn info(&self) -> &RecordingInfo {
            &self.0
        }
        fn read(&self, _: usize, _: usize, _: &mut [f32]) -> Result<(), SourceError> {
            Err(SourceError::Shortened { path: "probe.bin".into(), expected: 10, found: 4 })
        }
    }
    let mut screen = Screen::new([800.0, 300.0], Theme::Dark);
    let broken = Broken(RecordingInfo::new(30_000.0, 4, 90_000, DType::Int16));
    screen.show("read.recording", Recording::new(Arc::new(broken)), Vec::new());
    assert!(screen.says("probe.bin became shorter"));
}

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
    screen.0.get_by_label("snr").click();
    screen.settle();
    let (low, high) = top(&screen);
    assert!(low < high);
    screen.0.get_by_label("snr").click();
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
fn another_recording_is_compared_side_by_side_and_on_top() {
    let mut screen = Screen::new([1300.0, 480.0], Theme::Dark);
    let noisy =
        GenerateParams { duration_s: 10.0, num_units: 8, noise_uv: 30.0, ..GenerateParams::default() };
    let other = SyntheticSource::new(&noisy, 0, example().1.clone()).unwrap();
    let related = vec![("noisy.recording".to_owned(), Value::Recording(Recording::new(Arc::new(other))))];
    screen.show("generate.recording", example().0.clone(), related);
    screen.0.get_by_label("Compare with").click();
    screen.settle();
    screen.0.get_by_label("noisy.recording").click();
    screen.settle();
    let (left, right) =
        (screen.0.get_by_label("Traces").rect(), screen.0.get_by_label("Traces to compare with").rect());
    assert!(left.right() < right.left() && (left.width() - right.width()).abs() < 1.0);
    screen.0.hover_at(right.center());
    screen.settle();
    screen.looks_like("traces_compared");
    screen.0.get_by_label("Overlay").click();
    screen.settle();
    assert!(screen.0.query_by_label("Traces to compare with").is_none(), "both in one place");
    screen.wheel("Traces", 1.0, Modifiers::NONE);
    assert!(screen.says("400 ms"));
}

#[test]
fn events_are_lines_with_names() {
    let mut screen = Screen::new([900.0, 300.0], Theme::Light);
    let event = |time_s: f64, duration_s: f64, label: &str| spikeloom::data::Event {
        segment_index: 0,
        time_s,
        duration_s,
        label: label.into(),
    };
    let events = Events { events: vec![event(0.1, 0.0, "tone"), event(0.3, 0.05, "light on")] };
    let related = vec![("events.events".to_owned(), Value::Events(Arc::new(events)))];
    screen.show("generate.recording", example().0.clone(), related);
    screen.looks_like("traces_events");
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
    assert!(csv.starts_with("unit_id,Spikes,Rate (Hz)") && csv.lines().count() == 9);
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
    assert!(screen.says("presence_ratio") && !screen.says("tested_id"), "the rows are the other's units");
    screen.viewer().show_end(&pipeline, folder.path(), "demo.truth");
    screen.settle();
    assert!(screen.says("tested_id") && !screen.says("presence_ratio"));
}

#[test]
fn spikes_of_other_data_are_not_offered() {
    let mut screen = Screen::new([1100.0, 400.0], Theme::Dark);
    let foreign = Sorting::from_spikes(25_000.0, Id::range(1), &[100], &[0]);
    let related = vec![("phy.sorting".to_owned(), Value::from(foreign))];
    screen.show("generate.recording", example().0.clone(), related);
    assert!(screen.says("No spikes yet"));
}
