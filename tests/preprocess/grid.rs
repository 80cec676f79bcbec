//! What is read does not depend on how it is read.

use super::*;

fn standard_stages() -> Vec<Stage> {
    vec![
        filter(design(Family::Butterworth, 5, Band::Bandpass(300.0, 6000.0), RATE).unwrap()),
        Stage::CommonReference {
            operator: Operator::Median,
            reference: ReferenceSet::Sets(vec![(0..CHANNELS).collect()]),
        },
    ]
}

fn odd_stages() -> Vec<Stage> {
    vec![
        Stage::SelectChannels { indices: (0..CHANNELS).rev().filter(|&c| c != 3).collect() },
        Stage::PhaseShift { shifts: shifts()[..CHANNELS - 1].to_vec() },
        filter(design(Family::Butterworth, 3, Band::Highpass(300.0), RATE).unwrap()),
        Stage::SelectFrames { ranges: vec![(1_234, 90_001)] },
        Stage::SelectChannels { indices: vec![0, 5, 2, 7, 11, 4] },
        filter(design(Family::Butterworth, 2, Band::Highpass(2.0), RATE).unwrap()),
        filter(notch(1000.0, 5.0, RATE).unwrap()),
        Stage::SelectFrames { ranges: vec![(0, 80_000)] },
        Stage::Scale { gain: vec![0.5; 6], offset: vec![3.0; 6], changes_uv: false },
    ]
}

#[test]
fn any_range_read_any_way_is_the_same_to_the_bit() {
    for stages in [vec![], standard_stages(), odd_stages()] {
        let all = whole(&with(&stages));
        let frames = all.nrows();
        let chain = with(&stages);
        for (start, end) in [(0, 1), (5, 700), (32_000, 33_000), (frames - 3, frames), (30_000, frames - 1)] {
            let part = chain.read(0, start..end, None).unwrap();
            assert!(part == all.slice(ndarray::s![start..end, ..]), "{start}..{end}");
            let part = chain.read(0, start..end, Some(&[4, 1])).unwrap();
            assert!(part == all.slice(ndarray::s![start..end, ..]).select(ndarray::Axis(1), &[4, 1]));
        }
        let (mut scratch, mut block) = (ChainScratch::new(), Block::new());
        for range in [0..100, 32_700..SPAN_FRAMES + 192, SPAN_FRAMES..2 * SPAN_FRAMES, 60_000..frames] {
            chain.read_block(0, range.clone(), &mut scratch, &mut block).unwrap();
            for c in 0..chain.num_channels() {
                assert_eq!(block.channel(c), all.slice(ndarray::s![range.clone(), c]).to_vec());
            }
        }
    }
}

#[test]
fn one_thread_reads_what_many_read() {
    let read = |threads| {
        let chain = with(&standard_stages());
        let jobs = chain.spans();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            map_spans(&chain, &jobs, 192, &Silent, |block, job| {
                assert_eq!(block.first_frame(), job.frames.start.saturating_sub(192));
                Ok((0..block.num_channels()).flat_map(|c| block.channel(c).to_vec()).collect::<Vec<f32>>())
            })
            .unwrap()
        })
    };
    assert!(read(1) == read(5));
}

#[test]
fn a_chain_is_a_source_and_recordings_can_be_joined() {
    let chain = with(&standard_stages());
    let all = whole(&chain);
    let nested = Recording::new(Arc::new(ChainSource::new(chain)));
    assert!(whole(&chain::compile(&nested).unwrap()) == all);
    let joined = chain::concatenate(&[nested.clone(), recording(), nested]).unwrap();
    assert_eq!(joined.info().segments.len(), 1);
    let joined = chain::compile(&joined).unwrap();
    let part = joined.read(0, FRAMES - 10..2 * FRAMES + 10, None).unwrap();
    let raw = whole(&with(&[]));
    assert!(part.slice(ndarray::s![..10, ..]) == all.slice(ndarray::s![FRAMES - 10.., ..]));
    assert!(part.slice(ndarray::s![10..FRAMES + 10, ..]) == raw);
    assert!(part.slice(ndarray::s![FRAMES + 10.., ..]) == all.slice(ndarray::s![..10, ..]));
}

/// A recording that counts how often it is read.
#[derive(Debug)]
struct Counting(Recording, std::sync::atomic::AtomicUsize);

impl Source for Counting {
    fn info(&self) -> &RecordingInfo {
        self.0.info()
    }

    fn read(&self, segment: usize, start: usize, out: &mut [f32]) -> Result<(), SourceError> {
        self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        self.0.source().read(segment, start, out)
    }
}

#[test]
fn what_is_kept_between_passes_is_what_would_be_computed() {
    let pass = |chain: &Chain, threads, pad| {
        let chain = chain.sufficient();
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            map_spans(&chain, &chain.spans(), pad, &Silent, |block, _| {
                Ok((0..block.num_channels()).flat_map(|c| block.channel(c).to_vec()).collect::<Vec<f32>>())
            })
            .unwrap()
        })
    };
    for before in [vec![], standard_stages()] {
        let source = Arc::new(Counting(recording(), 0.into()));
        let reads = || source.1.load(std::sync::atomic::Ordering::Relaxed);
        let mut rounded = Recording::new(source.clone());
        for stage in [before, vec![Stage::Round { step: 0.25 }]].concat() {
            rounded = rounded.with_stage(stage).unwrap();
        }
        let plain = chain::compile(&rounded).unwrap();
        let (alone, padded) = (pass(&plain, 1, 0), pass(&plain, 1, 40));
        assert!(alone.iter().flatten().all(|v| (v * 4.0).fract() == 0.0));
        let loud = alone.iter().flatten().filter(|v| v.abs() > 1.0).count();
        assert!(loud > 10_000, "{loud} samples are not zero");
        let span = 2 * CHANNELS * plain.sufficient().span_frames();
        for (bytes, threads) in [(usize::MAX / 2, 1), (span, 3), (3 * span / 2, 1)] {
            let kept = plain.keeping(bytes);
            assert!(pass(&kept, threads, 40) == padded);
            let before = reads();
            assert!(pass(&kept, threads, 0) == alone);
            assert!(pass(&kept, threads, 40) == padded);
            assert_eq!(
                reads() == before,
                bytes > 100 * span,
                "read again where there was no room, only there"
            );
        }
    }
}
