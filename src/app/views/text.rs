//! What has no picture of its own, in words: motion, events, files, fits.

use super::axis::short;
use crate::{
    app::{texts, theme},
    pipeline::Value,
};
use egui::{RichText, ScrollArea, Ui};

/// Facts about a value as `(name, text)`.
pub fn facts(value: &Value) -> Vec<(String, String)> {
    let fact = |name: &str, text: String| (name.to_owned(), text);
    match value {
        Value::Motion(motion) => {
            let bins: usize = motion.segments.iter().map(|s| s.temporal_bins_s.len()).sum();
            let mut facts = vec![
                fact(texts::views::range(), format!("{} µm", short(motion.range_um()))),
                fact(texts::views::time_bins(), bins.to_string()),
                fact(texts::views::depth_windows(), motion.spatial_bins_um.len().to_string()),
            ];
            for (depth, range) in motion.spatial_bins_um.iter().zip(motion.ranges_um()) {
                facts.push(fact(&texts::views::range_at_um(&short(*depth)), format!("{} µm", short(range))));
            }
            facts
        }
        Value::Events(events) => {
            std::iter::once(fact(texts::views::events(), events.events.len().to_string()))
                .chain(
                    events
                        .events
                        .iter()
                        .take(2000)
                        .map(|e| fact(&format!("{:.4} s", e.time_s), e.label.clone())),
                )
                .collect()
        }
        Value::Files(files) => {
            files.iter().map(|f| fact(texts::views::written(), f.display().to_string())).collect()
        }
        Value::Fit(fit) => {
            let arrays = fit
                .arrays
                .iter()
                .map(|(name, a)| fact(name, texts::views::array(&format!("{:?}", a.shape()))));
            arrays.chain(fit.facts.iter().map(|(name, v)| fact(name, v.to_string()))).collect()
        }
        other => vec![fact(texts::views::type_(), other.port_type().to_string())],
    }
}

/// Draws facts as two columns.
pub fn ui(ui: &mut Ui, facts: &[(String, String)]) {
    if facts.is_empty() {
        return super::empty::message(ui, texts::views::nothing_here(), texts::views::it_is_empty());
    }
    let p = theme::palette(ui.visuals());
    ScrollArea::vertical().auto_shrink([false, false]).show_rows(ui, 20.0, facts.len(), |ui, rows| {
        for (name, text) in &facts[rows] {
            ui.horizontal(|ui| {
                ui.add_space(12.0);
                ui.add_sized(
                    [160.0, 18.0],
                    egui::Label::new(RichText::new(name).color(p.text_weak)).halign(egui::Align::Min),
                );
                ui.label(RichText::new(text).color(p.text));
            });
        }
    });
}
