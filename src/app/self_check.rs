//! The self-check in the window: a small recording with a known truth is sorted here, and what came of it is said.

use super::{App, command::Command, text, texts, theme};
use crate::inspect::selfcheck::SelfCheck;
use egui::{Align2, ProgressBar, Sense, Window, vec2};
use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

/// A self-check, from its start to its result.
pub struct Checking {
    /// The step it is at, and the share that is done.
    pub step: (String, f32),
    /// What came of it.
    pub result: Option<Result<SelfCheck, String>>,
    /// Set where it is to stop: nobody waits for it any more.
    stop: Arc<AtomicBool>,
}

impl Drop for Checking {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

impl App {
    pub(super) fn start_self_check(&mut self) {
        let stop = Arc::new(AtomicBool::new(false));
        self.dialogs.check =
            Some(Checking { step: (texts::help::starting().into(), 0.0), result: None, stop: stop.clone() });
        self.backend.self_check(stop);
    }

    pub(super) fn self_check_told(&mut self, step: String, share: f32) {
        if let Some(checking) = self.dialogs.check.as_mut().filter(|checking| checking.result.is_none()) {
            checking.step = (step, share);
        }
    }

    pub(super) fn self_checked(&mut self, result: Result<SelfCheck, String>) {
        if let Some(checking) = &mut self.dialogs.check {
            checking.result = Some(result);
        }
    }

    pub(super) fn self_check_ui(&mut self) -> Option<Command> {
        let checking = self.dialogs.check.as_ref()?;
        let (mut open, mut again) = (true, None);
        Window::new(texts::help::self_check())
            .open(&mut open)
            .collapsible(false)
            .resizable(false)
            .anchor(Align2::CENTER_CENTER, vec2(0.0, 0.0))
            .show(&self.ctx, |ui| {
                ui.set_width(420.0);
                let p = theme::palette(ui.visuals());
                match &checking.result {
                    None => {
                        ui.label(texts::help::self_check_explained());
                        let (step, share) = &checking.step;
                        ui.add(ProgressBar::new(*share).text(text::sentence(step)));
                    }
                    Some(Ok(found)) => {
                        let (words, color) = match found.is_well() {
                            true => (texts::help::as_expected(), p.good),
                            false => (texts::help::not_as_expected(), p.bad),
                        };
                        ui.label(egui::RichText::new(words).size(15.0).color(color));
                        for (words, is_well) in found.verdicts() {
                            ui.horizontal_wrapped(|ui| {
                                let (dot, _) = ui.allocate_exact_size(vec2(8.0, 16.0), Sense::hover());
                                let color = if is_well { p.good } else { p.bad };
                                ui.painter().circle_filled(dot.center(), 4.0, color);
                                ui.label(text::sentence_of(&words));
                            });
                        }
                        ui.weak(texts::help::self_check_facts(
                            &found.num_channels,
                            &text::took(found.duration_s),
                            &text::took(found.sort_s),
                            &text::took(found.sort_cpu_s),
                            &texts::counts::threads(found.threads),
                            &found.version,
                        ));
                        if !found.is_well() {
                            ui.label(texts::help::maybe_busy());
                        }
                    }
                    Some(Err(reason)) => {
                        ui.colored_label(p.bad, texts::help::check_failed(&reason));
                    }
                }
                ui.add_space(6.0);
                if checking.result.is_some() && ui.button(texts::help::check_again()).clicked() {
                    again = Some(Command::SelfCheck);
                }
            });
        if !open {
            self.dialogs.check = None;
        }
        again
    }
}
