//! Figures 2 and 3, of the seed that is the median of all by D(U ‖ q) of the last loss.

use anyhow::Result;
use eval::figures::{Drawing, RingScores, figure2, figure3};

use super::judge::Judge;
use super::results::Results;
use crate::config::RingExperiment;
use crate::run_args::Places;

/// A figure and what it says of itself.
pub(super) struct Figure {
    pub(super) drawing: Drawing,
    pub(super) caption: String,
}

/// Both.
pub(super) type Figures = [Figure; 2];

/// Draws `figure2` and `figure3`, each as `.png` and `.svg`; nothing where no seed has all losses.
pub(super) fn draw(
    places: &Places,
    experiment: &RingExperiment,
    results: &Results,
) -> Result<Option<Figures>> {
    let losses = results.losses();
    let seeds = results.whole_seeds(&losses);
    let last: Vec<_> = seeds.iter().filter_map(|runs| runs.last()).collect();
    if last.is_empty() {
        return Ok(None);
    }
    let klds: Vec<f64> = last.iter().map(|run| run.metrics.kld_u).collect();
    let median = eval::stats::median_index(&klds)?;
    let judge = Judge::new(&last[median].cell.scoring)?;
    let scores = seeds[median].iter().map(|run| {
        let parameters = harness::parameters(&places.nets, &run.cell.cell.net)?;
        judge.grid_scores(&run.cell, &parameters)
    });
    let scores = scores.collect::<Result<Vec<_>>>()?;
    let looks = losses.iter().map(|loss| crate::report::look(*loss));
    let losses: Vec<_> = looks.zip(scores.iter().map(Vec::as_slice)).collect();
    let border = experiment.data.normal_radius;
    let of = &last[median];
    let median = format!(
        "Seed {}, the median of {} by D(U ‖ q) of {}, {:.3}.",
        of.cell.seed(),
        seeds.len(),
        of.cell.loss,
        of.metrics.kld_u
    );
    let caption2 = format!(
        "q_θ(x) of Eq. 6 from the anomaly scores of each autoencoder. Dotted: r = {border}, the border of normal samples. {median}"
    );
    let caption3 = format!(
        "Anomaly score A(x) on the cut x_2 = 0, and over all angles against the radius (mean, and 5 to 95 % of angles). Yellow: anomalous. {median}"
    );
    let scores = RingScores { grid: &judge.grid, border, losses: &losses };
    let figures = [
        Figure { drawing: figure2(&scores, &caption2)?, caption: caption2 },
        Figure { drawing: figure3(&scores, &caption3)?, caption: caption3 },
    ];
    for (name, figure) in ["figure2", "figure3"].iter().zip(&figures) {
        places.folder.write(&format!("{name}.png"), &figure.drawing.png)?;
        places.folder.write(&format!("{name}.svg"), figure.drawing.svg.as_bytes())?;
    }
    Ok(Some(figures))
}
