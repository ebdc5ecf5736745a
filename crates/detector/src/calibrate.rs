//! Scores of normal sounds of another place, in the stead of those that were held out in training.

use std::path::PathBuf;

use anyhow::{Result, bail, ensure};
use rayon::prelude::*;

use crate::calibration::Calibration;
use crate::detector::Detector;
use crate::fit::hash;
use crate::health::{Ranges, Vitals, unfit};
use crate::model::{ModelScorer, moments};
use crate::recordings::{Heard, find, hear};

/// Fewer recordings than these are no sample of files: their blocks are.
const FEWEST_WHOLE: usize = 8;

/// Takes the scores and the health of `recordings`, files and folders, for those of normal sounds from now on. The
/// threshold is to be chosen anew.
///
/// # Errors
/// Recordings that cannot be read, are silent, or were trained on.
pub fn calibrate(detector: &mut Detector, recordings: &[PathBuf]) -> Result<()> {
    let files = find(recordings)?;
    let front_end = detector.settings.front_end;
    let heard = |scorer: &mut Result<ModelScorer>, path: &PathBuf| -> Result<(Vec<f32>, f64, Vec<Vitals>)> {
        let scorer = scorer.as_mut().map_err(|error| anyhow::anyhow!("{error:#}"))?;
        let Heard { samples, seconds, blocks, .. } = hear(path, front_end.channel, front_end.rate)?;
        let place = path.display();
        ensure!(
            !detector.trained_on.contains(&hash(&samples)),
            "{place}: the net was trained on it, expected recordings that it does not know"
        );
        ensure!(
            front_end.rows(samples.len()) > 0,
            "{place}: {seconds:.3} s are less than a window of the net"
        );
        let frames = scorer.frames(&samples)?;
        let vitals: Vec<Vitals> = blocks.into_iter().map(|(vitals, _)| vitals).collect();
        if let Some(why) = unfit(&vitals) {
            bail!("{place}: {why}, expected normal sounds");
        }
        Ok((moments(&scorer.row_scores(&frames)?, detector.settings.moment_frames), seconds, vitals))
    };
    let model = detector.model.clone();
    let scored = files.par_iter().map_init(|| ModelScorer::new(model.clone()), heard);
    let scored = scored.collect::<Result<Vec<_>>>()?;
    let whole = files.len() >= FEWEST_WHOLE;
    let mut calibration = Calibration { whole, ..Calibration::default() };
    for (moments, seconds, _) in &scored {
        calibration.add(moments, *seconds);
    }
    detector.calibration = calibration;
    detector.settings.held_out_whole = whole;
    detector.settings.health = Some(Ranges::of(scored.iter().flat_map(|(.., vitals)| vitals)));
    Ok(())
}
