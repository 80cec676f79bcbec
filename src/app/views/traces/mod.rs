//! Traces of a recording: heat map for many channels, lines for a few, spikes on top, another recording beside.
//!
//! Nothing is computed while drawing: what is in sight is asked for, what is there is drawn, and pictures are
//! made by other threads, again only when the window, the data or the gain changed.

mod bar;
mod draw;
mod export;
mod health;
mod input;
mod layer;
mod overlay;
mod pictures;
mod probe;
mod strip;
mod ticks;
mod window;

pub use overlay::Overlay;
pub(in crate::app) use probe::bounds;
pub use window::{Extent, Window};

use super::{export::Wish, related::Related};
use crate::{
    app::texts,
    data::{Id, Recording, Sorting},
    inspect::{Lanes, MeanWaveforms},
};
use egui::{Rect, Role, Sense, Ui, UiBuilder, WidgetInfo, vec2};
use layer::Layer;
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
    sync::Arc,
};

/// Channels whose traces can be told apart where two of each lie on top of each other.
const READABLE: f32 = 8.0;
/// Channels up to which lines are the better picture.
const LINES: usize = 32;

/// Room between two recordings side by side.
const GAP: f32 = 10.0;

/// How channels are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Lines for up to 32 channels, else a heat map.
    Auto,
    /// A line a channel.
    Lines,
    /// A row of colours a channel.
    Heat,
}

/// A sorting that may be drawn on top, with its end `node.port`.
pub type Choice = (String, Arc<Sorting>);

/// Another recording that the first is compared with.
struct Other {
    end: String,
    layer: Layer,
}

/// The view and what it remembers between recordings: time, gain, mode.
pub struct TraceView {
    lanes: Lanes,
    main: Layer,
    end: String,
    other: Option<Other>,
    /// The other recording is drawn under the first, not beside it.
    over: bool,
    /// The other recording is what goes into the node of the first.
    before: bool,
    /// The first channel in sight and how many were, before fewer were shown.
    rows_before: Option<(f32, f32)>,
    ticks: ticks::Ticks,
    strip: health::Strip,
    locations: Option<Arc<Vec<[f64; 2]>>>,
    /// Channel of each row, from the top.
    order: Vec<usize>,
    by_depth: bool,
    chosen: Option<Vec<usize>>,
    window: Window,
    mode: Mode,
    gain: f32,
    overlay: Option<Overlay>,
    overlay_off: bool,
    /// Rows that show the spikes of each unit, made when first drawn.
    piece_rows: Option<Arc<BTreeMap<usize, Range<usize>>>>,
    mark: Option<i64>,
    cursor: Option<(f64, usize)>,
    probe_drag: Option<f32>,
}

impl TraceView {
    /// A view without a recording.
    pub fn new(lanes: &Lanes) -> Self {
        Self {
            lanes: lanes.clone(),
            main: Layer::new(lanes),
            end: String::new(),
            other: None,
            over: false,
            before: false,
            rows_before: None,
            ticks: ticks::Ticks::new(lanes),
            strip: health::Strip::new(lanes),
            locations: None,
            order: Vec::new(),
            by_depth: true,
            chosen: None,
            window: Window { segment: 0, start_s: 0.0, width_s: 0.0, first_row: 0.0, rows: 0.0 },
            mode: Mode::Auto,
            gain: 1.0,
            overlay: None,
            overlay_off: false,
            piece_rows: None,
            mark: None,
            cursor: None,
            probe_drag: None,
        }
    }

    /// Shows another recording at the same place in time, where it has one.
    pub fn set_recording(&mut self, end: &str, recording: &Recording) {
        let info = recording.info_arc();
        let same_channels = self.main.info().is_some_and(|i| i.channel_ids == info.channel_ids);
        self.locations = info.locations_um().map(Arc::new);
        if !same_channels {
            self.chosen = None;
        }
        if self.window.width_s == 0.0 {
            self.window.width_s = if info.num_channels() > LINES { 1.0 } else { 0.5 };
        }
        self.window.segment = self.window.segment.min(info.segments.len().saturating_sub(1));
        self.main.set_recording(recording);
        end.clone_into(&mut self.end);
        self.arrange();
        if !same_channels {
            self.show_rows();
        }
    }

