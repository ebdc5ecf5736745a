//! `net.json`: all that a net was trained on, and all that a stranger needs to recompute a score.

use serde::{Deserialize, Serialize};

use crate::{Name, NetSettings};

/// File of a net that describes it.
pub(crate) const NET: &str = "net.json";

/// File of a net that holds its parameters: `layers.N.weight`, (outputs, inputs), and `layers.N.bias`, (outputs).
pub const WEIGHTS: &str = "weights.safetensors";

/// What `net.json` holds.
#[derive(Debug, Serialize)]
pub(crate) struct NetFile<'a> {
    /// Name of its folder.
    name: &'a Name,
    /// What decides its weights.
    settings: &'a NetSettings,
    /// How a row of features is made, in words, beside the front end's numbers in the settings.
    rows: &'static str,
    /// How a row is scored, in words.
    score: &'static str,
    /// What it was trained on.
    trained_on: &'a TrainedOn,
}

/// Where a net's training came from. Decides no weight that `settings` does not.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct TrainedOn {
    /// Name of the set of sounds, or of the samples.
    pub set: String,
    /// Folder of the sounds, as it was given.
    pub root: Option<String>,
    /// Arguments of the command.
    pub command: Vec<String>,
}

impl<'a> NetFile<'a> {
    pub(crate) fn new(name: &'a Name, settings: &'a NetSettings, trained_on: &'a TrainedOn) -> Self {
        Self {
            name,
            settings,
            rows: "a row is the frames t-C to t+C, the earliest first, each with its bands from low to high",
            score: "the sum over features of (x - reconstruction)^2; each layer is W h + b, all but the last followed by the activation",
            trained_on,
        }
    }
}
