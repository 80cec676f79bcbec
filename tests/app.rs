//! The window from outside: a user's clicks, drags and keys, and what is on the screen after them.
#![cfg(feature = "gui")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use egui::{Event, Key, Modifiers, Pos2, Role, pos2, vec2};
use egui_kittest::{Harness, kittest::Queryable};
use spikeloom::{
    app::{App, Setup, command::Command},
    nodes,
    pipeline::{Document, Limits, NodeState, Pipeline},
};
use std::{
    path::Path,
    time::{Duration, Instant},
};

const PATIENCE: Duration = Duration::from_secs(60);

struct Window {
    harness: Harness<'static, Option<App>>,
    folder: tempfile::TempDir,
}

impl Window {
    fn open(file: Option<&Path>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut setup = Some(Setup {
            registry: nodes::registry(),
            store_folder: folder.path().join("store"),
            limits: Limits::default(),
            file: file.map(Path::to_owned),
        });
        let harness = Harness::builder().with_size(vec2(1440.0, 900.0)).build_ui_state(
            move |ui, app: &mut Option<App>| {
                if let Some(setup) = setup.take() {
                    *app = Some(App::new(ui.ctx(), setup, None));
                }
                if let Some(app) = app {
                    app.frame(ui);
                }
            },
            None,
        );
        let mut window = Self { harness, folder };
        window.steps(3);
        window
    }

    /// A window with nothing on its canvas.
    fn empty() -> Self {
        let mut window = Self::open(None);
        window.app_mut().perform(Command::New);
        window.steps(3);
        window
    }

    fn app(&self) -> &App {
        self.harness.state().as_ref().unwrap()
    }

    fn app_mut(&mut self) -> &mut App {
        self.harness.state_mut().as_mut().unwrap()
    }

    fn pipeline(&self) -> &Pipeline {
        self.app().pipeline()
    }

    fn steps(&mut self, count: usize) {
        self.harness.run_steps(count);
    }

    /// Goes on drawing frames until something is so.
    fn wait(&mut self, what: &str, is_so: impl Fn(&App) -> bool) {
        let start = Instant::now();
        while !is_so(self.app()) {
            assert!(
                start.elapsed() < PATIENCE,
                "waited in vain until {what}; states: {:?}",
                self.app().states()
            );
            std::thread::sleep(Duration::from_millis(10));
            self.steps(1);
        }
        self.steps(2);
    }

    fn center(&self, label: &str) -> Pos2 {
        self.harness.get_by_label(label).rect().center()
    }

    fn click(&mut self, label: &str) {
        self.harness.get_by_label(label).click();
        self.steps(3);
    }

    /// Drags along a line, in several frames as a hand does.
    fn drag(&mut self, from: Pos2, to: Pos2) {
        self.harness.hover_at(from);
        self.steps(1);
        self.harness.drag_at(from);
        self.steps(1);
        for i in 1..=4 {
            self.harness.hover_at(from + (to - from) * (i as f32 / 4.0));
            self.steps(1);
        }
    }

    fn drop_at(&mut self, at: Pos2) {
        self.harness.drop_at(at);
        self.steps(3);
    }

    fn key(&mut self, modifiers: Modifiers, key: Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.steps(3);
    }

    /// Types into the search for nodes and takes the first one found.
    fn find_and_add(&mut self, words: &str) {
        self.steps(2);
        self.harness.get_by_label("Search nodes to add").type_text(words);
        self.steps(2);
        self.key(Modifiers::NONE, Key::Enter);
    }

    /// Pulls a wire from an output to an empty place and adds what is searched there.
    fn pull(&mut self, output: &str, to: Pos2, words: &str) {
        let from = self.center(&format!("Output {output}"));
        self.drag(from, to);
        self.drop_at(to);
        self.find_and_add(words);
    }

    fn wires(&self) -> Vec<String> {
        self.pipeline().wires().iter().map(|w| format!("{}.{} {}.{}", w.0, w.1, w.2, w.3)).collect()
    }
}

fn canvas_place(window: &Window, x: f32, y: f32) -> Pos2 {
    window.harness.get_by_label("Canvas").rect().min + vec2(x, y)
}

