//! Open a recording on disk.

use super::reader::{ReadRecordingParams, finished, options, probe_file};
use crate::{
    io::{self, content::Content},
    pipeline::{
        Act, Category, Inputs, Node, NodeError, NodeInfo, Outputs, ParamProblem, Port, PortType, PythonNames,
        PythonStep, RunContext, Work, literal,
    },
};
use serde_json::json;
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
        let path = names.path(&params.path);
        let told =
            io::OpenOptions { dtype: params.dtype, num_channels: params.num_channels, ..Default::default() };
        let found = io::describe(&names.place(&params.path), &told);
        let step = match found.map_or("", |found| found.format) {
            "binary" => {
                let named = [
                    ("sampling_frequency", json!(params.sampling_frequency)),
                    ("dtype", json!(params.dtype?.name())),
                    ("num_channels", json!(params.num_channels)),
                    ("time_axis", json!(params.time_axis)),
                    ("file_offset", json!(params.file_offset)),
                    ("gain_to_uV", json!(params.gain_to_uv)),
                    ("offset_to_uV", json!(params.gain_to_uv.map(|_| params.offset_to_uv.unwrap_or(0.0)))),
                    ("is_filtered", json!(params.is_filtered)),
                ];
                PythonStep::call(to, "se.read_binary", &[&path], &named)
            }
            "mda" => PythonStep::call(to, "se.read_mda_recording", &[&path], &[]),
            "nwb" => {
                let named = [("electrical_series_path", json!(params.stream))];
                PythonStep::call(to, "se.read_nwb_recording", &[&path], &named)
            }
            "npy" => {
                let rate = literal(params.sampling_frequency?);
                PythonStep::default().and(format!("{to} = si.NumpyRecording([np.load({path})], {rate})"))
            }
            "sorting_analyzer" => PythonStep::default().and(format!("{to} = si.load({path}).recording")),
            "phy" => return None,
            _ => PythonStep::call(to, "si.load", &[&path], &[]),
        };
        let Some(probe) = params.probe.as_deref() else { return Some(step) };
        let mut after = None;
        let file =
            probe_file(params).map(|file| (names.path(&file), file.extension().is_some_and(|e| e == "prb")));
        let probes = match file {
            Some((file, true)) => format!("pi.read_prb({file})"),
            Some((file, false)) => format!("pi.read_probeinterface({file})"),
            // One of those that come with Spikeloom.
            None => {
                let found = io::probe::read(probe).ok()?;
                if !found.inter_sample_shift.is_empty() {
                    let shifts = literal(&found.inter_sample_shift);
                    after = Some(format!("{to}.set_property(\"inter_sample_shift\", {shifts})"));
                }
                let mut probes = io::probe::to_json(&found.probe);
                // Its contacts are the channels in their order.
                let channels: Vec<usize> = (0..found.probe.contacts.len()).collect();
                if let Some(only) = probes.pointer_mut("/probes/0") {
                    only["device_channel_indices"] = json!(channels);
                }
                format!("pi.ProbeGroup.from_dict({})", literal(probes))
            }
        };
        let step = step.and(format!("{to} = {to}.set_probegroup({probes}) or {to}"));
        Some(after.into_iter().fold(step, PythonStep::and))
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
