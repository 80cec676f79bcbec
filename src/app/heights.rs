//! Peak heights before a node that detects spikes: the histogram of what enters, its threshold, and a better one.

use super::{App, command::Command, text, texts, theme};
use crate::{
    inspect::heights::{BIN, PeakHeights},
    pipeline::{Edit, PortType},
};
use egui::{Align2, FontId, Rect, Role, Sense, Slider, Stroke, Ui, WidgetInfo, Window, pos2, vec2};

/// The parameter that says how high a spike must be, in noise levels.
pub const THRESHOLD: &str = "detect_threshold";
/// The one that says which way spikes go.
const SIGN: &str = "peak_sign";

/// Thresholds that are looked at, in noise levels.
const LEAST: f64 = 2.0;
const MOST: f64 = 15.0;
/// Steps of the threshold.
const STEP: f64 = 0.25;

/// The histogram of a node, from the question to its answer.
pub struct Heights {
    /// The node.
    pub node: String,
    /// The threshold that is looked at.
    threshold: f64,
    /// Spikes go up as well.
    crests: bool,
    /// What was found.
    pub found: Option<Result<PeakHeights, String>>,
}

impl App {
    /// Shows how high the peaks are that enter a node, with its threshold.
    pub(super) fn show_heights(&mut self, node: &str) {
        let kinds = self.kinds();
        let Some(instance) = self.sheet.editor.drawn().node(node).or_else(|| self.pipeline().node(node))
        else {
            return;
        };
        let Some(known) = kinds.get(&instance.kind) else { return };
        let spec = known.specs().iter().find(|spec| spec.name == THRESHOLD);
        let value = instance.params.get(THRESHOLD).or(spec.map(|spec| &spec.default));
        let Some(threshold) = value.and_then(serde_json::Value::as_f64) else { return };
        let sign = known.specs().iter().find(|spec| spec.name == SIGN);
        let sign = instance.params.get(SIGN).or(sign.map(|spec| &spec.default));
        let crests = sign.and_then(serde_json::Value::as_str).is_some_and(|sign| sign != "neg");
        let inputs = known.inputs(&instance.params);
        let port = inputs.iter().find(|port| port.port_type == PortType::Recording);
        let end =
            port.and_then(|port| super::editor::wire_into(self.pipeline(), &format!("{node}.{}", port.name)));
        let found = match (&end, &self.executor) {
            (None, _) => Some(Err(texts::inspector::no_recording_enters().to_owned())),
            (_, None) => Some(Err(texts::inspector::the_store_is_not_open().to_owned())),
            (Some(end), Some(executor)) => {
                let folder = self.sheet.editor.base_folder();
                self.backend.heights(executor, self.pipeline(), folder, end.clone(), node.to_owned());
                None
            }
        };
        self.dialogs.heights = Some(Heights { node: node.to_owned(), threshold, crests, found });
    }

    pub(super) fn heights_found(&mut self, node: &str, found: Result<PeakHeights, String>) {
        if let Some(heights) = self.dialogs.heights.as_mut().filter(|heights| heights.node == node) {
            heights.found = Some(found);
        }
    }

    /// What the inspector calls a parameter of a node.
    fn label_of(&self, node: &str, field: &str) -> String {
        let known = self.pipeline().node(node).and_then(|node| self.registry.get(&node.kind));
        let spec = known.and_then(|known| known.specs().iter().find(|spec| spec.name == field));
        spec.map_or_else(|| field.to_owned(), |spec| spec.label.clone())
    }

