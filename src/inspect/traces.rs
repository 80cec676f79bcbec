//! Traces for a window of time: extremes a pixel column and channel, coarse at once and then fine.

use super::{
    lanes::Ticket,
    minmax::Extremes,
    spans::{LEVELS, SpanReader},
};
use crate::engine::{EngineError, chain::SPAN_FRAMES};
use rayon::prelude::*;
use std::{
    ops::Range,
    sync::Arc,
    time::{Duration, Instant},
};

/// How often a picture that is being read is shown.
const SHOW_EVERY: Duration = Duration::from_millis(80);

/// What a view wants to see.
#[derive(Clone, Debug)]
pub struct TraceRequest {
    /// The recording.
    pub reader: Arc<SpanReader>,
    /// Segment.
    pub segment: usize,
    /// Frames of the segment; clipped to it.
    pub frames: Range<usize>,
    /// Pixels across.
    pub columns: usize,
    /// Channel indices from top to bottom; the row of one that is not there stays empty.
    pub channels: Vec<usize>,
}

/// Extremes of the channels in bins of a power of two frames, one or two of them a pixel column.
#[derive(Clone, Debug)]
pub struct TraceBins {
    /// Segment.
    pub segment: usize,
    /// Frames of a bin; 1 where single samples are told apart.
    pub bin_frames: usize,
    /// The first bin, counted from the start of the segment.
    pub first_bin: usize,
    /// Bins of each channel.
    pub num_bins: usize,
    /// Channel indices from top to bottom.
    pub channels: Vec<usize>,
    /// `(channel, bin)`, C order: `[least, greatest]` in µV or raw units, NaN where not read yet.
    pub values: Vec<[f32; 2]>,
    /// Median of each of the channels, in the same units.
    pub center: Vec<f32>,
    /// Noise of each of the channels, in the same units.
    pub noise: Vec<f32>,
    /// True where the values are µV, false for raw units.
    pub in_uv: bool,
    /// Share of the window that was read, 1 when this is the final picture.
    pub share: f32,
    /// Why reading stopped.
    pub error: Option<String>,
}

impl TraceBins {
    /// The bins of the channel in a row.
    pub fn row(&self, row: usize) -> &[[f32; 2]] {
        self.values.get(row * self.num_bins..(row + 1) * self.num_bins).unwrap_or(&[])
    }

    /// Frame of the segment where a bin starts.
    pub fn start_frame(&self, bin: usize) -> usize {
        (self.first_bin + bin) * self.bin_frames
    }

    /// The value at a frame, the larger of both extremes around the centre; `None` where not read.
    pub fn value_at(&self, row: usize, frame: usize) -> Option<f32> {
        let bin = (frame / self.bin_frames).checked_sub(self.first_bin)?;
        let [low, high] = *self.row(row).get(bin)?;
        let center = self.center.get(row).copied().unwrap_or(0.0);
        (!low.is_nan()).then_some(if center - low > high - center { low } else { high })
    }
}

/// Answers a request on its ticket: from memory at once, then span by span from the middle outward.
pub fn trace_bins(request: &TraceRequest, ticket: &Ticket<TraceBins>) {
    let Some(mut picture) = Picture::new(request) else {
        return;
    };
    let missing = picture.fill_from_memory();
    if missing.is_empty() {
        return picture.finish(ticket);
    }
    let total = picture.spans.len() as f32;
    let share = |left: usize| 1.0 - left as f32 / total;
    if picture.any {
        ticket.send(picture.bins(share(missing.len())));
    }
    let mut shown = Instant::now();
    let mut left = missing.len();
    let at_once = rayon::current_num_threads().max(1);
    for group in missing.chunks(at_once) {
        if ticket.superseded() {
            return;
        }
        let read: Vec<(usize, Result<Arc<Extremes>, EngineError>)> = group
            .par_iter()
            .map(|&span| (span, request.reader.extremes(request.segment, span, picture.level)))
            .collect();
        for (span, extremes) in read {
            match extremes {
                Ok(extremes) => picture.fill(span, &extremes),
                Err(error) => {
                    picture.error = Some(error.to_string());
                    ticket.send(picture.bins(share(left)));
                    return;
                }
            }
            left -= 1;
        }
        if left > 0 && shown.elapsed() > SHOW_EVERY {
            shown = Instant::now();
            ticket.send(picture.bins(share(left)));
        }
    }
    picture.finish(ticket);
}

/// The greatest power of two that is at most the frames of a pixel, and at most a span.
fn bin_frames(frames: usize, columns: usize) -> usize {
    let wanted = (frames / columns.max(1)).clamp(1, SPAN_FRAMES);
    1 << wanted.ilog2()
}

