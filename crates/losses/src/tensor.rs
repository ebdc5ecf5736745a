//! Weights and objectives as candle tensors, for autograd on any device.

use candle_core::{D, Result, Tensor};

use crate::{KdeConfig, Objective};

/// The weights of Eq. 16 of `rows`, (M, D): (M), cut off from the graph, as they are constants to the gradient.
///
/// # Errors
/// Those of candle.
pub fn weights(rows: &Tensor, config: KdeConfig) -> Result<Tensor> {
    let rows = if config.standardize { standardize(&rows.detach())? } else { rows.detach() };
    let rows = rows.broadcast_sub(&rows.mean_keepdim(0)?)?;
    let squares = rows.sqr()?.sum_keepdim(1)?;
    let products = rows.matmul(&rows.t()?)?;
    let distances = squares.broadcast_add(&squares.t()?)?.sub(&(products * 2.0)?)?.relu()?;
    let density = (distances * -config.sigma)?.exp()?.mean(D::Minus1)?;
    (density + config.epsilon)?.recip()
}

/// `rows`, (M, D), brought to zero mean and unit variance per feature; a constant feature becomes 0.
fn standardize(rows: &Tensor) -> Result<Tensor> {
    // From the first row on, so that a constant feature has mean and variance to the digit.
    let rows = rows.broadcast_sub(&rows.narrow(0, 0, 1)?)?;
    let rows = rows.broadcast_sub(&rows.mean_keepdim(0)?)?;
    let deviation = rows.sqr()?.mean_keepdim(0)?.sqrt()?;
    let one_where_constant = deviation.eq(0.0)?.to_dtype(rows.dtype())?;
    rows.broadcast_div(&(deviation + one_where_constant)?)
}

/// The objective of normal scores (M_u) and anomalous scores (M_a), a scalar in the graph.
///
/// `weights` holds M_u for BU and is not looked at otherwise; RE does not look at the anomalous scores.
///
/// # Errors
/// Those of candle, when the shapes do not match.
pub fn objective(
    objective: Objective,
    normal: &Tensor,
    anomalous: &Tensor,
    weights: &Tensor,
) -> Result<Tensor> {
    let first = if objective.is_weighted() {
        (normal * weights)?.sum_all()?.div(&weights.sum_all()?)?
    } else {
        normal.mean_all()?
    };
    match objective.lambda() {
        Some(lambda) => first - ((anomalous / lambda)?.tanh()?.mean_all()? * lambda)?,
        None => Ok(first),
    }
}
