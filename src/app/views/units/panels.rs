//! The panels about the selected units.

use super::{SHOWN, UnitView, columns::amplitude_unit, picture};
use crate::app::{
    texts, theme,
    views::{
        axis::{self, Plot},
        colors,
        export::Wish,
        waveforms,
    },
};
use egui::{Align, Align2, Color32, FontId, Rect, Role, Sense, Ui, WidgetInfo, pos2, text::LayoutJob, vec2};
use std::collections::BTreeSet;

pub(super) const GAP: f32 = 10.0;
const TITLE: f32 = 16.0;

impl UnitView {
    pub(super) fn panels_ui(&mut self, ui: &mut Ui, rect: Rect, selected: &BTreeSet<usize>) -> Option<Wish> {
        if rect.width() < 160.0 || rect.height() < 80.0 {
            return None;
        }
        let units: Vec<usize> = selected.iter().copied().take(SHOWN).collect();
        let more = selected.len().saturating_sub(SHOWN);
        let wide = rect.width() / rect.height() > 1.5;
        let (first, second, third) = if wide {
            let width = (rect.width() - 2.0 * GAP) / 3.3;
            let a = rect.with_max_x(rect.left() + width * 1.25);
            let b = Rect::from_x_y_ranges(a.right() + GAP..=a.right() + GAP + width, rect.y_range());
            (a, b, rect.with_min_x(b.right() + GAP))
        } else {
            let half = (rect.height() - GAP) / 2.0;
            let top = rect.with_max_y(rect.top() + half);
            let a = top.with_max_x(rect.center().x - GAP / 2.0);
            (a, top.with_min_x(rect.center().x + GAP / 2.0), rect.with_min_y(top.bottom() + GAP))
        };
        let wish = match self.has_places() && first.width() > 150.0 {
            true => {
                let (left, right) = first.split_left_right_at_fraction(0.66);
                self.locations_ui(ui, right.with_min_x(right.left() + GAP), &units);
                self.waveforms_ui(ui, left, &units, more)
            }
            false => self.waveforms_ui(ui, first, &units, more),
        };
        self.correlograms_ui(ui, second, &units);
        self.over_time_ui(ui, third, &units);
        wish
    }

    fn waveforms_ui(&self, ui: &mut Ui, rect: Rect, units: &[usize], more: usize) -> Option<Wish> {
        let ids: Vec<String> = units.iter().map(|&u| self.sorting.unit_ids[u].to_string()).collect();
        let mut title = texts::units::waveforms_of(&ids.join(", "));
        if more > 0 {
            title += &texts::units::and_more(&more);
        }
        let body = titled(ui, rect, &title, texts::units::waveforms_on_the_probe());
        match self.waveforms() {
            Some(templates) => waveforms::on_probe(ui, body, &templates, units),
            None => {
                let text = match &self.recording {
                    Some(_) => texts::units::averaging(),
                    // Whether there is one is not known yet.
                    None if !self.related_known => "…",
                    None if self.has_recording => texts::units::recording_not_read(),
                    None => texts::units::no_waveforms(),
                };
                note(ui, body, text);
            }
        }
        if let Some(error) = self.means.as_ref().and_then(|m| m.error.as_ref()) {
            let p = theme::palette(ui.visuals());
            ui.painter().text(
                body.left_bottom() + vec2(6.0, -4.0),
                Align2::LEFT_BOTTOM,
                error,
                FontId::proportional(10.0),
                p.bad,
            );
        }
        self.recording.as_ref()?;
        let at = Rect::from_min_size(body.left_bottom() + vec2(4.0, -24.0), vec2(60.0, 20.0));
        ui.put(at, egui::Button::new(texts::units::traces()).small())
            .on_hover_text(texts::units::traces_hint())
            .clicked()
            .then_some(Wish::Traces)
    }

    fn over_time_ui(&mut self, ui: &mut Ui, rect: Rect, units: &[usize]) {
        let has_depth = self.pairs.as_ref().is_some_and(|p| p.depths.iter().any(|d| !d.is_empty()));
        let wanted = units.len() as f32 * 9.0 + TITLE + axis::MARGIN.y + 8.0;
        let raster = wanted.max(50.0).min(rect.height() / 3.0);
        let rest = rect.height() - raster - GAP;
        let each = if has_depth { (rest - GAP) / 2.0 } else { rest };
        let top = rect.with_max_y(rect.top() + each);
        self.scatter_ui(ui, top, units, true);
        if has_depth {
            let middle =
                Rect::from_x_y_ranges(rect.x_range(), top.bottom() + GAP..=top.bottom() + GAP + each);
            self.scatter_ui(ui, middle, units, false);
        }
        self.raster_ui(ui, rect.with_min_y(rect.bottom() - raster), units);
    }

