//! Throughput of the engine's hottest kernels: `cargo bench --bench kernels`.
//!
//! Flops per run are stated beside each, so that time turns into GFLOP/s; one core of a 3 GHz processor with AVX2 can
//! do about 96, with AVX-512 about 190.

use ndarray::Array2;
use spikeloom::engine::basis::Basis;
use std::hint::black_box;

fn main() {
    divan::main();
}

/// 2 · 6 · 61 · 2 048 = 1.50 MFLOP.
#[divan::bench(args = [6, 5, 8])]
fn project(bencher: divan::Bencher, components: usize) {
    let basis = Basis {
        components: Array2::from_shape_fn((components, 61), |(k, t)| ((k * 61 + t) as f32 * 0.37).sin()),
        num_before: 20,
    };
    let x: Vec<f32> = (0..2048 + 60).map(|t| (t as f32 * 0.11).cos()).collect();
    let mut out = vec![0.0; components * 2048];
    bencher.bench_local(|| basis.project(black_box(&x), black_box(&mut out), 2048));
}
