//! Clouds of many points: the drift map, and features of peaks.

use super::{
    axis::{self, Plot},
    picture,
};
use crate::{
    app::{texts, theme},
    data::{Features, Peaks, RecordingInfo},
    inspect::{Density, DensityRequest, Lane, Lanes, density},
};
use egui::{
    Color32, ColorImage, Pos2, Rect, Role, Sense, TextureHandle, TextureOptions, Ui, WidgetInfo, pos2, vec2,
};
use std::sync::Arc;

/// The view of a cloud of peaks.
pub struct CloudView {
    lane: Lane<(Density, ColorImage)>,
    points_lane: Lane<Arc<Vec<[f32; 3]>>>,
    points: Arc<Vec<[f32; 3]>>,
    range: [[f32; 2]; 2],
    /// Ranges of time and depth that are shown whatever points there are.
    frame: Option<[[f32; 2]; 2]>,
    plot: Option<Plot>,
    asked: Option<(usize, [usize; 2], bool)>,
    /// Ranges of time and depth of the picture that is shown.
    shown: Option<[[f32; 2]; 2]>,
    texture: Option<TextureHandle>,
    version: usize,
    /// What the axes are.
    names: [&'static str; 2],
}

impl CloudView {
    /// An empty view.
    pub fn new(lanes: &Lanes) -> Self {
        Self {
            lane: lanes.lane(),
            points_lane: lanes.lane(),
            points: Arc::default(),
            range: [[0.0, 1.0]; 2],
            frame: None,
            plot: None,
            asked: None,
            shown: None,
            texture: None,
            version: 0,
            names: [texts::views::time_s(), texts::views::depth_um()],
        }
    }

