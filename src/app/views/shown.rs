//! What stands in the panel for an end: what was made of it before, what is there while a task runs, its items.

use super::{OLD, Viewer, content::Content, empty, export::Wish, look::Seen};
use crate::{
    app::{texts, theme},
    inspect::Lane,
};
use egui::Ui;
use std::collections::BTreeSet;

impl Viewer {
    /// What the last run made, drawn faintly: the pipeline has changed since.
    pub(super) fn old_ui(&mut self, ui: &mut Ui, end: &str) {
        let mut live = false;
        ui.horizontal(|ui| {
            ui.add_space(8.0);
            if self.is_given() {
                ui.weak(texts::views::of_the_folder());
            } else {
                let color = theme::palette(ui.visuals()).warn;
                ui.colored_label(color, texts::views::of_the_last_run_explained());
            }
            live = self.instead.is_some() && ui.small_button(texts::views::show_live_peaks()).clicked();
        });
        let rect = ui.max_rect();
        let wish = ui.scope(|ui| {
            ui.multiply_opacity(if self.is_given() { 1.0 } else { OLD });
            self.items_ui(ui, end)
        });
        if let Some(wish) = wish.inner {
            self.fulfil(ui, wish, end, rect);
        }
        if live {
            self.seen = self.instead.take();
            self.last_related = std::mem::take(&mut self.related);
            self.show_item();
            self.ask_related();
        }
    }

    /// What is there while a task runs, or what to do so that it does.
    pub(super) fn waiting_ui(&mut self, ui: &mut Ui, node: &str) {
        // What was seen of a run that is over says nothing of a node that changed since.
        let looking = self.look_lane.as_ref().is_some_and(Lane::busy);
        let live = self.live.node(node).filter(|node| node.running || node.failure.is_some() || looking);
        let (Some(state), Ok(lanes)) = (live, &self.lanes) else {
            let tasks = match &self.seen {
                Some(Seen::NeedsRun(tasks)) => tasks.as_slice(),
                _ => &[],
            };
            let names: BTreeSet<&str> = tasks.iter().map(|t| t.node.as_str()).collect();
            let names = names.into_iter().collect::<Vec<_>>().join(", ");
            let running = tasks.iter().find_map(|t| self.live.node(&t.node).filter(|n| n.running));
            return match running {
                Some(state) => empty::working(
                    ui,
                    texts::views::not_there_yet(),
                    &texts::views::nodes_run(&names),
                    state.share,
                ),
                None => {
                    empty::message(ui, texts::views::not_computed_yet(), &texts::views::press_run(&names))
                }
            };
        };
        if let Some(message) = &state.failure {
            return empty::failure(ui, texts::views::this_node_failed(), message);
        }
        let state = state.clone();
        let recording = self.related.recording.as_ref().map(|(_, recording)| recording.info_arc());
        self.content.live_ui(ui, lanes, node, &state, recording.as_deref());
    }

    pub(super) fn items_ui(&mut self, ui: &mut Ui, end: &str) -> Option<Wish> {
        if let Some(items) = self.items().filter(|items| items.len() > 1) {
            let mut chosen = self.item.min(items.len() - 1);
            ui.horizontal(|ui| {
                ui.add_space(8.0);
                egui::ComboBox::from_id_salt("item")
                    .selected_text(texts::views::item_of(&items[chosen].0, &(chosen + 1), &items.len()))
                    .show_ui(ui, |ui| {
                        for (index, (coordinate, _)) in items.iter().enumerate() {
                            ui.selectable_value(&mut chosen, index, coordinate.to_string());
                        }
                    });
            });
            if chosen != self.item {
                self.item = chosen;
                self.awaited = None;
                self.show_item();
                self.ask_related();
            }
        }
        match &mut self.content {
            Content::Traces(view) => {
                let over = view.overlay_end().map(str::to_owned);
                let empty = BTreeSet::new();
                let selected = over.as_ref().and_then(|end| self.selected.get(end)).unwrap_or(&empty);
                view.ui(ui, &self.related, selected)
            }
            Content::Units(view) => {
                let selected = self.selected.entry(end.to_owned()).or_default();
                view.ui(ui, selected)
            }
            content => content.ui(ui),
        }
    }
}
