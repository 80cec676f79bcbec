//! Short messages at the lower right, for what happened away from the eyes.

use super::{command::Command, texts, theme};
use egui::{Align2, Area, Context, Frame, Id, Order, Role, Sense, Stroke, WidgetInfo, vec2};

/// Seconds that what needs no answer stays.
const STAY_S: f64 = 6.0;
/// Seconds that what offers something stays.
const OFFER_S: f64 = 45.0;

/// How bad a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Info,
    Good,
    Bad,
}

struct Offer {
    buttons: Vec<(String, Command)>,
    sheet: u64,
}

struct Toast {
    text: String,
    level: Level,
    /// When it goes, in seconds of the window; set when it is first seen. What went wrong stays.
    until: Option<f64>,
    /// Buttons with what they do, and the sheet they are about.
    offer: Option<Offer>,
}

/// The messages that are shown.
#[derive(Default)]
pub struct Toasts(Vec<Toast>);

impl Toasts {
    /// Something went wrong; it stays until it is closed.
    pub fn error(&mut self, text: impl Into<String>) {
        self.push(text.into(), Level::Bad);
    }

    /// Something went well.
    pub fn success(&mut self, text: impl Into<String>) {
        self.push(text.into(), Level::Good);
    }

    /// Something to know.
    pub fn info(&mut self, text: impl Into<String>) {
        self.push(text.into(), Level::Info);
    }

    /// Something to know of a sheet, with buttons for what may be meant; shown where that is in front.
    pub fn offer(&mut self, sheet: u64, text: impl Into<String>, buttons: Vec<(String, Command)>) {
        self.push(text.into(), Level::Info);
        if let Some(toast) = self.0.last_mut() {
            toast.offer = Some(Offer { buttons, sheet });
        }
    }

    fn push(&mut self, text: String, level: Level) {
        // Said twice, it is shown once.
        self.0.retain(|toast| toast.text != text);
        self.0.push(Toast { text, level, until: None, offer: None });
    }

    /// Draws those that are about the sheet in front or none, the newest lowest; what is to be done.
    pub fn show(&mut self, ctx: &Context, front: u64) -> Option<Command> {
        if self.0.is_empty() {
            return None;
        }
        let now = ctx.input(|i| i.time);
        self.0.retain(|toast| toast.until.is_none_or(|until| now < until));
        let (mut closed, mut taken) = (None, None);
        let area = Area::new(Id::unique("toasts")).order(Order::Foreground);
        area.anchor(Align2::RIGHT_BOTTOM, vec2(-12.0, -38.0)).show(ctx, |ui| {
            let p = theme::palette(ui.visuals());
            let is_here = |toast: &Toast| toast.offer.as_ref().is_none_or(|offer| offer.sheet == front);
            for (index, toast) in self.0.iter_mut().enumerate().filter(|(_, toast)| is_here(toast)) {
                let color = match toast.level {
                    Level::Info => p.accent,
                    Level::Good => p.good,
                    Level::Bad => p.bad,
                };
                if toast.level != Level::Bad {
                    let stays = if toast.offer.is_some() { OFFER_S } else { STAY_S };
                    let until = *toast.until.get_or_insert(now + stays);
                    ctx.request_repaint_after_secs((until - now) as f32);
                }
                let frame = Frame::popup(ui.style()).stroke(Stroke::new(1.0, color.gamma_multiply(0.6)));
                frame.show(ui, |ui| {
                    ui.set_width(340.0);
                    ui.horizontal_top(|ui| {
                        let (dot, _) = ui.allocate_exact_size(vec2(8.0, 16.0), Sense::hover());
                        ui.painter().circle_filled(dot.center(), 4.0, color);
                        ui.add(egui::Label::new(&toast.text).wrap());
                    });
                    for (label, command) in toast.offer.iter().flat_map(|offer| &offer.buttons) {
                        if ui.button(label).clicked() {
                            taken = Some(command.clone());
                            closed = Some(index);
                        }
                    }
                    if toast.level == Level::Bad {
                        let close = ui.small_button(texts::menus::close());
                        close.widget_info(|| {
                            WidgetInfo::labeled(Role::Button, true, texts::menus::close_message())
                        });
                        if close.clicked() {
                            closed = Some(index);
                        }
                    }
                });
            }
        });
        if let Some(index) = closed {
            self.0.remove(index);
        }
        taken
    }
}
