//! Pictures of traces: made off the UI thread, a little larger than what is in sight, and moved while dragging.

use super::{Extent, Window};
use crate::{
    app::views::{
        colors,
        picture::{self, Lines, Placement},
    },
    data::Sorting,
    inspect::{Lane, Lanes, SpikeIndex, TraceBins},
};
use egui::{Color32, ColorImage, Pos2, Rect, TextureFilter, TextureHandle, TextureOptions, Ui, pos2};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// Noise levels from the middle of a row to its edge, and to the full colour of the heat map.
pub(super) const ROW_NOISES: f32 = 4.5;
pub(super) const HEAT_NOISES: f32 = 10.0;

/// Noise levels of a channel that would cover its neighbours.
const LOUD: f32 = 4.0;

/// Time around a spike whose line is coloured, in seconds.
const PIECE_S: [f64; 2] = [0.0006, 0.001];

/// Spikes whose pieces of line are coloured at most; more of them are a carpet.
const PIECES: usize = 3_000;

/// The picture that is shown and the one that is made.
pub(super) struct Pictures {
    lane: Lane<Drawn>,
    texture: Option<TextureHandle>,
    shown: Option<(Key, Cover)>,
}

/// A finished picture.
struct Drawn {
    image: ColorImage,
    key: Key,
    cover: Cover,
}

/// What a picture was made for; where it is equal the picture only has to be moved.
#[derive(Clone, PartialEq)]
struct Key {
    version: u64,
    channels: usize,
    look: Look,
    dark: bool,
}

#[derive(Clone, PartialEq)]
enum Look {
    Heat {
        full: f32,
        height: usize,
    },
    Lines {
        row_height: f32,
        scale: f32,
        frames_per_pixel: f64,
        pieces: Option<Pieces>,
        color: Color32,
        is_over: bool,
    },
}

/// Spikes whose pieces of line are coloured.
#[derive(Clone)]
pub(super) struct Pieces {
    pub(super) sorting: Arc<Sorting>,
    /// Rows of the view around the main channel of each unit.
    pub(super) rows: Arc<BTreeMap<usize, std::ops::Range<usize>>>,
    pub(super) selected: BTreeSet<usize>,
}

impl PartialEq for Pieces {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.sorting, &other.sorting)
            && Arc::ptr_eq(&self.rows, &other.rows)
            && self.selected == other.selected
    }
}

/// The stretch of time and of rows that a picture shows.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Cover {
    segment: usize,
    start_s: f64,
    end_s: f64,
    first_row: f32,
    last_row: f32,
}

impl Cover {
    fn holds(&self, window: &Window) -> bool {
        let end = window.start_s + window.width_s;
        self.segment == window.segment
            && self.start_s <= window.start_s + 1e-9
            && self.end_s >= end - 1e-9
            && self.first_row <= window.first_row + 1e-3
            && self.last_row >= window.first_row + window.rows - 1e-3
    }
}

/// What is to be drawn into a pane.
pub(super) struct Job<'a> {
    pub(super) bins: &'a Arc<TraceBins>,
    pub(super) version: u64,
    /// Row of the view of the first channel of the bins.
    pub(super) first_row: usize,
    pub(super) window: &'a Window,
    pub(super) extent: &'a Extent,
    pub(super) noise: f32,
    pub(super) gain: f32,
    /// Colour of lines, `None` for a heat map.
    pub(super) line: Option<Color32>,
    pub(super) pieces: Option<Pieces>,
    /// Another recording is drawn in the same rows.
    pub(super) is_over: bool,
}

impl Pictures {
    /// Nothing yet.
    pub(super) fn new(lanes: &Lanes) -> Self {
        Self { lane: lanes.trace_lane(), texture: None, shown: None }
    }

    /// True while a picture is made.
    pub(super) fn busy(&self) -> bool {
        self.lane.busy()
    }

