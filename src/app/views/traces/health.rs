//! How each channel records, beside its trace: noise, likeness to its neighbours, spectrum, verdict.

use super::TraceView;
use crate::{
    app::{
        texts::{self, Words},
        theme,
        views::axis,
    },
    data::{Id, RAW_UNITS, Recording},
    engine::{
        bad_channels::ChannelLabel,
        health::{Health, health},
    },
    inspect::{Lane, Lanes},
};
use egui::{Align2, Color32, FontId, Rect, Role, Sense, Ui, WidgetInfo, pos2, vec2};
use std::{collections::BTreeSet, sync::Arc};

/// Width of the strip.
pub(super) const WIDTH: f32 = 150.0;
/// Its columns: verdict, noise, likeness, spectrum.
const COLUMNS: [(Words, f32); 4] = [
    (|| "", 12.0),
    (texts::traces::noise_column, 42.0),
    (texts::traces::alike, 36.0),
    (texts::traces::spectrum, 54.0),
];

/// What is known of the channels.
pub(super) struct Strip {
    lane: Lane<Result<Arc<Health>, String>>,
    /// The recording it was asked for.
    of: Option<Recording>,
    found: Option<Result<Arc<Health>, String>>,
    /// It can be shown: there are steps that could leave a channel out.
    pub(super) offered: bool,
    /// It is shown.
    pub(super) on: bool,
    /// Names of channels that a step leaves out.
    pub(super) left_out: Arc<BTreeSet<String>>,
    /// A channel that was clicked.
    pub(super) clicked: Option<Id>,
}

impl Strip {
    pub(super) fn new(lanes: &Lanes) -> Self {
        Self {
            lane: lanes.lane(),
            of: None,
            found: None,
            offered: false,
            on: false,
            left_out: Arc::default(),
            clicked: None,
        }
    }

    pub(super) fn busy(&self) -> bool {
        self.lane.busy()
    }

    /// Asks for the health of this recording where it is shown.
    pub(super) fn ask(&mut self, recording: Option<&Recording>) {
        if let Some(found) = self.lane.take() {
            self.found = Some(found);
        }
        let Some(recording) = recording.filter(|_| self.on) else { return };
        if self.of.as_ref().is_some_and(|of| of.is_same(recording)) {
            return;
        }
        self.of = Some(recording.clone());
        let recording = recording.clone();
        self.lane.request(move |ticket| {
            let found = health(&recording, ticket);
            ticket.send(found.map(Arc::new).map_err(|error| error.to_string()));
        });
    }
}

