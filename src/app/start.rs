//! The start screen, shown while nothing is begun: recent pipelines, templates, a place to drop a recording.

use super::{
    App, answer::Recent, command::Command, examples::EXAMPLES, settings::RecentList, shortcuts,
    sketch::Sketch, text, texts, theme,
};
use crate::pipeline::Document;
use egui::{
    Align2, FontId, Id, Painter, Rect, Role, ScrollArea, Sense, Shape, Stroke, StrokeKind, Ui, Vec2,
    WidgetInfo, pos2, vec2,
};

/// Widest the screen is drawn.
const WIDTH: f32 = 1080.0;
/// Of a template, and of its picture.
const CARD: Vec2 = vec2(226.0, 158.0);
const PICTURE: f32 = 86.0;
/// Of a recent file.
const ROW: f32 = 46.0;

/// What the start screen keeps between two frames.
#[derive(Default)]
pub struct Start {
    /// Pictures of the templates, once they are drawn.
    templates: Vec<Sketch>,
    /// Files that were open, and what is known of them; `None` until it is asked for.
    recent: Option<Vec<Recent>>,
    /// How often that was no longer true: answers to what was asked before do not count.
    changes: u64,
}

impl Start {
    /// Files may have come and gone since they were listed.
    pub fn look_again(&mut self) {
        self.recent = None;
        self.changes += 1;
    }

    /// What became of the files, as asked after so many changes.
    pub fn listed(&mut self, changes: u64, found: Vec<Recent>) {
        if changes == self.changes {
            self.recent = Some(found);
        }
    }
}

impl App {
    /// True while the start screen is shown.
    pub(super) fn greets(&self) -> bool {
        self.sheet.welcome && self.sheet.is_empty()
    }

