//! The scores of a trained cell: every frame of every test file (Eqs. 5 and 11).

use anyhow::{Result, ensure};
use features::context::Edges;
use features::dataset::Label;
use features::log_mel::LogMel;
use features::testset::{TestItem, TestSet, Truth};
use models::{Checkpoint, Engine, Parameters};
use rayon::ThreadPool;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::metrics::Metrics;
use super::rows::{read_csv, to_csv};
use super::trainer::engine;
use crate::config::SweepCell;
use crate::harness::{CellName, Store, Workspace};

/// Rows scored at a time, so that a long file takes no more memory than a short one.
const ROWS: usize = 4096;

/// A line of `scores.csv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct FileScore {
    /// The sound, or the clip that is mixed into one.
    pub(super) file: String,
    /// `normal`, `anomalous` or `unlabelled`.
    pub(super) label: String,
    /// Kind of machine.
    pub(super) machine: String,
    /// The machine's number.
    pub(super) id: String,
    /// Class of the anomaly.
    pub(super) class: String,
    /// The car.
    pub(super) car: String,
    /// ANR of a mixture, dB.
    pub(super) anr_db: Option<f64>,
    /// The largest score of a frame (Eq. 11).
    pub(super) score: f32,
    /// The mean score of a frame.
    pub(super) mean_score: f32,
    /// The frame of the largest: its row, counted from 0.
    pub(super) max_frame: usize,
    /// The middle of that frame, in seconds.
    pub(super) max_time_s: f64,
    /// What the machine was doing then.
    pub(super) operation: String,
}

/// A line of `operations.csv`: an operation in a normal file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct OperationScore {
    pub(super) file: String,
    pub(super) operation: String,
    /// Frames whose middle lies in it.
    pub(super) frames: usize,
    /// The largest score of these.
    pub(super) score: f32,
}

/// All scores of a cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Scores {
    pub(super) files: Vec<FileScore>,
    pub(super) operations: Vec<OperationScore>,
}

/// The test files that are scored: each `every`th of each kind and ANR.
pub(super) fn scored(tests: &TestSet, every: usize) -> Vec<&TestItem> {
    let mut seen = Vec::<((Truth, Option<f64>), usize)>::new();
    let chosen = tests.items().iter().filter(|item| {
        let kind = (item.truth, item.anr_db);
        let index = seen.iter().position(|(other, _)| *other == kind).unwrap_or_else(|| {
            seen.push((kind, 0));
            seen.len() - 1
        });
        seen[index].1 += 1;
        (seen[index].1 - 1).is_multiple_of(every)
    });
    chosen.collect()
}

impl Scores {
    /// Scores every test file with the net of `parameters`, in parallel; in the order of the test set.
    pub(super) fn of(
        cell: &SweepCell,
        parameters: &Parameters,
        tests: &TestSet,
        pool: &ThreadPool,
    ) -> Result<Self> {
        let items = scored(tests, cell.every);
        let scored: Vec<(FileScore, Vec<OperationScore>)> = pool.install(|| {
            let start = || Scorer::new(cell, parameters);
            let score = |scorer: &mut Result<Scorer>, item: &&TestItem| match scorer {
                Ok(scorer) => scorer.score(item, tests),
                Err(error) => Err(anyhow::anyhow!("{error:#}")),
            };
            items.par_iter().map_init(start, score).collect::<Result<_>>()
        })?;
        let (files, operations): (Vec<_>, Vec<_>) = scored.into_iter().unzip();
        Ok(Self { files, operations: operations.concat() })
    }

    /// Writes `scores.csv` and `operations.csv`.
    pub(super) fn write(&self, workspace: &Workspace) -> Result<()> {
        workspace.write("scores.csv", &to_csv(&self.files)?)?;
        workspace.write("operations.csv", &to_csv(&self.operations)?)
    }

    /// Reads the scores of a finished cell.
    pub(super) fn read(store: &Store, name: &CellName) -> Result<Self> {
        let folder = store.folder(name);
        Ok(Self {
            files: read_csv(&folder.join("scores.csv"))?,
            operations: read_csv(&folder.join("operations.csv"))?,
        })
    }

