//! Draws what is there of the traces, and what lies on top: spikes, events, scale, cursor.

use super::{Extent, TraceView, layer::Layer, pictures};
use crate::{
    app::{
        texts, theme,
        views::{axis, colors, empty, related::Related},
    },
    data::RAW_UNITS,
};
use egui::{Align2, Color32, FontId, Rect, Stroke, Ui, pos2, vec2};
use pictures::{HEAT_NOISES, Job, Pieces, ROW_NOISES};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::Arc,
};

/// Room for the names of channels.
pub(super) const LABELS: f32 = 44.0;

impl TraceView {
    /// Draws the recordings into their panes.
    pub(super) fn panes_ui(
        &mut self,
        ui: &mut Ui,
        panes: &[Rect],
        extent: &Extent,
        related: &Related,
        selected: &BTreeSet<usize>,
        t_start_s: f64,
    ) {
        let p = theme::palette(ui.visuals());
        for &pane in panes {
            ui.painter().rect_filled(pane, 2.0, p.field);
        }
        let (lines, over, other_first) = (self.lines(), self.is_over(), self.other_first());
        let dark = ui.visuals().dark_mode;
        let pieces = lines.then(|| self.pieces(selected)).flatten();
        let own = |first: bool| panes[usize::from(panes.len() > 1 && !first)];
        let noise = self.main.noise();
        if let (Some(other), Some(info)) = (&mut self.other, self.main.info()) {
            let channels = other.layer.channels_like(info, &self.order);
            let line = if over { p.accent.gamma_multiply(0.75) } else { colors::trace(dark) };
            let style = Style {
                channels: &channels,
                line: lines.then_some(line),
                noise: over.then_some(noise),
                gain: self.gain,
                pieces: pieces.clone().filter(|_| !over),
                is_over: over,
            };
            layer_ui(ui, own(other_first), &mut other.layer, &self.window, style);
        }
        let style = Style {
            channels: &self.order,
            line: lines.then(|| colors::trace(dark)),
            noise: None,
            gain: self.gain,
            pieces,
            is_over: over && self.other.is_some(),
        };
        layer_ui(ui, own(!other_first), &mut self.main, &self.window, style);
        let view = &*self;
        let shown = |index: usize| match &view.other {
            Some(other) if panes.len() > 1 && (index == 0) == other_first => (&other.layer, &other.end),
            _ => (&view.main, &view.end),
        };
        for (index, &pane) in panes.iter().enumerate() {
            let (layer, end) = shown(index);
            view.events_ui(ui, pane, related);
            view.spots_ui(ui, pane, extent, selected);
            view.ticks_ui(ui, pane, extent);
            if let Some(bins) = layer.bins() {
                view.scale_ui(ui, pane, layer.noise(), bins.in_uv);
            }
            if view.other.is_some() {
                view.names_ui(ui, pane, end);
            }
            view.cursor_ui(ui, pane, layer, t_start_s);
        }
        view.labels_ui(ui, panes[0]);
    }

    /// What is drawn in a pane, where two are compared.
    fn names_ui(&self, ui: &Ui, pane: Rect, end: &str) {
        let p = theme::palette(ui.visuals());
        let painter = ui.painter_at(pane);
        let mut texts = vec![(end.to_owned(), p.text)];
        if let (Some(other), true) = (&self.other, self.is_over()) {
            texts.push((other.end.clone(), p.accent));
        }
        let mut x = pane.left() + 8.0;
        for (text, color) in texts {
            let galley = painter.layout_no_wrap(text, FontId::proportional(11.0), color);
            let area = Rect::from_min_size(pos2(x, pane.top() + 14.0), galley.size());
            painter.rect_filled(area.expand2(vec2(5.0, 2.0)), 4.0, p.panel.gamma_multiply(0.85));
            x = area.right() + 14.0;
            painter.galley(area.min, galley, color);
        }
    }

