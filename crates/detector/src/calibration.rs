//! Scores of normal sounds that no net was trained on: what thresholds are made of.

/// Length of a block in seconds: of streams, false alarms are counted in blocks.
pub const BLOCK_S: f64 = 10.0;

/// What false alarms are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Files as long as those that were held out.
    File,
    /// Blocks of [`BLOCK_S`].
    Block,
}

/// The largest score of each block of normal sounds that were held out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Calibration {
    /// The largest score of each block.
    pub scores: Vec<f32>,
    /// The recording of each block, counted from 0; blocks of one are neighbours.
    pub recordings: Vec<u32>,
    /// Whether recordings are files as they came, rather than parts that a few were cut into.
    pub whole: bool,
}

impl Calibration {
    /// Adds a recording with the moments' scores, (moments), which are `seconds` long.
    pub(crate) fn add(&mut self, moments: &[f32], seconds: f64) {
        let recording = self.recordings.last().map_or(0, |last| last + 1);
        let blocks = ((seconds / BLOCK_S).round() as usize).clamp(1, moments.len().max(1));
        for block in 0..blocks {
            let range = block * moments.len() / blocks..(block + 1) * moments.len() / blocks;
            self.scores.push(maximum(&moments[range]));
            self.recordings.push(recording);
        }
    }

    /// The largest score of each unit, in no order.
    pub(crate) fn units(&self, unit: Unit) -> Vec<f32> {
        if self.unit(unit) == Unit::Block {
            return self.scores.clone();
        }
        let pairs: Vec<(u32, f32)> =
            self.recordings.iter().copied().zip(self.scores.iter().copied()).collect();
        let of_one = pairs.chunk_by(|one, next| one.0 == next.0);
        of_one.map(|blocks| blocks.iter().map(|block| block.1).fold(f32::NEG_INFINITY, f32::max)).collect()
    }

    /// `unit`, or blocks where there are no files as they came.
    pub(crate) fn unit(&self, unit: Unit) -> Unit {
        if self.whole { unit } else { Unit::Block }
    }
}

/// The largest of `scores`.
pub(crate) fn maximum(scores: &[f32]) -> f32 {
    scores.iter().copied().fold(f32::NEG_INFINITY, f32::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_and_files_have_their_largest_moment() {
        let mut calibration = Calibration { whole: true, ..Calibration::default() };
        calibration.add(&[1.0, 5.0, 2.0, 3.0], 22.0);
        calibration.add(&[4.0], 0.3);
        assert_eq!(calibration.units(Unit::Block), [5.0, 3.0, 4.0]);
        assert_eq!(calibration.units(Unit::File), [5.0, 4.0]);
        let cut = Calibration { whole: false, ..calibration };
        assert_eq!(cut.units(Unit::File), [5.0, 3.0, 4.0]);
    }
}
