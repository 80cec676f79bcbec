//! Frames and comments: drawn below everything else, held by their title or their text.

use super::{Canvas, Gesture, Scene, Target, menu, node::step, snap, view::pos};
use crate::{
    app::{command::Command, texts, theme},
    pipeline::{Mark, MarkKind, NodeState, Pipeline},
};
use egui::{
    CornerRadius, CursorIcon, FontId, Id, PointerButton, Pos2, Rect, Response, Role, Sense, Stroke,
    StrokeKind, Ui, Vec2, WidgetInfo, vec2,
};
use std::collections::{BTreeMap, BTreeSet};

/// Height of the title of a frame in canvas units.
const TITLE: f32 = 28.0;
/// Room between a frame and what lies in it.
const MARGIN: f32 = 20.0;
/// Least height of a title on the screen.
const MIN_TITLE: f32 = 17.0;

/// A mark that is seen, with what the pointer does to it.
pub(super) struct SeenMark<'a> {
    pub number: u32,
    pub mark: &'a Mark,
    pub rect: Rect,
    /// The title of a frame, all of a comment.
    pub handle: Response,
    pub corner: Response,
}

/// `frame` or `comment`.
pub(super) fn kind_word(mark: &Mark) -> &'static str {
    match mark.kind {
        MarkKind::Frame => texts::canvas::a_frame(),
        MarkKind::Comment => texts::canvas::a_comment(),
    }
}

/// Place and size of a mark on the canvas.
pub(super) fn world_rect(mark: &Mark) -> Rect {
    Rect::from_min_size(pos(mark.position), mark.size.into())
}

/// What readers of the screen call a mark.
fn spoken(mark: &Mark) -> String {
    let first = mark.text.lines().next().unwrap_or_default();
    let word = match mark.kind {
        MarkKind::Frame => texts::canvas::frame(),
        MarkKind::Comment => texts::canvas::comment(),
    };
    format!("{word} {first}").trim_end().to_owned()
}

