//! The probe of a recording: chosen from the shelf, seen, wired by a table or a list, drawn by hand, compared with
//! what the traces say, and kept as a probeinterface file.

mod check;
mod edit;
mod library;
mod picture;
mod table;
mod working;

use super::{App, answer::Purpose, browser::Mode, command::Command, shortcuts, theme};
use crate::{
    app::texts,
    data::{Probe, Recording},
    engine::channel_order::OrderCheck,
    inspect::{Lane, Wake},
    io::probe::{OnShelf, read_probe, shelf},
    pipeline::{Act, Edit},
};
pub use check::check_wiring;
use egui::{Key, Modifiers, Ui};
use serde_json::json;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The panel while it is open.
pub struct ProbePanel {
    /// The node whose probe it is, and its parameter.
    node: String,
    field: String,
    /// Where probes of the user lie.
    folder: PathBuf,
    shelf_lane: Lane<Vec<OnShelf>>,
    shelf: Option<Vec<OnShelf>>,
    search: String,
    /// What was searched for, and the probe that its name says where it is not on the shelf.
    named: Option<(String, Option<OnShelf>)>,
    probe_lane: Lane<(String, Result<Probe, String>)>,
    recording_lane: Lane<Result<Recording, String>>,
    /// The recording without a probe, all its columns.
    recording: Option<Result<Recording, String>>,
    check_lane: Lane<Result<OrderCheck, String>>,
    check: Option<Result<OrderCheck, String>>,
    save_lane: Lane<Result<PathBuf, String>>,
    /// What is being saved only goes into the library; the panel stays.
    stays: bool,
    /// Model and maker under which the probe is being saved.
    naming: Option<[String; 2]>,
    /// The probe as it is drawn now.
    probe: Probe,
    /// The name or path it was read by, as long as nothing was changed.
    source: Option<String>,
    undo: Vec<Probe>,
    redo: Vec<Probe>,
    selected: BTreeSet<usize>,
    view: picture::View,
    /// A list of channels that is being pasted.
    pasted: Option<String>,
    /// What is to be said of the last step, and whether it is bad.
    said: Option<(String, bool)>,
    /// A file is to be chosen.
    wants_file: bool,
    /// An order that fits the traces better is proposed as soon as one is found.
    proposes: bool,
    /// A probe without a wiring is wired in order as soon as it is there.
    wires: bool,
    /// Escape was pressed though something was changed: once more leaves.
    leaving: bool,
}

impl ProbePanel {
    fn new(ctx: &egui::Context, node: String, field: String, folder: PathBuf) -> Self {
        let ctx = ctx.clone();
        let wake: Wake = Arc::new(move || ctx.request_repaint());
        let panel = Self {
            node,
            field,
            shelf_lane: Lane::alone(wake.clone()),
            shelf: None,
            search: String::new(),
            named: None,
            probe_lane: Lane::alone(wake.clone()),
            recording_lane: Lane::alone(wake.clone()),
            recording: None,
            check_lane: Lane::alone(wake.clone()),
            check: None,
            save_lane: Lane::alone(wake),
            stays: false,
            naming: None,
            probe: Probe::default(),
            source: None,
            undo: Vec::new(),
            redo: Vec::new(),
            selected: BTreeSet::new(),
            view: picture::View::default(),
            pasted: None,
            said: None,
            wants_file: false,
            proposes: false,
            wires: false,
            leaving: false,
            folder,
        };
        panel.read_shelf();
        panel
    }

    fn read_shelf(&self) {
        let folder = self.folder.clone();
        self.shelf_lane.request(move |ticket| ticket.send(shelf(&folder)));
    }

    /// True while something is read, computed or written.
    fn busy(&self) -> bool {
        self.shelf_lane.busy()
            || self.probe_lane.busy()
            || self.recording_lane.busy()
            || self.check_lane.busy()
            || self.save_lane.busy()
    }

    /// Takes a probe by its name or path.
    pub fn take(&self, source: String) {
        self.probe_lane.request(move |ticket| {
            let probe = read_probe(&source).map_err(|error| error.to_string());
            ticket.send((source, probe));
        });
    }

