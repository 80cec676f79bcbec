//! What goes out to others: the pipeline as a script, its words for a paper, its results as an archive.

use super::{
    App,
    answer::{Answer, Purpose},
    backend,
    browser::Mode,
    texts,
};
use crate::pipeline::{Severity, methods, script, validate, write_script};
use std::path::PathBuf;

/// What came of handing something on.
pub enum HandedOn {
    /// Words for a paper.
    Methods(String),
    /// It was written there.
    Written(PathBuf),
}

impl App {
    /// Asks where the pipeline goes as a script for SpikeInterface.
    pub(super) fn export_script(&mut self) {
        self.browse(Purpose::Script, Mode::Save, format!("{}.py", self.stem()));
    }

    /// Asks where an archive of the results goes.
    pub(super) fn export_archive(&mut self) {
        self.browse(Purpose::Archive, Mode::Save, format!("{}_archive", self.stem()));
    }

    fn stem(&self) -> String {
        let title = self.sheet.editor.title().to_lowercase().replace(' ', "_");
        // That of a run that was has its time after the name of the file.
        title.split(".ron").next().filter(|stem| !stem.is_empty()).unwrap_or(&title).to_owned()
    }

    /// Writes the pipeline as a script.
    pub(super) fn write_script(&self, path: PathBuf) {
        let (registry, send) = (self.registry.clone(), self.backend.sender());
        let (pipeline, base) = (self.pipeline().clone(), self.sheet.editor.base_folder());
        let title = self.sheet.editor.title();
        backend::spawn("script", move || {
            // What is wrong would be wrong in the script, or missing from it.
            let wrong = validate(&pipeline, &registry).into_iter().find(|p| p.severity == Severity::Error);
            let written = match wrong {
                Some(problem) => Err(texts::files::no_script_of_what_is_wrong(&problem)),
                None => {
                    let text = script(&pipeline, &registry, &base, &title);
                    write_script(&path, &text).map_err(|error| error.to_string())
                }
            };
            send(Answer::HandedOn(written.map(|()| HandedOn::Written(path))));
        });
    }

    /// Writes what the pipeline computed, with what it was made of.
    pub(super) fn write_archive(&mut self, path: PathBuf) {
        let Some(executor) = self.executor.clone() else {
            self.toasts.error(texts::runs::no_store_is_open());
            return;
        };
        let (pipeline, base) = (self.pipeline().clone(), self.sheet.editor.base_folder());
        let (name, send) = (self.stem(), self.backend.sender());
        backend::spawn("archive", move || {
            let made = executor.history(&pipeline, &base);
            let written = match made.is_empty() {
                true => Err(texts::files::nothing_to_archive().to_owned()),
                false => {
                    executor.archive(&pipeline, &made, &name, &path, true).map_err(|error| error.to_string())
                }
            };
            send(Answer::HandedOn(written.map(|()| HandedOn::Written(path))));
        });
    }

    /// Puts what the pipeline does, in words for a paper, on the clipboard.
    pub(super) fn copy_methods(&mut self) {
        let Some(executor) = self.executor.clone() else {
            self.toasts.error(texts::runs::no_store_is_open());
            return;
        };
        let (pipeline, base) = (self.pipeline().clone(), self.sheet.editor.base_folder());
        let send = self.backend.sender();
        backend::spawn("methods", move || {
            let made = executor.history(&pipeline, &base);
            let words = methods(&pipeline, executor.registry(), &made);
            send(Answer::HandedOn(Ok(HandedOn::Methods(words))));
        });
    }

    /// Says what came of it.
    pub(super) fn handed_on(&mut self, result: Result<HandedOn, String>) {
        match result {
            Ok(HandedOn::Methods(words)) => {
                self.ctx.copy_text(words);
                self.toasts.success(texts::files::methods_are_on_the_clipboard());
            }
            Ok(HandedOn::Written(path)) => self.toasts.success(texts::menus::saved(&path.display())),
            Err(reason) => self.toasts.error(reason),
        }
    }
}
