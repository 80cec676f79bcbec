//! Draws traces and points into pictures, in memory; the results become textures.

use crate::inspect::{Density, TraceBins};
use egui::{Color32, ColorImage};

/// A picture of a heat map: a pixel a bin across, a row of the bins (or several) down.
pub fn heat(
    bins: &TraceBins,
    rows: std::ops::Range<usize>,
    max_height: usize,
    full: f32,
    dark: bool,
) -> ColorImage {
    let colors = super::colors::diverging(dark);
    let ground = colors[127].gamma_multiply(0.0);
    let height = rows.len().min(max_height).max(1);
    let width = bins.num_bins.max(1);
    let mut pixels = vec![ground; width * height];
    let mut strongest = vec![0.0f32; width];
    for line in 0..height {
        let from = rows.start + line * rows.len() / height;
        let to = (rows.start + (line + 1) * rows.len() / height).max(from + 1);
        strongest.fill(f32::NAN);
        for row in from..to.min(rows.end) {
            let center = bins.center.get(row).copied().unwrap_or(0.0);
            for (out, &[low, high]) in strongest.iter_mut().zip(bins.row(row)) {
                let (below, above) = (low - center, high - center);
                let value = if -below > above { below } else { above };
                if out.is_nan() || value.abs() > out.abs() {
                    *out = value;
                }
            }
        }
        let scale = 127.5 / full.max(f32::MIN_POSITIVE);
        for (pixel, value) in pixels[line * width..(line + 1) * width].iter_mut().zip(&strongest) {
            if !value.is_nan() {
                *pixel = colors[(value * scale + 127.5).clamp(0.0, 255.0) as usize];
            }
        }
    }
    ColorImage::new([width, height], pixels)
}

/// How frames and rows fall on pixels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Placement {
    /// Pixels across and down.
    pub size: [usize; 2],
    /// Frame at the left edge.
    pub first_frame: f64,
    /// Frames of a pixel.
    pub frames_per_pixel: f64,
    /// Row at the top edge.
    pub first_row: f32,
    /// Pixels of a row.
    pub row_height: f32,
    /// Pixels of one unit of value.
    pub scale: f32,
    /// Half of the width of a line in pixels.
    pub half_width: f32,
    /// A channel whose noise is beyond this value is kept in its row, so that it does not cover its neighbours.
    pub loudest: Option<f32>,
}

/// Lines on a transparent ground.
pub struct Lines<'a> {
    bins: &'a TraceBins,
    at: Placement,
    pixels: Vec<Color32>,
}

impl<'a> Lines<'a> {
    /// An empty picture.
    pub fn new(bins: &'a TraceBins, at: Placement) -> Self {
        Self { bins, at, pixels: vec![Color32::TRANSPARENT; at.size[0] * at.size[1]] }
    }

    /// Draws a row between two columns of pixels.
    pub fn row(&mut self, row: usize, columns: std::ops::Range<usize>, color: Color32) {
        let Placement { size: [width, height], first_row, row_height, scale, half_width, .. } = self.at;
        let center = self.bins.center.get(row).copied().unwrap_or(0.0);
        let baseline = (row as f32 + 0.5 - first_row) * row_height;
        // Far from the picture nothing can show, whatever the values.
        if baseline < -8.0 * row_height || baseline > height as f32 + 8.0 * row_height {
            return;
        }
        let is_loud = |loudest: f32| self.bins.noise.get(row).is_some_and(|&noise| noise > loudest);
        let room = self.at.loudest.filter(|&loudest| is_loud(loudest)).map(|_| row_height / 2.0);
        let color = if room.is_some() { color.gamma_multiply(0.6) } else { color };
        let mut previous: Option<[f32; 2]> = None;
        for column in columns.start..columns.end.min(width) {
            let Some([low, high]) = self.extremes(row, column) else {
                previous = None;
                continue;
            };
            let (mut top, mut bottom) =
                (baseline - (high - center) * scale, baseline - (low - center) * scale);
            if let Some(room) = room {
                let within = |y: f32| y.clamp(baseline - room, baseline + room);
                (top, bottom) = (within(top), within(bottom));
            }
            if let Some([before_top, before_bottom]) = previous {
                let joined = [top, bottom];
                top = top.min(before_bottom);
                bottom = bottom.max(before_top);
                previous = Some(joined);
            } else {
                previous = Some([top, bottom]);
            }
            self.column(column, top - half_width, bottom + half_width, color);
        }
    }

