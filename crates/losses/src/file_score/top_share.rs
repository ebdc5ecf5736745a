//! The mean of the largest frames: less at the mercy of a single frame than the maximum.

/// The share of the frames that counts.
const SHARE: f64 = 0.05;

/// The mean of the largest 5 % of `frames`, rounded up to whole frames, summed in double precision.
pub(super) fn of(frames: &[f32]) -> f32 {
    let count = (SHARE * frames.len() as f64).ceil().max(1.0) as usize;
    let mut sorted = frames.to_vec();
    sorted.sort_unstable_by(|a, b| b.total_cmp(a));
    let sum: f64 = sorted[..count].iter().map(|score| f64::from(*score)).sum();
    (sum / count as f64) as f32
}
