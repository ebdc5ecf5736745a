//! Values that types alone do not rule out.

use std::fmt::Display;

use super::Impossible;

/// Seeds of one experiment.
pub(super) const MOST_SEEDS: u64 = 100_000;

/// A count from 1 to `most`: what is larger is a slip of the pen, and would exhaust memory or patience.
pub(super) fn count<T: Display + PartialOrd + From<u8>>(
    key: &str,
    found: T,
    most: T,
) -> Result<(), Impossible> {
    let holds = found >= T::from(1) && found <= most;
    within(key, found, holds, &format!("1 to {most}"))
}

/// A positive finite number.
pub(super) fn positive(key: &str, found: f64) -> Result<(), Impossible> {
    within(key, found, found > 0.0 && found.is_finite(), "a positive finite number")
}

/// What `holds` says of the value `found`.
pub(super) fn within(key: &str, found: impl Display, holds: bool, expected: &str) -> Result<(), Impossible> {
    if holds { Ok(()) } else { Err(Impossible::new(key, format!("found {found}, expected {expected}"))) }
}