    /// Compares with this recording, or with none.
    pub fn compare_with(&mut self, other: Option<&(String, Recording)>) {
        let Some((end, recording)) = other else {
            self.other = None;
            return;
        };
        if let Some(other) = self.other.as_mut().filter(|other| other.end == *end) {
            return other.layer.set_recording(recording);
        }
        let mut layer = Layer::new(&self.lanes);
        layer.set_recording(recording);
        self.other = Some(Other { end: end.clone(), layer });
    }

    /// Takes in what belongs to the recording: spikes and peaks on top, and what it is compared with as it is now.
    pub(super) fn use_related(&mut self, related: &Related) {
        self.offer_overlay(&related.sortings);
        self.ticks.set(related.glimpsed.clone());
        if self.before {
            self.compare_with(related.before.as_ref());
        } else if let Some(other) = &mut self.other {
            let now = related.recordings.iter().find(|(end, _)| *end == other.end);
            match now {
                Some((_, recording)) => other.layer.set_recording(recording),
                None => self.other = None,
            }
        }
    }

    /// Says which channels steps of the pipeline leave out.
    pub fn set_left_out(&mut self, names: &Arc<BTreeSet<String>>) {
        self.strip.offered = true;
        self.strip.left_out = names.clone();
    }

    /// A channel that was clicked to be left out or taken in again; taken once.
    pub fn take_excluded(&mut self) -> Option<Id> {
        self.strip.clicked.take()
    }

    /// Seconds in sight, from and to.
    pub fn time_range(&self) -> [f64; 2] {
        [self.window.start_s, self.window.start_s + self.window.width_s]
    }

    /// True while samples are read or drawn.
    pub fn busy(&self) -> bool {
        self.main.busy()
            || self.other.as_ref().is_some_and(|other| other.layer.busy())
            || self.overlay.as_ref().is_some_and(Overlay::busy)
            || self.ticks.busy()
            || self.strip.busy()
    }

    /// Puts a time of a segment into the middle.
    pub fn go_to(&mut self, segment: usize, time_s: f64) {
        self.window.segment = segment;
        if let Some(extent) = self.extent() {
            self.window.center(time_s, &extent);
            self.mark = Some((time_s * extent.sampling_frequency) as i64);
        }
    }

    /// The end of the sorting on top.
    pub fn overlay_end(&self) -> Option<&str> {
        self.overlay.as_ref().map(|o| o.end.as_str())
    }

    /// Takes the main channels of units from mean waveforms.
    pub fn learn(&mut self, means: &MeanWaveforms) {
        if let Some(overlay) = &mut self.overlay {
            overlay.learn(means);
            self.piece_rows = None;
        }
    }

    /// Draws spikes of this sorting on top, or of none.
    pub fn set_overlay(&mut self, choice: Option<&Choice>) {
        let Some(info) = self.main.info() else {
            return;
        };
        match choice {
            Some((end, sorting)) => {
                let same = self.overlay.as_ref().is_some_and(|o| Arc::ptr_eq(&o.sorting, sorting));
                if !same {
                    self.overlay = Some(Overlay::new(end, sorting.clone(), info, &self.lanes));
                }
            }
            None => self.overlay = None,
        }
        self.piece_rows = None;
    }

    /// Channels to show, all where `None`.
    fn choose_channels(&mut self, chosen: Option<Vec<usize>>) {
        self.chosen = chosen;
        self.arrange();
        self.show_rows();
    }

