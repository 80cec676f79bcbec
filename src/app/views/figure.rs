//! A drawing, made into a picture off the UI thread.

use super::export::{self, Wish, Write, write_figure};
use crate::{
    app::{texts, theme},
    data::Figure,
    inspect::{Lane, Lanes},
};
use egui::{
    Color32, ColorImage, Pos2, Rect, Role, Sense, TextureHandle, TextureOptions, Ui, WidgetInfo, pos2,
};
use std::sync::{Arc, OnceLock};

/// The view of a figure.
pub struct FigureView {
    figure: Arc<Figure>,
    lane: Lane<Result<ColorImage, String>>,
    asked: Option<[u32; 2]>,
    texture: Option<TextureHandle>,
    error: Option<String>,
}

impl FigureView {
    /// Shows a figure.
    pub fn new(lanes: &Lanes, figure: Arc<Figure>) -> Self {
        Self { figure, lane: lanes.lane(), asked: None, texture: None, error: None }
    }

    /// True while the picture is made.
    pub fn busy(&self) -> bool {
        self.lane.busy()
    }

    /// Draws the figure as large as fits.
    pub(super) fn ui(&mut self, ui: &mut Ui) -> Option<Wish> {
        if let Some(answer) = self.lane.take() {
            match answer {
                Ok(image) => {
                    self.texture = Some(ui.ctx().load_texture("figure", image, TextureOptions::LINEAR));
                    self.error = None;
                }
                Err(error) => self.error = Some(error),
            }
        }
        if let Some(error) = &self.error {
            super::empty::failure(ui, texts::views::not_drawn(), error);
            return None;
        }
        let full = ui.available_rect_before_wrap().shrink(8.0);
        let (width, height) = (self.figure.width.max(1) as f32, self.figure.height.max(1) as f32);
        let scale = (full.width() / width).min(full.height() / height).max(0.05);
        let rect = Rect::from_center_size(full.center(), egui::vec2(width, height) * scale);
        let pixels = scale * ui.pixels_per_point();
        let size = [(width * pixels) as u32, (height * pixels) as u32].map(|x| x.clamp(1, 4096));
        if self.asked != Some(size) {
            self.asked = Some(size);
            let figure = self.figure.clone();
            self.lane.request(move |ticket| ticket.send(rasterise(&figure, size)));
        }
        let p = theme::palette(ui.visuals());
        let response = ui.allocate_rect(full, Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, &self.figure.title));
        match &self.texture {
            Some(texture) => {
                ui.painter().rect_filled(rect, 2.0, Color32::WHITE);
                ui.painter().image(
                    texture.id(),
                    rect,
                    Rect::from_min_max(Pos2::ZERO, pos2(1.0, 1.0)),
                    Color32::WHITE,
                );
            }
            None => {
                ui.painter().rect_filled(rect, 2.0, p.field);
            }
        }
        let corner = Rect::from_min_size(full.right_top() - egui::vec2(64.0, 0.0), egui::vec2(64.0, 22.0));
        let place = egui::UiBuilder::new().max_rect(corner).id_salt("export");
        ui.scope_builder(place, |ui| export::menu(ui, None)).inner
    }

    /// The drawing, to be written.
    pub(super) fn figure(&self) -> Write {
        let figure = self.figure.as_ref().clone();
        write_figure(move || Ok(figure))
    }
}

/// Draws the SVG into a picture.
pub fn rasterise(figure: &Figure, size: [u32; 2]) -> Result<ColorImage, String> {
    use resvg::{tiny_skia, usvg};
    static FONTS: OnceLock<(Arc<usvg::fontdb::Database>, String)> = OnceLock::new();
    let (fonts, family) = FONTS.get_or_init(|| {
        let mut fonts = usvg::fontdb::Database::new();
        // The window's own fonts: what the system has differs from machine to machine.
        for data in egui::FontDefinitions::default().font_data.values() {
            fonts.load_font_source(usvg::fontdb::Source::Binary(data.font.clone()));
        }
        let names: Vec<String> = fonts.faces().filter_map(|f| Some(f.families.first()?.0.clone())).collect();
        let family =
            names.iter().find(|n| n.starts_with("Ubuntu")).or(names.first()).cloned().unwrap_or_default();
        fonts.set_sans_serif_family(family.clone());
        fonts.set_serif_family(family.clone());
        (Arc::new(fonts), family)
    });
    let options =
        usvg::Options { fontdb: fonts.clone(), font_family: family.clone(), ..usvg::Options::default() };
    let tree = usvg::Tree::from_str(&figure.svg, &options).map_err(|error| error.to_string())?;
    let mut pixels =
        tiny_skia::Pixmap::new(size[0], size[1]).ok_or_else(|| texts::views::no_size().to_owned())?;
    let (x, y) = (size[0] as f32 / tree.size().width(), size[1] as f32 / tree.size().height());
    resvg::render(&tree, tiny_skia::Transform::from_scale(x, y), &mut pixels.as_mut());
    Ok(ColorImage::from_rgba_premultiplied([size[0] as usize, size[1] as usize], pixels.data()))
}
