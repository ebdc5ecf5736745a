//! A net of the objective experiment that is asked for, and how it is scored.

use std::fmt;

use features::log_mel::FrontEnd;
use harness::{Cell, Data, Name, Net, NetSettings};
use losses::{FileScore, ObjectiveName, Sizes};
use models::{Activation, AmsGradConfig, Architecture, Initial};
use serde::Serialize;

use super::Impossible;
use super::check::check_compute;
use super::sweep::SweepExperiment;
use super::sweep_settings::{FcnConfig, ScheduleConfig, ScoringConfig};
use super::{Point, Variant, folded};

/// A front end with a network, such as FCN40-large.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ModelConfig {
    /// `<front end>-<network>`.
    pub(crate) name: String,
    /// Sounds to rows.
    pub(crate) front_end: FrontEnd,
    /// Sizes of the autoencoder.
    pub(crate) network: FcnConfig,
}

/// The sounds of a machine, as far as they decide nets and scores.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Sounds {
    /// The machine, where each has nets of its own.
    pub(crate) machine: Option<String>,
    /// Hash of what nets are trained on.
    pub(crate) training: String,
    /// Hash of what they are scored on.
    pub(crate) test: String,
}

/// A net of the objective experiment that is asked for, and how it is scored.
#[derive(Clone, Debug)]
pub(crate) struct SweepCell {
    /// Net and score.
    pub(crate) cell: Cell,
    /// The machine whose sounds are learnt, where each has nets of its own.
    pub(crate) machine: Option<String>,
    /// `<front end>-<network>`.
    pub(crate) network: String,
    /// What tables and figures put its scores under, beside its loss.
    pub(crate) model: Model,
    /// Sounds to rows.
    pub(crate) front_end: FrontEnd,
    /// What is minimised.
    pub(crate) loss: ObjectiveName,
    /// How it is scored and compared.
    pub(crate) scoring: ScoringConfig,
}

/// What is compared by loss: a network, on the sounds of a machine, with settings that vary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Model {
    /// `[<machine>-]<front end>-<network>`.
    pub(crate) name: String,
    /// Which of what varies.
    pub(crate) point: Point,
}

/// The key of how far a training is looked at.
const UNTIL: &str = "training.until";

impl Model {
    /// Where its training is looked at, if that varies.
    pub(crate) fn until(&self) -> Option<u64> {
        self.point.iter().find(|at| at.key == UNTIL)?.value.parse().ok()
    }

    /// What it is beside [`until`](Self::until).
    pub(crate) fn whole(&self) -> Self {
        let point = self.point.iter().filter(|at| at.key != UNTIL).cloned().collect();
        Self { name: self.name.clone(), point }
    }
}

impl fmt::Display for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.point.iter().try_for_each(|at| write!(f, ", {at}"))
    }
}

/// What decides a score beside its net.
#[derive(Serialize)]
struct Scoring<'a> {
    /// Raised with each change of code that changes scores.
    epoch: u32,
    test: &'a str,
    every: usize,
    columns: &'static [FileScore],
}

/// Raise this with each change of code that changes what is measured of a net.
const SCORING_EPOCH: u32 = 2;

impl SweepCell {
    /// The cell of `model`, `loss` and `seed` on `sounds`.
    ///
    /// # Errors
    /// None for an experiment that was validated.
    pub(crate) fn new(
        Variant { point, experiment }: &Variant<SweepExperiment>,
        model: &ModelConfig,
        loss: ObjectiveName,
        seed: u64,
        sounds: &Sounds,
    ) -> Result<Self, Impossible> {
        let front_end = model.front_end;
        let objective =
            loss.resolve(&experiment.loss, Sizes { dim: front_end.dim(), bands: Some(front_end.bands) });
        let ScheduleConfig { beta1, beta2, epsilon, history_every, checkpoint_every, .. } =
            experiment.training;
        let settings = NetSettings::new(
            model.network.architecture(front_end.dim())?,
            Initial::default(),
            objective.map_err(|error| Impossible::setting(&error))?,
            Data::Sounds { front_end, batch: experiment.batch, sounds: sounds.training.clone() },
            experiment.training.schedule(&model.name)?,
            AmsGradConfig { beta1, beta2, epsilon },
            seed,
            check_compute(experiment.engine, experiment.device, experiment.precision)?,
        );
        let name = settings.name(loss.as_str());
        let scoring = experiment.scoring;
        let of_score = Scoring {
            epoch: SCORING_EPOCH,
            test: &sounds.test,
            every: scoring.every,
            columns: FileScore::ALL,
        };
        let score = Name::new(&settings.stem(loss.as_str()), &(&name, &of_score));
        let machine = sounds.machine.clone();
        let called = machine.iter().chain([&model.name]).cloned().collect::<Vec<_>>().join("-");
        let varied: String = point.iter().map(|at| format!("-{}", folded(&at.value))).collect();
        let net = Net {
            name,
            label: format!("{called}-{}{varied}-s{seed}", loss.to_string().to_lowercase()),
            settings,
            history_every,
            checkpoint_every,
        };
        let (network, model) = (model.name.clone(), Model { name: called, point: point.clone() });
        Ok(Self { cell: Cell { net, score }, machine, network, model, front_end, loss, scoring })
    }

    /// Seed of all streams.
    pub(crate) fn seed(&self) -> u64 {
        self.cell.net.settings.seed
    }
}

impl FcnConfig {
    /// The network: D, then H + 1 layers of U, the code of Z, H + 1 layers of U, D (Sec. 4.2.2).
    fn architecture(&self, dim: usize) -> Result<Architecture, Impossible> {
        let Self { hidden, units, code } = *self;
        let layers = vec![units; hidden + 1];
        let sizes = [&[dim], layers.as_slice(), &[code], &layers, &[dim]].concat();
        Architecture::new(sizes, Activation::Relu).map_err(|error| Impossible::new("networks", error))
    }
}
