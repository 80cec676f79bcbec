//! Ticks at round values and numbers with sensible digits.

use egui::{Align2, Color32, FontId, Painter, Rect, Stroke, pos2};

/// A round step (1, 2 or 5 times a power of ten) that divides `span` into at most `count` parts.
pub fn step(span: f64, count: usize) -> f64 {
    let raw = span / count.max(1) as f64;
    if !(raw.is_finite() && raw > 0.0) {
        return 1.0;
    }
    let power = 10f64.powf(raw.log10().floor());
    let factor = raw / power;
    power
        * if factor <= 1.0 {
            1.0
        } else if factor <= 2.0 {
            2.0
        } else if factor <= 5.0 {
            5.0
        } else {
            10.0
        }
}

/// Round values inside a range.
pub fn ticks(from: f64, to: f64, count: usize) -> Vec<f64> {
    let step = step(to - from, count);
    let first = (from / step).ceil() as i64;
    let last = (to / step).floor() as i64;
    if last - first > 1000 {
        return Vec::new();
    }
    (first..=last).map(|i| i as f64 * step).collect()
}

/// A value with as many decimals as `step` needs.
pub fn with_step(value: f64, step: f64) -> String {
    let decimals = (-step.log10().floor()).clamp(0.0, 9.0) as usize;
    let text = format!("{value:.decimals$}");
    if text.trim_start_matches('-').chars().all(|c| c == '0' || c == '.') && text.starts_with('-') {
        text[1..].to_owned()
    } else {
        text
    }
}

/// A value with about three digits.
pub fn short(value: f64) -> String {
    let size = value.abs();
    if size >= 1e5 || (size > 0.0 && size < 1e-3) {
        format!("{value:.1e}")
    } else if size >= 100.0 || size == 0.0 {
        format!("{value:.0}")
    } else if size >= 10.0 {
        format!("{value:.1}")
    } else if size >= 0.1 {
        format!("{value:.2}")
    } else {
        // Three digits, however small.
        let decimals = (2.0 - size.log10().floor()) as usize;
        format!("{value:.decimals$}")
    }
}

/// A count with spaces between thousands.
pub fn count(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + 4);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push('\u{a0}');
        }
        text.push(digit);
    }
    text
}

/// A length of time for people: `350 ms`, `12.5 s`, `3 min 20 s`, `2 h 5 min`.
pub fn duration(seconds: f64) -> String {
    if seconds < 1.0 {
        format!("{} ms", short(seconds * 1e3))
    } else if seconds < 60.0 {
        format!("{} s", short(seconds))
    } else if seconds < 3600.0 {
        format!("{} min {:02.0} s", (seconds / 60.0).floor(), (seconds % 60.0).floor())
    } else {
        format!("{} h {:02.0} min", (seconds / 3600.0).floor(), (seconds % 3600.0 / 60.0).floor())
    }
}

/// A small plot's box with linear axes.
#[derive(Clone, Copy, Debug)]
pub struct Plot {
    /// Where it is drawn.
    pub rect: Rect,
    /// Values at the left and right edge.
    pub x: [f64; 2],
    /// Values at the bottom and top edge.
    pub y: [f64; 2],
}

impl Plot {
    /// Where a point falls.
    pub fn at(&self, x: f64, y: f64) -> egui::Pos2 {
        let across = (x - self.x[0]) / (self.x[1] - self.x[0]);
        let up = (y - self.y[0]) / (self.y[1] - self.y[0]);
        pos2(
            self.rect.left() + across as f32 * self.rect.width(),
            self.rect.bottom() - up as f32 * self.rect.height(),
        )
    }

    /// Ticks and numbers under the box; `name` is said at the right end.
    pub fn x_axis(&self, painter: &Painter, color: Color32, name: &str) {
        let font = FontId::proportional(10.0);
        let count = (self.rect.width() / 60.0) as usize;
        let step = step(self.x[1] - self.x[0], count);
        let width = painter.layout_no_wrap(name.to_owned(), font.clone(), color).size().x;
        for value in ticks(self.x[0], self.x[1], count) {
            let x = self.at(value, self.y[0]).x;
            painter.vline(x, self.rect.bottom()..=self.rect.bottom() + 3.0, Stroke::new(1.0, color));
            if x < self.rect.right() - width - 14.0 {
                painter.text(
                    pos2(x, self.rect.bottom() + 3.0),
                    Align2::CENTER_TOP,
                    with_step(value, step),
                    font.clone(),
                    color,
                );
            }
        }
        painter.text(pos2(self.rect.right(), self.rect.bottom() + 3.0), Align2::RIGHT_TOP, name, font, color);
    }

    /// Ticks and numbers left of the box; `name` is said inside at the top.
    pub fn y_axis(&self, painter: &Painter, color: Color32, name: &str) {
        let font = FontId::proportional(10.0);
        let count = ((self.rect.height() / 26.0) as usize).max(1);
        let step = step(self.y[1] - self.y[0], count);
        for value in ticks(self.y[0], self.y[1], count) {
            let y = self.at(self.x[0], value).y;
            painter.hline(self.rect.left() - 3.0..=self.rect.left(), y, Stroke::new(1.0, color));
            painter.text(
                pos2(self.rect.left() - 5.0, y),
                Align2::RIGHT_CENTER,
                with_step(value, step),
                font.clone(),
                color,
            );
        }
        if name.is_empty() {
            return;
        }
        // On a ground of its own: there may be points under it.
        let galley = painter.layout_no_wrap(name.to_owned(), font, color);
        let at = self.rect.left_top() + egui::vec2(4.0, 2.0);
        let ground = if color.intensity() > 0.5 { Color32::BLACK } else { Color32::WHITE };
        let plate = Rect::from_min_size(at, galley.size()).expand(2.0);
        painter.rect_filled(plate, 3.0, ground.gamma_multiply(0.6));
        painter.galley(at, galley, color);
    }
}

/// Room left of a plot for its numbers, and below it.
pub const MARGIN: egui::Vec2 = egui::vec2(38.0, 16.0);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round() {
        assert_eq!(step(1.0, 5), 0.2);
        assert_eq!(step(7.0, 5), 2.0);
        let found = ticks(0.95, 2.05, 6);
        assert_eq!(found.len(), 6);
        assert!(found.iter().zip([1.0, 1.2, 1.4, 1.6, 1.8, 2.0]).all(|(a, b)| (a - b).abs() < 1e-9));
        assert_eq!(with_step(1.4000000000000001, 0.2), "1.4");
        assert_eq!(with_step(-0.0, 0.2), "0.0");
        assert_eq!(with_step(120.0, 20.0), "120");
    }

    #[test]
    fn words_for_numbers() {
        assert_eq!(duration(0.0123), "12.3 ms");
        assert_eq!(duration(200.4), "3 min 20 s");
        assert_eq!(count(1234567), "1\u{a0}234\u{a0}567");
        assert_eq!(short(74.26), "74.3");
        assert_eq!((short(0.0015), short(-0.042)), ("0.00150".into(), "-0.0420".into()));
    }
}
