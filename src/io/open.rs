//! Recognising formats.

use super::{
    Error, analyzer, array_file, binary, binary_folder, kept_sorting, mda, numpy_folder, nwb, phy, si_json,
    zarr,
};
use crate::data::{DType, Recording, Sorting, Templates};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

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
    /// True where [`open_templates`] opens it.
    pub has_templates: bool,
}

type OpenRecording = fn(&Path, &OpenOptions) -> Result<Recording, Error>;
type OpenSorting = fn(&Path, Option<f64>) -> Result<Sorting, Error>;

/// A format: how it is recognised and what it holds.
struct Format {
    name: &'static str,
    label: &'static str,
    /// What it is recognised by, for the message where nothing fits.
    sign: &'static str,
    fits: fn(&Path) -> bool,
    /// True where the path holds traces.
    traces: fn(&Path) -> bool,
    /// True where the path holds spikes.
    spikes: fn(&Path) -> bool,
    recording: Option<OpenRecording>,
    sorting: Option<OpenSorting>,
    /// True where opening its traces takes more than a look at a few small files.
    slow: fn(&Path) -> bool,
}

/// The name of the format of a sorting as the store keeps it.
pub const KEPT_SORTING: &str = "spikeloom_sorting";

/// Endings of files of samples alone.
const RAW: &[&str] = &["raw", "dat", "bin", "bat", "i16", "f32"];

/// All formats, the more particular first.
const FORMATS: &[Format] = &[
    Format {
        name: "binary_folder",
        label: "SpikeInterface binary folder",
        sign: "a folder with binary.json",
        fits: binary_folder::is_one,
        traces: |_| true,
        spikes: |_| false,
        recording: Some(binary_folder::open),
        sorting: None,
        slow: |_| false,
    },
    Format {
        name: KEPT_SORTING,
        label: "sorting of Spikeloom",
        sign: "a folder with sorting.json",
        fits: kept_sorting::is_one,
        traces: |_| false,
        spikes: |_| true,
        recording: None,
        sorting: Some(|path, _| kept_sorting::read(path)),
        slow: |_| false,
    },
    Format {
        name: "numpy_folder",
        label: "SpikeInterface NumpyFolder sorting",
        sign: "a folder with numpysorting_info.json",
        fits: numpy_folder::is_one,
        traces: |_| false,
        spikes: |_| true,
        recording: None,
        sorting: Some(|path, _| numpy_folder::read(path)),
        slow: |_| false,
    },
    Format {
        name: "npz_sorting",
        label: "SpikeInterface npz sorting",
        sign: "a .npz file, or a folder with sorting_cached.npz",
        fits: |path| npz_of(path).is_some(),
        traces: |_| false,
        spikes: |_| true,
        recording: None,
        sorting: Some(|path, _| numpy_folder::read_npz(&npz_of(path).unwrap_or_else(|| path.to_owned()))),
        slow: |_| false,
    },
    Format {
        name: "sorting_analyzer",
        label: "SpikeInterface sorting analyzer",
        sign: "a folder or zarr store with sorting/ and extensions/",
        fits: analyzer::is_one,
        traces: analyzer::names_recording,
        spikes: |_| true,
        recording: Some(analyzer::open_recording),
        sorting: Some(|path, _| analyzer::read_sorting(path)),
        slow: |path| path.join(".zgroup").is_file(),
    },
    Format {
        name: "zarr",
        label: "SpikeInterface zarr store",
        sign: "a folder with .zgroup and traces_seg0/ or spikes/",
        fits: |path| zarr::is_recording(path) || zarr::is_sorting(path),
        traces: zarr::is_recording,
        spikes: zarr::is_sorting,
        recording: Some(zarr::open_recording),
        sorting: Some(|path, _| zarr::read_sorting(path)),
        slow: |_| true,
    },
    Format {
        name: "nwb",
        label: "NWB file",
        sign: "a .nwb file",
        fits: |path| path.is_file() && has_extension(path, &["nwb"]),
        traces: nwb::holds_traces,
        spikes: nwb::holds_units,
        recording: Some(nwb::open_recording),
        sorting: Some(nwb::read_sorting),
        slow: |_| true,
    },
    Format {
        name: "phy",
        label: "phy folder",
        sign: "a folder with params.py and spike_times.npy",
        fits: phy::is_one,
        traces: phy::has_traces,
        spikes: |_| true,
        recording: Some(phy::open_recording),
        sorting: Some(|path, _| phy::read_sorting(path)),
        slow: |_| false,
    },
    Format {
        name: "mda",
        label: "MDA study",
        sign: "a .mda file, or a folder with raw.mda or firings",
        fits: mda::is_study,
        traces: |path| if path.is_file() { !mda::is_firings(path) } else { path.join("raw.mda").is_file() },
        spikes: |path| match path.is_file() {
            true => mda::is_firings(path),
            false => path.join(mda::FIRINGS_TRUTH).is_file() || path.join("firings.mda").is_file(),
        },
        recording: Some(mda::open_recording),
        sorting: Some(mda::read_sorting),
        slow: |_| false,
    },
    Format {
        name: "spikeinterface_json",
        label: "SpikeInterface JSON",
        sign: "a .json file with class and kwargs",
        fits: si_json::is_one,
        traces: |path| !si_json::holds_spikes(path),
        spikes: si_json::holds_spikes,
        recording: Some(si_json::open_recording),
        sorting: Some(si_json::open_sorting),
        slow: |_| false,
    },
    Format {
        name: "npy",
        label: "numpy array of frames × channels",
        sign: "a .npy file",
        fits: |path| path.is_file() && has_extension(path, &["npy"]),
        traces: |_| true,
        spikes: |_| false,
        recording: Some(array_file::open),
        sorting: None,
        slow: |_| false,
    },
    Format {
        name: "binary",
        label: "Raw binary",
        sign: "a .raw, .dat, .bin or .bat file",
        fits: |path| path.is_file() && has_extension(path, RAW),
        traces: |_| true,
        spikes: |_| false,
        recording: Some(binary::open),
        sorting: None,
        slow: |_| false,
    },
];

