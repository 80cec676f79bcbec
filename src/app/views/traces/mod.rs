//! Traces of a recording: heat map for many channels, lines for a few, spikes on top.
//!
//! Nothing is computed while drawing: what is in sight is asked for, what is there is drawn, and pictures are
//! made again only when the window, the data or the gain changed.

mod bar;
mod draw;
mod input;
mod overlay;
mod probe;
mod strip;
mod window;

pub use overlay::Overlay;
pub(super) use probe::bounds;
pub use window::{Extent, Window};

use crate::{
    data::{Recording, RecordingInfo, Sorting},
    inspect::{Lane, Lanes, MeanWaveforms, SpanReader, TraceBins, TraceRequest, trace_bins},
};
use draw::Pictures;
use egui::{Rect, Role, Sense, Ui, UiBuilder, WidgetInfo, vec2};
use std::{collections::BTreeSet, sync::Arc};

/// Channels up to which lines are the better picture.
const LINES: usize = 32;

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

/// The view and what it remembers between recordings: time, gain, mode.
pub struct TraceView {
    lanes: Lanes,
    reader_lane: Lane<Result<Arc<SpanReader>, String>>,
    reader: Option<Arc<SpanReader>>,
    bins_lane: Lane<TraceBins>,
    bins: Option<Arc<TraceBins>>,
    asked: Option<Asked>,
    info: Option<Arc<RecordingInfo>>,
    locations: Option<Arc<Vec<[f64; 2]>>>,
    /// Channel of each row, from the top.
    order: Vec<usize>,
    by_depth: bool,
    chosen: Option<Vec<usize>>,
    window: Window,
    mode: Mode,
    gain: f32,
    noise: Option<f32>,
    /// True once the noise is that of a complete picture, not of a first coarse one.
    noise_settled: bool,
    overlay: Option<Overlay>,
    overlay_off: bool,
    mark: Option<i64>,
    cursor_row: Option<usize>,
    probe_drag: Option<f32>,
    pictures: Pictures,
    error: Option<String>,
}

/// What was asked for last.
#[derive(Clone, Debug, PartialEq)]
struct Asked {
    segment: usize,
    frames: std::ops::Range<usize>,
    columns: usize,
    channels: Vec<usize>,
}

impl TraceView {
    /// A view without a recording.
    pub fn new(lanes: &Lanes) -> Self {
        Self {
            lanes: lanes.clone(),
            reader_lane: lanes.trace_lane(),
            reader: None,
            bins_lane: lanes.trace_lane(),
            bins: None,
            asked: None,
            info: None,
            locations: None,
            order: Vec::new(),
            by_depth: true,
            chosen: None,
            window: Window { segment: 0, start_s: 0.0, width_s: 0.0, first_row: 0.0, rows: 0.0 },
            mode: Mode::Auto,
            gain: 1.0,
            noise: None,
            noise_settled: false,
            overlay: None,
            overlay_off: false,
            mark: None,
            cursor_row: None,
            probe_drag: None,
            pictures: Pictures::default(),
            error: None,
        }
    }

    /// Shows another recording at the same place in time, where it has one.
    pub fn set_recording(&mut self, recording: &Recording) {
        let info = recording.info_arc();
        let same_channels = self.info.as_ref().is_some_and(|i| i.channel_ids == info.channel_ids);
        self.locations = info.locations_um().map(Arc::new);
        if !same_channels {
            self.chosen = None;
        }
        if self.window.width_s == 0.0 {
            self.window.width_s = if info.num_channels() > LINES { 1.0 } else { 0.5 };
        }
        self.window.segment = self.window.segment.min(info.segments.len().saturating_sub(1));
        self.info = Some(info);
        self.reader = None;
        self.asked = None;
        self.noise = None;
        self.noise_settled = false;
        self.error = None;
        self.bins_lane.cancel();
        self.arrange();
        if !same_channels {
            self.show_rows();
        }
        let recording = recording.clone();
        self.reader_lane.request(move |ticket| {
            ticket.send(SpanReader::new(&recording).map(Arc::new).map_err(|error| error.to_string()));
        });
    }

    /// Seconds in sight, from and to.
    pub fn time_range(&self) -> [f64; 2] {
        [self.window.start_s, self.window.start_s + self.window.width_s]
    }

