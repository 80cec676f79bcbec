//! Contacts of a probe and the units around it.

use super::{
    FigureError,
    style::{FAINT, FAMILY, INK, SMALL, figure, padded, said, unit_color},
};
use crate::data::{ContactShape, Figure, Id, Probe};
use plotters::prelude::*;

/// The contacts to scale in depth, and units at `[x, y]` in µm where given.
///
/// # Errors
/// Where there are no contacts, or drawing fails.
pub fn probe(probe: &Probe, units: &[(Id, [f64; 2])]) -> Result<Figure, FigureError> {
    if probe.contacts.is_empty() {
        return Err(FigureError("the probe has no contacts to draw".into()));
    }
    let contour = || probe.contours_um.iter().flatten().copied();
    let points = || {
        let contacts = probe.contacts.iter().map(|c| c.position_um);
        contacts.chain(units.iter().map(|(_, place)| *place)).chain(contour())
    };
    let (x, y) = (padded(points().map(|p| p[0]), 0.15), padded(points().map(|p| p[1]), 0.03));
    let title = if probe.name.is_empty() { "Probe" } else { &probe.name };
    figure(title, (420, 900), |area| {
        let mut chart = ChartBuilder::on(area)
            .margin(12)
            .x_label_area_size(34)
            .y_label_area_size(54)
            .build_cartesian_2d(x, y)
            .map_err(said)?;
        chart
            .configure_mesh()
            .disable_mesh()
            .axis_style(INK)
            .x_labels(5)
            .label_style((FAMILY, SMALL).into_font().color(&INK))
            .x_desc("x (µm)")
            .y_desc("depth (µm)")
            .draw()
            .map_err(said)?;
        let outlines = probe
            .contours_um
            .iter()
            .map(|contour| PathElement::new(contour.iter().map(|p| (p[0], p[1])).collect::<Vec<_>>(), FAINT));
        chart.draw_series(outlines).map_err(said)?;
        let contacts = probe.contacts.iter().map(|contact| {
            let (w, h) = match contact.shape {
                ContactShape::Circle { radius_um } => (radius_um, radius_um),
                ContactShape::Square { width_um } => (width_um / 2.0, width_um / 2.0),
                ContactShape::Rect { width_um, height_um } => (width_um / 2.0, height_um / 2.0),
            };
            let [x, y] = contact.position_um;
            Rectangle::new([(x - w, y - h), (x + w, y + h)], FAINT.filled())
        });
        chart.draw_series(contacts).map_err(said)?;
        for (unit, (id, [x, y])) in units.iter().enumerate().filter(|(_, (_, p))| p[0].is_finite()) {
            let mark = Circle::new((*x, *y), 5, unit_color(unit).filled());
            chart.draw_series([mark]).map_err(said)?;
            let label = Text::new(id.to_string(), (*x, *y), (FAMILY, SMALL).into_font().color(&INK));
            chart.draw_series([label]).map_err(said)?;
        }
        Ok(())
    })
}
