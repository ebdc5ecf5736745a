//! The engines that train, by name.

use candle_core::Device;
use models::{AutogradEngine, Checkpoint, Engine, FusedEngine, ModelError, Training};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The engines of `models`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    /// Explicit gradients on the CPU.
    Fused,
    /// Autograd by candle.
    Candle,
}

impl EngineKind {
    /// The engine, going on from `checkpoint` as `training` says.
    ///
    /// # Errors
    /// Those of the engines: settings that are invalid, no memory on the device.
    pub fn engine(self, training: Training, checkpoint: Checkpoint) -> Result<Box<dyn Engine>, ModelError> {
        Ok(match self {
            Self::Fused => Box::new(FusedEngine::new(training, checkpoint)?),
            Self::Candle => Box::new(AutogradEngine::new(training, checkpoint, Device::Cpu)?),
        })
    }
}
