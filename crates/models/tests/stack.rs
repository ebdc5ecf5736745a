//! Stacks on the CPU against the engines that train a net alone.

#![expect(clippy::unwrap_used, reason = "what a test sets up is valid")]

#[path = "../../../tests/fixtures/reference.rs"]
mod reference;

use losses::{KdeConfig, Objective, Term, Value, Weighting};
use models::stack::{BatchShape, Device, FrameBatch, History, Net, Precision, Stack};
use models::{
    Activation, AmsGradConfig, Architecture, Batch, Checkpoint, Engine, FusedEngine, Initial, ModelError,
    Parameters, Training,
};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use reference::Bell;

/// A front end in little or whole: bands and context on both sides, and the units of the hidden layers.
struct Case {
    bands: usize,
    context: usize,
    hidden: &'static [usize],
    activation: Activation,
    rows: usize,
}

const CASES: [Case; 3] = [
    Case { bands: 2, context: 0, hidden: &[20, 10, 20], activation: Activation::Sigmoid, rows: 60 },
    Case { bands: 7, context: 2, hidden: &[33, 12, 33], activation: Activation::Relu, rows: 50 },
    Case { bands: 40, context: 5, hidden: &[128, 40, 128], activation: Activation::Relu, rows: 90 },
];

/// The numbers of a batch, owned.
struct Sounds {
    frames: Vec<f32>,
    starts: Vec<usize>,
    normal: Vec<bool>,
}

impl Case {
    fn dim(&self) -> usize {
        self.bands * (2 * self.context + 1)
    }

    fn shape(&self) -> BatchShape {
        BatchShape { rows: self.rows, frames: self.rows + 2 * self.context, bands: self.bands }
    }

    fn start(&self, seed: u64) -> Checkpoint {
        let sizes = [vec![self.dim()], self.hidden.to_vec(), vec![self.dim()]].concat();
        let architecture = Architecture::new(sizes, self.activation).unwrap();
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        Checkpoint::start(
            Parameters::draw(architecture, Initial::default(), &mut rng),
            AmsGradConfig::default(),
        )
    }

    /// `count` nets: BU, RE and SNP of one seed after the other, from the seventh on with other weightings and settings.
    fn nets(&self, count: usize) -> Vec<(Net, Checkpoint)> {
        let nets = (0..count).map(|index| {
            let (seed, dim) = (index / 3, self.dim() as f64);
            let lambda = if index < 6 { dim } else { 2.0 * dim };
            let sigma = if index < 9 { 0.5 / dim } else { 1.0 / dim };
            let kde = KdeConfig { sigma, epsilon: 1e-6, standardize: index != 6 };
            let weighting = match index % 3 {
                0 if index == 9 => Weighting::DensityPower { density: kde, strength: 0.5 },
                0 => Weighting::Density(kde),
                2 if index >= 6 => Weighting::TopShare { share: 0.07 },
                _ => Weighting::Uniform,
            };
            let term = if index % 3 == 1 { Term::None } else { Term::Tanh { lambda } };
            let objective = Objective { weighting, term };
            (Net { objective, batch: seed }, self.start(seed as u64))
        });
        nets.collect()
    }

    /// The batch of `seed` at `step`: anomalous rows lie among the normal ones, and their number changes.
    fn sounds(&self, seed: usize, step: usize) -> Sounds {
        let shape = self.shape();
        let frames = Bell::new((1000 * seed + step) as u64).take(shape.frames * shape.bands).collect();
        let from = 3 + step % 7;
        let normal = (0..shape.rows).map(|row| !(from..from + 5 + step % 11).contains(&row)).collect();
        Sounds { frames, starts: (0..shape.rows).collect(), normal }
    }

    /// Rows as the engines take them, and how many of them are normal.
    fn sorted(&self, sounds: &Sounds) -> (Vec<f32>, usize) {
        let of_kind = |kind: bool| {
            let rows = sounds.starts.iter().zip(&sounds.normal).filter(move |(_, normal)| **normal == kind);
            rows.flat_map(|(start, _)| &sounds.frames[start * self.bands..][..self.dim()]).copied()
        };
        let normal = sounds.normal.iter().filter(|normal| **normal).count();
        (of_kind(true).chain(of_kind(false)).collect(), normal)
    }
}

impl Sounds {
    fn batch(&self) -> FrameBatch<'_> {
        FrameBatch { frames: &self.frames, starts: &self.starts, normal: &self.normal }
    }
}