    /// The finished picture.
    pub fn finish(self) -> ColorImage {
        ColorImage::new(self.at.size, self.pixels)
    }

    fn extremes(&self, row: usize, column: usize) -> Option<[f32; 2]> {
        let Placement { first_frame, frames_per_pixel, .. } = self.at;
        let from = first_frame + column as f64 * frames_per_pixel;
        let to = from + frames_per_pixel;
        let values = self.bins.row(row);
        let bin_frames = self.bins.bin_frames as f64;
        let first = self.bins.first_bin as f64;
        if self.bins.bin_frames == 1 && frames_per_pixel < 2.0 {
            // Between samples a line goes straight.
            let between = |frame: f64| {
                let place = frame - first;
                let below = place.floor();
                let a = values.get(below.max(0.0) as usize)?[0];
                let b = values.get(below.max(0.0) as usize + 1).map_or(a, |v| v[0]);
                (place >= 0.0 && !a.is_nan()).then_some(a + (b - a) * (place - below) as f32)
            };
            let (a, b) = (between(from)?, between(to)?);
            let mut all = [a.min(b), a.max(b)];
            for sample in (from - first).ceil() as usize..=(to - first).floor() as usize {
                let value = values.get(sample)?[0];
                all = [all[0].min(value), all[1].max(value)];
            }
            return Some(all);
        }
        let begin = (from / bin_frames - first).floor();
        let end = (to / bin_frames - first).ceil();
        if begin < 0.0 {
            return None;
        }
        let bins = values.get(begin as usize..(end as usize).min(values.len()))?;
        let all = bins
            .iter()
            .filter(|v| !v[0].is_nan())
            .fold([f32::INFINITY, f32::NEG_INFINITY], |a, b| [a[0].min(b[0]), a[1].max(b[1])]);
        (all[0] <= all[1]).then_some(all)
    }

    fn column(&mut self, column: usize, top: f32, bottom: f32, color: Color32) {
        let [width, height] = self.at.size;
        let first = top.floor().max(0.0) as usize;
        let last = (bottom.ceil().max(0.0) as usize).min(height);
        for line in first..last {
            let covered = (bottom.min(line as f32 + 1.0) - top.max(line as f32)).clamp(0.0, 1.0);
            let pixel = &mut self.pixels[line * width + column];
            *pixel = if covered > 0.99 {
                color
            } else {
                pixel.gamma_multiply(1.0 - covered) + color.gamma_multiply(covered)
            };
        }
    }
}

/// A picture of a cloud of points: colour by amplitude, strength by how many there are.
pub fn cloud(density: &Density, dark: bool) -> ColorImage {
    let [width, height] = density.size;
    let total: u64 = density.count.iter().map(|&c| u64::from(c)).sum();
    // Few points are drawn larger: single pixels could not be seen.
    let reach = match total {
        0..3_000 => 3,
        3_000..30_000 => 2,
        _ => 1,
    };
    let mut pixels = vec![Color32::TRANSPARENT; width * height];
    for (index, pixel) in pixels.iter_mut().enumerate() {
        let (x, y) = (index % width, index / width);
        let (mut count, mut amplitude) = (0u32, 0.0f32);
        for line in (y + 1).saturating_sub(reach)..=y {
            for column in (x + 1).saturating_sub(reach)..=x {
                let at = line * width + column;
                count += u32::from(density.count[at]);
                amplitude = amplitude.max(density.amplitude[at]);
            }
        }
        if count > 0 {
            let color = super::colors::amount(amplitude / density.large.max(f32::MIN_POSITIVE), dark);
            *pixel = color.gamma_multiply((0.7 + 0.1 * count as f32).min(1.0));
        }
    }
    ColorImage::new(density.size, pixels)
}

