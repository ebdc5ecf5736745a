//! The claims of Sec. 4.2.3 and of the title, decided from the finished cells.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use anyhow::Result;
use eval::claims::{Claim, Expected};
use eval::paired::{AucDifference, PairedScores, RESAMPLES, auc_difference};
use features::rng::{Purpose, stream};

use super::metrics::{Condition, conditions};
use super::results::{Results, Run};
use super::tables::{RunRow, Tables};
use crate::config::{FileScoring, Loss};

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
    pub(super) fn decide(results: &Results, tables: &Tables, kind: FileScoring) -> Result<Self> {
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

fn differences(results: &Results, kind: FileScoring) -> Result<Vec<Difference>> {
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

/// What a claim takes from the runs of one model, seed and ANR by RE, SNP and BU, where it has those it needs.
type Value = fn([Option<&RunRow>; 3]) -> Option<f64>;

/// A claim: its words, its statistic, its value, and what is expected.
type Statement = (&'static str, &'static str, Value, Expected);

const STATEMENTS: [Statement; 6] = [
    (
        "BU outperforms SNP",
        "AUC: BU less SNP; claimed above 0",
        |[_, snp, bu]| Some(bu?.auc - snp?.auc),
        Expected::Above(0.0),
    ),
    (
        "SNP outperforms RE",
        "AUC: SNP less RE; claimed above 0",
        |[re, snp, _]| Some(snp?.auc - re?.auc),
        Expected::Above(0.0),
    ),
    (
        "BU lowers the maximum score of normal sounds against RE (the title)",
        "maximum score of a normal file: BU over RE; claimed below 1",
        |[re, _, bu]| Some(bu?.max_score_normal / re?.max_score_normal),
        Expected::Below(1.0),
    ),
    (
        "BU lowers the maximum score of normal sounds against SNP (the title)",
        "maximum score of a normal file: BU over SNP; claimed below 1",
        |[_, snp, bu]| Some(bu?.max_score_normal / snp?.max_score_normal),
        Expected::Below(1.0),
    ),
    (
        "BU gives fewer false alarms on rare operations than RE",
        "share of rare operations in normal files that reach the threshold: BU less RE; claimed below 0",
        |[re, _, bu]| Some(bu?.fpr_rare? - re?.fpr_rare?),
        Expected::Below(0.0),
    ),
    (
        "BU gives fewer false alarms on rare operations than SNP",
        "share of rare operations in normal files that reach the threshold: BU less SNP; claimed below 0",
        |[_, snp, bu]| Some(bu?.fpr_rare? - snp?.fpr_rare?),
        Expected::Below(0.0),
    ),
];

/// Decides each claim over the seeds: a seed gives the mean over models and ANRs. A seed that lacks one of them, having
/// a hole, is left out, for its mean would be of other things.
fn decided(tables: &Tables) -> Result<Vec<Claim>> {
    let mut claims = Vec::new();
    for (index, (text, statistic, value, expected)) in (0..).zip(&STATEMENTS) {
        let (seeds, conditions) = values_by_seed(&tables.runs, *value);
        let whole = seeds.values().filter(|values| values.len() == conditions);
        let values: Vec<f64> = whole.map(|values| eval::stats::mean(values)).collect::<Result<_, _>>()?;
        if !values.is_empty() {
            let count =
                |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
            let [of, seeds] = [count(conditions, "condition"), count(values.len(), "seed")];
            let statistic = format!("{statistic}; mean over {of} (model, ANR), {seeds}");
            let rng = &mut stream(2, Purpose::Bootstrap, index);
            claims.push(Claim::decide(text, &statistic, &values, *expected, rng)?);
        }
    }
    Ok(claims)
}

/// For each seed, the value under each condition that has one; and how many conditions have one of any seed.
fn values_by_seed(runs: &[RunRow], value: Value) -> (BTreeMap<u64, Vec<f64>>, usize) {
    let mut seeds: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    let mut conditions = Vec::new();
    let same = |a: &RunRow, b: &RunRow| (&a.model, a.seed, a.anr_db) == (&b.model, b.seed, b.anr_db);
    for (index, run) in runs.iter().enumerate() {
        if runs[..index].iter().any(|earlier| same(earlier, run)) {
            continue; // its condition was met with another loss
        }
        let of = |loss: Loss| runs.iter().find(|other| other.loss == loss && same(other, run));
        if let Some(value) = value([Loss::Re, Loss::Snp, Loss::Bu].map(of)) {
            seeds.entry(run.seed).or_default().push(value);
            if !conditions.contains(&(&run.model, run.anr_db)) {
                conditions.push((&run.model, run.anr_db));
            }
        }
    }
    (seeds, conditions.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(loss: Loss, seed: u64, anr_db: f64, auc: f64) -> RunRow {
        RunRow {
            model: "FCN8".to_owned(),
            loss,
            seed,
            anr_db: Some(anr_db),
            auc,
            pauc: 0.5,
            max_score_normal: 1.0,
            fpr_rare: None,
            fpr_frequent: None,
        }
    }

    fn claims(runs: Vec<RunRow>) -> Vec<Claim> {
        decided(&Tables { runs, conditions: Vec::new(), maxima: Vec::new() }).unwrap()
    }

    #[test]
    fn a_claim_asks_for_the_losses_that_it_names_alone() {
        let runs = [0, 1, 2].into_iter().flat_map(|seed| {
            [run(Loss::Snp, seed, -10.0, 0.6), run(Loss::Bu, seed, -10.0, 0.7 + 0.01 * seed as f64)]
        });
        let claims = claims(runs.collect());
        let texts: Vec<&str> = claims.iter().map(|claim| claim.text.as_str()).collect();
        assert_eq!(texts.len(), 2, "{texts:?}");
        assert_eq!(texts[0], "BU outperforms SNP");
        assert!((claims[0].estimate - 0.11).abs() < 1e-12);
        assert!(
            claims[0].statistic.ends_with("1 condition (model, ANR), 3 seeds"),
            "{}",
            claims[0].statistic
        );
    }

    #[test]
    fn a_seed_with_a_hole_is_left_out() {
        let both =
            |seed, anr_db, lead| [run(Loss::Snp, seed, anr_db, 0.5), run(Loss::Bu, seed, anr_db, 0.5 + lead)];
        let mut runs: Vec<RunRow> = [0, 1]
            .into_iter()
            .flat_map(|seed| both(seed, -10.0, 0.1).into_iter().chain(both(seed, -20.0, 0.3)))
            .collect();
        runs.extend(both(2, -20.0, 0.3)); // its mean would be of other conditions
        let claims = claims(runs);
        assert!((claims[0].estimate - 0.2).abs() < 1e-12);
        assert!(
            claims[0].statistic.ends_with("2 conditions (model, ANR), 2 seeds"),
            "{}",
            claims[0].statistic
        );
    }
}
