//! The KDE weighting kernel (Eqs. 15, 16) at the sizes of both experiments and one larger, and the matrix product
//! that bounds it: the half of the Gram matrix that holds each pair once costs M² D flops.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, Par};
use losses::{Kde, KdeConfig};

const SIZES: [(usize, usize); 4] = [(500, 2), (1560, 440), (1560, 1344), (8192, 440)];
const THREADS: [usize; 2] = [1, 2];

/// Numbers of mean 0 and variance 1, from a linear congruential generator.
fn rows(count: usize) -> Vec<f32> {
    let mut state = 1u32;
    let mut uniform = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 8) as f32 / (1 << 24) as f32 - 0.5
    };
    (0..count).map(|_| (0..12).map(|_| uniform()).sum()).collect()
}

fn weights(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("kde");
    for (m, d) in SIZES {
        let sigma = if d == 2 { 4.0 } else { 1.0 / (2 * d) as f64 };
        let (rows, mut weights) = (rows(m * d), vec![0.0; m]);
        group.throughput(Throughput::Elements((m * (m - 1) / 2) as u64));
        for threads in THREADS {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads start");
            let mut kde = Kde::new(d, KdeConfig { sigma, epsilon: 1e-6, standardize: false }, threads)
                .expect("valid settings");
            group.bench_function(BenchmarkId::new(format!("{m}x{d}"), threads), |bencher| {
                pool.install(|| bencher.iter(|| kde.weights(black_box(&rows), black_box(&mut weights))));
            });
        }
    }
}

/// The machine's rate for the whole Gram matrix; its flops are twice those of the useful half.
fn gram(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("gemm");
    for (m, d) in [(1560, 440), (1560, 1344), (8192, 440)] {
        let values = rows(m * d);
        let rows = faer::MatRef::from_row_major_slice(&values, m, d);
        let mut product = Mat::<f32>::zeros(m, m);
        group.throughput(Throughput::Elements((2 * m * m * d) as u64));
        for threads in THREADS {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads start");
            let par = if threads == 1 { Par::Seq } else { Par::rayon(threads) };
            group.bench_function(BenchmarkId::new(format!("{m}x{d}x{m}"), threads), |bencher| {
                pool.install(|| {
                    bencher
                        .iter(|| matmul(product.as_mut(), Accum::Replace, rows, rows.transpose(), 1.0, par));
                });
            });
        }
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = weights, gram
}
criterion_main!(benches);