fn alone((net, checkpoint): &(Net, Checkpoint)) -> FusedEngine {
    let training = Training { objective: net.objective, amsgrad: AmsGradConfig::default(), threads: 1 };
    FusedEngine::new(training, checkpoint.clone()).unwrap()
}

fn stack(case: &Case, nets: &[(Net, Checkpoint)], threads: usize) -> Stack {
    Stack::new(nets.to_vec(), case.shape(), Device::Cpu { threads }).unwrap()
}

/// Trains `stack` for the steps of `range`.
fn train(case: &Case, stack: &mut Stack, range: std::ops::Range<usize>) -> Vec<History> {
    let seeds = stack.nets().iter().map(|net| net.batch + 1).max().unwrap();
    let rates = vec![1e-3; stack.nets().len()];
    for step in range {
        let sounds: Vec<Sounds> = (0..seeds).map(|seed| case.sounds(seed, step)).collect();
        let batches: Vec<FrameBatch<'_>> = sounds.iter().map(Sounds::batch).collect();
        stack.step(&batches, &rates).unwrap();
    }
    stack.history().unwrap()
}

fn parts(value: Value) -> [f64; 6] {
    let spread = value.weight_spread.unwrap_or(-1.0);
    [value.total, value.normal, value.anomalous, value.mean_score, value.max_score, spread]
}

