//! What flows at the first output of each node that can be drawn, drawn small in its body: asked of a thread, kept until it changes.

use super::{
    App, answer::Answer, backend, canvas::face, command::Command, sheet::Sheet, texts, theme, views,
};
use crate::{
    inspect::Glimpse,
    pipeline::{Edit, Executor, Look, NodeState, Pipeline, Value, is_way},
};
use egui::{
    Color32, ColorImage, FontId, Mesh, Painter, Pos2, Rect, Shape, Stroke, TextureHandle, TextureOptions,
    Vec2, Visuals, pos2, vec2,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

/// How strongly a preview is drawn that is not what the node would show now.
const OLD: f32 = 0.35;
/// Pixels across of figures.
const FIGURE: f32 = 2.0 * face::WIDTH;

/// What a node shows.
enum Shown {
    Glimpse(Glimpse),
    Picture(TextureHandle),
}

/// What a thread made for a node.
pub enum Drawn {
    /// Numbers to draw.
    Glimpse(Glimpse),
    /// A picture.
    Image(ColorImage),
    /// What is shown already.
    Same,
    /// There is nothing to see.
    Nothing,
    /// There is nothing to see until it runs: what the last run made stays.
    Unknown,
    /// There will be something to see once an estimate is there.
    Later,
}

/// A drawing that was made.
pub struct Made {
    /// The sheet.
    pub sheet: u64,
    /// The node.
    pub name: String,
    /// What its value is told apart by.
    pub mark: Vec<usize>,
    /// The drawing.
    pub drawn: Drawn,
}

/// So long nothing is drawn after a change: a slider asks often.
const CALM: Duration = Duration::from_millis(60);
/// So long it is waited for an estimate before it is asked for again, and how often.
const AGAIN: Duration = Duration::from_millis(700);
const PATIENCE: usize = 120;

/// The preview of a node.
struct Preview {
    /// What its value is told apart by.
    mark: Vec<usize>,
    shown: Shown,
    /// It is what the last run made; the node has changed since.
    is_old: bool,
}

/// The previews of one pipeline.
#[derive(Default)]
pub struct Previews {
    /// All nodes have one.
    pub all: bool,
    shown: BTreeMap<String, Preview>,
    /// Counts what was asked for: older questions are answered no more.
    newest: Arc<AtomicU64>,
    /// Held by the thread that draws: one at a time.
    turn: Arc<Mutex<()>>,
    /// What was asked for last.
    asked: Option<(u64, Vec<(String, bool)>)>,
}

impl Previews {
    /// Draws what a node shows into the lower part of its body.
    pub fn draw(&self, painter: &Painter, visuals: &Visuals, name: &str, rect: Rect, zoom: f32) {
        let p = theme::palette(visuals);
        painter.rect_filled(rect, 3.0 * zoom, p.canvas);
        let painter = painter.with_clip_rect(rect.intersect(painter.clip_rect()));
        let Some(preview) = self.shown.get(name) else { return };
        let mut faded = painter.clone();
        if preview.is_old {
            faded.multiply_opacity(OLD);
        }
        match &preview.shown {
            Shown::Picture(texture) => {
                let size = texture.size_vec2();
                let scale = (rect.size() / size).min_elem();
                let place = Rect::from_center_size(rect.center(), size * scale);
                let whole = Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0));
                faded.image(texture.id(), place, whole, Color32::WHITE);
            }
            Shown::Glimpse(glimpse) => draw_glimpse(&faded, visuals, glimpse, rect, zoom),
        }
        if preview.is_old {
            let line = rect.with_min_y(rect.bottom() - 14.0 * zoom);
            words(&painter, line, texts::views::of_the_last_run(), p.warn, zoom);
        }
    }
}

fn words(painter: &Painter, rect: Rect, words: &str, color: Color32, zoom: f32) {
    let font = FontId::proportional((10.0 * zoom * 2.0).round().max(2.0) / 2.0);
    let galley = painter.layout(words.to_owned(), font, color, rect.width() - 8.0 * zoom);
    painter.galley(rect.center() - galley.size() / 2.0, galley, color);
}