    /// The rows in which spikes of the units are coloured.
    fn pieces(&mut self, selected: &BTreeSet<usize>) -> Option<Pieces> {
        let overlay = self.overlay.as_ref()?;
        let rows = self.piece_rows.get_or_insert_with(|| {
            let at: BTreeMap<usize, usize> =
                self.order.iter().enumerate().map(|(row, &channel)| (channel, row)).collect();
            let count = self.order.len();
            let near = |unit: usize| -> Option<Range<usize>> {
                match overlay.channels.get(unit).copied().flatten() {
                    Some(channel) => at.get(&channel).map(|&row| row.saturating_sub(1)..(row + 2).min(count)),
                    // A few channels close together, such as a tetrode, all see the spike.
                    None => (count <= 8).then_some(0..count),
                }
            };
            let units = 0..overlay.sorting.num_units();
            Arc::new(units.filter_map(|unit| Some((unit, near(unit)?))).collect())
        });
        Some(Pieces { sorting: overlay.sorting.clone(), rows: rows.clone(), selected: selected.clone() })
    }

    /// Ticks of spikes: at the depth of the unit where it is known, else along the top.
    fn spots_ui(&self, ui: &Ui, rect: Rect, extent: &Extent, selected: &BTreeSet<usize>) {
        let painter = ui.painter_at(rect);
        let p = theme::palette(ui.visuals());
        let rate = extent.sampling_frequency;
        let x = |frame: i64| self.x(rect, frame as f64 / rate);
        if let Some(mark) = self.mark.map(x).filter(|&x| rect.x_range().contains(x)) {
            painter.vline(mark, rect.y_range(), Stroke::new(1.0, p.accent.gamma_multiply(0.7)));
        }
        let Some(overlay) = &self.overlay else {
            return;
        };
        let dark = ui.visuals().dark_mode;
        let first = (self.window.start_s * rate) as i64;
        let last = ((self.window.start_s + self.window.width_s) * rate).ceil() as i64;
        let row_height = rect.height() / self.window.rows.max(1.0);
        let rows: BTreeMap<usize, usize> =
            self.order.iter().enumerate().map(|(row, &channel)| (channel, row)).collect();
        let heat = !self.lines();
        let mut mesh = egui::Mesh::default();
        for spot in overlay.spots(self.window.segment, first, last, selected) {
            let unit = spot.unit as usize;
            let strong = selected.is_empty() || selected.contains(&unit);
            let color = colors::unit(unit, dark).gamma_multiply(if strong { 1.0 } else { 0.4 });
            let row = overlay.channels.get(unit).copied().flatten().and_then(|c| rows.get(&c));
            let (y, half) = match row {
                Some(&row) if heat => (
                    rect.top() + (row as f32 + 0.5 - self.window.first_row) * row_height,
                    (row_height * 2.0).clamp(5.0, 12.0),
                ),
                _ => (rect.top() + 5.0, 4.0),
            };
            mesh.add_colored_rect(
                Rect::from_center_size(pos2(x(spot.frame), y), vec2(1.6, 2.0 * half)),
                color,
            );
        }
        painter.add(mesh);
    }

    /// Peaks of a node as it is set now: ticks along the bottom, and around the trace of each.
    fn ticks_ui(&self, ui: &Ui, rect: Rect, extent: &Extent) {
        let painter = ui.painter_at(rect);
        let p = theme::palette(ui.visuals());
        let row_height = rect.height() / self.window.rows.max(1.0);
        let half = (row_height * 0.5).clamp(4.0, 9.0);
        let mut mesh = egui::Mesh::default();
        for (frame, row) in self.ticks_in_sight(extent.sampling_frequency) {
            let x = self.x(rect, frame as f64 / extent.sampling_frequency);
            let mut tick = |y: std::ops::RangeInclusive<f32>| {
                mesh.add_colored_rect(Rect::from_x_y_ranges(x - 1.0..=x + 1.0, y), p.warn);
            };
            tick(rect.bottom() - 9.0..=rect.bottom() - 1.0);
            if let Some(row) = row {
                let y = rect.top() + (row as f32 + 0.5 - self.window.first_row) * row_height;
                tick(y + half * 0.7..=y + half * 1.7);
                tick(y - half * 1.7..=y - half * 0.7);
            }
        }
        painter.add(mesh);
    }

