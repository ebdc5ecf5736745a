//! One update of BU at the four sizes of Sec. 4.2.2: 1,560 normal and 312 anomalous rows, weights given or (`-kde`)
//! estimated; its parts, the scores (`-forward`) and the gradient from the rows on (`-gradient`); and the matrix products
//! that it is made of, alone, which bound it.

use std::hint::black_box;

use candle_core::Device;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, Par};
use losses::{Kde, KdeConfig, Objective, Term, Weighting};
use models::{
    Activation, AmsGradConfig, Architecture, AutogradEngine, Batch, Checkpoint, Engine, FusedEngine, Initial,
    Parameters, Training,
};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

const THREADS: [usize; 2] = [1, 2];
const NORMAL: usize = 1560;
const ROWS: usize = NORMAL + 312;

/// A size of Sec. 4.2.2: encoder and decoder of one input, H hidden and one output layer each.
struct Net {
    name: &'static str,
    sizes: Vec<usize>,
}

fn nets() -> [Net; 4] {
    let net = |name, dim: usize, units: usize, hidden: usize, code: usize| {
        let wide = vec![units; hidden + 1];
        Net { name, sizes: [vec![dim], wide.clone(), vec![code], wide, vec![dim]].concat() }
    };
    [
        net("fcn40-large", 440, 512, 4, 128),
        net("fcn40-small", 440, 128, 2, 40),
        net("fcn64-large", 1344, 512, 4, 128),
        net("fcn64-small", 1344, 128, 2, 40),
    ]
}

fn pool(threads: usize) -> rayon::ThreadPool {
    rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads start")
}

fn update(criterion: &mut Criterion) {
    for Net { name, sizes } in nets() {
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let dim = sizes[0];
        let architecture = Architecture::new(sizes, Activation::Relu).expect("valid sizes");
        let parameters = Parameters::draw(architecture, Initial::default(), &mut rng);
        let kde = KdeConfig { sigma: 1.0 / (2 * dim) as f64, epsilon: 1e-6, standardize: true };
        let rows: Vec<f32> = (0..ROWS * dim).map(|_| rng.random_range(-1.7..1.7)).collect();
        let mut weights = vec![0.0; NORMAL];
        Kde::new(dim, kde, 1).expect("valid settings").weights(&rows[..NORMAL * dim], &mut weights);
        let given = Batch { rows: &rows, normal: NORMAL, weights: Some(&weights) };
        let estimated = Batch { weights: None, ..given };
        for threads in THREADS {
            let pool = pool(threads);
            let lambda = (2 * dim) as f64;
            let objective = Objective { weighting: Weighting::Density(kde), term: Term::Tanh { lambda } };
            let training = Training { objective, amsgrad: AmsGradConfig::default(), threads };
            let start = Checkpoint::start(parameters.clone(), training.amsgrad);
            let fused = || FusedEngine::new(training.clone(), start.clone()).expect("valid training");
            let candle = AutogradEngine::new(training.clone(), start.clone(), Device::Cpu);
            let engines: [(&str, Batch<'_>, Box<dyn Engine + Send>); 3] = [
                ("fused", given, Box::new(fused())),
                ("fused-kde", estimated, Box::new(fused())),
                ("candle", given, Box::new(candle.expect("valid training"))),
            ];
            let mut group = criterion.benchmark_group(format!("update/{name}"));
            let (mut engine, mut scores) = (fused(), vec![0.0; ROWS]);
            group.bench_function(BenchmarkId::new("fused-forward", threads), |bencher| {
                pool.install(|| {
                    bencher.iter(|| engine.anomaly_scores(black_box(&rows), &mut scores).expect("they fit"));
                });
            });
            let mut gradient = vec![0.0; parameters.values().len()];
            group.bench_function(BenchmarkId::new("fused-gradient", threads), |bencher| {
                pool.install(|| {
                    bencher.iter(|| {
                        engine.gradient(black_box(given), &mut gradient).expect("a finite objective")
                    });
                });
            });
            for (engine_name, batch, mut engine) in engines {
                group.bench_function(BenchmarkId::new(engine_name, threads), |bencher| {
                    pool.install(|| {
                        bencher.iter(|| engine.step(black_box(batch), 1e-4).expect("a finite objective"));
                    });
                });
            }
        }
    }
}

/// The products of an update alone, on factors of random numbers laid out as suits the product best: what is the least
/// that they can take.
fn products(criterion: &mut Criterion) {
    for Net { name, sizes } in nets() {
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let mut random = |rows, columns| Mat::from_fn(rows, columns, |_, _| rng.random_range(-1.0..1.0f32));
        let widest = sizes.iter().max().copied().unwrap_or(0);
        let (samples, matrix, mut result) =
            (random(ROWS, widest), random(widest, widest), Mat::<f32>::zeros(ROWS.max(widest), widest));
        let transposed = random(widest, ROWS);
        let layers: Vec<(usize, usize)> = sizes.windows(2).map(|pair| (pair[0], pair[1])).collect();
        let weights: usize = layers.iter().map(|(inputs, outputs)| inputs * outputs).sum();
        let flops = 2 * ROWS * (3 * weights - sizes[0] * sizes[1]);
        let mut group = criterion.benchmark_group(format!("products/{name}"));
        group.throughput(Throughput::Elements(flops as u64));
        for threads in THREADS {
            let par = if threads == 1 { Par::Seq } else { Par::rayon(threads) };
            let mut update = || {
                for (index, &(inputs, outputs)) in layers.iter().enumerate() {
                    let mut samples_by_matrix = |inputs, outputs| {
                        let result = result.as_mut().submatrix_mut(0, 0, ROWS, outputs);
                        let (samples, matrix) =
                            (samples.subcols(0, inputs), matrix.submatrix(0, 0, inputs, outputs));
                        matmul(result, Accum::Replace, samples, matrix, 1.0, par);
                    };
                    samples_by_matrix(inputs, outputs);
                    if index > 0 {
                        samples_by_matrix(outputs, inputs);
                    }
                    let (long, short) = (inputs.max(outputs), inputs.min(outputs));
                    let result = result.as_mut().submatrix_mut(0, 0, short, long);
                    let (short, long) = (transposed.subrows(0, short), samples.subcols(0, long));
                    matmul(result, Accum::Replace, short, long, 1.0, par);
                }
            };
            let pool = pool(threads);
            group.bench_function(BenchmarkId::from_parameter(threads), |bencher| {
                pool.install(|| bencher.iter(&mut update));
            });
        }
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(20);
    targets = update, products
}
criterion_main!(benches);