fn draw_glimpse(painter: &Painter, visuals: &Visuals, glimpse: &Glimpse, rect: Rect, zoom: f32) {
    let p = theme::palette(visuals);
    let inner = rect.shrink(3.0 * zoom);
    let at = |[x, y]: [f32; 2]| inner.min + vec2(x * inner.width(), y * inner.height());
    match glimpse {
        Glimpse::Traces(rows, contacts, shape) => {
            let inner = match contacts.is_empty() {
                true => inner,
                false => {
                    let strip = inner.with_max_x(inner.left() + inner.width() * 0.16);
                    draw_probe(painter, visuals, contacts, *shape, strip, zoom);
                    inner.with_min_x(strip.right() + 3.0 * zoom)
                }
            };
            let at = |[x, y]: [f32; 2]| inner.min + vec2(x * inner.width(), y * inner.height());
            let height = 1.0 / rows.len().max(1) as f32;
            for (row, columns) in rows.iter().enumerate() {
                let middle = (row as f32 + 0.5) * height;
                let x = |column: usize| (column as f32 + 0.5) / columns.len().max(1) as f32;
                // Larger than its row is fine: spikes are what one looks for.
                let y = |value: f32| middle - value * height * 0.9;
                let zigzag = columns.iter().enumerate().flat_map(|(column, [low, high])| {
                    let ends = if column % 2 == 0 { [*low, *high] } else { [*high, *low] };
                    ends.map(|value| at([x(column), y(value)]))
                });
                painter.add(Shape::line(zigzag.collect(), Stroke::new(0.8, p.text)));
            }
        }
        Glimpse::Points(points) => {
            let mut mesh = Mesh::default();
            // A few are places of units, which are to be seen.
            let few = if points.len() < 200 { 2.2 } else { 1.0 };
            let size = vec2(1.0, 1.6) * zoom.max(0.7) * few;
            for (place, class) in points {
                let color = views::colors::unit(*class as usize, visuals.dark_mode);
                mesh.add_colored_rect(Rect::from_center_size(at(*place), size), color);
            }
            painter.add(mesh);
        }
        Glimpse::Curves(curves) => {
            for (index, curve) in curves.iter().enumerate() {
                let last = curve.len().saturating_sub(1).max(1) as f32;
                let line = curve.iter().enumerate().map(|(i, y)| at([i as f32 / last, *y]));
                let color = views::colors::unit(index, visuals.dark_mode);
                painter.add(Shape::line(line.collect(), Stroke::new(1.0, color)));
            }
        }
        Glimpse::Bars(heights, told) => {
            let below = 11.0 * zoom;
            let room = Rect::from_min_max(inner.min, inner.max - vec2(0.0, below));
            let width = room.width() / heights.len().max(1) as f32;
            for (index, height) in heights.iter().enumerate() {
                let left = room.left() + width * index as f32;
                let top = room.bottom() - room.height() * height;
                let bar = Rect::from_min_max(pos2(left, top), pos2(left + width * 0.85, room.bottom()));
                painter.rect_filled(bar, 0.0, p.accent.gamma_multiply(0.8));
            }
            let line = Rect::from_min_max(pos2(inner.left(), room.bottom()), inner.max);
            words(painter, line, told, p.text_weak, zoom * 0.9);
        }
        Glimpse::Words(told) => words(painter, rect, told, p.text, zoom),
        // Drawn by the thread.
        Glimpse::Figure(_) => {}
    }
}

/// Contacts where they lie, as large as the room allows; a long probe is drawn wider than it is.
fn draw_probe(
    painter: &Painter,
    visuals: &Visuals,
    contacts: &[[f32; 2]],
    shape: f32,
    room: Rect,
    zoom: f32,
) {
    let room = room.shrink(2.0 * zoom);
    let wide = room.height() * shape.max(0.1);
    let size = if wide > room.width() {
        vec2(room.width(), (room.width() / shape).min(room.height()))
    } else {
        vec2(wide, room.height())
    };
    let place = Rect::from_center_size(room.center(), size);
    let dot = Vec2::splat((0.6 * room.height() / contacts.len().max(1) as f32).min(3.0 * zoom).max(1.0));
    let mut mesh = Mesh::default();
    for [x, y] in contacts {
        let at = place.min + vec2(x * place.width(), y * place.height());
        mesh.add_colored_rect(Rect::from_center_size(at, dot), theme::palette(visuals).accent);
    }
    painter.add(mesh);
}

impl Sheet {
    /// The nodes of what is drawn that have a preview.
    pub fn previewed(&self) -> BTreeSet<String> {
        if !self.previews.all && self.editor.previews.is_empty() {
            return BTreeSet::new();
        }
        let drawn = self.editor.drawn().nodes().filter(|node| !node.collapsed && !is_way(&node.name));
        let has = |name: &String| self.previews.all || self.editor.previews.contains(name);
        drawn.map(|node| &node.name).filter(|name| has(name)).cloned().collect()
    }

    /// Those of them that have something to show.
    pub fn seen_previews(&self) -> BTreeSet<String> {
        let mut names = self.previewed();
        names.retain(|name| self.previews.shown.contains_key(name));
        names
    }
}

