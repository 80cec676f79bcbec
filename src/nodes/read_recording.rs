//! Open a recording on disk.

use super::{
    reader::{ReadRecordingParams, finished, options, probe_file},
    reader_python::{format_of, opened, with_probe},
};
use crate::{
    io::{self, content::Content},
    pipeline::{
        Act, Category, Inputs, Node, NodeError, NodeInfo, Outputs, ParamProblem, Port, PortType, PythonNames,
        PythonStep, RunContext, Work,
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
        let wrong = Content::of_path(&params.path).and_then(Result::err);
        let wrong = wrong.map(|message| ParamProblem { field: "path".into(), message });
        let missing = ParamProblem::where_no_path(
            &params.path,
            "no file is chosen: name a recording, such as \"recording.dat\"",
        );
        missing.into_iter().chain(wrong).collect()
    }

    fn files(&self, params: &Self::Params, base: &Path) -> Vec<PathBuf> {
        // What is named by its content is the same wherever it lies.
        let files = match Content::of_path(&params.path) {
            Some(_) => Vec::new(),
            None => io::files_behind(&base.join(&params.path)),
        };
        files.into_iter().chain(probe_file(params)).collect()
    }

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        // SpikeInterface opens files by their names.
        if Content::of_path(&params.path).is_some() {
            return None;
        }
        let to = names.output("recording");
        let format = format_of(&names.place(&params.path), params);
        let step = PythonStep::default()
            .and(format!("{to} = {}", opened(format, &names.path(&params.path), params, &[])?));
        let (probe, given) = with_probe(to, params, names)?;
        Some(probe.into_iter().chain(given).fold(step, PythonStep::and))
    }

    fn run(&self, params: &Self::Params, _: &Inputs, context: &RunContext) -> Result<Outputs, NodeError> {
        let options = options(params, context);
        let recording = match Content::of_path(&params.path) {
            None => io::open_noted(
                &context.path(&params.path),
                &options,
                context.notes_folder.as_deref(),
                io::open_recording,
            )?,
            Some(content) => {
                let content = content.map_err(NodeError::Input)?;
                let file = content.find(&context.base_folder).map_err(NodeError::Input)?;
                content.verify(&file, context.notes_folder.as_deref())?;
                io::open_recording_called(&file, &content.label, &options)?
            }
        };
        Ok(Outputs::one("recording", finished(recording, params, context)?))
    }
}