#[test]
fn a_pipeline_is_built_from_an_empty_canvas_run_looked_at_saved_and_opened_again() {
    let mut window = Window::empty();
    // Tab searches at the pointer.
    let place = canvas_place(&window, 30.0, 60.0);
    window.harness.hover_at(place);
    window.steps(2);
    window.key(Modifiers::NONE, Key::Tab);
    window.find_and_add("generate recording");
    assert!(window.pipeline().node("generate_recording").is_some());
    // A wire pulled to an empty place offers what fits.
    let place = canvas_place(&window, 300.0, 60.0);
    window.pull("generate_recording.recording", place, "band-pass");
    let place = canvas_place(&window, 560.0, 60.0);
    window.pull("bandpass_filter.recording", place, "common reference");
    let place = canvas_place(&window, 560.0, 230.0);
    window.pull("bandpass_filter.recording", place, "noise levels");
    assert_eq!(
        window.wires(),
        [
            "bandpass_filter.recording common_reference.recording",
            "bandpass_filter.recording noise_levels.recording",
            "generate_recording.recording bandpass_filter.recording",
        ]
    );

    // A short recording, so that the test is short: parameters are edited in the inspector.
    window.click("Node generate_recording");
    window.harness.get_by_role_and_label(Role::SpinButton, "Duration").click();
    window.steps(3);
    window.key(Modifiers::COMMAND, Key::A);
    window.harness.event(Event::Text("4".into()));
    window.key(Modifiers::NONE, Key::Enter);
    let params = &window.pipeline().node("generate_recording").unwrap().params;
    assert!(params.values().any(|v| v.as_f64() == Some(4.0)), "{params:?}");

    window.click("Run");
    window.wait("the run is over", |app| {
        !app.is_running()
            && matches!(
                app.states().get("noise_levels"),
                Some(NodeState::Done { .. } | NodeState::Cached | NodeState::Failed(_))
            )
    });
    assert!(
        matches!(window.app().states()["noise_levels"], NodeState::Done { .. } | NodeState::Cached),
        "{:?}",
        window.app().states()
    );

    // A wire shows what flows on it.
    window.click("Wire bandpass_filter.recording to noise_levels.recording");
    assert_eq!(window.app().looked_at(), Some("bandpass_filter.recording"));

    // Saved and opened again it is the same.
    let file = window.folder.path().join("built.ron");
    window.app_mut().save(file.clone());
    window.wait("the file is saved", |app| app.path().is_some());
    assert!(!window.app().is_dirty());
    let registry = nodes::registry();
    let built = Document::to_text(window.pipeline(), &registry);
    let mut again = Window::open(Some(&file));
    again.wait("the file is open", |app| app.path().is_some());
    assert_eq!(Document::to_text(again.pipeline(), &registry), built);
    assert_eq!(again.wires(), window.wires());
}

#[test]
fn a_wrong_wire_is_refused_and_says_why() {
    let mut window = Window::empty();
    for (x, words) in [(30.0, "generate recording"), (420.0, "band-pass")] {
        let place = canvas_place(&window, x, 60.0);
        window.harness.hover_at(place);
        window.steps(2);
        window.key(Modifiers::NONE, Key::Tab);
        window.find_and_add(words);
    }
    let from = window.center("Output generate_recording.truth");
    let to = window.center("Input bandpass_filter.recording");
    window.drag(from, to);
    window.steps(2);
    window.harness.get_by_label_contains("Sorting does not fit Recording");
    window.drop_at(to);
    assert!(window.wires().is_empty());
    // The right one is taken.
    let from = window.center("Output generate_recording.recording");
    window.drag(from, to);
    window.drop_at(to);
    assert_eq!(window.wires(), ["generate_recording.recording bandpass_filter.recording"]);
}

#[test]
fn a_move_is_one_step_to_undo_and_keys_do_what_the_sheet_says() {
    let mut window = Window::empty();
    let place = canvas_place(&window, 100.0, 60.0);
    window.harness.hover_at(place);
    window.steps(2);
    window.key(Modifiers::NONE, Key::Tab);
    window.find_and_add("band-pass");
    let before = window.pipeline().node("bandpass_filter").unwrap().position;
    let from = window.center("Node bandpass_filter");
    window.drag(from, from + vec2(120.0, 80.0));
    window.drop_at(from + vec2(120.0, 80.0));
    let after = window.pipeline().node("bandpass_filter").unwrap().position;
    assert_eq!([after[0] - before[0], after[1] - before[1]], [120.0, 80.0]);
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.pipeline().node("bandpass_filter").unwrap().position, before);
    window.key(Modifiers { shift: true, ..Modifiers::COMMAND }, Key::Z);
    assert_eq!(window.pipeline().node("bandpass_filter").unwrap().position, after);

    window.key(Modifiers::NONE, Key::ArrowRight);
    assert_eq!(window.pipeline().node("bandpass_filter").unwrap().position[0], after[0] + 4.0);
    window.key(Modifiers::NONE, Key::M);
    assert!(window.pipeline().node("bandpass_filter").unwrap().muted);
    window.key(Modifiers::COMMAND, Key::D);
    assert!(window.pipeline().node("bandpass_filter_2").is_some());
    window.key(Modifiers::COMMAND, Key::A);
    window.key(Modifiers::NONE, Key::Delete);
    assert_eq!(window.pipeline().nodes().count(), 0);
    window.key(Modifiers::COMMAND, Key::Z);
    assert_eq!(window.pipeline().nodes().count(), 2);
}

