//! The claims of Sec. 4.1.2, decided from the finished cells, paired over seeds.

use anyhow::Result;
use eval::claims::{Claim, Expected};
use features::rng::{Purpose, stream};

use super::cells::Results;
use super::score::Metrics;

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
        "maximum A(x) of normal samples: BU over SNP; claimed below 1",
        |[_, snp, bu]| bu.max_score_normal / snp.max_score_normal,
        Expected::Below(1.0),
    ),
];

/// Decides every claim over the seeds of which all three losses are finished; none where there is no such seed.
pub(super) fn decide(results: &Results) -> Result<Vec<Claim>> {
    let seeds: Vec<Seed> =
        results.whole_seeds().into_iter().map(|runs| runs.map(|run| run.metrics)).collect();
    if seeds.is_empty() {
        return Ok(Vec::new());
    }
    let decided = STATEMENTS.iter().zip(0..).map(|((text, statistic, value, expected), index)| {
        let values: Vec<f64> = seeds.iter().map(value).collect();
        Claim::decide(text, statistic, &values, *expected, &mut stream(0, Purpose::Bootstrap, index))
    });
    Ok(decided.collect::<Result<_, _>>()?)
}