    /// Amplitude (or depth) over time.
    fn scatter_ui(&mut self, ui: &mut Ui, rect: Rect, units: &[usize], amplitude: bool) {
        let unit = amplitude_unit(&self.sorting, self.means.as_ref());
        let title = match (amplitude, unit) {
            (true, Some(unit)) => texts::units::amplitude_in(&unit),
            (true, None) => texts::units::amplitude().to_owned(),
            (false, _) => texts::units::depth_um().to_owned(),
        };
        let body = titled(
            ui,
            rect,
            &title,
            if amplitude { texts::units::amplitude_over_time() } else { texts::units::depth_over_time() },
        );
        let Some(pairs) = self.pairs.as_ref().filter(|p| p.units == units) else {
            return note(ui, body, "…");
        };
        let measured: Vec<Vec<[f32; 2]>>;
        let mut series = if amplitude { &pairs.amplitudes } else { &pairs.depths };
        if series.iter().all(Vec::is_empty) {
            // The sorting has none: those of the spikes that were averaged.
            let of = |&unit: &usize| self.means.as_ref().and_then(|m| m.amplitudes.get(unit).cloned());
            measured = units.iter().map(|unit| of(unit).unwrap_or_default()).collect();
            series = &measured;
        }
        if series.iter().all(Vec::is_empty) {
            let pending = self.means_lane.busy();
            return note(ui, body, if pending { "…" } else { texts::units::no_amplitudes() });
        }
        let inner =
            Rect::from_min_max(body.min + vec2(axis::MARGIN.x, 4.0), body.max - vec2(4.0, axis::MARGIN.y));
        let (low, high) = range(series);
        let pad = ((high - low) * 0.08).max(if amplitude { 1e-3 } else { 10.0 });
        let mut y = [low - pad, high + pad];
        if amplitude {
            y = [y[0].min(0.0), y[1].max(0.0)];
        }
        let plot = Plot { rect: inner, x: [0.0, self.duration()], y };
        let p = theme::palette(ui.visuals());
        ui.painter().rect_filled(inner, 2.0, p.field);
        plot.x_axis(ui.painter(), p.text_weak, "s");
        plot.y_axis(ui.painter(), p.text_weak, "");
        let version = 0;
        let cached = &mut self.pictures[usize::from(!amplitude)];
        cached.draw(ui, inner, version, |size, scale, dark| {
            let local = Plot {
                rect: Rect::from_min_size(pos2(0.0, 0.0), vec2(size[0] as f32, size[1] as f32)),
                ..plot
            };
            let points = series.iter().zip(&pairs.units).flat_map(|(points, &unit)| {
                let color = colors::unit(unit, dark).gamma_multiply(0.8);
                points.iter().map(move |&[x, y]| {
                    let at = local.at(f64::from(x), f64::from(y));
                    ([at.x, at.y], color)
                })
            });
            let few = series.iter().map(Vec::len).sum::<usize>() < 4_000;
            picture::points(size, i32::from(few || scale > 1.4), points)
        });
    }

    fn raster_ui(&mut self, ui: &mut Ui, rect: Rect, units: &[usize]) {
        let body = titled(ui, rect, texts::units::raster(), texts::units::raster());
        let Some(pairs) = self.pairs.as_ref().filter(|p| p.units == units) else {
            return note(ui, body, "…");
        };
        let inner =
            Rect::from_min_max(body.min + vec2(axis::MARGIN.x, 0.0), body.max - vec2(4.0, axis::MARGIN.y));
        let plot = Plot { rect: inner, x: [0.0, self.duration()], y: [0.0, 1.0] };
        let p = theme::palette(ui.visuals());
        ui.painter().rect_filled(inner, 2.0, p.field);
        plot.x_axis(ui.painter(), p.text_weak, "s");
        let count = units.len().max(1);
        for (i, &unit) in units.iter().enumerate() {
            let y = inner.top() + (i as f32 + 0.5) * inner.height() / count as f32;
            if inner.height() / count as f32 > 8.0 {
                let id = self.sorting.unit_ids[unit].to_string();
                ui.painter().text(
                    pos2(inner.left() - 5.0, y),
                    Align2::RIGHT_CENTER,
                    id,
                    FontId::proportional(10.0),
                    p.text_weak,
                );
            }
        }
        self.pictures[2].draw(ui, inner, 0, |size, _, dark| {
            let height = size[1] / count;
            let points = pairs.times.iter().zip(&pairs.units).enumerate().flat_map(|(i, (times, &unit))| {
                let color = colors::unit(unit, dark);
                times.iter().flat_map(move |&t| {
                    let x = f64::from(t) / plot.x[1] * size[0] as f64;
                    (height / 8..height - height / 8)
                        .map(move |line| ([x as f32, (i * height + line) as f32], color))
                })
            });
            picture::points(size, 0, points)
        });
    }

    fn duration(&self) -> f64 {
        self.summary.as_ref().map_or(1.0, |s| s.duration_s).max(1e-3)
    }
}

/// A title above a panel; what is left below it.
pub(super) fn titled(ui: &mut Ui, rect: Rect, title: &str, label: &str) -> Rect {
    let p = theme::palette(ui.visuals());
    let painter = ui.painter().with_clip_rect(rect);
    painter.text(rect.left_top(), Align2::LEFT_TOP, title, FontId::proportional(11.0), p.text_weak);
    let body = rect.with_min_y((rect.top() + TITLE).min(rect.bottom()));
    let response = ui.interact(body, ui.scope_id().with(label), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::GraphicsObject, true, label));
    body
}

pub(super) fn note(ui: &Ui, rect: Rect, text: &str) {
    let p = theme::palette(ui.visuals());
    ui.painter().rect_filled(rect, 2.0, p.field);
    let color: Color32 = p.text_weak;
    let mut job = LayoutJob::simple(
        text.to_owned(),
        FontId::proportional(12.0),
        color,
        (rect.width() - 16.0).max(40.0),
    );
    job.halign = Align::Center;
    let words = ui.painter().layout_job(job);
    let top = rect.center_top() + vec2(0.0, (rect.height() - words.size().y) / 2.0);
    ui.painter().galley(top, words, color);
    let place = ui.scope_id().with(("note", rect.left() as i32, rect.top() as i32));
    let response = ui.interact(rect, place, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
}

fn range(series: &[Vec<[f32; 2]>]) -> (f64, f64) {
    let (mut low, mut high) = (f64::INFINITY, f64::NEG_INFINITY);
    for &[_, value] in series.iter().flatten() {
        low = low.min(f64::from(value));
        high = high.max(f64::from(value));
    }
    (low, high)
}
