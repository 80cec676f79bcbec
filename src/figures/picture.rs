//! Pictures of pixels inside drawings.

use super::FigureError;
use crate::data::Figure;
use resvg::tiny_skia::{IntSize, Pixmap};

/// A drawing that is one picture; `rgba` are its pixels, row by row from the top, opaque.
///
/// # Errors
/// Where the pixels do not fit the size.
pub fn picture(title: &str, rgba: Vec<u8>, [width, height]: [u32; 2]) -> Result<Figure, FigureError> {
    let image = image(rgba, [width, height], [0, 0, width, height])?;
    let svg = format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">{image}</svg>"#
    );
    Ok(Figure { title: title.to_owned(), svg, width, height })
}

/// The element of a picture, stretched to `[x, y, width, height]`.
pub(super) fn image(
    rgba: Vec<u8>,
    [columns, rows]: [u32; 2],
    [x, y, width, height]: [u32; 4],
) -> Result<String, FigureError> {
    let png = IntSize::from_wh(columns, rows)
        .and_then(|size| Pixmap::from_vec(rgba, size))
        .ok_or_else(|| FigureError("the picture has no pixels".into()))?
        .encode_png()
        .map_err(|error| FigureError(error.to_string()))?;
    Ok(format!(
        r#"<image x="{x}" y="{y}" width="{width}" height="{height}" preserveAspectRatio="none" image-rendering="optimizeSpeed" href="data:image/png;base64,{}"/>"#,
        base64(&png)
    ))
}

/// Bytes as letters (RFC 4648).
fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let bits =
            chunk.iter().fold(0u32, |bits, &byte| bits << 8 | u32::from(byte)) << (8 * (3 - chunk.len()));
        for letter in 0..4 {
            let index = (bits >> (18 - 6 * letter)) & 63;
            text.push(if letter <= chunk.len() { char::from(LETTERS[index as usize]) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_those_of_the_standard() {
        for (bytes, text) in
            [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")]
        {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }
}
