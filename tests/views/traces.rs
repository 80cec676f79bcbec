//! Traces: lines, heat maps, spikes and events on top, other recordings beside.

use crate::screen::{Screen, example, with_spikes};
use egui::{Key, Modifiers, Theme};
use egui_kittest::kittest::Queryable;
use spikeloom::{
    data::{DType, Events, Id, Recording, RecordingInfo, Sorting, Source, SourceError},
    engine::synthetic::{GenerateParams, ProbeLayout, SyntheticSource, truth},
    pipeline::Value,
};
use std::sync::Arc;

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
fn spikes_of_other_data_are_not_offered() {
    let mut screen = Screen::new([1100.0, 400.0], Theme::Dark);
    let foreign = Sorting::from_spikes(25_000.0, Id::range(1), &[100], &[0]);
    let related = vec![("phy.sorting".to_owned(), Value::from(foreign))];
    screen.show("generate.recording", example().0.clone(), related);
    assert!(screen.says("No spikes yet"));
}