    fn arrange(&mut self) {
        let Some(info) = self.main.info() else {
            return;
        };
        let mut order: Vec<usize> = match &self.chosen {
            Some(chosen) => chosen.iter().copied().filter(|&c| c < info.num_channels()).collect(),
            None => (0..info.num_channels()).collect(),
        };
        if let (true, Some(locations)) = (self.by_depth, &self.locations) {
            // The tip is at the bottom; shanks stay together.
            let place = |c: usize| {
                let shank = info.probe.as_ref().and_then(|p| p.contacts.get(c)).map_or(0, |c| c.shank_index);
                (shank, locations.get(c).copied().unwrap_or_default())
            };
            order.sort_by(|&a, &b| {
                let ((shank_a, a_at), (shank_b, b_at)) = (place(a), place(b));
                shank_a
                    .cmp(&shank_b)
                    .then(b_at[1].total_cmp(&a_at[1]))
                    .then(a_at[0].total_cmp(&b_at[0]))
                    .then(a.cmp(&b))
            });
        }
        self.order = order;
        self.piece_rows = None;
        self.main.ask_again();
    }

    fn show_rows(&mut self) {
        let rows = self.order.len();
        self.window.first_row = 0.0;
        self.window.rows = if self.lines() { rows.min(LINES) } else { rows } as f32;
    }

    fn lines(&self) -> bool {
        match self.mode {
            Mode::Auto => self.order.len() <= LINES,
            Mode::Lines => true,
            Mode::Heat => false,
        }
    }

    fn extent(&self) -> Option<Extent> {
        self.main.extent(self.window.segment, self.order.len())
    }

    /// Draws the view; `selected` are units of the sorting on top.
    pub(super) fn ui(&mut self, ui: &mut Ui, related: &Related, selected: &BTreeSet<usize>) -> Option<Wish> {
        self.receive();
        let Some(extent) = self.extent() else {
            super::empty::message(
                ui,
                texts::traces::nothing_to_show(),
                texts::traces::the_recording_has_no_segment(),
            );
            return None;
        };
        if extent.duration_s <= 0.0 || extent.rows == 0 {
            let what =
                if extent.rows == 0 { texts::traces::no_channel() } else { texts::traces::no_sample() };
            super::empty::message(ui, texts::traces::nothing_to_show(), what);
            return None;
        }
        self.window.clamp(&extent);
        let wish = self.bar_ui(ui, related, selected, &extent);
        let full =
            ui.available_rect_before_wrap().shrink2(vec2(8.0, 0.0)).with_max_y(ui.max_rect().bottom() - 6.0);
        if full.height() < 60.0 || full.width() < 120.0 {
            return wish;
        }
        let probe = if self.locations.is_some() && full.width() > 420.0 { probe::WIDTH } else { 0.0 };
        let left = full.left() + draw::LABELS;
        let strip_width = if self.strip.on && full.width() > 520.0 { health::WIDTH } else { 0.0 };
        self.strip.ask(self.main.recording());
        let right = full.right() - probe - strip_width;
        let column = |top: f32, bottom: f32| Rect::from_x_y_ranges(left..=right, top..=bottom);
        let strip = column(full.top(), full.top() + strip::STRIP);
        let axis = column(strip.bottom(), strip.bottom() + strip::AXIS);
        let traces = column(axis.bottom(), full.bottom());
        self.strip_ui(ui, strip, &extent, related);
        let panes = self.panes(traces);
        self.ask(panes[0].width() * ui.pixels_per_point());
        let t_start_s =
            self.main.info().and_then(|i| i.segments.get(self.window.segment)?.t_start_s).unwrap_or(0.0);
        ui.scope_builder(UiBuilder::new().max_rect(full), |ui| {
            let before = self.cursor.take();
            for (index, &pane) in panes.iter().enumerate() {
                let response =
                    ui.interact(pane, ui.scope_id().with(("traces", index)), Sense::click_and_drag());
                let label = if index == 0 {
                    texts::traces::traces()
                } else {
                    texts::traces::traces_to_compare_with()
                };
                response.widget_info(|| WidgetInfo::labeled(Role::GraphicsObject, true, label));
                self.input(ui, &response, pane, &extent, selected);
                self.point(&response, pane);
            }
            if before != self.cursor {
                ui.ctx().request_repaint();
            }
            self.panes_ui(ui, &panes, &extent, related, selected, t_start_s);
            for &pane in &panes {
                let axis = Rect::from_x_y_ranges(pane.x_range(), axis.y_range());
                self.axis_ui(ui, axis, pane, t_start_s);
            }
            if strip_width > 0.0 {
                let from = traces.right_top() + vec2(6.0, 0.0);
                self.health_ui(ui, Rect::from_min_size(from, vec2(strip_width - 6.0, traces.height())));
            }
            if probe > 0.0 {
                let from = traces.right_top() + vec2(6.0 + strip_width, 0.0);
                let map = Rect::from_min_max(from, full.right_bottom());
                self.probe_ui(ui, map, &extent);
            }
        });
        ui.allocate_rect(full, Sense::hover());
        wish
    }

