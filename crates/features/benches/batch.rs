//! A whole mini-batch of Sec. 4.2.1 (30 s of sound): joined, mixed, made into rows, normal ones first, on one core.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use features::batch::{Batch, BatchConfig, BatchMaker, FrameBatch, TrainingSounds};
use features::dataset::Loaded;
use features::log_mel::FrontEnd;
use features::rng::{Purpose, stream};
use rand::RngExt;

const RATE: usize = 16_000;

fn noise(index: u64, seconds: f64) -> Loaded {
    let mut rng = stream(0, Purpose::Synth, index);
    let samples = (0..(seconds * RATE as f64) as usize).map(|_| rng.random_range(-0.5..0.5)).collect();
    Loaded::from_samples("noise", samples, RATE as u32)
}

fn batch(criterion: &mut Criterion) {
    // Ten minutes, so that pieces come from memory and not from a cache; clips of 0.5 to 4.5 s.
    let sounds = Arc::new(TrainingSounds {
        set: "noise".to_owned(),
        normal: (0..10).map(|index| noise(index, 60.0)).collect(),
        something_else: (10..30).map(|index| noise(index, 0.5 + 0.2 * (index - 10) as f64)).collect(),
    });
    let mut group = criterion.benchmark_group("batch");
    group.throughput(Throughput::Elements(30)).sample_size(30);
    for (name, front_end) in [("fcn40", FrontEnd::fcn40()), ("fcn64", FrontEnd::fcn64())] {
        let mut maker = BatchMaker::new(Arc::clone(&sounds), &BatchConfig::default(), &front_end)
            .expect("the sounds are long enough");
        let (mut batch, mut index) = (Batch::default(), 0);
        group.bench_function(name, |bencher| {
            bencher.iter(|| {
                index += 1;
                maker.make(1, index, black_box(&mut batch)).expect("noise is never silent");
            });
        });
        let mut frames = FrameBatch::default();
        group.bench_function(format!("{name}_frames"), |bencher| {
            bencher.iter(|| {
                index += 1;
                maker.make_frames(1, index, black_box(&mut frames)).expect("noise is never silent");
            });
        });
    }
    group.finish();
}

criterion_group!(benches, batch);
criterion_main!(benches);
