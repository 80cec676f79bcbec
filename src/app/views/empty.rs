//! What a panel says when it has nothing to draw: what is missing and what to do next.

use crate::app::theme;
use egui::{RichText, Ui};

/// A headline and a line of advice in the middle of the panel.
pub fn message(ui: &mut Ui, title: &str, advice: &str) {
    centered(ui, |ui| {
        let p = theme::palette(ui.visuals());
        ui.label(RichText::new(title).size(15.0).color(p.text_strong));
        ui.add_space(2.0);
        ui.label(RichText::new(advice).color(p.text_weak));
    });
}

/// A failure in words; the text can be selected and copied.
pub fn failure(ui: &mut Ui, title: &str, text: &str) {
    centered(ui, |ui| {
        let p = theme::palette(ui.visuals());
        ui.label(RichText::new(title).size(15.0).color(p.bad));
        ui.add_space(2.0);
        ui.add(egui::Label::new(RichText::new(text).color(p.text)).wrap());
    });
}

/// Something that goes on, with its share where known.
pub fn working(ui: &mut Ui, title: &str, detail: &str, share: Option<f32>) {
    centered(ui, |ui| {
        let p = theme::palette(ui.visuals());
        ui.label(RichText::new(title).size(15.0).color(p.text_strong));
        ui.add_space(4.0);
        if let Some(share) = share {
            ui.add(egui::ProgressBar::new(share).desired_width(240.0).desired_height(6.0));
            ui.add_space(2.0);
        }
        ui.label(RichText::new(detail).color(p.text_weak));
    });
}

fn centered(ui: &mut Ui, contents: impl FnOnce(&mut Ui)) {
    let full = ui.available_rect_before_wrap();
    let middle = full.shrink2(egui::vec2((full.width() * 0.15).min(120.0), 0.0));
    ui.scope_builder(egui::UiBuilder::new().max_rect(middle), |ui| {
        ui.vertical_centered(|ui| {
            ui.add_space((full.height() / 2.0 - 40.0).max(8.0));
            contents(ui);
        });
    });
    ui.allocate_rect(full, egui::Sense::hover());
}