    /// True while samples are read.
    pub fn busy(&self) -> bool {
        self.reader_lane.busy() || self.bins_lane.busy()
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
            self.pictures.forget();
        }
    }

    /// Draws spikes of this sorting on top, or of none.
    pub fn set_overlay(&mut self, choice: Option<&Choice>) {
        let Some(info) = &self.info else {
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
        self.pictures.forget();
    }

    /// Channels to show, all where `None`.
    fn choose_channels(&mut self, chosen: Option<Vec<usize>>) {
        self.chosen = chosen;
        self.arrange();
        self.show_rows();
        self.asked = None;
    }

    fn arrange(&mut self) {
        let Some(info) = &self.info else {
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
        self.pictures.forget();
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
        let info = self.info.as_ref()?;
        let segment = info.segments.get(self.window.segment)?;
        Some(Extent {
            duration_s: segment.num_frames as f64 / info.sampling_frequency,
            sampling_frequency: info.sampling_frequency,
            rows: self.order.len(),
        })
    }

    /// Draws the view; `selected` are units of the sorting on top.
    pub fn ui(&mut self, ui: &mut Ui, choices: &[Choice], selected: &BTreeSet<usize>) {
        self.receive();
        let Some(extent) = self.extent() else {
            return super::empty::message(ui, "Nothing to show", "The recording has no segment.");
        };
        if extent.duration_s <= 0.0 {
            return super::empty::message(ui, "Nothing to show", "The recording has no samples.");
        }
        self.window.clamp(&extent);
        self.bar_ui(ui, choices, selected, &extent);
        let full =
            ui.available_rect_before_wrap().shrink2(vec2(8.0, 0.0)).with_max_y(ui.max_rect().bottom() - 6.0);
        if full.height() < 60.0 || full.width() < 120.0 {
            return;
        }
        let probe = if self.locations.is_some() && full.width() > 420.0 { probe::WIDTH } else { 0.0 };
        let left = full.left() + draw::LABELS;
        let right = full.right() - probe;
        let column = |top: f32, bottom: f32| Rect::from_x_y_ranges(left..=right, top..=bottom);
        let strip = column(full.top(), full.top() + strip::STRIP);
        let axis = column(strip.bottom(), strip.bottom() + strip::AXIS);
        let traces = column(axis.bottom(), full.bottom());
        self.strip_ui(ui, strip, &extent);
        let response = ui.interact(traces, ui.scope_id().with("traces"), Sense::click_and_drag());
        response.widget_info(|| WidgetInfo::labeled(Role::GraphicsObject, true, "Traces"));
        self.input(ui, &response, traces, &extent, selected);
        self.ask(traces, ui.ctx(), &extent);
        let t_start_s =
            self.info.as_ref().and_then(|i| i.segments.get(self.window.segment)?.t_start_s).unwrap_or(0.0);
        ui.scope_builder(UiBuilder::new().max_rect(full), |ui| {
            self.traces_ui(ui, traces, &response, &extent, selected, t_start_s);
            self.axis_ui(ui, axis, traces, t_start_s);
            if probe > 0.0 {
                let map = Rect::from_min_max(traces.right_top() + vec2(6.0, 0.0), full.right_bottom());
                self.probe_ui(ui, map, &extent);
            }
        });
        ui.allocate_rect(full, Sense::hover());
    }

    fn receive(&mut self) {
        if let Some(reader) = self.reader_lane.take() {
            match reader {
                Ok(reader) => self.reader = Some(reader),
                Err(error) => self.error = Some(error),
            }
        }
        if let Some(bins) = self.bins_lane.take() {
            self.error.clone_from(&bins.error);
            if !self.noise_settled {
                let mut noise: Vec<f32> = bins.noise.iter().copied().filter(|&n| n > 0.0).collect();
                if !noise.is_empty() {
                    noise.sort_by(f32::total_cmp);
                    self.noise = Some(noise[noise.len() / 2]);
                    self.noise_settled = bins.share >= 1.0;
                }
            }
            self.bins = Some(Arc::new(bins));
            self.pictures.forget();
        }
        if let (Some(overlay), Some(info)) = (&mut self.overlay, &self.info)
            && overlay.update(info)
        {
            self.pictures.forget();
        }
    }

    /// Asks for what is in sight, with half a window more on either side so that panning is smooth.
    fn ask(&mut self, rect: Rect, ctx: &egui::Context, extent: &Extent) {
        let Some(reader) = &self.reader else {
            return;
        };
        let rate = extent.sampling_frequency;
        let width = (self.window.width_s * rate).max(1.0);
        let first = self.window.start_s * rate;
        let points = if self.lines() { rect.width() * ctx.pixels_per_point() } else { rect.width() };
        let columns = (points as usize).clamp(16, 3_800);
        let rows = self.rows_in_sight();
        let channels: Vec<usize> = self.order[rows.start..rows.end].to_vec();
        let total = (extent.duration_s * rate).round() as usize;
        let seen = first.floor() as usize..((first + width).ceil() as usize).min(total);
        let frames_wanted = |c: usize| (width / c as f64).max(1.0);
        if let Some(asked) = &self.asked {
            let density = asked.frames.len() as f64 / asked.columns as f64;
            let enough = asked.segment == self.window.segment
                && asked.channels == channels
                && asked.frames.start <= seen.start
                && asked.frames.end >= seen.end
                && (density.max(1.0) / frames_wanted(columns)).log2().abs() < 0.5;
            if enough {
                return;
            }
        }
        // A whole step finer or coarser is asked for at once; between steps the picture is stretched.
        let margin = width / 2.0;
        let frames = (first - margin).max(0.0) as usize..((first + width + margin) as usize + 2).min(total);
        let share = frames.len() as f64 / width;
        let asked = Asked {
            segment: self.window.segment,
            columns: ((columns as f64 * share) as usize).max(1),
            frames,
            channels,
        };
        let request = TraceRequest {
            reader: reader.clone(),
            segment: asked.segment,
            frames: asked.frames.clone(),
            columns: if self.lines() { asked.columns } else { asked.columns.div_ceil(2) },
            channels: asked.channels.clone(),
        };
        self.asked = Some(asked);
        self.bins_lane.request(move |ticket| trace_bins(&request, ticket));
    }

    /// Rows whose data is wanted: for a heat map all, so that scrolling is smooth.
    fn rows_in_sight(&self) -> std::ops::Range<usize> {
        if !self.lines() || self.order.len() <= 2 * LINES {
            return 0..self.order.len();
        }
        // Whole groups of rows, so that scrolling by a row asks for nothing new.
        let group = LINES / 2;
        let first = (self.window.first_row as usize / group).saturating_sub(1) * group;
        let last = ((self.window.first_row + self.window.rows) as usize / group + 2) * group;
        first..last.min(self.order.len())
    }

    /// First row of the data that is drawn.
    fn first_data_row(&self, bins: &TraceBins) -> Option<usize> {
        let first = *bins.channels.first()?;
        let start = self.order.iter().position(|&c| c == first)?;
        let same = self.order.get(start..start + bins.channels.len())? == bins.channels.as_slice();
        same.then_some(start)
    }
}
