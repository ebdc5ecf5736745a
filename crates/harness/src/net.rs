//! A net: one training, with everything that decides its weights, and nothing else.

use features::batch::BatchConfig;
use features::log_mel::FrontEnd;
use features::ring::{RingConfig, Sampling};
use features::rng::{Purpose, stream};
use losses::Objective;
use models::{AmsGradConfig, Architecture, Checkpoint, Engine, Initial, ModelError, Parameters, Training};
use serde::Serialize;

use crate::{Compute, DeviceKind, EngineKind, Name, Precision};

/// Raise this with each change of code that changes weights: nets that were trained before are then others.
const CODE_EPOCH: u32 = 3;

/// What decides the weights of a net: its identity is a hash of this.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct NetSettings {
    /// Raised with each change of code that changes weights.
    code_epoch: u32,
    /// The network.
    pub architecture: Architecture,
    /// How its parameters are drawn.
    pub initial: Initial,
    /// What is minimised, with the numbers that it reads.
    pub objective: Objective,
    /// What it is trained on.
    pub data: Data,
    /// Updates, and their learning rate.
    pub schedule: Schedule,
    /// The optimizer.
    pub amsgrad: AmsGradConfig,
    /// Seed of all streams.
    pub seed: u64,
    /// What trains.
    pub(crate) engine: EngineKind,
    /// Where it trains.
    device: DeviceKind,
    /// Of products.
    precision: Precision,
}

/// Where the rows of a training come from.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Data {
    /// The 2-D ring (Sec. 4.1.1).
    Ring {
        /// The samples.
        samples: RingConfig,
        /// Whether an epoch shows the same samples again.
        sampling: Sampling,
        /// M_u = M_a, rows of each kind in a mini-batch.
        batch: usize,
    },
    /// Sounds (Sec. 4.2.1).
    Sounds {
        /// Sounds to rows.
        front_end: FrontEnd,
        /// A mini-batch.
        batch: BatchConfig,
        /// Hash of the contents of all training sounds, in their order, and of how they are mixed.
        sounds: String,
    },
}

/// Updates of a training, and their learning rate: flat, then linear down to the end.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Schedule {
    /// Updates, over which the step size falls.
    pub updates: u64,
    /// Where the training ends before its last update, to be looked at along the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
    /// Step size at the start.
    pub learning_rate: f64,
    /// Share of the training after which the step size falls, linearly.
    pub decay_from: f64,
    /// What it falls to at the end, as a share of that at the start.
    pub decay_to: f64,
}

impl Data {
    /// Hash of the sounds, where there are any.
    pub(crate) fn sounds(&self) -> Option<&str> {
        match self {
            Self::Ring { .. } => None,
            Self::Sounds { sounds, .. } => Some(sounds),
        }
    }
}

impl Schedule {
    /// Updates that are made.
    pub fn length(&self) -> u64 {
        self.until.unwrap_or(self.updates)
    }

    /// Step size of update `step`, counted from 0.
    pub fn learning_rate_at(&self, step: u64) -> f64 {
        let done = step as f64 / self.updates as f64;
        let fallen = ((done - self.decay_from) / (1.0 - self.decay_from)).clamp(0.0, 1.0);
        self.learning_rate * (1.0 - (1.0 - self.decay_to) * fallen)
    }
}

/// A net that is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Net {
    /// Its folder among the nets.
    pub name: Name,
    /// What people call it in this experiment, such as `FCN40-small-bu-s0`.
    pub label: String,
    /// What decides its weights.
    pub settings: NetSettings,
    /// Updates between lines of its history. Decides no weight.
    pub history_every: u64,
    /// Updates between checkpoints. Decides no weight.
    pub checkpoint_every: u64,
}

impl NetSettings {
    /// Of a net.
    #[expect(clippy::too_many_arguments, reason = "each is a part of the identity; none has a default")]
    pub fn new(
        architecture: Architecture,
        initial: Initial,
        objective: Objective,
        data: Data,
        schedule: Schedule,
        amsgrad: AmsGradConfig,
        seed: u64,
        compute: Compute,
    ) -> Self {
        let Compute { engine, device, precision } = compute;
        Self {
            code_epoch: CODE_EPOCH,
            architecture,
            initial,
            objective,
            data,
            schedule,
            amsgrad,
            seed,
            engine,
            device,
            precision,
        }
    }

    /// The name of the net with the objective called `objective`.
    pub fn name(&self, objective: &str) -> Name {
        Name::new(&self.stem(objective), self)
    }

    /// What begins the names of the net and its scores, for people: sizes, objective and seed.
    pub fn stem(&self, objective: &str) -> String {
        let sizes = self.architecture.sizes();
        let hidden = &sizes[1..sizes.len() - 1];
        let narrowest = hidden.iter().min().copied().unwrap_or_default();
        let widest = hidden.iter().max().copied().unwrap_or_default();
        let objective = objective.to_lowercase();
        format!("{}-{widest}-{narrowest}-{objective}-s{}", self.architecture.dim(), self.seed)
    }

    /// Whether `other` is the same training, but for where it ends.
    pub(crate) fn is_stretch_of(&self, other: &Self) -> bool {
        let whole = |settings: &Self| Self {
            schedule: Schedule { until: None, ..settings.schedule },
            ..settings.clone()
        };
        whole(self) == whole(other)
    }

    /// Whether `other` is trained like this net, but for the objective.
    pub fn is_beside_objective(&self, other: &Self) -> bool {
        self.seed == other.seed && Self { objective: other.objective, ..self.clone() } == *other
    }

    /// Whether it is trained on a card.
    pub(crate) fn is_on_card(&self) -> bool {
        self.device == DeviceKind::Cuda
    }

    /// Where a stack of such nets is trained; `card` from 0.
    pub(crate) fn stack_device(&self, card: usize) -> models::stack::Device {
        let Self { engine, device, precision, .. } = *self;
        Compute { engine, device, precision }.stack_device(card)
    }

    /// What the engine trains for, on one thread: nets are trained side by side.
    pub fn training(&self) -> Training {
        Training { objective: self.objective, amsgrad: self.amsgrad, threads: 1 }
    }

    /// An engine that scores with `parameters`.
    ///
    /// # Errors
    /// Those of the engine.
    pub fn scorer(&self, parameters: &Parameters) -> Result<Box<dyn Engine>, ModelError> {
        // Only the passes through the network are used: no objective is computed.
        self.engine.engine(self.training(), Checkpoint::start(parameters.clone(), self.amsgrad))
    }

    /// The start of training.
    pub fn start(&self) -> Checkpoint {
        let rng = &mut stream(self.seed, Purpose::Init, 0);
        let parameters = Parameters::draw(self.architecture.clone(), self.initial, rng);
        Checkpoint::start(parameters, self.amsgrad)
    }
}
