//! `experiments/ring.yaml`: the verification experiment (Sec. 4.1).

use std::collections::BTreeMap;

use features::ring::{RingConfig, Sampling};
use losses::KdeConfig;
use models::{AmsGradConfig, Architecture, Initial, Training};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{MOST_SEEDS, MOST_UNITS, MOST_UPDATES, check_amsgrad, count, positive, within};
use super::choices::{ActivationKind, BiasesKind, CODE_EPOCH, EngineKind, Loss, WeightsKind, initial};
use super::{Experiment, Impossible, Kind};

/// Samples of each kind.
const MOST_SAMPLES: usize = 10_000_000;

/// Nodes of the grid along an axis: every cell that is judged holds their square a few times.
const MOST_POINTS: usize = 4096;

/// The verification experiment as its file gives it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RingExperiment {
    /// Always `ring`.
    pub(crate) experiment: Kind,
    /// Seeds 0 to `seeds` - 1 are trained.
    pub(crate) seeds: u64,
    /// What trains.
    pub(crate) engine: EngineKind,
    /// The samples.
    pub(crate) data: DataConfig,
    /// M_u = M_a, rows of each kind in a mini-batch.
    pub(crate) batch: usize,
    /// The autoencoder.
    pub(crate) network: NetworkConfig,
    /// The optimizer and its schedule.
    pub(crate) training: TrainingConfig,
    /// σ, ε and λ.
    pub(crate) loss: LossConfig,
    /// Where densities are compared.
    pub(crate) grid: GridConfig,
    /// Table 1 as the paper prints it, by loss.
    pub(crate) paper: BTreeMap<Loss, PaperValues>,
}

/// How the ring is sampled.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct DataConfig {
    /// N, samples of each kind.
    pub(crate) samples: usize,
    /// Radii of normal samples are uniform on [0, `normal_radius`].
    pub(crate) normal_radius: f64,
    /// Radii of anomalous samples are uniform between these.
    pub(crate) anomalous_radius: [f64; 2],
    /// Whether an epoch shows the same samples again.
    pub(crate) sampling: SamplingKind,
}

/// Whether an epoch shows the same samples again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SamplingKind {
    /// Drawn once, reshuffled each epoch.
    Fixed,
    /// Drawn anew each epoch.
    Fresh,
}

/// The autoencoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NetworkConfig {
    /// Units from input to output.
    pub(crate) sizes: Vec<usize>,
    /// What follows each layer but the last.
    pub(crate) activation: ActivationKind,
    /// How matrices are drawn.
    pub(crate) weights: WeightsKind,
    /// How biases are drawn.
    pub(crate) biases: BiasesKind,
}

/// AMSGrad, and how long it runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrainingConfig {
    /// Updates of the parameters.
    pub(crate) updates: u64,
    /// Step size.
    pub(crate) learning_rate: f64,
    /// Decay of the first moment.
    pub beta1: f64,
    /// Decay of the second moment.
    pub beta2: f64,
    /// Added to the root of the second moment.
    pub(crate) epsilon: f64,
    /// Updates between lines of `history.csv`.
    pub(crate) history_every: u64,
    /// Updates between checkpoints.
    pub(crate) checkpoint_every: u64,
}

/// Settings of the objectives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LossConfig {
    /// Band-width σ of the KDE (Eq. 15).
    pub(crate) sigma: f64,
    /// ε of the weights (Eq. 16).
    pub(crate) epsilon: f64,
    /// Clipping parameter λ of the anomalous term (Eq. 10).
    pub(crate) lambda: f64,
}

/// Where densities are compared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GridConfig {
    /// Half the side of the square.
    pub(crate) half_width: f64,
    /// Nodes along an axis.
    pub(crate) points: usize,
    /// The oracle p is in proportion to 1 / max(r, `cap`).
    pub(crate) cap: f64,
}

/// A row of Table 1 as printed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PaperValues {
    /// D(p || q).
    pub(crate) kld_p: f64,
    /// D(U || q).
    pub(crate) kld_u: f64,
}

/// One training with everything that decides its result, frozen: what `resolved.yaml` holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RingCell {
    /// Raised with each change of code that changes results.
    pub(crate) code_epoch: u32,
    /// What the cell's folder is called after: `ring`, or a reading.
    pub(crate) model: String,
    /// What is minimised.
    pub(crate) loss: Loss,
    /// Seed of all streams.
    pub(crate) seed: u64,
    /// As in the experiment.
    pub(crate) engine: EngineKind,
    /// As in the experiment.
    pub(crate) data: DataConfig,
    /// As in the experiment.
    pub(crate) batch: usize,
    /// As in the experiment.
    pub(crate) network: NetworkConfig,
    /// As in the experiment.
    pub(crate) training: TrainingConfig,
    /// As in the experiment; `loss` is the cell's own.
    pub(crate) loss_settings: LossConfig,
    /// As in the experiment.
    pub(crate) grid: GridConfig,
}

