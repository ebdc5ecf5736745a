//! A trained net with what stands before and behind it: frames in, scores of frames and moments out.

use anyhow::{Result, ensure};
use features::log_mel::{FrontEnd, LogMel};
use losses::{Objective, Term, Weighting};
use models::{AmsGradConfig, Checkpoint, Engine, FusedEngine, Parameters, Training};

/// Rows scored at a time, so that a long recording takes no more memory than a short one.
const ROWS: usize = 1024;

/// Mean and spread of each band over the training frames, by which frames are brought to zero mean and unit variance.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Scale {
    /// (M), in the unit of the log-mel.
    pub(crate) mean: Vec<f32>,
    /// (M), positive.
    pub(crate) sd: Vec<f32>,
}

impl Scale {
    /// Of frames of `bands` bands, (frames, M) each.
    pub(crate) fn of<'a>(bands: usize, parts: impl Iterator<Item = &'a [f32]> + Clone) -> Self {
        let frames = || parts.clone().flat_map(|part| part.chunks_exact(bands));
        let count = frames().count().max(1) as f64;
        let mut mean = vec![0.0; bands];
        for frame in frames() {
            mean.iter_mut().zip(frame).for_each(|(sum, value)| *sum += f64::from(*value) / count);
        }
        let mut variance = vec![0.0; bands];
        for frame in frames() {
            for ((sum, value), mean) in variance.iter_mut().zip(frame).zip(&mean) {
                *sum += (f64::from(*value) - mean).powi(2) / count;
            }
        }
        // A band that never changes, such as one above what the microphone hears, is left at its own scale.
        let sd = variance.iter().map(|variance| if *variance > 1e-8 { variance.sqrt() as f32 } else { 1.0 });
        Self { sd: sd.collect(), mean: mean.iter().map(|mean| *mean as f32).collect() }
    }

    /// Changes nothing.
    pub(crate) fn identity(bands: usize) -> Self {
        Self { mean: vec![0.0; bands], sd: vec![1.0; bands] }
    }

    /// Brings (.., M) features to scale.
    pub(crate) fn apply(&self, features: &mut [f32]) {
        for frame in features.chunks_exact_mut(self.mean.len()) {
            for ((value, mean), sd) in frame.iter_mut().zip(&self.mean).zip(&self.sd) {
                *value = (*value - mean) / sd;
            }
        }
    }
}

/// All that turns a sound into scores.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Model {
    pub(crate) front_end: FrontEnd,
    pub(crate) scale: Scale,
    pub(crate) parameters: Parameters,
    /// Frames that the score of a moment is the mean of.
    pub(crate) moment: usize,
}

/// A model at work, with its buffers.
pub(crate) struct ModelScorer {
    pub(crate) model: Model,
    log_mel: LogMel,
    engine: FusedEngine,
    rows: Vec<f32>,
}

impl ModelScorer {
    pub(crate) fn new(model: Model) -> Result<Self> {
        let objective = Objective { weighting: Weighting::Uniform, term: Term::None };
        let training = Training { objective, amsgrad: AmsGradConfig::default(), threads: 1 };
        let start = Checkpoint::start(model.parameters.clone(), training.amsgrad);
        let (engine, log_mel) = (FusedEngine::new(training, start)?, LogMel::new(&model.front_end)?);
        Ok(Self { model, log_mel, engine, rows: Vec::new() })
    }

    /// Log-mel of `samples` at the rate of the front end, (frames, M), not yet to scale.
    pub(crate) fn frames(&mut self, samples: &[f32]) -> Result<Vec<f32>> {
        let FrontEnd { bands, .. } = self.model.front_end;
        let mut frames = vec![0.0; self.model.front_end.frames(samples.len()) * bands];
        self.log_mel.frames_into(samples, &mut frames)?;
        Ok(frames)
    }

    /// The score of each row of `frames`, (frames, M), which are not yet to scale: 2C fewer than frames.
    pub(crate) fn row_scores(&mut self, frames: &[f32]) -> Result<Vec<f32>> {
        let FrontEnd { bands, context, .. } = self.model.front_end;
        let dim = self.model.front_end.dim();
        let rows = (frames.len() / bands).saturating_sub(2 * context);
        let mut scaled = frames.to_vec();
        self.model.scale.apply(&mut scaled);
        let mut scores = vec![0.0; rows];
        for (start, scores) in (0..rows).step_by(ROWS).zip(scores.chunks_mut(ROWS)) {
            self.rows.clear();
            for row in start..start + scores.len() {
                self.rows.extend_from_slice(&scaled[row * bands..][..dim]);
            }
            self.engine.anomaly_scores(&self.rows, scores)?;
        }
        let finite = scores.iter().all(|score| score.is_finite());
        ensure!(finite, "the score of a frame is no finite number: the sound or the net is out of all range");
        Ok(scores)
    }

    /// The squared error of each band, (M), a mean over the rows from `first` to before `end` of `frames`.
    pub(crate) fn band_errors(&self, frames: &[f32], first: usize, end: usize) -> Vec<f64> {
        let FrontEnd { bands, .. } = self.model.front_end;
        let dim = self.model.front_end.dim();
        let mut errors = vec![0.0; bands];
        for row in first..end {
            let mut row = frames[row * bands..][..dim].to_vec();
            self.model.scale.apply(&mut row);
            let reconstruction = self.model.parameters.reconstruction(&row);
            for (at, (x, y)) in row.iter().zip(&reconstruction).enumerate() {
                errors[at % bands] += f64::from((x - y) * (x - y));
            }
        }
        let count = ((end - first) * dim / bands).max(1) as f64;
        errors.iter().map(|error| error / count).collect()
    }
}

/// The score of each moment: the mean of `moment` rows from it on; of all rows where there are fewer.
pub(crate) fn moments(rows: &[f32], moment: usize) -> Vec<f32> {
    let span = moment.min(rows.len()).max(1);
    let mean = |rows: &[f32]| (rows.iter().map(|row| f64::from(*row)).sum::<f64>() / span as f64) as f32;
    rows.windows(span).map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scale_brings_bands_to_zero_mean_and_unit_variance() {
        let parts = [vec![1.0, 5.0, 3.0, 5.0], vec![5.0, 5.0]];
        let scale = Scale::of(2, parts.iter().map(Vec::as_slice));
        assert_eq!(scale.mean, [3.0, 5.0]);
        let mut all = parts.concat();
        scale.apply(&mut all);
        let expected = 1.5_f32.sqrt();
        assert!((all[0] + expected).abs() < 1e-6 && (all[4] - expected).abs() < 1e-6, "{all:?}");
        assert_eq!([all[1], all[3], all[5]], [0.0; 3]);
    }

    #[test]
    fn a_moment_is_the_mean_of_its_rows() {
        assert_eq!(moments(&[1.0, 2.0, 6.0, 4.0], 2), [1.5, 4.0, 5.0]);
        assert_eq!(moments(&[1.0, 2.0, 6.0], 5), [3.0]);
        assert_eq!(moments(&[1.0, 2.0], 1), [1.0, 2.0]);
        assert!(moments(&[], 3).is_empty());
    }
}
