//! A node while it runs: how far it is, the drift map so far, and the units as they are found.

use super::{axis, cloud::CloudView, colors, empty, live::LiveNode};
use crate::{
    app::{texts, theme},
    data::{RecordingInfo, Templates},
    inspect::Lanes,
};
use egui::{
    Align2, Color32, FontId, Pos2, Rect, Role, Sense, Shape, Stroke, Ui, UiBuilder, WidgetInfo, pos2, vec2,
};

/// Size of the picture of a unit.
const CARD: egui::Vec2 = vec2(104.0, 74.0);

/// What is seen of a node while it runs.
pub(super) struct LiveView {
    node: String,
    cloud: CloudView,
    version: u64,
}

impl LiveView {
    /// Nothing heard of the node yet.
    pub(super) fn new(lanes: &Lanes, node: &str) -> Self {
        Self { node: node.to_owned(), cloud: CloudView::new(lanes), version: u64::MAX }
    }

    /// True where it shows this node.
    pub(super) fn is_of(&self, node: &str) -> bool {
        self.node == node
    }

    /// True while the drift map is drawn.
    pub(super) fn busy(&self) -> bool {
        self.cloud.busy()
    }

    /// Draws what is there: progress above, drift map on the left, units on the right.
    pub(super) fn ui(&mut self, ui: &mut Ui, state: &LiveNode, recording: Option<&RecordingInfo>) {
        if self.version != state.version {
            self.version = state.version;
            self.cloud.set_points(&state.points);
        }
        let templates = state.templates.as_deref().filter(|t| t.num_units() > 0);
        if state.points.is_empty() && templates.is_none() {
            let detail = match state.stages.last() {
                Some(stage) => sentence(stage),
                None => texts::views::it_has_just_begun().to_owned(),
            };
            return empty::working(ui, &texts::views::node_runs(&sentence(&self.node)), &detail, state.share);
        }
        progress_ui(ui, state);
        let full = ui.available_rect_before_wrap();
        let left = match templates {
            Some(_) => full.with_max_x(full.left() + full.width() * 0.55),
            None => full,
        };
        // From the start the map has the size of the recording: it fills from the left as the sort goes on.
        let frame = recording.map(|info| {
            let depths = info.locations_um().unwrap_or_default();
            let ends = depths.iter().fold([f64::INFINITY, f64::NEG_INFINITY], |ends, place| {
                [ends[0].min(place[1]), ends[1].max(place[1])]
            });
            let y = match depths.is_empty() {
                true => [-0.5, info.num_channels() as f32 - 0.5],
                false => [ends[0] as f32 - 20.0, ends[1] as f32 + 20.0],
            };
            [[0.0, info.duration_s() as f32], y]
        });
        self.cloud.set_frame(frame);
        let placed = recording.is_some_and(|info| info.probe.is_some())
            || templates.is_some_and(|t| !t.locations_um.is_empty());
        self.cloud.set_names([
            texts::views::time_s(),
            if placed { texts::views::depth_um() } else { texts::views::channel() },
        ]);
        ui.scope_builder(UiBuilder::new().max_rect(left).id_salt("map"), |ui| self.cloud.ui(ui));
        if let Some(templates) = templates {
            self.marks_ui(ui, templates);
            let right = full.with_min_x(left.right() + 8.0).with_max_y(full.bottom() - 4.0);
            ui.scope_builder(UiBuilder::new().max_rect(right).id_salt("units"), |ui| units_ui(ui, templates));
        }
    }

    /// Where the units sit, at the right edge of the map.
    fn marks_ui(&self, ui: &Ui, templates: &Templates) {
        let Some(plot) = self.cloud.plot() else {
            return;
        };
        let dark = ui.visuals().dark_mode;
        for unit in 0..templates.num_units() {
            let Some((channel, ..)) = templates.extremum(unit) else {
                continue;
            };
            let depth = templates.locations_um.get(channel).map_or(channel as f64, |place| place[1]);
            let tip = pos2(plot.rect.right() + 1.0, plot.at(0.0, depth).y);
            let corners = vec![tip, tip + vec2(7.0, -4.0), tip + vec2(7.0, 4.0)];
            ui.painter().add(Shape::convex_polygon(corners, colors::unit(unit, dark), Stroke::NONE));
        }
    }
}

