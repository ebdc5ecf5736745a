//! The claims of Sec. 4.2.3 and of the title, decided from the finished cells.

use std::cmp::Ordering;

use anyhow::Result;
use eval::claims::{Claim, Expected};
use eval::paired::{AucDifference, PairedScores, RESAMPLES, auc_difference};
use features::rng::{Purpose, stream};

use super::metrics::{Condition, conditions};
use super::results::{Results, Run};
use super::tables::{RunRow, Tables};
use crate::config::{FileScore, Loss};

/// The difference of two losses in AUC under one condition, paired over seeds and test files.
pub(super) struct Difference {
    pub(super) model: String,
    pub(super) anr_db: Option<f64>,
    /// `b` less `a`.
    pub(super) a: Loss,
    pub(super) b: Loss,
    pub(super) auc: AucDifference,
}

/// What the paper claims of sounds, and what the cells say.
pub(super) struct Claims {
    pub(super) differences: Vec<Difference>,
    /// Decided over seeds, each a mean over models (and ANRs).
    pub(super) decided: Vec<Claim>,
}

/// The two comparisons of Sec. 4.2.3.
const COMPARED: [[Loss; 2]; 2] = [[Loss::Snp, Loss::Bu], [Loss::Re, Loss::Snp]];

impl Claims {
    pub(super) fn decide(results: &Results, tables: &Tables, kind: FileScore) -> Result<Self> {
        Ok(Self { differences: differences(results, kind)?, decided: decided(tables)? })
    }

    /// Of the conditions in which `b` is compared with `a`: how many there are, in how many `b` is ahead, in how many
    /// surely, and in how many `a` is surely.
    fn count(&self, losses: [Loss; 2]) -> [usize; 4] {
        let ahead = |difference: &&Difference| difference.auc.estimate > 0.0;
        let surely = |side: Ordering| self.compared(losses).filter(move |of| of.auc.surely() == side).count();
        [
            self.compared(losses).count(),
            self.compared(losses).filter(ahead).count(),
            surely(Ordering::Greater),
            surely(Ordering::Less),
        ]
    }

    fn compared(&self, [a, b]: [Loss; 2]) -> impl Iterator<Item = &Difference> {
        self.differences.iter().filter(move |difference| (difference.a, difference.b) == (a, b))
    }

    /// The two sentences of Sec. 4.2.3 that count conditions.
    pub(super) fn counted(&self) -> Vec<String> {
        let sentences = COMPARED.map(|[a, b]| {
            let [all, ahead, surely, behind] = self.count([a, b]);
            let counted = format!("{b} beats {a} in {ahead} of {all} conditions");
            let sure = if self.compared([a, b]).all(|difference| difference.auc.seeds == 1) {
                "one seed: test files alone, so nothing is sure".to_owned()
            } else {
                format!("surely in {surely}; {a} beats {b} surely in {behind}")
            };
            (all > 0).then(|| format!("{counted}, {sure}"))
        });
        sentences.into_iter().flatten().collect()
    }
}

fn differences(results: &Results, kind: FileScore) -> Result<Vec<Difference>> {
    let mut differences = Vec::new();
    for [a, b] in COMPARED {
        for model in results.models() {
            let pairs = results.pairs(&model, a, b);
            let measured: Vec<[Vec<Condition>; 2]> =
                pairs.iter().map(|pair| pair.map(|run: &Run| conditions(&run.scores.files, kind))).collect();
            let count = measured.first().map_or(0, |[a, _]| a.len());
            for condition in 0..count {
                let seeds: Vec<PairedScores<'_>> = measured
                    .iter()
                    .map(|[a, b]| PairedScores {
                        a_normal: &a[condition].normal,
                        a_anomalous: &a[condition].anomalous,
                        b_normal: &b[condition].normal,
                        b_anomalous: &b[condition].anomalous,
                    })
                    .collect();
                let rng = &mut stream(1, Purpose::Bootstrap, differences.len() as u64);
                let auc = auc_difference(&seeds, RESAMPLES, rng)?;
                let anr_db = measured[0][0][condition].anr_db;
                differences.push(Difference { model: model.clone(), anr_db, a, b, auc });
            }
        }
    }
    Ok(differences)
}

/// A claim: its words, its statistic, what RE, SNP and BU of one model, seed and ANR contribute, and what is expected.
type Statement = (&'static str, &'static str, fn(&[&RunRow; 3]) -> Option<f64>, Expected);

const STATEMENTS: [Statement; 6] = [
    (
        "BU outperforms SNP",
        "AUC: BU less SNP; claimed above 0",
        |[_, snp, bu]| Some(bu.auc - snp.auc),
        Expected::Above(0.0),
    ),
    (
        "SNP outperforms RE",
        "AUC: SNP less RE; claimed above 0",
        |[re, snp, _]| Some(snp.auc - re.auc),
        Expected::Above(0.0),
    ),
    (
        "BU lowers the maximum score of normal sounds against RE (the title)",
        "maximum score of a normal file: BU over RE; claimed below 1",
        |[re, _, bu]| Some(bu.max_score_normal / re.max_score_normal),
        Expected::Below(1.0),
    ),
    (
        "BU lowers the maximum score of normal sounds against SNP (the title)",
        "maximum score of a normal file: BU over SNP; claimed below 1",
        |[_, snp, bu]| Some(bu.max_score_normal / snp.max_score_normal),
        Expected::Below(1.0),
    ),
    (
        "BU gives fewer false alarms on rare operations than RE",
        "share of rare operations in normal files that reach the threshold: BU less RE; claimed below 0",
        |[re, _, bu]| Some(bu.fpr_rare? - re.fpr_rare?),
        Expected::Below(0.0),
    ),
    (
        "BU gives fewer false alarms on rare operations than SNP",
        "share of rare operations in normal files that reach the threshold: BU less SNP; claimed below 0",
        |[_, snp, bu]| Some(bu.fpr_rare? - snp.fpr_rare?),
        Expected::Below(0.0),
    ),
];

/// Decides each claim over the seeds: a seed gives the mean over the models and ANRs that have all three losses.
fn decided(tables: &Tables) -> Result<Vec<Claim>> {
    let mut seeds: Vec<u64> = tables.runs.iter().map(|run| run.seed).collect();
    seeds.sort_unstable();
    seeds.dedup();
    let mut claims = Vec::new();
    for (index, (text, statistic, value, expected)) in (0..).zip(&STATEMENTS) {
        let of_seed = |seed: &u64| {
            let values: Vec<f64> = triples(tables, *seed).iter().filter_map(value).collect();
            eval::stats::mean(&values).ok()
        };
        let values: Vec<f64> = seeds.iter().filter_map(of_seed).collect();
        if !values.is_empty() {
            let rng = &mut stream(2, Purpose::Bootstrap, index);
            claims.push(Claim::decide(text, statistic, &values, *expected, rng)?);
        }
    }
    Ok(claims)
}

/// RE, SNP and BU of one seed under each condition that has all three.
fn triples(tables: &Tables, seed: u64) -> Vec<[&RunRow; 3]> {
    let of = |loss: Loss| tables.runs.iter().filter(move |run| run.seed == seed && run.loss == loss);
    let same = |a: &RunRow, b: &RunRow| a.model == b.model && a.anr_db == b.anr_db;
    of(Loss::Re)
        .filter_map(|re| {
            Some([re, of(Loss::Snp).find(|run| same(re, run))?, of(Loss::Bu).find(|run| same(re, run))?])
        })
        .collect()
}
