//! The whole canvas in a corner, while something of it is out of sight: a click or a drag moves the view.

use super::{Canvas, Scene, marks::world_rect};
use crate::app::{texts, theme};
use egui::{Id, Pos2, Rect, Role, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo, vec2};

/// Largest size on the screen, and its share of a small canvas.
const SIZE: Vec2 = vec2(190.0, 130.0);
const SHARE: f32 = 0.28;

/// Where the canvas is in the map.
struct Map {
    rect: Rect,
    world: Rect,
}

impl Map {
    fn scale(&self) -> f32 {
        (self.rect.size() / self.world.size()).min_elem()
    }

    fn place(&self, at: Pos2) -> Pos2 {
        self.rect.center() + (at - self.world.center()) * self.scale()
    }

    fn area(&self, world: Rect) -> Rect {
        Rect::from_min_max(self.place(world.min), self.place(world.max))
    }

    fn world(&self, at: Pos2) -> Pos2 {
        self.world.center() + (at - self.rect.center()) / self.scale()
    }
}

impl Canvas {
    /// Draws the map over everything else, where something is out of sight.
    pub(super) fn minimap_ui(&mut self, ui: &Ui, scene: &Scene<'_>) {
        let all = self.extent(scene);
        let seen = Rect::from_min_max(
            self.view.to_world(self.view.rect.min),
            self.view.to_world(self.view.rect.max),
        );
        if !scene.minimap || !all.is_positive() || seen.contains_rect(all) {
            return;
        }
        let size = SIZE.min(self.view.rect.size() * SHARE);
        let plate = Rect::from_min_size(self.view.rect.max - size - Vec2::splat(10.0), size);
        let response = ui.interact(plate, Id::unique("minimap"), Sense::click_and_drag());
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, texts::canvas::minimap()));
        let world = all.union(seen.intersect(all.expand(all.size().max_elem() * 0.5))).expand(20.0);
        let map = Map { rect: plate.shrink(6.0), world };
        let pressed = response.dragged() || response.clicked();
        if let (true, Some(pointer)) = (pressed, response.interact_pointer_pos()) {
            self.view.center_on(map.world(pointer));
            self.moved = true;
            ui.ctx().request_repaint();
        }
        let p = theme::palette(ui.visuals());
        let painter = ui.painter().with_clip_rect(plate.intersect(ui.clip_rect()));
        painter.rect(
            plate,
            5.0,
            p.panel.gamma_multiply(0.94),
            Stroke::new(1.0, p.node_edge),
            StrokeKind::Inside,
        );
        for (_, mark) in scene.pipeline.marks() {
            let color = theme::mark_color(mark.color, ui.visuals());
            painter.rect_filled(map.area(world_rect(mark)), 1.0, color.gamma_multiply(0.25));
        }
        for node in scene.pipeline.nodes() {
            let category = self.faces.get(&node.name).and_then(|face| face.category);
            let color = category.map_or(p.bad, |c| theme::category_color(c, ui.visuals()));
            let rect = map.area(self.faces.rect(node, scene.states));
            let selected = scene.selection.contains(&node.name);
            let color = if selected { p.accent } else { color.gamma_multiply(0.8) };
            painter.rect_filled(
                rect.expand2((vec2(1.5, 1.5) - rect.size() / 2.0).max(Vec2::ZERO)),
                0.5,
                color,
            );
        }
        painter.rect_stroke(map.area(seen), 2.0, Stroke::new(1.5, p.text_strong), StrokeKind::Inside);
    }

    /// The place that everything on the canvas takes.
    fn extent(&self, scene: &Scene<'_>) -> Rect {
        let nodes = scene.pipeline.nodes().map(|node| self.faces.rect(node, scene.states));
        let marks = scene.pipeline.marks().map(|(_, mark)| world_rect(mark));
        nodes.chain(marks).fold(Rect::NOTHING, Rect::union)
    }
}
