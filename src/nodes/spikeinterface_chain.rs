//! The preprocessing that a SpikeInterface JSON describes, applied by our own nodes.

use super::{
    bandpass_filter::BandpassFilter, common_reference::CommonReference, highpass_filter::HighpassFilter,
    notch_filter::NotchFilter, phase_shift::PhaseShift,
};
use crate::{
    data::{DType, Recording, Stage},
    io::{self, OpenOptions},
    pipeline::{Inputs, Node, NodeError, Output, RunContext, Value},
};
use ndarray::Array2;
use serde_json::{Map, Value as Json, json};
use std::{path::Path, sync::Arc};

/// Opens a recording as [`io::open_recording`] does, with the steps of its chain applied as far as they are known.
///
/// Steps from the first unknown one on are left out; a warning names them.
///
/// # Errors
/// Where it cannot be opened.
pub fn open_recording(path: &Path, options: &OpenOptions) -> Result<Recording, NodeError> {
    let mut recording = io::open_recording(path, options)?;
    let Some(steps) = recording.info().annotations.get(io::STEPS).and_then(Json::as_array).cloned() else {
        return Ok(recording);
    };
    let mut left = steps.as_slice();
    let mut reason = String::new();
    while let Some((step, rest)) = left.split_first() {
        match applied(step, &recording) {
            Ok(next) => recording = next,
            Err(why) => {
                reason = why;
                break;
            }
        }
        left = rest;
    }
    let mut info = recording.info().clone();
    info.annotations.remove(io::STEPS);
    if !left.is_empty() {
        let names: Vec<&str> = left.iter().filter_map(|step| step["class"].as_str()).collect();
        io::warn(
            &mut info,
            format!(
                "{}: the recording is opened as it was before these steps: {} ({reason}). Draw them as nodes, or save \
                 the recording as a binary folder in SpikeInterface.",
                path.display(),
                names.join(", ")
            ),
        );
        info.annotations.insert(io::STEPS.to_owned(), left.into());
    }
    Ok(recording.with_info(info)?)
}

/// The recording after one step, or why it cannot be applied.
fn applied(step: &Json, recording: &Recording) -> Result<Recording, String> {
    let class = step["class"].as_str().unwrap_or("an unnamed step");
    let settings = Settings { class, kwargs: step["kwargs"].as_object().cloned().unwrap_or_default() };
    let failed = |error: NodeError| format!("{class}: {error}");
    let next = match class {
        "BandpassFilterRecording" => {
            let params = settings.filter(&["freq_min", "freq_max", "filter_order", "ftype"])?;
            node(&BandpassFilter, params, recording).map_err(failed)?
        }
        "HighpassFilterRecording" => {
            let params = settings.filter(&["freq_min", "filter_order", "ftype"])?;
            node(&HighpassFilter, params, recording).map_err(failed)?
        }
        "NotchFilterRecording" => {
            node(&NotchFilter, settings.filter(&["freq", "q"])?, recording).map_err(failed)?
        }
        "CommonReferenceRecording" => {
            let wanted =
                ["reference", "operator", "groups", "ref_channel_ids", "local_radius", "min_local_neighbors"];
            node(&CommonReference, settings.only(&wanted, &["dtype"])?, recording).map_err(failed)?
        }
        "PhaseShiftRecording" => {
            let params = settings.only(&["inter_sample_shift"], &["margin_ms", "dtype"])?;
            node(&PhaseShift, params, recording).map_err(failed)?
        }
        _ => {
            let mut next = recording.clone();
            for stage in settings.stages(step, recording)? {
                next = next.with_stage(stage).map_err(|error| format!("{class}: {error}"))?;
            }
            next
        }
    };
    // SpikeInterface rounds after every step of a recording of integers.
    match settings.kwargs.get("dtype").and_then(Json::as_str).and_then(DType::parse) {
        Some(DType::Float32 | DType::Float64) | None => Ok(next),
        Some(dtype) => next.with_stage(Stage::Convert { dtype }).map_err(|error| error.to_string()),
    }
}

/// Runs a lazy node by hand.
fn node<N: Node>(node: &N, params: Map<String, Json>, recording: &Recording) -> Result<Recording, NodeError> {
    let params: N::Params =
        serde_json::from_value(params.into()).map_err(|error| NodeError::Input(error.to_string()))?;
    if let Some(problem) = node.check(&params).first() {
        return Err(NodeError::Input(format!("{}: {}", problem.field, problem.message)));
    }
    let inputs = Inputs::of([("recording", Value::Recording(recording.clone()))]);
    match node.run(&params, &inputs, &RunContext::silent(0))?.0.remove("recording") {
        Some(Output::One(Value::Recording(recording))) => Ok(recording),
        _ => Err(NodeError::Failed(format!("{} gave no recording", N::INFO.kind))),
    }
}

/// What SpikeInterface stores of a step.
struct Settings<'a> {
    class: &'a str,
    kwargs: Map<String, Json>,
}

