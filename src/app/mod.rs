//! The window: draws the pipeline, sends work away, shows what comes back. The only room that sees egui.
//!
//! [`App`] holds the state; every user action is a [`command::Command`] carried out in one place; whatever
//! takes longer than a frame is done by `backend` in threads and comes back as an answer.

mod answer;
mod backend;
mod browser;
mod canvas;
mod change;
mod checks;
mod clip;
mod cluster;
pub mod command;
mod command_list;
mod compare;
mod dialogs;
mod draw_in;
mod dropped;
mod editor;
mod examples;
mod exchange;
mod exclude;
mod fields;
mod files;
mod flow;
mod groups;
mod grow;
mod hand_on;
mod hear;
mod heights;
mod help;
mod history;
mod inspector;
mod jobs;
mod keep;
mod key_sheet;
mod keymap;
mod left;
mod looking;
mod offered;
mod palette;
mod panels;
mod params_form;
mod perform;
mod place;
mod ports_form;
mod presets;
mod previews;
mod probe_panel;
mod problems;
mod queue;
mod recover;
mod results;
mod run_settings;
mod runs;
mod self_check;
mod session;
mod settings;
mod setup;
mod sheet;
mod shortcuts;
mod sketch;
mod start;
mod study;
mod tabs;
mod text;
mod texts;
pub mod theme;
mod tidy;
mod toasts;
mod topbar;
mod two_runs;
pub mod views;
mod wiring;
mod wizard;

use crate::pipeline::{Executor, NodeState, Pipeline, Problem, Registry, RunSettings};
use backend::Backend;
use canvas::Scene;
pub use cluster::Access;
use command::Command;
use editor::Editor;
use settings::Settings;
pub use setup::Setup;
use sheet::Sheet;
use std::{
    collections::{BTreeMap, VecDeque},
    path::PathBuf,
    sync::Arc,
};

/// The window between two frames.
pub struct App {
    ctx: egui::Context,
    registry: Arc<Registry>,
    backend: Backend,
    executor: Option<Arc<Executor>>,
    no_store: Option<String>,
    /// The pipeline in front.
    sheet: Sheet,
    /// What is opened next was let go over the window.
    was_dropped: bool,
    /// What was dropped while a question was open.
    kept_drop: Vec<PathBuf>,
    /// The other ones that are open.
    behind: Vec<Sheet>,
    /// Documents that were closed, the last one last, with the numbers of their tabs and what their folders of results
    /// gave them.
    closed: Vec<(u64, Editor, Arc<results::Given>)>,
    /// The number given to a sheet last, to a state of a pipeline, and to a run that was asked for.
    last_sheet: u64,
    last_meaning: u64,
    last_run: u64,
    /// The run that goes on, and those that wait.
    running: Option<queue::Waiting>,
    queue: VecDeque<queue::Waiting>,
    keeper: keep::Keeper,
    start: start::Start,
    history: history::History,
    study: study::Study,
    presets: presets::Presets,
    access: Access,
    library_folder: PathBuf,
    run_settings: RunSettings,
    settings_file: Option<PathBuf>,
    wirings: wiring::Wirings,
    /// Why the settings of runs could not be read.
    settings_error: Option<String>,
    /// What earlier sessions left unsaved.
    unsaved: Vec<left::Unsaved>,
    /// The program was started with a file, which opens in front.
    is_named: bool,
    /// Tabs whose files could not be read this time.
    missed_tabs: Vec<session::Tab>,
    /// The tabs that were noted last, to come back at the next start.
    noted_tabs: Vec<session::Tab>,
    /// Copies of what is not saved cannot be written.
    not_kept: bool,
    /// Frames the window had, until it is in its place.
    to_place: Option<u32>,
    palette: palette::NodeList,
    inspector: inspector::Inspector,
    bottom: jobs::Bottom,
    layout: Option<egui_tiles::Tree<panels::Pane>>,
    maximised: Option<panels::Pane>,
    settings: Settings,
    toasts: toasts::Toasts,
    /// Channels that steps leave out, of which state of the pipeline.
    left_out: (u64, Arc<std::collections::BTreeSet<String>>),
    /// A raw file that is imported.
    wizard: Option<Box<wizard::Wizard>>,
    /// A probe that is chosen or edited.
    probe_panel: Option<Box<probe_panel::ProbePanel>>,
    dialogs: dialogs::Dialogs,
    /// Counts presses of the pointer: steps of one press are one step to undo.
    gesture_number: u64,
    title: String,
}

