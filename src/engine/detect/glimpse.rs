//! Peaks of a short stretch, again and again while settings change.

use super::{DetectMethod, DetectParams, DetectScratch, Detector, FilterBank, Survey, survey, to_peaks};
use crate::{
    data::{PeakSign, Peaks, Recording},
    engine::{
        EngineError, Monitor,
        chain::{self, Chain},
        geometry::Geometry,
        passes::{SpanData, SpanRef, over_spans},
    },
};
use std::{
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

/// Finds the peaks of [`super::detect_peaks`] in short stretches of a recording.
///
/// What is learnt of the whole recording, noise and prototype, is kept: another threshold costs only the
/// stretch that is looked at.
#[derive(Debug)]
pub struct Glimpse {
    chain: Chain,
    geometry: Geometry,
    learnt: Mutex<Vec<Learnt>>,
}

#[derive(Clone, Debug)]
struct Learnt {
    method: DetectMethod,
    sign: PeakSign,
    survey: Arc<Survey>,
    bank: Arc<FilterBank>,
}

impl Glimpse {
    /// Prepares a recording; reads nothing.
    ///
    /// # Errors
    /// Where there is no probe for many channels, or a stage cannot be carried out.
    pub fn new(recording: &Recording) -> Result<Self, EngineError> {
        let chain = chain::compile(recording)?;
        Ok(Self { geometry: Geometry::of(chain.info())?, chain, learnt: Mutex::default() })
    }

    /// The peaks in some frames of a segment: those that detection in the whole recording finds there.
    ///
    /// # Errors
    /// Where samples cannot be read or it is cancelled.
    pub fn peaks(
        &self,
        params: &DetectParams,
        segment: usize,
        frames: Range<usize>,
        monitor: &dyn Monitor,
    ) -> Result<Peaks, EngineError> {
        let learnt = self.learn(params, monitor)?;
        let bank = FilterBank::clone(&learnt.bank);
        let detector = Detector::with_bank(&self.chain, &self.geometry, bank, params);
        let chain = detector.chain();
        let span_frames = chain.span_frames() * chain.step();
        let spans = frames.start / span_frames..frames.end.div_ceil(span_frames);
        let spans: Vec<SpanRef> = spans
            .filter(|&span| span < chain.num_spans(segment))
            .map(|span| SpanRef { segment, span })
            .collect();
        let found = over_spans(
            chain,
            &spans,
            detector.pad(),
            monitor,
            |data: &SpanData, scratch: &mut DetectScratch| Ok(detector.peaks(data, scratch)),
        )?;
        let inside = |frame: i64| usize::try_from(frame).is_ok_and(|frame| frames.contains(&frame));
        let peaks: Vec<_> =
            found.into_iter().flat_map(|(peaks, _)| peaks).filter(|peak| inside(peak.frame)).collect();
        Ok(to_peaks(&peaks, self.chain.info()))
    }

    fn learn(&self, params: &DetectParams, monitor: &dyn Monitor) -> Result<Learnt, EngineError> {
        let lock = || self.learnt.lock().unwrap_or_else(PoisonError::into_inner);
        let (method, sign) = (params.method, params.peak_sign);
        let known = lock().clone();
        if let Some(learnt) = known.iter().find(|l| l.method == method && l.sign == sign) {
            return Ok(learnt.clone());
        }
        let survey = match known.iter().find(|l| l.sign == sign) {
            Some(learnt) => learnt.survey.clone(),
            None => Arc::new(survey(&self.chain, &self.geometry, sign, monitor)?),
        };
        let chain = Detector::looks_at(&self.chain, method);
        let bank = Arc::new(FilterBank::new(&chain, &self.geometry, &survey, params, monitor)?);
        let learnt = Learnt { method, sign, survey, bank };
        lock().push(learnt.clone());
        Ok(learnt)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;
    use crate::engine::{
        Silent,
        detect::detect_peaks,
        synthetic::{GenerateParams, SyntheticSource, truth},
    };

    #[test]
    fn a_glimpse_finds_what_detection_finds_there() {
        let params = GenerateParams { duration_s: 6.0, num_units: 8, ..GenerateParams::default() };
        let source = SyntheticSource::new(&params, 0, Arc::new(truth(&params, 0))).unwrap();
        let recording = Recording::new(Arc::new(source));
        let glimpse = Glimpse::new(&recording).unwrap();
        let chain = chain::compile(&recording).unwrap();
        let mut counts = Vec::new();
        for method in [DetectMethod::MatchedFiltering, DetectMethod::LocallyExclusive] {
            for detect_threshold in [8.0, 5.0] {
                let params = DetectParams { method, detect_threshold, ..DetectParams::default() };
                let frames = 50_000..80_000;
                let seen = glimpse.peaks(&params, 0, frames.clone(), &Silent).unwrap();
                let all = detect_peaks(&chain, &params, &Silent).unwrap();
                let expected: Vec<(i64, u32)> = (0..all.len())
                    .map(|i| (all.sample_index[i], all.channel_index[i]))
                    .filter(|(frame, _)| frames.contains(&(*frame as usize)))
                    .collect();
                let seen: Vec<(i64, u32)> =
                    (0..seen.len()).map(|i| (seen.sample_index[i], seen.channel_index[i])).collect();
                assert_eq!(seen, expected);
                counts.push(seen.len());
            }
        }
        assert!(counts[0] > 0 && counts[1] > counts[0], "a lower threshold finds more: {counts:?}");
    }
}
