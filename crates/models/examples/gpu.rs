//! What tests/gpu.sh runs where there is a card: a stack on the card against the fused engine on the CPU, a stop, a net
//! that diverges; then the times of the four nets of Sec. 4.2.2, alone and in stacks of 9 and 18, as a table on
//! standard output. `gpu [checks|times] [CARD]`.

#![expect(clippy::print_stdout, reason = "the table is what it is run for")]

use std::time::Instant;

use losses::{KdeConfig, Objective, Term, Value, Weighting};
use models::stack::{BatchShape, Device, FrameBatch, Net, Precision, Stack};
use models::{
    Activation, AmsGradConfig, Architecture, Batch, Checkpoint, Engine, FusedEngine, Initial, ModelError,
    Parameters, Training,
};
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// Rows of a batch, and those of them that are anomalous (10 normal sounds of 3 s, an anomalous one of 5 s).
const ROWS: usize = 1872;
const ANOMALOUS: std::ops::Range<usize> = 700..1012;

/// A network of Sec. 4.2.2.
struct Shape {
    name: &'static str,
    bands: usize,
    context: usize,
    units: usize,
    hidden: usize,
    code: usize,
}

const SHAPES: [Shape; 4] = [
    Shape { name: "FCN40-small", bands: 40, context: 5, units: 128, hidden: 2, code: 40 },
    Shape { name: "FCN40-large", bands: 40, context: 5, units: 512, hidden: 4, code: 128 },
    Shape { name: "FCN64-small", bands: 64, context: 10, units: 128, hidden: 2, code: 40 },
    Shape { name: "FCN64-large", bands: 64, context: 10, units: 512, hidden: 4, code: 128 },
];

/// Batches of one step, one a seed.
struct Sounds {
    frames: Vec<Vec<f32>>,
    starts: Vec<usize>,
    normal: Vec<bool>,
}

impl Shape {
    fn dim(&self) -> usize {
        self.bands * (2 * self.context + 1)
    }

    fn batch(&self) -> BatchShape {
        BatchShape { rows: ROWS, frames: ROWS + 2 * self.context, bands: self.bands }
    }

    fn start(&self, seed: u64, activation: Activation) -> Result<Checkpoint> {
        let wide = vec![self.units; self.hidden + 1];
        let sizes = [vec![self.dim()], wide.clone(), vec![self.code], wide, vec![self.dim()]].concat();
        let architecture = Architecture::new(sizes, activation)?;
        let parameters =
            Parameters::draw(architecture, Initial::default(), &mut ChaCha8Rng::seed_from_u64(seed));
        Ok(Checkpoint::start(parameters, AmsGradConfig::default()))
    }

    /// On each of `seeds` batches the first `objectives` of BU, RE, SNP, the root of the density, and the top share.
    fn nets(
        &self,
        seeds: usize,
        objectives: usize,
        activation: Activation,
    ) -> Result<Vec<(Net, Checkpoint)>> {
        let lambda = (2 * self.bands) as f64;
        let kde = KdeConfig { sigma: 1.0 / (2 * self.dim()) as f64, epsilon: 1e-6, standardize: true };
        let all = [
            Objective { weighting: Weighting::Density(kde), term: Term::Tanh { lambda } },
            Objective { weighting: Weighting::Uniform, term: Term::None },
            Objective { weighting: Weighting::Uniform, term: Term::Tanh { lambda } },
            Objective {
                weighting: Weighting::DensityPower { density: kde, strength: 0.5 },
                term: Term::None,
            },
            Objective { weighting: Weighting::TopShare { share: 0.05 }, term: Term::None },
        ];
        let mut nets = Vec::new();
        for batch in 0..seeds {
            for objective in &all[..objectives] {
                nets.push((Net { objective: *objective, batch }, self.start(batch as u64, activation)?));
            }
        }
        Ok(nets)
    }

    fn sounds(&self, seeds: usize, step: usize) -> Sounds {
        let count = self.batch().frames * self.bands;
        let frames = (0..seeds).map(|seed| {
            let mut rng = ChaCha8Rng::seed_from_u64((1000 * seed + step) as u64);
            (0..count).map(|_| rng.random_range(-1.7..1.7)).collect()
        });
        let normal = (0..ROWS).map(|row| !ANOMALOUS.contains(&row)).collect();
        Sounds { frames: frames.collect(), starts: (0..ROWS).collect(), normal }
    }

