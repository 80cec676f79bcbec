//! What is seen of a wire: one view for each type that can flow.
//!
//! The viewer asks `inspect` and the executor through lanes and draws what has arrived; it never waits.

mod asking;
pub(super) mod axis;
mod cloud;
pub mod colors;
mod content;
mod correlograms;
pub(super) mod empty;
mod export;
mod figure;
mod live;
mod live_view;
mod look;
mod noise;
mod picture;
mod related;
mod related_graph;
mod shown;
mod table;
mod text;
mod traces;
mod units;
mod waveforms;

use crate::{
    app::texts,
    data::Id,
    inspect::{Lane, Lanes},
    pipeline::{Coordinate, Event, Executor, Pipeline, Value},
};
use content::Content;
use egui::Ui;
use export::Export;
pub use export::{PATHS_START, SHOWS};
pub use figure::rasterise;
use live::Live;
use look::{Seen, Target};
use related::Related;
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};
pub(super) use traces::bounds;

/// How strongly is drawn what the last run made and the next one will make anew.
const OLD: f32 = 0.5;
/// While a run of thousands of items is looked through, it is not asked for again more often than this.
const PAUSE: Duration = Duration::from_secs(1);

/// The viewer panel: shows what flows at the port that was clicked.
pub struct Viewer {
    executor: Option<Arc<Executor>>,
    lanes: Result<Lanes, String>,
    target: Option<Target>,
    look_lane: Option<Lane<Seen>>,
    seen: Option<Seen>,
    /// What the end held last, and what else could be shown while it holds that no more.
    last: Vec<(Coordinate, Value)>,
    instead: Option<Seen>,
    /// What lies in a folder of results, which needs no run to be shown.
    given: Arc<BTreeMap<String, Vec<(Coordinate, Value)>>>,
    last_related: Related,
    item: usize,
    related_lane: Option<Lane<Related>>,
    related: Related,
    content: Content,
    live: Live,
    /// Selected units of each end.
    selected: BTreeMap<String, BTreeSet<usize>>,
    /// A node whose result was awaited has it now, or the pipeline changed.
    stale: bool,
    /// What belongs beside it may be another one.
    stale_related: bool,
    /// When a run was the reason to ask last.
    asked: Option<Instant>,
    /// The node that is worked on: its effect is shown on the traces.
    edited: Option<String>,
    /// The item that is to be shown once it is there.
    wanted_item: Option<Coordinate>,
    /// The item of this end that was in sight, or asked for, and has to be made anew.
    awaited: Option<Coordinate>,
    /// Where the view of units wants to go.
    wanted: Option<String>,
    export: Export,
}

impl Viewer {
    /// An empty viewer that looks through this executor.
    pub fn new(ctx: &egui::Context, executor: Arc<Executor>) -> Self {
        Self { executor: Some(executor), ..Self::without_executor(ctx) }
    }

    /// A viewer that shows only what it is handed by [`Self::show_value`].
    pub fn without_executor(ctx: &egui::Context) -> Self {
        let ctx = ctx.clone();
        let lanes = Lanes::new(Arc::new(move || ctx.request_repaint()));
        let shared = lanes.as_ref().ok();
        Self {
            executor: None,
            look_lane: shared.map(Lanes::waiting_lane),
            related_lane: shared.map(Lanes::waiting_lane),
            export: Export::new(shared.map(Lanes::waiting_lane)),
            lanes,
            target: None,
            seen: None,
            last: Vec::new(),
            instead: None,
            given: Arc::default(),
            last_related: Related::default(),
            item: 0,
            related: Related::default(),
            content: Content::Nothing,
            live: Live::default(),
            selected: BTreeMap::new(),
            stale: false,
            stale_related: false,
            asked: None,
            edited: None,
            wanted_item: None,
            awaited: None,
            wanted: None,
        }
    }

    /// Shows what flows at `end`, a `node.port`; relative paths of the pipeline start at `base_folder`.
    ///
    /// Also to be called when the pipeline changed: the same end then keeps its place, selection and looks.
    pub fn show_end(&mut self, pipeline: &Pipeline, base_folder: &Path, end: &str) {
        let same = self.target.as_ref().is_some_and(|t| t.end == end);
        if !same {
            self.item = 0;
            self.awaited = None;
            self.seen = None;
            self.last = self.given.get(end).cloned().unwrap_or_default();
            self.related = Related::default();
        }
        self.target = Some(Target {
            pipeline: pipeline.clone(),
            base_folder: base_folder.to_owned(),
            end: end.to_owned(),
        });
        self.ask();
    }