impl App {
    /// The window over a context; nothing here waits for files.
    pub fn new(ctx: &egui::Context, setup: Setup, storage: Option<&dyn eframe::Storage>) -> Self {
        let settings = Settings::load(storage);
        theme::install(ctx);
        ctx.set_theme(settings.theme);
        ctx.set_zoom_factor(settings.scale);
        settings.keys.install(ctx);
        // Ctrl and the plus key are for the canvas to come; the size of everything is in the menu.
        ctx.options_mut(|options| options.zoom_with_keyboard = false);
        let registry = Arc::new(setup.registry);
        let layout = settings.layout.clone().filter(panels::is_whole);
        let backend = Backend::new(ctx, registry.clone(), setup.store_folder, setup.limits);
        backend.find_unsaved(setup.state_folder.clone());
        backend.find_recent(setup.state_folder.clone());
        backend.list_kept(setup.library_folder.clone());
        let mut app = Self {
            ctx: ctx.clone(),
            keeper: keep::Keeper::new(&backend, registry.clone(), setup.state_folder),
            backend,
            registry,
            executor: None,
            no_store: None,
            sheet: Sheet::start(0),
            behind: Vec::new(),
            closed: Vec::new(),
            was_dropped: false,
            kept_drop: Vec::new(),
            last_sheet: 0,
            last_meaning: 0,
            last_run: 0,
            running: None,
            queue: VecDeque::new(),
            unsaved: Vec::new(),
            is_named: setup.file.is_some(),
            missed_tabs: Vec::new(),
            noted_tabs: Vec::new(),
            not_kept: false,
            start: start::Start::default(),
            history: history::History::default(),
            study: study::Study::new(ctx),
            presets: presets::Presets::default(),
            access: setup.access,
            library_folder: setup.library_folder,
            settings_error: setup.run_settings.as_ref().err().cloned(),
            run_settings: setup.run_settings.unwrap_or_default(),
            settings_file: setup.settings_file,
            wirings: wiring::Wirings::default(),
            to_place: Some(0),
            palette: palette::NodeList::default(),
            inspector: inspector::Inspector::default(),
            bottom: jobs::Bottom::default(),
            layout: Some(layout.unwrap_or_else(panels::default_layout)),
            maximised: None,
            settings,
            toasts: toasts::Toasts::default(),
            left_out: (u64::MAX, Arc::default()),
            wizard: None,
            probe_panel: None,
            dialogs: dialogs::Dialogs::default(),
            gesture_number: 0,
            title: String::new(),
        };
        if let Some(path) = setup.file {
            app.backend.open(path);
        }
        if let Some(reason) = app.settings_error.clone() {
            app.toasts.error(texts::menus::run_settings_not_used(&reason));
        }
        app
    }

    /// The pipeline as it is drawn.
    pub fn pipeline(&self) -> &Pipeline {
        self.sheet.editor.pipeline()
    }

    /// How each node is.
    pub fn states(&self) -> &BTreeMap<String, NodeState> {
        &self.sheet.states
    }

    /// What is wrong with the pipeline.
    pub fn problems(&self) -> &[Problem] {
        &self.sheet.problems
    }

    /// True while a run of the pipeline goes on or waits for its turn.
    pub fn is_running(&self) -> bool {
        self.is_busy(self.sheet.number)
    }

    /// The titles of all tabs, in their order.
    pub fn tabs(&self) -> Vec<String> {
        let title = |number: &u64| self.sheets().find(|s| s.number == *number).map(|s| s.editor.title());
        self.tab_numbers().iter().filter_map(title).collect()
    }

