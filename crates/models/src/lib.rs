//! The fully-connected autoencoder of both experiments, and the engines that train it. Nothing here knows a file.
//!
//! Rows are `f32`, row-major, (M, D). The anomaly score of a row is its squared reconstruction error (Eq. 5).

mod amsgrad;
mod architecture;
#[cfg(feature = "candle")]
mod autograd;
mod checkpoint;
mod engine;
mod error;
mod fit;
mod fused;
mod parameters;
pub mod stack;

pub use amsgrad::{AmsGrad, AmsGradConfig};
pub use architecture::{Activation, Architecture};
#[cfg(feature = "candle")]
pub use autograd::AutogradEngine;
pub use checkpoint::{Checkpoint, Numbers};
pub use engine::{Batch, Engine, Training};
pub use error::ModelError;
pub use fit::{Batches, Fitted, Look, Patience, fit};
pub use fused::FusedEngine;
pub use parameters::{Biases, Initial, Layer, Parameters, Weights};
