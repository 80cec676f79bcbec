//! One recording in the view: what was asked for and what has come of it.

use super::{Extent, Window, pictures::Pictures};
use crate::{
    data::{Recording, RecordingInfo},
    inspect::{Lane, Lanes, SpanReader, TraceBins, TraceRequest, trace_bins},
};
use std::{
    ops::Range,
    sync::Arc,
    time::{Duration, Instant},
};

/// How long a recording that is read already may take where another one is wanted.
const PATIENCE: Duration = Duration::from_millis(400);

/// A channel that this recording does not have.
const NO_CHANNEL: usize = usize::MAX;

/// A recording, its samples in sight and their picture.
pub(super) struct Layer {
    reader_lane: Lane<Result<Arc<SpanReader>, String>>,
    reader: Option<Arc<SpanReader>>,
    bins_lane: Lane<TraceBins>,
    bins: Option<Arc<TraceBins>>,
    /// Counts what came, so that pictures know when they are old.
    version: u64,
    asked: Option<Asked>,
    info: Option<Arc<RecordingInfo>>,
    /// Stages the recording went through.
    pub(super) num_stages: usize,
    noise: Option<f32>,
    /// True once the noise is that of a complete picture, not of a first coarse one.
    noise_settled: bool,
    error: Option<String>,
    /// The recording that is read, or that is read once the samples in work are there.
    recording: Option<Recording>,
    next: Option<Recording>,
    begun: Option<Instant>,
    pub(super) pictures: Pictures,
}

/// What was asked for last.
#[derive(Clone, Debug, PartialEq)]
struct Asked {
    segment: usize,
    frames: Range<usize>,
    columns: usize,
    channels: Vec<usize>,
}

impl Layer {
    /// A layer without a recording.
    pub(super) fn new(lanes: &Lanes) -> Self {
        Self {
            reader_lane: lanes.trace_lane(),
            reader: None,
            bins_lane: lanes.trace_lane(),
            bins: None,
            version: 0,
            asked: None,
            info: None,
            num_stages: 0,
            noise: None,
            noise_settled: false,
            error: None,
            recording: None,
            next: None,
            begun: None,
            pictures: Pictures::new(lanes),
        }
    }

    /// Reads this recording from now on; what is seen stays until its first samples are there.
    ///
    /// While a parameter is dragged recordings follow each other faster than they are read: one that is about to
    /// be seen is waited for a little, so that the picture follows the hand, and then the newest is read.
    pub(super) fn set_recording(&mut self, recording: &Recording) {
        if self.next.is_none()
            && self.error.is_none()
            && self.recording.as_ref().is_some_and(|r| r.is_same(recording))
        {
            return;
        }
        let is_alike = self.info.as_ref().is_some_and(|info| {
            let new = recording.info();
            info.channel_ids == new.channel_ids && info.segments == new.segments
        });
        let is_young = self.begun.is_some_and(|begun| begun.elapsed() < PATIENCE);
        if is_alike && is_young && (self.reading() || self.asked.is_none()) {
            self.next = Some(recording.clone());
        } else {
            self.begin(recording.clone());
        }
    }

    fn begin(&mut self, recording: Recording) {
        self.info = Some(recording.info_arc());
        self.num_stages = recording.stages().len();
        self.reader = None;
        self.asked = None;
        self.noise_settled = false;
        self.error = None;
        self.next = None;
        self.begun = Some(Instant::now());
        self.recording = Some(recording.clone());
        self.bins_lane.cancel();
        self.reader_lane.request(move |ticket| {
            ticket.send(SpanReader::new(&recording).map(Arc::new).map_err(|error| error.to_string()));
        });
    }

    /// What is known of the recording.
    pub(super) fn info(&self) -> Option<&Arc<RecordingInfo>> {
        self.info.as_ref()
    }

    /// The recording that is read.
    pub(super) fn recording(&self) -> Option<&Recording> {
        self.recording.as_ref()
    }

    /// Reads the recording, once it is prepared.
    pub(super) fn reader(&self) -> Option<&Arc<SpanReader>> {
        self.reader.as_ref()
    }

    /// The samples that are there.
    pub(super) fn bins(&self) -> Option<&Arc<TraceBins>> {
        self.bins.as_ref()
    }

    /// Number of the samples that are there.
    pub(super) fn version(&self) -> u64 {
        self.version
    }

    /// Typical noise of a channel, in the units of the samples.
    pub(super) fn noise(&self) -> f32 {
        self.noise.unwrap_or(1.0)
    }

