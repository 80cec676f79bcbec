//! Back to what was: unsaved pipelines of earlier sessions, the file as it was saved, the view as it was left.

use super::{App, command::Command, editor::Editor, keep, settings::LastView, sheet::Sheet, texts, theme};
use crate::pipeline::Opened;
use egui::{Align2, Role, ScrollArea, WidgetInfo, Window, vec2};

impl App {
    /// Opens what an earlier session left unsaved; false where it cannot be. Undo leads back to what its file holds.
    pub(super) fn recover(&mut self, index: usize) -> bool {
        let Some(unsaved) = self.unsaved.get_mut(index) else { return false };
        let pipeline = match &unsaved.pipeline {
            Ok(pipeline) => pipeline.clone(),
            Err(reason) => {
                self.toasts.error(texts::files::cannot_be_recovered(&unsaved.title, &reason));
                return false;
            }
        };
        let saved = match unsaved.untouched {
            true => pipeline.clone(),
            false => unsaved.saved.take().unwrap_or_default(),
        };
        let mut editor = Editor::new(saved, unsaved.title.clone(), unsaved.path.clone());
        editor.folder.clone_from(&unsaved.folder);
        let edit = editor.pipeline().become_edit(&pipeline);
        let recovered = match unsaved.untouched {
            true => Ok(()),
            false => editor.apply(edit, texts::files::recover_unsaved_changes(), None),
        };
        if let Err(error) = recovered {
            self.toasts.error(texts::files::copy_cannot_be_recovered(&unsaved.title, &error));
            return false;
        }
        let file = self.unsaved.remove(index).file;
        self.dialogs.unsaved &= !self.unsaved.is_empty();
        self.dialogs.discards = None;
        self.show(editor);
        // It goes once a copy of this session is there.
        self.sheet.recovered_from = Some(file);
        true
    }

    /// Removes what an earlier session left unsaved.
    pub(super) fn discard_unsaved(&mut self, index: usize) {
        if index < self.unsaved.len() {
            let unsaved = self.unsaved.remove(index);
            self.dialogs.unsaved &= !self.unsaved.is_empty();
            self.dialogs.discards = None;
            if let Err(error) = keep::remove(&unsaved.file) {
                self.toasts.error(texts::files::cannot_be_removed(&unsaved.file.display(), &error));
            }
        }
    }

    /// Lists what earlier sessions left unsaved.
    pub(super) fn unsaved_ui(&mut self) -> Option<Command> {
        let mut command = None;
        let mut open = self.dialogs.unsaved;
        Window::new(texts::files::recover_unsaved_pipelines())
            .open(&mut open)
            .collapsible(false)
            .resizable(false)
            .anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0))
            .show(&self.ctx, |ui| {
                ui.set_width(460.0);
                ui.label(texts::files::recover_explained());
                ui.add_space(6.0);
                ScrollArea::vertical().max_height(360.0).show(ui, |ui| {
                    for (index, unsaved) in self.unsaved.iter().enumerate() {
                        let p = theme::palette(ui.visuals());
                        ui.separator();
                        ui.horizontal(|ui| {
                            ui.strong(&unsaved.title);
                            ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
                                let sure = self.dialogs.discards == Some(index);
                                let label = if sure {
                                    texts::files::discard_for_good()
                                } else {
                                    texts::files::discard()
                                };
                                let discard = ui.button(label);
                                let name = format!("{label} {}", unsaved.title);
                                discard.widget_info(|| WidgetInfo::labeled(Role::Button, true, &name));
                                if discard.clicked() {
                                    self.dialogs.discards = (!sure).then_some(index);
                                    command = sure.then_some(Command::DiscardUnsaved(index));
                                }
                                let recover = ui.add_enabled(
                                    unsaved.pipeline.is_ok(),
                                    egui::Button::new(texts::files::recover()),
                                );
                                let name = texts::files::recover_title(&unsaved.title);
                                let enabled = unsaved.pipeline.is_ok();
                                recover.widget_info(|| WidgetInfo::labeled(Role::Button, enabled, &name));
                                if recover.clicked() {
                                    command = Some(Command::Recover(index));
                                }
                            });
                        });
                        let color = if unsaved.pipeline.is_ok() { p.text_weak } else { p.bad };
                        let words = egui::RichText::new(unsaved.words()).color(color);
                        ui.add(egui::Label::new(words).wrap())
                            .on_hover_text(unsaved.file.display().to_string());
                    }
                });
            });
        self.dialogs.unsaved = self.dialogs.unsaved && open;
        command
    }

    /// The pipeline back to what its file holds, as one step that can be undone. A file that cannot be read
    /// changes nothing.
    pub(super) fn reread(&mut self, number: u64, result: Result<Opened, String>) {
        let opened = match result {
            Ok(opened) => opened,
            Err(reason) => {
                self.toasts.error(texts::files::nothing_was_reverted(&reason));
                return;
            }
        };
        self.bring_forward(number);
        if self.sheet.number == number {
            let edit = self.sheet.editor.pipeline().become_edit(&opened.pipeline);
            self.edit(edit, texts::files::revert_to_saved(), None);
            self.sheet.editor.mark_saved(self.sheet.editor.revision());
            self.sheet.take_problems_of_text(opened.problems);
        }
    }

    /// Keeps how a pipeline with a file is looked at.
    pub(super) fn remember_view(&mut self, sheet: &Sheet) {
        if sheet.editor.path.is_some() {
            self.settings.remember_view(view_of(sheet));
        }
    }

    /// Keeps how all open pipelines are looked at.
    pub(super) fn remember_views(&mut self) {
        let behind = std::mem::take(&mut self.behind);
        behind.iter().for_each(|sheet| self.remember_view(sheet));
        self.behind = behind;
        let front = std::mem::take(&mut self.sheet);
        self.remember_view(&front);
        self.sheet = front;
    }

    /// Looks at the pipeline in front as it was looked at last, or at all of it.
    pub(super) fn restore_view(&mut self) {
        self.sheet.canvas.fit(false);
        let known = self.settings.views.iter().find(|view| self.sheet.is_of(&view.path));
        if let Some(view) = known.cloned() {
            self.look_as(view);
        }
    }

    /// Looks at the pipeline in front as it was looked at once.
    pub(super) fn look_as(&mut self, view: LastView) {
        self.sheet.editor.enter(&view.level);
        self.sheet.editor.previews = view.previews;
        self.sheet.previews.all = view.all_previews;
        if !view.fits {
            self.sheet.canvas.look_at(view.canvas);
        }
        let is_there = |end: &String| {
            end.split_once('.').is_some_and(|(node, _)| self.sheet.editor.pipeline().index(node).is_some())
        };
        if let Some(end) = view.looked_at.filter(is_there) {
            self.look(end);
        }
    }
}

/// How a pipeline is looked at.
pub fn view_of(sheet: &Sheet) -> LastView {
    let path = sheet.editor.path.as_ref();
    let path = path.map(|path| std::path::absolute(path).unwrap_or_else(|_unknown| path.clone()));
    let place = sheet.canvas.place();
    LastView {
        path: path.unwrap_or_default(),
        fits: place.is_none(),
        canvas: place.unwrap_or_default(),
        looked_at: sheet.editor.looked_at.clone(),
        level: sheet.editor.level().to_owned(),
        previews: sheet.editor.previews.clone(),
        all_previews: sheet.previews.all,
    }
}
