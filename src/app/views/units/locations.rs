//! Where the spikes of the selected units lie on the probe.

use super::{
    UnitView,
    panels::{note, titled},
    picture,
};
use crate::app::{
    texts, theme,
    views::{
        axis::{self, Plot},
        colors,
        traces::bounds,
    },
};
use egui::{Rect, Stroke, Ui, pos2, vec2};

/// What is shown around the units at least, in µm.
const AROUND_UM: f64 = 30.0;
/// How far away contacts still belong to what is seen.
const NEAR_UM: f64 = 40.0;

impl UnitView {
    /// True where anything is known of places.
    pub(super) fn has_places(&self) -> bool {
        !self.contacts().is_empty() || self.sorting.segments.iter().any(|s| s.location_um.is_some())
    }

    /// Places of the contacts, where the probe is known.
    fn contacts(&self) -> &[[f64; 2]] {
        let means = self.means.as_ref().map(|m| m.templates.locations_um.as_slice());
        let own = self.templates.as_ref().map(|t| t.locations_um.as_slice());
        own.filter(|l| !l.is_empty()).or(means).unwrap_or(&[])
    }

    /// Where a unit is: the median of its spikes, or the channel where it is largest.
    fn place(&self, unit: usize) -> Option<[f64; 2]> {
        let row = self.summary.as_ref().and_then(|s| s.rows.get(unit)?.location_um);
        row.map(|place| place.map(f64::from)).or_else(|| {
            let templates = self.waveforms()?;
            let (channel, ..) = templates.extremum(unit)?;
            templates.locations_um.get(channel).copied()
        })
    }

    /// Contacts, spikes and middles of the units, to scale.
    pub(super) fn locations_ui(&mut self, ui: &mut Ui, rect: Rect, units: &[usize]) {
        let body = titled(ui, rect, texts::units::locations_um(), texts::units::locations());
        let Some(pairs) = self.pairs.as_ref().filter(|p| p.units == units) else {
            return note(ui, body, "…");
        };
        let centers: Vec<(usize, [f64; 2])> =
            units.iter().filter_map(|&unit| Some((unit, self.place(unit)?))).collect();
        let spread = pairs.places.iter().flatten().map(|place| place.map(f64::from));
        let all: Vec<[f64; 2]> =
            spread.chain(centers.iter().map(|c| c.1)).filter(|p| p[0].is_finite()).collect();
        if all.is_empty() {
            return note(ui, body, texts::units::no_locations());
        }
        let inner =
            Rect::from_min_max(body.min + vec2(axis::MARGIN.x, 2.0), body.max - vec2(2.0, axis::MARGIN.y));
        if inner.width() < 20.0 || inner.height() < 20.0 {
            return;
        }
        let [low, high] = bounds(&all);
        // With the contacts around them: spikes lie between these.
        let is_near = |place: &[f64; 2]| {
            (0..2).all(|axis| (low[axis] - NEAR_UM..=high[axis] + NEAR_UM).contains(&place[axis]))
        };
        let near: Vec<[f64; 2]> = self.contacts().iter().copied().filter(is_near).collect();
        let [low, high] = bounds(&[all, near].concat());
        // One scale for both directions: as much as fits the larger of them.
        let wide = (high[0] - low[0]).max(AROUND_UM) * 1.3;
        let tall = (high[1] - low[1]).max(AROUND_UM) * 1.3;
        let per_point = (wide / f64::from(inner.width())).max(tall / f64::from(inner.height()));
        let half = [inner.width(), inner.height()].map(|length| f64::from(length) * per_point / 2.0);
        let middle = [0, 1].map(|axis| (low[axis] + high[axis]) / 2.0);
        let plot = Plot {
            rect: inner,
            x: [middle[0] - half[0], middle[0] + half[0]],
            y: [middle[1] - half[1], middle[1] + half[1]],
        };
        let p = theme::palette(ui.visuals());
        ui.painter().rect_filled(inner, 2.0, p.field);
        let painter = ui.painter_at(inner);
        let side = ((8.0 / per_point) as f32).clamp(3.0, 14.0);
        for &[x, y] in self.contacts() {
            let contact = Rect::from_center_size(plot.at(x, y), vec2(side, side));
            painter.rect_stroke(contact, 1.0, Stroke::new(1.0, p.node_edge), egui::StrokeKind::Inside);
        }
        plot.x_axis(ui.painter(), p.text_weak, "x");
        plot.y_axis(ui.painter(), p.text_weak, "");
        self.pictures[3].draw(ui, inner, 0, |size, scale, dark| {
            let local = Plot {
                rect: Rect::from_min_size(pos2(0.0, 0.0), vec2(size[0] as f32, size[1] as f32)),
                ..plot
            };
            let points = pairs.places.iter().zip(&pairs.units).flat_map(|(places, &unit)| {
                let color = colors::unit(unit, dark).gamma_multiply(0.5);
                places.iter().map(move |&[x, y]| {
                    let at = local.at(f64::from(x), f64::from(y));
                    ([at.x, at.y], color)
                })
            });
            picture::points(size, i32::from(scale > 1.4), points)
        });
        for (unit, [x, y]) in centers {
            let at = plot.at(x, y);
            painter.circle_filled(at, 4.0, colors::unit(unit, ui.visuals().dark_mode));
            painter.circle_stroke(at, 4.0, Stroke::new(1.0, p.field));
        }
    }
}
