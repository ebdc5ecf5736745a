//! Context: a row is a frame with the C frames before it and the C after it (Sec. 4.2.2).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is done where a frame at a sound's end has fewer than C neighbours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Edges {
    /// Only frames with full context give a row.
    #[default]
    Full,
    /// The sound counts as silent before its start and after its end, so that every frame gives a row.
    ZeroPad,
}

/// Gathers rows x_t = (ψ_{t-C}, ..., ψ_{t+C}), (`starts`, M(2C + 1)), out of `frames`, (T, M): a row is made of the
/// 2C + 1 frames from its start on, in order of time, each of M bands from low to high. Frames follow each other in
/// memory, so a row is one copy.
///
/// # Panics
/// When a row reaches past the frames.
pub(crate) fn gather(
    frames: &[f32],
    bands: usize,
    starts: impl IntoIterator<Item = usize>,
    rows: &mut [f32],
    dim: usize,
) {
    for (row, start) in rows.chunks_exact_mut(dim).zip(starts) {
        row.copy_from_slice(&frames[start * bands..][..dim]);
    }
}
