//! What a detector file holds.

use features::log_mel::FrontEnd;
use models::Activation;
use serde::{Deserialize, Serialize};

use crate::calibration::Calibration;
use crate::health::Ranges;
use crate::model::Model;
use crate::threshold::Threshold;

/// A net with its threshold, and what it was made of.
#[derive(Clone, Debug, PartialEq)]
pub struct Detector {
    pub(crate) model: Model,
    /// The squared error of each band of normal sounds that were held out, (M).
    pub(crate) band_errors: Vec<f32>,
    pub(crate) calibration: Calibration,
    /// Hashes of the recordings that a net was trained on.
    pub(crate) trained_on: Vec<u64>,
    pub(crate) settings: Settings,
}

/// What stands in the metadata of a file, as JSON.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Settings {
    /// The version of the format.
    pub(crate) version: u32,
    pub(crate) front_end: FrontEnd,
    pub(crate) network: Network,
    /// Frames that the score of a moment is the mean of.
    pub(crate) moment_frames: usize,
    /// Whether held-out recordings are files as they came.
    pub(crate) held_out_whole: bool,
    pub(crate) threshold: Threshold,
    /// None where nobody measured the recordings that the net was trained on.
    pub(crate) health: Option<Ranges>,
    pub(crate) training: TrainingFacts,
}

/// The shape of the network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// Layer sizes from input to output.
    pub sizes: Vec<usize>,
    /// The activation of the hidden layers.
    pub activation: Activation,
}

/// How the net was trained.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrainingFacts {
    /// What was minimised: RE, SNP or BU; of a net from elsewhere in its own words.
    pub objective: String,
    /// The name of the net, if it comes from elsewhere: what it was trained on is then not known, and stands as nothing
    /// below.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub net: Option<String>,
    /// Recordings of normal sounds.
    pub recordings: usize,
    /// Their length in all.
    pub hours: f64,
    /// Clips of other things.
    pub clips: usize,
    /// Rates of the recordings in Hz.
    pub rates: Vec<u32>,
    /// Updates to the best of the net.
    pub updates: u64,
    /// The objective of its held-out batches there.
    pub held_out: f64,
    /// Seed of all that is random.
    pub seed: u64,
}

impl Detector {
    /// The threshold.
    pub fn threshold(&self) -> &Threshold {
        &self.settings.threshold
    }

    /// Puts another threshold in the place of the one that is there.
    pub fn set_threshold(&mut self, threshold: Threshold) {
        self.settings.threshold = threshold;
    }

    /// Scores of normal sounds that were held out.
    pub fn calibration(&self) -> &Calibration {
        &self.calibration
    }

    /// How the net was trained.
    pub fn training(&self) -> &TrainingFacts {
        &self.settings.training
    }

    /// What the health of a recording is held against.
    pub fn health(&self) -> Option<&Ranges> {
        self.settings.health.as_ref()
    }
}
