//! What the traces say of the wiring: near channels correlate, or they look shuffled.

use super::ProbePanel;
use crate::{
    app::{texts, theme},
    data::{Probe, Recording, Stage},
    engine::{
        Silent,
        channel_order::{OrderCheck, Verdict, check_order},
    },
};
use egui::Ui;
use std::sync::Arc;

impl ProbePanel {
    pub(super) fn check_ui(&mut self, ui: &mut Ui) {
        let p = theme::palette(ui.visuals());
        let (mut starts, mut applied) = (false, None);
        ui.horizontal(|ui| {
            ui.strong(texts::probe::do_near_channels_correlate());
            if self.check_lane.busy() {
                ui.spinner();
            }
        });
        match (&self.recording, &self.check) {
            (None, _) => drop(ui.weak(texts::probe::opening_the_recording())),
            (Some(Err(reason)), _) => {
                ui.weak(texts::probe::recording_is_computed()).on_hover_text(reason);
            }
            (_, Some(Err(reason))) => drop(ui.colored_label(p.bad, reason)),
            (_, Some(Ok(check))) => {
                let [now, chance, best] = check.neighbors;
                let numbers = texts::probe::correlation_numbers(&now, &chance, &best);
                match check.verdict {
                    Verdict::Fits => drop(ui.colored_label(p.good, texts::probe::wiring_fits(&numbers))),
                    Verdict::Unclear => {
                        ui.colored_label(p.text_weak, texts::probe::wiring_unknown(&numbers));
                    }
                    Verdict::Shuffled => {
                        ui.colored_label(p.warn, texts::probe::wiring_shuffled(&numbers));
                        let button = ui.button(texts::probe::wire_by_correlation());
                        let hint = texts::probe::wire_by_correlation_hint();
                        if button.on_hover_text(hint).clicked() {
                            applied = Some(check.order.clone());
                        }
                    }
                }
                Self::pairs_ui(ui, &check.pairs);
            }
            (Some(Ok(_)), None) => {
                let enough = self.probe.contacts.len() >= 4;
                let button = ui.add_enabled(
                    enough && !self.check_lane.busy(),
                    egui::Button::new(texts::probe::compare_with_the_traces()),
                );
                let hint = texts::probe::compare_hint();
                starts = button
                    .on_hover_text(hint)
                    .on_disabled_hover_text(texts::probe::choose_a_probe_first())
                    .clicked();
            }
        }
        if starts {
            self.start_check();
        }
        if let Some(order) = applied {
            self.wire_in_order(&order);
        }
    }

    /// Wires the channels in the order that the traces propose, where that was asked for.
    pub(super) fn propose(&mut self) {
        if !std::mem::take(&mut self.proposes) {
            return;
        }
        let Some(Ok(check)) = &self.check else { return };
        if check.verdict == Verdict::Shuffled {
            let order = check.order.clone();
            self.wire_in_order(&order);
        }
    }

    pub(super) fn start_check(&self) {
        let Some(Ok(recording)) = &self.recording else { return };
        let (recording, probe) = (recording.clone(), self.probe.clone());
        self.check_lane.request(move |ticket| {
            let wired = with_probe(&recording, &probe);
            let check: Result<OrderCheck, String> =
                wired.and_then(|wired| check_order(&wired, ticket).map_err(|error| error.to_string()));
            ticket.send(check);
        });
    }

    /// `order[place]` is the channel that belongs to a place, both counted among the wired contacts.
    fn wire_in_order(&mut self, order: &[usize]) {
        let wiring = wiring_of(&self.probe);
        let mut columns: Vec<Option<usize>> =
            self.probe.contacts.iter().map(|contact| contact.device_channel_index).collect();
        for (place, &channel) in order.iter().enumerate() {
            if let (Some(&(_, contact)), Some(&(column, _))) = (wiring.get(place), wiring.get(channel)) {
                columns[contact] = Some(column);
            }
        }
        self.wire(&columns);
        let words = texts::probe::wired_by_correlation();
        self.said = Some((words.to_owned(), false));
        self.start_check();
    }
}

/// The wiring, in order where there is none.
fn wiring_of(probe: &Probe) -> Vec<(usize, usize)> {
    let wiring = probe.wiring();
    if wiring.is_empty() { (0..probe.contacts.len()).map(|i| (i, i)).collect() } else { wiring }
}

/// What the traces of a recording say of the wiring of a probe.
pub fn check_wiring(recording: &Recording, probe: &Probe) -> Result<OrderCheck, String> {
    with_probe(recording, probe).and_then(|wired| check_order(&wired, &Silent).map_err(|e| e.to_string()))
}

/// The channels of a recording that a probe wires, on that probe.
fn with_probe(recording: &Recording, probe: &Probe) -> Result<Recording, String> {
    let wiring = wiring_of(probe);
    let count = recording.info().num_channels();
    if let Some((column, contact)) = wiring.iter().find(|(column, _)| *column >= count) {
        return Err(texts::probe::channel_out_of_range(&contact, &column, &count));
    }
    let (columns, contacts): (Vec<usize>, Vec<usize>) = wiring.into_iter().unzip();
    let picked = recording.with_stage(Stage::SelectChannels { indices: columns });
    let picked = picked.map_err(|error| error.to_string())?;
    let mut info = picked.info().clone();
    info.probe = Some(Arc::new(probe.slice(&contacts)));
    picked.with_info(info).map_err(|error| error.to_string())
}