impl RingExperiment {
    /// The cell of `loss` and `seed`; its folder is called after `model`.
    pub(crate) fn cell(&self, model: &str, loss: Loss, seed: u64) -> RingCell {
        RingCell {
            code_epoch: CODE_EPOCH,
            model: model.to_owned(),
            loss,
            seed,
            engine: self.engine,
            data: self.data.clone(),
            batch: self.batch,
            network: self.network.clone(),
            training: self.training.clone(),
            loss_settings: self.loss.clone(),
            grid: self.grid.clone(),
        }
    }
}

impl Experiment for RingExperiment {
    fn validate(&self) -> Result<(), Impossible> {
        if self.experiment != Kind::Ring {
            return Err(Impossible::new("experiment", "found another kind, expected ring"));
        }
        count("seeds", self.seeds, MOST_SEEDS)?;
        self.training.validate()?;
        let cell = self.cell("ring", Loss::Bu, 0);
        let ring = cell.ring();
        count("data.samples", self.data.samples, MOST_SAMPLES)?;
        ring.validate().map_err(|error| Impossible::new(data_key(&error), error))?;
        features::ring::RingBatches::check(&ring, self.batch)
            .map_err(|error| Impossible::new("batch", error))?;
        for units in &self.network.sizes {
            count("network.sizes", *units, MOST_UNITS)?;
        }
        let architecture = cell.architecture().map_err(|error| Impossible::new("network.sizes", error))?;
        let dim = architecture.dim();
        let ends = "2 units at both ends, as the ring has 2 features";
        within("network.sizes", dim, dim == features::ring::DIM, ends)?;
        let training = cell.training();
        training.kde.validate().map_err(|error| Impossible::new(kde_key(&error), error))?;
        training.objective.validate().map_err(|error| Impossible::new("loss.lambda", error))?;
        self.grid.validate(self.data.normal_radius)
    }
}

fn data_key(error: &features::ring::RingError) -> &'static str {
    match error {
        features::ring::RingError::Radius { what: "normal_radius", .. } => "data.normal_radius",
        features::ring::RingError::Radius { .. } => "data.anomalous_radius",
        _ => "data.samples",
    }
}

fn kde_key(error: &losses::KdeError) -> &'static str {
    match error {
        losses::KdeError::Epsilon(_) => "loss.epsilon",
        _ => "loss.sigma",
    }
}

impl TrainingConfig {
    fn validate(&self) -> Result<(), Impossible> {
        count("training.updates", self.updates, MOST_UPDATES)?;
        count("training.history_every", self.history_every, MOST_UPDATES)?;
        count("training.checkpoint_every", self.checkpoint_every, MOST_UPDATES)?;
        positive("training.learning_rate", self.learning_rate)?;
        check_amsgrad(self.beta1, self.beta2, self.epsilon)
    }
}

impl GridConfig {
    fn validate(&self, border: f64) -> Result<(), Impossible> {
        positive("grid.half_width", self.half_width)?;
        positive("grid.cap", self.cap)?;
        let points = 2..=MOST_POINTS;
        let expected = format!("2 to {MOST_POINTS} nodes along an axis");
        within("grid.points", self.points, points.contains(&self.points), &expected)?;
        let grid =
            eval::Grid::new(self.half_width, self.points).map_err(|error| Impossible::new("grid", error))?;
        eval::ring::Density::oracle(&grid, border, self.cap)
            .map_err(|error| Impossible::new("grid.cap", error))?;
        Ok(())
    }
}

impl RingCell {
    /// The sampler's settings.
    pub(crate) fn ring(&self) -> RingConfig {
        let DataConfig { samples, normal_radius, anomalous_radius, .. } = self.data;
        RingConfig { samples, normal_radius, anomalous_radius }
    }

    /// Whether an epoch shows the same samples again.
    pub(crate) fn sampling(&self) -> Sampling {
        match self.data.sampling {
            SamplingKind::Fixed => Sampling::Fixed,
            SamplingKind::Fresh => Sampling::Fresh,
        }
    }

    /// The network's shape.
    ///
    /// # Errors
    /// Sizes of which no autoencoder can be made.
    pub(crate) fn architecture(&self) -> Result<Architecture, models::ModelError> {
        Architecture::new(self.network.sizes.clone(), self.network.activation.activation())
    }

    /// How parameters are drawn.
    pub(crate) fn initial(&self) -> Initial {
        initial(self.network.weights, self.network.biases)
    }

    /// What the engine trains for, on one thread: cells run side by side.
    pub(crate) fn training(&self) -> Training {
        let LossConfig { sigma, epsilon, lambda } = self.loss_settings;
        let objective = self.loss.objective(lambda);
        let TrainingConfig { beta1, beta2, .. } = self.training;
        let amsgrad = AmsGradConfig { beta1, beta2, epsilon: self.training.epsilon };
        Training { objective, kde: KdeConfig { sigma, epsilon, standardize: false }, amsgrad, threads: 1 }
    }
}
