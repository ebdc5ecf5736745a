//! The parts of a sweep's file: sounds, networks, batches, schedule, losses, scoring.

use std::collections::BTreeMap;
use std::path::PathBuf;

use harness::Schedule;
use losses::FileScore;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Impossible;
use super::check::{MOST_UPDATES, check_amsgrad, count, positive, within};

/// The sounds of an experiment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SoundsConfig {
    /// The manifest of the set, from the working directory.
    pub(crate) manifest: PathBuf,
    /// Folder of the sounds, in place of the manifest's `root`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) root: Option<PathBuf>,
    /// A synthetic set to make in that folder, where it is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) synth: Option<SynthConfig>,
    /// Whether each machine gets nets of its own, the training sounds of the others being something else.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) by_machine: bool,
    /// Most something-else sounds held in memory, taken evenly from all; all where this is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) most_something_else: Option<usize>,
}

/// As the options of `cargo xtask synth`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SynthConfig {
    /// Minutes of normal training sound.
    pub(crate) minutes: u32,
    /// Seed of all that is random.
    pub(crate) seed: u64,
}

/// Encoder and decoder, each an input layer, `hidden` hidden layers and an output layer (Sec. 4.2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct FcnConfig {
    /// H.
    pub(crate) hidden: usize,
    /// U, units of a hidden layer.
    pub(crate) units: usize,
    /// Z, units of the encoder's output.
    pub(crate) code: usize,
}

/// AMSGrad and its schedule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScheduleConfig {
    /// Updates, one a mini-batch.
    pub(crate) updates: Updates,
    /// Where a training ends before its last update, to be looked at along the way; it does not where this is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<u64>,
    /// Step size at the start.
    pub(crate) learning_rate: f64,
    /// Share of the training after which the step size falls, linearly.
    pub(crate) decay_from: f64,
    /// What it falls to at the end, as a share of that at the start.
    pub(crate) decay_to: f64,
    /// Decay of the first moment.
    pub(crate) beta1: f64,
    /// Decay of the second moment.
    pub(crate) beta2: f64,
    /// Added to the root of the second moment.
    pub(crate) epsilon: f64,
    /// Updates between lines of `history.csv`.
    pub(crate) history_every: u64,
    /// Updates between checkpoints.
    pub(crate) checkpoint_every: u64,
}

/// Updates of a training.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged, expecting = "expected a number, or one by model such as {FCN40-small: 10000}")]
pub(crate) enum Updates {
    /// Of every model.
    Each(u64),
    /// By model, which is `<front end>-<network>`.
    ByModel(BTreeMap<String, u64>),
}

impl Updates {
    /// Those of `model`.
    fn of(&self, model: &str) -> Result<u64, Impossible> {
        match self {
            Self::Each(updates) => Ok(*updates),
            Self::ByModel(updates) => updates.get(model).copied().ok_or_else(|| {
                Impossible::new("training.updates", format!("found none for {model}, expected some"))
            }),
        }
    }
}

/// How tests are scored and compared. Nothing is trained again for other settings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScoringConfig {
    /// The score of a file from those of its frames.
    pub(crate) file: FileScore,
    /// Every n-th file of each kind is scored: 1 is all.
    pub(crate) every: usize,
    /// False-positive rate up to which pAUC is taken.
    pub(crate) max_fpr: f64,
    /// True-positive rate at whose threshold false alarms are counted.
    pub(crate) tpr: f64,
    /// An operation that takes less than this share of the time is rare.
    pub(crate) rare_below: f64,
}

impl ScheduleConfig {
    /// The updates of `model` and their learning rate.
    ///
    /// # Errors
    /// A model whose number of updates is not said.
    pub(super) fn schedule(&self, model: &str) -> Result<Schedule, Impossible> {
        let Self { until, learning_rate, decay_from, decay_to, .. } = *self;
        let updates = self.updates.of(model)?;
        if let Some(until) = until {
            let expected = format!("1 to the {updates} updates of {model}");
            within("training.until", until, (1..=updates).contains(&until), &expected)?;
        }
        Ok(Schedule {
            updates,
            until: until.filter(|until| *until < updates),
            learning_rate,
            decay_from,
            decay_to,
        })
    }

    /// Checks all but what depends on the model.
    pub(super) fn validate(&self) -> Result<(), Impossible> {
        match &self.updates {
            Updates::Each(updates) => count("training.updates", *updates, MOST_UPDATES)?,
            Updates::ByModel(updates) => {
                for (model, updates) in updates {
                    count(&format!("training.updates.{model}"), *updates, MOST_UPDATES)?;
                }
            }
        }
        count("training.history_every", self.history_every, MOST_UPDATES)?;
        count("training.checkpoint_every", self.checkpoint_every, MOST_UPDATES)?;
        positive("training.learning_rate", self.learning_rate)?;
        let from = self.decay_from;
        within("training.decay_from", from, (0.0..1.0).contains(&from), "a share from 0 to below 1")?;
        let to = self.decay_to;
        within("training.decay_to", to, (0.0..=1.0).contains(&to), "a share from 0 to 1")?;
        check_amsgrad(self.beta1, self.beta2, self.epsilon)
    }
}

impl ScoringConfig {
    pub(super) fn validate(&self) -> Result<(), Impossible> {
        count("scoring.every", self.every, usize::MAX)?;
        for (key, rate) in [("scoring.max_fpr", self.max_fpr), ("scoring.tpr", self.tpr)] {
            within(key, rate, rate > 0.0 && rate <= 1.0, "a rate above 0, 1 at most")?;
        }
        let rare = self.rare_below;
        within("scoring.rare_below", rare, (0.0..=1.0).contains(&rare), "a share from 0 to 1")
    }
}