impl Settings<'_> {
    /// The wanted settings that are set. A setting that is neither wanted nor harmless may change the result.
    fn only(&self, wanted: &[&str], harmless: &[&str]) -> Result<Map<String, Json>, String> {
        let is_set = |(_, value): &(&String, &Json)| !value.is_null();
        let mut params = Map::new();
        for (key, value) in self.kwargs.iter().filter(is_set) {
            if wanted.contains(&key.as_str()) {
                params.insert(key.clone(), value.clone());
            } else if !harmless.contains(&key.as_str()) {
                return Err(format!("{}: nothing here has its setting {key}", self.class));
            }
        }
        Ok(params)
    }

    /// The settings of a filter: forward and backward, as all of ours are.
    fn filter(&self, wanted: &[&str]) -> Result<Map<String, Json>, String> {
        if let Some(direction) = self.kwargs.get("direction").filter(|d| *d != "forward-backward") {
            return Err(format!("{}: filters here have no direction {direction}", self.class));
        }
        let harmless = [
            "margin_ms",
            "dtype",
            "ignore_low_freq_error",
            "filter_mode",
            "add_reflect_padding",
            "direction",
        ];
        self.only(wanted, &harmless)
    }

    /// Steps that hold all their numbers, as stages.
    fn stages(&self, step: &Json, recording: &Recording) -> Result<Vec<Stage>, String> {
        let n = recording.info().num_channels();
        let unknown = || format!("{}: no node here does the same", self.class);
        if let Some(slice) = io::slice(step, recording) {
            return Ok(vec![slice]);
        }
        let scale = |gain: Vec<f64>, offset: Vec<f64>| Stage::Scale { gain, offset, changes_uv: true };
        Ok(match self.class {
            "ScaleRecording" | "ZScoreRecording" | "NormalizeByQuantileRecording" => {
                vec![scale(self.numbers("gain", n)?, self.numbers("offset", n)?)]
            }
            // Rounded below, where the type is one of integers.
            "AstypeRecording" => Vec::new(),
            "WhitenRecording" => {
                let theirs = self.numbers("W", n * n)?;
                let factor = self.kwargs.get("int_scale").and_then(Json::as_f64).unwrap_or(1.0);
                // Theirs multiplies the traces from the right.
                let weights = Array2::from_shape_fn((n, n), |(to, from)| theirs[from * n + to] * factor);
                let mean = match self.kwargs.get("M") {
                    None | Some(Json::Null) => None,
                    Some(_) => Some(self.numbers("M", n)?),
                };
                let centered = mean.map(|mean| scale(vec![1.0; n], mean.iter().map(|m| -m).collect()));
                let whitened = Stage::LinearMap { weights: Arc::new(weights), whitens: true };
                centered.into_iter().chain([whitened]).collect()
            }
            "InterpolateBadChannelsRecording" => {
                let bad = self.channels("bad_channel_ids", recording)?;
                let good: Vec<usize> = (0..n).filter(|c| !bad.contains(c)).collect();
                let theirs = self.numbers("weights", good.len() * bad.len())?;
                let mut weights = Array2::eye(n);
                for (j, &to) in bad.iter().enumerate() {
                    weights[[to, to]] = 0.0;
                    for (i, &from) in good.iter().enumerate() {
                        weights[[to, from]] = theirs[i * bad.len() + j];
                    }
                }
                vec![Stage::LinearMap { weights: Arc::new(weights), whitens: false }]
            }
            "DetectAndRemoveBadChannelsRecording" => {
                let bad = self.channels("bad_channel_ids", recording)?;
                vec![Stage::SelectChannels { indices: (0..n).filter(|c| !bad.contains(c)).collect() }]
            }
            _ => return Err(unknown()),
        })
    }

    /// Numbers of a list, of lists of them, or one for all.
    fn numbers(&self, key: &str, count: usize) -> Result<Vec<f64>, String> {
        fn collect(value: &Json, out: &mut Vec<f64>) {
            match value {
                Json::Array(list) => list.iter().for_each(|value| collect(value, out)),
                other => out.extend(other.as_f64()),
            }
        }
        let mut found = Vec::new();
        collect(self.kwargs.get(key).unwrap_or(&Json::Null), &mut found);
        if found.len() == 1 {
            found = vec![found[0]; count];
        }
        if found.len() != count {
            return Err(format!("{}: {key} has {} numbers for {count}", self.class, found.len()));
        }
        Ok(found)
    }

    /// Columns of channels by their names.
    fn channels(&self, key: &str, recording: &Recording) -> Result<Vec<usize>, String> {
        let ids = serde_json::from_value::<Vec<crate::data::Id>>(
            self.kwargs.get(key).cloned().unwrap_or(json!([])),
        )
        .map_err(|error| format!("{}: {key}: {error}", self.class))?;
        recording.info().channel_indices(&ids).map_err(|error| format!("{}: {error}", self.class))
    }
}