    /// Events as lines with their names, or as bands where they last.
    fn events_ui(&self, ui: &Ui, rect: Rect, related: &Related) {
        let p = theme::palette(ui.visuals());
        let painter = ui.painter_at(rect);
        let mut free = f32::NEG_INFINITY;
        for event in related.events.iter().flat_map(|(_, events)| &events.events) {
            let from = self.x(rect, event.time_s);
            let to = self.x(rect, event.time_s + event.duration_s);
            if event.segment_index != self.window.segment || to < rect.left() || from > rect.right() {
                continue;
            }
            if to - from > 1.0 {
                let band = Rect::from_x_y_ranges(from..=to, rect.y_range());
                painter.rect_filled(band, 0.0, p.warn.gamma_multiply(0.12));
            }
            painter.vline(from, rect.y_range(), Stroke::new(1.0, p.warn.gamma_multiply(0.8)));
            if from > free && !event.label.is_empty() {
                let at = pos2(from + 3.0, rect.bottom() - 2.0);
                let font = FontId::proportional(10.0);
                let galley = painter.layout_no_wrap(event.label.clone(), font, p.warn);
                let area = Align2::LEFT_BOTTOM.anchor_size(at, galley.size());
                painter.rect_filled(area.expand(2.0), 3.0, p.panel.gamma_multiply(0.85));
                free = area.right() + 6.0;
                painter.galley(area.min, galley, p.warn);
            }
        }
    }

    /// Where a time falls.
    pub(super) fn x(&self, rect: Rect, time_s: f64) -> f32 {
        rect.left() + ((time_s - self.window.start_s) / self.window.width_s) as f32 * rect.width()
    }

    fn labels_ui(&self, ui: &Ui, rect: Rect) {
        let Some(info) = self.main.info() else {
            return;
        };
        let p = theme::palette(ui.visuals());
        let row_height = rect.height() / self.window.rows.max(1.0);
        let every = (13.0 / row_height).ceil().max(1.0) as usize;
        let first = self.window.first_row.floor() as usize / every * every;
        let last = (self.window.first_row + self.window.rows).ceil() as usize;
        for row in (first..last.min(self.order.len())).step_by(every) {
            let y = rect.top() + (row as f32 + 0.5 - self.window.first_row) * row_height;
            if y < rect.top() + 4.0 || y > rect.bottom() - 4.0 {
                continue;
            }
            let channel = self.order[row];
            let depth = self.locations.as_ref().filter(|_| !self.lines() && self.by_depth);
            let text = match depth.and_then(|l| l.get(channel)) {
                Some(place) => format!("{:.0} µm", place[1]),
                None => info.channel_ids.get(channel).map(ToString::to_string).unwrap_or_default(),
            };
            let color = if self.cursor.is_some_and(|c| c.1 == row) { p.text_strong } else { p.text_weak };
            ui.painter().text(
                pos2(rect.left() - 5.0, y),
                Align2::RIGHT_CENTER,
                text,
                FontId::proportional(10.0),
                color,
            );
        }
    }

    /// A bar of a round height for lines, a band of colours for the heat map.
    fn scale_ui(&self, ui: &Ui, rect: Rect, noise: f32, in_uv: bool) {
        let p = theme::palette(ui.visuals());
        let unit = if in_uv { "µV" } else { RAW_UNITS };
        let font = FontId::proportional(11.0);
        let painter = ui.painter_at(rect);
        let corner = rect.right_bottom() - vec2(12.0, 12.0);
        let plate = |size: egui::Vec2| {
            let area = Rect::from_min_max(corner - size, corner + vec2(6.0, 6.0));
            painter.rect_filled(area, 4.0, p.panel.gamma_multiply(0.85));
        };
        if self.lines() {
            let row_height = rect.height() / self.window.rows.max(1.0);
            let per_value = row_height / (2.0 * ROW_NOISES * noise) * self.gain;
            let value = axis::step(f64::from(20.0 / per_value), 1);
            let height = value as f32 * per_value;
            let text = format!("{} {unit}", axis::short(value));
            let galley = painter.layout_no_wrap(text, font, p.text);
            plate(vec2(galley.size().x + 14.0, height.max(14.0) + 6.0));
            painter.vline(corner.x, corner.y - height..=corner.y, Stroke::new(2.0, p.text_strong));
            let at = corner - vec2(galley.size().x + 7.0, height / 2.0 + galley.size().y / 2.0);
            painter.galley(at, galley, p.text);
        } else {
            let full = f64::from(noise * HEAT_NOISES / self.gain);
            let text = format!("±{} {unit}", axis::short(full));
            let galley = painter.layout_no_wrap(text, font, p.text);
            let width = 64.0;
            plate(vec2(galley.size().x + width + 14.0, 18.0));
            let colors = colors::diverging(ui.visuals().dark_mode);
            let mut mesh = egui::Mesh::default();
            for (i, color) in colors.iter().enumerate().step_by(4) {
                let x = corner.x - width + i as f32 * width / 256.0;
                mesh.add_colored_rect(
                    Rect::from_min_size(pos2(x, corner.y - 11.0), vec2(width / 64.0, 10.0)),
                    *color,
                );
            }
            painter.add(mesh);
            painter.galley(corner - vec2(width + galley.size().x + 7.0, 13.0), galley, p.text);
        }
    }