    /// Why reading failed.
    pub(super) fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }

    /// True while samples are read or drawn.
    pub(super) fn busy(&self) -> bool {
        self.reading() || self.pictures.busy()
    }

    /// True while samples are read.
    pub(super) fn reading(&self) -> bool {
        self.next.is_some() || self.reader_lane.busy() || self.bins_lane.busy()
    }

    /// Share of the window that is there.
    pub(super) fn share(&self) -> f32 {
        self.bins.as_ref().map_or(0.0, |bins| bins.share)
    }

    /// Asks again with the next frame.
    pub(super) fn ask_again(&mut self) {
        self.asked = None;
    }

    /// What there is to see of a segment.
    pub(super) fn extent(&self, segment: usize, rows: usize) -> Option<Extent> {
        let info = self.info.as_ref()?;
        let segment = info.segments.get(segment)?;
        Some(Extent {
            duration_s: segment.num_frames as f64 / info.sampling_frequency,
            sampling_frequency: info.sampling_frequency,
            rows,
        })
    }

    /// Takes what has come.
    pub(super) fn receive(&mut self) {
        if let Some(reader) = self.reader_lane.take() {
            match reader {
                Ok(reader) => self.reader = Some(reader),
                Err(error) => self.error = Some(error),
            }
        }
        if let Some(bins) = self.bins_lane.take() {
            self.error.clone_from(&bins.error);
            if !self.noise_settled {
                let mut noise: Vec<f32> = bins.noise.iter().copied().filter(|&n| n > 0.0).collect();
                if !noise.is_empty() {
                    noise.sort_by(f32::total_cmp);
                    self.noise = Some(noise[noise.len() / 2]);
                    self.noise_settled = bins.share >= 1.0;
                }
            }
            self.bins = Some(Arc::new(bins));
            self.version += 1;
        }
        let is_read = self.asked.is_some() && !self.reader_lane.busy() && !self.bins_lane.busy();
        let is_late = self.begun.is_some_and(|begun| begun.elapsed() >= PATIENCE);
        if let Some(next) = self.next.take_if(|_| is_read || is_late || self.error.is_some()) {
            self.begin(next);
        }
    }

    /// Own indices of the channels of another recording, by their names.
    pub(super) fn channels_like(&self, other: &RecordingInfo, order: &[usize]) -> Vec<usize> {
        let Some(info) = &self.info else {
            return Vec::new();
        };
        if info.channel_ids == other.channel_ids {
            return order.to_vec();
        }
        let own: std::collections::BTreeMap<_, usize> =
            info.channel_ids.iter().enumerate().map(|(index, id)| (id, index)).collect();
        let of = |&channel: &usize| other.channel_ids.get(channel).and_then(|id| own.get(id));
        order.iter().map(|channel| of(channel).copied().unwrap_or(NO_CHANNEL)).collect()
    }

    /// Asks for what is in sight, with half a window more on either side so that panning is smooth.
    ///
    /// `points` are the pixels across, `channels` those of the rows in sight.
    pub(super) fn ask(&mut self, window: &Window, points: f32, lines: bool, channels: &[usize]) {
        let (Some(reader), Some(extent)) = (&self.reader, self.extent(window.segment, 0)) else {
            return;
        };
        let rate = extent.sampling_frequency;
        let width = (window.width_s * rate).max(1.0);
        let first = window.start_s * rate;
        let columns = (points as usize).clamp(16, 3_800);
        let total = (extent.duration_s * rate).round() as usize;
        let end = ((first + width).ceil() as usize).min(total);
        let seen = (first.floor() as usize).min(end)..end;
        let frames_wanted = |c: usize| (width / c as f64).max(1.0);
        if let Some(asked) = &self.asked {
            let density = asked.frames.len() as f64 / asked.columns as f64;
            let enough = asked.segment == window.segment
                && asked.channels == channels
                && asked.frames.start <= seen.start
                && asked.frames.end >= seen.end
                && (density.max(1.0) / frames_wanted(columns)).log2().abs() < 0.5;
            if enough {
                return;
            }
        }
        // A whole step finer or coarser is asked for at once; between steps the picture is stretched.
        let margin = width / 2.0;
        let frames = (first - margin).max(0.0) as usize..((first + width + margin) as usize + 2).min(total);
        let share = frames.len() as f64 / width;
        let asked = Asked {
            segment: window.segment,
            columns: ((columns as f64 * share) as usize).max(1),
            frames,
            channels: channels.to_vec(),
        };
        let request = TraceRequest {
            reader: reader.clone(),
            segment: asked.segment,
            frames: asked.frames.clone(),
            columns: if lines { asked.columns } else { asked.columns.div_ceil(2) },
            channels: asked.channels.clone(),
        };
        self.asked = Some(asked);
        self.bins_lane.request(move |ticket| trace_bins(&request, ticket));
    }

    /// Row of the view that the first row of the samples belongs to, where they belong to these channels.
    pub(super) fn first_row(&self, channels: &[usize]) -> Option<usize> {
        let shown = &self.bins.as_ref()?.channels;
        let first = *shown.first()?;
        let start = channels.iter().position(|&c| c == first)?;
        let same = channels.get(start..start + shown.len())? == shown.as_slice();
        same.then_some(start)
    }
}
