//! What a batch is made of.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::error::BatchError;

/// What a batch is made of.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BatchConfig {
    /// Normal training sounds are cut into pieces of this length, in seconds.
    pub piece_s: f64,
    /// Pieces joined for a batch, all different.
    pub pieces: usize,
    /// The ANR of the something-else clip is uniform between these two, in dB.
    pub anr_db: [f64; 2],
}

impl Default for BatchConfig {
    /// The paper's: ten pieces of 3 s, -30 to 10 dB.
    fn default() -> Self {
        Self { piece_s: 3.0, pieces: 10, anr_db: [-30.0, 10.0] }
    }
}

impl BatchConfig {
    /// Samples of a piece at `rate` Hz.
    pub(super) fn piece_samples(&self, rate: u32) -> usize {
        (self.piece_s * f64::from(rate)).round() as usize
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// [`BatchError::Setting`] for the first that is impossible.
    pub fn check(&self) -> Result<(), BatchError> {
        let setting = |key, found: String, expected: &str| {
            Err(BatchError::Setting { key, found, expected: expected.to_owned() })
        };
        if !(self.piece_s >= 0.1 && self.piece_s <= 3600.0) {
            return setting("piece_s", format!("{} s", self.piece_s), "0.1 to 3600 s");
        }
        if self.pieces == 0 {
            return setting("pieces", "0".to_owned(), "at least 1");
        }
        let [low, high] = self.anr_db;
        if !(-200.0 <= low && low <= high && high <= 200.0) {
            return setting(
                "anr_db",
                format!("[{low}, {high}]"),
                "[low, high] between -200 and 200 dB, low at most high",
            );
        }
        Ok(())
    }
}