    /// Time, channel and value under the pointer; the other recording shows the same place.
    fn cursor_ui(&self, ui: &Ui, rect: Rect, layer: &Layer, t_start_s: f64) {
        let (Some((time, row)), Some(bins), Some(info)) = (self.cursor, layer.bins(), self.main.info())
        else {
            return;
        };
        let Some(&channel) = self.order.get(row) else {
            return;
        };
        let rate = layer.info().map_or(0.0, |i| i.sampling_frequency);
        let own = layer.channels_like(info, &[channel]);
        let known = bins.channels.iter().position(|c| own.contains(c));
        let value = known.and_then(|row| bins.value_at(row, (time * rate) as usize));
        let name = info.channel_ids.get(channel).map(ToString::to_string).unwrap_or_default();
        let step = axis::step(self.window.width_s, 1000).min(0.01);
        let mut text = texts::traces::time_and_channel(&axis::with_step(t_start_s + time, step), &name);
        if let Some(place) = self.locations.as_ref().and_then(|l| l.get(channel)) {
            text += &format!("   {:.0} µm", place[1]);
        }
        if let Some(value) = value {
            let unit = if bins.in_uv { "µV" } else { RAW_UNITS };
            text += &format!("   {} {unit}", axis::short(f64::from(value)));
        }
        let p = theme::palette(ui.visuals());
        let painter = ui.painter_at(rect);
        painter.vline(self.x(rect, time), rect.y_range(), Stroke::new(1.0, p.text_weak.gamma_multiply(0.4)));
        let galley = painter.layout_no_wrap(text, FontId::proportional(11.0), p.text);
        let corner = rect.left_bottom() + vec2(8.0, -8.0 - galley.size().y);
        painter.rect_filled(
            Rect::from_min_size(corner, galley.size()).expand2(vec2(6.0, 3.0)),
            4.0,
            p.panel.gamma_multiply(0.85),
        );
        painter.galley(corner, galley, p.text);
    }
}

/// How a recording is drawn.
struct Style<'a> {
    /// Its channel of each row.
    channels: &'a [usize],
    /// Colour of lines, `None` for a heat map.
    line: Option<Color32>,
    /// Noise of another recording that sets the scale.
    noise: Option<f32>,
    gain: f32,
    pieces: Option<Pieces>,
    /// Two recordings are drawn in the same rows.
    is_over: bool,
}

fn layer_ui(ui: &mut Ui, pane: Rect, layer: &mut Layer, window: &super::Window, style: Style<'_>) {
    let p = theme::palette(ui.visuals());
    if let Some(error) = layer.error() {
        let inside = egui::UiBuilder::new().max_rect(pane).id_salt(("error", pane.left() as i32));
        ui.scope_builder(inside, |ui| empty::failure(ui, texts::traces::not_readable(), error));
        return;
    }
    let Some((bins, extent)) = layer.bins().cloned().zip(layer.extent(window.segment, 0)) else {
        let font = FontId::proportional(13.0);
        ui.painter().text(
            pane.center(),
            Align2::CENTER_CENTER,
            texts::traces::reading_traces(),
            font,
            p.text_weak,
        );
        return;
    };
    let Some(first_row) = layer.first_row(style.channels).filter(|_| bins.segment == window.segment) else {
        return;
    };
    let job = Job {
        bins: &bins,
        version: layer.version(),
        first_row,
        window,
        extent: &extent,
        noise: style.noise.unwrap_or(layer.noise()),
        gain: style.gain,
        line: style.line,
        pieces: style.pieces,
        is_over: style.is_over,
    };
    layer.pictures.ui(ui, pane, &job);
}