impl Canvas {
    pub(super) fn seen_marks<'a>(&self, ui: &Ui, scene: &Scene<'a>) -> Vec<SeenMark<'a>> {
        let mut marks: Vec<(u32, &Mark)> = scene.pipeline.marks().collect();
        // A frame within a frame lies above it, and comments above both.
        let area = |mark: &Mark| mark.size[0] * mark.size[1];
        marks.sort_by(|(_, a), (_, b)| {
            let rank = |mark: &Mark| mark.kind == MarkKind::Comment;
            rank(a).cmp(&rank(b)).then(area(b).total_cmp(&area(a)))
        });
        let in_sight = marks.into_iter().filter_map(|(number, mark)| {
            let rect = self.view.rect_to_screen(world_rect(mark));
            if !rect.intersects(self.view.rect) {
                return None;
            }
            let handle = match mark.kind {
                MarkKind::Frame => Rect::from_min_size(rect.min, vec2(rect.width(), self.title_height())),
                MarkKind::Comment => rect,
            };
            let handle = ui.interact(handle, mark_id(number, "handle"), Sense::click_and_drag());
            let selected = scene.selected_marks.contains(&number);
            handle.widget_info(|| WidgetInfo::selected(Role::Button, true, selected, spoken(mark)));
            let corner = Rect::from_min_max(rect.max - Vec2::splat(14.0), rect.max + Vec2::splat(2.0));
            let corner = ui.interact(corner, mark_id(number, "corner"), Sense::drag());
            corner.widget_info(|| {
                WidgetInfo::labeled(Role::Splitter, true, texts::canvas::corner_of(&spoken(mark)))
            });
            Some(SeenMark { number, mark, rect, handle, corner })
        });
        in_sight.collect()
    }

    fn title_height(&self) -> f32 {
        (TITLE * self.view.zoom).max(MIN_TITLE)
    }

    pub(super) fn handle_marks(
        &mut self,
        ui: &Ui,
        scene: &Scene<'_>,
        seen: &[SeenMark<'_>],
        commands: &mut Vec<Command>,
    ) {
        let (adds, alone) = ui.input(|i| (i.modifiers.shift || i.modifiers.command, i.modifiers.alt));
        for item in seen {
            let number = item.number;
            let selected = scene.selected_marks.contains(&number);
            let only = || Command::SelectAlso(Vec::new(), vec![number]);
            if item.handle.clicked() {
                commands.push(if adds {
                    let mut numbers = scene.selected_marks.clone();
                    if !numbers.remove(&number) {
                        numbers.insert(number);
                    }
                    Command::SelectAlso(
                        scene.selection.iter().cloned().collect(),
                        numbers.into_iter().collect(),
                    )
                } else {
                    only()
                });
            }
            if item.handle.secondary_clicked() && !selected {
                commands.push(only());
            }
            if item.handle.double_clicked() {
                commands.push(Command::EditMark(number));
            }
            let start = ui.input(|i| i.pointer.press_origin());
            if let (Some(pointer), true) = (start, matches!(self.gesture, Gesture::None)) {
                if item.corner.drag_started_by(PointerButton::Primary) {
                    self.gestures += 1;
                    self.gesture = Gesture::Resize {
                        start: self.view.to_world(pointer),
                        mark: number,
                        from: item.mark.clone(),
                        number: self.gestures,
                    };
                } else if item.handle.drag_started_by(PointerButton::Primary) {
                    let (mut names, mut numbers) = (BTreeSet::new(), BTreeSet::from([number]));
                    if selected {
                        names.clone_from(scene.selection);
                        numbers.clone_from(scene.selected_marks);
                    } else {
                        commands.push(only());
                    }
                    if !alone {
                        for number in numbers.clone() {
                            let (nodes, marks) = self.within(scene.pipeline, scene.states, number);
                            names.extend(nodes);
                            numbers.extend(marks);
                        }
                    }
                    self.begin_move(scene, pointer, names, numbers);
                }
            }
            if item.corner.hovered() {
                ui.ctx().set_cursor_icon(CursorIcon::ResizeNwSe);
            }
            menu::mark(&item.handle, number, item.mark, commands);
        }
    }

    /// Nodes and marks begin to follow the pointer.
    pub(super) fn begin_move(
        &mut self,
        scene: &Scene<'_>,
        pointer: Pos2,
        names: BTreeSet<String>,
        numbers: BTreeSet<u32>,
    ) {
        let nodes = scene.pipeline.nodes().filter(|n| names.contains(&n.name));
        let from = nodes.map(|n| (n.name.clone(), n.position)).collect();
        let marks = scene.pipeline.marks().filter(|(number, _)| numbers.contains(number));
        let marks = marks.map(|(number, mark)| (number, mark.clone())).collect();
        self.gestures += 1;
        let start = self.view.to_world(pointer);
        self.gesture = Gesture::Move { start, from, marks, number: self.gestures };
    }

    /// The nodes and smaller marks whose middle lies in a frame.
    pub fn within(
        &self,
        pipeline: &Pipeline,
        states: &BTreeMap<String, NodeState>,
        number: u32,
    ) -> (Vec<String>, Vec<u32>) {
        let Some(frame) = pipeline.mark(number).filter(|mark| mark.kind == MarkKind::Frame) else {
            return (Vec::new(), Vec::new());
        };
        let rect = world_rect(frame);
        let holds = |other: Rect| rect.contains(other.center());
        let nodes = pipeline.nodes().filter(|node| holds(self.faces.rect(node, states)));
        let smaller = |mark: &Mark| world_rect(mark).area() < rect.area();
        let marks = pipeline
            .marks()
            .filter(|(other, mark)| *other != number && smaller(mark) && holds(world_rect(mark)));
        (nodes.map(|node| node.name.clone()).collect(), marks.map(|(number, _)| number).collect())
    }

    /// Place and size of a frame around nodes and marks, which lie at `moved` where that names them.
    pub fn frame_around(
        &self,
        pipeline: &Pipeline,
        states: &BTreeMap<String, NodeState>,
        nodes: &[String],
        marks: &[u32],
        moved: &[(String, [f32; 2])],
    ) -> Option<([f32; 2], [f32; 2])> {
        let node_rect = |name: &String| {
            let rect = self.faces.rect(pipeline.node(name)?, states);
            let place = moved.iter().find(|(other, _)| other == name);
            Some(place.map_or(rect, |(_, at)| Rect::from_min_size(pos(*at), rect.size())))
        };
        let rects = nodes.iter().filter_map(node_rect);
        let marks = marks.iter().filter_map(|number| pipeline.mark(*number).map(world_rect));
        let all = rects.chain(marks).fold(Rect::NOTHING, Rect::union);
        if !all.is_positive() {
            return None;
        }
        let min = all.min - vec2(MARGIN, MARGIN + TITLE);
        let (min, max) = (snap([min.x, min.y]), snap([all.max.x + MARGIN, all.max.y + MARGIN]));
        Some((min, [max[0] - min[0], max[1] - min[1]]))
    }

    pub(super) fn draw_marks(&self, ui: &Ui, scene: &Scene<'_>, seen: &[SeenMark<'_>]) {
        for item in seen {
            let selected = scene.selected_marks.contains(&item.number);
            let edited = self.renaming.as_ref().is_some_and(|r| r.target == Target::Mark(item.number));
            match item.mark.kind {
                MarkKind::Frame => self.draw_frame(ui, item, selected, edited),
                MarkKind::Comment => self.draw_comment(ui, item, selected, edited),
            }
            if selected || item.corner.hovered() {
                let p = theme::palette(ui.visuals());
                let at = item.rect.max - vec2(4.0, 4.0);
                for length in [5.0, 9.0] {
                    let ends = [at - vec2(length, 0.0), at - vec2(0.0, length)];
                    ui.painter().line_segment(ends, Stroke::new(1.0, p.text_weak));
                }
            }
        }
    }

    fn draw_frame(&self, ui: &Ui, item: &SeenMark<'_>, selected: bool, edited: bool) {
        let p = theme::palette(ui.visuals());
        let color = theme::mark_color(item.mark.color, ui.visuals());
        let radius = (8.0 * self.view.zoom).clamp(2.0, 8.0) as u8;
        let edge =
            if selected { Stroke::new(1.5, p.accent) } else { Stroke::new(1.0, color.gamma_multiply(0.45)) };
        let painter = ui.painter();
        painter.rect(item.rect, radius, color.gamma_multiply(0.09), edge, StrokeKind::Inside);
        let title = Rect::from_min_size(item.rect.min, vec2(item.rect.width(), self.title_height()));
        let rounding = CornerRadius { nw: radius, ne: radius, sw: 0, se: 0 };
        painter.rect_filled(title.shrink(1.0), rounding, color.gamma_multiply(0.22));
        if edited {
            return;
        }
        let font = FontId::proportional(step((13.0 * self.view.zoom).max(11.0)));
        let words =
            super::node::one_line(painter, &item.mark.text, font, p.text_strong, title.width() - 16.0);
        let place = title.left_center() + vec2((10.0 * self.view.zoom).max(5.0), -words.size().y / 2.0);
        painter.galley(place, words, p.text_strong);
    }

    fn draw_comment(&self, ui: &Ui, item: &SeenMark<'_>, selected: bool, edited: bool) {
        let p = theme::palette(ui.visuals());
        let color = theme::mark_color(item.mark.color, ui.visuals());
        let edge =
            if selected { Stroke::new(1.5, p.accent) } else { Stroke::new(1.0, color.gamma_multiply(0.4)) };
        let fill = p.panel.lerp_to_gamma(color, 0.12);
        ui.painter().rect(
            item.rect,
            (4.0 * self.view.zoom).clamp(1.0, 4.0) as u8,
            fill,
            edge,
            StrokeKind::Inside,
        );
        if edited || self.view.zoom < 0.2 {
            return;
        }
        let galley = self.comment_text(ui, item.mark, self.view.zoom);
        let clip = ui.painter().with_clip_rect(item.rect.intersect(ui.clip_rect()));
        clip.galley(item.rect.min + comment_margin() * self.view.zoom, galley, p.text);
    }

    fn comment_text(&self, ui: &Ui, mark: &Mark, zoom: f32) -> std::sync::Arc<egui::Galley> {
        let p = theme::palette(ui.visuals());
        let width = (mark.size[0] - 2.0 * comment_margin().x) * zoom;
        ui.painter().layout(
            mark.text.clone(),
            FontId::proportional(step(13.0 * zoom)),
            p.text,
            width.max(8.0),
        )
    }

    /// The height a comment needs for its text, in canvas units.
    pub(super) fn comment_height(&self, ui: &Ui, mark: &Mark) -> f32 {
        let text = self.comment_text(ui, mark, 1.0).size().y + 2.0 * comment_margin().y;
        (text / 4.0).ceil() * 4.0
    }

    /// Where the words of a mark are edited.
    pub(super) fn edit_rect(&self, mark: &Mark) -> Rect {
        let rect = self.view.rect_to_screen(world_rect(mark));
        match mark.kind {
            MarkKind::Frame => Rect::from_min_size(
                rect.min,
                vec2(rect.width().clamp(140.0, 360.0), self.title_height().max(24.0)),
            ),
            MarkKind::Comment => Rect::from_min_size(rect.min, rect.size().max(vec2(140.0, 40.0))),
        }
    }
}

/// Room between the edge of a comment and its text.
fn comment_margin() -> Vec2 {
    vec2(10.0, 8.0)
}

fn mark_id(number: u32, part: &str) -> Id {
    Id::unique(("canvas_mark", number, part))
}
