//! Units of a sorting: a table on the left, everything about the selected ones on the right.

mod columns;
mod correlograms;
mod filter;
mod locations;
mod panels;
mod table;

use super::{
    export::{Wish, Write, write_table},
    picture,
    related::{Related, is_about},
};
use crate::{
    app::texts,
    data::{Recording, Sorting, Templates},
    inspect::{
        Lane, Lanes, MeanWaveforms, Pairs, PairsRequest, SpanReader, UnitSummary, mean_waveforms, pairs,
        summarise,
    },
};
use egui::{TextureHandle, TextureOptions, Ui, UiBuilder, vec2};
use std::{collections::BTreeSet, sync::Arc};
use table::UnitTable;

/// Units that are drawn at once in the panels.
const SHOWN: usize = 6;

/// The view of a sorting.
pub struct UnitView {
    sorting: Arc<Sorting>,
    num_frames: Vec<usize>,
    summary_lane: Lane<UnitSummary>,
    summary: Option<Arc<UnitSummary>>,
    pairs_lane: Lane<Pairs>,
    pairs: Option<Pairs>,
    pairs_asked: Option<Vec<usize>>,
    means_lane: Lane<MeanWaveforms>,
    means: Option<MeanWaveforms>,
    means_asked: bool,
    recording: Option<(String, Recording)>,
    templates: Option<Arc<Templates>>,
    table: UnitTable,
    pictures: [Cached; 4],
    /// What belongs to the units was looked for.
    related_known: bool,
    /// A recording is connected, whether it can be read or not.
    has_recording: bool,
}

/// A picture of points and the state it was made for.
#[derive(Default)]
struct Cached {
    texture: Option<TextureHandle>,
    key: Option<(u64, [usize; 2], bool)>,
}

impl Cached {
    fn draw(
        &mut self,
        ui: &Ui,
        rect: egui::Rect,
        version: u64,
        make: impl FnOnce([usize; 2], f32, bool) -> egui::ColorImage,
    ) {
        let scale = ui.pixels_per_point();
        let size = [(rect.width() * scale) as usize, (rect.height() * scale) as usize];
        if size[0] == 0 || size[1] == 0 {
            return;
        }
        let key = (version, size, ui.visuals().dark_mode);
        if self.key != Some(key) {
            self.key = Some(key);
            let image = make(size, scale, key.2);
            match &mut self.texture {
                Some(texture) => texture.set(image, TextureOptions::LINEAR),
                None => self.texture = Some(ui.ctx().load_texture("points", image, TextureOptions::LINEAR)),
            }
        }
        if let Some(texture) = &self.texture {
            let uv = egui::Rect::from_min_max(egui::Pos2::ZERO, egui::pos2(1.0, 1.0));
            ui.painter().image(texture.id(), rect, uv, egui::Color32::WHITE);
        }
    }
}

impl UnitView {
    /// Shows a sorting.
    pub fn new(lanes: &Lanes, sorting: Arc<Sorting>) -> Self {
        let mut view = Self {
            num_frames: Vec::new(),
            summary_lane: lanes.lane(),
            summary: None,
            pairs_lane: lanes.lane(),
            pairs: None,
            pairs_asked: None,
            means_lane: lanes.trace_lane(),
            means: None,
            means_asked: false,
            related_known: false,
            has_recording: false,
            recording: None,
            templates: None,
            table: UnitTable::new(&sorting),
            sorting,
            pictures: Default::default(),
        };
        view.summarise();
        view
    }

    /// The sorting that is shown.
    pub fn sorting(&self) -> &Arc<Sorting> {
        &self.sorting
    }

    /// Takes what else of the pipeline belongs to these units.
    pub fn set_related(&mut self, related: &Related) {
        self.related_known = true;
        self.has_recording = related.has_recording;
        let about = related.tables.iter().filter(|(_, table)| is_about(table, &self.sorting.unit_ids));
        self.table.set_tables(&self.sorting, about.map(|(_, table)| table));
        let ids = &self.sorting.unit_ids;
        let same = related.templates.iter().find(|t| t.unit_ids == *ids).cloned();
        // Those of a phy folder are the sorter's, whatever became of its clusters.
        self.templates =
            same.or_else(|| related.templates.iter().find_map(|t| t.of_units(ids).map(Arc::new)));
        if let Some((end, recording)) = &related.recording {
            let frames: Vec<usize> = recording.info().segments.iter().map(|s| s.num_frames).collect();
            let known = self.sorting.segments.iter().all(|s| s.num_frames.is_some());
            if !known && frames != self.num_frames {
                self.num_frames = frames;
                self.summarise();
            }
            if self.recording.as_ref().map(|r| &r.0) != Some(end) {
                self.recording = Some((end.clone(), recording.clone()));
                self.means_asked = false;
            }
        }
    }

