//! A net of the objective experiment that is asked for, and how it is scored.

use features::log_mel::FrontEnd;
use harness::{Cell, Data, Name, Net, NetSettings};
use losses::{FileScore, ObjectiveName, Sizes};
use models::{Activation, AmsGradConfig, Architecture, Initial};
use serde::Serialize;

use super::Impossible;
use super::sweep::SweepExperiment;
use super::sweep_settings::{FcnConfig, ScheduleConfig};

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
    pub(crate) model: String,
    /// Sounds to rows.
    pub(crate) front_end: FrontEnd,
    /// What is minimised.
    pub(crate) loss: ObjectiveName,
    /// Every n-th test file is scored.
    pub(crate) every: usize,
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
const SCORING_EPOCH: u32 = 1;

impl SweepCell {
    /// The cell of `model`, `loss` and `seed` on `sounds`.
    ///
    /// # Errors
    /// None for an experiment that was validated.
    pub(crate) fn new(
        experiment: &SweepExperiment,
        model: &ModelConfig,
        loss: ObjectiveName,
        seed: u64,
        sounds: &Sounds,
    ) -> Result<Self, Impossible> {
        let front_end = model.front_end;
        let objective =
            loss.resolve(&experiment.loss, Sizes { dim: front_end.dim(), bands: Some(front_end.bands) });
        let ScheduleConfig { beta1, beta2, epsilon, batches_per_epoch, checkpoint_every, .. } =
            experiment.training;
        let settings = NetSettings::new(
            model.network.architecture(front_end.dim())?,
            Initial::default(),
            objective.map_err(|error| Impossible::setting(&error))?,
            Data::Sounds { front_end, batch: experiment.batch, sounds: sounds.training.clone() },
            experiment.training.schedule(),
            AmsGradConfig { beta1, beta2, epsilon },
            seed,
            experiment.engine,
        );
        let name = settings.name(loss.as_str());
        let every = experiment.scoring.every;
        let scoring = Scoring { epoch: SCORING_EPOCH, test: &sounds.test, every, columns: FileScore::ALL };
        let score = Name::new(&settings.stem(loss.as_str()), &(&name, &scoring));
        let machine = sounds.machine.clone();
        let called = machine.iter().chain([&model.name]).cloned().collect::<Vec<_>>().join("-");
        let net = Net {
            name,
            label: format!("{called}-{}-s{seed}", loss.to_string().to_lowercase()),
            settings,
            history_every: batches_per_epoch,
            checkpoint_every: checkpoint_every * batches_per_epoch,
        };
        Ok(Self { cell: Cell { net, score }, machine, model: model.name.clone(), front_end, loss, every })
    }

    /// What tables call the model: `[<machine>-]<front end>-<network>`.
    pub(crate) fn model_name(&self) -> String {
        self.machine.iter().chain([&self.model]).cloned().collect::<Vec<_>>().join("-")
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
