//! Draws nodes: a calm card with a bar of its category's colour, more of it the closer one looks.

use super::{
    face::{Face, HEADER, LINE},
    icons,
    view::{Detail, View},
};
use crate::{
    app::{
        text, texts,
        theme::{self, Palette},
    },
    pipeline::{NodeInstance, NodeState},
};
use egui::{Align2, Color32, CornerRadius, FontId, Painter, Rect, Stroke, StrokeKind, Visuals, pos2, vec2};

/// How a node is drawn this time.
pub struct Look<'a> {
    /// Its state, where known.
    pub state: Option<&'a NodeState>,
    /// Its result came with a warning.
    pub warns: bool,
    /// The stage a running node is in.
    pub stage: Option<&'a str>,
    /// Part of the selection.
    pub selected: bool,
    /// Under the pointer.
    pub hovered: bool,
    /// Values are fields of their own, drawn over it.
    pub has_fields: bool,
    /// Does not run, as a node before it is muted.
    pub off: bool,
    /// Cannot take the wire that is dragged.
    pub greyed: bool,
    /// Seconds, for what turns.
    pub time: f64,
}

/// Draws one node without its ports.
pub fn draw(
    painter: &Painter,
    visuals: &Visuals,
    view: &View,
    rect: Rect,
    node: &NodeInstance,
    face: &Face,
    look: &Look<'_>,
) {
    let p = theme::palette(visuals);
    let detail = view.detail();
    let zoom = view.zoom;
    let category = face.category.map_or(p.bad, |c| theme::category_color(c, visuals));
    let faded = node.muted || look.greyed || look.off;
    let mut painter = painter.clone();
    if faded {
        painter.multiply_opacity(0.4);
    }
    let rounding = CornerRadius::same((6.0 * zoom).clamp(1.0, 6.0) as u8);
    let outline = if look.selected {
        Stroke::new(1.5, p.accent)
    } else if matches!(look.state, Some(NodeState::Failed(_))) || face.category.is_none() {
        Stroke::new(1.0, p.bad)
    } else if look.hovered {
        Stroke::new(1.0, p.text_weak)
    } else {
        Stroke::new(1.0, p.node_edge)
    };
    if detail == Detail::Block {
        let fill = category.gamma_multiply(if visuals.dark_mode { 0.42 } else { 0.32 });
        painter.rect(rect, rounding, p.node.blend(fill), outline, StrokeKind::Inside);
        let rows = ((rect.height() - 2.0) / 11.0).floor().max(1.0) as usize;
        let room = (rect.width() - 4.0).max(8.0);
        let text = whole_words(&painter, &face.title, 9.0, p.text_strong, room, rows);
        painter.with_clip_rect(rect.intersect(painter.clip_rect())).galley(
            rect.center() - text.size() / 2.0,
            text,
            p.text_strong,
        );
        return;
    }
    if detail == Detail::Full {
        // Soft: two sheets, the wider one fainter.
        for (spread, drop, strength) in [(3.0, 3.0, 0.4), (1.0, 2.0, 0.8)] {
            let sheet = rect.translate(vec2(0.0, drop * zoom)).expand(spread * zoom);
            painter.rect_filled(sheet, rounding, p.shadow.gamma_multiply(strength));
        }
    }
    if face.is_collapsed {
        // More of it lies behind.
        let behind = rect.translate(vec2(0.0, 4.0 * zoom)).shrink2(vec2(6.0 * zoom, 0.0));
        painter.rect(behind, rounding, p.node, Stroke::new(1.0, p.node_edge), StrokeKind::Inside);
    }
    painter.rect(rect, rounding, p.node, outline, StrokeKind::Inside);
    let bar = Rect::from_min_size(rect.min + vec2(1.0, 1.0), vec2(3.0 * zoom, rect.height() - 2.0));
    let left = CornerRadius { nw: rounding.nw, sw: rounding.sw, ne: 0, se: 0 };
    painter.rect_filled(bar, left, category);
    let clip = painter.with_clip_rect(rect.shrink(1.0).intersect(painter.clip_rect()));
    if detail == Detail::Header {
        small(&clip, zoom, rect, face, look, p);
        return;
    }
    header(&clip, zoom, rect, face, look, category, p, node.bypassed);
    body(&clip, zoom, rect, face, look, p);
    if let Some(NodeState::Running { share, .. }) = look.state {
        progress(&clip, rect, *share, p, look.time);
    }
}

