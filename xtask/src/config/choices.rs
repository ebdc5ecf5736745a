//! Choices that all experiments share: losses, engines, how a network begins.

use std::fmt;

use candle_core::Device;
use losses::Objective;
use models::{
    Activation, AutogradEngine, Biases, Checkpoint, Engine, FusedEngine, Initial, ModelError, Training,
    Weights,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is minimised, as the paper names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub(crate) enum Loss {
    /// Reconstruction error (Eq. 7).
    #[serde(rename = "RE")]
    Re,
    /// Simplified Neyman-Pearson (Eq. 9).
    #[serde(rename = "SNP")]
    Snp,
    /// Batch uniformization (Eq. 16).
    #[serde(rename = "BU")]
    Bu,
}

/// The engines of `models`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum EngineKind {
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
    pub(crate) fn engine(
        self,
        training: Training,
        checkpoint: Checkpoint,
    ) -> Result<Box<dyn Engine>, ModelError> {
        Ok(match self {
            Self::Fused => Box::new(FusedEngine::new(training, checkpoint)?),
            Self::Candle => Box::new(AutogradEngine::new(training, checkpoint, Device::Cpu)?),
        })
    }
}

/// What follows each layer but the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ActivationKind {
    /// The logistic function.
    Sigmoid,
    /// max(z, 0).
    Relu,
}

/// Glorot's initialisation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum WeightsKind {
    /// From a uniform distribution.
    GlorotUniform,
    /// From a normal distribution.
    GlorotNormal,
}

/// How biases are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum BiasesKind {
    /// All zero.
    Zero,
    /// Uniform on ±1 / √inputs.
    Uniform,
}

/// Raise this with each change of code that changes results: finished cells are then stale.
pub(crate) const CODE_EPOCH: u32 = 2;

impl Loss {
    /// In the paper's order.
    pub(crate) const ALL: [Self; 3] = [Self::Re, Self::Snp, Self::Bu];

    /// The objective with the clipping parameter `lambda` of Eq. 10.
    pub(crate) fn objective(self, lambda: f64) -> Objective {
        match self {
            Self::Re => Objective::Re,
            Self::Snp => Objective::Snp { lambda },
            Self::Bu => Objective::Bu { lambda },
        }
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Re => "RE",
            Self::Snp => "SNP",
            Self::Bu => "BU",
        })
    }
}

impl ActivationKind {
    /// As `models` has it.
    pub(crate) fn activation(self) -> Activation {
        match self {
            Self::Sigmoid => Activation::Sigmoid,
            Self::Relu => Activation::Relu,
        }
    }
}

/// How parameters are drawn.
pub(crate) fn initial(weights: WeightsKind, biases: BiasesKind) -> Initial {
    let weights = match weights {
        WeightsKind::GlorotUniform => Weights::GlorotUniform,
        WeightsKind::GlorotNormal => Weights::GlorotNormal,
    };
    let biases = match biases {
        BiasesKind::Zero => Biases::Zero,
        BiasesKind::Uniform => Biases::Uniform,
    };
    Initial { weights, biases }
}
