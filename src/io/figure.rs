//! Drawings as SVG and PNG files.

use super::{Error, atomic};
use crate::data::Figure;
use resvg::{tiny_skia, usvg};
use std::{path::Path, sync::Arc};

/// The letters of figures: the same on every machine, whatever fonts it has.
const FONT: &[u8] = include_bytes!("../../assets/fonts/DejaVuSans.ttf");
const FAMILY: &str = "DejaVu Sans";

/// Writes a figure as the ending of the file says: `.svg`, or `.png` at `scale` pixels for each of the drawing's.
///
/// # Errors
/// Where the ending is another one, the drawing is damaged, or the disk refuses.
pub fn write(path: &Path, figure: &Figure, scale: f32) -> Result<(), Error> {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    match ending.as_str() {
        "svg" => atomic::write_file(path, figure.svg.as_bytes()),
        "png" => {
            let bytes = png(figure, scale).map_err(|message| Error::format(path, message))?;
            atomic::write_file(path, &bytes)
        }
        _ => Err(Error::format(path, "figures are written as .svg or .png: end the name with one of these")),
    }
}

fn png(figure: &Figure, scale: f32) -> Result<Vec<u8>, String> {
    let mut fonts = usvg::fontdb::Database::new();
    fonts.load_font_data(FONT.to_vec());
    fonts.set_sans_serif_family(FAMILY);
    fonts.set_serif_family(FAMILY);
    fonts.set_monospace_family(FAMILY);
    let options =
        usvg::Options { fontdb: Arc::new(fonts), font_family: FAMILY.into(), ..usvg::Options::default() };
    let tree = usvg::Tree::from_str(&figure.svg, &options)
        .map_err(|error| format!("the drawing is damaged: {error}"))?;
    let size = tree.size();
    let pixels = |length: f32| (length * scale).round().max(1.0) as u32;
    let mut pixmap = tiny_skia::Pixmap::new(pixels(size.width()), pixels(size.height()))
        .ok_or("the picture is too large: choose a smaller scale")?;
    pixmap.fill(tiny_skia::Color::WHITE);
    resvg::render(&tree, tiny_skia::Transform::from_scale(scale, scale), &mut pixmap.as_mut());
    pixmap.encode_png().map_err(|error| format!("the picture cannot be written: {error}"))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    fn letter() -> Figure {
        Figure {
            title: "A letter".into(),
            svg: r#"<svg xmlns="http://www.w3.org/2000/svg" width="60" height="40"><text x="10" y="30" font-family="sans-serif" font-size="30">µA</text></svg>"#.into(),
            width: 60,
            height: 40,
        }
    }

    #[test]
    fn a_picture_has_its_letters_and_its_scale() {
        let bytes = png(&letter(), 2.0).unwrap();
        let pixmap = tiny_skia::Pixmap::decode_png(&bytes).unwrap();
        assert_eq!((pixmap.width(), pixmap.height()), (120, 80));
        let dark = pixmap.pixels().iter().filter(|pixel| pixel.red() < 100).count();
        assert!(dark > 200, "{dark} dark pixels");
    }

    #[test]
    fn other_endings_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let error = write(&folder.path().join("a.pdf"), &letter(), 1.0).unwrap_err();
        assert!(error.to_string().contains(".svg or .png"));
        write(&folder.path().join("a.svg"), &letter(), 1.0).unwrap();
    }
}
