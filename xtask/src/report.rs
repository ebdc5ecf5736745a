//! What the reports of all experiments have in common.

use anyhow::Result;
use eval::claims::{Claim, Measured};
use eval::figures::Loss;
use eval::stats::Interval;
use harness::provenance::{Provenance, trained_by};
use harness::{Failure, Name};
use losses::ObjectiveName;
use serde::Serialize;

use crate::html::Page;
use crate::run_args::Places;

/// File of an experiment's folder that holds all of its settings.
pub(crate) const SETTINGS: &str = "settings.yaml";

/// How figures show a loss.
pub(crate) fn look(loss: ObjectiveName) -> Loss {
    Loss { name: loss.as_str(), color: loss.color(), order: loss.order() }
}

/// So many seeds, in words: those of all rows, which differ where cells failed.
pub(crate) fn counted_seeds(seeds: impl Iterator<Item = usize> + Clone) -> String {
    match (seeds.clone().min().unwrap_or(0), seeds.max().unwrap_or(0)) {
        (1, 1) => "1 seed".to_owned(),
        (least, most) if least == most => format!("{most} seeds"),
        (least, most) => format!("{least} to {most} seeds"),
    }
}

/// The score card for people: `title`, then each claim with its verdict, statistic and interval.
pub(crate) fn claims_text(title: &str, claims: &[Claim]) -> String {
    let mut text =
        format!("\n{title}, paired over seeds, 95 % interval of the mean, p after Holm's correction\n");
    for claim in claims {
        let Measured { text: words, statistic, .. } = &claim.measured;
        let verdict = claim.verdict.to_string();
        text += &format!("{verdict:14} {words}\n               {statistic}: {}\n", estimate(claim));
    }
    text + "\n"
}

/// The score card in a report.
pub(crate) fn add_claims(page: &mut Page, title: &str, claims: &[Claim]) {
    page.heading(title);
    let rows = claims.iter().map(|claim| {
        let Measured { text, statistic, .. } = &claim.measured;
        vec![claim.verdict.to_string(), text.clone(), estimate(claim), statistic.clone()]
    });
    page.table(&["verdict", "claim", "mean [95 % interval]", "statistic"], rows);
    page.note("Each statistic is taken within a seed; intervals are Student's t. A claim holds, or does not, when the mean lies on that side of its bound with p below 0.05 after Holm's correction over all claims of the card; the intervals are not corrected. One seed decides nothing.");
}

/// The estimate with its interval.
fn estimate(claim: &Claim) -> String {
    let mean = claim.measured.mean;
    match claim.measured.estimate.map(|estimate| estimate.interval()).zip(claim.p) {
        Some((Interval { low, high }, p)) => {
            let p = if p < 0.001 { "p < 0.001".to_owned() } else { format!("p = {p:.3}") };
            format!("{mean:.3} [{low:.3}, {high:.3}], {p}")
        }
        None => format!("{mean:.3} (one seed)"),
    }
}

/// The cells that are not there.
pub(crate) fn add_failures(page: &mut Page, failures: &[Failure]) {
    if !failures.is_empty() {
        page.heading("Cells that failed");
        page.table(
            &["cell", "last words"],
            failures.iter().map(|Failure { label, why }| vec![label.clone(), why.clone()]),
        );
    }
}

/// Ends `page` with the settings and with what made the results, the nets `names` and the tables and figures, and
/// writes it to `report.html`; the settings to a file too.
pub(crate) fn write<'a>(
    mut page: Page,
    places: &Places,
    experiment: &impl Serialize,
    names: impl Iterator<Item = &'a Name>,
    provenance: &Provenance,
) -> Result<()> {
    let settings = serde_yaml::to_string(experiment)?;
    places.folder.write(SETTINGS, settings.as_bytes())?;
    page.heading("Settings");
    page.verbatim(&settings);
    page.heading("Provenance");
    let trained = trained_by(&places.nets, names).into_iter();
    let trained = trained.map(|(what, cells)| [cells.to_string()].into_iter().chain(what).collect());
    page.table(
        &["nets", "source that trained them", "Cargo.lock", "compiler", "CPU", "instructions"],
        trained,
    );
    page.note("And the run that made these tables and figures of them:");
    if let serde_json::Value::Object(fields) = serde_json::to_value(provenance)? {
        let text =
            |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        page.table(&["what", "found"], fields.iter().map(|(key, value)| vec![key.clone(), text(value)]));
    }
    places.folder.write("report.html", page.finish().as_bytes())
}
