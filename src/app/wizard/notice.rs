//! What is remarkable about a file, each with a button that does something about it.

use super::Wizard;
use crate::{
    app::{text, texts, theme},
    engine::layout::Finding,
};
use egui::Ui;
use serde_json::json;

/// Middles that differ by no more than this share of them are told as one.
const SAME: f64 = 0.1;

/// What a button does.
enum Remedy {
    LeaveOut(Vec<usize>),
    RemoveDc,
    /// µV at zero such that the middle of unsigned numbers is 0.
    CenterOffset(f64),
}

impl Wizard {
    pub(super) fn notices_ui(&mut self, ui: &mut Ui) {
        let Some(Ok(tried)) = &self.tried else { return };
        let mut remedy = None;
        let mut notices: Vec<(String, Option<(String, Remedy)>)> = Vec::new();
        let unsigned = self.params.get("dtype").and_then(|d| d.as_str()).filter(|name| name.starts_with('u'));
        if let Some(name) = unsigned {
            let middle = tried.recording.info().dtype.size() as i32 * 8 - 1;
            let middle = 2f64.powi(middle);
            let gain = self.params.get("gain_to_uv").and_then(|gain| gain.as_f64());
            let offset = self.params.get("offset_to_uv").and_then(|offset| offset.as_f64());
            let words = texts::import::unsigned(&name, &middle);
            let button = match gain {
                Some(gain) if offset != Some(-middle * gain) => Some((
                    texts::import::set_the_offset_to_uv().to_owned(),
                    Remedy::CenterOffset(-middle * gain),
                )),
                Some(_) => None,
                None => (!self.remove_dc)
                    .then(|| (texts::import::remove_the_offset().to_owned(), Remedy::RemoveDc)),
            };
            notices.push((words, button));
        }
        match &tried.findings {
            Err(reason) => notices.push((text::sentence_of(reason), None)),
            Ok(found) => {
                for finding in found {
                    let channels: Vec<usize> =
                        finding.channels().iter().copied().filter(|c| !self.left_out.contains(c)).collect();
                    if let (Finding::Offset { middles, channels: whole }, None) = (finding, unsigned) {
                        let all = tried.recording.info().num_channels();
                        let words = swings(whole, all, *middles);
                        let button = (!self.remove_dc)
                            .then(|| (texts::import::remove_the_offset().to_owned(), Remedy::RemoveDc));
                        notices.push((words, button));
                    } else if let Finding::Clipped { count, first_s, is_part, .. } = finding {
                        let (count, first) = (texts::counts::samples(*count), text::number(*first_s));
                        let words = match is_part {
                            true => texts::import::clipped_in_part(&named(&channels), &count, &first),
                            false => texts::import::clipped(&named(&channels), &count, &first),
                        };
                        if !channels.is_empty() {
                            notices.push((words, None));
                        }
                    } else if !channels.is_empty() && !matches!(finding, Finding::Offset { .. }) {
                        let words = format!("{}: {}", named(&channels), about(finding));
                        let fits =
                            channels.len() + self.left_out.len() < tried.recording.info().num_channels();
                        let leave_out = match channels.len() {
                            1 => texts::import::leave_it_out(),
                            _ => texts::import::leave_them_out(),
                        };
                        notices
                            .push((words, fits.then(|| (leave_out.to_owned(), Remedy::LeaveOut(channels)))));
                    }
                }
            }
        }
        let done = !self.left_out.is_empty() || self.remove_dc;
        if notices.is_empty() && !done {
            return;
        }
        let p = theme::palette(ui.visuals());
        ui.strong(texts::import::noticed());
        for (words, button) in notices {
            ui.add(egui::Label::new(egui::RichText::new(words).color(p.warn)).wrap());
            if let Some((label, does)) = button
                && ui.button(label).clicked()
            {
                remedy = Some(does);
            }
        }
        let mut undo = false;
        if done {
            let mut steps = Vec::new();
            if !self.left_out.is_empty() {
                let left: Vec<usize> = self.left_out.iter().copied().collect();
                steps.push(texts::import::left_out(&named(&left)));
            }
            if self.remove_dc {
                steps.push(texts::import::offsets_removed().to_owned());
            }
            ui.horizontal_wrapped(|ui| {
                ui.colored_label(p.good, texts::import::after_the_reader(&steps.join(", ")));
                undo = ui.small_button(texts::import::dont()).clicked();
            });
        }
        if undo {
            self.left_out.clear();
            self.remove_dc = false;
        }
        ui.add_space(8.0);
        match remedy {
            Some(Remedy::LeaveOut(channels)) => self.left_out.extend(channels),
            Some(Remedy::RemoveDc) => self.remove_dc = true,
            Some(Remedy::CenterOffset(offset)) => self.set("offset_to_uv", json!(offset)),
            None => {}
        }
    }
}

/// Where channels swing around: one value, or each its own.
fn swings(channels: &[usize], all: usize, [low, center, high]: [f64; 3]) -> String {
    let who = match channels.len() == all && all > 1 {
        true => texts::import::all_channels(&all),
        false => named(channels),
    };
    if channels.len() == 1 {
        return texts::import::swings_around(&who, &text::number(center));
    }
    if high - low <= SAME * center.abs() {
        return texts::import::swing_around(&who, &text::number(center));
    }
    texts::import::swing_each(&who, &text::number(low), &text::number(high))
}

fn about(finding: &Finding) -> &'static str {
    match finding {
        Finding::Constant { .. } => texts::import::constant(),
        Finding::Digital { .. } => texts::import::digital(),
        Finding::Saturated { .. } => texts::import::saturated(),
        // Told in sentences of their own.
        Finding::Offset { .. } | Finding::Clipped { .. } => texts::import::offset(),
    }
}

/// Channels by index, a few of them.
fn named(channels: &[usize]) -> String {
    let shown: Vec<String> = channels.iter().take(8).map(usize::to_string).collect();
    let more = if channels.len() > shown.len() {
        texts::import::and_more(&(channels.len() - shown.len()))
    } else {
        String::new()
    };
    let shown = shown.join(", ");
    match channels.len() {
        1 => texts::import::channel(&shown),
        _ => texts::import::channels(&shown, &more),
    }
}
