//! Mean waveforms of units where they are on the probe.

use super::{axis, colors, traces::bounds};
use crate::{
    app::{text, texts, theme},
    data::{RAW_UNITS, Templates, Waveforms},
};
use egui::{Align2, FontId, Painter, Rect, Role, Sense, Shape, Stroke, Ui, WidgetInfo, pos2, vec2};
use ndarray::{ArrayView2, Axis};
use std::sync::Arc;

/// Room under the waveforms for the scale.
const FOOT: f32 = 22.0;
/// Single spikes of a unit that are drawn.
const SINGLES: usize = 30;

/// Draws the waveforms of some units on top of each other, a small box at the place of each channel.
pub fn on_probe(ui: &Ui, rect: Rect, templates: &Templates, units: &[usize]) {
    with_singles(ui, rect, templates, None, units);
}

/// As [`on_probe`], with some single spikes faint behind.
fn with_singles(ui: &Ui, rect: Rect, templates: &Templates, singles: Option<&Waveforms>, units: &[usize]) {
    let p = theme::palette(ui.visuals());
    let painter = ui.painter_at(rect);
    painter.rect_filled(rect, 2.0, p.field);
    let dark = ui.visuals().dark_mode;
    let Some(layout) = Layout::new(rect, templates, units) else {
        painter.text(
            rect.center(),
            Align2::CENTER_CENTER,
            texts::views::no_waveforms_yet(),
            FontId::proportional(12.0),
            p.text_weak,
        );
        return;
    };
    for &(channel, place) in &layout.places {
        let middle = layout.box_at(place).center();
        painter.hline(
            middle.x - layout.size.x / 2.0..=middle.x + layout.size.x / 2.0,
            middle.y,
            Stroke::new(1.0, p.line.gamma_multiply(0.7)),
        );
        if layout.size.y > 16.0
            && let Some(id) = templates.channel_ids.get(channel)
        {
            let at = layout.box_at(place).left_top();
            painter.text(
                at,
                Align2::LEFT_TOP,
                id.to_string(),
                FontId::proportional(9.0),
                p.text_weak.gamma_multiply(0.7),
            );
        }
    }
    let width = if units.len() > 1 { 1.2 } else { 1.6 };
    for &unit in units.iter().rev() {
        let (color, indices) = (colors::unit(unit, dark), templates.channel_indices.get(unit));
        let spikes = singles.and_then(|w| w.values.get(unit)).map_or(0, |v| v.dim().0);
        for spike in (0..spikes).step_by(spikes.div_ceil(SINGLES).max(1)) {
            let single = singles.and_then(|w| w.values.get(unit)).map(|v| v.index_axis(Axis(0), spike));
            if let (Some(single), Some(indices)) = (single, indices) {
                layout.unit(&painter, single, indices, Stroke::new(0.7, color.gamma_multiply(0.25)));
            }
        }
        if let (Some(mean), Some(indices)) = (templates.waveforms.get(unit), indices) {
            layout.unit(&painter, mean.view(), indices, Stroke::new(width, color));
        }
    }
    layout.scale(&painter, rect, templates, p);
}

struct Layout {
    /// Where the baselines lie.
    inner: Rect,
    /// Channels that are drawn and their place from 0 to 1, y up.
    places: Vec<(usize, [f32; 2])>,
    size: egui::Vec2,
    /// Points of one unit of value.
    scale: f32,
    strongest: f32,
}

