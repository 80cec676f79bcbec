//! Takes what is seen out of the window: pictures to the clipboard or a file, values to a file.

use super::{Viewer, content::Content};
use crate::{
    app::texts,
    data::{Figure, Table},
    figures,
    inspect::Lane,
    io,
    pipeline::Document,
};
use egui::{ColorImage, Context, Rect, Ui};
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

/// Before the end that a picture shows, in the first line of the pipeline that travels in it.
pub const SHOWS: &str = "// Shows ";
/// Before the folder that relative paths of a pipeline start at, in the first line of one that travels.
pub const PATHS_START: &str = "Paths start at ";

/// What the user wants of a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wish {
    /// Look at the spikes of the selected units in the traces.
    Traces,
    /// The view as it is on the screen, into the clipboard.
    CopyPicture,
    /// The view as a drawing or picture, into a file.
    SavePicture,
    /// The numbers in sight, into a file.
    SaveValues,
}

/// What is written once the user has chosen a file.
pub(super) type Write = Box<dyn FnOnce(&Path) -> Result<(), String> + Send>;

/// The button with the ways out; `values` says what can be written as numbers.
pub(super) fn menu(ui: &mut Ui, values: Option<&str>) -> Option<Wish> {
    let mut wish = None;
    ui.menu_button(texts::views::export(), |ui| {
        let mut entries = vec![
            (texts::views::copy_picture(), Wish::CopyPicture),
            (texts::views::save_picture(), Wish::SavePicture),
        ];
        entries.extend(values.map(|what| (what, Wish::SaveValues)));
        for (text, what) in entries {
            if ui.button(text).clicked() {
                wish = Some(what);
                ui.close();
            }
        }
    });
    wish
}

/// Writes a figure as the ending of the file says.
pub(super) fn write_figure(make: impl FnOnce() -> Result<Figure, String> + Send + 'static) -> Write {
    Box::new(move |path| {
        let path = if path.extension().is_none() { path.with_extension("svg") } else { path.to_owned() };
        io::figure::write(&path, &make()?, 2.0).map_err(|error| error.to_string())
    })
}

/// Writes a table, separated by commas or tabs as the ending of the file says.
pub(super) fn write_table(make: impl FnOnce() -> Result<Table, String> + Send + 'static) -> Write {
    Box::new(move |path| {
        let path = if path.extension().is_none() { path.with_extension("csv") } else { path.to_owned() };
        io::csv::write_table(&path, &make()?).map_err(|error| error.to_string())
    })
}

/// A piece of the screen that is photographed with the next frame.
#[derive(Clone, Default)]
pub(super) struct Photo(Arc<Mutex<Option<ColorImage>>>);

impl Photo {
    /// Asks for this part of the screen.
    pub(super) fn ask(&self, ctx: &Context, rect: Rect) {
        let (place, again, pixels) = (self.0.clone(), ctx.clone(), ctx.pixels_per_point());
        ctx.request_screenshot(move |image| {
            let [width, height] = image.size.map(|length| length as f32 / pixels);
            let inside = rect.intersect(Rect::from_min_max(egui::Pos2::ZERO, egui::pos2(width, height)));
            if inside.is_positive() {
                let picture = image.region(&inside, Some(pixels));
                *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(picture);
            }
            again.request_repaint();
        });
        ctx.request_repaint();
    }

    /// The picture, once.
    pub(super) fn take(&self) -> Option<ColorImage> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// A picture of the screen as a figure, which can be written like any other.
pub(super) fn figure_of(title: &str, image: &ColorImage) -> Result<Figure, String> {
    let rgba = image.pixels.iter().flat_map(|pixel| pixel.to_opaque().to_array()).collect();
    let size = image.size.map(|length| length as u32);
    figures::picture(title, rgba, size).map_err(|error| error.to_string())
}

/// What is on its way out of the window.
#[derive(Default)]
pub(super) struct Export {
    photo: Photo,
    /// The photo is for a file, not for the clipboard.
    to_file: bool,
    /// What is written once there is a file for it, and the name it is offered.
    write: Option<(Write, String)>,
    asked: bool,
    lane: Option<Lane<Result<PathBuf, String>>>,
    said: Option<Result<PathBuf, String>>,
    copied: bool,
}

impl Export {
    /// Nothing is on its way; `lane` is where files are written.
    pub(super) fn new(lane: Option<Lane<Result<PathBuf, String>>>) -> Self {
        Self { lane, ..Self::default() }
    }