/// Points of several colours in one picture, each `radius` pixels wide to either side.
pub fn points(
    size: [usize; 2],
    radius: i32,
    points: impl Iterator<Item = ([f32; 2], Color32)>,
) -> ColorImage {
    let [width, height] = size;
    let mut pixels = vec![Color32::TRANSPARENT; width * height];
    for ([x, y], color) in points {
        for dy in -radius..=radius {
            for dx in -radius..=radius {
                let (column, line) = (x as i32 + dx, y as i32 + dy);
                if column >= 0 && line >= 0 && (column as usize) < width && (line as usize) < height {
                    let pixel = &mut pixels[line as usize * width + column as usize];
                    *pixel = pixel.gamma_multiply(0.25) + color.gamma_multiply(0.75);
                }
            }
        }
    }
    ColorImage::new(size, pixels)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bins(values: Vec<[f32; 2]>) -> TraceBins {
        TraceBins {
            segment: 0,
            bin_frames: 1,
            first_bin: 0,
            num_bins: values.len(),
            channels: vec![0],
            values,
            center: vec![0.0],
            noise: vec![1.0],
            in_uv: true,
            share: 1.0,
            error: None,
        }
    }

    #[test]
    fn a_step_is_drawn_as_one_connected_line() {
        let bins = bins([0.0, 0.0, 5.0, 5.0].map(|x| [x, x]).to_vec());
        let at = Placement {
            size: [4, 20],
            first_frame: 0.0,
            frames_per_pixel: 1.0,
            first_row: 0.0,
            row_height: 20.0,
            scale: 1.0,
            half_width: 0.5,
            loudest: None,
        };
        let mut lines = Lines::new(&bins, at);
        lines.row(0, 0..4, Color32::WHITE);
        let image = lines.finish();
        let drawn = |x: usize, y: usize| image.pixels[y * 4 + x].a() > 100;
        assert!(drawn(0, 9) || drawn(0, 10));
        for y in 6..10 {
            assert!(drawn(1, y), "the rise at line {y}");
        }
    }

    #[test]
    fn a_loud_channel_stays_in_its_row_where_two_recordings_lie_over_each_other() {
        let mut bins = bins([0.0, 100.0, -100.0, 0.0].map(|x| [x, x]).to_vec());
        bins.noise = vec![50.0];
        let mut at = Placement {
            size: [4, 60],
            first_frame: 0.0,
            frames_per_pixel: 1.0,
            first_row: -1.0,
            row_height: 20.0,
            scale: 1.0,
            half_width: 0.5,
            loudest: Some(4.0),
        };
        let drawn = |at: Placement| {
            let mut lines = Lines::new(&bins, at);
            lines.row(0, 0..4, Color32::WHITE);
            let image = lines.finish();
            let rows = (0..60).filter(|y| (0..4).any(|x| image.pixels[y * 4 + x].a() > 0));
            rows.collect::<Vec<_>>()
        };
        let kept = drawn(at);
        assert!(kept.iter().all(|y| (19..=40).contains(y)) && kept.len() > 15, "{kept:?}");
        at.loudest = Some(60.0);
        assert!(drawn(at).contains(&2), "a channel that is no louder than that is drawn as it is");
    }

    #[test]
    fn strong_values_are_not_lost_when_channels_share_a_pixel() {
        let mut bins = bins(vec![[0.0, 0.0]; 6]);
        bins.num_bins = 2;
        bins.channels = vec![0, 1, 2];
        bins.center = vec![0.0; 3];
        bins.values[3] = [-10.0, 0.0];
        let image = heat(&bins, 0..3, 1, 10.0, true);
        assert_eq!(image.size, [2, 1]);
        assert_eq!(image.pixels[1], super::super::colors::diverging(true)[0]);
    }
}