    /// The rows of seed `seed` as an engine takes them.
    fn rows(&self, sounds: &Sounds, seed: usize) -> Vec<f32> {
        let normal = (0..ROWS).filter(|row| sounds.normal[*row]);
        let order = normal.chain(ANOMALOUS);
        order.flat_map(|row| &sounds.frames[seed][row * self.bands..][..self.dim()]).copied().collect()
    }
}

impl Sounds {
    fn batches(&self) -> Vec<FrameBatch<'_>> {
        let batch = |frames| FrameBatch { frames, starts: &self.starts, normal: &self.normal };
        self.frames.iter().map(|frames| batch(frames.as_slice())).collect()
    }
}

fn train(shape: &Shape, stack: &mut Stack, steps: std::ops::Range<usize>) -> Result<Vec<Vec<Value>>> {
    let seeds = stack.nets().iter().map(|net| net.batch + 1).max().unwrap_or(0);
    let rates = vec![1e-4; stack.nets().len()];
    for step in steps {
        stack.step(&shape.sounds(seeds, step).batches(), &rates)?;
    }
    let histories = stack.history()?.into_iter();
    histories.map(|history| history.failure.map_or(Ok(history.values), |error| Err(error.into()))).collect()
}

/// Prints what was found; whether it is as expected.
fn check(what: &str, found: f64, most: f64) -> bool {
    let passed = found <= most;
    println!("{} {what}: {found:.2e}, expected {most:.0e} at most", if passed { "ok    " } else { "FAILED" });
    passed
}

/// Of a net's gradient and of its objective over some updates, how far the card is from the fused engine.
fn engines_agree(shape: &Shape, activation: Activation, device: Device, most: [f64; 2]) -> Result<bool> {
    let nets = shape.nets(2, 5, activation)?;
    let sounds = shape.sounds(2, 0);
    let mut stack = Stack::new(nets.clone(), shape.batch(), device)?;
    let found = stack.gradients(&sounds.batches())?;
    let values = train(shape, &mut stack, 0..5)?;
    let (mut worst_gradient, mut worst_value) = (0.0f64, 0.0f64);
    for (index, (net, checkpoint)) in nets.iter().enumerate() {
        let training = Training { objective: net.objective, amsgrad: AmsGradConfig::default(), threads: 1 };
        let mut engine = FusedEngine::new(training, checkpoint.clone())?;
        let mut expected = vec![0.0; found[index].1.len()];
        let normal = ROWS - ANOMALOUS.len();
        let rows = shape.rows(&sounds, net.batch);
        engine.gradient(Batch { rows: &rows, normal, weights: None }, &mut expected)?;
        let norm =
            |values: &mut dyn Iterator<Item = f32>| values.map(|g| f64::from(g).powi(2)).sum::<f64>().sqrt();
        let error = norm(&mut found[index].1.iter().zip(&expected).map(|(a, b)| a - b));
        worst_gradient = worst_gradient.max(error / norm(&mut expected.iter().copied()));
        for (step, value) in values[index].iter().enumerate() {
            let rows = shape.rows(&shape.sounds(2, step), net.batch);
            let expected = engine.step(Batch { rows: &rows, normal, weights: None }, 1e-4)?;
            worst_value = worst_value.max((value.total - expected.total).abs() / expected.normal.abs());
        }
    }
    let name = format!("{} {activation:?} {device:?}", shape.name);
    let gradient = check(&format!("{name}: gradient"), worst_gradient, most[0]);
    let value = check(&format!("{name}: objective over 5 updates"), worst_value, most[1]);
    Ok(gradient && value)
}

