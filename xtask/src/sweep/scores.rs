//! The scores of a trained cell: every frame of every test file (Eqs. 5 and 11).

use anyhow::{Result, ensure};
use features::context::Edges;
use features::dataset::{Label, Labels, Loaded};
use features::log_mel::LogMel;
use features::testset::{TestItem, TestSet, Truth};
use models::{Checkpoint, Engine, Parameters};
use rayon::ThreadPool;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::metrics::Metrics;
use super::rows::{read_csv, to_csv};
use super::sounds::Material;
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

/// A line of `timeline.csv`: a frame of the one file whose scores are shown over time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct FrameScore {
    pub(super) file: String,
    /// The middle of the frame, in seconds.
    pub(super) time_s: f64,
    pub(super) score: f32,
    pub(super) operation: String,
    /// Whether the middle lies in the anomaly.
    pub(super) anomalous: bool,
}

/// All scores of a cell.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Scores {
    pub(super) files: Vec<FileScore>,
    pub(super) operations: Vec<OperationScore>,
    /// Of normal training sounds, from which alone a threshold can be set for a machine that never failed.
    pub(super) training: Vec<FileScore>,
    pub(super) timeline: Vec<FrameScore>,
}

/// Most training sounds that are scored.
const MOST_TRAINING: usize = 64;

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
    /// Scores every test file, and some training sounds, with the net of `parameters`, in parallel; in their order.
    pub(super) fn of(
        cell: &SweepCell,
        parameters: &Parameters,
        material: &Material,
        pool: &ThreadPool,
    ) -> Result<Self> {
        let Material { training, tests } = material;
        let items = scored(tests, cell.every);
        let each = training.normal.len().div_ceil(MOST_TRAINING).max(1) * cell.every;
        let normal: Vec<&Loaded> = training.normal.iter().step_by(each).collect();
        let start = || Scorer::new(cell, parameters);
        let (tested, training) = pool.install(|| {
            let tested = items.par_iter().map_init(start, |scorer, item| ready(scorer)?.test(item, tests));
            let trained = normal.par_iter().map_init(start, |scorer, sound| ready(scorer)?.training(sound));
            (tested.collect::<Result<Vec<_>>>(), trained.collect::<Result<Vec<_>>>())
        });
        let (files, operations): (Vec<_>, Vec<_>) = tested?.into_iter().unzip();
        let timeline = match shown_over_time(&items, tests) {
            Some(item) => start()?.timeline(item, tests)?,
            None => Vec::new(),
        };
        Ok(Self { files, operations: operations.concat(), training: training?, timeline })
    }

    /// Writes a CSV file of each.
    pub(super) fn write(&self, workspace: &Workspace) -> Result<()> {
        workspace.write("scores.csv", &to_csv(&self.files)?)?;
        workspace.write("operations.csv", &to_csv(&self.operations)?)?;
        workspace.write("training_scores.csv", &to_csv(&self.training)?)?;
        workspace.write("timeline.csv", &to_csv(&self.timeline)?)
    }

    /// Reads the scores of a finished cell.
    pub(super) fn read(store: &Store, name: &CellName) -> Result<Self> {
        let folder = store.folder(name);
        Ok(Self {
            files: read_csv(&folder.join("scores.csv"))?,
            operations: read_csv(&folder.join("operations.csv"))?,
            training: read_csv(&folder.join("training_scores.csv"))?,
            timeline: read_csv(&folder.join("timeline.csv"))?,
        })
    }

    /// What is said of the cell on its own.
    pub(super) fn metrics(&self) -> Result<Metrics> {
        Metrics::of(self)
    }
}

/// A scorer that could be made.
fn ready(scorer: &mut Result<Scorer>) -> Result<&mut Scorer> {
    scorer.as_mut().map_err(|error| anyhow::anyhow!("{error:#}"))
}

/// The file whose scores are shown over time: the anomalous one, at the first ANR, with most operations in it.
fn shown_over_time<'a>(items: &[&'a TestItem], tests: &TestSet) -> Option<&'a TestItem> {
    let mut anomalous = items.iter().copied().filter(|item| item.truth == Truth::Anomalous).peekable();
    let first_anr = anomalous.peek()?.anr_db;
    let operations = |item: &TestItem| tests.operations(item).len();
    let most = |best: &'a TestItem, next| if operations(next) > operations(best) { next } else { best };
    anomalous.filter(|item| item.anr_db == first_anr).reduce(most)
}

/// Scores sounds, one after the other.
struct Scorer {
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
    fn new(cell: &SweepCell, parameters: &Parameters) -> Result<Self> {
        let checkpoint = Checkpoint::start(parameters.clone(), cell.training().amsgrad);
        let (samples, rows) = (Vec::new(), Vec::new());
        let log_mel = LogMel::new(&cell.model.front_end.log_mel())?;
        Ok(Self { log_mel, engine: engine(cell, checkpoint)?, samples, rows })
    }

    /// The scores of all frames of the sound in `self.samples`.
    fn frames(&mut self, name: &str) -> Result<Frames> {
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
        let finite = !scores.is_empty() && scores.iter().all(|score| score.is_finite());
        ensure!(finite, "{name}: a frame's score is no finite number, or there is no frame");
        let lead = if full { span / 2 } else { config.fft / 2 };
        let middles = (0..scores.len()).map(|row| row * hop + lead).collect();
        Ok(Frames { scores, middles })
    }

    fn seconds(&self, sample: usize) -> f64 {
        sample as f64 / f64::from(self.log_mel.config().rate)
    }

    /// The score of a sound from those of its frames.
    fn file(&self, name: &str, label: &str, labels: &Labels, frames: &Frames) -> FileScore {
        let (max_frame, score) = maximum(&frames.scores);
        let mean =
            frames.scores.iter().map(|score| f64::from(*score)).sum::<f64>() / frames.scores.len() as f64;
        let of = |label| labels.get(&label).cloned().unwrap_or_default();
        FileScore {
            file: name.to_owned(),
            label: label.to_owned(),
            machine: of(Label::Machine),
            id: of(Label::Id),
            class: of(Label::Class),
            car: of(Label::Car),
            anr_db: None,
            score,
            mean_score: mean as f32,
            max_frame,
            max_time_s: self.seconds(frames.middles[max_frame]),
            operation: String::new(),
        }
    }

    fn training(&mut self, sound: &Loaded) -> Result<FileScore> {
        self.samples.clear();
        self.samples.extend_from_slice(&sound.samples);
        let frames = self.frames(&sound.name)?;
        let operation =
            sound.operation_at(frames.middles[maximum(&frames.scores).0]).unwrap_or_default().to_owned();
        Ok(FileScore { operation, ..self.file(&sound.name, "training", &sound.labels, &frames) })
    }

    fn test(&mut self, item: &TestItem, tests: &TestSet) -> Result<(FileScore, Vec<OperationScore>)> {
        tests.render(item, &mut self.samples)?;
        let frames = self.frames(&item.name)?;
        let operation =
            |row: usize| tests.operation_at(item, frames.middles[row]).unwrap_or_default().to_owned();
        let file = self.file(&item.name, item.truth.name(), &item.labels, &frames);
        let file = FileScore { anr_db: item.anr_db, operation: operation(file.max_frame), ..file };
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
                    operations.push(OperationScore { file: item.name.clone(), operation, frames: 1, score })
                }
            }
        }
        Ok((file, operations))
    }

    fn timeline(&mut self, item: &TestItem, tests: &TestSet) -> Result<Vec<FrameScore>> {
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
