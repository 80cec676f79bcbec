//! Samples in files without structure, read at their place and turned into `f32`.
//!
//! Every format whose samples are plain numbers in rows or columns reads through this one source.

use super::open_files::ReopenedFile;
use crate::data::{DType, RecordingInfo, Source, SourceError};
use std::{cell::RefCell, fs::File, path::PathBuf};

/// Bytes read at once: small enough to stay in the nearer caches while they are converted.
const BLOCK_BYTES: usize = 1 << 16;

/// Where a read enters one of the parts of a file that are so many bytes long, a later one is fetched: what a system reads
/// ahead by itself is too little where several threads read a file at different places.
const PART_BYTES: u64 = 1 << 20;
/// How much later that is.
const AHEAD_BYTES: u64 = 8 * PART_BYTES;

/// How numbers lie in a file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Layout {
    /// The number type.
    pub dtype: DType,
    /// True where the most significant byte comes first.
    pub big_endian: bool,
    /// Columns of the file, connected or not.
    pub num_columns: usize,
    /// Bytes before the first sample.
    pub file_offset: u64,
    /// 0: one frame after the other; 1: one channel after the other.
    pub time_axis: u8,
}

impl Layout {
    /// Bytes of one frame.
    pub fn frame_bytes(&self) -> u64 {
        (self.num_columns * self.dtype.size()) as u64
    }
}

/// One segment's file.
#[derive(Debug)]
pub(super) struct RawFile {
    pub path: PathBuf,
    pub file: ReopenedFile,
    /// Size in bytes when it was opened.
    pub size: u64,
    /// Frames it holds, all of them, as the channel-major order needs.
    pub num_frames: usize,
}

/// A recording in one raw file a segment.
#[derive(Debug)]
pub struct RawSource {
    info: RecordingInfo,
    layout: Layout,
    files: Vec<RawFile>,
    /// Columns that are channels, in order; `None` for all of them.
    columns: Option<Vec<usize>>,
}