    /// Says what is at hand of a pipeline that need not run for it.
    pub fn set_given(&mut self, given: &Arc<BTreeMap<String, Vec<(Coordinate, Value)>>>) {
        if Arc::ptr_eq(&self.given, given) {
            return;
        }
        self.given = given.clone();
        let items = self.end().and_then(|end| given.get(end)).filter(|_| self.last.is_empty());
        if let Some(items) = items.cloned() {
            self.last = items;
        }
    }

    /// True where what is shown of the last run is what the pipeline as it is made.
    fn is_given(&self) -> bool {
        self.end().is_some_and(|end| self.given.contains_key(end))
    }

    /// Shows nothing: another pipeline is open.
    pub fn clear(&mut self) {
        self.target = None;
        self.seen = None;
        self.last.clear();
        self.related = Related::default();
        self.content = Content::Nothing;
        self.live = Live::default();
        self.selected.clear();
    }

    /// Shows a value that is at hand, with what belongs to it.
    pub fn show_value(&mut self, end: &str, value: Value, related: Vec<(String, Value)>) {
        self.target = Some(Target {
            pipeline: Pipeline::default(),
            base_folder: std::path::PathBuf::new(),
            end: end.to_owned(),
        });
        self.related = Related::default();
        for (end, value) in related {
            self.related.add(&end, value);
        }
        self.item = 0;
        self.seen = Some(Seen::Items(vec![(Coordinate::default(), value)]));
        self.show_item();
        self.use_related();
    }

    /// The end that is shown, `node.port`.
    pub fn end(&self) -> Option<&str> {
        self.target.as_ref().map(|t| t.end.as_str())
    }

    /// Says which channels steps of the pipeline leave out.
    pub fn set_left_out(&mut self, names: &Arc<BTreeSet<String>>) {
        if let Content::Traces(view) = &mut self.content {
            view.set_left_out(names);
        }
    }

    /// A channel that was clicked to be left out or taken in again, with the end it belongs to; taken once.
    pub fn take_excluded(&mut self) -> Option<(String, Id)> {
        let Content::Traces(view) = &mut self.content else { return None };
        let channel = view.take_excluded()?;
        Some((self.shown_end()?.to_owned(), channel))
    }

    /// True where a sorting without a unit is shown.
    pub fn shows_nothing(&self) -> bool {
        let no_units = matches!(&self.content, Content::Units(view) if view.sorting().num_units() == 0);
        no_units || matches!(self.seen, Some(Seen::Failed(_)))
    }

    /// Shows this item of the end that is looked at next.
    pub fn prefer_item(&mut self, item: Coordinate) {
        self.wanted_item = Some(item);
    }

    /// Says which node is worked on.
    pub fn edit(&mut self, node: Option<&str>) {
        if self.edited.as_deref() != node {
            self.edited = node.map(str::to_owned);
            if matches!(self.content, Content::Traces(_)) {
                self.ask_related();
            }
        }
    }

    /// True while something that belongs into the picture is still computed.
    pub fn busy(&self) -> bool {
        self.stale_related
            || self.look_lane.as_ref().is_some_and(Lane::busy)
            || self.related_lane.as_ref().is_some_and(Lane::busy)
            || self.export.busy()
            || self.content.busy()
    }

    /// Puts a time of a segment into the middle of the traces, where traces are shown.
    pub fn go_to(&mut self, segment: usize, time_s: f64) {
        if let Content::Traces(view) = &mut self.content {
            view.go_to(segment, time_s);
        }
    }

    /// Seconds in sight of the traces, from and to; `None` where none are shown.
    pub fn time_range(&self) -> Option<[f64; 2]> {
        match &self.content {
            Content::Traces(view) => Some(view.time_range()),
            _ => None,
        }
    }

    /// The units that are selected in what is shown, by index.
    pub fn selected_units(&self) -> Vec<usize> {
        let units = self.end().and_then(|end| self.selected.get(end));
        units.map(|units| units.iter().copied().collect()).unwrap_or_default()
    }

    /// An end the user asked for inside the viewer, such as the recording of a unit; taken once.
    pub fn take_wanted(&mut self) -> Option<String> {
        self.wanted.take()
    }

    /// Hears what a run says: live previews, and results that were awaited.
    pub fn on_event(&mut self, event: &Event) {
        let Some(node) = self.live.hear(event) else {
            return;
        };
        let waiting = !matches!(self.seen, Some(Seen::Items(_)));
        let own = self.target.as_ref().is_some_and(|t| t.end.split('.').next() == Some(node.as_str()));
        self.stale |= waiting || own;
        // Something beside it may be there now: spikes for the traces, metrics for the units.
        self.stale_related |= !waiting && !own;
    }

