//! The engines against each other, and against themselves when stopped or given more threads.

#![expect(clippy::unwrap_used, reason = "what a test sets up is valid")]

#[path = "../../../tests/fixtures/reference.rs"]
mod reference;

use candle_core::Device;
use losses::{KdeConfig, Objective, Term, Value, Weigher, Weighting};
use models::{
    Activation, AmsGradConfig, Architecture, AutogradEngine, Batch, Checkpoint, Engine, FusedEngine, Initial,
    ModelError, Parameters, Training,
};
use proptest::prelude::*;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use reference::Bell;

const RE: Objective = Objective { weighting: Weighting::Uniform, term: Term::None };

fn snp(lambda: f64) -> Objective {
    Objective { term: Term::Tanh { lambda }, ..RE }
}

fn bu(lambda: f64, sigma: f64) -> Objective {
    let weighting = Weighting::Density(KdeConfig { sigma, epsilon: 1e-6, standardize: false });
    Objective { weighting, ..snp(lambda) }
}

fn training(objective: Objective, threads: usize) -> Training {
    Training { objective, amsgrad: AmsGradConfig::default(), threads }
}

fn start(sizes: &[usize], activation: Activation, seed: u64) -> Checkpoint {
    let architecture = Architecture::new(sizes.to_vec(), activation).unwrap();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    Checkpoint::start(Parameters::draw(architecture, Initial::default(), &mut rng), AmsGradConfig::default())
}

fn fused(training: &Training, checkpoint: &Checkpoint) -> FusedEngine {
    FusedEngine::new(training.clone(), checkpoint.clone()).unwrap()
}

fn autograd(training: &Training, checkpoint: &Checkpoint) -> AutogradEngine {
    AutogradEngine::new(training.clone(), checkpoint.clone(), Device::Cpu).unwrap()
}

/// A batch whose weights, if BU needs them, the engine estimates.
fn batch(rows: &[f32], normal: usize) -> Batch<'_> {
    Batch { rows, normal, weights: None }
}

fn gradient(engine: &mut dyn Engine, batch: Batch<'_>, parameters: usize) -> (Value, Vec<f32>) {
    let mut gradient = vec![0.0; parameters];
    let value = engine.gradient(batch, &mut gradient).unwrap();
    assert!((value.total - (value.normal - value.anomalous)).abs() < 1e-5 * (1.0 + value.total.abs()));
    (value, gradient)
}

/// Rows like those of the ring: normal ones near the centre, anomalous ones around them.
fn ring_rows(step: u64, rows: usize) -> Vec<f32> {
    let mut bell = Bell::new(step);
    (0..2 * rows)
        .flat_map(|row| {
            let (radius, angle) = (bell.next().unwrap().abs(), 3.0 * bell.next().unwrap());
            let radius = if row < rows { radius } else { 2.0 + radius / 2.0 };
            [radius * angle.cos(), radius * angle.sin()]
        })
        .collect()
}

fn objectives(lambda: f64, sigma: f64) -> Vec<Objective> {
    let top = |share, term| Objective { weighting: Weighting::TopShare { share }, term };
    let clipped = Term::Tanh { lambda };
    let density = KdeConfig { sigma, epsilon: 1e-6, standardize: false };
    let power = Objective { weighting: Weighting::DensityPower { density, strength: 0.5 }, term: clipped };
    vec![RE, snp(lambda), bu(lambda, sigma), power, top(0.0, Term::None), top(0.2, clipped)]
}

/// Of the size of its terms, what a gradient in `f32` may be off by: some roundings of 6e-8 each.
const PRECISION: f32 = 2e-6;

/// What the rows' terms of a gradient add up to in size, Σ_i |∂J/∂A_i · ∂A_i/∂θ|, for the parameter θ where it is
/// largest: the sum itself may cancel, but its rounding is that of its terms. Each ∂A_i/∂θ is candle's, of one row.
fn magnitude(training: &Training, checkpoint: &Checkpoint, rows: &[f32], normal: usize) -> f32 {
    let (dim, count) = (checkpoint.parameters.architecture().dim(), checkpoint.parameters.values().len());
    let objective = training.objective;
    let rows = if objective.term.reads_anomalous() { rows } else { &rows[..normal * dim] };
    let mut engine = autograd(&Training { objective: RE, ..training.clone() }, checkpoint);
    let mut scores = vec![0.0; rows.len() / dim];
    engine.anomaly_scores(rows, &mut scores).unwrap();
    let mut weigher = Weigher::new(objective.weighting, dim, 1).unwrap();
    let weights = weigher.weigh(&rows[..normal * dim], &scores[..normal]);
    let mut by_score = vec![0.0; scores.len()];
    objective.evaluate(&scores, normal, weights, &mut by_score);
    let mut terms = vec![0.0; count];
    for (row, by_score) in rows.chunks_exact(dim).zip(&by_score) {
        let (_, of_row) = gradient(&mut engine, batch(row, 1), count);
        terms.iter_mut().zip(of_row).for_each(|(sum, g)| *sum += (by_score * g).abs());
    }
    terms.into_iter().fold(0.0, f32::max)
}