/// Formats that are known and not read, with what to do.
fn not_read(path: &Path) -> Option<&'static str> {
    if path.join("zarr.json").is_file() {
        return Some(
            "zarr of format 3 is not read: write it in format 2, as SpikeInterface does, in Python \
             load(PATH).save(folder=…, format=\"zarr\")",
        );
    }
    let zarr = [".zgroup", ".zattrs", ".zmetadata"].iter().any(|f| path.join(f).is_file());
    if zarr || (path.is_dir() && has_extension(path, &["zarr"])) {
        return Some(
            "this zarr store has no traces_seg0/ and no spikes/ of SpikeInterface: choose the store that was \
             saved by SpikeInterface, or copy it again if parts are missing",
        );
    }
    let open_ephys = ["structure.oebin", "settings.xml"].iter().any(|f| path.join(f).is_file());
    if open_ephys || has_extension(path, &["xml"]) {
        return Some(
            "Open Ephys folders are not read as a whole yet: open the continuous.dat of a stream within it, which in the \
             window takes its channels, rate and gain from structure.oebin (on the command line give --dtype int16, \
             --num-channels and --sampling-frequency), or export a binary folder with SpikeInterface \
             (recording.save(folder=…, format=\"binary\"))",
        );
    }
    let sorted_here = path.join("sorting");
    if sorted_here.is_dir() && path.join("run.json").is_file() {
        return Some("this is the folder of a sort: its spikes are in the folder sorting within it");
    }
    if has_extension(
        path,
        &["h5", "hdf5", "brw", "rhd", "rhs", "ncs", "plx", "pl2", "continuous", "oebin", "meta"],
    ) {
        return Some(
            "this format is not read yet: export it as a binary folder with SpikeInterface \
             (recording.save(folder=…, format=\"binary\")), or open its raw file with \
             --dtype, --num-channels and --sampling-frequency",
        );
    }
    None
}

/// Opens a recording of any format that is known.
///
/// # Errors
/// Where the path is missing, nothing known, a sorting, damaged, or needs options that are not given.
pub fn open_recording(path: &Path, options: &OpenOptions) -> Result<Recording, Error> {
    let format = recognise(path, options)?;
    match format.recording {
        // Of a folder, its reader says best what is missing.
        Some(open) if path.is_dir() || (format.traces)(path) => open(path, options),
        _ => Err(Error::format(
            path,
            format!(
                "this {} holds spikes, not traces: choose the recording they were found in",
                format.label
            ),
        )),
    }
}

