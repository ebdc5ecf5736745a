//! The largest frame: if the score exceeds a threshold in one frame, the whole is anomalous (Eq. 11).

/// The largest of `frames`.
pub(super) fn of(frames: &[f32]) -> f32 {
    frames.iter().copied().fold(f32::NEG_INFINITY, f32::max)
}
