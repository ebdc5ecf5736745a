//! Fits a detector: trains nets, chooses the threshold from sounds that they were not trained on.

mod material;
mod net;
mod parts;
mod source;
mod told;

use std::path::PathBuf;

use anyhow::Result;
use features::log_mel::FrontEnd;
use losses::ObjectiveName;
use models::Patience;
use rayon::prelude::*;

use self::material::Material;
pub(crate) use self::material::hash;
use self::net::{Trained, train};
use self::parts::{FOLDS, Parts};
use crate::calibration::Calibration;
use crate::detector::{Detector, Network, Settings, TrainingFacts};
use crate::file::VERSION;
use crate::health::Ranges;
use crate::model::{ModelScorer, moments};
use crate::progress::Progress;
use crate::threshold::{FalseAlarms, Threshold};

/// What is fitted, and how.
#[derive(Clone, Debug)]
pub struct FitSettings {
    /// Sounds to frames.
    pub front_end: FrontEnd,
    /// Units of the layers between input and output.
    pub hidden: Vec<usize>,
    /// What is minimised; one with a term of anomalous samples needs clips of other things.
    pub objective: ObjectiveName,
    /// Frames that the score of a moment is the mean of.
    pub moment: usize,
    /// Whether bands are brought to zero mean and unit variance.
    pub scale: bool,
    /// Rows of a mini-batch, where it is drawn row by row.
    pub rows: usize,
    /// When training ends.
    pub patience: Patience,
    /// Seed of all that is random.
    pub seed: u64,
    /// The rate of false alarms that the threshold is for.
    pub false_alarms: FalseAlarms,
    /// Seconds between files, where that is a rate in time and of files.
    pub file_every_s: Option<f64>,
}

impl FitSettings {
    /// The defaults, chosen by measurement (docs/detector.md); RE, which needs normal sounds alone.
    pub fn new(objective: ObjectiveName) -> Self {
        Self {
            front_end: FrontEnd::fcn40(),
            hidden: vec![128, 128, 128, 40, 128, 128, 128],
            objective,
            moment: 16,
            scale: true,
            rows: 256,
            patience: Patience {
                learning_rate: 1e-3,
                cut: 0.3,
                cuts: 2,
                patience: 4,
                every: 100,
                most: 4_000,
            },
            seed: 0,
            false_alarms: FalseAlarms::Share(0.01),
            file_every_s: None,
        }
    }
}

/// A detector, and what there is to say of it.
#[derive(Clone, Debug)]
pub struct Fit {
    /// The detector.
    pub detector: Detector,
    /// What it learned, line by line.
    pub learned: Vec<String>,
    /// What is not to be trusted.
    pub warnings: Vec<String>,
}

/// Fits a detector to `recordings` of normal sounds, files and folders, and to clips of `others`, if there are any.
///
/// The recordings are dealt to four folds; where they are few, contiguous parts of them are. Each fold is scored by a
/// net that was trained on the others: of these scores the threshold is made. The detector's own net is trained on all
/// of them. Each net holds out an eighth of its recordings, and stops when that no longer improves.
///
/// The result is the same for the same recordings, whatever the number of threads.
///
/// # Errors
/// Recordings that cannot be read, are too few or too short; those of training.
pub fn fit(recordings: &[PathBuf], others: &[PathBuf], settings: &FitSettings) -> Result<Fit> {
    let material = Material::load(recordings, others, settings)?;
    let parts = Parts::of(&material);
    let progress = Progress::new("training", (FOLDS as u64 + 1) * settings.patience.most);
    // The nets that are held against what they were not trained on, and the one that is kept.
    let nets: Vec<Option<usize>> = (0..FOLDS).map(Some).chain([None]).collect();
    let trained = nets.par_iter().map(|fold| train(&material, &parts, *fold, settings, &progress));
    let mut trained = trained.collect::<Result<Vec<Trained>>>()?;
    progress.finish();
    let kept = trained.pop().expect("there are nets");
    let scored = score_held_out(&material, &parts, trained)?;
    let mut calibration = Calibration { whole: parts.whole, ..Calibration::default() };
    for (part, scores) in parts.all.iter().zip(&scored) {
        calibration.add(scores, part.seconds(&material));
    }
    let threshold = Threshold::choose(&calibration, settings.false_alarms, settings.file_every_s)
        .map_err(anyhow::Error::msg)?;
    let band_errors = kept.band_errors(&material, &parts)?;
    let detector = Detector {
        band_errors,
        trained_on: material.recordings.iter().map(|recording| recording.hash).collect(),
        settings: Settings {
            version: VERSION,
            front_end: settings.front_end,
            network: Network {
                sizes: kept.model.parameters.architecture().sizes().to_vec(),
                activation: kept.model.parameters.architecture().activation(),
            },
            moment_frames: settings.moment,
            held_out_whole: calibration.whole,
            threshold,
            health: Some(Ranges::of(material.vitals())),
            training: facts(&material, &kept, settings),
        },
        calibration,
        model: kept.model,
    };
    let (learned, warnings) = told::of(&detector, &material, &parts, &scored);
    Ok(Fit { detector, learned, warnings })
}

fn facts(material: &Material, kept: &Trained, settings: &FitSettings) -> TrainingFacts {
    TrainingFacts {
        objective: settings.objective.to_string(),
        net: None,
        recordings: material.recordings.len(),
        hours: material.seconds() / 3600.0,
        clips: material.clips.len(),
        rates: material.rates(),
        updates: kept.updates,
        held_out: kept.held_out,
        seed: settings.seed,
    }
}

/// The scores of the moments of each part, by the net that was not trained on it.
fn score_held_out(material: &Material, parts: &Parts, trained: Vec<Trained>) -> Result<Vec<Vec<f32>>> {
    let of_fold = |(fold, net): (usize, Trained)| -> Result<Vec<(usize, Vec<f32>)>> {
        let moment = net.model.moment;
        let mut scorer = ModelScorer::new(net.model)?;
        let held_out = (0..parts.all.len()).filter(|part| parts.all[*part].fold == fold);
        let score = |part: usize| {
            let rows = scorer.row_scores(parts.all[part].frames(material))?;
            Ok((part, moments(&rows, moment)))
        };
        held_out.map(score).collect()
    };
    let scored: Result<Vec<_>> = trained.into_par_iter().enumerate().map(of_fold).collect();
    let mut scored: Vec<(usize, Vec<f32>)> = scored?.concat();
    scored.sort_by_key(|(part, _)| *part);
    Ok(scored.into_iter().map(|(_, scores)| scores).collect())
}

#[cfg(test)]
pub(crate) mod tests;