    /// True while a file is written.
    pub(super) fn busy(&self) -> bool {
        self.lane.as_ref().is_some_and(Lane::busy)
    }
}

impl Viewer {
    /// The name of a file that the user should choose a place for; asked once, answered by [`Self::save_to`].
    pub fn take_file_wish(&mut self) -> Option<String> {
        let (_, name) = self.export.write.as_ref()?;
        (!std::mem::replace(&mut self.export.asked, true)).then(|| name.clone())
    }

    /// Writes what was to be saved to this file.
    pub fn save_to(&mut self, path: &Path) {
        let (Some((write, _)), Some(lane)) = (self.export.write.take(), &self.export.lane) else {
            return;
        };
        let path = path.to_owned();
        let made_by = self.pipeline_text();
        lane.request(move |ticket| {
            let attach = || made_by.map_or(Ok(()), |text| io::travel::attach(&path, &text));
            let written = write(&path).and_then(|()| attach().map_err(|error| error.to_string()));
            ticket.send(written.map(|()| path.clone()));
        });
    }

    /// The pipeline that made what is shown: it travels inside exported pictures.
    fn pipeline_text(&self) -> Option<String> {
        let (target, executor) = (self.target.as_ref()?, self.executor.as_ref()?);
        let document = Document::to_text(&target.pipeline, executor.registry());
        let base =
            std::path::absolute(&target.base_folder).unwrap_or_else(|_unknown| target.base_folder.clone());
        let head = format!("{SHOWS}{}. {PATHS_START}{}", target.end, base.display());
        Some(format!("{head}\n{document}"))
    }

    /// How saving ended, taken once.
    pub fn take_saved(&mut self) -> Option<Result<PathBuf, String>> {
        self.export.said.take()
    }

    /// True once after a picture went to the clipboard.
    pub fn take_copied(&mut self) -> bool {
        std::mem::take(&mut self.export.copied)
    }

    /// Does what the user asked for in a view that fills `rect`.
    pub(super) fn fulfil(&mut self, ui: &Ui, wish: Wish, end: &str, rect: Rect) {
        let name = end.replace('.', "_");
        let empty = BTreeSet::new();
        let (write, ending) = match (wish, &self.content) {
            (Wish::Traces, _) => {
                self.wanted = self.related.recording.as_ref().map(|(end, _)| end.clone());
                return self.go_to_wanted(end);
            }
            (Wish::SavePicture, Content::Traces(view)) => {
                let over = view.overlay_end().and_then(|end| self.selected.get(end)).unwrap_or(&empty);
                (view.figure(over), "svg")
            }
            (Wish::SavePicture, Content::Figure(view)) => (Some(view.figure()), "svg"),
            (Wish::SaveValues, Content::Traces(view)) => (view.values(), "csv"),
            (Wish::SaveValues, Content::Units(view)) => (Some(view.values()), "csv"),
            (Wish::SaveValues, Content::Table(view)) => (Some(view.values()), "csv"),
            (Wish::SaveValues, Content::Correlograms(view)) => (Some(view.values()), "csv"),
            _ => {
                self.export.to_file = wish == Wish::SavePicture;
                return self.export.photo.ask(ui.ctx(), rect);
            }
        };
        self.export.write = write.map(|write| (write, format!("{name}.{ending}")));
        self.export.asked = false;
    }

    /// Takes pictures and answers that have come.
    pub(super) fn receive_export(&mut self, ui: &Ui) {
        if let Some(image) = self.export.photo.take() {
            if self.export.to_file {
                let title = self.end().unwrap_or_default().to_owned();
                let name = format!("{}.png", title.replace('.', "_"));
                let write = write_figure(move || figure_of(&title, &image));
                self.export.write = Some((write, name));
                self.export.asked = false;
            } else {
                ui.ctx().copy_image(image);
                self.export.copied = true;
            }
        }
        if let Some(saved) = self.export.lane.as_ref().and_then(Lane::take) {
            self.export.said = Some(saved);
        }
    }
}