    /// Says what the axes are.
    pub fn set_names(&mut self, names: [&'static str; 2]) {
        self.names = names;
    }

    /// Shows the first two components of each peak on its main channel.
    pub fn set_features(&mut self, features: &Arc<Features>) {
        let features = features.clone();
        self.names = [texts::views::first_component(), texts::views::second_component()];
        self.points_lane.request(move |ticket| {
            let components = features.basis.nrows();
            let stride = features.max_channels * components;
            let values = features.values.as_slice();
            let point = |peak: usize| {
                // The main channel is the nearest to itself.
                let own = values.get(peak * stride..peak * stride + components)?;
                Some([*own.first()?, own.get(1).copied().unwrap_or(0.0), features.peaks.amplitude[peak]])
            };
            ticket.send(Arc::new((0..features.peaks.len()).filter_map(point).collect()));
        });
    }

    /// Shows peaks; depths are channel indices where nothing better is known.
    pub fn set_peaks(&mut self, peaks: &Arc<Peaks>, info: Option<&RecordingInfo>) {
        let peaks = peaks.clone();
        let located = peaks.location_um.is_some() || info.is_some_and(|info| info.probe.is_some());
        self.names[1] = if located { texts::views::depth_um() } else { texts::views::channel() };
        let depths: Option<Vec<f32>> =
            info.and_then(RecordingInfo::locations_um).map(|l| l.iter().map(|p| p[1] as f32).collect());
        let lengths: Vec<usize> =
            info.map_or(Vec::new(), |i| i.segments.iter().map(|s| s.num_frames).collect());
        self.points_lane.request(move |ticket| {
            let mut starts = vec![0usize];
            for length in lengths {
                starts.push(starts[starts.len() - 1] + length);
            }
            let rate = peaks.sampling_frequency;
            let points = (0..peaks.len())
                .map(|i| {
                    let start = starts.get(peaks.segment_index[i] as usize).copied().unwrap_or(0);
                    let channel = peaks.channel_index[i];
                    let depth = match (&peaks.location_um, &depths) {
                        (Some(places), _) => places[i][1],
                        (None, Some(depths)) => depths.get(channel as usize).copied().unwrap_or(0.0),
                        (None, None) => channel as f32,
                    };
                    [((start as f64 + peaks.sample_index[i] as f64) / rate) as f32, depth, peaks.amplitude[i]]
                })
                .collect();
            ticket.send(Arc::new(points));
        });
    }

    /// Shows these points, such as those of a sort that goes on.
    pub fn set_points(&mut self, points: &Arc<Vec<[f32; 3]>>) {
        if Arc::ptr_eq(&self.points, points) && self.version > 0 {
            return;
        }
        self.points = points.clone();
        self.version += 1;
        let of = |axis: usize| {
            points.iter().fold([f32::INFINITY, f32::NEG_INFINITY], |range, p| {
                [range[0].min(p[axis]), range[1].max(p[axis])]
            })
        };
        let pad = |[low, high]: [f32; 2], share: f32| {
            if low > high {
                return [0.0, 1.0];
            }
            let pad = ((high - low) * share).max(1e-3);
            [low - pad, high + pad]
        };
        let [first, last] = of(0);
        self.range = [[first.min(0.0), last.max(1e-3)], pad(of(1), 0.04)];
    }

    /// Shows these ranges of time and depth, or just what the points need.
    pub fn set_frame(&mut self, frame: Option<[[f32; 2]; 2]>) {
        if self.frame != frame {
            self.frame = frame;
            self.version += 1;
        }
    }

    /// Where the map was drawn last, and its ranges.
    pub fn plot(&self) -> Option<Plot> {
        self.plot
    }

    /// Draws the map.
    pub fn ui(&mut self, ui: &mut Ui) {
        if let Some(points) = self.points_lane.take() {
            self.set_points(&points);
        }
        if let Some((density, image)) = self.lane.take() {
            self.shown = Some([density.x, density.y]);
            match &mut self.texture {
                Some(texture) => texture.set(image, TextureOptions::NEAREST),
                None => self.texture = Some(ui.ctx().load_texture("cloud", image, TextureOptions::NEAREST)),
            }
        }
        let p = theme::palette(ui.visuals());
        let full = ui.available_rect_before_wrap().shrink2(vec2(8.0, 6.0));
        let response = ui.allocate_rect(full, Sense::hover());
        let label = if self.names[0].starts_with("time") {
            texts::views::drift_map()
        } else {
            texts::views::features()
        };
        response.widget_info(|| WidgetInfo::labeled(Role::GraphicsObject, true, label));
        let rect =
            Rect::from_min_max(full.min + vec2(axis::MARGIN.x, 0.0), full.max - vec2(4.0, axis::MARGIN.y));
        if rect.width() < 20.0 || rect.height() < 20.0 {
            return;
        }
        let size = [rect.width() as usize, rect.height() as usize];
        let dark = ui.visuals().dark_mode;
        let wanted = Some((self.version, size, dark));
        if self.asked != wanted && !self.points.is_empty() && !self.lane.busy() {
            self.asked = wanted;
            let [x, y] = self.frame.unwrap_or(self.range);
            let request = DensityRequest { points: self.points.clone(), size, x, y };
            self.lane.request(move |ticket| {
                if let Some(density) = density(&request, &|| ticket.superseded()) {
                    let image = picture::cloud(&density, dark);
                    ticket.send((density, image));
                }
            });
        }
        let Some([x, y]) = self.shown else {
            ui.painter().rect_filled(rect, 2.0, p.field);
            return;
        };
        let painter = ui.painter();
        painter.rect_filled(rect, 2.0, p.field);
        let plot = Plot { rect, x: x.map(f64::from), y: y.map(f64::from) };
        if let Some(texture) = &self.texture {
            let uv = Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0));
            painter.image(texture.id(), rect, uv, Color32::WHITE);
        }
        self.plot = Some(plot);
        plot.x_axis(painter, p.text_weak, self.names[0]);
        plot.y_axis(painter, p.text_weak, self.names[1]);
    }

    /// True while the picture is made.
    pub fn busy(&self) -> bool {
        self.lane.busy() || self.points_lane.busy()
    }

    /// How many points are shown.
    pub fn len(&self) -> usize {
        self.points.len()
    }
}
