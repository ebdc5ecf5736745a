//! `report.html` of the verification experiment.

use anyhow::Result;
use eval::claims::Claim;
use harness::provenance::Provenance;

use super::figures::Figures;
use super::results::Results;
use super::table1::{Table1, distance, in_sd};
use crate::config::RingExperiment;
use crate::html::Page;
use crate::report::{add_claims, add_failures};
use crate::run_args::Places;

/// What the report tells.
pub(super) struct Content<'a> {
    pub(super) experiment: &'a RingExperiment,
    pub(super) table: &'a Table1,
    pub(super) claims: &'a [Claim],
    pub(super) figures: Option<Figures>,
    pub(super) results: &'a Results,
    pub(super) provenance: &'a Provenance,
}

/// Writes the report; the figures were drawn before.
pub(super) fn write(places: &Places, content: &Content<'_>) -> Result<()> {
    let mut page = Page::new("Batch uniformization: the verification experiment");
    page.paragraph("The 2-D ring of Koizumi et al. 2019, Sec. 4.1: normal samples whose density falls as 1/r, and autoencoders trained with RE, SNP and BU.");
    add_claims(&mut page, "Claims of Sec. 4.1.2", content.claims);
    add_table1(&mut page, content.table);
    if let Some(figures) = &content.figures {
        page.heading("Figures 2 and 3");
        for figure in figures {
            page.picture(&figure.drawing.png, &figure.caption.replace('_', ""));
        }
    }
    add_runs(&mut page, content.results);
    let names = content.results.runs.iter().map(|run| &run.cell.cell.net.name);
    crate::report::write(page, places, content.experiment, names, content.provenance)
}

fn add_table1(page: &mut Page, table: &Table1) {
    page.heading("Table 1");
    let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.3}"));
    let rows = table.0.iter().map(|row| {
        let mut cells = vec![row.loss.to_string(), row.seeds.to_string()];
        let paper = [row.paper.map(|paper| paper.kld_p), row.paper.map(|paper| paper.kld_u)];
        for (spread, paper) in [row.kld_p, row.kld_u].into_iter().zip(paper) {
            cells.extend([
                number(Some(spread.mean)),
                number(spread.sd),
                number(paper),
                in_sd(distance(spread, paper)),
            ]);
        }
        cells
    });
    let head =
        ["loss", "seeds", "D(p||q)", "sd", "paper", "differs by", "D(U||q)", "sd", "paper", "differs by"];
    page.table(&head, rows);
    page.note("The paper prints one number a cell, of one run. The difference is ours less the paper's, in our sd over seeds.");
}

fn add_runs(page: &mut Page, results: &Results) {
    add_failures(page, &results.failures);
    page.heading("Runs");
    let rows = results.runs.iter().map(|run| {
        let metrics = &run.metrics;
        let numbers = [
            metrics.kld_p,
            metrics.kld_u,
            metrics.max_score_normal,
            metrics.mean_score_normal,
            metrics.min_score_anomalous,
        ];
        let start = [run.cell.loss.to_string(), run.cell.seed().to_string()];
        start.into_iter().chain(numbers.map(|number| format!("{number:.4}"))).collect()
    });
    page.table(
        &["loss", "seed", "D(p||q)", "D(U||q)", "max A normal", "mean A normal", "min A anomalous"],
        rows,
    );
}
