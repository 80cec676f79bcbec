//! Where the canvas is looking: pan, zoom, and bringing nodes into view.

use egui::{Pos2, Rect, Vec2, pos2, vec2};

/// Zoom may not leave this range.
const ZOOM_RANGE: std::ops::RangeInclusive<f32> = 0.08..=3.0;
/// Empty space left around what is fitted.
const FIT_MARGIN: f32 = 24.0;

/// The part of the canvas that is seen.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// Screen rectangle of the canvas.
    pub rect: Rect,
    /// Screen position of the canvas origin, from the top left of `rect`.
    pub offset: Vec2,
    /// Screen points a canvas unit takes.
    pub zoom: f32,
}

impl Default for View {
    fn default() -> Self {
        Self { rect: Rect::ZERO, offset: vec2(40.0, 40.0), zoom: 1.0 }
    }
}

impl View {
    /// From canvas to screen.
    pub fn to_screen(self, world: Pos2) -> Pos2 {
        self.rect.min + self.offset + world.to_vec2() * self.zoom
    }

    /// From screen to canvas.
    pub fn to_world(self, screen: Pos2) -> Pos2 {
        ((screen - self.rect.min - self.offset) / self.zoom).to_pos2()
    }

    /// A rectangle from canvas to screen.
    pub fn rect_to_screen(&self, world: Rect) -> Rect {
        Rect::from_min_max(self.to_screen(world.min), self.to_screen(world.max))
    }

    /// Zooms by a factor; what is under the pointer stays there.
    pub fn zoom_at(&mut self, pointer: Pos2, factor: f32) {
        let fixed = self.to_world(pointer);
        self.zoom = (self.zoom * factor).clamp(*ZOOM_RANGE.start(), *ZOOM_RANGE.end());
        self.offset = pointer - self.rect.min - fixed.to_vec2() * self.zoom;
    }

    /// Brings a canvas rectangle into view, no larger than 100 %.
    pub fn fit(&mut self, world: Rect) {
        if !world.is_positive() || !self.rect.is_positive() {
            return;
        }
        let room = (self.rect.size() - Vec2::splat(2.0 * FIT_MARGIN)).max(Vec2::splat(40.0));
        let zoom = (room / world.size()).min_elem();
        self.zoom = zoom.clamp(*ZOOM_RANGE.start(), 1.0);
        self.offset = self.rect.size() / 2.0 - world.center().to_vec2() * self.zoom;
    }

    /// Brings a place of the canvas into the middle.
    pub fn center_on(&mut self, world: Pos2) {
        self.offset = self.rect.size() / 2.0 - world.to_vec2() * self.zoom;
    }

    /// Brings a place of the canvas into the middle, at a zoom.
    pub fn look_at(&mut self, world: Pos2, zoom: f32) {
        self.zoom = zoom.clamp(*ZOOM_RANGE.start(), *ZOOM_RANGE.end());
        self.center_on(world);
    }

    /// Brings a place of the canvas into the middle, near enough to be read.
    pub fn show(&mut self, world: Pos2) {
        self.zoom = self.zoom.clamp(0.7, 1.5);
        self.center_on(world);
    }

    /// 100 %, the middle of the view staying where it is.
    pub fn actual_size(&mut self) {
        self.zoom_at(self.rect.center(), 1.0 / self.zoom);
    }

    /// How much is drawn at this zoom.
    pub fn detail(&self) -> Detail {
        if self.zoom < 0.25 {
            Detail::Block
        } else if self.zoom < 0.5 {
            Detail::Header
        } else {
            Detail::Full
        }
    }
}

/// How much of a node is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// A coloured block and its name.
    Block,
    /// Header and state.
    Header,
    /// Everything.
    Full,
}

/// A position of the pipeline as egui's.
pub fn pos(position: [f32; 2]) -> Pos2 {
    pos2(position[0], position[1])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zoom_keeps_the_point_under_the_pointer() {
        let rect = Rect::from_min_size(pos2(100.0, 50.0), vec2(800.0, 600.0));
        let mut view = View { rect, ..View::default() };
        let pointer = pos2(333.0, 222.0);
        let before = view.to_world(pointer);
        view.zoom_at(pointer, 0.4);
        assert!((view.to_world(pointer) - before).length() < 1e-3);
        view.fit(Rect::from_min_max(pos2(0.0, 0.0), pos2(4000.0, 300.0)));
        assert!(
            rect.contains_rect(view.rect_to_screen(Rect::from_min_max(pos2(0.0, 0.0), pos2(4000.0, 300.0))))
        );
    }
}
