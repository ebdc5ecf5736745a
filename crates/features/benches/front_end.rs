//! Seconds of sound that one core turns into feature rows, or resamples, in a second (Criterion's `elem/s`).

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use features::log_mel::{FrontEnd, LogMel};
use features::resample::resample;
use features::rng::{Purpose, stream};
use rand::RngExt;

/// Length of the sound, in seconds: that of one training batch.
const SECONDS: u32 = 30;

/// White noise: no step takes a short cut for it.
fn noise(rate: u32) -> Vec<f32> {
    let mut rng = stream(0, Purpose::Data, 0);
    (0..SECONDS * rate).map(|_| rng.random_range(-0.5..0.5)).collect()
}

fn front_end(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("front_end");
    group.throughput(Throughput::Elements(SECONDS.into()));
    let samples = noise(16_000);
    for (name, front_end) in [("fcn40", FrontEnd::fcn40()), ("fcn64", FrontEnd::fcn64())] {
        let mut log_mel = LogMel::new(&front_end).expect("the paper's settings");
        let rows = front_end.rows(samples.len());
        let mut out = vec![0.0; rows * front_end.dim()];
        group.bench_function(format!("{name}_rows"), |bencher| {
            bencher
                .iter(|| log_mel.rows_into(black_box(&samples), 0..rows, &mut out).expect("finite samples"));
        });
        let mut out = vec![0.0; front_end.frames(samples.len()) * front_end.bands];
        group.bench_function(format!("{name}_frames"), |bencher| {
            bencher.iter(|| log_mel.frames_into(black_box(&samples), &mut out).expect("finite samples"));
        });
    }
    group.finish();
}

fn resampler(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("resample");
    group.throughput(Throughput::Elements(SECONDS.into()));
    for from in [44_100, 48_000] {
        let samples = noise(from);
        group.bench_function(format!("{from}_to_16000"), |bencher| {
            bencher.iter(|| resample(black_box(&samples), from, 16_000).expect("rates of sound"));
        });
    }
    group.finish();
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(3));
    targets = front_end, resampler
}
criterion_main!(benches);
