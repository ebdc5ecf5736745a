//! Batch uniformization (Eqs. 14 to 16): weights that are the reciprocal of the density, estimated on the mini-batch.

#[cfg(feature = "candle")]
use candle_core::{D, Tensor};

use crate::kde::KdeConfig;
use crate::registry::{SettingError, Settings, Sizes};

/// Raises `weights` to the power `strength`: 0 makes all alike, 1 leaves them.
pub(super) fn strengthen(weights: &mut [f32], strength: f64) {
    weights.iter_mut().for_each(|weight| *weight = weight.powf(strength as f32));
}

/// σ, ε and `standardize` of the settings.
pub(crate) fn resolve(settings: &Settings, sizes: Sizes) -> Result<KdeConfig, SettingError> {
    let sigma = settings.sigma.resolve("sigma", sizes)?;
    Ok(KdeConfig { sigma, epsilon: settings.epsilon, standardize: settings.standardize })
}

/// The weights w_i = 1 / (K(x_i) + ε) of `rows`, (M, D): (M), cut off from the graph, as they are constants to the
/// gradient.
#[cfg(feature = "candle")]
pub(super) fn tensor(rows: &Tensor, config: KdeConfig) -> candle_core::Result<Tensor> {
    let rows = if config.standardize { standardize(&rows.detach())? } else { rows.detach() };
    let rows = rows.broadcast_sub(&rows.mean_keepdim(0)?)?;
    let squares = rows.sqr()?.sum_keepdim(1)?;
    let products = rows.matmul(&rows.t()?)?;
    let distances = squares.broadcast_add(&squares.t()?)?.sub(&(products * 2.0)?)?.relu()?;
    let density = (distances * -config.sigma)?.exp()?.mean(D::Minus1)?;
    (density + config.epsilon)?.recip()
}

/// `rows`, (M, D), brought to zero mean and unit variance per feature; a constant feature becomes 0.
#[cfg(feature = "candle")]
fn standardize(rows: &Tensor) -> candle_core::Result<Tensor> {
    // From the first row on, so that a constant feature has mean and variance to the digit.
    let rows = rows.broadcast_sub(&rows.narrow(0, 0, 1)?)?;
    let rows = rows.broadcast_sub(&rows.mean_keepdim(0)?)?;
    let deviation = rows.sqr()?.mean_keepdim(0)?.sqrt()?;
    let one_where_constant = deviation.eq(0.0)?.to_dtype(rows.dtype())?;
    rows.broadcast_div(&(deviation + one_where_constant)?)
}
