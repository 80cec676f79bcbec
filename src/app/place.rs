//! Where the window is put when it opens.

/// The frame in which sizes are surely told in points of the scale that is set.
const FRAME_TO_SIZE: u32 = 2;
/// The frame from which on it is seen whether the window fits: its new size is told by then.
const FRAME_TO_FIT: u32 = 6;
/// Frames until the desktop has put its own frame around a window, at most.
const FRAMES_TO_PLACE: u32 = 30;

/// Puts the window right in its first frames: its size is kept in points of the scale it had, and read in those of no
/// scale; and one that does not fit the screen, with what the desktop puts around it, fills it. True once that is done.
pub fn place_window(ctx: &egui::Context, frame: u32) -> bool {
    let (size, outer, screen, is_maximized) = ctx.input(|i| {
        let viewport = i.viewport();
        let size = |rect: Option<egui::Rect>| rect.map(|rect| rect.size());
        let is_maximized = viewport.maximized == Some(true) || viewport.fullscreen == Some(true);
        (size(viewport.inner_rect), size(viewport.outer_rect), viewport.monitor_size, is_maximized)
    });
    let (Some(size), false) = (size, is_maximized) else { return is_maximized };
    let zoom = ctx.zoom_factor();
    if frame == FRAME_TO_SIZE && (zoom - 1.0).abs() > 1e-3 {
        ctx.send_viewport_cmd(egui::ViewportCommand::InnerSize(size * zoom));
    }
    if frame < FRAME_TO_FIT {
        return false;
    }
    let outer = outer.unwrap_or(size);
    let is_too_large = screen.is_some_and(|screen| outer.x > screen.x + 1.0 || outer.y > screen.y + 1.0);
    if is_too_large {
        ctx.send_viewport_cmd(egui::ViewportCommand::Maximized(true));
    }
    is_too_large || frame >= FRAMES_TO_PLACE
}
