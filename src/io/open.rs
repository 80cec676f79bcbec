//! Recognising formats.

use super::{Error, binary, binary_folder, numpy_folder};
use crate::data::{DType, Recording, Sorting};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// What a path does not tell by itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct OpenOptions {
    /// Number type of raw samples.
    pub dtype: Option<DType>,
    /// True where raw samples have their most significant byte first.
    pub big_endian: bool,
    /// Columns of a raw file, connected or not.
    pub num_channels: Option<usize>,
    /// Samples per second of a raw file, in Hz.
    pub sampling_frequency: Option<f64>,
    /// Bytes before the first sample of a raw file.
    pub file_offset: u64,
    /// 0: one frame after the other; 1: one channel after the other.
    pub time_axis: u8,
    /// µV per raw unit, for all channels; replaces what the file says.
    pub gain_to_uv: Option<f64>,
    /// µV at raw zero, for all channels; used together with `gain_to_uv`.
    pub offset_to_uv: Option<f64>,
    /// A probe file or the name of a bundled probe; replaces the file's own.
    pub probe: Option<String>,
    /// The stream, of formats that hold several.
    pub stream: Option<String>,
    /// True to read the whole frames of a raw file whose last frame was cut off.
    pub allow_partial_frame: bool,
}

/// What a path holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Description {
    /// The name of the format, such as `binary_folder`.
    pub format: &'static str,
    /// The format in words.
    pub label: &'static str,
    /// Names of the streams; one without a name where the format has no streams.
    pub streams: Vec<String>,
    /// True where [`open_recording`] opens it.
    pub is_recording: bool,
    /// True where [`open_sorting`] opens it.
    pub is_sorting: bool,
}

/// A format: how it is recognised and what it holds.
struct Format {
    name: &'static str,
    label: &'static str,
    /// What it is recognised by, for the message where nothing fits.
    sign: &'static str,
    fits: fn(&Path) -> bool,
    recording: Option<fn(&Path, &OpenOptions) -> Result<Recording, Error>>,
    sorting: Option<fn(&Path, Option<f64>) -> Result<Sorting, Error>>,
}

/// All formats, the more particular first.
const FORMATS: &[Format] = &[
    Format {
        name: "binary_folder",
        label: "SpikeInterface binary folder",
        sign: "a folder with binary.json",
        fits: binary_folder::is_one,
        recording: Some(binary_folder::open),
        sorting: None,
    },
    Format {
        name: "numpy_folder",
        label: "SpikeInterface NumpyFolder sorting",
        sign: "a folder with numpysorting_info.json",
        fits: numpy_folder::is_one,
        recording: None,
        sorting: Some(|path, _| numpy_folder::read(path)),
    },
    Format {
        name: "binary",
        label: "Raw binary",
        sign: "a .raw, .dat, .bin or .bat file",
        fits: |path| path.is_file() && has_extension(path, &["raw", "dat", "bin", "bat", "i16", "f32"]),
        recording: Some(binary::open),
        sorting: None,
    },
];

/// Opens a recording of any format that is known.
///
/// # Errors
/// Where the path is missing, nothing known, a sorting, damaged, or needs options that are not given.
pub fn open_recording(path: &Path, options: &OpenOptions) -> Result<Recording, Error> {
    let format = recognise(path, options)?;
    match format.recording {
        Some(open) => open(path, options),
        None => Err(Error::format(
            path,
            format!("a {} holds spikes, not traces: choose the recording they were found in", format.label),
        )),
    }
}

/// Opens a sorting of any format that is known; `sampling_frequency` in Hz is for formats that do not tell it.
///
/// # Errors
/// Where the path is missing, nothing known, a recording, damaged, or does not tell its sampling frequency.
pub fn open_sorting(path: &Path, sampling_frequency: Option<f64>) -> Result<Sorting, Error> {
    let format = recognise(path, &OpenOptions::default())?;
    match format.sorting {
        Some(open) => open(path, sampling_frequency),
        None => Err(Error::format(
            path,
            format!("a {} holds traces, not spikes: choose the folder of a sorting", format.label),
        )),
    }
}

/// Says what a path holds without opening it.
///
/// # Errors
/// Where the path is missing or nothing known.
pub fn describe(path: &Path, options: &OpenOptions) -> Result<Description, Error> {
    let format = recognise(path, options)?;
    Ok(Description {
        format: format.name,
        label: format.label,
        streams: vec![String::new()],
        is_recording: format.recording.is_some(),
        is_sorting: format.sorting.is_some(),
    })
}

fn recognise(path: &Path, options: &OpenOptions) -> Result<&'static Format, Error> {
    path.metadata().map_err(|source| Error::io("read", path, source))?;
    if let Some(format) = FORMATS.iter().find(|format| (format.fits)(path)) {
        return Ok(format);
    }
    // With all that a raw file needs, the name of a file does not matter.
    let raw = options.dtype.is_some() && options.num_channels.is_some();
    if raw
        && path.is_file()
        && let Some(format) = FORMATS.iter().find(|f| f.name == "binary")
    {
        return Ok(format);
    }
    let signs: Vec<&str> = FORMATS.iter().map(|f| f.sign).collect();
    Err(Error::Unrecognised { path: path.to_owned(), message: format!("looked for {}", signs.join("; ")) })
}

fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    extensions.contains(&extension.as_str())
}
