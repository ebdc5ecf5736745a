//! Scores sounds with a trained net, frame by frame.

use anyhow::{Result, ensure};
use features::dataset::{Label, Labels, Loaded};
use features::log_mel::LogMel;
use features::testset::{TestItem, TestSet, Truth};
use losses::FileScore;
use models::{Engine, Parameters};

use super::scores::{FrameScore, OperationScore, ScoredFile};
use crate::config::SweepCell;

/// Rows scored at a time, so that a long file takes no more memory than a short one.
const ROWS: usize = 4096;

/// Scores sounds, one after the other.
pub(super) struct Scorer {
    log_mel: LogMel,
    engine: Box<dyn Engine>,
    samples: Vec<f32>,
    rows: Vec<f32>,
}

/// The score of each frame of a sound, and the sample in its middle.
struct Frames {
    scores: Vec<f32>,
    middles: Vec<usize>,
}

impl Scorer {
    pub(super) fn new(cell: &SweepCell, parameters: &Parameters) -> Result<Self> {
        let log_mel = LogMel::new(&cell.front_end)?;
        let engine = cell.cell.net.settings.scorer(parameters)?;
        Ok(Self { log_mel, engine, samples: Vec::new(), rows: Vec::new() })
    }

    /// The scores of all frames of the sound in `self.samples`.
    fn frames(&mut self, name: &str) -> Result<Frames> {
        let front_end = *self.log_mel.front_end();
        let rows = front_end.rows(self.samples.len());
        let mut scores = vec![0.0; rows];
        for (start, scores) in (0..rows).step_by(ROWS).zip(scores.chunks_mut(ROWS)) {
            self.rows.resize(scores.len() * front_end.dim(), 0.0);
            self.log_mel.rows_into(&self.samples, start..start + scores.len(), &mut self.rows)?;
            self.engine.anomaly_scores(&self.rows, scores)?;
        }
        let finite = !scores.is_empty() && scores.iter().all(|score| score.is_finite());
        ensure!(finite, "{name}: a frame's score is no finite number, or there is no frame");
        let middles = (0..rows).map(|row| front_end.middle(row)).collect();
        Ok(Frames { scores, middles })
    }

    fn seconds(&self, sample: usize) -> f64 {
        sample as f64 / f64::from(self.log_mel.front_end().rate)
    }

    /// The score of a sound from those of its frames.
    fn file(&self, name: &str, label: &str, labels: &Labels, frames: &Frames) -> ScoredFile {
        let (max_frame, _) = maximum(&frames.scores);
        let of = |label| labels.get(&label).cloned().unwrap_or_default();
        ScoredFile {
            file: name.to_owned(),
            label: label.to_owned(),
            machine: of(Label::Machine),
            id: of(Label::Id),
            class: of(Label::Class),
            car: of(Label::Car),
            domain: of(Label::Domain),
            section: of(Label::Section),
            attributes: of(Label::Attributes),
            anr_db: None,
            max_frame,
            max_time_s: self.seconds(frames.middles[max_frame]),
            operation: String::new(),
            sound: name.to_owned(),
            scores: FileScore::ALL.iter().map(|kind| kind.of(&frames.scores)).collect(),
        }
    }

    pub(super) fn training(&mut self, sound: &Loaded) -> Result<ScoredFile> {
        self.samples.clear();
        self.samples.extend_from_slice(&sound.samples);
        let frames = self.frames(&sound.name)?;
        let operation =
            sound.operation_at(frames.middles[maximum(&frames.scores).0]).unwrap_or_default().to_owned();
        Ok(ScoredFile { operation, ..self.file(&sound.name, "training", &sound.labels, &frames) })
    }

    pub(super) fn test(
        &mut self,
        item: &TestItem,
        tests: &TestSet,
    ) -> Result<(ScoredFile, Vec<OperationScore>)> {
        tests.render(item, &mut self.samples)?;
        let frames = self.frames(&item.name)?;
        let operation =
            |row: usize| tests.operation_at(item, frames.middles[row]).unwrap_or_default().to_owned();
        let file = self.file(&item.name, item.truth.name(), &item.labels, &frames);
        let sound = tests.sound_name(item).to_owned();
        let file = ScoredFile { anr_db: item.anr_db, operation: operation(file.max_frame), sound, ..file };
        let mut operations: Vec<OperationScore> = Vec::new();
        if item.truth != Truth::Normal {
            return Ok((file, operations));
        }
        for (row, score) in frames.scores.iter().copied().enumerate() {
            let operation = operation(row);
            match operations.iter_mut().find(|known| known.operation == operation) {
                Some(known) => {
                    known.frames += 1;
                    known.score = known.score.max(score);
                }
                None if operation.is_empty() => {}
                None => {
                    operations.push(OperationScore { file: item.name.clone(), operation, frames: 1, score });
                }
            }
        }
        Ok((file, operations))
    }

    pub(super) fn timeline(&mut self, item: &TestItem, tests: &TestSet) -> Result<Vec<FrameScore>> {
        tests.render(item, &mut self.samples)?;
        let frames = self.frames(&item.name)?;
        let rows = frames.scores.iter().zip(&frames.middles).map(|(score, middle)| FrameScore {
            file: item.name.clone(),
            time_s: self.seconds(*middle),
            score: *score,
            operation: tests.operation_at(item, *middle).unwrap_or_default().to_owned(),
            anomalous: item.extent.as_ref().is_some_and(|extent| extent.contains(middle)),
        });
        Ok(rows.collect())
    }
}

/// The largest of `scores` and where it is first.
fn maximum(scores: &[f32]) -> (usize, f32) {
    let later = |best: (usize, f32), next: (usize, f32)| if next.1 > best.1 { next } else { best };
    scores.iter().copied().enumerate().fold((0, f32::NEG_INFINITY), later)
}