    /// True while something about the units is computed.
    pub fn busy(&self) -> bool {
        self.summary_lane.busy() || self.pairs_lane.busy() || self.means_lane.busy()
    }

    /// The means so far, for other views.
    pub fn means(&self) -> Option<&MeanWaveforms> {
        self.means.as_ref()
    }

    fn summarise(&mut self) {
        let (sorting, frames) = (self.sorting.clone(), self.num_frames.clone());
        self.summary_lane.request(move |ticket| {
            summarise(&sorting, &frames, &|| ticket.superseded(), &|s| ticket.send(s));
        });
    }

    fn receive(&mut self, selected: &mut BTreeSet<usize>) {
        if let Some(summary) = self.summary_lane.take() {
            self.summary = Some(Arc::new(summary));
            self.pairs_asked = None;
            self.table.stale();
        }
        if let Some(pairs) = self.pairs_lane.take() {
            self.pairs = Some(pairs);
            for cached in &mut self.pictures {
                cached.key = None;
            }
        }
        if let Some(means) = self.means_lane.take() {
            self.means = Some(means);
            self.table.stale();
        }
        if selected.is_empty() && self.summary.is_some() {
            selected.extend(self.table.first(&self.sorting, self.summary.as_deref(), self.means.as_ref()));
        }
        let Some(summary) = self.summary.as_ref().filter(|s| s.is_complete()) else {
            return;
        };
        let shown: Vec<usize> = selected.iter().copied().take(SHOWN).collect();
        if self.pairs_asked.as_ref() != Some(&shown) && !shown.is_empty() {
            self.pairs_asked = Some(shown.clone());
            let request =
                PairsRequest { summary: summary.clone(), units: shown, window_ms: 50.0, bin_ms: 1.0 };
            self.pairs_lane.request(move |ticket| {
                if let Some(pairs) = pairs(&request, &|| ticket.superseded()) {
                    ticket.send(pairs);
                }
            });
        }
        if let (Some((_, recording)), false) = (&self.recording, self.means_asked) {
            self.means_asked = true;
            let (recording, summary) = (recording.clone(), summary.clone());
            self.means_lane.request(move |ticket| {
                // A recording that cannot be read says so in its own view.
                if let Ok(reader) = SpanReader::new(&recording) {
                    mean_waveforms(&reader, &summary, ticket);
                }
            });
        }
    }

    /// Draws the view; changes the selection.
    pub(super) fn ui(&mut self, ui: &mut Ui, selected: &mut BTreeSet<usize>) -> Option<Wish> {
        if self.sorting.num_units() == 0 {
            super::empty::message(ui, texts::units::no_units_were_found(), texts::units::no_units_hint());
            return None;
        }
        selected.retain(|&u| u < self.sorting.num_units());
        self.receive(selected);
        let full = ui.available_rect_before_wrap().shrink2(vec2(8.0, 4.0));
        let table_width = self.table.width().min(full.width() * 0.42);
        let left = full.with_max_x(full.left() + table_width);
        let right = full.with_min_x(left.right() + 12.0);
        let (summary, means) = (self.summary.clone(), self.means.as_ref());
        let mut wish = None;
        ui.scope_builder(UiBuilder::new().max_rect(left).id_salt("units"), |ui| {
            wish = self.table.ui(ui, &self.sorting, summary.as_deref(), means, selected);
        });
        ui.scope_builder(UiBuilder::new().max_rect(right).id_salt("panels"), |ui| {
            wish = self.panels_ui(ui, right, selected).or(wish);
        });
        ui.allocate_rect(full, egui::Sense::hover());
        wish
    }

    /// The table in its order, to be written.
    pub(super) fn values(&self) -> Write {
        let table = self.table.as_table(&self.sorting, self.summary.as_deref(), self.means.as_ref());
        write_table(move || Ok(table))
    }

    /// Templates of the node where there are any, else the means of the recording.
    fn waveforms(&self) -> Option<Arc<Templates>> {
        let means = self.means.as_ref().map(|m| &m.templates);
        let own = self.templates.as_ref();
        // Templates of a sort are in multiples of the noise: µV say more.
        own.filter(|t| t.in_uv).or(means).or(own).cloned()
    }
}