    fn receive(&mut self) -> Option<PathBuf> {
        if let Some(shelf) = self.shelf_lane.take() {
            self.shelf = Some(shelf);
        }
        if let Some((source, probe)) = self.probe_lane.take() {
            match probe {
                Ok(probe) => {
                    self.change(probe);
                    self.source = Some(source);
                    if std::mem::take(&mut self.wires) && self.probe.wiring().is_empty() {
                        let columns: Vec<_> = (0..self.probe.contacts.len()).map(Some).collect();
                        self.wire(&columns);
                        self.said = Some((texts::probe::wired_in_order_check_it().to_owned(), false));
                    }
                    self.view.fit();
                }
                Err(reason) => self.said = Some((reason, true)),
            }
        }
        if let Some(recording) = self.recording_lane.take() {
            self.recording = Some(recording);
        }
        if let Some(check) = self.check_lane.take() {
            self.check = Some(check);
            self.propose();
        }
        let is_checked = self.check.is_some() || self.check_lane.busy();
        if self.proposes && !is_checked && self.recording.is_some() && !self.probe.contacts.is_empty() {
            self.start_check();
        }
        match self.save_lane.take()? {
            Ok(path) if std::mem::take(&mut self.stays) => {
                self.said = Some((texts::probe::saved_to_library(&path.display()), false));
                self.source = Some(path.to_string_lossy().into_owned());
                self.read_shelf();
                None
            }
            Ok(path) => Some(path),
            Err(reason) => {
                self.said = Some((reason, true));
                None
            }
        }
    }

    fn num_channels(&self) -> Option<usize> {
        self.recording.as_ref()?.as_ref().ok().map(|recording| recording.info().num_channels())
    }
}

/// How the panel ends.
enum End {
    Cancel,
    Use,
}

impl App {
    /// Opens the panel with the order of channels that the traces propose.
    pub(super) fn propose_order(&mut self, name: &str) {
        self.open_probe(name);
        if let Some(panel) = &mut self.probe_panel {
            panel.proposes = true;
        }
    }

    /// Opens the panel with the contacts wired in order, to be checked and kept.
    pub(super) fn wire_probe(&mut self, name: &str) {
        self.open_probe(name);
        if let Some(panel) = &mut self.probe_panel {
            panel.wires = true;
            panel.proposes = false;
        }
    }

    /// Takes the probe of a file that was chosen for the import or the panel.
    pub(super) fn take_probe_file(&mut self, path: &Path) {
        match (&mut self.wizard, &mut self.probe_panel) {
            (Some(wizard), _) => wizard.take_probe_file(path),
            (None, Some(panel)) => panel.take(path.to_string_lossy().into_owned()),
            (None, None) => {}
        }
    }

    /// Opens the panel for a node that takes a probe.
    pub(super) fn open_probe(&mut self, name: &str) {
        let Some(instance) = self.sheet.editor.pipeline().node(name) else { return };
        let Some(known) = self.registry.get(&instance.kind).cloned() else { return };
        let takes = known.acts(&instance.params).into_iter().find_map(|act| match act {
            Act::TakesProbe { field } => Some(field.to_owned()),
            _ => None,
        });
        let Some(field) = takes else { return };
        let folder = self.library_folder.join("probes");
        let base = self.sheet.editor.base_folder();
        let panel = ProbePanel::new(&self.ctx, name.to_owned(), field.clone(), folder);
        let mut params = instance.params.clone();
        if let Some(source) = params.shift_remove(&field).and_then(|p| p.as_str().map(str::to_owned)) {
            let file = base.join(Path::new(&source));
            panel.take(if file.is_file() { file.to_string_lossy().into_owned() } else { source });
        }
        panel.recording_lane.request(move |ticket| {
            ticket.send(super::wizard::open_with(&*known, &params, base));
        });
        self.probe_panel = Some(Box::new(panel));
    }

    /// True while a probe is chosen or edited.
    pub fn edits_probe(&self) -> bool {
        self.probe_panel.is_some()
    }

    /// True while something of the probe panel is still worked on.
    pub fn is_probing(&self) -> bool {
        self.probe_panel.as_ref().is_some_and(|panel| panel.busy())
    }

    /// Draws the panel in place of the others.
    pub(super) fn probe_panel_ui(&mut self, ui: &mut Ui) -> Vec<Command> {
        let Some(mut panel) = self.probe_panel.take() else { return Vec::new() };
        let saved = panel.receive();
        let p = theme::palette(ui.visuals());
        let frame = egui::Frame::NONE.fill(p.panel).inner_margin(8);
        let mut end = None;
        egui::Panel::top("probe_bar").frame(frame).show(ui, |ui| end = panel.bar_ui(ui));
        egui::Panel::left("probe_shelf").default_size(330.0).frame(frame).show(ui, |ui| panel.library_ui(ui));
        egui::Panel::right("probe_wiring").default_size(390.0).frame(frame).show(ui, |ui| {
            panel.working_ui(ui);
        });
        egui::CentralPanel::no_frame().show(ui, |ui| {
            egui::Frame::NONE.fill(p.field).show(ui, |ui| panel.picture_ui(ui));
        });
        if let Some(path) = saved {
            self.use_probe(&panel, &path.to_string_lossy());
            return Vec::new();
        }
        match end {
            Some(End::Cancel) => return Vec::new(),
            Some(End::Use) => match panel.source.clone() {
                Some(source) => {
                    self.use_probe(&panel, &source);
                    return Vec::new();
                }
                None => panel.save(),
            },
            None => {}
        }
        let wants_file = std::mem::take(&mut panel.wants_file);
        self.probe_panel = Some(panel);
        if wants_file {
            self.browse(Purpose::Probe, Mode::Open, String::new());
        }
        Vec::new()
    }

