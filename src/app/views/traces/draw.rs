//! Draws what is there of the traces, and the spikes on top.

use super::{Extent, TraceView};
use crate::{
    app::{
        theme,
        views::{
            axis, colors, empty,
            picture::{self, Lines, Placement},
        },
    },
    inspect::{Spot, TraceBins},
};
use egui::{
    Align2, Color32, FontId, Pos2, Rect, Response, Stroke, TextureHandle, TextureOptions, Ui, pos2, vec2,
};
use std::{collections::BTreeSet, sync::Arc};

/// Room for the names of channels.
pub(super) const LABELS: f32 = 44.0;

/// Noise levels from the middle of a row to its edge, and to the full colour of the heat map.
const ROW_NOISES: f32 = 3.5;
const HEAT_NOISES: f32 = 10.0;

/// Time around a spike whose line is coloured, in seconds.
const PIECE_S: [f64; 2] = [0.0006, 0.001];

/// Pictures that were made and what for.
#[derive(Default)]
pub(super) struct Pictures {
    texture: Option<TextureHandle>,
    key: Option<Key>,
    spots: Vec<Spot>,
}

#[derive(Clone, PartialEq)]
enum Key {
    Heat { bins: usize, full: f32, dark: bool, height: usize },
    Lines { bins: usize, at: Placement, dark: bool, selected: BTreeSet<usize>, overlay: bool },
}

impl Pictures {
    /// Makes the pictures again with the next frame.
    pub(super) fn forget(&mut self) {
        self.key = None;
    }
}

impl TraceView {
    /// Draws the traces into `rect`.
    pub(super) fn traces_ui(
        &mut self,
        ui: &mut Ui,
        rect: Rect,
        response: &Response,
        extent: &Extent,
        selected: &BTreeSet<usize>,
        t_start_s: f64,
    ) {
        let p = theme::palette(ui.visuals());
        let painter = ui.painter_at(rect);
        painter.rect_filled(rect, 2.0, p.field);
        if let Some(error) = &self.error {
            let inside = egui::UiBuilder::new().max_rect(rect).id_salt("error");
            ui.scope_builder(inside, |ui| empty::failure(ui, "These traces cannot be read", error));
            return;
        }
        let Some(bins) = self.bins.clone() else {
            painter.text(
                rect.center(),
                Align2::CENTER_CENTER,
                "Reading…",
                FontId::proportional(13.0),
                p.text_weak,
            );
            return;
        };
        let rate = extent.sampling_frequency;
        let first = (self.window.start_s * rate) as i64;
        let last = ((self.window.start_s + self.window.width_s) * rate).ceil() as i64;
        if let Some(overlay) = &self.overlay {
            self.pictures.spots = overlay.spots(self.window.segment, first, last, selected);
        } else {
            self.pictures.spots.clear();
        }
        if let (Some(row), true) = (self.first_data_row(&bins), bins.segment == self.window.segment) {
            if self.lines() {
                self.lines_ui(ui, rect, &bins, row, extent, selected);
            } else {
                self.heat_ui(ui, rect, &bins, row, extent);
            }
        }
        self.spots_ui(ui, rect, extent, selected);
        self.labels_ui(ui, rect);
        self.scale_ui(ui, rect, &bins);
        self.cursor_ui(ui, rect, response, extent, &bins, t_start_s);
    }

