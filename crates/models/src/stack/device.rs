//! Where a stack is trained.

use super::backend::Backend;
use super::cpu::Cpu;
use super::plan::Plan;
use crate::ModelError;

/// Where a stack is trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Device {
    /// On at most so many threads of the current rayon pool; the result does not depend on it.
    Cpu {
        /// 1: the calling thread alone.
        threads: usize,
    },
    /// On an NVIDIA card, which needs the feature `cuda`.
    Cuda {
        /// The card, from 0.
        ordinal: usize,
        /// Of its products.
        precision: Precision,
    },
}

/// Of matrix products on a card; sums are `f32` in both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// Factors rounded to 10 bits of fraction, on tensor cores.
    #[default]
    Tf32,
    /// Factors as they are.
    F32,
}

/// The device with the buffers of `plan`.
pub(super) fn open(device: Device, plan: &Plan) -> Result<Box<dyn Backend>, ModelError> {
    match device {
        Device::Cpu { threads } => Ok(Box::new(Cpu::new(plan, threads))),
        #[cfg(feature = "cuda")]
        Device::Cuda { ordinal, precision } => {
            Ok(Box::new(super::cuda::Cuda::new(plan, ordinal, precision)?))
        }
        #[cfg(not(feature = "cuda"))]
        Device::Cuda { ordinal, .. } => Err(without_cuda(ordinal)),
    }
}

/// Whether a stack can be trained on card `ordinal`.
///
/// # Errors
/// A program that was built without CUDA, a driver, library or card that is not there: what to do.
pub fn check_card(ordinal: usize) -> Result<(), ModelError> {
    #[cfg(feature = "cuda")]
    return super::cuda::check(ordinal);
    #[cfg(not(feature = "cuda"))]
    Err(without_cuda(ordinal))
}

#[cfg(not(feature = "cuda"))]
fn without_cuda(ordinal: usize) -> ModelError {
    let what =
        "this program was built without CUDA: build it with the feature `cuda`, as `cargo xtask-cuda` does";
    ModelError::Device { device: format!("cuda:{ordinal}"), what: what.to_owned() }
}