/// The format of a file that is called so elsewhere.
fn called(name: &Path) -> Option<&'static Format> {
    const ENDINGS: [(&str, &str); 5] = [
        ("mda", "mda"),
        ("nwb", "nwb"),
        ("npy", "npy"),
        ("npz", "npz_sorting"),
        ("json", "spikeinterface_json"),
    ];
    let (_, format) = ENDINGS.iter().find(|(ending, _)| has_extension(name, &[ending]))?;
    FORMATS.iter().find(|known| known.name == *format)
}

/// Opens a recording in a file whose own name tells no format, as if it were called `name`.
///
/// # Errors
/// As [`open_recording`], or where no format has that ending.
pub fn open_recording_called(path: &Path, name: &str, options: &OpenOptions) -> Result<Recording, Error> {
    let name = Path::new(name);
    let is_raw = has_extension(name, RAW) || options.dtype.is_some();
    match called(name).and_then(|known| known.recording) {
        Some(open) => open(path, options),
        None if is_raw => binary::open(path, options),
        None => open_recording(path, options),
    }
}

/// Opens a sorting in a file whose own name tells no format, as if it were called `name`.
///
/// # Errors
/// As [`open_sorting`].
pub fn open_sorting_called(
    path: &Path,
    name: &str,
    sampling_frequency: Option<f64>,
) -> Result<Sorting, Error> {
    match called(Path::new(name)).and_then(|known| known.sorting) {
        Some(open) => open(path, sampling_frequency),
        None => open_sorting(path, sampling_frequency),
    }
}

/// True where opening the traces at a path takes more than a look at a few small files.
pub fn opens_slowly(path: &Path) -> bool {
    let known = || FORMATS.iter().find(|format| (format.fits)(path));
    !has_extension(path, RAW) && known().is_some_and(|format| (format.slow)(path))
}

/// Opens a sorting of any format that is known; `sampling_frequency` in Hz is for formats that do not tell it.
///
/// # Errors
/// Where the path is missing, nothing known, a recording, damaged, or does not tell its sampling frequency.
pub fn open_sorting(path: &Path, sampling_frequency: Option<f64>) -> Result<Sorting, Error> {
    let format = recognise(path, &OpenOptions::default())?;
    match format.sorting {
        Some(open) if path.is_dir() || (format.spikes)(path) => open(path, sampling_frequency),
        _ => Err(Error::format(
            path,
            format!("this {} holds traces, not spikes: choose the folder of a sorting", format.label),
        )),
    }
}

