//! Write a folder that phy opens.

use crate::{
    data::DType,
    engine::{Monitor, chain},
    io::{
        self,
        phy::{Export, Traces},
        written,
    },
    pipeline::{
        Category, Inputs, Node, NodeError, NodeInfo, Outputs, ParamProblem, Port, PortType, PythonNames,
        PythonStep, RunContext, TaskClass, Value, Work, called, literal,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{path::PathBuf, sync::Arc};

/// Where and what to write.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct ExportPhyParams {
    /// Folder to write. A relative path starts at the folder of the pipeline. Keys of items
    /// may be named, such as {session}.
    #[schemars(extend("path" = "save"))]
    pub path: PathBuf,
    /// Write the traces as recording.dat, so that phy shows them.
    #[schemars(extend("label" = "Copy traces"))]
    pub copy_binary: bool,
    /// Number type of the copied traces.
    #[schemars(extend("label" = "Number type", "advanced" = true))]
    pub dtype: DType,
    /// Replace what is there, even where Spikeloom did not write it, curation included.
    #[schemars(extend("advanced" = true))]
    pub overwrite: bool,
}

impl Default for ExportPhyParams {
    fn default() -> Self {
        Self { path: PathBuf::new(), copy_binary: true, dtype: DType::Int16, overwrite: false }
    }
}

/// Writes spikes, templates, channels and, where asked, traces and metrics for phy.
pub struct ExportPhy;

impl Node for ExportPhy {
    type Params = ExportPhyParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "export_phy",
        label: "Export to phy",
        summary: "Writes a folder that phy opens: spikes, templates, channels, traces and metrics of the units.",
        source: "SpikeInterface export_to_phy",
        category: Category::Output,
        search: &["export_to_phy", "kilosort", "curation", "template-gui", "params.py"],
        version: 1,
        work: Work::Task(TaskClass::Files),
        inputs: &[
            Port::new("recording", PortType::Recording),
            Port::new("sorting", PortType::Sorting),
            Port::new("templates", PortType::Templates),
            Port::new("table", PortType::Table).optional(),
        ],
        outputs: &[Port::new("files", PortType::Files)],
    };

    fn check(&self, params: &Self::Params) -> Vec<ParamProblem> {
        ParamProblem::where_no_path(
            &params.path,
            "no place is chosen: name a folder to write, such as \"results/phy\"",
        )
    }

    fn writes(&self, params: &Self::Params) -> Vec<PathBuf> {
        vec![params.path.clone()]
    }

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        let (recording, sorting) = (names.input("recording"), names.input("sorting"));
        let analyzer = format!("{}_analyzer", names.output("files"));
        let seed = names.seed();
        let named = [("copy_binary", json!(params.copy_binary)), ("dtype", json!(params.dtype.name()))];
        let write = called("sexp.export_to_phy", &[&analyzer, "output_folder=path"], &named);
        let saved = names.saved(&params.path, &write, params.overwrite);
        let extensions = json!({
            "random_spikes": {"seed": seed}, "waveforms": {}, "templates": {}, "spike_amplitudes": {},
            "noise_levels": {"random_slices_kwargs": {"seed": seed}}, "principal_components": {},
        });
        Some(
            PythonStep::default()
                .and(format!("{analyzer} = analyzer_of({sorting}, {recording}, {seed})"))
                .and(format!("{analyzer}.compute({})", literal(extensions)))
                .and(format!("{} = {saved}", names.output("files"))),
        )
    }

    fn run(
        &self,
        params: &Self::Params,
        inputs: &Inputs,
        context: &RunContext,
    ) -> Result<Outputs, NodeError> {
        let path = context.place(&params.path);
        let recording = inputs.recording("recording")?;
        let chain = chain::compile(recording)?;
        let info = chain.info().clone();
        let source = chain::ChainSource::new(chain);
        let export = Export {
            sorting: inputs.sorting("sorting")?,
            templates: inputs.templates("templates")?,
            info: &info,
            traces: params.copy_binary.then_some(Traces { source: &source, dtype: params.dtype }),
            pc_features: None,
            metrics: inputs.optional_table("table")?.map(Arc::as_ref),
        };
        let progress = |done: u64, total: u64| {
            context.progress(done, total);
            !context.cancelled()
        };
        written::replace(&path, params.overwrite, &recording.source().files(), || {
            io::atomic::replace_folder(&path, |folder| io::phy::write(folder, &export, &progress))
        })?;
        Ok(Outputs::one("files", Value::Files(Arc::new(vec![path]))))
    }
}
