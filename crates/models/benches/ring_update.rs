//! One update of the ring's BU objective, weights included: 500 normal and 500 anomalous rows, 532 parameters.

use std::hint::black_box;

use candle_core::Device;
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use losses::{KdeConfig, Objective, Term, Weighting};
use models::{
    Activation, AmsGradConfig, Architecture, AutogradEngine, Batch, Checkpoint, Engine, FusedEngine, Initial,
    Parameters, Training,
};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

fn ring_update(criterion: &mut Criterion) {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let architecture = Architecture::new(vec![2, 20, 10, 20, 2], Activation::Sigmoid).expect("valid sizes");
    let parameters = Parameters::draw(architecture, Initial::default(), &mut rng);
    let kde = KdeConfig { sigma: 4.0, epsilon: 1e-6, standardize: false };
    let rows: Vec<f32> = (0..2000).map(|_| rng.random_range(-2.0..2.0)).collect();
    let batch = Batch { rows: &rows, normal: 500, weights: None };
    let mut group = criterion.benchmark_group("ring_update");
    let re = Objective { weighting: Weighting::Uniform, term: Term::None };
    let snp = Objective { term: Term::Tanh { lambda: 4.0 }, ..re };
    let bu = Objective { weighting: Weighting::Density(kde), ..snp };
    for (name, objective) in [("", bu), ("-re", re), ("-snp", snp)] {
        let training = Training { objective, amsgrad: AmsGradConfig::default(), threads: 1 };
        let start = Checkpoint::start(parameters.clone(), training.amsgrad);
        let engines: [(&str, Box<dyn Engine>); 2] = [
            ("fused", Box::new(FusedEngine::new(training.clone(), start.clone()).expect("valid training"))),
            ("candle", Box::new(AutogradEngine::new(training, start, Device::Cpu).expect("valid training"))),
        ];
        for (engine_name, mut engine) in engines {
            group.bench_function(BenchmarkId::new(format!("{engine_name}{name}"), 1), |bencher| {
                bencher.iter(|| engine.step(black_box(batch), 1e-3).expect("a finite objective"));
            });
        }
    }
}

criterion_group!(benches, ring_update);
criterion_main!(benches);
