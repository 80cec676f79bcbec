//! Pictures of many points: how many fall on a pixel, and the largest amplitude among them.

/// A cloud of points and where it is drawn.
#[derive(Clone, Debug)]
pub struct DensityRequest {
    /// `[x, y, amplitude]` of each point.
    pub points: std::sync::Arc<Vec<[f32; 3]>>,
    /// Pixels across and down.
    pub size: [usize; 2],
    /// Values at the left and right edge.
    pub x: [f32; 2],
    /// Values at the bottom and top edge.
    pub y: [f32; 2],
}

/// What falls on each pixel, row by row from the top.
#[derive(Clone, Debug, PartialEq)]
pub struct Density {
    /// Pixels across and down.
    pub size: [usize; 2],
    /// Values at the left and right edge.
    pub x: [f32; 2],
    /// Values at the bottom and top edge.
    pub y: [f32; 2],
    /// Points on a pixel.
    pub count: Vec<u16>,
    /// Largest absolute amplitude on a pixel.
    pub amplitude: Vec<f32>,
    /// Amplitude that 95 % of the points stay below.
    pub large: f32,
}

/// Draws a cloud; `None` where `superseded` says so on the way.
pub fn density(request: &DensityRequest, superseded: &dyn Fn() -> bool) -> Option<Density> {
    let DensityRequest { points, size: [width, height], x, y } = request;
    let (width, height) = (*width, *height);
    let mut count = vec![0u16; width * height];
    let mut amplitude = vec![0.0f32; width * height];
    let scale_x = width as f32 / (x[1] - x[0]).max(f32::MIN_POSITIVE);
    let scale_y = height as f32 / (y[1] - y[0]).max(f32::MIN_POSITIVE);
    for chunk in points.chunks(1 << 18) {
        if superseded() {
            return None;
        }
        for &[px, py, a] in chunk {
            let (column, row) = ((px - x[0]) * scale_x, (y[1] - py) * scale_y);
            if !(column >= 0.0 && row >= 0.0) {
                continue;
            }
            let (column, row) = (column as usize, row as usize);
            if column < width && row < height {
                let at = row * width + column;
                count[at] = count[at].saturating_add(1);
                amplitude[at] = amplitude[at].max(a.abs());
            }
        }
    }
    let step = points.len().div_ceil(20_000).max(1);
    let mut sample: Vec<f32> = points.iter().step_by(step).map(|p| p[2].abs()).collect();
    let large = if sample.is_empty() {
        0.0
    } else {
        let at = sample.len() * 95 / 100;
        *sample.select_nth_unstable_by(at, f32::total_cmp).1
    };
    Some(Density { size: [width, height], x: *x, y: *y, count, amplitude, large })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn points_land_on_their_pixels() {
        let request = DensityRequest {
            points: std::sync::Arc::new(vec![
                [0.5, 0.5, -3.0],
                [0.6, 0.4, 2.0],
                [1.5, 1.5, 1.0],
                [9.0, 0.0, 1.0],
            ]),
            size: [2, 2],
            x: [0.0, 2.0],
            y: [0.0, 2.0],
        };
        let picture = density(&request, &|| false).unwrap();
        assert_eq!(picture.count, [0, 1, 2, 0]);
        assert_eq!(picture.amplitude, [0.0, 1.0, 3.0, 0.0]);
        assert!(density(&request, &|| true).is_none());
    }
}
