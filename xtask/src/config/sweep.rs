//! `experiments/toycar*.yaml`, `experiments/dcase*.yaml`: the objective experiment (Sec. 4.2) on a set of sounds.

use std::collections::BTreeMap;

use features::batch::BatchConfig;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{MOST_SEEDS, MOST_UNITS, count, within};
use super::choices::{EngineKind, Loss};
use super::front_end::FrontEndConfig;
use super::sweep_cell::{ModelConfig, SweepCell};
use super::sweep_settings::{
    FcnConfig, ScheduleConfig, ScoringConfig, SoundBatchConfig, SoundLossConfig, SoundsConfig,
};
use super::{Experiment, Impossible, Kind};

/// Hidden layers of an encoder.
const MOST_HIDDEN: usize = 100;

/// The objective experiment as its file gives it: every front end with every network, loss and seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SweepExperiment {
    /// Always `sweep`.
    pub(crate) experiment: Kind,
    /// Seeds 0 to `seeds` - 1 are trained.
    pub(crate) seeds: u64,
    /// What trains.
    pub(crate) engine: EngineKind,
    /// The sounds.
    pub(crate) data: SoundsConfig,
    /// Sounds to rows, by name.
    pub(crate) front_ends: BTreeMap<String, FrontEndConfig>,
    /// Sizes of the autoencoder, by name.
    pub(crate) networks: BTreeMap<String, FcnConfig>,
    /// What is minimised; a net for each.
    pub(crate) losses: Vec<Loss>,
    /// A mini-batch.
    pub(crate) batch: SoundBatchConfig,
    /// The optimizer and its schedule.
    pub(crate) training: ScheduleConfig,
    /// σ, ε and λ.
    pub(crate) loss: SoundLossConfig,
    /// How tests are scored and compared.
    pub(crate) scoring: ScoringConfig,
}

impl SweepExperiment {
    /// Every front end with every network, in the order of names.
    pub(crate) fn models(&self) -> Vec<ModelConfig> {
        let models = self.front_ends.iter().flat_map(|(front_end, rows)| {
            self.networks.iter().map(move |(network, sizes)| ModelConfig {
                name: format!("{front_end}-{network}"),
                front_end: *rows,
                network: *sizes,
            })
        });
        models.collect()
    }

    /// What a batch is made of.
    pub(crate) fn batch(&self) -> BatchConfig {
        let SoundBatchConfig { piece_s, pieces, anr_db } = self.batch;
        BatchConfig { piece_s, pieces, anr_db }
    }

    fn check_networks(&self) -> Result<(), Impossible> {
        for (key, names) in [
            ("front_ends", self.front_ends.keys().collect::<Vec<_>>()),
            ("networks", self.networks.keys().collect()),
        ] {
            within(key, names.len(), !names.is_empty(), "one at least")?;
            for name in names {
                let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric());
                within(key, name, plain, "a name of letters and digits, such as FCN40 or large")?;
            }
        }
        for (name, front_end) in &self.front_ends {
            front_end.check(&format!("front_ends.{name}"))?;
        }
        for (name, network) in &self.networks {
            let key = |part: &str| format!("networks.{name}.{part}");
            count(&key("hidden"), network.hidden + 1, MOST_HIDDEN)?;
            count(&key("units"), network.units, MOST_UNITS)?;
            count(&key("code"), network.code, MOST_UNITS)?;
        }
        Ok(())
    }

    fn check_losses(&self) -> Result<(), Impossible> {
        let mut losses = self.losses.clone();
        losses.sort_unstable();
        losses.dedup();
        let listed = || self.losses.iter().map(Loss::to_string).collect::<Vec<_>>().join(", ");
        let holds = !losses.is_empty() && losses.len() == self.losses.len();
        within("losses", format!("[{}]", listed()), holds, "one of RE, SNP and BU at least, each once")?;
        for model in self.models() {
            let training = SweepCell::new(self, &model, Loss::Bu, 0, "").training();
            training.kde.validate().map_err(|error| {
                let key =
                    if matches!(error, losses::KdeError::Epsilon(_)) { "epsilon" } else { "sigma_times_dim" };
                Impossible::new(format!("loss.{key}"), error)
            })?;
            let objective = training.objective.validate();
            objective.map_err(|error| Impossible::new("loss.lambda_per_band", error))?;
        }
        Ok(())
    }
}

impl Experiment for SweepExperiment {
    fn validate(&self) -> Result<(), Impossible> {
        if self.experiment != Kind::Sweep {
            return Err(Impossible::new("experiment", "found another kind, expected sweep"));
        }
        count("seeds", self.seeds, MOST_SEEDS)?;
        if let Some(most) = self.data.most_something_else {
            count("data.most_something_else", most, usize::MAX)?;
        }
        if let Some(synth) = self.data.synth {
            count("data.synth.minutes", synth.minutes, crate::synth::MOST_MINUTES)?;
        }
        self.check_networks()?;
        self.batch().check().map_err(|error| Impossible::new("batch", error))?;
        self.training.validate()?;
        self.check_losses()?;
        self.scoring.validate()
    }
}
