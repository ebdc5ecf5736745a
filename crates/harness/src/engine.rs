//! What trains: the engines by name, on which device, in which precision.

use candle_core::Device as CandleDevice;
use models::stack::{Device, Precision as CardPrecision};
use models::{AutogradEngine, Checkpoint, Engine, FusedEngine, ModelError, Training};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::BadInput;

/// The engines of `models`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    /// Explicit gradients on the CPU, each net by itself.
    Fused,
    /// Autograd by candle, each net by itself.
    Candle,
    /// Explicit gradients of many nets in products of all of them at once, on the CPU or a card.
    Stack,
}

impl EngineKind {
    /// The engine of one net, going on from `checkpoint` as `training` says; of a net of a stack, what scores with it.
    ///
    /// # Errors
    /// Those of the engines: settings that are invalid, no memory on the device.
    pub fn engine(self, training: Training, checkpoint: Checkpoint) -> Result<Box<dyn Engine>, ModelError> {
        Ok(match self {
            Self::Fused | Self::Stack => Box::new(FusedEngine::new(training, checkpoint)?),
            Self::Candle => Box::new(AutogradEngine::new(training, checkpoint, CandleDevice::Cpu)?),
        })
    }
}

/// Whether nets can be trained on card `card`, from 0.
///
/// # Errors
/// A program that was built without CUDA, a driver, library or card that is not there: what to do.
pub fn check_card(card: usize) -> Result<(), BadInput> {
    models::stack::check_card(card).map_err(|error| BadInput(error.to_string()))
}

/// Kinds of device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DeviceKind {
    /// This machine's cores.
    #[default]
    Cpu,
    /// An NVIDIA card.
    Cuda,
}

/// Precisions of products; sums are `f32` in both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// Factors as they are.
    F32,
    /// Factors rounded to 10 bits of fraction, on a card's tensor cores.
    Tf32,
}

/// What trains a net: a part of its identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Compute {
    /// The engine.
    pub engine: EngineKind,
    /// Where it trains.
    pub device: DeviceKind,
    /// Of its products.
    pub precision: Precision,
}

impl Compute {
    /// `engine` on `device`; where no precision is asked for, TF32 on a card.
    ///
    /// # Errors
    /// The key of a setting that does not go with the others, and why.
    pub fn new(
        engine: EngineKind,
        device: DeviceKind,
        precision: Option<Precision>,
    ) -> Result<Self, (&'static str, String)> {
        match (engine, device, precision) {
            (EngineKind::Fused | EngineKind::Candle, DeviceKind::Cuda, _) => {
                Err(("engine", "found one of the CPU with device cuda, expected stack".to_owned()))
            }
            (_, DeviceKind::Cpu, Some(Precision::Tf32)) => {
                Err(("precision", "found tf32 with device cpu, expected f32".to_owned()))
            }
            (_, DeviceKind::Cpu, _) => Ok(Self { engine, device, precision: Precision::F32 }),
            (_, DeviceKind::Cuda, precision) => {
                Ok(Self { engine, device, precision: precision.unwrap_or(Precision::Tf32) })
            }
        }
    }

    /// Where a stack of such nets is trained; `card` from 0.
    pub(crate) fn stack_device(self, card: usize) -> Device {
        match (self.device, self.precision) {
            (DeviceKind::Cpu, _) => Device::Cpu { threads: 1 },
            (DeviceKind::Cuda, Precision::F32) => {
                Device::Cuda { ordinal: card, precision: CardPrecision::F32 }
            }
            (DeviceKind::Cuda, Precision::Tf32) => {
                Device::Cuda { ordinal: card, precision: CardPrecision::Tf32 }
            }
        }
    }
}