    /// Where the recordings are drawn: one beside the other, or both in the same place.
    fn panes(&self, rect: Rect) -> Vec<Rect> {
        if self.other.is_none() || self.is_over() {
            return vec![rect];
        }
        let (left, right) = rect.split_left_right_at_fraction(0.5);
        vec![left.with_max_x(left.right() - GAP / 2.0), right.with_min_x(right.left() + GAP / 2.0)]
    }

    /// True where both recordings are drawn in one place, which only lines can.
    fn is_over(&self) -> bool {
        self.over && self.lines()
    }

    /// True where the other recording is the earlier one, which is drawn on the left.
    fn other_first(&self) -> bool {
        self.other.as_ref().is_some_and(|other| other.layer.num_stages < self.main.num_stages)
    }

    fn receive(&mut self) {
        self.main.receive();
        self.ticks.receive();
        if let Some(other) = &mut self.other {
            other.layer.receive();
        }
        if let (Some(overlay), Some(info)) = (&mut self.overlay, self.main.info())
            && overlay.update(info, self.main.reader())
        {
            self.piece_rows = None;
        }
    }

    fn ask(&mut self, pixels: f32) {
        let (lines, rows) = (self.lines(), self.rows_in_sight());
        let channels = &self.order[rows];
        self.main.ask(&self.window, pixels, lines, channels);
        if let (Some(other), Some(info)) = (&mut self.other, self.main.info()) {
            let own = other.layer.channels_like(info, channels);
            other.layer.ask(&self.window, pixels, lines, &own);
        }
        if let Some(info) = self.main.info() {
            let num_frames = info.segments.get(self.window.segment).map_or(0, |s| s.num_frames);
            self.ticks.ask(&self.window, info.sampling_frequency, num_frames);
        }
    }

    /// Rows whose data is wanted: for a heat map all, so that scrolling is smooth.
    fn rows_in_sight(&self) -> Range<usize> {
        if !self.lines() || self.order.len() <= 2 * LINES {
            return 0..self.order.len();
        }
        // Whole groups of rows, so that scrolling by a row asks for nothing new.
        let group = LINES / 2;
        let first = (self.window.first_row as usize / group).saturating_sub(1) * group;
        let last = ((self.window.first_row + self.window.rows) as usize / group + 2) * group;
        first..last.min(self.order.len())
    }

    /// Remembers what the pointer is over.
    fn point(&mut self, response: &egui::Response, pane: Rect) {
        if let Some(pointer) = response.hover_pos().filter(|_| !response.dragged()) {
            let share = f64::from((pointer.x - pane.left()) / pane.width());
            let row = self.window.first_row + (pointer.y - pane.top()) / pane.height() * self.window.rows;
            let row = (row.max(0.0) as usize).min(self.order.len().saturating_sub(1));
            self.cursor = Some((self.window.start_s + share * self.window.width_s, row));
        }
    }
}