struct Picture<'a> {
    request: &'a TraceRequest,
    spans: Range<usize>,
    level: usize,
    bin_frames: usize,
    bins: Range<usize>,
    values: Vec<[f32; 2]>,
    any: bool,
    error: Option<String>,
}

impl<'a> Picture<'a> {
    fn new(request: &'a TraceRequest) -> Option<Self> {
        let num_frames = request.reader.info().segments.get(request.segment)?.num_frames;
        let frames = request.frames.start.min(num_frames)..request.frames.end.min(num_frames);
        if frames.is_empty() {
            return None;
        }
        let bin_frames = bin_frames(frames.len(), request.columns);
        let level = LEVELS.iter().rposition(|&l| l <= bin_frames)?;
        let bins = frames.start / bin_frames..frames.end.div_ceil(bin_frames);
        Some(Self {
            request,
            spans: frames.start / SPAN_FRAMES..frames.end.div_ceil(SPAN_FRAMES),
            level,
            bin_frames,
            values: vec![[f32::NAN; 2]; request.channels.len() * bins.len()],
            bins,
            any: false,
            error: None,
        })
    }

    /// Fills what is remembered; what is not comes back in the order it should be read.
    fn fill_from_memory(&mut self) -> Vec<usize> {
        let Self { request, level, .. } = *self;
        let mut missing = Vec::new();
        for span in self.spans.clone() {
            if let Some(extremes) = request.reader.remembered(request.segment, span, level) {
                self.fill(span, &extremes);
                continue;
            }
            if let Some(extremes) = request.reader.remembered_coarse(request.segment, span, level) {
                self.fill(span, &extremes);
            }
            missing.push(span);
        }
        let middle = (self.spans.start + self.spans.end) / 2;
        if missing.len() > 16 {
            // A long window: spread over it first, so that its course shows early.
            let first = self.spans.start;
            missing.sort_by_key(|&span| ((span - first) as u32).reverse_bits());
        } else {
            missing.sort_by_key(|&span| span.abs_diff(middle));
        }
        missing
    }

    fn fill(&mut self, span: usize, extremes: &Extremes) {
        self.any = true;
        let span_start = span * SPAN_FRAMES;
        let from = span_start.max(self.bins.start * self.bin_frames) / self.bin_frames;
        let to = (span_start + extremes.num_bins * extremes.bin_frames)
            .min(self.bins.end * self.bin_frames)
            .div_ceil(self.bin_frames);
        let offset = span_start / self.bin_frames;
        for (row, &channel) in self.request.channels.iter().enumerate() {
            let source = extremes.channel(channel);
            let out = &mut self.values[row * self.bins.len()..(row + 1) * self.bins.len()];
            for bin in from..to {
                let start = (bin - offset) * self.bin_frames / extremes.bin_frames;
                let end = ((bin - offset + 1) * self.bin_frames).div_ceil(extremes.bin_frames);
                let all = source.get(start..end.min(source.len())).unwrap_or(&[]);
                if all.is_empty() {
                    continue;
                }
                out[bin - self.bins.start] = all
                    .iter()
                    .fold([f32::INFINITY, f32::NEG_INFINITY], |a, b| [a[0].min(b[0]), a[1].max(b[1])]);
            }
        }
    }

    /// Answers with everything read, once it is known where the channels lie.
    fn finish(mut self, ticket: &Ticket<TraceBins>) {
        if !self.request.reader.is_settled() {
            ticket.send(self.bins(0.99));
            if let Err(error) = self.request.reader.settle_scale() {
                self.error = Some(error.to_string());
            }
        }
        ticket.send(self.bins(1.0));
    }

