//! A text that travels inside a picture: in the metadata of an SVG (W3C SVG 1.1, 21.2), in an `iTXt` chunk of a PNG
//! (W3C PNG, 11.3.3.4). Programs that show pictures pass over both.

use super::{Error, atomic};
use std::path::Path;

/// What the text is called in a PNG, and the id of its element in an SVG.
const KEYWORD: &str = "spikeloom-pipeline";
/// The first bytes of a PNG.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// Puts a text into a picture that was written; other files stay as they are.
///
/// # Errors
/// Where the file cannot be read or written.
pub fn attach(path: &Path, text: &str) -> Result<(), Error> {
    let bytes = std::fs::read(path).map_err(|e| Error::io("read", path, e))?;
    match with_text(&bytes, text) {
        Some(whole) => atomic::write_file(path, &whole),
        None => Ok(()),
    }
}

/// The text that travels inside a picture, where there is one.
///
/// # Errors
/// Where the file cannot be read.
pub fn attached(path: &Path) -> Result<Option<String>, Error> {
    let bytes = std::fs::read(path).map_err(|e| Error::io("read", path, e))?;
    Ok(text_of(&bytes))
}

fn with_text(bytes: &[u8], text: &str) -> Option<Vec<u8>> {
    let (at, piece) = match bytes.strip_prefix(PNG) {
        // Before the last chunk, which has no content: length, name and sum.
        Some(_) => (bytes.len().checked_sub(12)?, chunk(text)),
        None => {
            let start = find(bytes, b"<svg")?;
            let end = start + find(&bytes[start..], b">")? + 1;
            let inner = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
            (end, format!("<metadata id=\"{KEYWORD}\">{inner}</metadata>").into_bytes())
        }
    };
    Some([&bytes[..at], &piece, &bytes[at..]].concat())
}

fn text_of(bytes: &[u8]) -> Option<String> {
    let Some(mut rest) = bytes.strip_prefix(PNG) else {
        let tag = format!("<metadata id=\"{KEYWORD}\">");
        let start = find(bytes, tag.as_bytes())? + tag.len();
        let end = start + find(&bytes[start..], b"</metadata>")?;
        let inner = std::str::from_utf8(&bytes[start..end]).ok()?;
        return Some(inner.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"));
    };
    // Chunks: the length of their content, their name, the content, and a sum.
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = u32::from_be_bytes(*length) as usize;
        let content = after.get(4..4 + length)?;
        if after.starts_with(b"iTXt")
            && let Some(text) = content.strip_prefix(head().as_slice())
        {
            return String::from_utf8(text.to_vec()).ok();
        }
        rest = after.get(4 + length + 4..)?;
    }
    None
}

/// What stands before the text in its chunk: keyword, not compressed, no language, no other keyword.
fn head() -> Vec<u8> {
    [KEYWORD.as_bytes(), &[0, 0, 0, 0, 0]].concat()
}

fn chunk(text: &str) -> Vec<u8> {
    let content = [head().as_slice(), text.as_bytes()].concat();
    let named = [b"iTXt".as_slice(), &content].concat();
    let mut sum = flate2::Crc::new();
    sum.update(&named);
    let length = (content.len() as u32).to_be_bytes();
    [length.as_slice(), &named, &sum.sum().to_be_bytes()].concat()
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::{data::Figure, io::figure};

    #[test]
    fn a_text_travels_in_both_kinds_of_pictures_and_they_stay_pictures() {
        let folder = tempfile::tempdir().unwrap();
        let drawing = Figure {
            title: "A square".into(),
            svg: r##"<svg xmlns="http://www.w3.org/2000/svg" width="8" height="8"><rect width="8" height="8" fill="#f00"/></svg>"##.into(),
            width: 8,
            height: 8,
        };
        let text = "// µV < 3 & more\n(version: 1, nodes: {\"a\": ()})";
        for name in ["a.svg", "a.png"] {
            let path = folder.path().join(name);
            figure::write(&path, &drawing, 1.0).unwrap();
            assert_eq!(attached(&path).unwrap(), None);
            attach(&path, text).unwrap();
            assert_eq!(attached(&path).unwrap().as_deref(), Some(text), "{name}");
        }
        // Both can still be read by whoever reads pictures.
        let svg = std::fs::read_to_string(folder.path().join("a.svg")).unwrap();
        assert!(figure::write(&folder.path().join("b.png"), &Figure { svg, ..drawing }, 1.0).is_ok());
        let png = std::fs::read(folder.path().join("a.png")).unwrap();
        assert!(resvg::tiny_skia::Pixmap::decode_png(&png).is_ok());
        // What is no picture stays as it is; a PNG that is cut short holds nothing.
        assert_eq!(with_text(b"a,b\n1,2\n", text), None);
        assert_eq!(text_of(&png[..png.len() / 2]), None);
    }
}
