//! Write a recording for other programs.

use crate::{
    data::DType,
    engine::{Monitor, chain},
    io::{self, written},
    pipeline::{
        Category, Inputs, Node, NodeError, NodeInfo, Outputs, ParamProblem, Port, PortType, PythonNames,
        PythonStep, RunContext, TaskClass, Value, Work, literal,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{path::PathBuf, sync::Arc};

/// Formats a recording can be written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RecordingFormat {
    /// A binary folder of SpikeInterface, opened by `spikeinterface.load`.
    #[default]
    BinaryFolder,
    /// An MDA folder (raw.mda, geom.csv, params.json), for a single segment.
    Mda,
}

/// Where and how to write.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SaveRecordingParams {
    /// Folder to write. A relative path starts at the folder of the pipeline. Keys of items
    /// may be named, such as {session}.
    #[schemars(extend("path" = "save"))]
    pub path: PathBuf,
    /// How it is written.
    pub format: RecordingFormat,
    /// Number type of the stored samples. Auto keeps that of the recording.
    #[schemars(extend("auto" = true, "label" = "Number type"))]
    pub dtype: Option<DType>,
    /// Replace what is there, even where Spikeloom did not write it.
    #[schemars(extend("advanced" = true))]
    pub overwrite: bool,
}

/// Computes all samples and writes them as a SpikeInterface binary folder or an MDA folder.
pub struct SaveRecording;

impl Node for SaveRecording {
    type Params = SaveRecordingParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "save_recording",
        label: "Save recording",
        summary: "Computes a recording and writes it as a binary folder that SpikeInterface loads, or as MDA.",
        source: "SpikeInterface recording.save",
        category: Category::Output,
        search: &["export", "write", "binary folder", "spikeinterface", "raw", "cache"],
        version: 1,
        work: Work::Task(TaskClass::Files),
        inputs: &[Port::new("recording", PortType::Recording)],
        outputs: &[Port::new("files", PortType::Files)],
    };

    fn resolve(&self, params: &Self::Params, inputs: &Inputs) -> Result<Self::Params, NodeError> {
        let dtype = params.dtype.or(Some(inputs.recording("recording")?.info().dtype));
        Ok(SaveRecordingParams { dtype, ..params.clone() })
    }

    fn check(&self, params: &Self::Params) -> Vec<ParamProblem> {
        ParamProblem::where_no_path(
            &params.path,
            "no place is chosen: name a folder to write, such as \"results/recording\"",
        )
    }

    fn writes(&self, params: &Self::Params) -> Vec<PathBuf> {
        vec![params.path.clone()]
    }

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        let from = names.input("recording");
        if params.format != RecordingFormat::BinaryFolder || params.dtype.is_some_and(DType::is_unsigned) {
            return None;
        }
        let converted = match params.dtype {
            Some(dtype) => format!("converted_to({from}, {})", literal(dtype.name())),
            None => from.to_owned(),
        };
        let write = format!("{converted}.save(folder=path, format=\"binary\")");
        let saved = names.saved(&params.path, &write, params.overwrite);
        Some(PythonStep::default().and(format!("{} = {saved}", names.output("files"))))
    }

    fn run(
        &self,
        params: &Self::Params,
        inputs: &Inputs,
        context: &RunContext,
    ) -> Result<Outputs, NodeError> {
        let recording = inputs.recording("recording")?;
        let path = context.place(&params.path);
        let chain = chain::compile(recording)?;
        let info = chain.info().clone();
        let dtype = params.dtype.unwrap_or(info.dtype);
        let source = chain::ChainSource::new(chain);
        let progress = |done: u64, total: u64| {
            context.progress(done, total);
            !context.cancelled()
        };
        written::replace(&path, params.overwrite, &recording.source().files(), || {
            io::atomic::replace_folder(&path, |folder| match params.format {
                RecordingFormat::BinaryFolder => {
                    io::binary_folder::write(&source, &info, folder, dtype, &progress)
                }
                RecordingFormat::Mda => io::mda::write_recording(&source, &info, folder, dtype, &progress),
            })
        })?;
        Ok(Outputs::one("files", Value::Files(Arc::new(vec![path]))))
    }
}