prop_compose! {
    /// A net, with wide layers or without, and a batch for it.
    fn case()(
        dim in prop_oneof![1usize..=6, 65usize..90],
        hidden in proptest::collection::vec(1usize..40, 1..4),
        relu: bool, normal in 1usize..80, anomalous in 1usize..80, seed: u64,
    ) -> (Checkpoint, Vec<f32>, usize) {
        let activation = if relu { Activation::Relu } else { Activation::Sigmoid };
        let sizes = [vec![dim], hidden, vec![dim]].concat();
        (start(&sizes, activation, seed), Bell::new(seed).take((normal + anomalous) * dim).collect(), normal)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn gradients_agree_to_float_precision((checkpoint, rows, normal) in case(), kind in 0usize..6) {
        let objective = objectives(4.0, 0.2)[kind];
        let training = training(objective, 1);
        let (batch, count) = (batch(&rows, normal), checkpoint.parameters.values().len());
        let (fused_value, fused) = gradient(&mut fused(&training, &checkpoint), batch, count);
        let (candle_value, candle) = gradient(&mut autograd(&training, &checkpoint), batch, count);
        let parts = |value: Value| [value.total, value.normal, value.mean_score, value.max_score];
        for (a, b) in parts(fused_value).into_iter().zip(parts(candle_value)) {
            prop_assert!((a - b).abs() < 1e-5 * (1.0 + b.abs()), "{:?} and {:?}", fused_value, candle_value);
        }
        let scale = magnitude(&training, &checkpoint, &rows, normal);
        for (a, b) in fused.iter().zip(&candle) {
            prop_assert!((a - b).abs() <= PRECISION * scale, "{} and {} of {}", a, b, scale);
        }
    }

    #[test]
    fn weights_that_are_given_stand_for_those_that_are_estimated(
        (checkpoint, rows, normal) in case(), standardize: bool,
    ) {
        let weighting = Weighting::Density(KdeConfig { sigma: 0.2, epsilon: 1e-6, standardize });
        let training = training(Objective { weighting, ..snp(4.0) }, 1);
        let dim = checkpoint.parameters.architecture().dim();
        let mut weigher = Weigher::new(weighting, dim, 1).unwrap();
        let weights = weigher.weigh(&rows[..normal * dim], &vec![0.0; normal]);
        let count = checkpoint.parameters.values().len();
        let given = Batch { weights: Some(weights), ..batch(&rows, normal) };
        let mut engine = fused(&training, &checkpoint);
        let estimated = gradient(&mut engine, batch(&rows, normal), count);
        prop_assert_eq!(&gradient(&mut engine, given, count), &estimated);
        let (value, candle) = gradient(&mut autograd(&training, &checkpoint), given, count);
        prop_assert!((value.total - estimated.0.total).abs() < 1e-5 * (1.0 + value.total.abs()));
        let scale = magnitude(&training, &checkpoint, &rows, normal);
        prop_assert!(candle.iter().zip(&estimated.1).all(|(a, b)| (a - b).abs() <= PRECISION * scale));
    }

    #[test]
    fn threads_change_no_byte((checkpoint, rows, normal) in case(), threads in 2usize..5) {
        let batch = batch(&rows, normal);
        let run = |threads| {
            let mut engine = fused(&training(bu(4.0, 0.2), threads), &checkpoint);
            for _ in 0..3 {
                engine.step(batch, 1e-2).unwrap();
            }
            engine.checkpoint().unwrap()
        };
        prop_assert_eq!(run(1), run(threads));
    }

    #[test]
    fn a_stopped_run_goes_on_to_the_same_bytes((checkpoint, rows, normal) in case(), stop in 0usize..6, candle: bool) {
        let training = training(bu(4.0, 0.2), 1);
        let batch = batch(&rows, normal);
        let engine = |checkpoint: &Checkpoint| -> Box<dyn Engine> {
            if candle { Box::new(autograd(&training, checkpoint)) } else { Box::new(fused(&training, checkpoint)) }
        };
        let run = |engine: &mut dyn Engine, steps: usize| {
            for _ in 0..steps {
                engine.step(batch, 1e-2).unwrap();
            }
            engine.checkpoint().unwrap()
        };
        let straight = run(engine(&checkpoint).as_mut(), 6);
        let bytes = run(engine(&checkpoint).as_mut(), stop).to_bytes();
        let architecture = checkpoint.parameters.architecture();
        let read = Checkpoint::from_bytes(&bytes, architecture, training.amsgrad).unwrap();
        prop_assert_eq!(run(engine(&read).as_mut(), 6 - stop), straight);
    }
}

#[test]
fn wide_nets_and_many_samples_agree_and_threads_change_no_byte() {
    // Several blocks of samples, the last of them short, and gradients of all shapes: high, flat and narrow.
    let checkpoint = start(&[440, 300, 70, 40, 130, 440], Activation::Relu, 7);
    let rows: Vec<f32> = Bell::new(7).take(777 * 440).collect();
    let (batch, count) = (batch(&rows, 600), checkpoint.parameters.values().len());
    let training = |threads| training(bu(80.0, 1.0 / 880.0), threads);
    let (value, candle) = gradient(&mut autograd(&training(1), &checkpoint), batch, count);
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut engine = fused(&training(threads), &checkpoint);
            let found = gradient(&mut engine, batch, count);
            for _ in 0..3 {
                engine.step(batch, 1e-3).unwrap();
            }
            (found, engine.checkpoint().unwrap())
        })
    };
    let (found, trained) = run(1);
    assert!((found.0.total - value.total).abs() < 1e-5 * value.total.abs());
    let scale = candle.iter().fold(0.0, |most: f32, g| most.max(g.abs()));
    let worst = found.1.iter().zip(&candle).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    assert!(worst < 1e-5 * scale, "{worst} of {scale}");
    for threads in [2, 3, 8] {
        assert!(run(threads) == (found.clone(), trained.clone()), "{threads} threads");
    }
}

