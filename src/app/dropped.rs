//! What is done with files that are let go over the window.

use super::{App, command::Command, texts};
use crate::pipeline::{Act, Edit, NodeInstance};
use serde_json::json;
use std::path::{Path, PathBuf};

impl App {
    /// Takes in what was dropped; what that asks for.
    pub(super) fn dropped(&mut self, mut paths: Vec<PathBuf>) -> Option<Command> {
        if self.dialogs.is_modal() {
            // The question comes first; what was dropped waits for its end.
            if let Some(first) = paths.first() {
                let name = first.file_name().unwrap_or_default().to_string_lossy().into_owned();
                self.toasts.info(texts::files::dropped_waits(&name));
                self.kept_drop = paths;
            }
            return None;
        }
        if paths.is_empty() {
            paths = std::mem::take(&mut self.kept_drop);
        }
        self.kept_drop.clear();
        self.was_dropped |= !paths.is_empty();
        match paths.len() {
            0 => None,
            // Where a probe is asked for, a file is one.
            1 if (self.imports() || self.edits_probe()) && may_be_probe(&paths[0]) => {
                self.take_probe_file(&paths[0]);
                None
            }
            1 => paths.pop().map(Command::Open),
            _ => Some(Command::OpenAll(paths)),
        }
    }

    /// Where what was opened goes: where it was let go, else where there is room.
    pub(super) fn landing(&self) -> [f32; 2] {
        let (drawn, selection) = (self.sheet.editor.drawn(), &self.sheet.editor.selection);
        match self.was_dropped && !self.sheet.is_empty() {
            true => self.sheet.canvas.drop_place(&self.ctx, drawn, selection),
            false => self.free_place(),
        }
    }

    /// Where a new node goes that nobody gave a place.
    pub(super) fn free_place(&self) -> [f32; 2] {
        self.sheet.canvas.free_place(self.sheet.editor.drawn(), &self.sheet.editor.selection)
    }

    /// Gives a probe to the recording that it can be meant for.
    pub(super) fn give_probe(&mut self, path: &Path) {
        let field_of = |node: &NodeInstance| {
            let acts = self.registry.get(&node.kind)?.acts(&node.params).into_iter();
            acts.into_iter().find_map(|act| match act {
                Act::TakesProbe { field } => Some((node.name.clone(), field)),
                _ => None,
            })
        };
        let all: Vec<_> = self.pipeline().nodes().filter_map(field_of).collect();
        let selected = all.iter().find(|(name, _)| self.sheet.editor.selection.contains(name));
        let (name, field) = match (selected, all.as_slice()) {
            (Some(one), _) | (None, [one]) => one.clone(),
            (None, []) => return self.toasts.info(texts::probe::open_its_recording_first()),
            (None, _) => return self.toasts.info(texts::probe::select_its_recording_first()),
        };
        let Some(mut params) = self.pipeline().params_of(&name) else { return };
        params.insert(field.to_owned(), json!(path.to_string_lossy()));
        self.edit(Edit::SetParams(name.clone(), params), &texts::probe::set_the_probe_of(&name), None);
        let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        self.toasts.success(texts::probe::was_given(&name, &file));
    }
}

fn may_be_probe(path: &Path) -> bool {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
    matches!(ending.as_deref(), Some("prb" | "json" | "meta"))
}
