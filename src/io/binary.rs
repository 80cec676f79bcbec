//! Raw binary: samples without a header, as most acquisition systems and sorters write them.

use super::{
    Error, OpenOptions,
    open_files::ReopenedFile,
    probe::{self, ReadProbe},
    raw_source::{Layout, RawFile, RawSource},
};
use crate::data::{DType, Id, Recording, RecordingInfo, Segment};
use std::{
    fs::File,
    path::{Path, PathBuf},
    sync::Arc,
};

/// What to do with bytes after the last whole frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// Nothing else tells the number of channels: it is probably wrong.
    Refuse,
    /// Metadata tells it: the file was cut off, and what is whole can be read.
    Floor,
}

/// All that a raw recording needs, gathered by the reader of each format.
pub(super) struct Raw {
    pub paths: Vec<PathBuf>,
    pub layout: Layout,
    pub sampling_frequency: f64,
    pub rest: Rest,
    /// True where the format names groups itself; otherwise they are the shanks of the probe.
    pub keep_groups: bool,
}

/// Opens a headerless file with what the options say.
pub(super) fn open(path: &Path, options: &OpenOptions) -> Result<Recording, Error> {
    let (Some(dtype), Some(num_columns), Some(rate)) =
        (options.dtype, options.num_channels, options.sampling_frequency)
    else {
        return Err(Error::Untold { path: path.to_owned(), message: untold(path, options) });
    };
    let layout = Layout {
        dtype,
        big_endian: options.big_endian,
        num_columns,
        file_offset: options.file_offset,
        time_axis: options.time_axis,
    };
    let rest = if options.allow_partial_frame { Rest::Floor } else { Rest::Refuse };
    Raw { paths: vec![path.to_owned()], layout, sampling_frequency: rate, rest, keep_groups: false }
        .open(options)
}

/// Asks for all that a raw file does not tell, with the numbers of channels that would fit.
fn untold(path: &Path, options: &OpenOptions) -> String {
    let mut missing = Vec::new();
    if options.dtype.is_none() {
        missing.push("its number type (--dtype int16)".to_owned());
    }
    if options.num_channels.is_none() {
        let dtype = options.dtype.unwrap_or(DType::Int16);
        let bytes = path.metadata().map_or(0, |data| data.len().saturating_sub(options.file_offset));
        let counts = fitting_counts(bytes, dtype);
        let shown: Vec<String> = counts.iter().take(16).map(u64::to_string).collect();
        let more = if counts.len() > shown.len() { " …" } else { "" };
        missing.push(format!(
            "how many channels (--num-channels; as {dtype} the file divides by {}{more})",
            if shown.is_empty() { "none".to_owned() } else { shown.join(", ") }
        ));
    }
    if options.sampling_frequency.is_none() {
        missing.push("its sampling frequency (--sampling-frequency 30000)".to_owned());
    }
    format!("a raw file does not tell everything: give {}.", missing.join(", and "))
}

/// Numbers of channels that divide so many bytes of a type into whole frames.
fn fitting_counts(bytes: u64, dtype: DType) -> Vec<u64> {
    let size = dtype.size() as u64;
    if bytes == 0 || !bytes.is_multiple_of(size) {
        return Vec::new();
    }
    let values = bytes / size;
    (1..=values.min(6144)).filter(|&n| values.is_multiple_of(n)).collect()
}

impl Raw {
    /// Opens the files and applies gain and probe of the options.
    pub(super) fn open(self, options: &OpenOptions) -> Result<Recording, Error> {
        let (info, files) = self.prepare()?;
        self.finish(info, files, Asked::of(options)?.unwrap_or(Asked::No), options)
    }

    /// Checks layout and sizes; returns what is known of all columns, and the files.
    pub(super) fn prepare(&self) -> Result<(RecordingInfo, Vec<RawFile>), Error> {
        let Self { paths, layout, sampling_frequency, rest, .. } = self;
        let first = paths.first().map(PathBuf::as_path).unwrap_or(Path::new(""));
        if layout.num_columns == 0 {
            return Err(Error::format(first, "0 channels: give --num-channels"));
        }
        if !(sampling_frequency.is_finite() && *sampling_frequency > 0.0) {
            return Err(Error::format(
                first,
                format!("a sampling frequency of {sampling_frequency} Hz: give --sampling-frequency"),
            ));
        }
        if layout.time_axis > 1 {
            return Err(Error::format(
                first,
                format!(
                    "time axis {}: 0 is one frame after the other, 1 one channel after the other",
                    layout.time_axis
                ),
            ));
        }
        let mut info = RecordingInfo::new(*sampling_frequency, layout.num_columns, 0, layout.dtype);
        info.segments.clear();
        let mut files = Vec::with_capacity(paths.len());
        for path in paths {
            let file = File::open(path).map_err(|source| Error::io("read", path, source))?;
            let metadata = file.metadata().map_err(|source| Error::io("read", path, source))?;
            if metadata.is_dir() {
                return Err(Error::format(path, "a file of samples expected, this is a folder"));
            }
            let size = metadata.len();
            let num_frames = frames_of(path, size, layout, *rest, &mut info)?;
            let file = ReopenedFile::new(path.clone(), file);
            files.push(RawFile { path: path.clone(), file, size, num_frames });
            info.segments.push(Segment { num_frames, t_start_s: None });
        }
        Ok((info, files))
    }

    /// Attaches the probe, keeping connected channels alone, and makes the recording.
    pub(super) fn finish(
        self,
        mut info: RecordingInfo,
        files: Vec<RawFile>,
        probe: Asked,
        options: &OpenOptions,
    ) -> Result<Recording, Error> {
        let columns = probe.apply(&mut info, self.keep_groups, options)?;
        Ok(Recording::new(Arc::new(RawSource::new(info, self.layout, files, columns))))
    }
}