thread_local! {
    static BUFFER: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl RawSource {
    /// `columns`, where given, are as many as the channels of `info`.
    pub(super) fn new(
        info: RecordingInfo,
        layout: Layout,
        files: Vec<RawFile>,
        columns: Option<Vec<usize>>,
    ) -> Self {
        Self { info, layout, files, columns }
    }

    /// How the numbers lie in the files.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Reads `buffer.len()` bytes from `offset` on.
    fn read_bytes(&self, file: &RawFile, offset: u64, buffer: &mut [u8]) -> Result<(), SourceError> {
        let path = || file.path.display().to_string();
        let open = file.file.get().map_err(|source| SourceError::Io { path: path(), source })?;
        let entered = offset.next_multiple_of(PART_BYTES);
        if entered < offset + buffer.len() as u64 {
            fetch(&open, entered + AHEAD_BYTES, PART_BYTES);
        }
        match read_exact_at(&open, buffer, offset) {
            Ok(()) => Ok(()),
            Err(source) if source.kind() == std::io::ErrorKind::UnexpectedEof => {
                let found = open.metadata().map_or(0, |m| m.len());
                Err(SourceError::Shortened { path: path(), expected: file.size, found })
            }
            Err(source) => Err(SourceError::Io { path: path(), source }),
        }
    }

    fn not_a_number(&self, segment: usize, frame: usize, channel: usize) -> SourceError {
        let place = self.files.get(segment).map(|f| f.path.display().to_string()).unwrap_or_default();
        SourceError::NotANumber { place, segment, frame, channel }
    }

    fn read_frames(
        &self,
        segment: usize,
        file: &RawFile,
        start: usize,
        out: &mut [f32],
    ) -> Result<(), SourceError> {
        let Self { layout, columns, info, .. } = self;
        let channels = info.num_channels();
        let row = layout.frame_bytes() as usize;
        let size = layout.dtype.size();
        let frames_at_once = (BLOCK_BYTES / row.max(1)).max(1);
        BUFFER.with_borrow_mut(|buffer| {
            for (piece, out) in out.chunks_mut(frames_at_once * channels).enumerate() {
                let first = start + piece * frames_at_once;
                let frames = out.len() / channels;
                let bytes = sized(buffer, frames * row);
                self.read_bytes(file, layout.file_offset + first as u64 * row as u64, bytes)?;
                match columns {
                    None => convert(layout.dtype, layout.big_endian, bytes, out),
                    Some(columns) => {
                        for (out, row) in out.chunks_exact_mut(channels).zip(bytes.chunks_exact(row)) {
                            pick(layout, row, columns, size, out);
                        }
                    }
                }
                if is_float(layout.dtype)
                    && let Some(at) = out.iter().position(|x| !x.is_finite())
                {
                    return Err(self.not_a_number(segment, first + at / channels, at % channels));
                }
            }
            Ok(())
        })
    }

    fn read_channels(
        &self,
        segment: usize,
        file: &RawFile,
        start: usize,
        out: &mut [f32],
    ) -> Result<(), SourceError> {
        let Self { layout, columns, info, .. } = self;
        let channels = info.num_channels();
        let frames = out.len() / channels;
        let size = layout.dtype.size();
        let mut column_values = vec![0.0; frames];
        BUFFER.with_borrow_mut(|buffer| {
            for channel in 0..channels {
                let column = columns.as_ref().and_then(|c| c.get(channel).copied()).unwrap_or(channel);
                let first = column as u64 * file.num_frames as u64 + start as u64;
                let bytes = sized(buffer, frames * size);
                self.read_bytes(file, layout.file_offset + first * size as u64, bytes)?;
                convert(layout.dtype, layout.big_endian, bytes, &mut column_values);
                for (frame, &value) in column_values.iter().enumerate() {
                    if !value.is_finite() {
                        return Err(self.not_a_number(segment, start + frame, channel));
                    }
                    out[frame * channels + channel] = value;
                }
            }
            Ok(())
        })
    }
}

impl Source for RawSource {
    fn info(&self) -> &RecordingInfo {
        &self.info
    }

    fn read(&self, segment: usize, start: usize, out: &mut [f32]) -> Result<(), SourceError> {
        let channels = self.info.num_channels();
        let file = self.files.get(segment).ok_or_else(|| {
            SourceError::Other(format!("segment {segment} of a recording of {} segments", self.files.len()))
        })?;
        let frames = out.len() / channels.max(1);
        let known = self.info.segments.get(segment).map_or(0, |s| s.num_frames);
        if start.checked_add(frames).is_none_or(|end| end > known) || frames * channels != out.len() {
            return Err(SourceError::Other(format!(
                "frames {start} to {} of a segment of {known} frames",
                start.saturating_add(frames)
            )));
        }
        if frames == 0 {
            return Ok(());
        }
        if self.layout.time_axis == 0 {
            self.read_frames(segment, file, start, out)
        } else {
            self.read_channels(segment, file, start, out)
        }
    }

    fn files(&self) -> Vec<PathBuf> {
        self.files.iter().map(|f| f.path.clone()).collect()
    }
}

/// The first `len` bytes of a buffer that is grown where it is too short and never cleared.
fn sized(buffer: &mut Vec<u8>, len: usize) -> &mut [u8] {
    if buffer.len() < len {
        buffer.resize(len, 0);
    }
    &mut buffer[..len]
}

pub(super) fn is_float(dtype: DType) -> bool {
    matches!(dtype, DType::Float32 | DType::Float64)
}

/// `bytes` as numbers of a type; both are equally long.
pub(super) fn convert(dtype: DType, big_endian: bool, bytes: &[u8], out: &mut [f32]) {
    fn each<const N: usize>(bytes: &[u8], out: &mut [f32], number: impl Fn([u8; N]) -> f32) {
        for (out, bytes) in out.iter_mut().zip(bytes.as_chunks::<N>().0) {
            *out = number(*bytes);
        }
    }
    macro_rules! both_orders {
        ($type:ty) => {
            if big_endian {
                each(bytes, out, |b| <$type>::from_be_bytes(b) as f32)
            } else {
                each(bytes, out, |b| <$type>::from_le_bytes(b) as f32)
            }
        };
    }
    match dtype {
        DType::Int8 => both_orders!(i8),
        DType::Uint8 => both_orders!(u8),
        DType::Int16 => both_orders!(i16),
        DType::Uint16 => both_orders!(u16),
        DType::Int32 => both_orders!(i32),
        DType::Uint32 => both_orders!(u32),
        DType::Int64 => both_orders!(i64),
        DType::Float32 => both_orders!(f32),
        DType::Float64 => both_orders!(f64),
    }
}

/// The numbers of some columns of one frame.
fn pick(layout: &Layout, row: &[u8], columns: &[usize], size: usize, out: &mut [f32]) {
    // Columns are nearly always a run, so it is worth converting it in one go.
    let run = columns.first().copied().unwrap_or(0);
    if columns.iter().enumerate().all(|(i, &c)| c == run + i) {
        if let Some(bytes) = row.get(run * size..(run + columns.len()) * size) {
            convert(layout.dtype, layout.big_endian, bytes, out);
        }
        return;
    }
    for (out, &column) in out.iter_mut().zip(columns) {
        if let Some(bytes) = row.get(column * size..(column + 1) * size) {
            convert(layout.dtype, layout.big_endian, bytes, std::slice::from_mut(out));
        }
    }
}

/// Asks for bytes that will be read soon; that they are not there yet is no error.
#[cfg(target_os = "linux")]
fn fetch(file: &File, offset: u64, length: u64) {
    use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};
    if let (Ok(offset), Ok(length)) = (offset.try_into(), length.try_into()) {
        let _ = posix_fadvise(file, offset, length, PosixFadviseAdvice::POSIX_FADV_WILLNEED);
    }
}

#[cfg(not(target_os = "linux"))]
fn fetch(_: &File, _: u64, _: u64) {}

#[cfg(unix)]
fn read_exact_at(file: &File, buffer: &mut [u8], offset: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, buffer, offset)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut buffer: &mut [u8], mut offset: u64) -> std::io::Result<()> {
    while !buffer.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, buffer, offset) {
            Ok(0) => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => {
                buffer = &mut buffer[read..];
                offset += read as u64;
            }
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}
