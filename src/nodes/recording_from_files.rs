//! The recording that files hold.

use super::reader::{ReadRecordingParams, file_at, finished, options};
use crate::{
    data::DType,
    io,
    pipeline::{Category, Inputs, Node, NodeError, NodeInfo, Outputs, Port, PortType, RunContext, Work},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the file does not say itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RecordingFromFilesParams {
    /// Which of several files, 0 being the first.
    pub index: usize,
    /// Number type of a raw file. Other formats say it themselves.
    #[schemars(extend("label" = "Number type"))]
    pub dtype: Option<DType>,
    /// Channels of a raw file, all columns counted. Other formats say it themselves.
    #[schemars(range(min = 1, max = 100_000))]
    pub num_channels: Option<usize>,
    /// Samples per second of a raw file. Other formats say it themselves.
    #[schemars(range(min = 1.0, max = 1_000_000.0), extend("unit" = "Hz", "soft" = [10_000.0, 40_000.0]))]
    pub sampling_frequency: Option<f64>,
    /// Probe: a probeinterface .json, a .prb, the .meta of SpikeGLX, or the name of a bundled probe.
    #[schemars(extend("path" = "open"))]
    pub probe: Option<String>,
}

/// Opens what another node wrote, such as a command or Save recording.
pub struct RecordingFromFiles;

impl Node for RecordingFromFiles {
    type Params = RecordingFromFilesParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "recording_from_files",
        label: "Recording from files",
        summary: "Opens a recording that another node wrote, such as a command.",
        source: "",
        category: Category::Source,
        search: &["open result", "command output", "load files"],
        version: 1,
        work: Work::Lazy,
        inputs: &[Port::new("files", PortType::Files)],
        outputs: &[Port::new("recording", PortType::Recording)],
    };

    fn run(
        &self,
        params: &Self::Params,
        inputs: &Inputs,
        context: &RunContext,
    ) -> Result<Outputs, NodeError> {
        let path = file_at(inputs, params.index)?;
        let reader = ReadRecordingParams {
            dtype: params.dtype,
            num_channels: params.num_channels,
            sampling_frequency: params.sampling_frequency,
            probe: params.probe.clone(),
            ..ReadRecordingParams::default()
        };
        let recording = io::open_recording(&path, &options(&reader, context))?;
        Ok(Outputs::one("recording", finished(recording, &reader, context)?))
    }
}