impl Layout {
    fn new(rect: Rect, templates: &Templates, units: &[usize]) -> Option<Self> {
        let (mut strongest, mut least, mut greatest) = (0.0f32, 0.0f32, 0.0f32);
        let mut channels = std::collections::BTreeMap::new();
        for &unit in units {
            let (waveform, indices) = (templates.waveforms.get(unit)?, templates.channel_indices.get(unit)?);
            for (column, &channel) in waveform.columns().into_iter().zip(indices) {
                let height = column.iter().fold(0.0f32, |a, &b| a.max(b.abs()));
                strongest = strongest.max(height);
                least = column.iter().fold(least, |a, &b| a.min(b));
                greatest = column.iter().fold(greatest, |a, &b| a.max(b));
                let known = channels.entry(channel as usize).or_insert(0.0f32);
                *known = known.max(height);
            }
        }
        if strongest <= 0.0 {
            return None;
        }
        // Only where there is something to see; a few channels are all shown.
        let mut shown: Vec<usize> =
            channels.iter().filter(|(_, h)| **h >= 0.15 * strongest).map(|(c, _)| *c).collect();
        if templates.channel_ids.len() <= 8 {
            shown = (0..templates.channel_ids.len()).collect();
        }
        let line = |channel: usize| [0.0, -(channel as f64)];
        let place =
            |channel: usize| templates.locations_um.get(channel).copied().unwrap_or_else(|| line(channel));
        let all: Vec<[f64; 2]> = shown.iter().map(|&c| place(c)).collect();
        let [low, high] = bounds(&all);
        let columns = distinct(all.iter().map(|l| l[0]));
        let rows = lines(all.iter().map(|l| l[1]));
        let count = rows.last().map_or(0.0, |row| row.1);
        // A waveform may reach over its neighbours' baselines, never over the edge.
        let room = rect.shrink2(vec2(12.0, 8.0)).with_max_y(rect.bottom() - FOOT);
        let reach = if columns > 1 { 2.4 } else { 2.0 };
        let pitch = room.height() / (count + reach);
        let tall = (pitch * reach).min(240.0);
        let scale = tall / (greatest - least);
        let size = vec2((room.width() / columns.max(1) as f32 * 0.9).min(150.0), tall.min(pitch));
        let inner = Rect::from_x_y_ranges(
            room.left() + size.x / 2.0..=(room.right() - size.x / 2.0).max(room.left() + size.x / 2.0),
            room.top() + greatest * scale..=room.bottom() + least * scale,
        );
        let across = |x: f64| {
            let span = high[0] - low[0];
            if span > 0.0 { ((x - low[0]) / span) as f32 } else { 0.5 }
        };
        let last = rows.last().map_or(0.0, |row| row.1).max(f32::MIN_POSITIVE);
        let along = |y: f64| {
            let row = rows.iter().find(|row| row.0 == y.round() as i64);
            if rows.len() > 1 { row.map_or(0.0, |row| row.1 / last) } else { 0.5 }
        };
        let places = shown.iter().zip(&all).map(|(&c, l)| (c, [across(l[0]), along(l[1])])).collect();
        Some(Self { inner, places, size, scale, strongest })
    }

    fn box_at(&self, place: [f32; 2]) -> Rect {
        let center = pos2(
            self.inner.left() + place[0] * self.inner.width(),
            self.inner.bottom() - place[1] * self.inner.height(),
        );
        Rect::from_center_size(center, self.size)
    }

    /// A waveform, `(samples, indices.len())`, on the channels of these indices.
    fn unit(&self, painter: &Painter, waveform: ArrayView2<'_, f32>, indices: &[u32], stroke: Stroke) {
        for (column, &channel) in waveform.columns().into_iter().zip(indices) {
            let Some(&(_, place)) = self.places.iter().find(|(c, _)| *c == channel as usize) else {
                continue;
            };
            let area = self.box_at(place);
            let step = area.width() / (column.len().max(2) - 1) as f32;
            let points = column
                .iter()
                .enumerate()
                .map(|(i, &v)| pos2(area.left() + i as f32 * step, area.center().y - v * self.scale))
                .collect();
            painter.add(Shape::line(points, stroke));
        }
    }

    /// A bar of a round height with its value, and how long a box is.
    fn scale(&self, painter: &Painter, rect: Rect, templates: &Templates, p: &theme::Palette) {
        let value = axis::step(f64::from(self.strongest), 2) as f32;
        let height = value * self.scale;
        let corner = rect.right_bottom() - vec2(8.0, 6.0);
        painter.vline(corner.x, corner.y - height..=corner.y, Stroke::new(2.0, p.text_strong));
        let unit = if templates.in_uv { "µV" } else { RAW_UNITS };
        let ms = templates.num_samples as f64 / templates.sampling_frequency * 1e3;
        let label = format!(
            "{} {unit} · {} ms",
            text::number(f64::from(value)),
            text::number((ms * 100.0).round() / 100.0)
        );
        let font = FontId::proportional(10.0);
        painter.text(corner - vec2(6.0, 0.0), Align2::RIGHT_BOTTOM, label, font, p.text_weak);
    }
}

