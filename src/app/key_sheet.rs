//! The sheet of shortcuts, where each key can be changed: click it, press another.

use super::{
    App,
    keymap::{self, Keymap},
    shortcuts::{self, Action, Group},
    texts, theme,
};
use egui::{Align2, Event, Key, KeyboardShortcut, Modifiers, Role, ScrollArea, Ui, WidgetInfo, Window, vec2};

/// An action that waits for its key.
pub struct Capture {
    action: &'static Action,
    /// The key that was pressed, and the action that has it.
    taken: Option<(KeyboardShortcut, &'static Action)>,
    /// Why the key that was pressed will not do.
    refused: Option<String>,
}

impl App {
    pub(super) fn key_sheet_ui(&mut self) {
        let mut open = self.dialogs.shortcuts;
        if !open {
            self.dialogs.capture = None;
            return;
        }
        let before = self.settings.keys.clone();
        Window::new(texts::menus::shortcuts())
            .open(&mut open)
            .collapsible(false)
            .resizable(false)
            .anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0))
            .show(&self.ctx, |ui| {
                self.dialogs.capture.take_if(|capture| capture.listen(ui, &mut self.settings.keys));
                ui.horizontal(|ui| {
                    ui.weak(texts::menus::keys_hint());
                    let any = self.settings.keys.is_any_changed();
                    if ui.add_enabled(any, egui::Button::new(texts::menus::reset_all_keys())).clicked() {
                        self.settings.keys.reset_all();
                    }
                });
                ui.separator();
                // As high as the window from the first frame on: nothing comes later to make it grow.
                let height = (ui.ctx().content_rect().height() - 170.0).max(160.0);
                ScrollArea::vertical().max_height(height).min_scrolled_height(height).show(ui, |ui| {
                    ui.spacing_mut().item_spacing.x = 32.0;
                    ui.columns(2, |columns| {
                        for (index, group) in Group::ALL.into_iter().enumerate() {
                            let ui = &mut columns[index % 2];
                            ui.spacing_mut().item_spacing.x = 8.0;
                            ui.strong(group.name());
                            self.dialogs.capture_rows(ui, group, &mut self.settings.keys);
                            ui.add_space(10.0);
                        }
                    });
                });
            });
        self.dialogs.shortcuts = open;
        if self.settings.keys != before {
            self.settings.keys.install(&self.ctx);
        }
    }
}

impl super::dialogs::Dialogs {
    fn capture_rows(&mut self, ui: &mut Ui, group: Group, keys: &mut Keymap) {
        egui::Grid::new(group.name()).num_columns(2).spacing([16.0, 3.0]).show(ui, |ui| {
            for action in shortcuts::ACTIONS.iter().filter(|action| action.group == group) {
                let waits = self.capture.as_ref().is_some_and(|c| c.action.id == action.id);
                if waits {
                    ui.colored_label(theme::palette(ui.visuals()).accent, texts::menus::press_a_key());
                } else {
                    let shown =
                        keys.keys(action).first().map_or("–".to_owned(), |k| keymap::words(ui.ctx(), *k));
                    let button = ui.add(egui::Button::new(egui::RichText::new(shown).weak()).frame(false));
                    button.widget_info(|| {
                        WidgetInfo::labeled(Role::Button, true, texts::menus::key_of(&action.label()))
                    });
                    if button.on_hover_text(texts::menus::change_it()).clicked() {
                        self.capture = Some(Capture { action, taken: None, refused: None });
                    }
                }
                if waits {
                    ui.vertical(|ui| {
                        ui.label(action.label());
                        ui.horizontal(|ui| self.answers_ui(ui, keys));
                    });
                    ui.end_row();
                    continue;
                }
                ui.horizontal(|ui| {
                    ui.label(action.label());
                    if keys.is_changed(action) {
                        let reset = ui.small_button(texts::menus::reset());
                        reset.widget_info(|| {
                            WidgetInfo::labeled(
                                Role::Button,
                                true,
                                texts::menus::reset_key_of(&action.label()),
                            )
                        });
                        if reset.clicked() {
                            keys.reset(action);
                        }
                    }
                });
                ui.end_row();
            }
            for (_, keys, what) in shortcuts::GESTURES.iter().filter(|gesture| gesture.0 == group) {
                ui.weak(keys());
                ui.label(what());
                ui.end_row();
            }
        });
    }

    /// What can be said while a key is waited for.
    fn answers_ui(&mut self, ui: &mut Ui, keys: &mut Keymap) {
        let Some(capture) = &self.capture else { return };
        let mut over = false;
        if let Some((shortcut, other)) = capture.taken {
            let p = theme::palette(ui.visuals());
            let words = keymap::words(ui.ctx(), shortcut);
            ui.colored_label(p.warn, texts::menus::key_is_taken(&other.label(), &words));
            if ui.small_button(texts::menus::take_it()).clicked() {
                keys.set(capture.action, Some(shortcut));
                over = true;
            }
        } else if let Some(reason) = &capture.refused {
            ui.colored_label(theme::palette(ui.visuals()).warn, reason);
        } else if ui.small_button(texts::menus::no_key()).clicked() {
            keys.set(capture.action, None);
            over = true;
        }
        over |= ui.small_button(texts::menus::cancel()).clicked();
        if over {
            self.capture = None;
        }
    }
}

/// True of keys that are held while another one is pressed: they come as keys of their own before it.
fn is_held(key: Key) -> bool {
    use Key::{AltLeft, AltRight, ControlLeft, ControlRight, ShiftLeft, ShiftRight, SuperLeft, SuperRight};
    let modifiers =
        [AltLeft, AltRight, ControlLeft, ControlRight, ShiftLeft, ShiftRight, SuperLeft, SuperRight];
    modifiers.contains(&key) || matches!(key, Key::CapsLock | Key::NumLock)
}

impl Capture {
    /// Hears the keys of this frame; true where it is settled.
    fn listen(&mut self, ui: &Ui, keys: &mut Keymap) -> bool {
        let pressed = ui.input_mut(|input| {
            let found = input.events.iter().find_map(|event| match event {
                Event::Key { key, pressed: true, modifiers, .. } if !is_held(*key) => {
                    // What the system calls Ctrl or Cmd is one to us.
                    let modifiers = Modifiers { ctrl: false, mac_cmd: false, ..*modifiers };
                    Some(KeyboardShortcut::new(modifiers, *key))
                }
                _ => None,
            });
            input.events.retain(|event| !matches!(event, Event::Key { .. } | Event::Text(_)));
            found
        });
        let Some(shortcut) = pressed else { return false };
        if shortcut == KeyboardShortcut::new(Modifiers::NONE, Key::Escape) {
            return true;
        }
        self.taken = keys.taken_by(self.action, shortcut).map(|other| (shortcut, other));
        self.refused =
            keymap::refused(shortcut).map(|why| format!("{} {why}", keymap::words(ui.ctx(), shortcut)));
        if self.taken.is_some() || self.refused.is_some() {
            return false;
        }
        keys.set(self.action, Some(shortcut));
        true
    }
}