#[test]
fn gradients_are_those_of_the_nets_alone() {
    for case in &CASES {
        for count in [1, 2, 6, 12] {
            let nets = case.nets(count);
            let sounds: Vec<Sounds> = (0..count.div_ceil(3)).map(|seed| case.sounds(seed, 0)).collect();
            let batches: Vec<FrameBatch<'_>> = sounds.iter().map(Sounds::batch).collect();
            let found = stack(case, &nets, 1).gradients(&batches).unwrap();
            for (net, (value, gradient)) in nets.iter().zip(found) {
                let (rows, normal) = case.sorted(&sounds[net.0.batch]);
                let mut expected = vec![0.0; gradient.len()];
                let batch = Batch { rows: &rows, normal, weights: None };
                let expected_value = alone(net).gradient(batch, &mut expected).unwrap();
                for (a, b) in parts(value).into_iter().zip(parts(expected_value)) {
                    assert!((a - b).abs() < 1e-5 * (1.0 + b.abs()), "{value:?} and {expected_value:?}");
                }
                let scale = expected.iter().fold(0.0, |most: f32, g| most.max(g.abs()));
                let worst = gradient.iter().zip(&expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
                assert!(worst < 1e-5 * scale, "{:?} of {count}: {worst} of {scale}", net.0);
            }
        }
    }
}

#[test]
fn after_200_updates_the_losses_are_those_of_the_nets_alone() {
    for case in &CASES[..2] {
        for count in [1, 2, 6, 12] {
            let nets = case.nets(count);
            let histories = train(case, &mut stack(case, &nets, 1), 0..200);
            for (net, history) in nets.iter().zip(histories) {
                let mut engine = alone(net);
                assert!(history.failure.is_none() && history.values.len() == 200);
                for (step, value) in history.values.iter().enumerate() {
                    let (rows, normal) = case.sorted(&case.sounds(net.0.batch, step));
                    let batch = Batch { rows: &rows, normal, weights: None };
                    let expected = engine.step(batch, 1e-3).unwrap();
                    let close = (value.total - expected.total).abs() < 1e-4 * (1.0 + expected.normal.abs());
                    assert!(close, "{:?} step {step}: {value:?}, {expected:?}", net.0);
                }
            }
        }
    }
}

#[test]
fn threads_change_no_byte_and_a_stopped_stack_goes_on_to_the_same_bytes() {
    let case = &CASES[1];
    let nets = case.nets(6);
    let mut whole = stack(case, &nets, 1);
    train(case, &mut whole, 0..10);
    let expected = whole.checkpoints().unwrap();
    for threads in [1, 3] {
        let mut stopped = stack(case, &nets, threads);
        train(case, &mut stopped, 0..4);
        let kept: Vec<(Net, Checkpoint)> =
            nets.iter().map(|(net, _)| *net).zip(stopped.checkpoints().unwrap()).collect();
        let mut resumed = stack(case, &kept, threads);
        train(case, &mut resumed, 4..10);
        assert!(resumed.checkpoints().unwrap() == expected, "{threads} threads");
    }
}

#[test]
fn values_are_kept_beyond_what_the_device_holds() {
    let case = &CASES[0];
    let histories = train(case, &mut stack(case, &case.nets(2), 1), 0..1030);
    assert!(histories.iter().all(|history| history.values.len() == 1030));
}

#[test]
fn scores_are_those_of_the_net_alone() {
    let case = &CASES[1];
    let nets = case.nets(6);
    let rows: Vec<f32> = Bell::new(1).take(2 * case.rows * case.dim() + 3 * case.dim()).collect();
    let mut stack = stack(case, &nets, 1);
    for (index, net) in nets.iter().enumerate() {
        let mut scores = vec![0.0; rows.len() / case.dim()];
        let mut expected = scores.clone();
        stack.anomaly_scores(index, &rows, &mut scores).unwrap();
        alone(net).anomaly_scores(&rows, &mut expected).unwrap();
        assert!(scores.iter().zip(&expected).all(|(a, b)| (a - b).abs() < 1e-5 * b), "{index}");
    }
}

#[test]
fn a_net_that_diverges_fails_alone() {
    let case = &CASES[1];
    let nets = case.nets(6);
    let expected = {
        let mut stack = stack(case, &nets, 1);
        train(case, &mut stack, 0..6);
        stack.checkpoints().unwrap()
    };
    // The third net starts from a parameter that is no number, the fifth is thrown out of range by its learning rate.
    let mut broken = nets;
    broken[2].1.parameters.values_mut()[0] = f32::NAN;
    let mut stack = stack(case, &broken, 1);
    for step in 0..6 {
        let sounds: Vec<Sounds> = (0..2).map(|seed| case.sounds(seed, step)).collect();
        let batches: Vec<FrameBatch<'_>> = sounds.iter().map(Sounds::batch).collect();
        let mut rates = vec![1e-3; 6];
        rates[4] = if step == 3 { 1e39 } else { 1e-3 };
        stack.step(&batches, &rates).unwrap();
    }
    let histories = stack.history().unwrap();
    let found = stack.checkpoints().unwrap();
    for index in [0, 1, 3, 5] {
        assert!(histories[index].failure.is_none() && found[index] == expected[index], "{index}");
    }
    assert!(matches!(histories[2].failure, Some(ModelError::Diverged { step: 0, .. })), "{:?}", histories[2]);
    assert_eq!(histories[2].values.len(), 1);
    assert_eq!(found[2].optimizer, broken[2].1.optimizer);
    let diverged = &histories[4];
    assert!(matches!(diverged.failure, Some(ModelError::DivergedParameter { step: 4, .. })), "{diverged:?}");
    assert_eq!(diverged.values.len(), 4);
}

#[test]
fn what_does_not_fit_is_refused() {
    let case = &CASES[0];
    let refused = |nets: Vec<(Net, Checkpoint)>| {
        Stack::new(nets, case.shape(), Device::Cpu { threads: 1 }).unwrap_err().to_string()
    };
    assert_eq!(refused(Vec::new()), "stack: found no net, expected one at least");
    let mut unlike = case.nets(2);
    unlike[1].1 = CASES[1].start(0);
    assert!(refused(unlike).ends_with("expected nets of one shape"));
    let mut stack = stack(case, &case.nets(2), 1);
    let mut sounds = case.sounds(0, 0);
    assert!(stack.step(&[sounds.batch()], &[1e-3]).unwrap_err().to_string().contains("1 learning rates"));
    assert!(stack.step(&[], &[1e-3; 2]).unwrap_err().to_string().contains("0 batches"));
    sounds.starts[3] = 60;
    let error = stack.step(&[sounds.batch()], &[1e-3; 2]).unwrap_err().to_string();
    assert_eq!(error, "batch: found a row that starts at frame 60, expected 59 at most");
    sounds.normal.fill(true);
    sounds.starts[3] = 3;
    assert!(
        stack.step(&[sounds.batch()], &[1e-3; 2]).unwrap_err().to_string().contains("60 normal rows of 60")
    );
}

#[test]
fn a_card_that_is_not_there_is_an_error_that_says_what_to_do() {
    let case = &CASES[0];
    let device = Device::Cuda { ordinal: 999, precision: Precision::Tf32 };
    let error = Stack::new(case.nets(1), case.shape(), device).unwrap_err().to_string();
    let advice = ["build it with the feature", "install it", "nvidia-smi"];
    assert!(error.starts_with("cuda") && advice.iter().any(|advice| error.contains(advice)), "{error}");
}