#[expect(clippy::too_many_arguments, reason = "the parts of one drawing")]
fn header(
    painter: &Painter,
    zoom: f32,
    rect: Rect,
    face: &Face,
    look: &Look<'_>,
    category: Color32,
    p: &Palette,
    bypassed: bool,
) {
    let middle = rect.top() + HEADER / 2.0 * zoom;
    icons::category(painter, face.category, pos2(rect.left() + 21.0 * zoom, middle), 13.0 * zoom, category);
    let mut right = rect.right() - 13.0 * zoom;
    // A recipe is never run: only what is wrong with it is worth a badge.
    let quiet = |s: &&NodeState| face.is_lazy && matches!(s, NodeState::Ready | NodeState::Cached);
    if let Some(state) = look.state.filter(|s| !quiet(s) && !look.off) {
        right -= 5.0 * zoom;
        icons::state(painter, state, pos2(right, middle), 5.5 * zoom, p, look.time);
        right -= 11.0 * zoom;
        let note = match state {
            NodeState::Done { wall_s } => Some(text::took(*wall_s)),
            NodeState::Running { share: Some(share), .. } => Some(format!("{:.0} %", share * 100.0)),
            _ => None,
        };
        if let Some(note) = note {
            let size = painter.text(
                pos2(right, middle),
                Align2::RIGHT_CENTER,
                note,
                FontId::proportional(step(10.5 * zoom)),
                p.text_weak,
            );
            right = size.left() - 4.0 * zoom;
        }
    }
    if look.warns {
        icons::warning(painter, pos2(right - 5.0 * zoom, middle), 5.5 * zoom, p);
        right -= 14.0 * zoom;
    }
    let left = rect.left() + 33.0 * zoom;
    let color = if bypassed { p.text_weak } else { p.text_strong };
    let title = one_line(painter, &face.title, FontId::proportional(step(13.0 * zoom)), color, right - left);
    let top = middle - title.size().y / 2.0;
    let end = left + title.size().x;
    painter.galley(pos2(left, top), title, color);
    if bypassed {
        painter.hline(left..=end, middle, Stroke::new(1.0, p.text_weak));
    }
    if let Some(subtitle) = &face.subtitle {
        let width = rect.right() - 12.0 * zoom - left;
        let color = if face.category.is_none() { p.bad } else { p.text_weak };
        let line = one_line(painter, subtitle, FontId::proportional(step(10.5 * zoom)), color, width);
        painter.galley(pos2(left, rect.top() + (HEADER - 3.0) * zoom), line, color);
    }
}

/// A node seen from afar: its name in letters that stay readable, and its state.
fn small(painter: &Painter, zoom: f32, rect: Rect, face: &Face, look: &Look<'_>, p: &Palette) {
    let size = if zoom < 0.36 { 9.5 } else { 11.0 };
    let quiet = |s: &&NodeState| face.is_lazy && matches!(s, NodeState::Ready | NodeState::Cached);
    let mut right = rect.right() - 10.0 * zoom;
    if let Some(state) = look.state.filter(|s| !quiet(s) && !look.off) {
        let center = pos2(right - 5.0, rect.top() + 9.0);
        icons::state(painter, state, center, 4.0, p, look.time);
        right -= 11.0;
    }
    if look.warns {
        icons::warning(painter, pos2(right - 5.0, rect.top() + 9.0), 4.0, p);
        right -= 11.0;
    }
    let left = rect.left() + 5.0 + 8.0 * zoom;
    let rows = ((rect.height() - 2.0) / (size * 1.25)).floor().clamp(1.0, 3.0) as usize;
    let title = whole_words(painter, &face.title, size, p.text_strong, (right - left).max(8.0), rows);
    painter.galley(pos2(left, rect.center().y - title.size().y / 2.0), title, p.text_strong);
    if let Some(NodeState::Running { share, .. }) = look.state {
        progress(painter, rect, *share, p, look.time);
    }
}

