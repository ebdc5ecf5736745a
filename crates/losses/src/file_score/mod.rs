//! The score of a file from those of its frames: a file a way, a line each below.

mod max;
mod mean;
mod top_share;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A way to score a file by its frames. Scores may be negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FileScore {
    /// The largest (Eq. 11).
    Max,
    /// The mean, as other benchmarks have it.
    Mean,
    /// The mean of the largest 5 % of the frames.
    Top5,
}

impl FileScore {
    /// Every way, in the order of tables.
    pub const ALL: &[Self] = &[Self::Max, Self::Mean, Self::Top5];

    /// The name of its column.
    pub fn name(self) -> &'static str {
        match self {
            Self::Max => "max",
            Self::Mean => "mean",
            Self::Top5 => "top5",
        }
    }

    /// The score of a file with the frame scores `frames`, of which there is one at least.
    ///
    /// # Panics
    /// When there is no frame.
    pub fn of(self, frames: &[f32]) -> f32 {
        assert!(!frames.is_empty(), "a file has frames");
        match self {
            Self::Max => max::of(frames),
            Self::Mean => mean::of(frames),
            Self::Top5 => top_share::of(frames),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_may_be_negative() {
        let frames = [-3.0, -1.0, -2.0, -6.0];
        assert_eq!(FileScore::Max.of(&frames), -1.0);
        assert_eq!(FileScore::Mean.of(&frames), -3.0);
        assert_eq!(FileScore::Top5.of(&frames), -1.0);
    }

    #[test]
    fn the_top_share_is_the_mean_of_the_largest_frames() {
        let frames: Vec<f32> = (1..=41).map(|k| ((7 * k) % 41) as f32).collect();
        assert_eq!(FileScore::Top5.of(&frames), 39.0, "the mean of 40, 39 and 38");
    }

    #[test]
    fn one_frame_is_its_own_score() {
        for kind in FileScore::ALL {
            assert_eq!(kind.of(&[-4.5]), -4.5, "{}", kind.name());
        }
    }
}
