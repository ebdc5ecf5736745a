//! The scores of a trained cell: every frame of every test file (Eqs. 5 and 11).

use anyhow::Result;
use features::dataset::Loaded;
use features::testset::{TestItem, TestSet, Truth};
use models::Parameters;
use rayon::ThreadPool;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::rows::{read_csv, to_csv};
use super::scorer::Scorer;
use super::sounds::Material;
use crate::config::{self, SweepCell};
use crate::harness::{CellName, Store, Workspace};

/// A line of `scores.csv`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct FileScore {
    /// The sound, or the clip that is mixed into one.
    pub(super) file: String,
    /// `normal`, `anomalous` or `unlabelled`; `training` in `training_scores.csv`.
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
    /// The sound that was scored: of a mixture, the normal sound under the clip.
    pub(super) sound: String,
}

impl FileScore {
    /// The score of the file by `kind`.
    pub(super) fn by(&self, kind: config::FileScoring) -> f64 {
        f64::from(match kind {
            config::FileScoring::Max => self.score,
            config::FileScoring::Mean => self.mean_score,
        })
    }
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
fn scored(tests: &TestSet, every: usize) -> Vec<&TestItem> {
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
        let each = training.normal.len().div_ceil(MOST_TRAINING).max(1).saturating_mul(cell.every);
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

    /// The largest score of a normal file.
    pub(super) fn max_normal(&self) -> f64 {
        let normal = self.files.iter().filter(|file| file.label == "normal");
        normal.map(|file| file.by(config::FileScoring::Max)).fold(f64::NEG_INFINITY, f64::max)
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