fn body(painter: &Painter, zoom: f32, rect: Rect, face: &Face, look: &Look<'_>, p: &Palette) {
    let small = FontId::proportional(step(11.0 * zoom));
    let (left, right) = (rect.left() + 15.0 * zoom, rect.right() - 13.0 * zoom);
    let mut y = rect.top() + (face.header_height() + LINE / 2.0) * zoom;
    for row in &face.rows {
        let color = if row.is_set { p.text_strong } else { p.text };
        let value = one_line(painter, &row.value, small.clone(), color, (right - left) * 0.62);
        let start = right - value.size().x;
        if !look.has_fields {
            painter.galley(pos2(start, y - value.size().y / 2.0), value, color);
        }
        let room = start - left - 8.0 * zoom;
        let label = one_line(painter, &row.spec.label, small.clone(), p.text_weak, room);
        painter.galley(pos2(left, y - label.size().y / 2.0), label, p.text_weak);
        y += LINE * zoom;
    }
    if !face.rows.is_empty() {
        y += 2.0 * zoom;
    }
    match look.state {
        Some(NodeState::Running { remaining_s, .. }) => {
            let mut parts: Vec<String> =
                look.stage.filter(|s| !s.is_empty()).map(text::sentence).into_iter().collect();
            if let Some(seconds) = remaining_s {
                parts.push(texts::canvas::time_left(&text::clock(*seconds)));
            }
            if parts.is_empty() {
                parts.push(texts::canvas::running_time().to_owned());
            }
            let line = one_line(painter, &parts.join(" · "), small, p.text, right - left);
            painter.galley(pos2(left, y - line.size().y / 2.0), line, p.text);
        }
        Some(NodeState::Failed(message)) => {
            let mut job = egui::text::LayoutJob::simple(
                text::short_path(message.lines().next().unwrap_or_default()),
                small,
                p.bad,
                right - left,
            );
            job.wrap.max_rows = 2;
            let lines = painter.layout_job(job);
            painter.galley(pos2(left, y - 7.0 * zoom), lines, p.bad);
        }
        _ => {}
    }
}

/// The bar along the bottom edge; where the share is not known, a piece that goes to and fro.
fn progress(painter: &Painter, rect: Rect, share: Option<f32>, p: &Palette, time: f64) {
    let track = Rect::from_min_max(pos2(rect.left() + 4.0, rect.bottom() - 4.0), rect.max - vec2(1.0, 1.0));
    painter.rect_filled(track, 0.0, p.line);
    let (from, to) = match share {
        Some(share) => (0.0, share.clamp(0.0, 1.0)),
        None => {
            let middle = 0.5 + 0.38 * ((time * 2.4) as f32).sin();
            (middle - 0.12, middle + 0.12)
        }
    };
    let x = |share: f32| track.left() + track.width() * share;
    painter.rect_filled(Rect::from_x_y_ranges(x(from)..=x(to), track.y_range()), 0.0, p.accent);
}

/// Words on one line, cut with an ellipsis where they are too long.
pub fn one_line(
    painter: &Painter,
    text: &str,
    font: FontId,
    color: Color32,
    width: f32,
) -> std::sync::Arc<egui::Galley> {
    let mut job = egui::text::LayoutJob::simple_singleline(text.to_owned(), font, color);
    job.wrap = egui::text::TextWrapping::truncate_at_width(width.max(1.0));
    painter.layout_job(job)
}

/// Words on a few lines that break between them alone: in smaller letters where one is too long, cut where that is not enough.
fn whole_words(
    painter: &Painter,
    text: &str,
    size: f32,
    color: Color32,
    width: f32,
    rows: usize,
) -> std::sync::Arc<egui::Galley> {
    let longest = text.split_whitespace().map(|word| word.chars().count()).max().unwrap_or(1).max(1);
    let fitting = width / (longest as f32 * LETTER);
    let size = step(fitting.clamp(LEAST_SIZE.min(size), size));
    if size > fitting {
        return one_line(painter, text, FontId::proportional(size), color, width);
    }
    let mut job = egui::text::LayoutJob::simple(text.to_owned(), FontId::proportional(size), color, width);
    job.wrap.max_rows = rows;
    painter.layout_job(job)
}

/// Width of a letter of a usual word, in font sizes; letters smaller than these points are not read.
const LETTER: f32 = 0.58;
const LEAST_SIZE: f32 = 7.0;

/// Font sizes go in half points, so that zooming does not fill the atlas of glyphs.
pub fn step(size: f32) -> f32 {
    (size * 2.0).round().max(2.0) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_break_between_words_alone() {
        let ctx = egui::Context::default();
        let rows = |text: &str, width: f32| {
            let mut rows = Vec::new();
            let _ = ctx.run_ui(egui::RawInput::default(), |ui| {
                let galley = whole_words(ui.painter(), text, 11.0, Color32::WHITE, width, 3);
                rows = galley.rows.iter().map(|row| row.text().trim().to_owned()).collect();
            });
            rows
        };
        assert_eq!(rows("Common reference", 60.0), ["Common", "reference"]);
        // Smaller letters, where a word is a little too long.
        assert_eq!(rows("Quality correlograms", 56.0), ["Quality", "correlograms"]);
        // One that is far too long is cut.
        let cut = rows("Correlograms_of_everything_there_is", 40.0);
        assert!(cut.len() == 1 && cut[0].ends_with('…'), "{cut:?}");
    }
}
