//! `experiments/toycar*.yaml`, `experiments/dcase*.yaml`: the objective experiment (Sec. 4.2) on a set of sounds.

use std::collections::BTreeMap;
use std::path::PathBuf;

use features::batch::BatchConfig;
use features::log_mel::FrontEnd;
use harness::{DeviceKind, EngineKind, Precision};
use losses::{ObjectiveName, Settings};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check::{MOST_UNITS, check_losses, count, within};
use super::sweep_cell::{ModelConfig, Sounds, SweepCell};
use super::sweep_settings::{FcnConfig, ScheduleConfig, ScoringConfig, SoundsConfig};
use super::{Experiment, Impossible, Kind, Point, Seeds, Variant};

/// Hidden layers of an encoder.
const MOST_HIDDEN: usize = 100;

/// The objective experiment as its file gives it: every front end with every network, loss and seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SweepExperiment {
    /// Always `sweep`.
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
    /// The sounds.
    pub(crate) data: SoundsConfig,
    /// Sounds to rows, by name: settings, or the file that holds them, from the working directory.
    #[schemars(with = "BTreeMap<String, FrontEndOrFile>")]
    pub(crate) front_ends: BTreeMap<String, FrontEnd>,
    /// Sizes of the autoencoder, by name.
    pub(crate) networks: BTreeMap<String, FcnConfig>,
    /// What is minimised; a net for each.
    pub(crate) losses: Vec<ObjectiveName>,
    /// A mini-batch.
    pub(crate) batch: BatchConfig,
    /// The optimizer and its schedule.
    pub(crate) training: ScheduleConfig,
    /// Settings of the losses.
    pub(crate) loss: Settings,
    /// How tests are scored and compared.
    pub(crate) scoring: ScoringConfig,
}

/// A front end as a file may write it.
#[derive(JsonSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used")]
enum FrontEndOrFile {
    Settings(Box<FrontEnd>),
    File(PathBuf),
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
            let key = format!("front_ends.{name}");
            within(&format!("{key}.bands"), front_end.bands, front_end.bands > 0, "1 at least")?;
            front_end.bank().map_err(|error| Impossible::new(&key, error))?;
        }
        let read = |front_end: &FrontEnd| (front_end.rate, front_end.channel);
        let mut all = self.front_ends.values();
        if let Some(first) = all.next()
            && let Some(other) = all.find(|other| read(other) != read(first))
        {
            let what = format!(
                "found the rates {} and {} Hz, and the channels {:?} and {:?}; expected one rate and one channel: sounds are read once for all of them",
                first.rate, other.rate, first.channel, other.channel
            );
            return Err(Impossible::new("front_ends", what));
        }
        for (name, network) in &self.networks {
            let key = |part: &str| format!("networks.{name}.{part}");
            count(&key("hidden"), network.hidden + 1, MOST_HIDDEN)?;
            count(&key("units"), network.units, MOST_UNITS)?;
            count(&key("code"), network.code, MOST_UNITS)?;
        }
        Ok(())
    }

    fn check_settings(&self) -> Result<(), Impossible> {
        check_losses(&self.losses)?;
        let variant = Variant { point: Point::new(), experiment: self.clone() };
        for model in self.models() {
            for loss in &self.losses {
                SweepCell::new(&variant, &model, *loss, 0, &Sounds::default())?;
            }
        }
        Ok(())
    }
}

impl Experiment for SweepExperiment {
    fn validate(&self) -> Result<(), Impossible> {
        if self.experiment != Kind::Sweep {
            return Err(Impossible::new("experiment", "found another kind, expected sweep"));
        }
        if let Some(most) = self.data.most_something_else {
            count("data.most_something_else", most, usize::MAX)?;
        }
        if let Some(synth) = self.data.synth {
            count("data.synth.minutes", synth.minutes, synth::MOST_MINUTES)?;
        }
        self.check_networks()?;
        self.batch.check().map_err(|error| Impossible::new("batch", error))?;
        self.training.validate()?;
        self.check_settings()?;
        self.scoring.validate()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ready_front_ends_are_those_of_the_program() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../experiments/frontends");
        let read = |name: &str| -> FrontEnd {
            serde_yaml::from_str(&std::fs::read_to_string(folder.join(name)).unwrap()).unwrap()
        };
        assert_eq!(read("fcn40.yaml"), FrontEnd::fcn40());
        assert_eq!(read("fcn64.yaml"), FrontEnd::fcn64());
        assert_eq!(read("dcase.yaml"), FrontEnd::dcase());
        assert_eq!(FrontEnd { floor: FrontEnd::dcase().floor, ..read("dcase2020.yaml") }, FrontEnd::dcase());
    }
}