/// A stack that is stopped goes on to the same bytes, and a net that diverges fails alone.
fn stops_and_failures(shape: &Shape, device: Device) -> Result<bool> {
    let nets = shape.nets(2, 3, Activation::Relu)?;
    let mut whole = Stack::new(nets.clone(), shape.batch(), device)?;
    train(shape, &mut whole, 0..8)?;
    let expected = whole.checkpoints()?;
    drop(whole);
    let mut stopped = Stack::new(nets.clone(), shape.batch(), device)?;
    train(shape, &mut stopped, 0..3)?;
    let kept = nets.iter().map(|(net, _)| *net).zip(stopped.checkpoints()?).collect();
    drop(stopped);
    let mut resumed = Stack::new(kept, shape.batch(), device)?;
    train(shape, &mut resumed, 3..8)?;
    let other = resumed.checkpoints()?.iter().zip(&expected).filter(|(a, b)| a != b).count();
    let stop = check("nets that a stop changes", other as f64, 0.0);
    drop(resumed);
    let mut broken = nets;
    broken[2].1.parameters.values_mut()[0] = f32::NAN;
    let mut stack = Stack::new(broken, shape.batch(), device)?;
    let mut rates = [1e-4; 6];
    for step in 0..8 {
        rates[4] = if step == 5 { 1e39 } else { 1e-4 };
        stack.step(&shape.sounds(2, step).batches(), &rates)?;
    }
    let failures: Vec<Option<ModelError>> =
        stack.history()?.into_iter().map(|history| history.failure).collect();
    let as_expected = matches!(failures[2], Some(ModelError::Diverged { step: 0, .. }))
        && matches!(failures[4], Some(ModelError::DivergedParameter { step: 6, .. }));
    println!("failures: {:?}", failures.iter().flatten().map(ToString::to_string).collect::<Vec<_>>());
    let found = stack.checkpoints()?;
    let others =
        [0, 1, 3, 5].into_iter().filter(|net| failures[*net].is_some() || found[*net] != expected[*net]);
    let others = check("nets that another's failure changes", others.count() as f64, 0.0);
    Ok(stop && others && check("failures that are not as expected", f64::from(u8::from(!as_expected)), 0.0))
}

/// Milliseconds of an update: the median of runs of some updates, on batches that are made before.
fn time(shape: &Shape, seeds: usize, objectives: usize, device: Device) -> Result<()> {
    let mut stack = Stack::new(shape.nets(seeds, objectives, Activation::Relu)?, shape.batch(), device)?;
    let sounds: Vec<Sounds> = (0..4).map(|step| shape.sounds(seeds, step)).collect();
    let batches: Vec<Vec<FrameBatch<'_>>> = sounds.iter().map(Sounds::batches).collect();
    let (nets, updates) = (seeds * objectives, 100);
    let mut times = Vec::new();
    for run in 0..8 {
        let start = Instant::now();
        for step in 0..updates {
            stack.step(&batches[step % batches.len()], &vec![1e-4; nets])?;
        }
        let queued = start.elapsed();
        stack.history()?;
        // The first run warms up.
        if run > 0 {
            times.push(
                [start.elapsed(), queued].map(|time| 1e3 * time.as_secs_f64() / f64::from(updates as u32)),
            );
        }
    }
    times.sort_by(|a, b| a[0].total_cmp(&b[0]));
    let [median, queued] = times[times.len() / 2];
    let Device::Cuda { precision, .. } = device else { return Err("times are of a card".into()) };
    let memory = stack.memory() as f64 / f64::from(1 << 30);
    println!("{},{precision:?},{nets},{seeds},{median:.3},{queued:.3},{memory:.2}", shape.name);
    Ok(())
}

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let what = arguments.first().map_or("all", String::as_str);
    let ordinal = arguments.get(1).map_or(Ok(0), |card| card.parse())?;
    let card = |precision| Device::Cuda { ordinal, precision };
    let mut passed = true;
    if what != "times" {
        for shape in [&SHAPES[0], &SHAPES[3]] {
            passed &= engines_agree(shape, Activation::Sigmoid, card(Precision::F32), [1e-4, 1e-5])?;
            // A unit of ReLU whose input rounds to the other side of 0 changes the gradient at once: a few units of a
            // large net do.
            passed &= engines_agree(shape, Activation::Relu, card(Precision::F32), [5e-3, 1e-5])?;
            passed &= engines_agree(shape, Activation::Relu, card(Precision::Tf32), [5e-2, 1e-3])?;
        }
        passed &= stops_and_failures(&SHAPES[0], card(Precision::Tf32))?;
    }
    if what != "checks" {
        println!("net,precision,nets,batches,ms_per_update,ms_queued,gib");
        for shape in &SHAPES {
            time(shape, 1, 1, card(Precision::F32))?;
            for (seeds, objectives) in [(1, 1), (3, 3), (6, 3)] {
                time(shape, seeds, objectives, card(Precision::Tf32))?;
            }
        }
    }
    if passed { Ok(()) } else { Err("the card and the CPU disagree: look for FAILED above".into()) }
}
