//! Which stretch of time and which channels are in sight.

/// Longest stretch in sight, in seconds.
const LONGEST_S: f64 = 600.0;

/// The part of a recording that is seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Window {
    /// Segment.
    pub segment: usize,
    /// Left edge in seconds from the start of the segment.
    pub start_s: f64,
    /// Seconds across.
    pub width_s: f64,
    /// Row at the top edge.
    pub first_row: f32,
    /// Rows in sight.
    pub rows: f32,
}

/// What there is to see.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Extent {
    /// Length of the segment in seconds.
    pub duration_s: f64,
    /// Hz.
    pub sampling_frequency: f64,
    /// Rows there are.
    pub rows: usize,
}

impl Window {
    /// Moves by seconds and rows.
    pub fn pan(&mut self, seconds: f64, rows: f32, extent: &Extent) {
        self.start_s += seconds;
        self.first_row += rows;
        self.clamp(extent);
    }

    /// Shows `factor` times as much time; what lies at `share` of the width stays there.
    pub fn zoom(&mut self, factor: f64, share: f64, extent: &Extent) {
        let fixed = self.start_s + share * self.width_s;
        self.width_s *= factor;
        self.clamp_width(extent);
        self.start_s = fixed - share * self.width_s;
        self.clamp(extent);
    }

    /// Shows `factor` times as many rows around the middle.
    pub fn zoom_rows(&mut self, factor: f32, extent: &Extent) {
        let middle = self.first_row + self.rows / 2.0;
        self.rows = (self.rows * factor).clamp(extent.rows.min(4) as f32, extent.rows as f32);
        self.first_row = middle - self.rows / 2.0;
        self.clamp(extent);
    }

    /// Puts a time into the middle.
    pub fn center(&mut self, time_s: f64, extent: &Extent) {
        self.start_s = time_s - self.width_s / 2.0;
        self.clamp(extent);
    }

    /// Keeps to what there is.
    pub fn clamp(&mut self, extent: &Extent) {
        self.clamp_width(extent);
        self.start_s = self.start_s.clamp(0.0, (extent.duration_s - self.width_s).max(0.0));
        self.rows = self.rows.clamp(1.0, extent.rows.max(1) as f32);
        self.first_row = self.first_row.clamp(0.0, (extent.rows as f32 - self.rows).max(0.0));
    }

    fn clamp_width(&mut self, extent: &Extent) {
        let least = 20.0 / extent.sampling_frequency;
        let most = extent.duration_s.min(LONGEST_S).max(least);
        self.width_s = self.width_s.clamp(least, most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXTENT: Extent = Extent { duration_s: 100.0, sampling_frequency: 30_000.0, rows: 64 };

    #[test]
    fn zooming_keeps_what_is_under_the_pointer() {
        let mut window = Window { segment: 0, start_s: 10.0, width_s: 2.0, first_row: 0.0, rows: 32.0 };
        window.zoom(0.5, 0.25, &EXTENT);
        assert_eq!((window.start_s, window.width_s), (10.25, 1.0));
        window.zoom(1e9, 0.5, &EXTENT);
        assert_eq!((window.start_s, window.width_s), (0.0, 100.0));
        window.zoom(1e-12, 0.5, &EXTENT);
        assert!(window.width_s > 0.0);
    }

    #[test]
    fn nothing_outside_is_shown() {
        let mut window = Window { segment: 0, start_s: 99.0, width_s: 2.0, first_row: 50.0, rows: 32.0 };
        window.pan(50.0, 10.0, &EXTENT);
        assert_eq!((window.start_s, window.first_row), (98.0, 32.0));
        window.pan(-500.0, -100.0, &EXTENT);
        assert_eq!((window.start_s, window.first_row), (0.0, 0.0));
    }
}
