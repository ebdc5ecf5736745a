//! The scores of a net: every frame of every test file (Eqs. 5 and 11), as CSV files.

use anyhow::{Context, Result, ensure};
use features::dataset::Loaded;
use features::testset::{TestItem, TestSet, Truth};
use harness::csv_rows::{read_csv, to_csv};
use harness::{Name, Shelf, Workspace};
use losses::FileScore;
use models::Parameters;
use rayon::ThreadPool;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use super::metrics::{Condition, conditions};
use super::scorer::Scorer;
use super::sounds::Material;
use crate::config::SweepCell;

/// What is known of a sound that was scored.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct ScoredFile {
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
    /// `source` or `target`, in sets that have domains.
    pub(super) domain: String,
    /// The part of a machine's sounds that is scored by itself.
    pub(super) section: String,
    /// How the machine ran, as the file's name tells it.
    pub(super) attributes: String,
    /// ANR of a mixture, dB.
    pub(super) anr_db: Option<f64>,
    /// The frame of the largest score: its row, counted from 0.
    pub(super) max_frame: usize,
    /// The middle of that frame, in seconds.
    pub(super) max_time_s: f64,
    /// What the machine was doing then.
    pub(super) operation: String,
    /// The sound that was scored: of a mixture, the normal sound under the clip.
    pub(super) sound: String,
    /// Its score by each of [`FileScore::ALL`]: a column each of `scores.csv`.
    #[serde(skip)]
    pub(super) scores: Vec<f32>,
}

impl ScoredFile {
    /// The score of the file by `kind`.
    pub(super) fn by(&self, kind: FileScore) -> f64 {
        let place = FileScore::ALL.iter().position(|other| *other == kind);
        f64::from(self.scores[place.expect("every kind is listed")])
    }
}

/// `files` as CSV: what is known of each, then its scores.
fn files_to_csv(files: &[ScoredFile]) -> Result<Vec<u8>> {
    let facts = to_csv(files)?;
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(facts.as_slice());
    let mut writer = csv::Writer::from_writer(Vec::new());
    let names = FileScore::ALL.iter().map(|kind| kind.name().to_owned()).collect();
    let scores = files.iter().map(|file| file.scores.iter().map(f32::to_string).collect());
    for (facts, scores) in reader.records().zip([names].into_iter().chain(scores)) {
        let scores: Vec<String> = scores;
        writer.write_record(facts?.iter().chain(scores.iter().map(String::as_str)))?;
    }
    Ok(writer.into_inner()?)
}

/// Reads what [`files_to_csv`] wrote.
fn files_from_csv(bytes: &[u8]) -> Result<Vec<ScoredFile>> {
    let mut files: Vec<ScoredFile> = read_csv(bytes)?;
    let mut reader = csv::Reader::from_reader(bytes);
    let names = FileScore::ALL.iter().map(|kind| kind.name());
    let first = reader.headers()?.len().checked_sub(FileScore::ALL.len());
    let first = first.filter(|first| reader.headers().is_ok_and(|head| head.iter().skip(*first).eq(names)));
    let first = first.context("found other columns, expected a score a column at the end")?;
    for (file, record) in files.iter_mut().zip(reader.records()) {
        file.scores = record?.iter().skip(first).map(str::parse).collect::<Result<_, _>>()?;
        ensure!(file.scores.len() == FileScore::ALL.len(), "{}: found too few scores", file.file);
    }
    Ok(files)
}

/// The conditions of the score called `name`, if it is there and whole.
pub(crate) fn read_conditions(scores: &Shelf, name: &str, kind: FileScore) -> Option<Vec<Condition>> {
    let bytes = scores.read(&Name::of_folder(name), "scores.csv").ok()?;
    Some(conditions(&files_from_csv(&bytes).ok()?, kind))
}

/// A line of `operations.csv`: an operation in a normal file.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct OperationScore {
    pub(super) file: String,
    pub(super) operation: String,
    /// Frames whose middle lies in it.
    pub(super) frames: usize,
    /// The largest score of these.
    pub(super) score: f32,
}