    pub(super) fn heights_ui(&mut self) -> Option<Command> {
        let label = self.label_of(&self.dialogs.heights.as_ref()?.node, THRESHOLD);
        let heights = self.dialogs.heights.as_mut()?;
        let (mut open, mut command) = (true, None);
        Window::new(texts::inspector::peak_heights_before(&heights.node))
            .id(egui::Id::unique("peak_heights"))
            .open(&mut open)
            .collapsible(false)
            .resizable(false)
            .anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0))
            .show(&self.ctx, |ui| {
                ui.set_width(460.0);
                let p = theme::palette(ui.visuals());
                match &heights.found {
                    None => {
                        ui.weak(texts::inspector::reading_pieces_of_the_recording());
                    }
                    Some(Err(reason)) => {
                        ui.colored_label(p.bad, text::sentence_of(reason));
                    }
                    Some(Ok(found)) => {
                        let unit = if found.in_uv { "µV" } else { texts::inspector::raw_units() };
                        ui.weak(texts::inspector::heights_explained(
                            &text::took(found.seconds),
                            &found.num_channels,
                            &text::number((found.noise * 100.0).round() / 100.0),
                            &unit,
                        ));
                        let most = heights.threshold.max(MOST);
                        if let Some(moved) = histogram(ui, found, heights.threshold, heights.crests) {
                            heights.threshold = moved.clamp(LEAST, most);
                        }
                        let slider = Slider::new(&mut heights.threshold, LEAST..=most)
                            .step_by(STEP)
                            .suffix(texts::inspector::noise_levels());
                        ui.horizontal(|ui| {
                            ui.label(texts::inspector::threshold());
                            ui.add(slider).widget_info(|| {
                                WidgetInfo::labeled(Role::Slider, true, texts::inspector::threshold())
                            });
                        });
                        let rate = found.rate_above(heights.threshold, heights.crests);
                        ui.label(texts::inspector::peaks_that_reach(
                            &text::number((rate * 10.0).round() / 10.0),
                            &text::number((rate / found.num_channels.max(1) as f64 * 100.0).round() / 100.0),
                        ));
                        let words = texts::inspector::set_threshold(&label, &text::number(heights.threshold));
                        if ui.button(words).clicked() {
                            command = Some(heights.threshold);
                        }
                    }
                }
            });
        let node = heights.node.clone();
        if !open || command.is_some() {
            self.dialogs.heights = None;
        }
        let mut params = self.pipeline().params_of(&node)?;
        params.insert(THRESHOLD.to_owned(), command?.into());
        Some(Command::edit(
            Edit::SetParams(node, params),
            texts::inspector::change_threshold(&label.to_lowercase()),
        ))
    }
}

/// Bars on a scale of powers of ten, with a line at the threshold: what is right of it is kept. Where the line was
/// moved to, if it was.
fn histogram(ui: &mut Ui, found: &PeakHeights, threshold: f64, crests: bool) -> Option<f64> {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 150.0), Sense::click_and_drag());
    response.widget_info(|| {
        WidgetInfo::labeled(Role::Image, true, texts::inspector::histogram_of_peak_heights())
    });
    let p = theme::palette(ui.visuals());
    let painter = ui.painter();
    painter.rect_filled(rect, 3.0, p.field);
    let room = Rect::from_min_max(rect.min + vec2(8.0, 6.0), rect.max - vec2(8.0, 18.0));
    let bins = found.counts[0].len();
    let count = |bin: usize| found.counts[0][bin] + if crests { found.counts[1][bin] } else { 0 };
    let most = (0..bins).map(count).max().unwrap_or(1).max(1) as f32;
    let x = |height: f64| room.left() + room.width() * (height / (bins as f64 * BIN)) as f32;
    for bin in 0..bins {
        let left = bin as f64 * BIN;
        let share = (count(bin) as f32 + 1.0).ln() / (most + 1.0).ln();
        let color = if left + 1e-9 >= threshold { p.accent } else { p.text_weak.gamma_multiply(0.5) };
        let top = room.bottom() - room.height() * share;
        let bar = Rect::from_min_max(pos2(x(left) + 0.5, top), pos2(x(left + BIN) - 0.5, room.bottom()));
        painter.rect_filled(bar, 0.0, color);
    }
    painter.vline(x(threshold).min(room.right()), room.y_range(), Stroke::new(1.5, p.warn));
    for level in (0..=bins as u32 / 4).step_by(5) {
        let place = pos2(x(f64::from(level)), rect.bottom() - 3.0);
        painter.text(
            place,
            Align2::CENTER_BOTTOM,
            level.to_string(),
            FontId::proportional(10.0),
            p.text_weak,
        );
    }
    let pointed = response.interact_pointer_pos()?;
    let height = f64::from((pointed.x - room.left()) / room.width()) * bins as f64 * BIN;
    Some((height / STEP).round() * STEP)
}