    /// The probe into the parameter of the node; one step to undo.
    fn use_probe(&mut self, panel: &ProbePanel, source: &str) {
        let Some(instance) = self.sheet.editor.pipeline().node(&panel.node) else {
            return self.toasts.error(texts::probe::node_is_gone(&panel.node));
        };
        let mut params = instance.params.clone();
        params.insert(panel.field.clone(), json!(source));
        self.edit(
            Edit::SetParams(panel.node.clone(), params),
            &texts::probe::set_the_probe_of(&panel.node),
            None,
        );
    }
}

impl ProbePanel {
    /// Title, undo and the end.
    fn bar_ui(&mut self, ui: &mut Ui) -> Option<End> {
        let mut end = None;
        let p = theme::palette(ui.visuals());
        ui.horizontal(|ui| {
            ui.heading(texts::probe::probe_of(&self.node));
            ui.weak(self.words());
            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                if ui.button(texts::probe::cancel()).clicked() {
                    end = Some(End::Cancel);
                }
                let words = egui::RichText::new(texts::probe::use_this_probe()).color(p.on_accent);
                let button = egui::Button::new(words).fill(p.accent);
                let button = ui.add_enabled(!self.probe.contacts.is_empty(), button);
                let hint = match &self.source {
                    Some(_) => texts::probe::unchanged_hint().to_owned(),
                    None => texts::probe::kept_in_folder(&self.folder.display()),
                };
                if button
                    .on_hover_text(hint)
                    .on_disabled_hover_text(texts::probe::no_contacts_hint())
                    .clicked()
                {
                    end = Some(End::Use);
                }
                self.keep_ui(ui);
                ui.separator();
                if ui.add_enabled(!self.redo.is_empty(), egui::Button::new(texts::probe::redo())).clicked() {
                    self.step(false);
                }
                if ui.add_enabled(!self.undo.is_empty(), egui::Button::new(texts::probe::undo())).clicked() {
                    self.step(true);
                }
            });
        });
        if let Some((words, bad)) = &self.said {
            ui.colored_label(if *bad { p.bad } else { p.good }, words);
        }
        let types = ui.ctx().memory(|memory| memory.focused().is_some());
        let is_small_ended = shortcuts::escape_is_taken(ui.ctx());
        let pressed = |m, key| ui.input_mut(|i| i.consume_key(m, key));
        if !types {
            if pressed(Modifiers::COMMAND | Modifiers::SHIFT, Key::Z) {
                self.step(false);
            } else if pressed(Modifiers::COMMAND, Key::Z) {
                self.step(true);
            } else if pressed(Modifiers::NONE, Key::Delete) || pressed(Modifiers::NONE, Key::Backspace) {
                self.remove_selected();
            } else if !is_small_ended && pressed(Modifiers::NONE, Key::Escape) {
                if !self.undo.is_empty() && !std::mem::replace(&mut self.leaving, true) {
                    self.said = Some((texts::probe::escape_again_to_leave().to_owned(), true));
                } else {
                    end = Some(End::Cancel);
                }
            }
        }
        end
    }

    fn words(&self) -> String {
        let contacts = self.probe.contacts.len();
        let wired = self.probe.wiring().len();
        let name =
            if self.probe.name.is_empty() { String::new() } else { format!("{} · ", self.probe.name) };
        let channels = match self.num_channels() {
            Some(count) => texts::probe::the_recording_has(&texts::counts::channels(count)),
            None => String::new(),
        };
        if contacts == 0 {
            return texts::probe::none_yet(&channels);
        }
        let wiring = if wired == 0 {
            texts::probe::not_wired_taken_in_order().to_owned()
        } else {
            texts::probe::wired(&wired)
        };
        format!("{name}{}, {wiring}{channels}", texts::counts::contacts(contacts))
    }
}
