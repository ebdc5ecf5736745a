//! Trains one cell, from its last checkpoint where there is one.

use std::fs;
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use eval::Grid;
use features::ring::RingBatches;
use features::rng::{Purpose, stream};
use losses::Value;
use models::{Batch, Checkpoint, Engine, Parameters};

use super::score::Judge;
use crate::config::RingCell;
use crate::harness::progress::Progress;
use crate::harness::provenance::{ENV, Origin, Provenance};
use crate::harness::{CHECKPOINT, CellName, HISTORY, LOG, Store, Workspace, stop};

/// Every file of a finished cell but its settings.
pub(super) const FILES: [&str; 6] = [HISTORY, "scores.csv", "metrics.json", "weights.safetensors", ENV, LOG];

/// Updates between reports of progress.
const PROGRESS_EVERY: u64 = 250;

/// Nodes of the grid in each direction between those that `scores.csv` holds.
const SCORES_EVERY: usize = 10;

/// Trains, scores and finishes the cell `name`, or saves it where the run is asked to stop; says why in its log where
/// that fails.
pub(super) fn train(
    name: &CellName,
    cell: &RingCell,
    judge: &Judge,
    store: &Store,
    provenance: &Provenance,
    progress: &Progress,
) -> Result<()> {
    let workspace = store.workspace(name)?;
    let outcome = train_in(&workspace, cell, judge, provenance, progress);
    if let Err(error) = &outcome {
        let _ = workspace.append(LOG, &format!("failed: {error:#}")); // where even this fails, the error is told
    }
    outcome
}

fn train_in(
    workspace: &Workspace,
    cell: &RingCell,
    judge: &Judge,
    provenance: &Provenance,
    progress: &Progress,
) -> Result<()> {
    let begun = Instant::now();
    let (checkpoint, mut history) = resume(workspace, cell, progress)?;
    let start = checkpoint.optimizer.step;
    workspace
        .append(LOG, &format!("{}: from update {start} of {}", provenance.started, cell.training.updates))?;
    Origin::record(workspace, start, provenance)?;
    let mut engine = cell.engine.engine(cell.training(), checkpoint)?;
    progress.skip(start);
    if !update(workspace, cell, start, engine.as_mut(), &mut history, progress)? {
        return Ok(());
    }
    let parameters = engine.checkpoint()?.parameters;
    let finite = parameters.values().iter().all(|value| value.is_finite());
    ensure!(finite, "a parameter is no finite number after {} updates", cell.training.updates);
    let (metrics, scores) = judge.judge(cell, engine.as_mut())?;
    workspace.append(LOG, &format!("finished after {:.2} s: {metrics:?}", begun.elapsed().as_secs_f64()))?;
    workspace.write(HISTORY, history.text.as_bytes())?;
    workspace.write("scores.csv", scores_csv(&judge.grid, &scores).as_bytes())?;
    workspace.write("metrics.json", (serde_json::to_string_pretty(&metrics)? + "\n").as_bytes())?;
    workspace.write("weights.safetensors", &parameters.to_bytes())?;
    workspace.finish(cell)
}

/// The last checkpoint with the history up to it, or the start of training.
fn resume(workspace: &Workspace, cell: &RingCell, progress: &Progress) -> Result<(Checkpoint, History)> {
    let (architecture, config) = (cell.architecture()?, cell.training().amsgrad);
    let path = workspace.path(CHECKPOINT);
    if path.exists() {
        let bytes = fs::read(&path).with_context(|| format!("{}: cannot be read", path.display()))?;
        let read = Checkpoint::from_bytes(&bytes, &path, &architecture, config);
        let history = fs::read_to_string(workspace.path(HISTORY));
        let whole = read.map_err(anyhow::Error::from).and_then(|checkpoint| {
            let history = History::up_to(checkpoint.optimizer.step, cell.training.history_every, &history?)?;
            Ok((checkpoint, history))
        });
        match whole {
            Ok(resumed) => return Ok(resumed),
            Err(error) => {
                let why = format!("the training that was stopped is damaged ({error:#}); starting over");
                progress.say(&format!("{}: {why}", workspace.path(CHECKPOINT).display()));
                workspace.append(LOG, &why)?;
            }
        }
    }
    let parameters = Parameters::draw(architecture, cell.initial(), &mut stream(cell.seed, Purpose::Init, 0));
    Ok((Checkpoint::start(parameters, config), History::default()))
}

