//! One update of three nets (BU, RE and SNP of one seed) of FCN40-small on the CPU: as a stack, and one after the other in
//! the engines.

use std::hint::black_box;

use candle_core::Device as Candle;
use criterion::{Criterion, criterion_group, criterion_main};
use losses::{KdeConfig, Objective, Term, Weighting};
use models::stack::{BatchShape, Device, FrameBatch, Net, Stack};
use models::{
    Activation, AmsGradConfig, Architecture, AutogradEngine, Batch, Checkpoint, Engine, FusedEngine, Initial,
    Parameters, Training,
};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

const BANDS: usize = 40;
const DIM: usize = 440;
const ROWS: usize = 1872;
const NORMAL: usize = 1560;

fn update(criterion: &mut Criterion) {
    let architecture = Architecture::new(vec![DIM, 128, 128, 128, 40, 128, 128, 128, DIM], Activation::Relu);
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let frames: Vec<f32> = (0..(ROWS + 10) * BANDS).map(|_| rng.random_range(-1.7..1.7)).collect();
    let parameters = Parameters::draw(architecture.expect("valid sizes"), Initial::default(), &mut rng);
    let start = Checkpoint::start(parameters, AmsGradConfig::default());
    let kde = KdeConfig { sigma: 1.0 / 880.0, epsilon: 1e-6, standardize: true };
    let objectives = [
        Objective { weighting: Weighting::Density(kde), term: Term::Tanh { lambda: 80.0 } },
        Objective { weighting: Weighting::Uniform, term: Term::None },
        Objective { weighting: Weighting::Uniform, term: Term::Tanh { lambda: 80.0 } },
    ];
    let mut group = criterion.benchmark_group("stack/fcn40-small");

    let nets = objectives.map(|objective| (Net { objective, batch: 0 }, start.clone()));
    let shape = BatchShape { rows: ROWS, frames: ROWS + 10, bands: BANDS };
    let (starts, normal): (Vec<usize>, Vec<bool>) = (0..ROWS).map(|row| (row, row < NORMAL)).unzip();
    let batch = FrameBatch { frames: &frames, starts: &starts, normal: &normal };
    let mut stack = Stack::new(nets.to_vec(), shape, Device::Cpu { threads: 1 }).expect("nets of one shape");
    group.bench_function("stack", |bencher| {
        bencher.iter(|| stack.step(black_box(&[batch]), &[1e-4; 3]).expect("a batch that fits"));
    });

    let rows: Vec<f32> = (0..ROWS).flat_map(|row| &frames[row * BANDS..][..DIM]).copied().collect();
    let training = |objective| Training { objective, amsgrad: AmsGradConfig::default(), threads: 1 };
    let mut engines: [(&str, Vec<Box<dyn Engine>>); 2] = [("fused", Vec::new()), ("candle", Vec::new())];
    for objective in objectives {
        let fused = FusedEngine::new(training(objective), start.clone()).expect("valid training");
        engines[0].1.push(Box::new(fused));
        let candle = AutogradEngine::new(training(objective), start.clone(), Candle::Cpu);
        engines[1].1.push(Box::new(candle.expect("valid training")));
    }
    for (name, mut engines) in engines {
        let batch = Batch { rows: &rows, normal: NORMAL, weights: None };
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                for engine in &mut engines {
                    engine.step(black_box(batch), 1e-4).expect("a finite objective");
                }
            });
        });
    }
}

criterion_group! {
    name = benches;
    config = Criterion::default().sample_size(10);
    targets = update
}
criterion_main!(benches);
