//! The contacts where they lie: seen, chosen, moved, added.

use super::ProbePanel;
use crate::{
    app::{texts, theme},
    data::ContactShape,
};
use egui::{Align2, Color32, FontId, Pos2, Rect, Role, Sense, Stroke, Ui, Vec2, WidgetInfo, pos2, vec2};

/// Where the picture looks.
#[derive(Default)]
pub(super) struct View {
    /// µm in the middle, and points a µm; fitted where `None`.
    place: Option<([f64; 2], f64)>,
    /// The contact that is dragged, and where it was taken.
    dragged: Option<usize>,
}

impl View {
    pub(super) fn fit(&mut self) {
        self.place = None;
    }
}

impl ProbePanel {
    pub(super) fn picture_ui(&mut self, ui: &mut Ui) {
        let p = theme::palette(ui.visuals());
        let (rect, response) = ui.allocate_exact_size(ui.available_size(), Sense::click_and_drag());
        response.widget_info(|| {
            WidgetInfo::labeled(Role::GraphicsObject, true, texts::probe::contacts_on_the_picture())
        });
        let (mut middle, mut scale) = self.view.place.unwrap_or_else(|| self.fitted(rect));
        let scroll = ui.input(|i| i.smooth_scroll_delta().y);
        if response.hovered()
            && scroll != 0.0
            && let Some(pointer) = response.hover_pos()
        {
            let at = place(rect, middle, scale, pointer);
            scale = (scale * f64::from((scroll / 240.0).exp())).clamp(1e-3, 200.0);
            let moved = place(rect, middle, scale, pointer);
            middle = [middle[0] + at[0] - moved[0], middle[1] + at[1] - moved[1]];
            self.view.place = Some((middle, scale));
        }
        let screen = |at: [f64; 2]| {
            pos2(
                rect.center().x + ((at[0] - middle[0]) * scale) as f32,
                rect.center().y - ((at[1] - middle[1]) * scale) as f32,
            )
        };
        let under = response.interact_pointer_pos().or(response.hover_pos()).and_then(|pointer| {
            let near = |&(_, d): &(usize, f32)| d < 14.0;
            let all = self.probe.contacts.iter().enumerate();
            let distances = all.map(|(i, c)| (i, screen(c.position_um).distance(pointer)));
            distances.filter(near).min_by(|a, b| a.1.total_cmp(&b.1)).map(|(i, _)| i)
        });
        let painter = ui.painter_at(rect);
        for contour in &self.probe.contours_um {
            let points: Vec<Pos2> = contour.iter().map(|&at| screen(at)).collect();
            painter.add(egui::Shape::closed_line(points, Stroke::new(1.0, p.line)));
        }
        let labelled = scale * self.pitch() > 16.0;
        for (index, contact) in self.probe.contacts.iter().enumerate() {
            let at = screen(contact.position_um);
            if !rect.expand(20.0).contains(at) {
                continue;
            }
            let chosen = self.selected.contains(&index);
            let color = match (chosen, contact.device_channel_index) {
                (true, _) => p.accent,
                (false, Some(_)) => shank_color(contact.shank_index, ui.visuals().dark_mode),
                (false, None) => p.text_weak,
            };
            let size = match contact.shape {
                ContactShape::Circle { radius_um } => vec2(2.0 * radius_um as f32, 2.0 * radius_um as f32),
                ContactShape::Square { width_um } => Vec2::splat(width_um as f32),
                ContactShape::Rect { width_um, height_um } => vec2(width_um as f32, height_um as f32),
            };
            let size = (size * scale as f32).max(Vec2::splat(4.0));
            match contact.shape {
                ContactShape::Circle { .. } => drop(painter.circle_filled(at, size.x / 2.0, color)),
                _ => drop(painter.rect_filled(Rect::from_center_size(at, size), 1.0, color)),
            }
            if under == Some(index) && response.hovered() {
                painter.circle_stroke(at, size.x / 2.0 + 3.0, Stroke::new(1.5, p.text_strong));
            }
            if labelled {
                let words = contact.device_channel_index.map_or("–".to_owned(), |c| c.to_string());
                let font = FontId::proportional(10.0);
                painter.text(
                    at + vec2(size.x / 2.0 + 3.0, 0.0),
                    Align2::LEFT_CENTER,
                    words,
                    font,
                    p.text_weak,
                );
            }
        }
        self.pointer(ui, &response, under, |at| place(rect, middle, scale, at), (middle, scale));
        if self.probe.contacts.is_empty() {
            let words = texts::probe::no_probe_yet();
            painter.text(
                rect.center(),
                Align2::CENTER_CENTER,
                words,
                FontId::proportional(14.0),
                p.text_weak,
            );
        }
        let hint = texts::probe::picture_hint();
        let font = FontId::proportional(11.0);
        painter.text(rect.left_top() + vec2(8.0, 6.0), Align2::LEFT_TOP, hint, font, p.text_weak);
        self.scale_bar(ui, rect, scale);
    }