    /// The end that the viewer shows.
    pub fn looked_at(&self) -> Option<&str> {
        self.sheet.editor.looked_at.as_deref()
    }

    /// The file of the pipeline, where it has one.
    pub fn path(&self) -> Option<&std::path::Path> {
        self.sheet.editor.path.as_deref()
    }

    /// True where the file does not hold what is drawn.
    pub fn is_dirty(&self) -> bool {
        self.sheet.editor.is_dirty()
    }

    /// True while a raw file is imported and something of it is still found out.
    pub fn is_importing(&self) -> bool {
        self.wizard.as_ref().is_some_and(|wizard| wizard.busy())
    }

    /// True while the viewer waits for what it shows.
    pub fn is_looking(&self) -> bool {
        self.sheet.viewer.as_ref().is_some_and(views::Viewer::busy)
    }

    /// One frame.
    pub fn frame(&mut self, ui: &mut egui::Ui) {
        for answer in self.backend.answers() {
            self.hear(answer);
        }
        // Once, however much was told since the last frame.
        let sheets = std::iter::once(&mut self.sheet).chain(&mut self.behind);
        sheets.filter(|sheet| sheet.unjoined).for_each(Sheet::join_states);
        self.sheet.editor.draw(&self.registry);
        if ui.input(|i| i.pointer.any_pressed()) {
            self.gesture_number += 1;
        }
        self.history.close_on_escape(&self.ctx);
        self.dialogs.close_on_escape(&self.ctx);
        let mut commands = match self.dialogs.is_modal() || self.imports() || self.edits_probe() {
            true => Vec::new(),
            false => shortcuts::commands(&self.ctx, &self.sheet.canvas, self.greets()),
        };
        commands.extend(self.top_ui(ui));
        commands.extend(self.bottom_ui(ui));
        egui::CentralPanel::no_frame().show(ui, |ui| {
            let shown = match () {
                () if self.imports() => self.wizard_ui(ui),
                () if self.edits_probe() => self.probe_panel_ui(ui),
                () if self.greets() => self.start_ui(ui),
                () => panels::show(self, ui),
            };
            commands.extend(shown);
        });
        commands.extend(self.dialogs_ui());
        let dropped =
            ui.input(|i| i.raw.dropped_files.iter().map(|f| f.path().to_owned()).collect::<Vec<_>>());
        commands.extend(self.dropped(dropped));
        if ui.input(|i| !i.raw.hovered_files.is_empty()) {
            dialogs::drop_hint(&self.ctx);
        }
        for command in commands {
            self.perform(command);
        }
        if let Some(command) = self.toasts.show(&self.ctx, self.sheet.number) {
            self.perform(command);
        }
        self.keep_changes();
        self.ask_for_checks();
        self.follow_cluster();
        self.ask_for_flows();
        self.ask_for_wirings();
        self.follow_previews();
        self.show_title();
        shortcuts::note_what_escape_ends(&self.ctx);
    }

    fn canvas_ui(&mut self, ui: &mut egui::Ui) -> Vec<Command> {
        let (kinds, title) = (self.kinds(), self.sheet.editor.title());
        let previewed = self.sheet.seen_previews();
        let looked_at = self.looked_at().and_then(|end| self.sheet.editor.drawn_end(end));
        let scene = Scene {
            pipeline: self.sheet.editor.drawn(),
            whole: self.sheet.editor.pipeline(),
            title: &title,
            level: self.sheet.editor.level(),
            revision: self.sheet.meaning,
            registry: &kinds,
            kept: &self.palette.kept,
            states: &self.sheet.states,
            known: &self.sheet.known,
            stages: self.sheet.runs.stages(),
            selection: &self.sheet.editor.selection,
            selected_wire: self.sheet.editor.selected_wire.as_ref(),
            selected_marks: &self.sheet.editor.selected_marks,
            gesture: self.gesture_number,
            looked_at: looked_at.as_deref(),
            minimap: self.settings.minimap,
            previewed: &previewed,
            previews: &self.sheet.previews,
        };
        self.sheet.canvas.ui(ui, &scene)
    }