/// Opens the mean waveforms of units that a phy folder or a sorting analyzer holds.
///
/// # Errors
/// Where the path is missing, holds none, or is damaged.
pub fn open_templates(path: &Path) -> Result<Templates, Error> {
    let format = recognise(path, &OpenOptions::default())?;
    match format.name {
        "phy" => phy::read_templates(path),
        "sorting_analyzer" => analyzer::read_templates(path),
        _ => Err(Error::format(
            path,
            format!(
                "this {} holds no templates: choose a phy folder or a sorting analyzer, or compute them from \
                 recording and sorting",
                format.label
            ),
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
        streams: if format.name == "nwb" { nwb::streams(path) } else { vec![String::new()] },
        is_recording: format.recording.is_some() && (format.traces)(path),
        is_sorting: format.sorting.is_some() && (format.spikes)(path),
        has_templates: match format.name {
            "phy" => path.join("templates.npy").is_file(),
            "sorting_analyzer" => path.join("extensions/templates").is_dir(),
            _ => false,
        },
    })
}

/// A path and the files elsewhere that it refers to: those a JSON names, the raw files of a phy folder.
pub fn files_behind(path: &Path) -> Vec<PathBuf> {
    let named = if phy::is_one(path) {
        phy::raw_files(path)
    } else if analyzer::is_one(path) {
        analyzer::files(path)
    } else if si_json::is_one(path) {
        si_json::files(path)
    } else {
        Vec::new()
    };
    // A path such as folder/../other begins with the folder and lies beside it.
    let place = |path: &Path| path.canonicalize().unwrap_or_else(|_gone| path.to_owned());
    let whole = place(path);
    let elsewhere = named.into_iter().map(|file| place(&file)).filter(|file| !file.starts_with(&whole));
    std::iter::once(path.to_owned()).chain(elsewhere).collect()
}

/// True where a path is of a format that is known and not read.
pub fn is_known_but_not_read(path: &Path) -> bool {
    not_read(path).is_some()
}

fn recognise(path: &Path, options: &OpenOptions) -> Result<&'static Format, Error> {
    let is_file = path.metadata().map_err(|source| Error::io("read", path, source))?.is_file();
    if path.file_name().is_some_and(|n| n.to_string_lossy().starts_with("._")) {
        let message =
            "a companion file of macOS holds no samples: choose the file without ._ before its name";
        return Err(Error::Unrecognised { path: path.to_owned(), message: message.to_owned() });
    }
    let raw = FORMATS.iter().find(|f| is_file && f.name == "binary");
    // A study has thousands of these, and no other format has files of such names.
    if let Some(raw) = raw.filter(|_| has_extension(path, RAW)) {
        return Ok(raw);
    }
    // With a number of channels and a type, any file is raw whatever its name.
    let told = options.dtype.is_some() && options.num_channels.is_some();
    if let Some(format) = FORMATS.iter().find(|format| (format.fits)(path)) {
        return Ok(format);
    }
    if let (Some(raw), true) = (raw, told) {
        return Ok(raw);
    }
    if let Some(remedy) = not_read(path) {
        return Err(Error::Unrecognised { path: path.to_owned(), message: remedy.to_owned() });
    }
    let mut inside = Vec::new();
    find_inside(path, 3, &mut inside);
    if !inside.is_empty() {
        let names: Vec<String> = inside.iter().map(|p| p.display().to_string()).collect();
        let message = format!("it holds others. Choose one of them, such as {}", names.join(", "));
        return Err(Error::Unrecognised { path: path.to_owned(), message });
    }
    let signs: Vec<&str> = FORMATS.iter().map(|f| f.sign).collect();
    Err(Error::Unrecognised { path: path.to_owned(), message: format!("looked for {}", signs.join("; ")) })
}

/// The samples that SpikeGLX wrote a `.meta` of, which stands for them.
pub fn samples_of_meta(path: &Path) -> Option<PathBuf> {
    let samples = path.with_extension("bin");
    (has_extension(path, &["meta"]) && samples.is_file()).then_some(samples)
}

/// The one recording or sorting in a folder that is none itself, hidden files and folders aside.
pub fn only_one_inside(folder: &Path) -> Option<PathBuf> {
    if !folder.is_dir() || not_read(folder).is_some() || FORMATS.iter().any(|format| (format.fits)(folder)) {
        return None;
    }
    let mut inside = Vec::new();
    find_inside(folder, 3, &mut inside);
    if inside.is_empty() {
        // A single file of any name: raw samples, most likely.
        return only_entry(folder).filter(|path| path.is_file());
    }
    if inside.len() == 1 { inside.pop() } else { None }
}

/// What a folder holds where that is one thing, hidden files and folders aside.
pub fn only_entry(folder: &Path) -> Option<PathBuf> {
    let entries = std::fs::read_dir(folder).ok()?.flatten();
    let mut seen = entries.filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'));
    let first = seen.next()?;
    seen.next().is_none().then(|| first.path())
}

/// A few recordings and sortings in a folder, for the message where the folder itself is none.
fn find_inside(folder: &Path, depth: usize, found: &mut Vec<PathBuf>) {
    const ENOUGH: usize = 4;
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .take(200)
        .map(|entry| entry.path())
        .collect();
    paths.sort();
    for path in paths {
        if found.len() >= ENOUGH {
            return;
        }
        if path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.')) {
            continue;
        }
        // Single arrays are parts of something.
        if FORMATS.iter().any(|format| format.name != "npy" && (format.fits)(&path)) {
            found.push(path);
        } else if depth > 1 && path.is_dir() {
            find_inside(&path, depth - 1, found);
        }
    }
}

fn npz_of(path: &Path) -> Option<PathBuf> {
    let file = if path.is_dir() { path.join("sorting_cached.npz") } else { path.to_owned() };
    (file.is_file() && has_extension(&file, &["npz"])).then_some(file)
}

fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default();
    extensions.contains(&extension.as_str())
}
