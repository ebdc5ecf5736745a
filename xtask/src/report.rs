//! What the reports of all experiments have in common.

use std::io::Write;

use anyhow::Result;
use eval::atomic::write_atomically;
use eval::claims::Claim;
use serde::Serialize;

use crate::harness::provenance::{Provenance, trained_by};
use crate::harness::{CellName, Failure, Store};
use crate::html::Page;

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
    let mut text = format!("\n{title}, paired over seeds, 95 % interval of the mean\n");
    for claim in claims {
        let (verdict, estimate) = (claim.verdict.to_string(), estimate(claim));
        text += &format!("{verdict:14} {}\n               {}: {estimate}\n", claim.text, claim.statistic);
    }
    text + "\n"
}

/// The score card in a report.
pub(crate) fn add_claims(page: &mut Page, title: &str, claims: &[Claim]) {
    page.heading(title);
    let rows = claims.iter().map(|claim| {
        vec![claim.verdict.to_string(), claim.text.clone(), estimate(claim), claim.statistic.clone()]
    });
    page.table(&["verdict", "claim", "mean [95 % interval]", "statistic"], rows);
    page.note("Each statistic is taken within a seed; the interval is a percentile bootstrap of its mean over seeds, or Student's t of fewer than 8 seeds. A claim holds when the whole interval lies on the claimed side.");
}

/// The estimate with its interval.
fn estimate(claim: &Claim) -> String {
    match claim.interval {
        Some(interval) => format!("{:.3} [{:.3}, {:.3}]", claim.estimate, interval.low, interval.high),
        None => format!("{:.3} (one seed)", claim.estimate),
    }
}

/// The cells that are not there.
pub(crate) fn add_failures(page: &mut Page, failures: &[Failure]) {
    if !failures.is_empty() {
        page.heading("Cells that failed");
        page.table(
            &["cell", "last words"],
            failures.iter().map(|(name, why)| vec![name.to_string(), why.clone()]),
        );
    }
}

/// Ends `page` with the settings and with what made the results, the finished cells `names` and the tables and
/// figures, and writes it to `report.html`.
pub(crate) fn write<'a>(
    mut page: Page,
    store: &Store,
    experiment: &impl Serialize,
    names: impl Iterator<Item = &'a CellName>,
    provenance: &Provenance,
) -> Result<()> {
    page.heading("Settings");
    page.verbatim(&serde_yaml::to_string(experiment)?);
    page.heading("Provenance");
    let trained = trained_by(store, names).into_iter();
    let trained = trained.map(|(what, cells)| [cells.to_string()].into_iter().chain(what).collect());
    page.table(
        &["cells", "source that trained them", "Cargo.lock", "compiler", "CPU", "instructions"],
        trained,
    );
    page.note("And the run that made these tables and figures of them:");
    if let serde_json::Value::Object(fields) = serde_json::to_value(provenance)? {
        let text =
            |value: &serde_json::Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        page.table(&["what", "found"], fields.iter().map(|(key, value)| vec![key.clone(), text(value)]));
    }
    let html = page.finish();
    Ok(write_atomically(&store.root().join("report.html"), |file| file.write_all(html.as_bytes()))?)
}