impl App {
    /// Switches the previews of the selected nodes on, or off where all have one.
    pub(super) fn toggle_previews(&mut self) {
        let chosen = self.sheet.editor.selection.clone();
        let previews = &mut self.sheet.editor.previews;
        if chosen.iter().all(|name| previews.contains(name)) {
            previews.retain(|name| !chosen.contains(name));
        } else {
            previews.extend(chosen);
        }
        self.offer_room();
    }

    /// Nodes are higher with what they show: where they lie over others then, room is offered.
    pub(super) fn offer_room(&mut self) {
        let names = self.sheet.previewed();
        let covers = !names.is_empty() && {
            let (pipeline, states) = (self.sheet.editor.drawn(), &self.sheet.states);
            let before = self.sheet.canvas.room_for(pipeline, states, &BTreeSet::new()).len();
            self.sheet.canvas.room_for(pipeline, states, &names).len() > before
        };
        if covers {
            let button = (texts::actions::make_room().to_owned(), Command::MakeRoom);
            self.toasts.offer(self.sheet.number, texts::canvas::previews_cover_nodes(), vec![button]);
        }
    }

    /// Moves down what lies under other nodes, with what they show; one step to undo.
    pub(super) fn make_room(&mut self) {
        let names = self.sheet.previewed();
        let moves = self.sheet.canvas.room_for(self.sheet.editor.drawn(), &self.sheet.states, &names);
        if moves.is_empty() {
            return self.toasts.info(texts::canvas::there_is_room());
        }
        let mut edits = self.frames_after(&moves);
        edits.push(Edit::Move(moves));
        self.edit(Edit::Batch(edits), texts::canvas::make_room_for_nodes(), None);
    }

    /// Asks for drawings that are wanted and may have changed.
    pub(super) fn follow_previews(&mut self) {
        let wanted = self.sheet.previewed();
        if wanted.is_empty() {
            self.sheet.previews.asked = None;
            return;
        }
        let Some(executor) = self.executor.clone() else { return };
        let is_done = |name: &String| {
            matches!(
                self.sheet.states.get(name),
                Some(NodeState::Done { .. } | NodeState::Cached | NodeState::Ready)
            )
        };
        let key: Vec<(String, bool)> = wanted.iter().map(|name| (name.clone(), is_done(name))).collect();
        let key = (self.sheet.meaning, key);
        if self.sheet.previews.asked.as_ref() == Some(&key) {
            return;
        }
        self.sheet.previews.asked = Some(key);
        let editor = &self.sheet.editor;
        let kinds = self.kinds();
        let outputs = |name: &String| -> Vec<String> {
            let node = editor.drawn().node(name);
            let known = node.and_then(|node| Some(kinds.get(&node.kind)?.outputs(&node.params)));
            let ends = known.into_iter().flatten().map(|port| format!("{name}.{}", port.name));
            ends.filter_map(|end| editor.flat_end(&end)).collect()
        };
        let ends: Vec<(String, Vec<String>, Vec<usize>)> = wanted
            .iter()
            .map(|name| {
                let mark = self.sheet.previews.shown.get(name).map(|preview| preview.mark.clone());
                (name.clone(), outputs(name), mark.unwrap_or_default())
            })
            .collect();
        let (pipeline, folder) = (editor.pipeline().clone(), editor.base_folder());
        let (newest, turn) = (self.sheet.previews.newest.clone(), self.sheet.previews.turn.clone());
        let own = newest.fetch_add(1, Ordering::AcqRel) + 1;
        let (sheet, send) = (self.sheet.number, self.backend.sender());
        backend::spawn("previews", move || {
            std::thread::sleep(CALM);
            let mut left = ends;
            for attempt in 0..PATIENCE {
                // What one that panicked was drawing is drawn again.
                let own_turn = turn.lock().unwrap_or_else(PoisonError::into_inner);
                left.retain(|(name, ends, known)| {
                    if newest.load(Ordering::Acquire) != own {
                        return false;
                    }
                    let (mark, drawn) = best_of(&executor, &pipeline, &folder, ends, known);
                    let waits = matches!(drawn, Drawn::Later);
                    if !waits || attempt == 0 {
                        send(Answer::Preview(Made { sheet, name: name.clone(), mark, drawn }));
                    }
                    waits
                });
                drop(own_turn);
                // What a viewer or a run estimates is there in a while.
                if left.is_empty() {
                    return;
                }
                std::thread::sleep(AGAIN);
            }
        });
    }

