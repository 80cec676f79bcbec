//! Spikes of a sorting on top of traces.

use super::Extent;
use crate::{
    data::{RecordingInfo, Sorting, TableColumn},
    inspect::{Lane, Lanes, MeanWaveforms, SpanReader, SpikeIndex, UnitSummary, mean_waveforms, summarise},
};
use std::{collections::BTreeSet, sync::Arc};

/// Spikes drawn in one window.
const SPOTS: usize = 4_000;

/// A sorting that is drawn over traces.
pub struct Overlay {
    /// Its end, `node.port`.
    pub end: String,
    /// The sorting.
    pub sorting: Arc<Sorting>,
    summary: Lane<UnitSummary>,
    means: Lane<MeanWaveforms>,
    /// What is known of the units where they still have to be found in the traces.
    unplaced: Option<Arc<UnitSummary>>,
    /// Main channel of each unit, an index of the recording's, where known.
    pub channels: Vec<Option<usize>>,
    /// Spikes in each part of the segment, for the strip.
    pub activity: Vec<f32>,
    activity_of: Option<usize>,
}

impl Overlay {
    /// Starts to find out where the units sit.
    pub fn new(end: &str, sorting: Arc<Sorting>, info: &RecordingInfo, lanes: &Lanes) -> Self {
        let summary = lanes.lane();
        let places = from_properties(&sorting);
        let known = places.iter().any(Option::is_some);
        let channels = places.into_iter().map(|p| p.and_then(|p| nearest(info, p))).collect();
        if !known {
            let shared = sorting.clone();
            summary.request(move |ticket| {
                summarise(&shared, &[], &|| ticket.superseded(), &|s| ticket.send(s));
            });
        }
        Self {
            end: end.to_owned(),
            sorting,
            summary,
            means: lanes.lane(),
            unplaced: None,
            channels,
            activity: Vec::new(),
            activity_of: None,
        }
    }

    /// Takes what was found out; true where something changed. Units whose places nobody tells are looked for
    /// in the recording.
    pub fn update(&mut self, info: &RecordingInfo, reader: Option<&Arc<SpanReader>>) -> bool {
        if let Some(means) = self.means.take() {
            self.learn(&means);
            return true;
        }
        if let (Some(summary), Some(reader)) = (&self.unplaced, reader) {
            let (summary, reader) = (summary.clone(), reader.clone());
            self.means.request(move |ticket| mean_waveforms(&reader, &summary, ticket));
            self.unplaced = None;
        }
        let Some(summary) = self.summary.take().filter(UnitSummary::is_complete) else {
            return false;
        };
        self.channels = summary
            .rows
            .iter()
            .map(|row| row.location_um.and_then(|p| nearest(info, [f64::from(p[0]), f64::from(p[1])])))
            .collect();
        if self.channels.iter().all(Option::is_none) {
            self.unplaced = Some(Arc::new(summary));
        }
        true
    }

    /// True while places of units are looked for.
    pub fn busy(&self) -> bool {
        self.summary.busy() || self.means.busy()
    }

    /// Takes main channels from mean waveforms, which know better.
    pub fn learn(&mut self, means: &MeanWaveforms) {
        let count = self.sorting.num_units().min(means.templates.num_units());
        self.channels.resize(self.sorting.num_units(), None);
        for unit in 0..count {
            if let Some((channel, _, value)) = means.templates.extremum(unit)
                && value != 0.0
            {
                self.channels[unit] = Some(channel);
            }
        }
    }

    /// Counts spikes along the segment once.
    pub fn count_activity(&mut self, segment: usize, extent: &Extent) {
        if self.activity_of == Some(segment) {
            return;
        }
        self.activity_of = Some(segment);
        let frames = (extent.duration_s * extent.sampling_frequency) as usize;
        let counts = SpikeIndex(&self.sorting).activity(segment, frames, 400);
        let most = counts.iter().copied().max().unwrap_or(0).max(1) as f32;
        self.activity = counts.into_iter().map(|c| c as f32 / most).collect();
    }

    /// Spikes between two frames; those of the selected units all stay.
    pub fn spots(
        &self,
        segment: usize,
        from: i64,
        to: i64,
        selected: &BTreeSet<usize>,
    ) -> Vec<crate::inspect::Spot> {
        SpikeIndex(&self.sorting).window(segment, from..to, selected, SPOTS)
    }
}

/// Places of units that their properties tell.
fn from_properties(sorting: &Sorting) -> Vec<Option<[f64; 2]>> {
    let number = |names: &[&str]| -> Option<&TableColumn> {
        names.iter().find_map(|name| sorting.properties.column(name))
    };
    let x = number(&["x_um", "x", "estimated_x"]);
    let y = number(&["y_um", "y", "depth_um", "depth", "estimated_y"]);
    (0..sorting.num_units())
        .map(|unit| {
            let depth = y?.number(unit)?;
            Some([x.and_then(|x| x.number(unit)).unwrap_or(f64::NAN), depth])
        })
        .collect()
}

/// The channel nearest to a place; only the depth counts where x is not known.
fn nearest(info: &RecordingInfo, place: [f64; 2]) -> Option<usize> {
    let locations = info.locations_um()?;
    let distance = |p: &[f64; 2]| {
        let across = if place[0].is_nan() { 0.0 } else { p[0] - place[0] };
        across.hypot(p[1] - place[1])
    };
    (0..locations.len()).min_by(|&a, &b| distance(&locations[a]).total_cmp(&distance(&locations[b])))
}
