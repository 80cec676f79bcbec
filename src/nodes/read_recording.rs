//! Open a recording on disk.

use super::reader::{ReadRecordingParams, finished, options, probe_file};
use crate::{
    io,
    pipeline::{
        Act, Category, Inputs, Node, NodeError, NodeInfo, Outputs, ParamProblem, Port, PortType, RunContext,
        Work,
    },
};
use std::path::{Path, PathBuf};

/// Opens a file or folder and recognises its format; samples are read when they are needed.
pub struct ReadRecording;

impl Node for ReadRecording {
    type Params = ReadRecordingParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "read_recording",
        label: "Read recording",
        summary: "Opens a recording: raw binary, SpikeInterface folder or zarr, NWB, MDA or phy, read where it is.",
        source: "SpikeInterface read_binary, load",
        category: Category::Source,
        search: &["open", "load", "read_binary", "raw", "bin", "dat", "mda", "zarr", "nwb", "file", "import"],
        version: 1,
        work: Work::Lazy,
        inputs: &[],
        outputs: &[Port::new("recording", PortType::Recording)],
    };

    fn acts(&self, _: &Self::Params) -> Vec<Act> {
        vec![Act::TakesProbe { field: "probe" }, Act::ReadsRaw { path: "path" }]
    }

    fn check(&self, params: &Self::Params) -> Vec<ParamProblem> {
        ParamProblem::where_no_path(
            &params.path,
            "no file is chosen: name a recording, such as \"recording.dat\"",
        )
    }

    fn files(&self, params: &Self::Params, base: &Path) -> Vec<PathBuf> {
        io::files_behind(&base.join(&params.path)).into_iter().chain(probe_file(params)).collect()
    }

    fn run(&self, params: &Self::Params, _: &Inputs, context: &RunContext) -> Result<Outputs, NodeError> {
        let path = context.path(&params.path);
        let recording = io::open_recording(&path, &options(params, context))?;
        Ok(Outputs::one("recording", finished(recording, params, context)?))
    }
}