    fn pointer(
        &mut self,
        ui: &Ui,
        response: &egui::Response,
        under: Option<usize>,
        place: impl Fn(Pos2) -> [f64; 2],
        (middle, scale): ([f64; 2], f64),
    ) {
        let extends = ui.input(|i| i.modifiers.shift || i.modifiers.command);
        if response.drag_started() {
            self.view.dragged = under;
            if let Some(contact) = under {
                self.remember();
                if !self.selected.contains(&contact) {
                    self.selected = [contact].into();
                }
            }
        }
        if response.dragged() {
            let delta = response.drag_delta();
            let by = [f64::from(delta.x) / scale, -f64::from(delta.y) / scale];
            if self.view.dragged.is_some() {
                for &index in &self.selected {
                    if let Some(contact) = self.probe.contacts.get_mut(index) {
                        contact.position_um =
                            [contact.position_um[0] + by[0], contact.position_um[1] + by[1]];
                    }
                }
            } else {
                self.view.place = Some(([middle[0] - by[0], middle[1] - by[1]], scale));
            }
        }
        if response.drag_stopped() && self.view.dragged.take().is_some() {
            // A hand aims at whole micrometres.
            for &index in &self.selected {
                if let Some(contact) = self.probe.contacts.get_mut(index) {
                    contact.position_um = contact.position_um.map(f64::round);
                }
            }
        }
        // A quick hand makes the second of two double clicks a triple one.
        if (response.double_clicked() || response.triple_clicked()) && under.is_none() {
            if let Some(pointer) = response.interact_pointer_pos() {
                // What was fitted stays where it is while contacts are added.
                self.view.place = Some((middle, scale));
                self.add_contact(place(pointer));
            }
        } else if response.clicked() {
            match (under, extends) {
                (Some(contact), true) => {
                    if !self.selected.remove(&contact) {
                        self.selected.insert(contact);
                    }
                }
                (Some(contact), false) => self.selected = [contact].into(),
                (None, _) => self.selected.clear(),
            }
        }
    }

    /// The whole probe, its shanks to the tips of its contacts.
    fn fitted(&self, rect: Rect) -> ([f64; 2], f64) {
        let places: Vec<[f64; 2]> = self.probe.contacts.iter().map(|c| c.position_um).collect();
        if places.is_empty() {
            return ([0.0, 0.0], 1.0);
        }
        let [low, high] = crate::app::views::bounds(&places);
        let room = |axis: usize, points: f32| f64::from(points - 80.0) / (high[axis] - low[axis] + 40.0);
        let scale = room(0, rect.width()).min(room(1, rect.height())).clamp(1e-3, 6.0);
        ([(low[0] + high[0]) / 2.0, (low[1] + high[1]) / 2.0], scale)
    }

    /// The usual distance of a contact to the next.
    fn pitch(&self) -> f64 {
        let places: Vec<[f64; 2]> = self.probe.contacts.iter().take(64).map(|c| c.position_um).collect();
        let near = |a: usize| {
            let others = (0..places.len()).filter(|&b| b != a);
            others
                .map(|b| (places[a][0] - places[b][0]).hypot(places[a][1] - places[b][1]))
                .fold(1e9, f64::min)
        };
        let mut all: Vec<f64> = (0..places.len()).map(near).collect();
        all.sort_by(f64::total_cmp);
        all.get(all.len() / 2).copied().unwrap_or(0.0)
    }

    fn scale_bar(&self, ui: &Ui, rect: Rect, scale: f64) {
        let p = theme::palette(ui.visuals());
        let um = crate::app::views::axis::step(80.0 / scale, 1);
        let width = (um * scale) as f32;
        let right = rect.right_bottom() - vec2(16.0, 16.0);
        ui.painter().hline(right.x - width..=right.x, right.y, Stroke::new(2.0, p.text_strong));
        let font = FontId::proportional(11.0);
        let words = format!("{um} µm");
        ui.painter().text(right - vec2(width / 2.0, 6.0), Align2::CENTER_BOTTOM, words, font, p.text);
    }
}

fn place(rect: Rect, middle: [f64; 2], scale: f64, at: Pos2) -> [f64; 2] {
    let from = at - rect.center();
    [middle[0] + f64::from(from.x) / scale, middle[1] - f64::from(from.y) / scale]
}

fn shank_color(shank: usize, dark: bool) -> Color32 {
    crate::app::views::colors::unit(shank, dark)
}