    /// Asks for what a run may have changed: once a frame, and seldom where the answers take long.
    fn ask_again(&mut self, ui: &Ui) {
        if !self.stale && !self.stale_related {
            return;
        }
        let is_busy = self.look_lane.as_ref().is_some_and(Lane::busy)
            || self.related_lane.as_ref().is_some_and(Lane::busy);
        let since = self.asked.map_or(PAUSE, |asked| asked.elapsed());
        if is_busy && since < PAUSE {
            ui.ctx().request_repaint_after(PAUSE - since);
            return;
        }
        self.asked = Some(Instant::now());
        let related = std::mem::take(&mut self.stale_related);
        match std::mem::take(&mut self.stale) {
            // What belongs beside it is asked for with the answer.
            true => self.ask(),
            false if related => self.ask_related(),
            false => {}
        }
    }

    /// Draws the panel.
    pub fn ui(&mut self, ui: &mut Ui) {
        if let Err(error) = &self.lanes {
            return empty::failure(ui, texts::views::nothing_can_be_shown(), error);
        }
        self.ask_again(ui);
        self.receive();
        self.receive_export(ui);
        let Some(target) = &self.target else {
            return empty::message(
                ui,
                texts::views::nothing_to_look_at_yet(),
                texts::views::nothing_to_look_at_hint(),
            );
        };
        let end = target.end.clone();
        let node = end.split('.').next().unwrap_or_default().to_owned();
        let running = self.live.node(&node).is_some_and(|n| n.running || n.failure.is_some());
        match &self.seen {
            Some(Seen::Gone) => {
                empty::message(ui, &texts::views::node_is_gone(&node), texts::views::node_is_gone_hint())
            }
            None if !running => empty::working(ui, texts::views::looking(), &end, None),
            Some(Seen::Failed(message)) if !running => empty::failure(ui, texts::views::not_shown(), message),
            Some(Seen::Estimating(what, share)) => {
                let text = texts::views::learns(&what);
                empty::working(ui, texts::views::estimating(), &text, *share);
            }
            None | Some(Seen::NeedsRun(_) | Seen::Failed(_)) => self.waiting_ui(ui, &node),
            Some(Seen::Items(items)) if items.is_empty() => {
                empty::message(ui, texts::views::nothing_flows_here(), texts::views::no_item());
            }
            Some(Seen::Instead { .. } | Seen::Old) if running => self.waiting_ui(ui, &node),
            Some(Seen::Old) => self.old_ui(ui, &end),
            Some(Seen::Items(_) | Seen::Partly(_) | Seen::Instead { .. }) => {
                let rect = ui.max_rect();
                if matches!(self.seen, Some(Seen::Instead { .. })) {
                    let mut back = false;
                    ui.horizontal(|ui| {
                        ui.add_space(8.0);
                        let words = texts::views::live_peaks(&node);
                        ui.weak(texts::views::run_finds_all(&words));
                        back =
                            !self.last.is_empty() && ui.small_button(texts::views::show_last_run()).clicked();
                    });
                    if back {
                        self.instead = self.seen.replace(Seen::Old);
                        self.related = std::mem::take(&mut self.last_related);
                        self.show_item();
                        self.use_related();
                    }
                }
                if let Some(wish) = self.items_ui(ui, &end) {
                    self.fulfil(ui, wish, &end, rect);
                }
            }
        }
    }

    /// Shows the recording of the units beside it was asked for, at the first selected spike.
    fn go_to_wanted(&mut self, from: &str) {
        let (Some((end, recording)), Content::Units(view)) = (&self.related.recording, &self.content) else {
            return;
        };
        let sorting = view.sorting().clone();
        let units = self.selected.get(from).cloned().unwrap_or_default();
        let first = crate::inspect::SpikeIndex(&sorting).neighbor(0, -1, &units, true);
        let (end, recording) = (end.clone(), recording.clone());
        let means = view.means().cloned();
        let related = vec![(from.to_owned(), Value::Sorting(sorting.clone()))];
        let before = self.target.clone();
        self.show_value(&end, Value::Recording(recording), related);
        self.target = before.map(|target| Target { end, ..target });
        if let Content::Traces(view) = &mut self.content {
            if let Some(means) = &means {
                view.learn(means);
            }
            if let Some(frame) = first {
                view.go_to(0, frame as f64 / sorting.sampling_frequency);
            }
        }
    }
}