impl TraceView {
    /// Draws the strip beside the traces, a row a channel.
    pub(super) fn health_ui(&mut self, ui: &mut Ui, rect: Rect) {
        let p = theme::palette(ui.visuals());
        let painter = ui.painter_at(rect.expand2(vec2(0.0, 16.0)));
        let mut left = rect.left();
        for (title, width) in COLUMNS {
            let at = pos2(left, rect.top() - 3.0);
            painter.text(at, Align2::LEFT_BOTTOM, title(), FontId::proportional(10.0), p.text_weak);
            left += width;
        }
        let found = match &self.strip.found {
            Some(Ok(found)) => found.clone(),
            Some(Err(reason)) => {
                let words = texts::traces::unknown(&reason);
                let galley = painter.layout(words, FontId::proportional(11.0), p.bad, rect.width());
                painter.galley(rect.left_top(), galley, p.bad);
                return;
            }
            None => {
                let font = FontId::proportional(11.0);
                painter.text(
                    rect.left_top(),
                    Align2::LEFT_TOP,
                    texts::traces::listening(),
                    font,
                    p.text_weak,
                );
                return;
            }
        };
        let Some(info) = self.main.info().cloned().filter(|info| info.num_channels() == found.labels.len())
        else {
            return;
        };
        let dark = ui.visuals().dark_mode;
        let row_height = rect.height() / self.window.rows.max(1.0);
        let loudest = found.noise.iter().copied().fold(1e-12, f64::max);
        let mut sorted = found.noise.clone();
        sorted.sort_by(f64::total_cmp);
        let scale = (2.5 * sorted[sorted.len() / 2]).clamp(loudest * 0.05, loudest).max(1e-12);
        let [low, high] = power_range(&found);
        let mut mesh = egui::Mesh::default();
        let mut clicked = None;
        let first = self.window.first_row.floor().max(0.0) as usize;
        let last = ((self.window.first_row + self.window.rows).ceil() as usize).min(self.order.len());
        for row in first..last {
            let channel = self.order[row];
            let top = rect.top() + (row as f32 - self.window.first_row) * row_height;
            let band = Rect::from_x_y_ranges(rect.x_range(), top..=top + row_height).intersect(rect);
            if band.height() <= 0.0 {
                continue;
            }
            let id = &info.channel_ids[channel];
            let out = self.strip.left_out.contains(&id.to_string());
            // Calmer than the traces beside it.
            let fade = |color: Color32| color.gamma_multiply(if out { 0.2 } else { 0.7 });
            let gap = (band.height() * 0.15).min(2.0);
            let cell = |from: f32, width: f32| {
                Rect::from_x_y_ranges(band.left() + from..=band.left() + from + width, band.y_range())
                    .shrink2(vec2(0.0, gap / 2.0))
            };
            let color = label_color(found.labels[channel], p);
            mesh.add_colored_rect(cell(0.0, 8.0), fade(color));
            let share = (found.noise[channel] / scale).clamp(0.0, 1.0) as f32;
            mesh.add_colored_rect(cell(COLUMNS[0].1, 38.0 * share), fade(color));
            if found.likeness[channel].is_finite() {
                let share = found.likeness[channel].clamp(0.0, 1.0) as f32;
                mesh.add_colored_rect(cell(COLUMNS[0].1 + COLUMNS[1].1, 32.0 * share), fade(p.accent));
            }
            let from = COLUMNS[0].1 + COLUMNS[1].1 + COLUMNS[2].1;
            let bands = found.power[channel].len().max(1) as f32;
            for (index, &power) in found.power[channel].iter().enumerate() {
                let share = ((power - low) / (high - low).max(1e-3)).clamp(0.0, 1.0);
                let width = COLUMNS[3].1 / bands;
                let color = shade(share, dark);
                let color = if out { color.gamma_multiply(0.25) } else { color };
                mesh.add_colored_rect(cell(from + width * index as f32, width + 0.3), color);
            }
            // A row too thin to hit is only seen.
            if row_height >= 3.0 {
                let response = ui.interact(band, ui.scope_id().with(("health", channel)), Sense::click());
                let words = texts::traces::channel_verdict(&id, &found.labels[channel].name());
                response.widget_info(|| WidgetInfo::selected(Role::Button, true, out, &words));
                if response.hovered() {
                    painter.rect_filled(band, 0.0, p.accent.gamma_multiply(0.15));
                }
                if response.on_hover_ui(|ui| explain(ui, &found, channel, id, out)).clicked() {
                    clicked = Some(id.clone());
                }
            }
        }
        painter.add(mesh);
        if clicked.is_some() {
            self.strip.clicked = clicked;
        }
    }
}

fn explain(ui: &mut Ui, health: &Health, channel: usize, id: &Id, out: bool) {
    let label = match health.labels[channel] {
        ChannelLabel::Good => texts::traces::good(),
        ChannelLabel::Dead => texts::traces::dead(),
        ChannelLabel::Noise => texts::traces::noisy(),
        ChannelLabel::Out => texts::traces::outside_the_brain(),
    };
    ui.strong(texts::traces::channel_explained(&id, &label));
    let unit = if health.in_uv { "µV" } else { RAW_UNITS };
    ui.label(texts::traces::noise_of_channel(&axis::short(health.noise[channel]), &unit));
    if health.likeness[channel].is_finite() {
        ui.label(texts::traces::correlates(&health.likeness[channel]));
    }
    let strongest = (0..health.power[channel].len())
        .max_by(|&a, &b| health.power[channel][a].total_cmp(&health.power[channel][b]));
    if let Some(band) = strongest {
        let [from, to] = [health.edges_hz[band], health.edges_hz[band + 1]];
        ui.label(texts::traces::most_power(&from, &to));
    }
    ui.weak(if out {
        texts::traces::click_to_take_it_in_again()
    } else {
        texts::traces::click_to_leave_it_out()
    });
}

/// The range of power that most channels and bands lie in.
fn power_range(health: &Health) -> [f32; 2] {
    let mut all: Vec<f32> = health.power.iter().flatten().copied().filter(|v| *v > -25.0).collect();
    all.sort_by(f32::total_cmp);
    match all.len() {
        0 => [0.0, 1.0],
        n => [all[n / 50], all[n - 1 - n / 50]],
    }
}

fn label_color(label: ChannelLabel, p: &theme::Palette) -> Color32 {
    match label {
        ChannelLabel::Good => p.good,
        ChannelLabel::Dead => p.text_weak,
        ChannelLabel::Noise => p.bad,
        ChannelLabel::Out => p.warn,
    }
}

/// Dark to bright, or bright to dark on light ground.
fn shade(share: f32, dark: bool) -> Color32 {
    let [from, to]: [[f32; 3]; 2] = match dark {
        true => [[26.0, 30.0, 38.0], [250.0, 220.0, 130.0]],
        false => [[245.0, 245.0, 240.0], [60.0, 40.0, 110.0]],
    };
    let mix = |i: usize| (from[i] + (to[i] - from[i]) * share) as u8;
    Color32::from_rgb(mix(0), mix(1), mix(2))
}
