//! Scores recordings: the verdict on a file, where it stands out, and in which bands.

use std::path::Path;

use anyhow::Result;
use serde::Serialize;

use crate::calibration::maximum;
use crate::detector::Detector;
use crate::health::Complaint;
use crate::model::{ModelScorer, moments};
use crate::recordings::{Heard, hear_rows};
use crate::stretches::Hysteresis;

/// Seconds below the release that end a stretch.
pub(crate) const HOLD_S: f64 = 0.5;

/// What is said of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// No moment is above the threshold.
    Normal,
    /// One is.
    Anomaly,
    /// The recording is not to be trusted.
    Microphone,
}

/// A stretch above the threshold.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Part {
    /// Its start in seconds.
    pub from_s: f64,
    /// Its end.
    pub to_s: f64,
    /// Where its score is largest.
    pub peak_s: f64,
    /// That score over the threshold.
    pub peak: f64,
    /// The band that stands out most there.
    pub band: Band,
}

/// A band that stands out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Band {
    /// From this frequency, in Hz.
    pub low_hz: f64,
    /// To this one.
    pub high_hz: f64,
    /// Its squared error over that of normal sounds.
    pub times: f64,
}

/// What there is to say of a file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// The file.
    pub file: String,
    /// The verdict.
    pub verdict: Verdict,
    /// The largest score of a moment.
    pub score: f64,
    /// The threshold.
    pub threshold: f64,
    /// Score over threshold.
    pub ratio: f64,
    /// Length in seconds.
    pub seconds: f64,
    /// The file's rate in Hz.
    pub rate: u32,
    /// Stretches above the threshold.
    pub stretches: Vec<Part>,
    /// What is wrong with the recording.
    pub health: Vec<Complaint>,
    /// For pictures: log-mel, (frames, M), and the score of each moment.
    #[serde(skip)]
    pub frames: Vec<f32>,
    /// Scores of moments.
    #[serde(skip)]
    pub moments: Vec<f32>,
}

/// Scores one sound after the other.
pub struct Scorer<'a> {
    pub(crate) detector: &'a Detector,
    pub(crate) scorer: ModelScorer,
}

impl<'a> Scorer<'a> {
    /// Makes ready.
    ///
    /// # Errors
    /// Those of front end and engine.
    pub fn new(detector: &'a Detector) -> Result<Self> {
        Ok(Self { detector, scorer: ModelScorer::new(detector.model.clone())? })
    }

    /// Scores the file at `path`.
    ///
    /// # Errors
    /// A file that cannot be read, or is shorter than a window of the net.
    pub fn file(&mut self, path: &Path) -> Result<Report> {
        let front_end = self.detector.settings.front_end;
        let Heard { samples, rate, seconds, blocks, .. } = hear_rows(path, &front_end)?;
        let frames = self.scorer.frames(&samples)?;
        let rows = self.scorer.row_scores(&frames)?;
        let moments = moments(&rows, self.detector.settings.moment_frames);
        let threshold = self.detector.threshold().value;
        let hold = self.moments_of(HOLD_S);
        let stretches = Hysteresis::new(threshold, hold, 1).all(&moments);
        let part = |stretch: &crate::Stretch| Part {
            from_s: self.second_of(stretch.from, &moments, rows.len()),
            to_s: self.second_of(stretch.to - 1, &moments, rows.len()),
            peak_s: self.second_of(stretch.peak, &moments, rows.len()),
            peak: f64::from(stretch.score / threshold),
            band: self.band(&frames, stretch.peak),
        };
        let stretches: Vec<Part> = stretches.iter().map(part).collect();
        let health: Vec<Complaint> = self.complaints(&blocks);
        let verdict = match (health.is_empty(), stretches.is_empty()) {
            (false, _) => Verdict::Microphone,
            (true, false) => Verdict::Anomaly,
            (true, true) => Verdict::Normal,
        };
        let score = maximum(&moments);
        Ok(Report {
            file: path.display().to_string(),
            verdict,
            score: f64::from(score),
            threshold: f64::from(threshold),
            ratio: f64::from(score / threshold),
            seconds,
            rate,
            stretches,
            health,
            frames,
            moments,
        })
    }

    fn complaints(&self, blocks: &[(crate::health::Vitals, [f64; 2])]) -> Vec<Complaint> {
        let ranges = self.detector.health();
        let of = |ranges: &crate::Ranges| -> Vec<Complaint> {
            blocks.iter().flat_map(|(vitals, between)| ranges.complaints(vitals, *between)).collect()
        };
        ranges.map(of).unwrap_or_default()
    }

    /// Moments in `seconds`.
    pub(crate) fn moments_of(&self, seconds: f64) -> usize {
        let front_end = self.detector.settings.front_end;
        (seconds * f64::from(front_end.rate) / front_end.hop as f64).round() as usize
    }

    /// The middle of a moment, in seconds from the start of the sound.
    pub(crate) fn second_of(&self, moment: usize, moments: &[f32], rows: usize) -> f64 {
        let span = rows + 1 - moments.len().min(rows);
        self.middle(moment, span)
    }

    /// The middle of the moment of `span` rows from `moment` on, in seconds.
    pub(crate) fn middle(&self, moment: usize, span: usize) -> f64 {
        let front_end = self.detector.settings.front_end;
        let half = ((span - 1) * front_end.hop) as f64 / 2.0;
        (front_end.middle(moment) as f64 + half) / f64::from(front_end.rate)
    }

    /// The band that stands out most in a moment of `frames`.
    pub(crate) fn band(&self, frames: &[f32], moment: usize) -> Band {
        let front_end = self.detector.settings.front_end;
        let rows = (frames.len() / front_end.bands).saturating_sub(2 * front_end.context);
        let end = (moment + self.detector.settings.moment_frames).min(rows);
        let errors = self.scorer.band_errors(frames, moment, end);
        let usual = &self.detector.band_errors;
        let times = errors.iter().zip(usual).map(|(error, usual)| error / f64::from(*usual).max(1e-12));
        let (band, times) = times.enumerate().max_by(|a, b| a.1.total_cmp(&b.1)).unwrap_or((0, 0.0));
        let [low_hz, high_hz] = front_end.band_hz(band);
        Band { low_hz, high_hz, times }
    }
}
