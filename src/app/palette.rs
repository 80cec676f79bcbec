//! The list of nodes at the left: search, categories, drag onto the canvas or double-click.

use super::{
    canvas::icons,
    command::{Command, Joint},
    groups::Kept,
    settings::RecentList,
    texts, theme,
};
use crate::pipeline::{Category, DynNode, Registry};
use egui::{CollapsingHeader, Role, ScrollArea, Sense, Ui, WidgetInfo, text::LayoutJob, vec2};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

/// Recent recordings, sortings and studies that are shown.
const SHOWN: usize = 5;

/// The list between two frames.
#[derive(Default)]
pub struct NodeList {
    query: String,
    /// What the library holds besides presets.
    pub kept: Vec<Kept>,
}

impl NodeList {
    /// Draws the list, below the recordings, sortings and studies opened last.
    pub fn ui(&mut self, ui: &mut Ui, registry: &Registry, data: &[PathBuf]) -> Vec<Command> {
        let mut commands = Vec::new();
        let width = ui.available_width();
        let edit = egui::TextEdit::singleline(&mut self.query)
            .hint_text(texts::menus::search())
            .desired_width(width);
        ui.add(edit).widget_info(|| {
            WidgetInfo::labeled(Role::SearchInput, true, texts::menus::search_the_list_of_nodes())
        });
        ui.add_space(4.0);
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            ui.spacing_mut().item_spacing.y = 1.0;
            if self.query.trim().is_empty() {
                if !data.is_empty() {
                    let title = egui::RichText::new(texts::menus::recent_data()).size(12.0).weak();
                    CollapsingHeader::new(title).default_open(true).show_unindented(ui, |ui| {
                        for path in data.iter().take(SHOWN) {
                            data_row(ui, path, &mut commands);
                        }
                    });
                    ui.add_space(4.0);
                }
                if !self.kept.is_empty() {
                    let title = egui::RichText::new(texts::menus::my_library()).size(12.0).weak();
                    CollapsingHeader::new(title).default_open(true).show_unindented(ui, |ui| {
                        for kept in &self.kept {
                            kept_row(ui, kept, &mut commands);
                        }
                    });
                    ui.add_space(4.0);
                }
                for category in theme::CATEGORIES {
                    let nodes: Vec<_> = registry.in_category(category).collect();
                    if nodes.is_empty() {
                        continue;
                    }
                    let title = egui::RichText::new(theme::category_name(category)).size(12.0).weak();
                    CollapsingHeader::new(title).default_open(true).show_unindented(ui, |ui| {
                        for node in nodes {
                            row(ui, node, &mut commands);
                        }
                    });
                    ui.add_space(4.0);
                }
            } else {
                let found = registry.search(&self.query);
                let kept: Vec<&Kept> = self.kept.iter().filter(|kept| kept.answers(&self.query)).collect();
                for kept in &kept {
                    kept_row(ui, kept, &mut commands);
                }
                if found.is_empty() && kept.is_empty() {
                    ui.weak(texts::menus::no_such_node());
                }
                for node in found {
                    row(ui, node, &mut commands);
                }
            }
        });
        commands
    }
}

/// A row of the list with its icon; a name that is too long for the panel goes on below.
fn name_row(ui: &mut Ui, label: &str, category: Category, color: egui::Color32) -> egui::Response {
    let p = theme::palette(ui.visuals());
    let mut words = LayoutJob::simple(
        label.to_owned(),
        egui::FontId::proportional(13.0),
        p.text,
        (ui.available_width() - 27.0).max(1.0),
    );
    words.wrap.max_rows = 2;
    let words = ui.painter().layout_job(words);
    let size = vec2(ui.available_width(), theme::ROW.max(words.size().y + 4.0));
    let (rect, response) = ui.allocate_exact_size(size, Sense::click_and_drag());
    if ui.is_rect_visible(rect) {
        if response.hovered() {
            ui.painter().rect_filled(rect, 4.0, p.control);
        }
        icons::category(ui.painter(), Some(category), rect.left_center() + vec2(12.0, 0.0), 11.0, color);
        let place = rect.left_center() + vec2(25.0, -words.size().y / 2.0);
        ui.painter().galley(place, words, p.text);
    }
    response
}

