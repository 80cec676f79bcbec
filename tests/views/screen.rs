//! A screen with nothing but the viewer, and a hand that uses it.

use egui::{Event, Key, Modifiers, MouseWheelUnit, Theme, TouchPhase, vec2};
use egui_kittest::{Harness, SnapshotOptions, kittest::Queryable};
use spikeloom::{
    app::{theme, views::Viewer},
    data::{Recording, Sorting},
    engine::synthetic::{GenerateParams, SyntheticSource, truth},
    pipeline::Value,
};
use std::{
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

const PATIENCE: Duration = Duration::from_secs(60);

/// A screen with nothing but the viewer.
pub struct Screen(pub Harness<'static, Option<Viewer>>);

impl Screen {
    pub fn new(size: [f32; 2], theme_of_screen: Theme) -> Self {
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

    pub fn viewer(&mut self) -> &mut Viewer {
        self.0.state_mut().as_mut().unwrap()
    }

    pub fn show(&mut self, end: &str, value: impl Into<Value>, related: Vec<(String, Value)>) {
        self.viewer().show_value(end, value.into(), related);
        self.settle();
    }

    /// Goes on drawing until nothing is computed any more.
    pub fn settle(&mut self) {
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

    pub fn wheel(&mut self, label: &str, lines: f32, modifiers: Modifiers) {
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

    pub fn key(&mut self, key: Key) {
        self.0.key_press(key);
        self.settle();
    }

    /// Compares with the picture of this name; another processor may round a few samples the other way.
    pub fn looks_like(&mut self, name: &str) {
        self.0.snapshot_options(name, &SnapshotOptions::new().max_failed_pixels(50usize));
    }

    /// Every text on the screen, to look for words.
    pub fn says(&self, words: &str) -> bool {
        self.0.query_all_by(|node| node.label().is_some_and(|l| l.contains(words))).next().is_some()
            || self.0.query_all_by(|node| node.value().is_some_and(|l| l.contains(words))).next().is_some()
    }
}

/// Ten seconds on 32 channels and the truth about them.
pub fn example() -> &'static (Recording, Arc<Sorting>) {
    static EXAMPLE: OnceLock<(Recording, Arc<Sorting>)> = OnceLock::new();
    EXAMPLE.get_or_init(|| {
        let params = GenerateParams { duration_s: 10.0, num_units: 8, ..GenerateParams::default() };
        let truth = Arc::new(truth(&params, 0));
        let source = SyntheticSource::new(&params, 0, truth.clone()).unwrap();
        (Recording::new(Arc::new(source)), truth)
    })
}

pub fn with_spikes() -> Vec<(String, Value)> {
    vec![("generate.truth".into(), Value::Sorting(example().1.clone()))]
}

pub fn with_recording() -> Vec<(String, Value)> {
    vec![("generate.recording".into(), Value::Recording(example().0.clone()))]
}