    /// Draws the picture there is where it belongs, and asks for a better one where it is old.
    pub(super) fn ui(&mut self, ui: &Ui, rect: Rect, job: &Job<'_>) {
        if let Some(Drawn { image, key, cover }) = self.lane.take() {
            let magnification = match key.look {
                Look::Heat { .. } => TextureFilter::Nearest,
                Look::Lines { .. } => TextureFilter::Linear,
            };
            let options = TextureOptions { magnification, ..TextureOptions::LINEAR };
            match &mut self.texture {
                Some(texture) => texture.set(image, options),
                None => self.texture = Some(ui.ctx().load_texture("traces", image, options)),
            }
            self.shown = Some((key, cover));
        }
        let pixels = ui.pixels_per_point();
        let size = [(rect.width() * pixels).max(1.0), (rect.height() * pixels).max(1.0)];
        let most = ui.input(|i| i.max_texture_side).min(8192);
        let (key, cover, at) = wanted(job, size, pixels, most, ui.visuals().dark_mode);
        let good = self.shown.as_ref().is_some_and(|(shown, covered)| {
            *shown == key && (covered.holds(job.window) || *covered == cover)
        });
        // One at a time: while dragging, a newer wish must not end the one that is being drawn.
        if !good && !self.lane.busy() {
            let (bins, first_row, rate) = (job.bins.clone(), job.first_row, job.extent.sampling_frequency);
            let key = key.clone();
            self.lane.request(move |ticket| {
                let image = draw(&bins, &key, at, first_row, rate);
                ticket.send(Drawn { image, key, cover });
            });
        }
        let (Some(texture), Some((shown, covered))) = (&self.texture, &self.shown) else {
            return;
        };
        if covered.segment != job.window.segment || shown.channels != key.channels {
            return;
        }
        let place = place(rect, job.window, covered);
        let place = match shown.look == key.look {
            // Pixel for pixel.
            true => {
                let snap = |p: Pos2| pos2((p.x * pixels).round() / pixels, (p.y * pixels).round() / pixels);
                Rect::from_min_size(snap(place.min), place.size())
            }
            false => place,
        };
        let uv = Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0));
        ui.painter_at(rect).image(texture.id(), place, uv, Color32::WHITE);
    }
}

/// Where a picture of `cover` lies when `window` fills `rect`.
fn place(rect: Rect, window: &Window, cover: &Cover) -> Rect {
    let x = |time: f64| rect.left() + ((time - window.start_s) / window.width_s) as f32 * rect.width();
    let y = |row: f32| rect.top() + (row - window.first_row) / window.rows * rect.height();
    Rect::from_min_max(pos2(x(cover.start_s), y(cover.first_row)), pos2(x(cover.end_s), y(cover.last_row)))
}

