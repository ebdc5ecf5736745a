//! The mean frame, as most benchmarks score a file.

/// The mean of `frames`, summed in double precision.
pub(super) fn of(frames: &[f32]) -> f32 {
    let sum: f64 = frames.iter().map(|score| f64::from(*score)).sum();
    (sum / frames.len() as f64) as f32
}
