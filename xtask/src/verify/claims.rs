//! The claims of Sec. 4.1.2, decided from the scored nets, paired over seeds.

use anyhow::Result;
use eval::claims::{Claim, Expected, Measured, decide as decide_card};
use eval::estimate::Estimate;
use losses::ObjectiveName;

use super::judge::Metrics;
use super::results::Results;

/// The metrics of RE, SNP and BU of one seed.
type Seed = [Metrics; 3];

/// A claim: its words, its statistic, what a seed contributes to it, and where that is expected.
type Statement = (&'static str, &'static str, fn(&Seed) -> f64, Expected);

const STATEMENTS: [Statement; 4] = [
    (
        "BU has the lowest D(U||q)",
        "D(U||q): the lower of RE and SNP, less BU; claimed above 0",
        |[re, snp, bu]| re.kld_u.min(snp.kld_u) - bu.kld_u,
        Expected::Above(0.0),
    ),
    (
        "SNP and BU have far lower D(p||q) than RE",
        "D(p||q): the higher of SNP and BU, over RE; claimed below 1/2",
        |[re, snp, bu]| snp.kld_p.max(bu.kld_p) / re.kld_p,
        Expected::Below(0.5),
    ),
    (
        "RE gives anomalous samples a low score",
        "mean A(x) of anomalous samples: RE over the lower of SNP and BU; claimed below 1/2",
        |[re, snp, bu]| re.mean_score_anomalous / snp.mean_score_anomalous.min(bu.mean_score_anomalous),
        Expected::Below(0.5),
    ),
    (
        "BU lowers the maximum score of normal samples against SNP",
        "maximum A(x) of 10,000 normal samples that were not trained on: BU over SNP; claimed below 1",
        |[_, snp, bu]| bu.max_score_normal / snp.max_score_normal,
        Expected::Below(1.0),
    ),
];

/// Decides every claim over the seeds of which all three losses are scored; none where there is no such seed.
pub(super) fn decide(results: &Results) -> Result<Vec<Claim>> {
    let losses: Option<Vec<ObjectiveName>> =
        ["RE", "SNP", "BU"].into_iter().map(ObjectiveName::find).collect();
    let whole = results.whole_seeds(&losses.unwrap_or_default());
    let metrics = whole.into_iter().map(|runs| {
        let of_seed: Vec<Metrics> = runs.into_iter().map(|run| run.metrics).collect();
        Seed::try_from(of_seed).ok()
    });
    let seeds: Vec<Seed> = metrics.flatten().collect();
    if seeds.is_empty() {
        return Ok(Vec::new());
    }
    let card = STATEMENTS.iter().map(|(text, statistic, value, expected)| {
        let values: Vec<f64> = seeds.iter().map(value).collect();
        Ok(Measured {
            text: (*text).to_owned(),
            statistic: (*statistic).to_owned(),
            mean: eval::stats::mean(&values)?,
            estimate: Estimate::over_seeds(&values)?,
            expected: *expected,
        })
    });
    Ok(decide_card(card.collect::<Result<Vec<_>>>()?)?)
}
