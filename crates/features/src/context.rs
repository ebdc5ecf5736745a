//! Context: a row is a frame with the C frames before it and the C after it.

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

/// Stacks `frames` (T x M) with a context of `context` on both sides into `rows` (T - 2C rows of M(2C + 1)).
///
/// Row r is (ψ_{r}, ..., ψ_{r+2C}), frame by frame. Frames follow each other in memory, so a row is one copy.
///
/// # Panics
/// When `rows` has another length.
pub fn stack(frames: &[f32], bands: usize, context: usize, rows: &mut [f32]) {
    let dim = bands * (2 * context + 1);
    let count = (frames.len() / bands).saturating_sub(2 * context);
    assert_eq!(rows.len(), count * dim, "{count} rows of {dim}");
    for (index, row) in rows.chunks_exact_mut(dim).enumerate() {
        row.copy_from_slice(&frames[index * bands..][..dim]);
    }
}
