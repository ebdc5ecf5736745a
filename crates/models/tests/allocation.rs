//! A step of the fused engine allocates nothing once its buffers have grown.

#[path = "../../../tests/fixtures/reference.rs"]
mod reference;

use losses::{KdeConfig, Objective};
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
        let dim = sizes[0];
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let architecture = Architecture::new(sizes, activation).unwrap();
        let parameters = Parameters::draw(architecture, Initial::default(), &mut rng);
        let kde = KdeConfig { sigma: 1.0 / (2 * dim) as f64, epsilon: 1e-6, standardize: false };
        let amsgrad = AmsGradConfig::default();
        let training = Training { objective: Objective::Bu { lambda: 4.0 }, kde, amsgrad, threads: 1 };
        let mut engine = FusedEngine::new(training, Checkpoint::start(parameters, amsgrad)).unwrap();
        let rows: Vec<f32> = Bell::new(1).take(900 * dim).collect();
        let mut steps = || {
            for (count, normal) in [(900, 500), (700, 650)] {
                engine.step(Batch { rows: &rows[..count * dim], normal, weights: None }, 1e-3).unwrap();
            }
        };
        steps();
        let allocated = allocation_counter::measure(steps);
        assert_eq!((allocated.count_total, allocated.bytes_total), (0, 0), "{dim} features");
    }
}