#[test]
fn after_200_updates_of_the_ring_the_losses_agree() {
    for objective in objectives(4.0, 4.0) {
        let training = training(objective, 1);
        let checkpoint = start(&[2, 20, 10, 20, 2], Activation::Sigmoid, 0);
        let (mut fused, mut candle) = (fused(&training, &checkpoint), autograd(&training, &checkpoint));
        for step in 0..200 {
            let rows = ring_rows(step, 100);
            let batch = batch(&rows, 100);
            let (a, b) = (fused.step(batch, 1e-3).unwrap(), candle.step(batch, 1e-3).unwrap());
            assert!((a.total - b.total).abs() < 1e-4, "{objective:?} step {step}: {a:?}, {b:?}");
        }
    }
}

#[test]
fn training_lowers_the_objective() {
    for objective in objectives(4.0, 4.0) {
        let mut engine = fused(&training(objective, 1), &start(&[2, 20, 10, 20, 2], Activation::Sigmoid, 1));
        let rows = ring_rows(0, 200);
        let batch = batch(&rows, 200);
        let first = engine.step(batch, 1e-2).unwrap();
        let last = (0..300).map(|_| engine.step(batch, 1e-2).unwrap()).next_back().unwrap();
        assert!(last.total < first.total - 0.1, "{objective:?}: {first:?}, {last:?}");
    }
}

#[test]
fn a_batch_that_does_not_fit_is_refused() {
    let training = training(RE, 1);
    let checkpoint = start(&[2, 3, 2], Activation::Sigmoid, 0);
    let engines: [Box<dyn Engine>; 2] =
        [Box::new(fused(&training, &checkpoint)), Box::new(autograd(&training, &checkpoint))];
    for mut engine in engines {
        for (rows, normal) in [(&[0.0; 3][..], 1), (&[0.0; 4], 0), (&[0.0; 4], 3), (&[], 0)] {
            assert!(matches!(engine.step(batch(rows, normal), 1e-3), Err(ModelError::Batch { .. })));
        }
        let short = Batch { weights: Some(&[1.0]), ..batch(&[0.0; 4], 2) };
        let error = engine.step(short, 1e-3).unwrap_err().to_string();
        assert_eq!(error, "batch: found 1 weights for 2 normal rows, expected a weight for each normal row");
        assert!(matches!(engine.anomaly_scores(&[0.0; 4], &mut [0.0; 3]), Err(ModelError::Batch { .. })));
    }
}

#[test]
fn a_loss_that_is_no_number_stops_training_and_changes_nothing() {
    let training = training(RE, 1);
    let checkpoint = start(&[2, 3, 2], Activation::Sigmoid, 0);
    let engines: [Box<dyn Engine>; 2] =
        [Box::new(fused(&training, &checkpoint)), Box::new(autograd(&training, &checkpoint))];
    for mut engine in engines {
        let error = engine.step(batch(&[f32::NAN, 0.0], 1), 1e-3).unwrap_err();
        assert!(
            error.to_string().starts_with("the objective became NaN at step 0 (learning rate 0.001)"),
            "{error}"
        );
        assert_eq!(engine.checkpoint().unwrap(), checkpoint);
    }
}

#[test]
fn parameters_that_are_no_numbers_stop_training() {
    let training = training(RE, 1);
    let checkpoint = start(&[2, 3, 2], Activation::Sigmoid, 0);
    let engines: [Box<dyn Engine>; 2] =
        [Box::new(fused(&training, &checkpoint)), Box::new(autograd(&training, &checkpoint))];
    for mut engine in engines {
        let error = engine.step(batch(&[1.0, -1.0], 1), 1e39).unwrap_err();
        assert!(matches!(error, ModelError::DivergedParameter { step: 1, .. }), "{error}");
    }
}
