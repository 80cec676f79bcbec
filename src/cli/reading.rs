//! Options of all commands that read a recording.

use crate::{data::DType, io::OpenOptions};
use clap::Args;

/// What a headerless or ambiguous file does not say itself.
#[derive(Clone, Debug, Default, Args)]
pub struct InputArguments {
    /// Probe: a probeinterface .json, a .prb, the .meta of SpikeGLX, or the name of a bundled probe (linear32, NP2013,
    /// ASSY-236-H3, A4x8-5mm-100-200-177) or of one in the folder "probes" of your library.
    #[arg(long, value_name = "FILE|NAME")]
    pub probe: Option<String>,
    /// Number type of a raw file, such as int16.
    #[arg(long, value_name = "TYPE", value_parser = parse_dtype)]
    pub dtype: Option<DType>,
    /// Samples of a raw file are stored with the most significant byte first.
    #[arg(long)]
    pub big_endian: bool,
    /// Channels of a raw file, all columns counted.
    #[arg(long, value_name = "N")]
    pub num_channels: Option<usize>,
    /// Samples per second in Hz.
    #[arg(long, value_name = "HZ")]
    pub sampling_frequency: Option<f64>,
    /// Bytes before the first sample of a raw file.
    #[arg(long, value_name = "BYTES", default_value_t = 0)]
    pub file_offset: u64,
    /// 0 where all channels of a sample lie together, 1 where all samples of a channel do.
    #[arg(long, value_name = "0|1", default_value_t = 0, value_parser = clap::value_parser!(u8).range(0..=1))]
    pub time_axis: u8,
    /// µV per unit of a raw file.
    #[arg(long, value_name = "UV")]
    pub gain_to_uv: Option<f64>,
    /// µV at zero of a raw file.
    #[arg(long, value_name = "UV", allow_negative_numbers = true)]
    pub offset_to_uv: Option<f64>,
    /// Which stream, where an input has several.
    #[arg(long, value_name = "NAME")]
    pub stream: Option<String>,
    /// Read the whole frames of a raw file whose last frame was cut off.
    #[arg(long)]
    pub allow_partial_frame: bool,
}

impl InputArguments {
    /// The same for the readers.
    pub fn options(&self) -> OpenOptions {
        OpenOptions {
            dtype: self.dtype,
            big_endian: self.big_endian,
            num_channels: self.num_channels,
            sampling_frequency: self.sampling_frequency,
            file_offset: self.file_offset,
            time_axis: self.time_axis,
            gain_to_uv: self.gain_to_uv,
            offset_to_uv: self.offset_to_uv,
            probe: self.probe.as_deref().map(super::presets::probe_of),
            stream: self.stream.clone(),
            allow_partial_frame: self.allow_partial_frame,
        }
    }
}

fn parse_dtype(text: &str) -> Result<DType, String> {
    DType::parse(text).ok_or_else(|| {
        "not a number type; known are int8, uint8, int16, uint16, int32, uint32, int64, float32 and float64".into()
    })
}
