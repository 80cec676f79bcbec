//! A recording in a zarr store, read chunk by chunk.

use super::{Array, array, arrays, attributes, ids, number};
use crate::{
    data::{DType, Recording, RecordingInfo, Segment, SourceError},
    io::{
        Error, OpenOptions,
        binary::Asked,
        channel_properties::{ChannelProperties, annotate, in_order, wired_order},
        probe,
        raw_source::convert,
        row_source::{self, ChunkCache, Rows},
    },
};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// True where a store holds traces.
pub(in crate::io) fn is_recording(folder: &Path) -> bool {
    folder.join(".zgroup").is_file() && folder.join("traces_seg0/.zarray").is_file()
}

/// Opens the recording of a store.
///
/// # Errors
/// Where an attribute or array is missing or damaged, or samples are stored in a way that is not read.
pub(in crate::io) fn open_recording(folder: &Path, options: &OpenOptions) -> Result<Recording, Error> {
    let about = attributes(folder)?;
    let rate = number(&about, "sampling_frequency", folder)?;
    if !(rate.is_finite() && rate > 0.0) {
        return Err(Error::format(folder, format!("a sampling frequency of {rate} Hz")));
    }
    let num_segments = number(&about, "num_segments", folder)? as usize;
    let segments: Vec<Array> =
        (0..num_segments).map(|i| array(folder, &format!("traces_seg{i}"))).collect::<Result<_, _>>()?;
    let first = segments.first().ok_or_else(|| Error::format(folder, "a recording without segments"))?;
    let dtype = DType::parse(first.descr())
        .ok_or_else(|| first.wrong(format!("traces are numbers, not {}", first.descr())))?;
    let ids = ids(&array(folder, "channel_ids")?)?;
    let mut info = RecordingInfo::new(rate, ids.len(), 0, dtype);
    info.channel_ids = ids;
    info.segments.clear();
    for segment in &segments {
        let fits = segment.shape.len() == 2 && segment.shape[1] == info.num_channels();
        if !fits || segment.descr() != first.descr() {
            return Err(segment.wrong(format!(
                "traces of shape {:?} and type {} for {} channels of {dtype}",
                segment.shape,
                segment.descr(),
                info.num_channels()
            )));
        }
        check_codecs(segment)?;
        info.segments.push(Segment { num_frames: segment.shape[0], t_start_s: None });
        let missing = segment.missing_chunks();
        if missing > 0 {
            info.warn(format!(
                "{}: {missing} chunks have no file and read as one value. Zarr leaves out what is empty; \
                 where it should not be, copy the store again.",
                segment.path.display()
            ));
        }
    }
    read_times(&mut info, folder)?;
    let mut properties = ChannelProperties::default();
    let group = folder.join("properties");
    for (name, array) in arrays(&group)? {
        properties.set(&mut info, &name, array.as_raw(), &array.path)?;
    }
    let keep_groups = properties.finish(&mut info);
    annotate(&mut info, &about["annotations"]);
    let probe = match (Asked::of(options)?, about.get("probegroup"), about.get("probe")) {
        (Some(asked), ..) => asked,
        (None, Some(group @ Value::Object(_)), _) => Asked::Found(in_order(probe::from_json(group, folder)?)),
        (None, _, Some(old @ Value::Object(_))) => Asked::Found(wired_order(probe::from_json(old, folder)?)),
        _ => Asked::No,
    };
    let chunk_bytes: usize = first.chunks.iter().product::<usize>().saturating_mul(dtype.size());
    let big_endian = first.descr().starts_with('>');
    let cache = ChunkCache::new(chunk_bytes);
    let rows = Chunks { folder: folder.to_owned(), segments, dtype, big_endian, cache };
    row_source::recording(info, Box::new(rows), probe, keep_groups, options)
}

/// Reads one chunk, so that a codec that is not known is named when the recording is opened.
fn check_codecs(traces: &Array) -> Result<(), Error> {
    if traces.shape.contains(&0) { Ok(()) } else { traces.chunk(&[0, 0]).map(drop) }
}

/// Start times: given, or the first of a time a sample.
fn read_times(info: &mut RecordingInfo, folder: &Path) -> Result<(), Error> {
    let starts = match Array::open(&folder.join("t_starts"))? {
        Some(array) => array.raw()?.numbers::<f64>(&array.path)?,
        None => Vec::new(),
    };
    for (index, segment) in info.segments.iter_mut().enumerate() {
        segment.t_start_s = starts.get(index).copied().filter(|t| t.is_finite());
        let Some(times) = Array::open(&folder.join(format!("times_seg{index}")))? else { continue };
        if let Some(first) = times.first()? {
            segment.t_start_s = Some(first).filter(|t| t.is_finite());
        }
    }
    Ok(())
}

/// The traces of all segments.
#[derive(Debug)]
struct Chunks {
    folder: PathBuf,
    segments: Vec<Array>,
    dtype: DType,
    big_endian: bool,
    cache: ChunkCache,
}

impl Rows for Chunks {
    fn num_columns(&self) -> usize {
        self.segments.first().map_or(0, |traces| traces.shape[1])
    }

    fn read(&self, segment: usize, start: usize, out: &mut [f32]) -> Result<(), SourceError> {
        let Some(traces) = self.segments.get(segment) else { return Ok(()) };
        let width = self.num_columns();
        if out.is_empty() || width == 0 {
            return Ok(());
        }
        let end = start + out.len() / width;
        let (rows, columns) = (traces.chunks[0], traces.chunks[1]);
        let size = self.dtype.size();
        for row in start / rows..=(end - 1) / rows {
            let (from, to) = (start.max(row * rows), end.min((row + 1) * rows));
            for column in 0..width.div_ceil(columns) {
                let chunk = self
                    .cache
                    .get((segment, row, column), || traces.chunk_or_fill(&[row, column]))
                    .map_err(|error| SourceError::Other(error.to_string()))?;
                let first = column * columns;
                let here = columns.min(width - first);
                let bytes = |frame: usize, frames: usize| {
                    let at = (frame - row * rows) * columns * size;
                    &chunk[at..at + frames.saturating_sub(1) * columns * size + here * size]
                };
                // All columns in one chunk are one run.
                if here == width && columns == width {
                    let out = &mut out[(from - start) * width..(to - start) * width];
                    convert(self.dtype, self.big_endian, bytes(from, to - from), out);
                    continue;
                }
                for frame in from..to {
                    let at = (frame - start) * width + first;
                    convert(self.dtype, self.big_endian, bytes(frame, 1), &mut out[at..at + here]);
                }
            }
        }
        Ok(())
    }

    fn path(&self) -> PathBuf {
        self.folder.clone()
    }
}
