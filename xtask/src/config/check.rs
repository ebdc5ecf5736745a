//! Values that types alone do not rule out.

use std::fmt::Display;

use harness::{Compute, DeviceKind, EngineKind, Precision};
use losses::ObjectiveName;

use super::Impossible;

/// Units of a layer.
pub(super) const MOST_UNITS: usize = 10_000;

/// Updates of a training.
pub(super) const MOST_UPDATES: u64 = 1_000_000_000;

/// A count from 1 to `most`: what is larger is a slip of the pen, and would exhaust memory or patience.
pub(super) fn count<T: Display + PartialOrd + From<u8>>(
    key: &str,
    found: T,
    most: T,
) -> Result<(), Impossible> {
    let holds = found >= T::from(1) && found <= most;
    let is_endless = most.to_string() == usize::MAX.to_string();
    let expected = if is_endless { "1 at least".to_owned() } else { format!("1 to {most}") };
    within(key, found, holds, &expected)
}

/// A positive finite number.
pub(super) fn positive(key: &str, found: f64) -> Result<(), Impossible> {
    within(key, found, found > 0.0 && found.is_finite(), "a positive finite number")
}

/// What `holds` says of the value `found`.
pub(super) fn within(key: &str, found: impl Display, holds: bool, expected: &str) -> Result<(), Impossible> {
    if holds { Ok(()) } else { Err(Impossible::new(key, format!("found {found}, expected {expected}"))) }
}

/// The settings of AMSGrad, below `training`.
pub(super) fn check_amsgrad(beta1: f64, beta2: f64, epsilon: f64) -> Result<(), Impossible> {
    for (key, beta) in [("training.beta1", beta1), ("training.beta2", beta2)] {
        within(key, beta, (0.0..1.0).contains(&beta), "a number from 0 to below 1")?;
    }
    positive("training.epsilon", epsilon)
}

/// Each loss once, one at least.
pub(super) fn check_losses(losses: &[ObjectiveName]) -> Result<(), Impossible> {
    let mut distinct = losses.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    let listed = losses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let holds = !losses.is_empty() && distinct.len() == losses.len();
    within("losses", format!("[{listed}]"), holds, "one at least, each once")
}

/// What trains, if its parts go together.
pub(super) fn check_compute(
    engine: EngineKind,
    device: DeviceKind,
    precision: Option<Precision>,
) -> Result<Compute, Impossible> {
    Compute::new(engine, device, precision).map_err(|(key, what)| Impossible::new(key, what))
}
