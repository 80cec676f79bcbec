//! What is done to the probe: every step can be undone.

use super::ProbePanel;
use crate::{
    app::texts,
    data::{Contact, ContactShape, Probe},
    io::probe::write_probeinterface,
};
use egui::{
    PopupCloseBehavior, TextEdit, Ui,
    containers::menu::{MenuButton, MenuConfig},
};
use std::path::{Path, PathBuf};

/// Steps that can be undone.
const STEPS: usize = 200;

impl ProbePanel {
    /// The probe becomes another one.
    pub(super) fn change(&mut self, probe: Probe) {
        if probe == self.probe {
            return;
        }
        self.remember();
        self.probe = probe;
        self.selected.retain(|&contact| contact < self.probe.contacts.len());
    }

    /// Keeps the probe as it is for undo; it is changed next.
    pub(super) fn remember(&mut self) {
        if !self.probe.contacts.is_empty() || !self.undo.is_empty() {
            self.undo.push(self.probe.clone());
        }
        if self.undo.len() > STEPS {
            self.undo.remove(0);
        }
        self.redo.clear();
        self.source = None;
        self.said = None;
        self.leaving = false;
        self.check = None;
    }

    pub(super) fn step(&mut self, back: bool) {
        let (from, to) =
            if back { (&mut self.undo, &mut self.redo) } else { (&mut self.redo, &mut self.undo) };
        if let Some(probe) = from.pop() {
            to.push(std::mem::replace(&mut self.probe, probe));
            self.source = None;
            self.check = None;
            self.selected.retain(|&contact| contact < self.probe.contacts.len());
        }
    }

    /// A contact at a place, like the last one, on the next free channel.
    pub(super) fn add_contact(&mut self, place: [f64; 2]) {
        let mut probe = self.probe.clone();
        let like = probe.contacts.last();
        let next = probe.contacts.iter().filter_map(|c| c.device_channel_index).max().map_or(0, |c| c + 1);
        let is_wired = probe.contacts.is_empty() || probe.is_wired();
        let contact = Contact {
            contact_id: probe.contacts.len().to_string(),
            position_um: place.map(f64::round),
            z_um: None,
            shape: like.map_or(ContactShape::Circle { radius_um: 6.0 }, |c| c.shape),
            shank_index: like.map_or(0, |c| c.shank_index),
            device_channel_index: is_wired.then_some(next),
        };
        if probe.shank_ids.is_empty() {
            probe.shank_ids.push("0".to_owned());
        }
        probe.contacts.push(contact);
        let added = probe.contacts.len() - 1;
        self.change(probe);
        self.selected = [added].into();
    }

    pub(super) fn remove_selected(&mut self) {
        if self.selected.is_empty() {
            return;
        }
        let mut probe = self.probe.clone();
        let mut index = 0;
        probe.contacts.retain(|_| {
            index += 1;
            !self.selected.contains(&(index - 1))
        });
        self.selected.clear();
        self.change(probe);
    }

    /// Gives each contact its column.
    pub(super) fn wire(&mut self, columns: &[Option<usize>]) {
        let mut probe = self.probe.clone();
        for (contact, column) in probe.contacts.iter_mut().zip(columns) {
            contact.device_channel_index = *column;
        }
        self.change(probe);
    }

    /// The button that keeps the probe in the user's library under a name.
    pub(super) fn keep_ui(&mut self, ui: &mut Ui) {
        ui.add_enabled_ui(!self.probe.contacts.is_empty(), |ui| {
            let menu = MenuButton::new(texts::probe::save_to_my_library())
                .config(MenuConfig::new().close_behavior(PopupCloseBehavior::CloseOnClickOutside));
            let (button, shown) = menu.ui(ui, |ui| self.naming_ui(ui));
            if shown.is_none() {
                self.naming = None;
            }
            button.on_hover_text(texts::probe::save_to_my_library_hint());
        });
    }

    fn naming_ui(&mut self, ui: &mut Ui) {
        let probe = &self.probe;
        let [model, maker] =
            self.naming.get_or_insert_with(|| [probe.name.clone(), probe.manufacturer.clone()]);
        let fields = [
            (texts::probe::model(), texts::probe::name_of_the_model(), &mut *model),
            (texts::probe::maker(), texts::probe::name_of_the_maker(), &mut *maker),
        ];
        for (title, name, text) in fields {
            ui.weak(title);
            ui.add(TextEdit::singleline(text).desired_width(220.0)).accessible_name(name);
        }
        let ready = !model.trim().is_empty();
        if ui.add_enabled(ready, egui::Button::new(texts::probe::save())).clicked() {
            self.probe.name = model.trim().to_owned();
            self.probe.manufacturer = maker.trim().to_owned();
            self.stays = true;
            self.save();
            ui.close();
        }
    }

    /// Writes the probe into the user's folder under a name of its own; the answer comes by the lane.
    pub(super) fn save(&self) {
        let (probe, folder) = (self.probe.clone(), self.folder.clone());
        let name = if probe.name.is_empty() {
            format!("probe_{}", probe.contacts.len())
        } else {
            probe.name.clone()
        };
        self.save_lane.request(move |ticket| {
            let path = free_path(&folder, &name);
            let made = std::fs::create_dir_all(&folder)
                .map_err(|error| texts::probe::folder_cannot_be_made(&folder.display(), &error));
            let written =
                made.and_then(|()| write_probeinterface(&path, &probe).map_err(|error| error.to_string()));
            ticket.send(written.map(|()| path));
        });
    }
}

/// A path of a folder that nothing lies at.
fn free_path(folder: &Path, name: &str) -> PathBuf {
    let safe: String =
        name.chars().map(|c| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '_' }).collect();
    let path = |suffix: String| folder.join(format!("{safe}{suffix}.json"));
    let first = path(String::new());
    if !first.exists() {
        return first;
    }
    (2..).map(|number| path(format!("_{number}"))).find(|path| !path.exists()).unwrap_or(first)
}