    fn bins(&self, share: f32) -> TraceBins {
        let info = self.request.reader.info();
        let scale = self.request.reader.scale();
        let channels = &self.request.channels;
        let gains = info.gain_to_uv.as_deref();
        let offsets = info.offset_to_uv.as_deref();
        let gain = |c: usize| gains.and_then(|g| g.get(c)).map_or(1.0, |&g| g as f32);
        let offset = |c: usize| match gains {
            Some(_) => offsets.and_then(|o| o.get(c)).map_or(0.0, |&o| o as f32),
            None => 0.0,
        };
        let mut values = self.values.clone();
        for (row, &channel) in channels.iter().enumerate() {
            let (g, o) = (gain(channel), offset(channel));
            if g != 1.0 || o != 0.0 {
                for value in &mut values[row * self.bins.len()..(row + 1) * self.bins.len()] {
                    let [a, b] = [value[0] * g + o, value[1] * g + o];
                    *value = if g < 0.0 { [b, a] } else { [a, b] };
                }
            }
        }
        let of = |list: &[f32], c: usize| list.get(c).copied().unwrap_or(0.0);
        TraceBins {
            segment: self.request.segment,
            bin_frames: self.bin_frames,
            first_bin: self.bins.start,
            num_bins: self.bins.len(),
            channels: channels.clone(),
            values,
            center: channels.iter().map(|&c| of(&scale.center, c) * gain(c) + offset(c)).collect(),
            noise: channels.iter().map(|&c| of(&scale.noise, c) * gain(c).abs()).collect(),
            in_uv: gains.is_some(),
            share,
            error: self.error.clone(),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::{
        data::{DType, Recording, RecordingInfo, Source, SourceError},
        inspect::{Lane, Lanes},
    };

    #[derive(Debug)]
    struct Ramp(RecordingInfo);

    fn sample(frame: usize, channel: usize) -> f32 {
        let hash = (frame as u32).wrapping_mul(2_654_435_761) ^ (channel as u32).wrapping_mul(40_503);
        (hash >> 16) as f32 - 32_768.0
    }

    impl Source for Ramp {
        fn info(&self) -> &RecordingInfo {
            &self.0
        }
        fn read(&self, _: usize, start: usize, out: &mut [f32]) -> Result<(), SourceError> {
            let n = self.0.num_channels();
            for (i, value) in out.iter_mut().enumerate() {
                *value = sample(start + i / n, i % n);
            }
            Ok(())
        }
    }

    fn reader(num_frames: usize) -> Arc<SpanReader> {
        let source = Ramp(RecordingInfo::new(30_000.0, 3, num_frames, DType::Float32));
        Arc::new(SpanReader::new(&Recording::new(Arc::new(source))).unwrap())
    }

    fn answer(request: TraceRequest) -> TraceBins {
        let (tell, woken) = crossbeam_channel::unbounded();
        let lanes = Lanes::new(Arc::new(move || _ = tell.send(()))).unwrap();
        let lane: Lane<TraceBins> = lanes.trace_lane();
        lane.request(move |ticket| trace_bins(&request, ticket));
        while lane.busy() {
            woken.recv_timeout(Duration::from_secs(20)).unwrap();
        }
        lane.take().unwrap()
    }

    #[test]
    fn extremes_equal_brute_force_across_spans_and_levels() {
        let num_frames = 3 * SPAN_FRAMES + 1234;
        let reader = reader(num_frames);
        for (frames, columns) in [
            (0..200, 400),
            (SPAN_FRAMES - 100..SPAN_FRAMES + 100, 50),
            (1_001..70_003, 333),
            (0..num_frames, 7),
            (num_frames - 50..num_frames + 500, 100),
        ] {
            let bins = answer(TraceRequest {
                reader: reader.clone(),
                segment: 0,
                frames: frames.clone(),
                columns,
                channels: vec![2, 0],
            });
            assert_eq!(bins.share, 1.0);
            assert!(bins.start_frame(0) <= frames.start);
            for (row, channel) in [2, 0].into_iter().enumerate() {
                for (bin, [low, high]) in bins.row(row).iter().copied().enumerate() {
                    let start = bins.start_frame(bin);
                    let all = (start..(start + bins.bin_frames).min(num_frames)).map(|f| sample(f, channel));
                    assert_eq!(low, all.clone().fold(f32::INFINITY, f32::min), "{frames:?} bin {bin}");
                    assert_eq!(high, all.fold(f32::NEG_INFINITY, f32::max));
                }
            }
        }
    }

    #[test]
    fn a_window_that_was_read_answers_from_memory() {
        let reader = reader(2 * SPAN_FRAMES);
        let request = TraceRequest { reader, segment: 0, frames: 0..60_000, columns: 100, channels: vec![0] };
        let fine = answer(request.clone());
        let coarse = answer(TraceRequest { columns: 10, ..request });
        assert!(fine.bin_frames < coarse.bin_frames);
        assert_eq!(coarse.row(0)[0][1], (0..coarse.bin_frames).map(|f| sample(f, 0)).fold(0.0, f32::max));
    }

    #[test]
    fn gains_turn_values_into_microvolts() {
        let mut info = RecordingInfo::new(30_000.0, 3, 1000, DType::Int16);
        info.gain_to_uv = Some(vec![-0.5, 1.0, 2.0]);
        info.offset_to_uv = Some(vec![10.0; 3]);
        let reader = Arc::new(SpanReader::new(&Recording::new(Arc::new(Ramp(info)))).unwrap());
        let bins =
            answer(TraceRequest { reader, segment: 0, frames: 0..1000, columns: 10, channels: vec![0] });
        assert!(bins.in_uv);
        let expected = (0..64).map(|f| sample(f, 0) * -0.5 + 10.0).fold(f32::INFINITY, f32::min);
        assert_eq!(bins.row(0)[0][0], expected);
    }
}
