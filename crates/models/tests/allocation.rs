//! A step of the fused engine allocates nothing once its buffers have grown, on one thread or two.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails, in its helpers too")]

#[path = "../../../tests/fixtures/reference.rs"]
mod reference;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use losses::{KdeConfig, Objective, Term, Weighting};
use models::{
    Activation, AmsGradConfig, Architecture, Batch, Checkpoint, Engine, FusedEngine, Initial, Parameters,
    Training,
};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use reference::Bell;

#[test]
fn a_step_allocates_nothing() {
    // The ring's net, whose layers are narrow, and two with wide layers, each on batches of two sizes.
    for (sizes, activation) in [
        (vec![2, 20, 10, 20, 2], Activation::Sigmoid),
        (vec![100, 80, 100], Activation::Relu),
        (vec![440, 512, 128, 512, 440], Activation::Relu),
    ] {
        for threads in [1, 2] {
            let dim = sizes[0];
            let rows: Vec<f32> = Bell::new(1).take(900 * dim).collect();
            let steps = |engine: &mut FusedEngine| {
                for (count, normal) in [(900, 500), (700, 650)] {
                    engine.step(Batch { rows: &rows[..count * dim], normal, weights: None }, 1e-3).unwrap();
                }
            };
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            // What a thread makes once, to keep: each by itself, and both together.
            pool.broadcast(|_| steps(&mut engine(sizes.clone(), activation, 1)));
            let mut engine = engine(sizes.clone(), activation, threads);
            shared_run(&pool, &mut || steps(&mut engine));
            let allocated = shared_run(&pool, &mut || steps(&mut engine));
            assert_eq!(allocated, vec![0; threads], "{dim} features, {threads} threads");
        }
    }
}

fn engine(sizes: Vec<usize>, activation: Activation, threads: usize) -> FusedEngine {
    let kde = KdeConfig { sigma: 1.0 / (2 * sizes[0]) as f64, epsilon: 1e-6, standardize: false };
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let architecture = Architecture::new(sizes, activation).unwrap();
    let parameters = Parameters::draw(architecture, Initial::default(), &mut rng);
    let amsgrad = AmsGradConfig::default();
    let objective = Objective { weighting: Weighting::Density(kde), term: Term::Tanh { lambda: 4.0 } };
    let training = Training { objective, amsgrad, threads };
    FusedEngine::new(training, Checkpoint::start(parameters, amsgrad)).unwrap()
}

/// Runs `steps` on `pool` until two threads, where there are two, have shared the work; how often each allocated.
fn shared_run(pool: &rayon::ThreadPool, steps: &mut (impl FnMut() + Send)) -> Vec<u64> {
    let (steps, threads) = (Mutex::new(steps), pool.current_num_threads());
    let (shared, over) = (AtomicBool::new(threads == 1), AtomicBool::new(false));
    let work = || {
        let mut steps = steps.lock().unwrap();
        // A thread that the machine keeps waiting takes part in a later run.
        for _ in 0..1000 {
            steps();
            if shared.load(Ordering::Acquire) {
                break;
            }
        }
        over.store(true, Ordering::Release);
    };
    let help = || {
        while !over.load(Ordering::Acquire) {
            if rayon::yield_now() == Some(rayon::Yield::Executed) {
                shared.store(true, Ordering::Release);
            }
        }
    };
    let allocated = pool.broadcast(|context| {
        let first = context.index() == 0;
        let measured =
            if first { allocation_counter::measure(work) } else { allocation_counter::measure(help) };
        measured.count_total
    });
    assert!(shared.into_inner(), "the threads did not share the work");
    allocated
}