fn row(ui: &mut Ui, node: &Arc<dyn DynNode>, commands: &mut Vec<Command>) {
    let info = node.info();
    let color = theme::category_color(info.category, ui.visuals());
    let response = name_row(ui, info.label, info.category, color);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, info.label));
    response.dnd_set_drag_payload(info.kind.to_owned());
    if response.double_clicked() {
        commands.push(Command::AddInView(info.kind.to_owned()));
    }
    if response.dragged() {
        ui.ctx().set_cursor_icon(egui::CursorIcon::Grabbing);
        ghost(ui, info.label);
        return;
    }
    response.on_hover_ui(|ui| {
        ui.set_max_width(320.0);
        ui.strong(info.label);
        ui.label(info.summary);
        if !info.source.is_empty() {
            ui.weak(info.source);
        }
        ui.weak(texts::menus::node_hint());
    });
}

/// A recording, sorting or study that was open before.
fn data_row(ui: &mut Ui, path: &Path, commands: &mut Vec<Command>) {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let color = theme::category_color(Category::Source, ui.visuals());
    let response = name_row(ui, &name, Category::Source, color);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, texts::menus::recent_recording(&name)));
    if response.double_clicked() {
        commands.push(Command::Open(path.to_owned()));
    }
    response.context_menu(|ui| {
        if ui.button(texts::menus::add()).clicked() {
            commands.push(Command::Open(path.to_owned()));
            ui.close();
        }
        if ui.button(texts::menus::take_off_the_list()).clicked() {
            commands.push(Command::ForgetRecent(RecentList::Data, path.to_owned()));
            ui.close();
        }
    });
    response.on_hover_ui(|ui| {
        ui.set_max_width(320.0);
        ui.strong(name);
        ui.label(path.display().to_string());
        ui.weak(texts::menus::recent_data_hint());
    });
}

/// Something of the user's own library.
fn kept_row(ui: &mut Ui, kept: &Kept, commands: &mut Vec<Command>) {
    let color = theme::palette(ui.visuals()).text_weak;
    let response = name_row(ui, &kept.name, Category::Shape, color);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, texts::menus::library(&kept.name)));
    response.dnd_set_drag_payload(kept.file.clone());
    if response.double_clicked() {
        commands.push(Command::AddKept { file: kept.file.clone(), position: None, joint: Joint::None });
    }
    if response.dragged() {
        ui.ctx().set_cursor_icon(egui::CursorIcon::Grabbing);
        ghost(ui, &kept.name);
        return;
    }
    response.context_menu(|ui| {
        if ui.button(texts::menus::add()).clicked() {
            commands.push(Command::AddKept { file: kept.file.clone(), position: None, joint: Joint::None });
            ui.close();
        }
        if ui.button(texts::menus::open_as_a_pipeline()).clicked() {
            commands.push(Command::Open(kept.file.clone()));
            ui.close();
        }
        if ui.button(texts::menus::remove_from_the_library()).clicked() {
            commands.push(Command::RemoveKept(kept.file.clone()));
            ui.close();
        }
    });
    response.on_hover_ui(|ui| {
        ui.set_max_width(320.0);
        ui.strong(&kept.name);
        ui.label(&kept.words);
        ui.weak(kept.file.display().to_string());
        ui.weak(texts::menus::node_hint());
    });
}

/// What is dragged, beside the pointer.
fn ghost(ui: &Ui, label: &str) {
    let Some(pointer) = ui.input(|i| i.pointer.latest_pos()) else { return };
    let p = theme::palette(ui.visuals());
    let layer = egui::LayerId::new(egui::Order::Tooltip, egui::Id::unique("dragged_node"));
    let painter = ui.ctx().layer_painter(layer);
    let galley = painter.layout_no_wrap(label.to_owned(), egui::FontId::proportional(13.0), p.text_strong);
    let rect = egui::Rect::from_min_size(pointer + vec2(12.0, 8.0), galley.size() + vec2(16.0, 10.0));
    painter.rect(rect, 4.0, p.node, egui::Stroke::new(1.0, p.accent), egui::StrokeKind::Inside);
    painter.galley(rect.min + vec2(8.0, 5.0), galley, p.text_strong);
}
