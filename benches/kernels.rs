//! Throughput of the engine's hottest kernels: `cargo bench --bench kernels`.
//!
//! Flops per run are stated beside each, so that time turns into GFLOP/s; one core of a 3 GHz processor with AVX2 can
//! do about 96, with AVX-512 about 190.

use ndarray::Array2;
use spikeloom::{engine::basis::Basis, pipeline::Store};
use std::hint::black_box;

fn main() {
    divan::main();
}

/// 2 · 6 · 61 · 2 048 = 1.50 MFLOP.
#[divan::bench(args = [6, 5, 8])]
fn project(bencher: divan::Bencher, components: usize) {
    let taps = Basis {
        components: Array2::from_shape_fn((components, 61), |(k, t)| ((k * 61 + t) as f32 * 0.37).sin()),
        num_before: 20,
    }
    .taps();
    let x: Vec<f32> = (0..2048 + 60).map(|t| (t as f32 * 0.11).cos()).collect();
    let mut out = vec![0.0; components * 2048];
    bencher.bench_local(|| taps.project(black_box(&x), black_box(&mut out), 2048));
}

/// Content of files as results and inputs are known by it: 16 MB out of the page cache, one core.
#[divan::bench]
fn hash(bencher: divan::Bencher) {
    const BYTES: usize = 16 << 20;
    let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
    let path = folder.path().join("x.raw");
    let bytes: Vec<u8> = (0..BYTES).map(|i| (i * 7 + i / 251) as u8).collect();
    std::fs::write(&path, bytes).unwrap_or_else(|error| panic!("{error}"));
    let store = || Store::open(&folder.path().join("store")).unwrap_or_else(|error| panic!("{error}"));
    // Another store has not seen the file.
    bencher
        .counter(divan::counter::BytesCount::new(BYTES))
        .with_inputs(store)
        .bench_local_values(|store| store.fingerprint(black_box(&path)));
}