    /// What is said of the cell on its own.
    pub(super) fn metrics(&self) -> Result<Metrics> {
        Metrics::of(self)
    }
}

/// Scores files, one after the other.
pub(super) struct Scorer {
    log_mel: LogMel,
    engine: Box<dyn Engine>,
    samples: Vec<f32>,
    rows: Vec<f32>,
}

/// The score of each frame of a file, and the sample in its middle.
pub(super) struct FrameScores {
    pub(super) scores: Vec<f32>,
    pub(super) middles: Vec<usize>,
}

impl Scorer {
    pub(super) fn new(cell: &SweepCell, parameters: &Parameters) -> Result<Self> {
        let checkpoint = Checkpoint::start(parameters.clone(), cell.training().amsgrad);
        let (samples, rows) = (Vec::new(), Vec::new());
        let log_mel = LogMel::new(&cell.model.front_end.log_mel())?;
        Ok(Self { log_mel, engine: engine(cell, checkpoint)?, samples, rows })
    }

    /// The scores of all frames of a file.
    pub(super) fn frames(&mut self, item: &TestItem, tests: &TestSet) -> Result<FrameScores> {
        tests.render(item, &mut self.samples)?;
        let config = *self.log_mel.config();
        let (hop, dim, span) = (config.hop, self.log_mel.dim(), config.row_span());
        let mut scores = vec![0.0; self.log_mel.rows(self.samples.len())];
        let full = config.edges == Edges::Full;
        // Rows with full context depend on their own samples alone: any stretch of them can be made by itself.
        let stretch = if full { ROWS } else { scores.len().max(1) };
        for (index, scores) in scores.chunks_mut(stretch).enumerate() {
            let samples = if full {
                &self.samples[index * stretch * hop..][..(scores.len() - 1) * hop + span]
            } else {
                &self.samples
            };
            self.rows.resize(scores.len() * dim, 0.0);
            self.log_mel.rows_into(samples, &mut self.rows)?;
            self.engine.anomaly_scores(&self.rows, scores)?;
        }
        let lead = if full { span / 2 } else { config.fft / 2 };
        let middles = (0..scores.len()).map(|row| row * hop + lead).collect();
        Ok(FrameScores { scores, middles })
    }

    fn score(&mut self, item: &TestItem, tests: &TestSet) -> Result<(FileScore, Vec<OperationScore>)> {
        let rate = f64::from(self.log_mel.config().rate);
        let FrameScores { scores, middles } = self.frames(item, tests)?;
        let (max_frame, score) = maximum(&scores);
        ensure!(
            scores.iter().all(|score| score.is_finite()),
            "{}: a frame's score is no finite number",
            item.name
        );
        let mean = scores.iter().map(|score| f64::from(*score)).sum::<f64>() / scores.len() as f64;
        let operation = |row: usize| tests.operation_at(item, middles[row]).unwrap_or_default().to_owned();
        let label = |label| item.label(label).to_owned();
        let file = FileScore {
            file: item.name.clone(),
            label: item.truth.name().to_owned(),
            machine: label(Label::Machine),
            id: label(Label::Id),
            class: label(Label::Class),
            car: label(Label::Car),
            anr_db: item.anr_db,
            score,
            mean_score: mean as f32,
            max_frame,
            max_time_s: middles[max_frame] as f64 / rate,
            operation: operation(max_frame),
        };
        let mut operations: Vec<OperationScore> = Vec::new();
        for row in (0..scores.len()).filter(|_| item.truth == Truth::Normal) {
            let operation = operation(row);
            let known = operations.iter_mut().find(|known| known.operation == operation);
            match known {
                Some(known) => {
                    known.frames += 1;
                    known.score = known.score.max(scores[row]);
                }
                None if operation.is_empty() => {}
                None => {
                    let file = item.name.clone();
                    operations.push(OperationScore { file, operation, frames: 1, score: scores[row] });
                }
            }
        }
        Ok((file, operations))
    }
}

/// The largest of `scores` and where it is first.
fn maximum(scores: &[f32]) -> (usize, f32) {
    let later = |best: (usize, f32), next: (usize, f32)| if next.1 > best.1 { next } else { best };
    scores.iter().copied().enumerate().fold((0, f32::NEG_INFINITY), later)
}