    /// Draws the viewer; the command that a button in it stands for.
    fn viewer_ui(&mut self, ui: &mut egui::Ui) -> Option<Command> {
        ui.set_min_size(ui.available_size());
        let left_out = self.left_out();
        let whole = ui.max_rect();
        let mut excluded = None;
        match (&mut self.sheet.viewer, &self.no_store) {
            (Some(viewer), _) => {
                viewer.edit(self.sheet.editor.single_selection().map(|node| node.name.as_str()));
                viewer.set_left_out(&left_out);
                viewer.ui(ui);
                excluded = viewer.take_excluded();
                // The user went on to another end inside the viewer.
                if let Some(end) = viewer.take_wanted() {
                    self.sheet.editor.looked_at = Some(end);
                }
                match viewer.take_saved() {
                    Some(Ok(path)) => self.toasts.success(texts::menus::saved(&path.display())),
                    Some(Err(reason)) => self.toasts.error(reason),
                    None => {}
                }
                if viewer.take_copied() {
                    self.toasts.info(texts::menus::the_picture_is_on_the_clipboard());
                }
                if let Some(name) = viewer.take_file_wish() {
                    self.browse(answer::Purpose::Export, browser::Mode::Save, name);
                }
            }
            (None, Some(reason)) => {
                ui.centered_and_justified(|ui| {
                    ui.colored_label(ui.visuals().error_fg_color, reason);
                });
            }
            (None, None) => {
                ui.centered_and_justified(|ui| ui.weak(texts::menus::opening_the_store()));
            }
        }
        if let Some((end, channel)) = excluded {
            self.exclude_channel(&end, &channel);
        }
        if self.sheet.viewer.as_ref().is_some_and(views::Viewer::shows_nothing) {
            self.nothing_seen_ui(ui, whole)
        } else {
            None
        }
    }

    fn show_title(&mut self) {
        let mark = if self.sheet.editor.is_dirty() { "• " } else { "" };
        let title = texts::menus::title(&mark, &tabs::title_of(&self.sheet));
        if title != self.title {
            self.ctx.send_viewport_cmd(egui::ViewportCommand::Title(title.clone()));
            self.title = title;
        }
    }
}

impl eframe::App for App {
    fn ui(&mut self, ui: &mut egui::Ui, _: &mut eframe::Frame) {
        if let Some(frame) = self.to_place {
            self.to_place = (!place::place_window(ui.ctx(), frame)).then_some(frame + 1);
            ui.ctx().request_repaint_after(std::time::Duration::from_millis(30));
        }
        self.frame(ui);
    }

    fn save(&mut self, storage: &mut dyn eframe::Storage) {
        self.settings.layout.clone_from(&self.layout);
        self.remember_views();
        self.keep_sheets();
        self.keep_tabs_with_views();
        self.settings.save(storage);
    }

    fn clear_color(&self, visuals: &egui::Visuals) -> [f32; 4] {
        theme::palette(visuals).canvas.to_normalized_gamma_f32()
    }

    fn persist_egui_memory(&self) -> bool {
        false
    }
}

/// Opens the window and returns when it is closed.
///
/// # Errors
/// Where no window can be opened, such as without a display.
pub fn run(file: Option<PathBuf>) -> Result<(), String> {
    let options = eframe::NativeOptions {
        viewport: egui::ViewportBuilder::default()
            .with_title("Spikeloom")
            .with_app_id("spikeloom")
            .with_inner_size([1440.0, 900.0])
            .with_min_inner_size([640.0, 400.0])
            .with_drag_and_drop(true),
        // With all else that is kept for a while, where that was given a place.
        persistence_path: Settings::own_state_folder().map(|folder| folder.join("window.ron")),
        ..Default::default()
    };
    let create: eframe::AppCreator<'_> =
        Box::new(|cc| Ok(Box::new(App::new(&cc.egui_ctx, Setup::usual(file), cc.storage))));
    eframe::run_native("spikeloom", options, create).map_err(|error| texts::menus::no_window(&error))
}