    /// Takes in a drawing that was made.
    pub(super) fn preview_made(&mut self, made: Made) {
        let Made { sheet, name, mark, drawn } = made;
        let shown = match drawn {
            Drawn::Glimpse(glimpse) => Shown::Glimpse(glimpse),
            Drawn::Nothing => {
                if let Some(sheet) = self.sheet_mut(sheet) {
                    sheet.previews.shown.remove(&name);
                }
                return;
            }
            Drawn::Same | Drawn::Unknown | Drawn::Later => {
                let sheet = self.sheet_mut(sheet);
                if let Some(preview) = sheet.and_then(|sheet| sheet.previews.shown.get_mut(&name)) {
                    preview.is_old = !matches!(drawn, Drawn::Same);
                }
                return;
            }
            Drawn::Image(image) => {
                let label = format!("preview_{name}");
                Shown::Picture(self.ctx.load_texture(label, image, TextureOptions::LINEAR))
            }
        };
        if let Some(sheet) = self.sheet_mut(sheet) {
            sheet.previews.shown.insert(name, Preview { mark, shown, is_old: false });
        }
    }
}

/// The first of some ends that can be drawn; words are for those of which none can, and what is not known yet is for
/// those of which none is.
fn best_of(
    executor: &Executor,
    pipeline: &Pipeline,
    folder: &Path,
    ends: &[String],
    known: &[usize],
) -> (Vec<usize>, Drawn) {
    let mut best = (Vec::new(), Drawn::Nothing);
    for (mark, drawn) in ends.iter().map(|end| look(executor, pipeline, folder, end, known)) {
        let is_poor = matches!(drawn, Drawn::Glimpse(Glimpse::Words(_)) | Drawn::Nothing | Drawn::Unknown);
        if !is_poor || matches!(best.1, Drawn::Nothing | Drawn::Unknown) {
            best = (mark, drawn);
        }
        if !is_poor {
            break;
        }
    }
    best
}

/// What an end shows, and what its value is told apart by.
fn look(
    executor: &Executor,
    pipeline: &Pipeline,
    folder: &Path,
    end: &str,
    known: &[usize],
) -> (Vec<usize>, Drawn) {
    let told = |words: &str| Drawn::Glimpse(Glimpse::Words(words.to_owned()));
    match executor.look(pipeline, folder, end) {
        Ok(Look::Ready(items) | Look::Partly(items, _)) => match items.first() {
            None => (Vec::new(), told(texts::runs::nothing())),
            Some((_, value)) => {
                let mark = mark_of(value, items.len());
                if mark == known {
                    return (mark, Drawn::Same);
                }
                let drawn = match Glimpse::of(value) {
                    Glimpse::Figure(figure) => {
                        let scale = FIGURE / figure.width.max(1) as f32;
                        let size = [FIGURE, figure.height.max(1) as f32 * scale]
                            .map(|x| x.clamp(1.0, 2048.0) as u32);
                        match views::rasterise(&figure, size) {
                            Ok(image) => Drawn::Image(image),
                            Err(reason) => Drawn::Glimpse(Glimpse::Words(reason)),
                        }
                    }
                    glimpse => Drawn::Glimpse(glimpse),
                };
                (mark, drawn)
            }
        },
        Ok(Look::NeedsFit(_)) => (Vec::new(), Drawn::Later),
        Ok(Look::NeedsRun(_)) => (Vec::new(), Drawn::Unknown),
        Err(_) => (Vec::new(), Drawn::Nothing),
    }
}

/// Values that have the same are the same: where they lie in memory, and the steps of a recording.
fn mark_of(value: &Value, count: usize) -> Vec<usize> {
    fn at<T: ?Sized>(shared: &Arc<T>) -> usize {
        Arc::as_ptr(shared).cast::<()>() as usize
    }
    let own = match value {
        Value::Recording(recording) => {
            let steps = blake3::hash(format!("{:?}", recording.stages()).as_bytes());
            let bytes = *steps.as_bytes();
            let part = |from: usize| usize::from_le_bytes(std::array::from_fn(|i| bytes[from + i]));
            return vec![count, at(recording.source()), part(0), part(8)];
        }
        Value::Sorting(x) => at(x),
        Value::Peaks(x) => at(x),
        Value::Features(x) => at(x),
        Value::Waveforms(x) => at(x),
        Value::Templates(x) => at(x),
        Value::Noise(x) => at(x),
        Value::Motion(x) => at(x),
        Value::Table(x) => at(x),
        Value::Events(x) => at(x),
        Value::Figure(x) => at(x),
        Value::Files(x) => at(x),
        Value::Fit(x) => at(x),
    };
    vec![count, own]
}