#[test]
fn a_copy_pasted_elsewhere_keeps_its_inner_wires() {
    let mut window = Window::empty();
    let place = canvas_place(&window, 30.0, 60.0);
    window.harness.hover_at(place);
    window.steps(2);
    window.key(Modifiers::NONE, Key::Tab);
    window.find_and_add("generate recording");
    window.pull("generate_recording.recording", pos2(place.x + 280.0, place.y), "band-pass");
    window.key(Modifiers::COMMAND, Key::A);
    window.harness.event(Event::Copy);
    window.steps(1);
    let copied = window.harness.output().platform_output.commands.iter().find_map(|command| match command {
        egui::OutputCommand::CopyText(text) => Some(text.clone()),
        _ => None,
    });
    window.harness.event(Event::Paste(copied.unwrap()));
    window.steps(3);
    assert_eq!(
        window.wires(),
        [
            "generate_recording.recording bandpass_filter.recording",
            "generate_recording_2.recording bandpass_filter_2.recording",
        ]
    );
}

#[test]
fn a_number_out_of_range_is_refused_with_what_is_accepted() {
    let mut window = Window::empty();
    let place = canvas_place(&window, 100.0, 60.0);
    window.harness.hover_at(place);
    window.steps(2);
    window.key(Modifiers::NONE, Key::Tab);
    window.find_and_add("band-pass");
    window.click("Node bandpass_filter");
    let label = nodes::registry().get("bandpass_filter").unwrap().specs()[0].label.clone();
    window.harness.get_by_role_and_label(Role::SpinButton, &label).click();
    window.steps(3);
    window.key(Modifiers::COMMAND, Key::A);
    window.harness.event(Event::Text("-5".into()));
    window.key(Modifiers::NONE, Key::Enter);
    window.harness.get_by_label_contains("too small: at least");
    assert!(window.pipeline().node("bandpass_filter").unwrap().params.is_empty());
}

/// 300 nodes in 20 rows, each row wired from left to right.
fn large_pipeline() -> String {
    let mut nodes = String::new();
    let mut wires = String::new();
    for row in 0..20 {
        for column in 0..15 {
            let (x, y) = (column * 260, row * 110);
            nodes +=
                &format!("\"n_{row}_{column}\": (kind: \"bandpass_filter\", position: ({x}.0, {y}.0)),\n");
            if column > 0 {
                let before = column - 1;
                wires += &format!("(\"n_{row}_{before}.recording\", \"n_{row}_{column}.recording\"),\n");
            }
        }
    }
    format!("(version: 1, nodes: {{{nodes}}}, wires: [{wires}])")
}

#[test]
fn three_hundred_nodes_are_drawn_within_a_frame() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("large.ron");
    std::fs::write(&file, large_pipeline()).unwrap();
    let mut window = Window::open(Some(&file));
    window.wait("the file is open", |app| app.path().is_some());
    window.wait("the states are known", |app| app.states().len() == 300);
    let measure = |window: &mut Window, what: &str| {
        let mut costs = Vec::new();
        for _ in 0..15 {
            let start = Instant::now();
            window.steps(1);
            let layout = start.elapsed();
            let output = window.harness.output();
            let (shapes, scale) = (output.shapes.clone(), output.pixels_per_point);
            let start = Instant::now();
            let meshes = window.harness.ctx.tessellate(shapes, scale);
            assert!(!meshes.is_empty());
            costs.push((layout, start.elapsed()));
        }
        costs.sort();
        let (layout, tessellation) = costs[costs.len() / 2];
        println!("{what}: layout {layout:.1?}, tessellation {tessellation:.1?}");
        layout + tessellation
    };
    let all = measure(&mut window, "300 nodes in view");
    window.app_mut().perform(Command::ActualSize);
    window.steps(3);
    let close = measure(&mut window, "at 100 %");
    // Three times a frame of 60 Hz: the machine that tests may be busy.
    assert!(all < Duration::from_millis(50), "{all:?} for all nodes");
    assert!(close < Duration::from_millis(50), "{close:?} at 100 %");
}