fn wanted(job: &Job<'_>, size: [f32; 2], pixels: f32, most: usize, dark: bool) -> (Key, Cover, Placement) {
    let Job { bins, window, extent, .. } = job;
    let rate = extent.sampling_frequency;
    let row_height = size[1] / window.rows.max(1.0);
    let frames_per_pixel = window.width_s * rate / f64::from(size[0]);
    let num_rows = bins.channels.len();
    let all = Cover {
        segment: bins.segment,
        start_s: bins.start_frame(0) as f64 / rate,
        end_s: bins.start_frame(bins.num_bins) as f64 / rate,
        first_row: job.first_row as f32,
        last_row: (job.first_row + num_rows) as f32,
    };
    let key = |look| Key { version: job.version, channels: num_rows, look, dark };
    let Some(color) = job.line else {
        // All rows are in the picture; where only some are in sight they get more pixels.
        let height = (row_height * num_rows as f32) as usize;
        let look = Look::Heat { full: job.noise * HEAT_NOISES / job.gain, height: height.clamp(1, most) };
        let at = Placement {
            size: [0, 0],
            first_frame: 0.0,
            frames_per_pixel,
            first_row: 0.0,
            row_height,
            scale: 0.0,
            half_width: 0.0,
            loudest: None,
        };
        return (key(look), all, at);
    };
    // Half a window more on either side, as far as there are samples and a picture may be large.
    let spare = ((most as f32 - size[0]) / 2.0 / size[0]).clamp(0.0, 0.5);
    let margin = window.width_s * f64::from(spare);
    let spare_rows = window.rows * ((most as f32 - size[1]) / 2.0 / size[1]).clamp(0.0, 0.25);
    let pixel_s = window.width_s / f64::from(size[0]);
    let end_s = window.start_s + window.width_s;
    let whole = |seconds: f64| (seconds / pixel_s).floor() * pixel_s;
    let start_s = window.start_s - whole((window.start_s - all.start_s).clamp(0.0, margin));
    let columns = ((end_s + (all.end_s - end_s).clamp(0.0, margin) - start_s) / pixel_s).ceil();
    let first_row = window.first_row - (window.first_row - all.first_row).clamp(0.0, spare_rows).floor();
    let last_row = window.first_row + window.rows;
    let last_row = last_row + (all.last_row - last_row).clamp(0.0, spare_rows);
    let lines = ((last_row - first_row) * row_height).ceil();
    let cover = Cover {
        segment: bins.segment,
        start_s,
        end_s: start_s + columns * pixel_s,
        first_row,
        last_row: first_row + lines / row_height,
    };
    let at = Placement {
        size: [(columns as usize).clamp(1, most), (lines as usize).clamp(1, most)],
        first_frame: start_s * rate,
        frames_per_pixel,
        first_row: first_row - job.first_row as f32,
        row_height,
        scale: row_height / (2.0 * ROW_NOISES * job.noise) * job.gain,
        half_width: 0.45 * pixels.max(1.0),
        loudest: job.is_over.then_some(job.noise * LOUD),
    };
    let pieces = job.pieces.clone().filter(|_| frames_per_pixel < 0.002 * rate);
    let (scale, is_over) = (at.scale, job.is_over);
    let look = Look::Lines { row_height, scale, frames_per_pixel, pieces, color, is_over };
    (key(look), cover, at)
}

/// Makes a picture.
fn draw(bins: &TraceBins, key: &Key, at: Placement, first_row: usize, rate: f64) -> ColorImage {
    match &key.look {
        Look::Heat { full, height } => picture::heat(bins, 0..bins.channels.len(), *height, *full, key.dark),
        Look::Lines { pieces, color, .. } => {
            let mut lines = Lines::new(bins, at);
            for row in 0..bins.channels.len() {
                lines.row(row, 0..at.size[0], *color);
            }
            if let Some(pieces) = pieces {
                color_pieces(&mut lines, bins, at, pieces, first_row, rate, key.dark);
            }
            lines.finish()
        }
    }
}

/// Colours the lines around spikes, on the channels near the unit's main one.
fn color_pieces(
    lines: &mut Lines<'_>,
    bins: &TraceBins,
    at: Placement,
    pieces: &Pieces,
    first_row: usize,
    rate: f64,
    dark: bool,
) {
    let last = at.first_frame + at.size[0] as f64 * at.frames_per_pixel;
    let frames = at.first_frame as i64..last.ceil() as i64;
    let index = SpikeIndex(&pieces.sorting);
    let spots = index.window(bins.segment, frames, &pieces.selected, PIECES);
    if spots.len() > PIECES {
        return;
    }
    for spot in spots {
        let unit = spot.unit as usize;
        let Some(rows) = pieces.rows.get(&unit) else {
            continue;
        };
        if !pieces.selected.is_empty() && !pieces.selected.contains(&unit) {
            continue;
        }
        let column = |seconds: f64| {
            ((spot.frame as f64 + seconds * rate - at.first_frame) / at.frames_per_pixel).max(0.0) as usize
        };
        let columns = column(-PIECE_S[0])..column(PIECE_S[1]) + 1;
        for row in rows.clone().filter_map(|row| row.checked_sub(first_row)) {
            lines.row(row, columns.clone(), colors::unit(unit, dark));
        }
    }
}
