//! A node that is dropped on a wire goes into it.

use super::{Canvas, Gesture, Scene, pointer::nearest_wire, wire::Wired};
use crate::app::theme;
use egui::{DragAndDrop, Ui};

/// How near a wire the pointer or the middle of a node lets go, in screen points.
const REACH: f32 = 22.0;

impl Canvas {
    /// The wire that what is dragged would go into if it was let go now: a node of the pipeline, or one of the list.
    pub(super) fn find_splice(
        &self,
        ui: &Ui,
        scene: &Scene<'_>,
        curves: &[Wired],
    ) -> Option<(String, String)> {
        let pointer = ui.input(|i| i.pointer.latest_pos()).filter(|p| self.view.rect.contains(*p))?;
        if let Gesture::Move { from, marks, .. } = &self.gesture {
            let ([(name, _)], true) = (from.as_slice(), marks.is_empty()) else { return None };
            let node = scene.pipeline.node(name)?;
            let middle = self.view.rect_to_screen(self.faces.rect(node, scene.states)).center();
            let near = |wired: &&Wired| {
                let reach = REACH * self.view.zoom.clamp(0.4, 1.0);
                wired.curve.distance(pointer) < reach || wired.curve.distance(middle) < reach
            };
            let fits = |wired: &&Wired| {
                scene.pipeline.splice_edit(scene.registry, name, &wired.from, &wired.to).is_ok()
            };
            return curves.iter().filter(near).find(fits).map(Wired::ends);
        }
        let kind = DragAndDrop::payload::<String>(ui.ctx())?;
        let wired = &curves[nearest_wire(curves, pointer, REACH)?];
        let kinds = scene.pipeline.kinds_for_wire(scene.registry, &wired.from);
        kinds.contains(&kind.as_str()).then(|| wired.ends())
    }

    /// Shows above all nodes which wire takes what is dragged.
    pub(super) fn draw_splice(&self, ui: &Ui, curves: &[Wired]) {
        let Some(wired) = curves.iter().find(|wired| wired.is(self.splice.as_ref())) else { return };
        let color = theme::palette(ui.visuals()).accent;
        wired.curve.draw(ui.painter(), color.gamma_multiply(0.35), 9.0, None);
        wired.curve.draw(ui.painter(), color, 3.0, None);
    }

    /// The node that hangs on the pointer and on no wire: wires do not give way to it.
    pub(super) fn floating(&self, scene: &Scene<'_>) -> Option<&str> {
        let Gesture::Move { from, .. } = &self.gesture else { return None };
        let [(name, _)] = from.as_slice() else { return None };
        let wired = scene.pipeline.wires().iter().any(|w| w.0 == name || w.2 == name);
        (!wired).then_some(name)
    }
}
