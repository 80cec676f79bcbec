//! A recording in one `.npy` array, frames × channels.

use super::{
    Error, OpenOptions,
    binary::{Raw, Rest},
    npy::Header,
    raw_source::Layout,
};
use crate::data::{DType, Recording};
use std::path::Path;

/// Opens the array in place; it only lacks the sampling frequency.
pub(super) fn open(path: &Path, options: &OpenOptions) -> Result<Recording, Error> {
    let (header, _) = Header::open(path)?;
    let (num_frames, num_columns) = match header.shape[..] {
        [frames] => (frames, 1),
        [frames, channels] => (frames, channels),
        _ => {
            return Err(Error::format(
                path,
                format!("an array of frames × channels expected, its shape is {:?}", header.shape),
            ));
        }
    };
    if num_columns > num_frames {
        return Err(Error::format(
            path,
            format!("its shape {:?} has more channels than frames: save it transposed", header.shape),
        ));
    }
    let descr = header.scalar().map(ToString::to_string).unwrap_or_else(|| header.dtype.descr());
    let dtype = DType::parse(&descr)
        .ok_or_else(|| Error::format(path, format!("numbers expected, it holds {descr}")))?;
    let sampling_frequency = options.sampling_frequency.ok_or_else(|| {
        Error::format(path, "an array does not tell its sampling frequency: give --sampling-frequency 30000")
    })?;
    let layout = Layout {
        dtype,
        big_endian: descr.starts_with('>'),
        num_columns,
        file_offset: header.data_offset,
        time_axis: u8::from(header.fortran_order),
    };
    let raw = Raw {
        paths: vec![path.to_owned()],
        layout,
        sampling_frequency,
        rest: Rest::Refuse,
        keep_groups: false,
    };
    let found = path.metadata().map_err(|source| Error::io("read", path, source))?.len();
    header.check_bytes(path, found.saturating_sub(header.data_offset))?;
    raw.open(options)
}
