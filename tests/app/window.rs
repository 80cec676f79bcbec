//! The window as tests use it: clicks, drags and keys.

use egui::{Event, Key, Modifiers, Pos2, Role, vec2};
use egui_kittest::{
    Harness,
    kittest::{NodeT, Queryable},
};
use spikeloom::{
    app::{Access, App, Setup, command::Command},
    nodes,
    pipeline::{Limits, NodeState, Pipeline},
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

pub const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug)]
struct Dropped(PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }
    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|error| error.to_string())
    }
}

/// What the window remembers from one start to the next, as the platform would keep it.
#[derive(Default)]
pub struct Remembered(BTreeMap<String, String>);

impl Remembered {
    /// Nothing comes back by itself: a test begins with what it opens.
    fn nothing_reopened() -> Self {
        Self(BTreeMap::from([("spikeloom".to_owned(), "(reopen: false)".to_owned())]))
    }
}

impl eframe::Storage for Remembered {
    fn get_string(&self, key: &str) -> Option<String> {
        self.0.get(key).cloned()
    }
    fn set_string(&mut self, key: &str, value: String) {
        self.0.insert(key.to_owned(), value);
    }
    fn remove_string(&mut self, key: &str) {
        self.0.remove(key);
    }
    fn flush(&mut self) {}
}

/// The window, and a hand that uses it.
pub struct Window {
    pub harness: Harness<'static, Option<App>>,
    pub folder: tempfile::TempDir,
}

impl Window {
    /// A window over a store of its own, with a file or the quick start.
    pub fn open(file: Option<&Path>) -> Self {
        Self::open_over(tempfile::tempdir().unwrap(), file)
    }

    /// A window over the store that another one left in a folder.
    pub fn open_over(folder: tempfile::TempDir, file: Option<&Path>) -> Self {
        let mut window = Self::start_over(folder, file);
        if file.is_none() {
            window.app_mut().perform(Command::OpenExample(0));
            window.steps(3);
        }
        window
    }

    /// A window as it comes up, with a file or the start screen.
    pub fn start_over(folder: tempfile::TempDir, file: Option<&Path>) -> Self {
        Self::start_with(folder, file, Access::usual())
    }

    /// The same with a Slurm of its own.
    pub fn start_with(folder: tempfile::TempDir, file: Option<&Path>, access: Access) -> Self {
        Self::start_as(folder, file, access, Remembered::nothing_reopened())
    }

