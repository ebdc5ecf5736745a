//! Figures 2 and 3, of the seed that is the median of all by D(U ‖ q) of BU.

use std::fs;

use anyhow::{Context, Result};
use eval::figures::{RingScores, figure2, figure3};
use models::{Checkpoint, Parameters};

use super::cells::{Results, RunResult};
use super::score::Judge;
use crate::config::RingExperiment;
use crate::harness::Store;

/// What the figures say of themselves.
pub(super) struct Captions {
    pub(super) figure2: String,
    pub(super) figure3: String,
}

/// Draws `figure2` and `figure3`, each as `.png` and `.svg`; nothing where no seed has all three losses.
pub(super) fn draw(
    store: &Store,
    experiment: &RingExperiment,
    results: &Results,
) -> Result<Option<Captions>> {
    let seeds = results.whole_seeds();
    if seeds.is_empty() {
        return Ok(None);
    }
    let klds: Vec<f64> = seeds.iter().map(|[_, _, bu]| bu.metrics.kld_u).collect();
    let cells = seeds[eval::stats::median_index(&klds)?];
    let judge = Judge::new(&cells[0].cell)?;
    let [re, snp, bu] = cells.map(|run| grid_scores(store, run, &judge));
    let (re, snp, bu) = (re?, snp?, bu?);
    let border = experiment.data.normal_radius;
    let scores = RingScores { grid: &judge.grid, border, re: &re, snp: &snp, bu: &bu };
    let [seed, kld] = [cells[2].cell.seed.to_string(), format!("{:.3}", cells[2].metrics.kld_u)];
    let median = format!("Seed {seed}, the median of {} by D(U ‖ q) of BU, {kld}.", seeds.len());
    let captions = Captions {
        figure2: format!(
            "q_θ(x) of Eq. 6 from the anomaly scores of each autoencoder. Dotted: r = {border}, the border of normal samples. {median}"
        ),
        figure3: format!(
            "Anomaly score A(x) on the cut x_2 = 0, and over all angles against the radius (mean, and 5 to 95 % of angles). Yellow: anomalous. {median}"
        ),
    };
    figure2(&scores, &captions.figure2, &store.root().join("figure2"))?;
    figure3(&scores, &captions.figure3, &store.root().join("figure3"))?;
    Ok(Some(captions))
}

/// A(x) of a finished cell on the grid.
fn grid_scores(store: &Store, run: &RunResult, judge: &Judge) -> Result<Vec<f32>> {
    let path = store.folder(&run.name).join("weights.safetensors");
    let bytes = fs::read(&path).with_context(|| format!("{}: cannot be read", path.display()))?;
    let parameters = Parameters::from_bytes(&bytes, &path, &run.cell.architecture()?)?;
    let checkpoint = Checkpoint::start(parameters, run.cell.training().amsgrad);
    judge.scores(run.cell.engine.engine(run.cell.training(), checkpoint)?.as_mut())
}
