//! The sorting that files hold.

use super::reader::file_at;
use crate::{
    io,
    pipeline::{
        Category, Inputs, Node, NodeError, NodeInfo, Outputs, Port, PortType, PythonNames, PythonStep,
        RunContext, TaskClass, Work, literal,
    },
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which file, and what it does not say itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct SortingFromFilesParams {
    /// Which of several files, 0 being the first.
    pub index: usize,
    /// Samples per second, where the file does not say it; else those of the recording that is connected.
    #[schemars(range(min = 1.0, max = 1_000_000.0), extend("unit" = "Hz", "soft" = [10_000.0, 40_000.0]))]
    pub sampling_frequency: Option<f64>,
}

/// Opens a sorting that another node wrote, or the true spikes of a study.
pub struct SortingFromFiles;

impl Node for SortingFromFiles {
    type Params = SortingFromFilesParams;
    const INFO: NodeInfo = NodeInfo {
        kind: "sorting_from_files",
        label: "Sorting from files",
        summary: "Opens a sorting that another node wrote, or the true spikes of a study.",
        source: "",
        category: Category::Source,
        search: &["open result", "command output", "load files"],
        version: 2,
        work: Work::Task(TaskClass::Files),
        inputs: &[
            Port::new("files", PortType::Files),
            // Says how fast it was sampled where the file does not.
            Port::new("recording", PortType::Recording).optional(),
        ],
        outputs: &[Port::new("sorting", PortType::Sorting)],
    };

    fn in_python(&self, params: &Self::Params, names: &PythonNames) -> Option<PythonStep> {
        let (from, to) = (names.input("files"), names.output("sorting"));
        let rate = match params.sampling_frequency {
            Some(rate) => literal(rate),
            None if names.has_input("recording") => {
                format!("{}.sampling_frequency", names.input("recording"))
            }
            // Most files say it themselves.
            None => return Some(PythonStep::default().and(format!("{to} = sorting_in({from})"))),
        };
        Some(PythonStep::default().and(format!("{to} = sorting_in({from}, {rate})")))
    }

    fn run(&self, params: &Self::Params, inputs: &Inputs, _: &RunContext) -> Result<Outputs, NodeError> {
        let of_recording = inputs.optional_recording("recording")?.map(|r| r.info().sampling_frequency);
        let rate = params.sampling_frequency.or(of_recording);
        Ok(Outputs::one("sorting", io::open_sorting(&file_at(inputs, params.index)?, rate)?))
    }
}
