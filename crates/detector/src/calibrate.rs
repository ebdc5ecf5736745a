//! Normal sounds that a net does not know: what thresholds, health and usual errors are made of, where the recordings
//! of training are not at hand or are of another place.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail, ensure};
use rayon::prelude::*;

use crate::band_errors::BandErrors;
use crate::calibration::Calibration;
use crate::detector::Detector;
use crate::fit::hash;
use crate::health::{Ranges, Vitals, unfit};
use crate::model::{Model, ModelScorer, moments};
use crate::recordings::{Heard, find, hear_rows};

/// Fewer recordings than these are no sample of files: their blocks are.
const FEWEST_WHOLE: usize = 8;

/// Takes the scores, the health and the errors of `recordings`, files and folders, for those of normal sounds from now
/// on. The threshold is to be chosen anew.
///
/// # Errors
/// Recordings that cannot be read, are silent, or were trained on.
pub fn calibrate(detector: &mut Detector, recordings: &[PathBuf]) -> Result<()> {
    let NormalSounds { calibration, health, band_errors } =
        NormalSounds::hear(&detector.model, &detector.trained_on, recordings)?;
    detector.settings.held_out_whole = calibration.whole;
    detector.settings.health = Some(health);
    detector.calibration = calibration;
    detector.band_errors = band_errors;
    Ok(())
}

/// What normal sounds have to say.
pub(crate) struct NormalSounds {
    pub(crate) calibration: Calibration,
    pub(crate) health: Ranges,
    /// The squared error of each band, (M).
    pub(crate) band_errors: Vec<f32>,
}

/// A recording of them.
struct Scored {
    moments: Vec<f32>,
    seconds: f64,
    vitals: Vec<Vitals>,
    errors: BandErrors,
}

impl NormalSounds {
    /// Scores `recordings`, files and folders, with `model`; those whose hash is in `trained_on` are refused.
    ///
    /// # Errors
    /// Recordings that cannot be read, are silent, or were trained on.
    pub(crate) fn hear(model: &Model, trained_on: &[u64], recordings: &[PathBuf]) -> Result<Self> {
        let files = find(recordings)?;
        let score = |scorer: &mut Result<ModelScorer>, path: &PathBuf| {
            let scorer = scorer.as_mut().map_err(|error| anyhow!("{error:#}"))?;
            Scored::hear(scorer, trained_on, path)
        };
        let scored = files.par_iter().map_init(|| ModelScorer::new(model.clone()), score);
        let scored = scored.collect::<Result<Vec<Scored>>>()?;
        let mut calibration = Calibration { whole: files.len() >= FEWEST_WHOLE, ..Calibration::default() };
        let mut errors = BandErrors::default();
        for recording in &scored {
            calibration.add(&recording.moments, recording.seconds);
            errors.add(&recording.errors);
        }
        let health = Ranges::of(scored.iter().flat_map(|recording| &recording.vitals));
        Ok(Self { calibration, health, band_errors: errors.mean(model) })
    }
}

impl Scored {
    fn hear(scorer: &mut ModelScorer, trained_on: &[u64], path: &Path) -> Result<Self> {
        let front_end = scorer.model.front_end;
        let Heard { samples, seconds, blocks, .. } = hear_rows(path, &front_end)?;
        let place = path.display();
        ensure!(
            !trained_on.contains(&hash(&samples)),
            "{place}: the net was trained on it, expected recordings that it does not know"
        );
        let frames = scorer.frames(&samples)?;
        let vitals: Vec<Vitals> = blocks.into_iter().map(|(vitals, _)| vitals).collect();
        if let Some(why) = unfit(&vitals) {
            bail!("{place}: {why}, expected normal sounds");
        }
        let moments = moments(&scorer.row_scores(&frames)?, scorer.model.moment);
        let errors = BandErrors::of(scorer, &frames);
        Ok(Self { moments, seconds, vitals, errors })
    }
}