/// The stages one after the other, the one that runs with its share, and counts.
fn progress_ui(ui: &mut Ui, state: &LiveNode) {
    let p = theme::palette(ui.visuals());
    ui.horizontal(|ui| {
        ui.add_space(8.0);
        ui.spacing_mut().item_spacing.x = 6.0;
        if let Some((last, before)) = state.stages.split_last() {
            for stage in before {
                ui.weak(sentence(stage));
                ui.weak("›");
            }
            let share = state.share.map_or(String::new(), |share| format!(" {:.0} %", share * 100.0));
            ui.strong(format!("{}{share}", sentence(last)));
        }
        if let Some(share) = state.share {
            let (bar, _) = ui.allocate_exact_size(vec2(90.0, 4.0), Sense::hover());
            ui.painter().rect_filled(bar, 2.0, p.control);
            let done = bar.with_max_x(bar.left() + share.clamp(0.0, 1.0) * bar.width());
            ui.painter().rect_filled(done, 2.0, p.accent);
        }
        if let Some(seconds) = state.remaining_s {
            ui.weak(texts::views::time_left(&axis::duration(seconds)));
        }
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            ui.add_space(8.0);
            let units = state.templates.as_ref().map(|t| t.num_units() as u64);
            let mut facts = Vec::new();
            if let Some(units) = state.counts.map(|c| c.1).or(units) {
                facts.push(texts::views::units(&axis::count(units)));
            }
            if let Some((spikes, _)) = state.counts {
                facts.push(texts::views::spikes(&axis::count(spikes)));
            }
            if !state.points.is_empty() {
                facts.push(texts::views::peaks_on_the_map(&axis::count(state.points.len() as u64)));
            }
            for words in facts {
                ui.label(words);
                ui.add_space(6.0);
            }
        });
    });
}

/// A small picture of each unit: its mean waveform where it is largest.
fn units_ui(ui: &mut Ui, templates: &Templates) {
    let p = theme::palette(ui.visuals());
    let dark = ui.visuals().dark_mode;
    let columns = ((ui.available_width() - 12.0) / (CARD.x + 6.0)).floor().max(1.0) as usize;
    let count = templates.num_units();
    egui::ScrollArea::vertical().auto_shrink([false, false]).show_rows(
        ui,
        CARD.y,
        count.div_ceil(columns),
        |ui, rows| {
            for row in rows {
                ui.horizontal(|ui| {
                    ui.spacing_mut().item_spacing.x = 6.0;
                    for unit in row * columns..((row + 1) * columns).min(count) {
                        let (rect, response) = ui.allocate_exact_size(CARD, Sense::hover());
                        let name = texts::views::unit(&templates.unit_ids[unit]);
                        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &name));
                        ui.painter().rect_filled(rect, 3.0, p.field);
                        card(ui, rect, templates, unit, colors::unit(unit, dark));
                    }
                });
            }
        },
    );
}

fn card(ui: &Ui, rect: Rect, templates: &Templates, unit: usize, color: Color32) {
    let painter = ui.painter_at(rect);
    let id = templates.unit_ids[unit].to_string();
    painter.text(rect.left_top() + vec2(6.0, 4.0), Align2::LEFT_TOP, id, FontId::proportional(11.0), color);
    let Some((channel, ..)) = templates.extremum(unit) else {
        return;
    };
    let place =
        templates.channel_indices.get(unit).and_then(|c| c.iter().position(|&c| c as usize == channel));
    let Some((waveform, column)) = templates.waveforms.get(unit).zip(place) else {
        return;
    };
    let values = waveform.column(column);
    let (low, high) = values.iter().fold((0.0f32, 0.0f32), |(low, high), &v| (low.min(v), high.max(v)));
    let inner = rect.shrink2(vec2(8.0, 6.0)).with_min_y(rect.top() + 18.0);
    let scale = inner.height() / (high - low).max(f32::MIN_POSITIVE);
    let step = inner.width() / (values.len().max(2) - 1) as f32;
    let points: Vec<Pos2> = values
        .iter()
        .enumerate()
        .map(|(i, &v)| pos2(inner.left() + i as f32 * step, inner.bottom() - (v - low) * scale))
        .collect();
    painter.add(Shape::line(points, Stroke::new(1.5, color)));
    let depth = templates.locations_um.get(channel).map(|place| format!("{:.0} µm", place[1]));
    let p = theme::palette(ui.visuals());
    let corner = rect.right_top() + vec2(-6.0, 4.0);
    painter.text(
        corner,
        Align2::RIGHT_TOP,
        depth.unwrap_or_default(),
        FontId::proportional(9.0),
        p.text_weak,
    );
}

/// A name of ours as the start of a sentence.
fn sentence(name: &str) -> String {
    let text = name.replace('_', " ");
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