/// Makes all updates that are left to make, or saves those that it made once the run is asked to stop; whether all
/// are made.
fn update(
    workspace: &Workspace,
    cell: &RingCell,
    start: u64,
    engine: &mut dyn Engine,
    history: &mut History,
    progress: &Progress,
) -> Result<bool> {
    let settings = &cell.training;
    let mut batches = RingBatches::new(cell.ring(), cell.sampling(), cell.batch, cell.seed)?;
    let mut rows = vec![0.0; batches.len()];
    for step in start..settings.updates {
        if stop::asked() {
            save(workspace, engine, history)?;
            workspace.append(LOG, &format!("saved at update {step}"))?;
            return Ok(false);
        }
        batches.fill(step, &mut rows);
        let batch = Batch { rows: &rows, normal: cell.batch, weights: None };
        let value = engine.step(batch, settings.learning_rate)?;
        let made = step + 1;
        if made.is_multiple_of(settings.history_every) {
            history.add(made, value);
        }
        if made.is_multiple_of(settings.checkpoint_every) && made < settings.updates {
            save(workspace, engine, history)?;
        }
        if made.is_multiple_of(PROGRESS_EVERY) {
            progress.advance(PROGRESS_EVERY);
        }
    }
    Ok(true)
}

/// The history first: a checkpoint never stands without what led to it.
fn save(workspace: &Workspace, engine: &dyn Engine, history: &History) -> Result<()> {
    workspace.write(HISTORY, history.text.as_bytes())?;
    workspace.write(CHECKPOINT, &engine.checkpoint()?.to_bytes())
}

/// `history.csv`: the objective and its parts at every so many updates.
struct History {
    text: String,
}

const HISTORY_HEAD: &str = "update,objective,normal,anomalous";

impl Default for History {
    fn default() -> Self {
        Self { text: format!("{HISTORY_HEAD}\n") }
    }
}

impl History {
    fn add(&mut self, update: u64, value: Value) {
        self.text += &format!("{update},{:.6},{:.6},{:.6}\n", value.total, value.normal, value.anomalous);
    }

    /// The lines of `text` up to `update`, one for each `every` updates: what came after is written again.
    fn up_to(update: u64, every: u64, text: &str) -> Result<Self> {
        let mut lines = text.lines();
        ensure!(lines.next() == Some(HISTORY_HEAD), "{HISTORY}: expected the head {HISTORY_HEAD}");
        let mut history = Self::default();
        for expected in (every..=update).step_by(usize::try_from(every)?) {
            let line = lines.next().unwrap_or_default();
            let fields: Vec<&str> = line.split(',').collect();
            let whole = fields.len() == 4 && fields[0].parse() == Ok(expected);
            ensure!(whole, "{HISTORY}: found `{line}`, expected the line of update {expected}");
            history.text += &format!("{line}\n");
        }
        Ok(history)
    }
}

/// `scores.csv`: A(x) on every so many nodes of the grid.
fn scores_csv(grid: &Grid, scores: &[f32]) -> String {
    let mut text = "x1,x2,anomaly_score\n".to_owned();
    for row in (0..grid.side()).step_by(SCORES_EVERY) {
        for column in (0..grid.side()).step_by(SCORES_EVERY) {
            let score = scores[row * grid.side() + column];
            text += &format!("{:.4},{:.4},{score:.6}\n", grid.coordinate(column), grid.coordinate(row));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "update,objective,normal,anomalous\n50,1,2,3\n100,1,2,3\n150,1,2,3\n";

    #[test]
    fn a_history_is_cut_at_its_checkpoint() {
        let kept = History::up_to(120, 50, TEXT).unwrap().text;
        assert_eq!(kept, "update,objective,normal,anomalous\n50,1,2,3\n100,1,2,3\n");
    }

    #[test]
    fn a_history_with_a_hole_is_refused() {
        for text in [
            "",
            "update,objective,normal,anomalous\n",
            &TEXT.replace("100,1", "100"),
            &TEXT.replace("50,1,2,3\n", ""),
        ] {
            assert!(History::up_to(120, 50, text).is_err(), "{text}");
        }
    }
}