    /// The same with what an earlier window remembered.
    pub fn start_as(
        folder: tempfile::TempDir,
        file: Option<&Path>,
        access: Access,
        remembered: Remembered,
    ) -> Self {
        let mut setup = Some(Setup {
            registry: nodes::registry(),
            store_folder: folder.path().join("store"),
            limits: Limits::default(),
            state_folder: folder.path().join("state"),
            library_folder: folder.path().join("library"),
            run_settings: Ok(spikeloom::pipeline::RunSettings::default()),
            settings_file: Some(folder.path().join("settings.ron")),
            access,
            file: file.map(Path::to_owned),
        });
        let harness =
            Harness::builder().with_size(vec2(1440.0, 900.0)).with_step_dt(1.0 / 60.0).build_ui_state(
                move |ui, app: &mut Option<App>| {
                    if let Some(setup) = setup.take() {
                        *app = Some(App::new(ui.ctx(), setup, Some(&remembered)));
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

    /// Closes it as a user does; what it remembers.
    pub fn leave(mut self) -> (tempfile::TempDir, Remembered) {
        let mut remembered = Remembered::default();
        eframe::App::save(self.app_mut(), &mut remembered);
        (self.close(), remembered)
    }

    /// Closes it; its folder stays.
    pub fn close(self) -> tempfile::TempDir {
        let Self { harness, folder } = self;
        drop(harness);
        folder
    }

    /// A window with nothing on its canvas.
    pub fn empty() -> Self {
        let mut window = Self::start_over(tempfile::tempdir().unwrap(), None);
        window.app_mut().perform(Command::New);
        window.steps(3);
        window
    }

    pub fn app(&self) -> &App {
        self.harness.state().as_ref().unwrap()
    }

    pub fn app_mut(&mut self) -> &mut App {
        self.harness.state_mut().as_mut().unwrap()
    }

    pub fn pipeline(&self) -> &Pipeline {
        self.app().pipeline()
    }

    pub fn steps(&mut self, count: usize) {
        self.harness.run_steps(count);
    }

    /// Goes on drawing frames until something is so.
    pub fn wait(&mut self, what: &str, is_so: impl Fn(&App) -> bool) {
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

    /// Goes on drawing frames until something of that label is there.
    pub fn wait_for(&mut self, label: &str) {
        let start = Instant::now();
        while self.harness.query_all_by_label_contains(label).next().is_none() {
            assert!(
                start.elapsed() < PATIENCE,
                "waited in vain for {label:?}; on the screen: {:?}",
                self.words()
            );
            std::thread::sleep(Duration::from_millis(10));
            self.steps(1);
        }
        self.steps(2);
    }

    /// Goes on drawing frames until none is asked for: all that moves has come to rest.
    pub fn rest(&mut self) {
        let start = Instant::now();
        let mut quiet = 0;
        while quiet < 5 {
            std::thread::sleep(Duration::from_millis(10));
            self.steps(1);
            let output = &self.harness.output().viewport_output[&egui::ViewportId::ROOT];
            quiet = if output.repaint_delay > Duration::from_secs(5) { quiet + 1 } else { 0 };
            assert!(start.elapsed() < PATIENCE, "goes on for ever: {:?}", self.harness.ctx.repaint_causes());
        }
    }

    /// All labels on the screen.
    pub fn words(&self) -> Vec<String> {
        let nodes = self.harness.query_all_by(|node| node.label().or(node.value()).is_some());
        nodes.filter_map(|node| node.accesskit_node().label().or(node.value())).collect()
    }

    /// Clicks into the field of that label and types.
    pub fn type_into(&mut self, label: &str, text: &str) {
        self.click(label);
        self.retype(text);
    }

    /// Presses and lets go at a place.
    pub fn click_at(&mut self, at: Pos2) {
        self.harness.hover_at(at);
        self.steps(1);
        for pressed in [true, false] {
            let button = egui::PointerButton::Primary;
            self.harness.event(Event::PointerButton { pos: at, button, pressed, modifiers: Modifiers::NONE });
        }
        self.steps(3);
    }

    /// The same, and takes it.
    pub fn enter(&mut self, text: &str) {
        self.retype(text);
        self.key(Modifiers::NONE, Key::Enter);
    }

    /// Types in the place of what is in the field that has the focus.
    pub fn retype(&mut self, text: &str) {
        self.key(Modifiers::COMMAND, Key::A);
        if text.is_empty() {
            self.key(Modifiers::NONE, Key::Delete);
        }
        self.harness.event(Event::Text(text.into()));
        self.steps(3);
    }

    /// Presses and lets go twice at a place.
    pub fn double_click_at(&mut self, at: Pos2) {
        self.harness.hover_at(at);
        self.steps(1);
        for pressed in [true, false, true, false] {
            let button = egui::PointerButton::Primary;
            self.harness.event(Event::PointerButton { pos: at, button, pressed, modifiers: Modifiers::NONE });
            self.steps(1);
        }
        self.steps(2);
    }

    pub fn center(&self, label: &str) -> Pos2 {
        self.harness.get_by_label(label).rect().center()
    }

    pub fn click(&mut self, label: &str) {
        self.wait_for(label);
        self.harness.get_by_label(label).click();
        self.steps(3);
    }

    /// Opens the menu of what has that label.
    pub fn menu_of(&mut self, label: &str) {
        self.harness.get_by_label(label).click_secondary();
        self.steps(3);
    }

    /// Drags along a line, in several frames as a hand does.
    pub fn drag(&mut self, from: Pos2, to: Pos2) {
        self.harness.hover_at(from);
        self.steps(1);
        self.harness.drag_at(from);
        self.steps(1);
        for i in 1..=4 {
            self.harness.hover_at(from + (to - from) * (i as f32 / 4.0));
            self.steps(1);
        }
    }

    pub fn drop_at(&mut self, at: Pos2) {
        self.harness.drop_at(at);
        self.steps(3);
    }

    pub fn key(&mut self, modifiers: Modifiers, key: Key) {
        self.harness.key_press_modifiers(modifiers, key);
        self.steps(3);
    }

    /// A place on the canvas, from its top left corner.
    pub fn canvas(&self, x: f32, y: f32) -> Pos2 {
        self.harness.get_by_label("Canvas").rect().min + vec2(x, y)
    }

    /// Presses Tab at a place of the canvas and takes the first node found.
    pub fn add_at(&mut self, x: f32, y: f32, words: &str) {
        let place = self.canvas(x, y);
        self.harness.hover_at(place);
        self.steps(2);
        self.key(Modifiers::NONE, Key::Tab);
        self.find_and_add(words);
    }

    /// Draws a wire from an output to an input.
    pub fn wire(&mut self, output: &str, input: &str) {
        let (from, to) = (self.center(&format!("Output {output}")), self.center(&format!("Input {input}")));
        self.drag(from, to);
        self.drop_at(to);
    }

    /// Types a number into the field of that label in the inspector.
    pub fn type_number(&mut self, label: &str, number: &str) {
        self.harness.get_by_role_and_label(Role::SpinButton, label).click();
        self.steps(3);
        self.key(Modifiers::COMMAND, Key::A);
        self.harness.event(Event::Text(number.into()));
        self.key(Modifiers::NONE, Key::Enter);
    }

    /// Types a path into the open browser and takes it.
    pub fn choose_path(&mut self, path: &Path) {
        self.steps(2);
        let field = self.harness.get_by_label("File name");
        field.focus();
        self.steps(1);
        self.key(Modifiers::COMMAND, Key::A);
        self.harness.event(Event::Text(path.display().to_string()));
        self.steps(2);
        self.key(Modifiers::NONE, Key::Enter);
    }

    /// Drops a file onto the window.
    pub fn drop_file(&mut self, path: &Path) {
        self.drop_files(&[path.to_owned()]);
    }

    /// Drops files onto the window at once.
    pub fn drop_files(&mut self, paths: &[PathBuf]) {
        for path in paths {
            self.harness.input_mut().dropped_files.push(Arc::new(Dropped(path.clone())));
        }
        self.steps(2);
    }

    /// Opens a menu and takes an entry of it.
    pub fn menu(&mut self, menu: &str, entry: &str) {
        self.click(menu);
        // Entries say their keys as well.
        self.harness.get_by_label_contains(entry).click();
        self.steps(3);
    }

    /// True where some words are on the screen.
    pub fn says(&self, words: &str) -> bool {
        self.harness.query_all_by_label_contains(words).next().is_some()
    }

    /// Waits for the end of a run.
    pub fn wait_for_run(&mut self) {
        self.wait("the run began", App::is_running);
        self.wait("the run is over", |app| !app.is_running());
        self.steps(5);
    }

    /// The state of a node.
    pub fn state(&self, node: &str) -> &NodeState {
        &self.app().states()[node]
    }

    /// Types into the search for nodes and takes the first one found.
    pub fn find_and_add(&mut self, words: &str) {
        self.steps(2);
        self.harness.get_by_label("Search nodes to add").type_text(words);
        self.steps(2);
        self.key(Modifiers::NONE, Key::Enter);
    }

    /// Pulls a wire from an output to an empty place and adds what is searched there.
    pub fn pull(&mut self, output: &str, to: Pos2, words: &str) {
        let from = self.center(&format!("Output {output}"));
        self.drag(from, to);
        self.drop_at(to);
        self.find_and_add(words);
    }

    pub fn wires(&self) -> Vec<String> {
        self.pipeline().wires().iter().map(|w| format!("{}.{} {}.{}", w.0, w.1, w.2, w.3)).collect()
    }
}
