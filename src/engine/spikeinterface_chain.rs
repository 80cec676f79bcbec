//! The preprocessing that a SpikeInterface JSON describes, as our own stages.
//!
//! # Source
//! `spikeinterface.preprocessing`, version 0.105: the steps below with the settings it stores.

use super::{
    EngineError, Silent, chain,
    design::{Band, Family, design, notch},
    gaussian_filter::gaussian_filter,
    noise::{Center, Chunks, channel_offsets},
    reference_set::CommonReferenceParams,
};
use crate::data::{DType, Id, Recording, RecordingError, STEPS, Segment, Stage};
use ndarray::Array2;
use serde_json::{Map, Value as Json, json};
use std::sync::Arc;

/// A recording as it was opened, with the steps listed in its annotations applied as far as they are known.
///
/// Steps from the first unknown one on are left out; a warning names them.
///
/// # Errors
/// Where the description does not fit the recording any more.
pub fn with_steps(mut recording: Recording) -> Result<Recording, RecordingError> {
    let Some(steps) = recording.info().annotations.get(STEPS).and_then(Json::as_array).cloned() else {
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
    info.annotations.remove(STEPS);
    if !left.is_empty() {
        let names: Vec<&str> = left.iter().filter_map(|step| step["class"].as_str()).collect();
        info.warn(format!(
            "The recording is opened as it was before these steps: {} ({reason}). Draw them as nodes, or save the \
             recording as a binary folder in SpikeInterface.",
            names.join(", ")
        ));
        info.annotations.insert(STEPS.to_owned(), left.into());
    }
    recording.with_info(info)
}

/// The recording after one step, or why it cannot be applied.
fn applied(step: &Json, recording: &Recording) -> Result<Recording, String> {
    let class = step["class"].as_str().unwrap_or("an unnamed step");
    let settings = Settings { class, kwargs: step["kwargs"].as_object().cloned().unwrap_or_default() };
    if class == "ConcatenateSegmentRecording" {
        return chain::concatenate(std::slice::from_ref(recording)).map_err(|error| error.to_string());
    }
    if class == "GaussianFilterRecording" {
        settings.only(&["freq_min", "freq_max"], &["margin_sd", "dtype"])?;
        let number = |key: &str, default: f64| match settings.kwargs.get(key) {
            Some(Json::Null) => None,
            other => Some(other.and_then(Json::as_f64).unwrap_or(default)),
        };
        return gaussian_filter(recording, number("freq_min", 300.0), number("freq_max", 5000.0))
            .map_err(|error| format!("{class}: {error}"));
    }
    if class == "AppendSegmentRecording" {
        return appended(&settings, recording);
    }
    let mut next = recording.clone();
    for stage in settings.stages(step, recording)? {
        next = next.with_stage(stage).map_err(|error| format!("{class}: {error}"))?;
    }
    // SpikeInterface rounds after every step of a recording of integers.
    match settings.kwargs.get("dtype").and_then(Json::as_str).and_then(DType::parse) {
        Some(DType::Float32 | DType::Float64) if is_float(next.info().dtype) => Ok(next),
        None => Ok(next),
        Some(dtype) => next.with_stage(Stage::Convert { dtype }).map_err(|error| error.to_string()),
    }
}

/// Segments that were recordings of their own, each with the steps of its part.
fn appended(settings: &Settings, recording: &Recording) -> Result<Recording, String> {
    let lengths: Vec<usize> = recording.info().segments.iter().map(|segment| segment.num_frames).collect();
    let mut parts = Vec::new();
    let mut first = 0;
    for part in settings.kwargs.get("parts").and_then(Json::as_array).into_iter().flatten() {
        let after = first + part["num_segments"].as_u64().unwrap_or(0) as usize;
        let own = |(i, &frames): (usize, &usize)| (0, if (first..after).contains(&i) { frames } else { 0 });
        let ranges = lengths.iter().enumerate().map(own).collect();
        let mut one = recording.with_stage(Stage::SelectFrames { ranges }).map_err(|e| e.to_string())?;
        for step in part["steps"].as_array().into_iter().flatten() {
            one = applied(step, &one)?;
        }
        parts.push(one);
        first = after;
    }
    chain::append(&parts).map_err(|error| error.to_string())
}

fn is_float(dtype: DType) -> bool {
    matches!(dtype, DType::Float32 | DType::Float64)
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
    fn filter(&self, wanted: &[&str]) -> Result<(), String> {
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
        self.only(wanted, &harmless).map(drop)
    }

    /// A filter of a band between these frequencies.
    fn band(&self, band: Band, rate: f64) -> Result<Vec<Stage>, String> {
        let family = match self.kwargs.get("ftype").and_then(Json::as_str) {
            None | Some("butter") => Family::Butterworth,
            Some("bessel") => Family::Bessel,
            Some(other) => return Err(format!("{}: no filter here is of type {other}", self.class)),
        };
        let order = self.kwargs.get("filter_order").and_then(Json::as_u64).unwrap_or(5) as usize;
        let sections = design(family, order, band, rate).map_err(|e| format!("{}: {e}", self.class))?;
        Ok(vec![Stage::Filter { sections, marks_filtered: true }])
    }

    /// A number, with SpikeInterface's default where it is not stored.
    fn number(&self, key: &str, default: f64) -> f64 {
        self.kwargs.get(key).and_then(Json::as_f64).unwrap_or(default)
    }

    /// The step as stages.
    fn stages(&self, step: &Json, recording: &Recording) -> Result<Vec<Stage>, String> {
        let n = recording.info().num_channels();
        let unknown = || format!("{}: no node here does the same", self.class);
        if let Some(slice) = slice(step, recording) {
            return Ok(vec![slice]);
        }
        let rate = recording.info().sampling_frequency;
        let scale = |gain: Vec<f64>, offset: Vec<f64>| Stage::Scale { gain, offset, changes_uv: true };
        Ok(match self.class {
            "BandpassFilterRecording" => {
                self.filter(&["freq_min", "freq_max", "filter_order", "ftype"])?;
                let band = Band::Bandpass(self.number("freq_min", 300.0), self.number("freq_max", 6000.0));
                self.band(band, rate)?
            }
            "HighpassFilterRecording" => {
                self.filter(&["freq_min", "filter_order", "ftype"])?;
                self.band(Band::Highpass(self.number("freq_min", 300.0)), rate)?
            }
            "NotchFilterRecording" => {
                self.filter(&["freq", "q"])?;
                let sections = notch(self.number("freq", 3000.0), self.number("q", 30.0), rate)
                    .map_err(|e| format!("{}: {e}", self.class))?;
                vec![Stage::Filter { sections, marks_filtered: false }]
            }
            "CommonReferenceRecording" => {
                let wanted = [
                    "reference",
                    "operator",
                    "groups",
                    "ref_channel_ids",
                    "local_radius",
                    "min_local_neighbors",
                ];
                let params: CommonReferenceParams =
                    serde_json::from_value(self.only(&wanted, &["dtype"])?.into())
                        .map_err(|e| format!("{}: {e}", self.class))?;
                vec![params.stage(recording.info()).map_err(|e| format!("{}: {e}", self.class))?]
            }
            "PhaseShiftRecording" => {
                self.only(&["inter_sample_shift"], &["margin_ms", "dtype"])?;
                let shifts = match self.kwargs.get("inter_sample_shift") {
                    None | Some(Json::Null) => recording.info().inter_sample_shift.clone(),
                    Some(_) => self.numbers("inter_sample_shift", n)?,
                };
                vec![Stage::PhaseShift { shifts }]
            }
            "ScaleRecording" | "ZScoreRecording" | "NormalizeByQuantileRecording" => {
                vec![scale(self.numbers("gain", n)?, self.numbers("offset", n)?)]
            }
            "CenterRecording" => vec![scale(vec![1.0; n], self.center(recording)?)],
            "SilencedPeriodsRecording" => {
                self.only(
                    &["list_periods", "periods"],
                    &["mode", "apodization_samples", "seed", "noise_levels", "dtype"],
                )?;
                if let Some(mode) = self.kwargs.get("mode").filter(|mode| *mode != "zeros") {
                    return Err(format!("{}: nothing here has its mode {mode}", self.class));
                }
                vec![Stage::SilencePeriods { periods: self.periods(recording)? }]
            }
            "SelectSegmentRecording" => {
                let wanted = match self.kwargs.get("segment_indices") {
                    Some(Json::Array(list)) => list.iter().map(Json::as_u64).collect::<Option<Vec<_>>>(),
                    Some(one) => one.as_u64().map(|one| vec![one]),
                    None => None,
                };
                let wanted = wanted.filter(|list| list.is_sorted_by(|a, b| a < b)).ok_or_else(unknown)?;
                let range = |(i, segment): (usize, &Segment)| {
                    (0, if wanted.contains(&(i as u64)) { segment.num_frames } else { 0 })
                };
                let ranges = recording.info().segments.iter().enumerate().map(range).collect();
                vec![Stage::SelectFrames { ranges }]
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

    /// What is added to each channel so that its median or mean is zero.
    ///
    /// SpikeInterface stores how it drew the chunks it estimates from, not the result. Without a seed it draws others
    /// each time it opens the file, and here the seed is 0.
    fn center(&self, recording: &Recording) -> Result<Vec<f64>, String> {
        let failed = |error: EngineError| format!("{}: {error}", self.class);
        self.only(
            &["mode", "num_chunks_per_segment", "chunk_duration", "chunk_size", "seed"],
            &["dtype", "concatenated", "margin_frames"],
        )?;
        let center = if self.kwargs.get("mode").is_some_and(|mode| mode == "mean") {
            Center::Mean
        } else {
            Center::Median
        };
        let mut chunks = Chunks::standard(recording.info(), self.number("seed", 0.0) as u64);
        chunks.num_chunks_per_segment = self.number("num_chunks_per_segment", 20.0) as usize;
        let rate = recording.info().sampling_frequency;
        match (self.kwargs.get("chunk_size").and_then(Json::as_u64), self.kwargs.get("chunk_duration")) {
            (Some(size), _) => chunks.chunk_size = size as usize,
            (None, Some(duration)) => {
                let seconds = seconds(duration)
                    .ok_or_else(|| format!("{}: chunk_duration {duration} is not known", self.class))?;
                chunks.chunk_size = (seconds * rate) as usize;
            }
            (None, None) => {}
        }
        let chain = chain::compile(recording).map_err(failed)?;
        let offsets = channel_offsets(&chain, center, &chunks, &Silent).map_err(failed)?;
        Ok(offsets.into_iter().map(|offset| -offset).collect())
    }

    /// Stretches of each segment, sorted; of a single segment they may stand without a list around them.
    fn periods(&self, recording: &Recording) -> Result<Vec<(usize, usize, usize)>, String> {
        let given =
            ["list_periods", "periods"].iter().find_map(|key| self.kwargs.get(*key).filter(|v| !v.is_null()));
        let wrong = || format!("{}: its periods are no lists of [start, end]", self.class);
        let given = given.ok_or_else(wrong)?;
        let lists: Vec<Vec<(usize, usize)>> = serde_json::from_value(given.clone())
            .or_else(|_flat| serde_json::from_value(json!([given])))
            .map_err(|_lists| wrong())?;
        let segments = &recording.info().segments;
        let mut periods = Vec::new();
        for (index, list) in lists.into_iter().enumerate() {
            let frames = segments.get(index).map_or(0, |segment| segment.num_frames);
            // SpikeInterface lets periods reach beyond the end.
            let within = list.into_iter().map(|(start, end)| (index, start, end.min(frames)));
            periods.extend(within.filter(|(_, start, end)| start < end));
        }
        periods.sort_unstable();
        Ok(periods)
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
        let ids = serde_json::from_value::<Vec<Id>>(self.kwargs.get(key).cloned().unwrap_or(json!([])))
            .map_err(|error| format!("{}: {key}: {error}", self.class))?;
        recording.info().channel_indices(&ids).map_err(|error| format!("{}: {error}", self.class))
    }
}

/// A duration such as `"500ms"`, `"1s"` or a number of seconds.
fn seconds(duration: &Json) -> Option<f64> {
    let Some(text) = duration.as_str() else { return duration.as_f64() };
    let (number, scale) = match text.strip_suffix("ms") {
        Some(number) => (number, 1e-3),
        None => (text.strip_suffix('s')?, 1.0),
    };
    Some(number.trim().parse::<f64>().ok()? * scale)
}

/// A selection of channels or frames as a stage; `None` for other steps.
fn slice(step: &Json, recording: &Recording) -> Option<Stage> {
    let settings = step["kwargs"].as_object()?;
    let info = recording.info();
    match step["class"].as_str()? {
        "ChannelSliceRecording" => {
            let wanted = settings.get("channel_ids")?.as_array()?;
            let find = |id: &Json| {
                let name = id.as_str().map_or_else(|| id.to_string(), str::to_owned);
                info.channel_ids.iter().position(|c| c.to_string() == name)
            };
            Some(Stage::SelectChannels { indices: wanted.iter().map(find).collect::<Option<_>>()? })
        }
        "FrameSliceRecording" if info.segments.len() == 1 => {
            let length = info.segments.first()?.num_frames;
            let bound = |key: &str, default: usize| {
                settings.get(key).and_then(Json::as_u64).map_or(default, |frame| frame as usize)
            };
            Some(Stage::SelectFrames { ranges: vec![(bound("start_frame", 0), bound("end_frame", length))] })
        }
        _ => None,
    }
}