    /// Draws the start screen.
    pub(super) fn start_ui(&mut self, ui: &mut Ui) -> Vec<Command> {
        let mut commands = Vec::new();
        if self.start.templates.is_empty() {
            let sketch = |text: &str| Document::parse(text, "template", &self.registry).ok();
            let opened = EXAMPLES.iter().map(|example| sketch(example.text));
            let sketch = |pipeline| Sketch::new(&pipeline, &self.registry);
            self.start.templates =
                opened.map(|opened| opened.map_or_else(Sketch::default, |o| sketch(o.pipeline))).collect();
        }
        if self.start.recent.is_none() {
            self.start.recent = Some(Vec::new());
            self.backend.look_after(self.start.changes, self.settings.recent.clone());
        }
        let p = theme::palette(ui.visuals());
        ui.painter().rect_filled(ui.max_rect(), 0.0, p.canvas);
        ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
            let room = ui.available_width();
            let width = (room - 48.0).min(WIDTH);
            ui.horizontal(|ui| {
                ui.add_space(((room - width) / 2.0).max(0.0));
                ui.vertical(|ui| {
                    ui.set_width(width);
                    ui.add_space(28.0);
                    self.offer_ui(ui, &mut commands);
                    ui.add_space(20.0);
                    let beside = width > 860.0;
                    let left = if beside { 320.0 } else { width };
                    let layout = match beside {
                        true => egui::Layout::left_to_right(egui::Align::Min),
                        false => egui::Layout::top_down(egui::Align::Min),
                    };
                    ui.with_layout(layout, |ui| {
                        ui.vertical(|ui| {
                            ui.set_width(left);
                            self.recent_ui(ui, &mut commands);
                        });
                        ui.add_space(28.0);
                        ui.vertical(|ui| self.templates_ui(ui, &mut commands));
                    });
                    ui.add_space(28.0);
                });
            });
        });
        commands
    }

    /// The place to drop a file, with what else there is to begin with.
    fn offer_ui(&self, ui: &mut Ui, commands: &mut Vec<Command>) {
        let p = theme::palette(ui.visuals());
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), 132.0), Sense::hover());
        ui.painter().rect_filled(rect, 8.0, p.panel);
        dashed(ui.painter(), rect.shrink(1.0), Stroke::new(1.5, p.node_edge));
        let middle = rect.center();
        let title = texts::files::drop_a_recording_here();
        let font = FontId::proportional(20.0);
        ui.painter().text(middle - vec2(0.0, 36.0), Align2::CENTER_CENTER, title, font, p.text_strong);
        let words = texts::files::drop_explained();
        let font = FontId::proportional(13.0);
        ui.painter().text(middle - vec2(0.0, 10.0), Align2::CENTER_CENTER, words, font, p.text_weak);
        let row = Rect::from_center_size(middle + vec2(0.0, 30.0), vec2(470.0, 28.0));
        // A child of its own, so that what follows stands below the whole.
        let mut child = ui.new_child(egui::UiBuilder::new().max_rect(row));
        child.horizontal_centered(|ui| {
            ui.spacing_mut().item_spacing.x = 8.0;
            let size = vec2(150.0, 28.0);
            for (label, action, hint) in [
                (texts::actions::open(), texts::actions::open(), texts::files::open_hint()),
                (texts::files::empty_pipeline(), texts::actions::new(), texts::files::empty_pipeline_hint()),
                (texts::files::quick_start(), "", texts::files::quick_start_hint()),
            ] {
                let action = shortcuts::action(action);
                let keys = action.map(|a| format!(" ({})", a.keys(ui.ctx()))).unwrap_or_default();
                let button = ui.add_sized(size, egui::Button::new(label));
                if button.on_hover_text(format!("{hint}{keys}")).clicked() {
                    commands.push(action.map_or(Command::OpenExample(0), |action| (action.make)()));
                }
            }
        });
        if !self.unsaved.is_empty() {
            ui.add_space(8.0);
            ui.horizontal(|ui| {
                let count = texts::counts::pipelines(self.unsaved.len());
                ui.colored_label(p.warn, texts::files::unsaved_before(&count));
                if ui.button(texts::files::recover_dialog()).clicked() {
                    commands.push(Command::ShowUnsaved);
                }
            });
        }
    }

    fn recent_ui(&self, ui: &mut Ui, commands: &mut Vec<Command>) {
        let p = theme::palette(ui.visuals());
        ui.label(egui::RichText::new(texts::files::recent()).strong().size(15.0));
        ui.add_space(4.0);
        let recent = self.start.recent.as_deref().unwrap_or_default();
        if recent.is_empty() {
            ui.weak(texts::files::no_recent_files());
            return;
        }
        ui.spacing_mut().item_spacing.y = 2.0;
        for file in recent {
            let name = file.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), ROW), Sense::click());
            let state = if file.is_there { "" } else { texts::files::and_missing() };
            response.widget_info(|| {
                WidgetInfo::labeled(Role::Button, file.is_there, texts::files::recent_name(&name, &state))
            });
            if response.hovered() || response.has_focus() {
                ui.painter().rect_filled(rect, 5.0, p.control);
            }
            let picture = Rect::from_min_size(rect.min + vec2(6.0, 5.0), vec2(72.0, ROW - 10.0));
            ui.painter().rect_filled(picture, 4.0, p.panel);
            if let Some(sketch) = &file.sketch {
                sketch.draw(ui, picture.shrink(3.0));
            }
            let color = if file.is_there { p.text_strong } else { p.text_weak };
            let left = rect.min + vec2(88.0, 6.0);
            let room = rect.width() - 116.0;
            let font = FontId::proportional(13.5);
            let words = super::canvas::node::one_line(ui.painter(), &name, font, color, room);
            ui.painter().galley(left, words, color);
            let folder = file.path.parent().map_or_else(String::new, |f| f.display().to_string());
            let (below, color) = match &file.age_s {
                Some(age) => (format!("{} · {folder}", text::ago(*age)), p.text_weak),
                None => (texts::files::missing_from(&folder), p.warn),
            };
            let font = FontId::proportional(11.5);
            let words = super::canvas::node::one_line(ui.painter(), &below, font, color, room);
            ui.painter().galley(left + vec2(0.0, 18.0), words, color);
            let cross = Rect::from_center_size(pos2(rect.right() - 14.0, rect.center().y), Vec2::splat(18.0));
            let forget = ui.interact(cross, Id::unique(("forget", &file.path)), Sense::click());
            forget.widget_info(|| WidgetInfo::labeled(Role::Button, true, texts::files::forget(&name)));
            if response.hovered() || forget.hovered() || !file.is_there {
                let color = if forget.hovered() { p.text_strong } else { p.text_weak };
                ui.painter().text(
                    cross.center(),
                    Align2::CENTER_CENTER,
                    "×",
                    FontId::proportional(14.0),
                    color,
                );
            }
            if forget.on_hover_text(texts::files::forget_hint()).clicked() {
                commands.push(Command::ForgetRecent(RecentList::Pipelines, file.path.clone()));
            } else if response.on_hover_text(file.path.display().to_string()).clicked() {
                commands.push(Command::Open(file.path.clone()));
            }
        }
    }

    fn templates_ui(&self, ui: &mut Ui, commands: &mut Vec<Command>) {
        let p = theme::palette(ui.visuals());
        ui.label(egui::RichText::new(texts::files::templates()).strong().size(15.0));
        ui.add_space(4.0);
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = vec2(12.0, 12.0);
            for (index, (example, sketch)) in EXAMPLES.iter().zip(&self.start.templates).enumerate() {
                let (rect, response) = ui.allocate_exact_size(CARD, Sense::click());
                response.widget_info(|| {
                    WidgetInfo::labeled(Role::Button, true, texts::files::template(&(example.name)()))
                });
                let lit = response.hovered() || response.has_focus();
                let edge = Stroke::new(1.0, if lit { p.accent } else { p.node_edge });
                ui.painter().rect(rect, 6.0, p.panel, edge, StrokeKind::Inside);
                let picture = Rect::from_min_size(rect.min, vec2(CARD.x, PICTURE)).shrink2(vec2(14.0, 8.0));
                sketch.draw(ui, picture);
                let at = rect.min + vec2(12.0, PICTURE + 2.0);
                let font = FontId::proportional(14.0);
                ui.painter().text(at, Align2::LEFT_TOP, (example.name)(), font, p.text_strong);
                let font = FontId::proportional(11.5);
                let about =
                    ui.painter().layout((example.about)().to_owned(), font, p.text_weak, CARD.x - 24.0);
                ui.painter().galley(at + vec2(0.0, 20.0), about, p.text_weak);
                if response.clicked() {
                    commands.push(Command::OpenExample(index));
                }
            }
        });
    }
}

fn dashed(painter: &Painter, rect: Rect, stroke: Stroke) {
    let corners =
        [rect.left_top(), rect.right_top(), rect.right_bottom(), rect.left_bottom(), rect.left_top()];
    painter.extend(Shape::dashed_line(&corners, stroke, 7.0, 6.0));
}
