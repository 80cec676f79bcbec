//! Auto- and cross-correlograms of the selected units.

use super::{
    UnitView,
    panels::{note, titled},
};
use crate::app::{texts, views::correlograms};
use egui::{Rect, Ui};

impl UnitView {
    /// A row and a column for each unit.
    pub(super) fn correlograms_ui(&self, ui: &mut Ui, rect: Rect, units: &[usize]) {
        let title = if units.len() > 1 {
            texts::units::auto_and_cross_correlograms()
        } else {
            texts::units::autocorrelogram()
        };
        let body = titled(ui, rect, title, texts::units::correlograms());
        let Some(pairs) = self.pairs.as_ref().filter(|p| p.units == units) else {
            return note(ui, body, "…");
        };
        let counts = |a: usize, b: usize| pairs.correlograms[a][b].clone();
        correlograms::square(ui, body, units, pairs.window_ms, &counts);
    }
}