/// The heights in order, in µm, and the line each is drawn on: one further each, a little more over a gap, so
/// that units far apart fit into one picture.
fn lines(values: impl Iterator<Item = f64>) -> Vec<(i64, f32)> {
    let mut heights: Vec<i64> = values.map(|v| v.round() as i64).collect();
    heights.sort_unstable();
    heights.dedup();
    let step = heights.windows(2).map(|pair| pair[1] - pair[0]).min().unwrap_or(1);
    let mut line = 0.0;
    let mut before = heights.first().copied().unwrap_or(0);
    let place = |height: i64| {
        line += match height - before {
            0 => 0.0,
            gap if gap <= 2 * step => 1.0,
            _ => 1.8,
        };
        before = height;
        (height, line)
    };
    heights.into_iter().map(place).collect()
}

/// How many different values there are, µm apart.
fn distinct(values: impl Iterator<Item = f64>) -> usize {
    let mut rounded: Vec<i64> = values.map(|v| v.round() as i64).collect();
    rounded.sort_unstable();
    rounded.dedup();
    rounded.len()
}

/// The view of templates: a list of units and their waveforms on the probe.
pub struct TemplatesView {
    templates: Arc<Templates>,
    /// The single spikes they are the mean of, where known.
    singles: Option<Arc<Waveforms>>,
    selected: Vec<usize>,
}

impl TemplatesView {
    /// Shows templates.
    pub fn new(templates: Arc<Templates>) -> Self {
        Self { templates, singles: None, selected: vec![0] }
    }

    /// Shows single spikes and their means.
    pub fn of_waveforms(waveforms: &Arc<Waveforms>) -> Self {
        let templates = Arc::new(waveforms.templates.clone());
        Self { singles: Some(waveforms.clone()), ..Self::new(templates) }
    }

    /// Shows other single spikes and their means, with the same units chosen.
    pub fn set_waveforms(&mut self, waveforms: &Arc<Waveforms>) {
        if !self.singles.as_ref().is_some_and(|shown| Arc::ptr_eq(shown, waveforms)) {
            self.templates = Arc::new(waveforms.templates.clone());
            self.singles = Some(waveforms.clone());
        }
    }

    /// Shows other templates with the same units chosen.
    pub fn set_templates(&mut self, templates: &Arc<Templates>) {
        self.templates = templates.clone();
        self.singles = None;
    }

    /// Draws the list and the probe.
    pub fn ui(&mut self, ui: &mut Ui) {
        let count = self.templates.num_units();
        if count == 0 {
            return super::empty::message(ui, texts::views::no_units(), texts::views::no_template());
        }
        let full = ui.available_rect_before_wrap().shrink2(vec2(8.0, 4.0));
        let list = full.with_max_x(full.left() + 130.0);
        ui.scope_builder(egui::UiBuilder::new().max_rect(list), |ui| {
            egui::ScrollArea::vertical().auto_shrink([false, false]).show_rows(
                ui,
                20.0,
                count,
                |ui, rows| {
                    for unit in rows {
                        let id = &self.templates.unit_ids[unit];
                        let color = colors::unit(unit, ui.visuals().dark_mode);
                        let text = egui::RichText::new(texts::views::unit_named(&id)).color(color);
                        let response = ui.selectable_label(self.selected.contains(&unit), text);
                        if response.clicked() {
                            if ui.input(|i| i.modifiers.command) {
                                match self.selected.iter().position(|&u| u == unit) {
                                    Some(at) => drop(self.selected.remove(at)),
                                    None => self.selected.push(unit),
                                }
                            } else {
                                self.selected = vec![unit];
                            }
                        }
                    }
                },
            );
        });
        let probe = full.with_min_x(list.right() + 8.0);
        let response = ui.allocate_rect(probe, Sense::hover());
        response.widget_info(|| {
            WidgetInfo::labeled(Role::GraphicsObject, true, texts::views::waveforms_on_the_probe())
        });
        self.selected.retain(|&u| u < count);
        with_singles(ui, probe, &self.templates, self.singles.as_deref(), &self.selected);
    }
}
