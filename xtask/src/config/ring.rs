//! `experiments/ring.yaml`: the verification experiment (Sec. 4.1).

use std::collections::BTreeMap;

use features::ring::{RingConfig, Sampling};
use harness::{Cell, Data, DeviceKind, EngineKind, Name, Net, NetSettings, Precision, Schedule};
use losses::{ObjectiveName, Settings, Sizes};
use models::{Activation, AmsGradConfig, Architecture, Biases, Initial, Weights};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{
    MOST_UNITS, MOST_UPDATES, check_amsgrad, check_compute, check_losses, count, positive, within,
};
use super::{Experiment, Impossible, Kind, Seeds};

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
    /// The seeds that are trained.
    pub(crate) seeds: Seeds,
    /// What trains.
    pub(crate) engine: EngineKind,
    /// Where it trains.
    #[serde(default)]
    pub(crate) device: DeviceKind,
    /// Of its products; on a card TF32 where this is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) precision: Option<Precision>,
    /// The samples.
    pub(crate) data: DataConfig,
    /// M_u = M_a, rows of each kind in a mini-batch.
    pub(crate) batch: usize,
    /// The autoencoder.
    pub(crate) network: NetworkConfig,
    /// The optimizer and its schedule.
    pub(crate) training: TrainingConfig,
    /// What is minimised; a net for each.
    pub(crate) losses: Vec<ObjectiveName>,
    /// Settings of the losses.
    pub(crate) loss: Settings,
    /// Where densities are compared.
    pub(crate) grid: GridConfig,
    /// Table 1 as the paper prints it, by loss.
    pub(crate) paper: BTreeMap<ObjectiveName, PaperValues>,
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
    pub(crate) sampling: Sampling,
}

/// The autoencoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NetworkConfig {
    /// Units from input to output.
    pub(crate) sizes: Vec<usize>,
    /// What follows each layer but the last.
    pub(crate) activation: Activation,
    /// How matrices are drawn.
    pub(crate) weights: Weights,
    /// How biases are drawn.
    pub(crate) biases: Biases,
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

/// A net of the ring that is asked for, and how it is scored.
#[derive(Clone, Debug)]
pub(crate) struct RingCell {
    /// Net and score.
    pub(crate) cell: Cell,
    /// `ring`, or a reading.
    pub(crate) model: String,
    /// What is minimised.
    pub(crate) loss: ObjectiveName,
    /// What decides the score beside the net.
    pub(crate) scoring: RingScoring,
}

/// What decides the score of a net of the ring beside the net.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct RingScoring {
    /// Raised with each change of code that changes scores.
    epoch: u32,
    /// Where densities are compared.
    pub(crate) grid: GridConfig,
    /// The sampler's settings.
    pub(crate) samples: RingConfig,
    /// Seed of the samples that are scored.
    pub(crate) seed: u64,
}

/// Raise this with each change of code that changes what is measured of a net.
const SCORING_EPOCH: u32 = 1;

impl RingCell {
    /// Seed of all streams.
    pub(crate) fn seed(&self) -> u64 {
        self.scoring.seed
    }
}

impl RingExperiment {
    /// The cell of `loss` and `seed`; `model` is what people call it.
    ///
    /// # Errors
    /// None for an experiment that was validated.
    pub(crate) fn cell(&self, model: &str, loss: ObjectiveName, seed: u64) -> Result<RingCell, Impossible> {
        let settings = self.settings(loss, seed)?;
        let name = settings.name(loss.as_str());
        let scoring =
            RingScoring { epoch: SCORING_EPOCH, grid: self.grid.clone(), samples: self.ring(), seed };
        let score = Name::new(&settings.stem(loss.as_str()), &(&name, &scoring));
        let net = Net {
            name,
            label: format!("{model}-{}-s{seed}", loss.to_string().to_lowercase()),
            settings,
            history_every: self.training.history_every,
            checkpoint_every: self.training.checkpoint_every,
        };
        Ok(RingCell { cell: Cell { net, score }, model: model.to_owned(), loss, scoring })
    }

    fn settings(&self, loss: ObjectiveName, seed: u64) -> Result<NetSettings, Impossible> {
        let NetworkConfig { sizes, activation, weights, biases } = &self.network;
        let architecture = Architecture::new(sizes.clone(), *activation);
        let architecture = architecture.map_err(|error| Impossible::new("network.sizes", error))?;
        let sizes = Sizes { dim: architecture.dim(), bands: None };
        let objective = loss.resolve(&self.loss, sizes).map_err(|error| Impossible::setting(&error))?;
        let TrainingConfig { updates, learning_rate, beta1, beta2, epsilon, .. } = self.training;
        Ok(NetSettings::new(
            architecture,
            Initial { weights: *weights, biases: *biases },
            objective,
            Data::Ring { samples: self.ring(), sampling: self.data.sampling, batch: self.batch },
            Schedule { updates, until: None, learning_rate, decay_from: 0.0, decay_to: 1.0 },
            AmsGradConfig { beta1, beta2, epsilon },
            seed,
            check_compute(self.engine, self.device, self.precision)?,
        ))
    }

    /// The sampler's settings.
    fn ring(&self) -> RingConfig {
        let DataConfig { samples, normal_radius, anomalous_radius, .. } = self.data;
        RingConfig { samples, normal_radius, anomalous_radius }
    }

    /// The nets of all losses and seeds, in the order of tables.
    pub(crate) fn cells(&self, model: &str) -> Result<Vec<RingCell>, Impossible> {
        let seeds = self.seeds.iter();
        seeds.flat_map(|seed| self.losses.iter().map(move |loss| self.cell(model, *loss, seed))).collect()
    }
}

impl Experiment for RingExperiment {
    fn validate(&self) -> Result<(), Impossible> {
        if self.experiment != Kind::Ring {
            return Err(Impossible::new("experiment", "found another kind, expected ring"));
        }
        self.training.validate()?;
        check_losses(&self.losses)?;
        let ring = self.ring();
        count("data.samples", self.data.samples, MOST_SAMPLES)?;
        ring.validate().map_err(|error| Impossible::new(data_key(&error), error))?;
        features::ring::RingBatches::check(&ring, self.batch)
            .map_err(|error| Impossible::new("batch", error))?;
        for units in &self.network.sizes {
            count("network.sizes", *units, MOST_UNITS)?;
        }
        for loss in &self.losses {
            let dim = self.settings(*loss, 0)?.architecture.dim();
            let ends = "2 units at both ends, as the ring has 2 features";
            within("network.sizes", dim, dim == features::ring::DIM, ends)?;
        }
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