    fn heat_ui(&mut self, ui: &Ui, rect: Rect, bins: &Arc<TraceBins>, first_row: usize, extent: &Extent) {
        let dark = ui.visuals().dark_mode;
        let full = self.noise.unwrap_or(1.0) * HEAT_NOISES / self.gain;
        let pixels = (rect.height() * ui.pixels_per_point()) as usize;
        // All rows are in the picture; where only some are in sight they get more pixels.
        let rows = self.order.len() as f32;
        let height = (pixels as f32 * rows / self.window.rows.max(1.0)) as usize;
        let height = height.min(ui.input(|i| i.max_texture_side)).max(1);
        let key = Key::Heat { bins: Arc::as_ptr(bins) as usize, full, dark, height };
        if self.pictures.key.as_ref() != Some(&key) {
            let image = picture::heat(bins, 0..bins.channels.len(), height, full, dark);
            self.set_picture(
                ui,
                image,
                key,
                TextureOptions { magnification: egui::TextureFilter::Nearest, ..TextureOptions::LINEAR },
            );
        }
        let rate = extent.sampling_frequency;
        let start = bins.start_frame(0) as f64 / rate;
        let end = bins.start_frame(bins.num_bins) as f64 / rate;
        let x = |time: f64| {
            rect.left() + ((time - self.window.start_s) / self.window.width_s) as f32 * rect.width()
        };
        let row_height = rect.height() / self.window.rows;
        let y = |row: f32| rect.top() + (row - self.window.first_row) * row_height;
        let place = Rect::from_min_max(
            pos2(x(start), y(first_row as f32)),
            pos2(x(end), y((first_row + bins.channels.len()) as f32)),
        );
        if let Some(texture) = &self.pictures.texture {
            let uv = Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0));
            ui.painter_at(rect).image(texture.id(), place, uv, Color32::WHITE);
        }
    }

    fn lines_ui(
        &mut self,
        ui: &Ui,
        rect: Rect,
        bins: &Arc<TraceBins>,
        first_row: usize,
        extent: &Extent,
        selected: &BTreeSet<usize>,
    ) {
        let dark = ui.visuals().dark_mode;
        let scale = ui.pixels_per_point();
        let size = [(rect.width() * scale) as usize, (rect.height() * scale) as usize];
        let row_height = size[1] as f32 / self.window.rows.max(1.0);
        let at = Placement {
            size,
            first_frame: self.window.start_s * extent.sampling_frequency,
            frames_per_pixel: self.window.width_s * extent.sampling_frequency / size[0].max(1) as f64,
            first_row: self.window.first_row - first_row as f32,
            row_height,
            scale: row_height / (2.0 * ROW_NOISES * self.noise.unwrap_or(1.0)) * self.gain,
            half_width: 0.45 * scale.max(1.0),
        };
        let key = Key::Lines {
            bins: Arc::as_ptr(bins) as usize,
            at,
            dark,
            selected: selected.clone(),
            overlay: self.overlay.is_some(),
        };
        if self.pictures.key.as_ref() != Some(&key) {
            let mut lines = Lines::new(bins, at);
            let color = colors::trace(dark);
            for row in 0..bins.channels.len() {
                lines.row(row, 0..size[0], color);
            }
            self.pieces(&mut lines, bins, at, extent, selected, dark);
            self.set_picture(ui, lines.finish(), key, TextureOptions::LINEAR);
        }
        if let Some(texture) = &self.pictures.texture {
            let uv = Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0));
            ui.painter_at(rect).image(texture.id(), rect, uv, Color32::WHITE);
        }
    }

    /// Colours the lines around spikes, on the channels near the unit's main one.
    fn pieces(
        &self,
        lines: &mut Lines<'_>,
        bins: &TraceBins,
        at: Placement,
        extent: &Extent,
        selected: &BTreeSet<usize>,
        dark: bool,
    ) {
        let Some(overlay) = &self.overlay else {
            return;
        };
        let rate = extent.sampling_frequency;
        if at.frames_per_pixel > 0.002 * rate || self.pictures.spots.len() > 1500 {
            return;
        }
        for spot in &self.pictures.spots {
            if !selected.is_empty() && !selected.contains(&(spot.unit as usize)) {
                continue;
            }
            let rows = match overlay.channels.get(spot.unit as usize).copied().flatten() {
                Some(channel) => match bins.channels.iter().position(|&c| c == channel) {
                    Some(row) => row.saturating_sub(1)..(row + 2).min(bins.channels.len()),
                    None => continue,
                },
                // A few channels close together, such as a tetrode, all see the spike.
                None if bins.channels.len() <= 8 => 0..bins.channels.len(),
                None => continue,
            };
            let column = |seconds: f64| {
                (((spot.frame as f64 + seconds * rate - at.first_frame) / at.frames_per_pixel).max(0.0))
                    as usize
            };
            for row in rows {
                lines.row(
                    row,
                    column(-PIECE_S[0])..column(PIECE_S[1]) + 1,
                    colors::unit(spot.unit as usize, dark),
                );
            }
        }
    }

    fn set_picture(&mut self, ui: &Ui, image: egui::ColorImage, key: Key, options: TextureOptions) {
        self.pictures.key = Some(key);
        match &mut self.pictures.texture {
            Some(texture) => texture.set(image, options),
            None => self.pictures.texture = Some(ui.ctx().load_texture("traces", image, options)),
        }
    }

    /// Ticks of spikes: at the depth of the unit where it is known, else along the top.
    fn spots_ui(&self, ui: &Ui, rect: Rect, extent: &Extent, selected: &BTreeSet<usize>) {
        let Some(overlay) = &self.overlay else {
            return;
        };
        let dark = ui.visuals().dark_mode;
        let painter = ui.painter_at(rect);
        let rate = extent.sampling_frequency;
        let row_height = rect.height() / self.window.rows.max(1.0);
        let rows: std::collections::BTreeMap<usize, usize> =
            self.order.iter().enumerate().map(|(row, &channel)| (channel, row)).collect();
        let heat = !self.lines();
        let mut mesh = egui::Mesh::default();
        for spot in &self.pictures.spots {
            let unit = spot.unit as usize;
            let strong = selected.is_empty() || selected.contains(&unit);
            let color = colors::unit(unit, dark).gamma_multiply(if strong { 1.0 } else { 0.25 });
            let x = rect.left()
                + ((spot.frame as f64 / rate - self.window.start_s) / self.window.width_s) as f32
                    * rect.width();
            let row = overlay.channels.get(unit).copied().flatten().and_then(|c| rows.get(&c));
            let (y, half) = match row {
                Some(&row) if heat => (
                    rect.top() + (row as f32 + 0.5 - self.window.first_row) * row_height,
                    (row_height * 2.0).clamp(5.0, 12.0),
                ),
                _ => (rect.top() + 5.0, 4.0),
            };
            mesh.add_colored_rect(Rect::from_center_size(pos2(x, y), vec2(1.6, 2.0 * half)), color);
        }
        painter.add(mesh);
        if let Some(mark) = self.mark {
            let x = rect.left()
                + ((mark as f64 / rate - self.window.start_s) / self.window.width_s) as f32 * rect.width();
            if rect.x_range().contains(x) {
                let p = theme::palette(ui.visuals());
                painter.vline(x, rect.y_range(), Stroke::new(1.0, p.accent.gamma_multiply(0.7)));
            }
        }
    }

    fn labels_ui(&self, ui: &Ui, rect: Rect) {
        let Some(info) = &self.info else {
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
            let color = if self.cursor_row == Some(row) { p.text_strong } else { p.text_weak };
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
    fn scale_ui(&self, ui: &Ui, rect: Rect, bins: &TraceBins) {
        let p = theme::palette(ui.visuals());
        let unit = if bins.in_uv { "µV" } else { "raw units" };
        let noise = self.noise.unwrap_or(1.0);
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

    /// Time, channel and value under the pointer.
    fn cursor_ui(
        &mut self,
        ui: &Ui,
        rect: Rect,
        response: &Response,
        extent: &Extent,
        bins: &TraceBins,
        t_start_s: f64,
    ) {
        let row_before = self.cursor_row.take();
        let Some(pointer) = response.hover_pos().filter(|_| !response.dragged()) else {
            return;
        };
        let time =
            self.window.start_s + f64::from((pointer.x - rect.left()) / rect.width()) * self.window.width_s;
        let row = self.window.first_row + (pointer.y - rect.top()) / rect.height() * self.window.rows;
        let row = (row as usize).min(self.order.len().saturating_sub(1));
        self.cursor_row = Some(row);
        if row_before != self.cursor_row {
            ui.ctx().request_repaint();
        }
        let frame = (time * extent.sampling_frequency) as usize;
        let value = self.first_data_row(bins).and_then(|first| bins.value_at(row.checked_sub(first)?, frame));
        let (Some(&channel), Some(info)) = (self.order.get(row), &self.info) else {
            return;
        };
        let name = info.channel_ids.get(channel).map(ToString::to_string).unwrap_or_default();
        let step = axis::step(self.window.width_s, 1000).min(0.01);
        let mut text = format!("{} s   channel {name}", axis::with_step(t_start_s + time, step));
        if let Some(value) = value {
            let unit = if bins.in_uv { " µV" } else { "" };
            text += &format!("   {}{unit}", axis::short(f64::from(value)));
        }
        let p = theme::palette(ui.visuals());
        let painter = ui.painter_at(rect);
        painter.vline(pointer.x, rect.y_range(), Stroke::new(1.0, p.text_weak.gamma_multiply(0.4)));
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
