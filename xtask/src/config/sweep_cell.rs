//! One training of the objective experiment, frozen.

use losses::KdeConfig;
use models::{Activation, AmsGradConfig, Architecture, Initial, ModelError, Training};
use serde::{Deserialize, Serialize};

use super::choices::{BiasesKind, CODE_EPOCH, EngineKind, Loss, WeightsKind, initial};
use super::front_end::FrontEndConfig;
use super::sweep::SweepExperiment;
use super::sweep_settings::{FcnConfig, ScheduleConfig, SoundBatchConfig, SoundLossConfig};

/// A front end with a network, such as FCN40-large.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ModelConfig {
    /// `<front end>-<network>`.
    pub(crate) name: String,
    /// Sounds to rows.
    pub(crate) front_end: FrontEndConfig,
    /// Sizes of the autoencoder.
    pub(crate) network: FcnConfig,
}

/// One training with everything that decides its result: what `resolved.yaml` holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SweepCell {
    /// Raised with each change of code that changes results.
    pub(crate) code_epoch: u32,
    /// The machine whose sounds are learnt, where each has nets of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) machine: Option<String>,
    /// Front end and network.
    pub(crate) model: ModelConfig,
    /// What is minimised.
    pub(crate) loss: Loss,
    /// Seed of all streams.
    pub(crate) seed: u64,
    /// As in the experiment.
    pub(crate) engine: EngineKind,
    /// Hash of the sounds: their contents, roles and labels, and how they are mixed.
    pub(crate) data: String,
    /// As in the experiment.
    pub(crate) batch: SoundBatchConfig,
    /// As in the experiment.
    pub(crate) training: ScheduleConfig,
    /// As in the experiment.
    pub(crate) loss_settings: SoundLossConfig,
    /// As in the experiment's `scoring`.
    pub(crate) every: usize,
}

impl SweepCell {
    /// The cell of `model`, `loss` and `seed` on sounds of the hash `data`.
    pub(crate) fn new(
        experiment: &SweepExperiment,
        model: &ModelConfig,
        loss: Loss,
        seed: u64,
        data: &str,
    ) -> Self {
        Self {
            code_epoch: CODE_EPOCH,
            machine: None,
            model: model.clone(),
            loss,
            seed,
            engine: experiment.engine,
            data: data.to_owned(),
            batch: experiment.batch,
            training: experiment.training,
            loss_settings: experiment.loss,
            every: experiment.scoring.every,
        }
    }

    /// This cell on the sounds of `machine`.
    pub(crate) fn on(self, machine: Option<&str>) -> Self {
        Self { machine: machine.map(str::to_owned), ..self }
    }

    /// What tables and folders call the model: `[<machine>-]<front end>-<network>`.
    pub(crate) fn model_name(&self) -> String {
        let machine = self.machine.iter().map(String::as_str);
        machine.chain([self.model.name.as_str()]).collect::<Vec<_>>().join("-")
    }

    /// The network: D, then H + 1 layers of U, the code of Z, H + 1 layers of U, D (Sec. 4.2.2).
    ///
    /// # Errors
    /// None for a cell of an experiment that was validated.
    pub(crate) fn architecture(&self) -> Result<Architecture, ModelError> {
        let FcnConfig { hidden, units, code } = self.model.network;
        let (dim, layers) = (self.dim(), vec![units; hidden + 1]);
        let sizes = [&[dim], layers.as_slice(), &[code], &layers, &[dim]].concat();
        Architecture::new(sizes, Activation::Relu)
    }

    /// D, features of a row.
    pub(crate) fn dim(&self) -> usize {
        self.model.front_end.log_mel().dim()
    }

    /// How parameters are drawn.
    pub(crate) fn initial(&self) -> Initial {
        initial(WeightsKind::GlorotUniform, BiasesKind::Zero)
    }

    /// What the engine trains for, on one thread: cells run side by side.
    pub(crate) fn training(&self) -> Training {
        let SoundLossConfig { sigma_times_dim, standardize, epsilon, lambda_per_band } = self.loss_settings;
        let kde = KdeConfig { sigma: sigma_times_dim / self.dim() as f64, epsilon, standardize };
        let objective = self.loss.objective(lambda_per_band * self.model.front_end.bands as f64);
        let ScheduleConfig { beta1, beta2, .. } = self.training;
        let amsgrad = AmsGradConfig { beta1, beta2, epsilon: self.training.epsilon };
        Training { objective, kde, amsgrad, threads: 1 }
    }
}