/// Where a probe comes from, which decides what happens when it does not fit.
pub(super) enum Asked {
    /// There is none.
    No,
    /// The user named this one: not using it is an error.
    Yes(PathBuf, ReadProbe),
    /// It lies beside the samples: the recording opens without it.
    Found(ReadProbe),
}

impl Asked {
    /// The probe the user named, if any.
    pub(super) fn of(options: &OpenOptions) -> Result<Option<Self>, Error> {
        let name = options.probe.as_deref().filter(|name| !name.is_empty());
        name.map(|name| Ok(Self::Yes(name.into(), probe::read(name)?))).transpose()
    }

    /// Puts gain and probe on a description of all columns; returns those that remain, where some are left out.
    pub(super) fn apply(
        self,
        info: &mut RecordingInfo,
        keep_groups: bool,
        options: &OpenOptions,
    ) -> Result<Option<Vec<usize>>, Error> {
        if let Some(gain) = options.gain_to_uv {
            info.gain_to_uv = Some(vec![gain; info.num_channels()]);
            info.offset_to_uv = Some(vec![options.offset_to_uv.unwrap_or(0.0); info.num_channels()]);
        }
        match self {
            Asked::No => Ok(None),
            Asked::Yes(name, probe) => {
                probe::attach(info, probe, keep_groups).map_err(|message| Error::format(&name, message))
            }
            Asked::Found(probe) => Ok(probe::attach(info, probe, keep_groups).unwrap_or_else(|message| {
                warn(info, format!("{message} The recording was opened without a probe."));
                None
            })),
        }
    }
}

/// Adds a remark that `info` and the inspector show.
pub(super) fn warn(info: &mut RecordingInfo, text: String) {
    info.warn(text);
}

fn frames_of(
    path: &Path,
    size: u64,
    layout: &Layout,
    rest: Rest,
    info: &mut RecordingInfo,
) -> Result<usize, Error> {
    if size == 0 {
        return Err(Error::format(path, "the file is empty: record or copy it again"));
    }
    let Some(data) = size.checked_sub(layout.file_offset).filter(|&data| data > 0) else {
        return Err(Error::format(
            path,
            format!(
                "the samples begin at byte {}, the file has {size} bytes: lower --file-offset",
                layout.file_offset
            ),
        ));
    };
    let frame = layout.frame_bytes();
    let over = data % frame;
    if over != 0 && (rest == Rest::Refuse || layout.time_axis == 1) {
        return Err(Error::format(path, misfit(data, layout)));
    }
    if over != 0 {
        warn(
            info,
            format!(
                "{}: the last {over} bytes are no whole frame of {} channels of {} and were left out; \
                 the file was probably cut off",
                path.display(),
                layout.num_columns,
                layout.dtype
            ),
        );
    }
    let frames = data / frame;
    if frames == 0 {
        return Err(Error::format(path, format!("{data} bytes are less than one frame of {frame} bytes")));
    }
    usize::try_from(frames).map_err(|_large| Error::format(path, format!("{frames} frames are too many")))
}

/// How many numbers of channels are told at most.
const TOLD_COUNTS: usize = 8;
/// Of these as many as come nearest to the one that does not fit; the others are what recordings usually have.
const NEAREST_COUNTS: usize = 3;
const USUAL_COUNTS: [u64; 16] = [1, 2, 4, 8, 16, 32, 64, 96, 128, 256, 277, 384, 385, 512, 1024, 4096];

/// The numbers of channels that were most likely meant.
fn likely_counts(all: &[u64], asked: u64) -> Vec<u64> {
    let mut nearest = all.to_vec();
    nearest.sort_by_key(|count| count.abs_diff(asked));
    let mut told: Vec<u64> = nearest.iter().take(NEAREST_COUNTS).copied().collect();
    let usual = nearest.iter().filter(|count| USUAL_COUNTS.contains(count));
    for &count in usual.chain(&nearest) {
        if told.len() < TOLD_COUNTS && !told.contains(&count) {
            told.push(count);
        }
    }
    told.sort_unstable();
    told
}

/// Says which numbers of channels and which types would fit.
fn misfit(data: u64, layout: &Layout) -> String {
    let Layout { dtype, num_columns, .. } = layout;
    let mut text = format!(
        "{data} bytes of samples are not a whole number of frames of {num_columns} channels of {dtype} \
         ({} bytes each).",
        layout.frame_bytes()
    );
    let all = fitting_counts(data, *dtype);
    if all.is_empty() {
        text += &format!(" No --num-channels divides it as {dtype}.");
    } else {
        let told = likely_counts(&all, *num_columns as u64);
        let words: Vec<String> = told.iter().map(u64::to_string).collect();
        let such = if told.len() < all.len() { "such as" } else { "these" };
        text += &format!(" With {dtype}, {such} --num-channels divide it: {}.", words.join(", "));
    }
    let types: Vec<&str> = [DType::Int16, DType::Int32, DType::Float32, DType::Float64, DType::Uint8]
        .into_iter()
        .filter(|t| t.size() != dtype.size() && data.is_multiple_of((num_columns * t.size()) as u64))
        .map(DType::name)
        .collect();
    if !types.is_empty() {
        text += &format!(" With {num_columns} channels, these --dtype fit: {}.", types.join(", "));
    }
    text + " A header before the samples is skipped by --file-offset; \
            where only the end is missing, --allow-partial-frame reads the whole frames."
}

/// Names channels, where a format gives names for all of them.
pub(super) fn name_channels(info: &mut RecordingInfo, ids: Vec<Id>) {
    if ids.len() == info.channel_ids.len() {
        info.channel_ids = ids;
    }
}