/// A line of `timeline.csv`: a frame of the one file whose scores are shown over time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct FrameScore {
    pub(super) file: String,
    /// The middle of the frame, in seconds.
    pub(super) time_s: f64,
    pub(super) score: f32,
    pub(super) operation: String,
    /// Whether the middle lies in the anomaly.
    pub(super) anomalous: bool,
}

/// All scores of a net.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Scores {
    pub(super) files: Vec<ScoredFile>,
    pub(super) operations: Vec<OperationScore>,
    /// Of normal training sounds, from which alone a threshold can be set for a machine that never failed.
    pub(super) training: Vec<ScoredFile>,
    pub(super) timeline: Vec<FrameScore>,
}

/// Most training sounds that are scored.
const MOST_TRAINING: usize = 64;

impl Scores {
    /// Scores every test file, and some training sounds, with the net of `parameters`, in parallel; in their order.
    pub(super) fn of(
        cell: &SweepCell,
        parameters: &Parameters,
        material: &Material,
        pool: &ThreadPool,
    ) -> Result<Self> {
        let Material { training, tests } = material;
        let items = tests.every(cell.scoring.every);
        let each = training.normal.len().div_ceil(MOST_TRAINING).max(1).saturating_mul(cell.scoring.every);
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

    /// Adds a CSV file of each.
    pub(super) fn write(&self, workspace: &mut Workspace) -> Result<()> {
        workspace.add("scores.csv", &files_to_csv(&self.files)?)?;
        workspace.add("operations.csv", &to_csv(&self.operations)?)?;
        workspace.add("training_scores.csv", &files_to_csv(&self.training)?)?;
        workspace.add("timeline.csv", &to_csv(&self.timeline)?)
    }

    /// Reads the scores that are there under `name`.
    ///
    /// # Errors
    /// A file that is damaged, with what was found.
    pub(super) fn read(shelf: &Shelf, name: &Name) -> Result<Self, String> {
        let told = |file: &'static str| move |error: anyhow::Error| format!("{file}: {error:#}");
        Ok(Self {
            files: files_from_csv(&shelf.read(name, "scores.csv")?).map_err(told("scores.csv"))?,
            operations: read_csv(&shelf.read(name, "operations.csv")?).map_err(told("operations.csv"))?,
            training: files_from_csv(&shelf.read(name, "training_scores.csv")?)
                .map_err(told("training_scores.csv"))?,
            timeline: read_csv(&shelf.read(name, "timeline.csv")?).map_err(told("timeline.csv"))?,
        })
    }

    /// The largest score of a normal file.
    pub(super) fn max_normal(&self) -> f64 {
        let normal = self.files.iter().filter(|file| file.label == "normal");
        normal.map(|file| file.by(FileScore::Max)).fold(f64::NEG_INFINITY, f64::max)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_read_back_to_the_bit() {
        let file = |file: &str, anr_db, score: f32| ScoredFile {
            file: file.to_owned(),
            label: "anomalous".to_owned(),
            machine: String::new(),
            id: "01".to_owned(),
            class: "knock, \"twice\"".to_owned(),
            car: "car1".to_owned(),
            domain: "target".to_owned(),
            section: "00".to_owned(),
            attributes: "vel_6".to_owned(),
            anr_db,
            max_frame: 7,
            max_time_s: 0.25,
            operation: "idle".to_owned(),
            sound: "a/b.wav".to_owned(),
            scores: FileScore::ALL.iter().zip(1..).map(|(_, n)| score / n as f32).collect(),
        };
        let files = [file("x.wav", Some(-10.0), 0.1), file("y, z.wav", None, -3.7e-9)];
        assert_eq!(files_from_csv(&files_to_csv(&files).unwrap()).unwrap(), files);
        assert_eq!(files_from_csv(&files_to_csv(&[]).unwrap()).unwrap(), []);
        let text =
            String::from_utf8(files_to_csv(&files).unwrap()).unwrap().replace("sound,max", "sound,least");
        assert!(files_from_csv(text.as_bytes()).is_err());
    }
}
