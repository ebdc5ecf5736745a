//! The bare training loop: updates until what is held out no longer improves.

use crate::{Batch, Engine, ModelError, Parameters};

/// Where the mini-batches of a training come from.
pub trait Batches {
    /// Why there may be no batch; errors of the engine are told as such.
    type Error: From<ModelError>;

    /// The batch of update `step`, counted from 0; steps follow each other.
    ///
    /// # Errors
    /// Those of the source.
    fn training(&mut self, step: u64) -> Result<Batch<'_>, Self::Error>;

    /// How many batches are held out, one at least.
    fn held_out_batches(&self) -> usize;

    /// A batch that is never trained on.
    ///
    /// # Errors
    /// Those of the source.
    fn held_out(&mut self, index: usize) -> Result<Batch<'_>, Self::Error>;
}

/// When training ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Patience {
    /// Step size at the start.
    pub learning_rate: f64,
    /// What the step size is multiplied by where the held-out batches have not improved for `patience` looks.
    pub cut: f64,
    /// So many cuts are made; where another were due, training ends.
    pub cuts: u32,
    /// Looks without improvement that are waited for.
    pub patience: u32,
    /// Updates between looks.
    pub every: u64,
    /// Updates at most.
    pub most: u64,
}

/// A look at the held-out batches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// Updates made.
    pub updates: u64,
    /// The objective, a mean over the held-out batches.
    pub held_out: f64,
    /// The step size from here on.
    pub learning_rate: f64,
}

/// What was trained.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted {
    /// θ where the held-out batches were at their best.
    pub parameters: Parameters,
    /// That look.
    pub best: Look,
    /// Updates made in all.
    pub updates: u64,
}

/// Trains with `engine` on the batches of `source`, and tells of each look through `tell`. After each cut of the step
/// size it goes on from where it is, not from the best.
///
/// # Errors
/// Those of the source and of the engine.
pub fn fit<B: Batches>(
    engine: &mut dyn Engine,
    source: &mut B,
    patience: Patience,
    mut tell: impl FnMut(Look),
) -> Result<Fitted, B::Error> {
    let mut learning_rate = patience.learning_rate;
    let (mut cuts, mut waited, mut updates) = (0, 0, 0);
    let parameters = engine.checkpoint()?.parameters;
    let mut gradient = vec![0.0; parameters.values().len()];
    let held_out = held_out(engine, source, &mut gradient)?;
    let mut best = Fitted { parameters, best: Look { updates, held_out, learning_rate }, updates };
    while updates < patience.most && cuts <= patience.cuts {
        for _ in 0..patience.every.min(patience.most - updates) {
            engine.step(source.training(updates)?, learning_rate)?;
            updates += 1;
        }
        let held_out = self::held_out(engine, source, &mut gradient)?;
        let look = Look { updates, held_out, learning_rate };
        if held_out < best.best.held_out {
            best.parameters = engine.checkpoint()?.parameters;
            best.best = look;
            waited = 0;
        } else {
            waited += 1;
        }
        if waited == patience.patience {
            learning_rate *= patience.cut;
            (waited, cuts) = (0, cuts + 1);
        }
        tell(look);
    }
    Ok(Fitted { updates, ..best })
}

/// The mean objective of the held-out batches; `gradient` is scratch.
fn held_out<B: Batches>(
    engine: &mut dyn Engine,
    source: &mut B,
    gradient: &mut [f32],
) -> Result<f64, B::Error> {
    let batches = source.held_out_batches();
    let mut sum = 0.0;
    for index in 0..batches {
        sum += engine.gradient(source.held_out(index)?, gradient)?.total;
    }
    Ok(sum / batches as f64)
}

#[cfg(test)]
mod tests {
    use losses::{Objective, Term, Weighting};
    use rand::RngExt;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;

    use super::*;
    use crate::{Activation, AmsGradConfig, Architecture, Checkpoint, FusedEngine, Initial, Training};

    /// A line in four dimensions.
    struct Line {
        rows: Vec<f32>,
        rng: ChaCha8Rng,
        asked: Vec<u64>,
    }

    impl Line {
        fn fill(&mut self) {
            let Self { rows, rng, .. } = self;
            rows.clear();
            for _ in 0..32 {
                let at = rng.random::<f32>();
                rows.extend([at, -at, 0.5 * at, 0.0]);
            }
        }
    }

    impl Batches for Line {
        type Error = ModelError;

        fn training(&mut self, step: u64) -> Result<Batch<'_>, ModelError> {
            self.asked.push(step);
            self.fill();
            Ok(Batch { rows: &self.rows, normal: 32, weights: None })
        }

        fn held_out_batches(&self) -> usize {
            2
        }

        fn held_out(&mut self, index: usize) -> Result<Batch<'_>, ModelError> {
            let training = std::mem::replace(&mut self.rng, ChaCha8Rng::seed_from_u64(9 + index as u64));
            self.fill();
            self.rng = training;
            Ok(Batch { rows: &self.rows, normal: 32, weights: None })
        }
    }

    fn trained(patience: Patience) -> (Fitted, Vec<Look>, Vec<u64>) {
        let architecture = Architecture::new(vec![4, 16, 8, 16, 4], Activation::Relu).unwrap();
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let parameters = Parameters::draw(architecture, Initial::default(), &mut rng);
        let objective = Objective { weighting: Weighting::Uniform, term: Term::None };
        let training = Training { objective, amsgrad: AmsGradConfig::default(), threads: 1 };
        let start = Checkpoint::start(parameters, training.amsgrad);
        let mut engine = FusedEngine::new(training, start).unwrap();
        let mut source = Line { rows: Vec::new(), rng, asked: Vec::new() };
        let mut looks = Vec::new();
        let fitted = fit(&mut engine, &mut source, patience, |look| looks.push(look)).unwrap();
        (fitted, looks, source.asked)
    }

    const PATIENCE: Patience =
        Patience { learning_rate: 1e-2, cut: 0.1, cuts: 1, patience: 3, every: 10, most: 3000 };

    #[test]
    fn training_ends_when_what_is_held_out_no_longer_improves() {
        let (fitted, looks, asked) = trained(PATIENCE);
        assert!(fitted.updates < PATIENCE.most && fitted.best.held_out < 1e-3, "{:?}", fitted.best);
        let least = looks.iter().map(|look| look.held_out).fold(f64::INFINITY, f64::min);
        assert_eq!(fitted.best.held_out, least);
        assert_eq!(looks.last().unwrap().updates, fitted.updates);
        assert_eq!(asked, (0..fitted.updates).collect::<Vec<u64>>());
        let cuts = looks.windows(2).filter(|pair| pair[1].learning_rate < pair[0].learning_rate);
        assert_eq!(cuts.count(), 1);
    }

    #[test]
    fn updates_end_at_the_most() {
        let (fitted, looks, _) = trained(Patience { most: 35, ..PATIENCE });
        assert_eq!(fitted.updates, 35);
        assert_eq!(looks.iter().map(|look| look.updates).collect::<Vec<u64>>(), [10, 20, 30, 35]);
        assert!(looks.iter().all(|look| look.held_out >= fitted.best.held_out));
    }
}
