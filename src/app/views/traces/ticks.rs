//! Peaks that a node finds in sight, with the parameters it has now.

use super::{TraceView, Window};
use crate::{
    app::views::related::Glimpsed,
    data::{Id, Peaks},
    inspect::{Lane, Lanes},
    pipeline::Params,
};
use std::{ops::Range, sync::Arc};

/// Seconds in which peaks are looked for at most.
const LONGEST_S: f64 = 20.0;

/// Peaks of a stretch.
type Found = Result<Peaks, String>;

/// What a node finds in sight.
pub(super) struct Ticks {
    glimpsed: Option<Glimpsed>,
    lane: Lane<Found>,
    asked: Option<Asked>,
    /// What was found last, for which question.
    found: Option<(Asked, Found)>,
    /// The user does not want to see them.
    pub(super) off: bool,
    /// The window is too long to look for peaks.
    pub(super) too_long: bool,
}

#[derive(Clone, PartialEq)]
struct Asked {
    /// Which recording: its glimpse is another one.
    glimpse: usize,
    params: Params,
    segment: usize,
    frames: Range<usize>,
}

impl Ticks {
    pub(super) fn new(lanes: &Lanes) -> Self {
        Self {
            glimpsed: None,
            lane: lanes.trace_lane(),
            asked: None,
            found: None,
            off: false,
            too_long: false,
        }
    }

    /// Shows what this node finds from now on.
    pub(super) fn set(&mut self, glimpsed: Option<Glimpsed>) {
        if glimpsed.is_none() {
            self.lane.cancel();
            self.found = None;
            self.asked = None;
        }
        self.glimpsed = glimpsed;
    }

    /// The node.
    pub(super) fn node(&self) -> Option<&str> {
        self.glimpsed.as_ref().map(|g| g.node.as_str())
    }

    /// True while peaks are looked for.
    pub(super) fn busy(&self) -> bool {
        self.lane.busy()
    }

    /// Takes what was found.
    pub(super) fn receive(&mut self) {
        if let (Some(found), Some(asked)) = (self.lane.take(), &self.asked) {
            self.found = Some((asked.clone(), found));
        }
    }

    /// Asks for what is in sight. A question that is in work is not given up for another parameter: while a
    /// parameter is dragged the picture follows, and the last one is asked for when it is there.
    pub(super) fn ask(&mut self, window: &Window, sampling_frequency: f64, num_frames: usize) {
        self.too_long = window.width_s > LONGEST_S;
        let Some(glimpsed) = self.glimpsed.as_ref().filter(|_| !self.off && !self.too_long) else { return };
        let width = window.width_s * sampling_frequency;
        let first = (window.start_s * sampling_frequency).max(0.0);
        let seen = first as usize..((first + width).ceil() as usize).min(num_frames);
        let glimpse = Arc::as_ptr(&glimpsed.glimpse).cast::<u8>() as usize;
        if let Some(asked) = &self.asked {
            let same = asked.glimpse == glimpse && asked.params == glimpsed.params;
            let covers = asked.frames.start <= seen.start && asked.frames.end >= seen.end;
            if asked.segment == window.segment && covers && (same || self.lane.busy()) {
                return;
            }
        }
        let margin = (width / 2.0) as usize;
        let frames = seen.start.saturating_sub(margin)..(seen.end + margin).min(num_frames);
        let asked = Asked { glimpse, params: glimpsed.params.clone(), segment: window.segment, frames };
        self.asked = Some(asked.clone());
        let find = glimpsed.glimpse.clone();
        self.lane.request(move |ticket| {
            let found = find(&asked.params, asked.segment, asked.frames.clone(), ticket);
            ticket.send(found.map_err(|error| error.to_string()));
        });
    }

    /// The peaks between two frames, as frame and channel.
    pub(super) fn between(&self, segment: usize, frames: Range<i64>) -> impl Iterator<Item = (i64, usize)> {
        let peaks = match &self.found {
            Some((asked, Ok(peaks))) if !self.off && !self.too_long && asked.segment == segment => {
                Some(peaks)
            }
            _ => None,
        };
        let range = peaks.map_or(0..0, |peaks| {
            let at = |frame: i64| peaks.sample_index.partition_point(|&f| f < frame);
            at(frames.start)..at(frames.end)
        });
        range.filter_map(move |i| peaks.map(|p| (p.sample_index[i], p.channel_index[i] as usize)))
    }

    /// Why there are none.
    pub(super) fn failure(&self) -> Option<&str> {
        match &self.found {
            Some((_, Err(reason))) => Some(reason),
            _ => None,
        }
    }
}

impl TraceView {
    /// Peaks in sight, and rows they are drawn in; channels of the node's recording are those of the same name.
    pub(super) fn ticks_in_sight(&self, sampling_frequency: f64) -> Vec<(i64, Option<usize>)> {
        let first = (self.window.start_s * sampling_frequency) as i64;
        let last = ((self.window.start_s + self.window.width_s) * sampling_frequency).ceil() as i64;
        let Some(glimpsed) = &self.ticks.glimpsed else { return Vec::new() };
        let own: &[Id] = self.main.info().map_or(&[], |info| &info.channel_ids);
        let theirs = glimpsed.channel_ids();
        let rows: std::collections::BTreeMap<&Id, usize> = self
            .order
            .iter()
            .enumerate()
            .filter_map(|(row, &channel)| own.get(channel).map(|id| (id, row)))
            .collect();
        let ticks = self.ticks.between(self.window.segment, first..last);
        ticks
            .map(|(frame, channel)| (frame, theirs.get(channel).and_then(|id| rows.get(id).copied())))
            .collect()
    }
}
