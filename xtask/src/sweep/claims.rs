//! The claims of Sec. 4.2.3 and of the title, decided from the scored nets.

use std::collections::BTreeMap;

use anyhow::Result;
use eval::auc::{PairedScores, difference};
use eval::claims::{Claim, Expected, Measured, decide};
use eval::estimate::Estimate;
use losses::{FileScore, ObjectiveName};

use super::metrics::{Condition, conditions};
use super::results::{Results, Run};
use super::tables::{RunRow, Tables};

/// The difference of two losses in AUC under one condition, paired over seeds and test files.
pub(super) struct Difference {
    pub(super) model: String,
    pub(super) anr_db: Option<f64>,
    /// `b` less `a`.
    pub(super) a: ObjectiveName,
    pub(super) b: ObjectiveName,
    pub(super) seeds: usize,
    pub(super) auc: Estimate,
}

/// What the paper claims of sounds, and what the nets say.
pub(super) struct Claims {
    /// By condition: a description, which decides nothing.
    pub(super) differences: Vec<Difference>,
    pub(super) decided: Vec<Claim>,
}

/// The comparisons of Sec. 4.2.3: the second outperforms the first.
const COMPARED: [[&str; 2]; 2] = [["SNP", "BU"], ["RE", "SNP"]];

/// What a claim takes from a net of each of two losses, of one model and seed: one value a net.
type Value = fn(&RunRow) -> Option<f64>;

/// The comparisons of the title: BU has the lower value. A claim, its statistic, the other loss, its value.
const LOWERED: [(&str, &str, &str, Value); 4] = [
    (MAXIMUM, "RE", MAXIMUM_STATISTIC, |row| row.max_normal_scaled),
    (MAXIMUM, "SNP", MAXIMUM_STATISTIC, |row| row.max_normal_scaled),
    (RARE, "RE", RARE_STATISTIC, |row| row.fpr_rare),
    (RARE, "SNP", RARE_STATISTIC, |row| row.fpr_rare),
];

const MAXIMUM: &str = "BU lowers the maximum score of normal sounds";
const MAXIMUM_STATISTIC: &str = "(largest - median) / interquartile range of the normal files' scores";
const RARE: &str = "BU gives fewer false alarms on rare operations";
const RARE_STATISTIC: &str =
    "share of rare operations in normal files that reach the threshold of the set true-positive rate";

impl Claims {
    pub(super) fn decide(results: &Results, tables: &Tables, kind: FileScore) -> Result<Self> {
        let mut differences = Vec::new();
        let mut card = Vec::new();
        for [a, b] in COMPARED {
            let (Some(a), Some(b)) = (ObjectiveName::find(a), ObjectiveName::find(b)) else { continue };
            let paired = Paired::of(results, a, b, kind);
            differences.extend(paired.by_condition(a, b)?);
            card.extend(paired.outperforms(a, b)?);
        }
        for (claim, other, statistic, value) in LOWERED {
            card.extend(lowered(&tables.runs, claim, other, statistic, value)?);
        }
        Ok(Self { differences, decided: decide(card)? })
    }

    /// The two sentences of Sec. 4.2.3, condition by condition: a description, not a decision.
    pub(super) fn counted(&self) -> Vec<String> {
        let sentences = COMPARED.map(|[a, b]| {
            let all: Vec<&Difference> =
                self.differences.iter().filter(|of| of.a.as_str() == a && of.b.as_str() == b).collect();
            let ahead = all.iter().filter(|of| of.auc.mean > 0.0).count();
            (!all.is_empty()).then(|| format!("{b} lies above {a} in {ahead} of {} conditions", all.len()))
        });
        sentences.into_iter().flatten().collect()
    }
}

/// The conditions of one seed, of both losses.
type BySeed = (u64, [Vec<Condition>; 2]);

/// The conditions of two losses that were trained on the same model and seed.
struct Paired {
    /// By model: of each seed, the conditions of both.
    models: Vec<(String, Vec<BySeed>)>,
}

impl Paired {
    fn of(results: &Results, a: ObjectiveName, b: ObjectiveName, kind: FileScore) -> Self {
        let measured = |pair: [&Run; 2]| {
            (pair[0].cell.seed(), pair.map(|run: &Run| conditions(&run.scores.files, kind)))
        };
        let models = results.models().into_iter().map(|model| {
            let pairs = results.pairs(&model, a, b).into_iter().map(measured).collect();
            (model, pairs)
        });
        Self { models: models.collect() }
    }

    fn by_condition(&self, a: ObjectiveName, b: ObjectiveName) -> Result<Vec<Difference>> {
        let mut differences = Vec::new();
        for (model, seeds) in &self.models {
            let count = seeds.first().map_or(0, |(_, [a, _])| a.len());
            for condition in 0..count {
                let scores: Vec<Vec<PairedScores<'_>>> =
                    seeds.iter().map(|(_, [a, b])| vec![paired(&a[condition], &b[condition])]).collect();
                differences.push(Difference {
                    model: model.clone(),
                    anr_db: seeds[0].1[0][condition].anr_db,
                    a,
                    b,
                    seeds: seeds.len(),
                    auc: difference(&scores)?,
                });
            }
        }
        Ok(differences)
    }

    /// That `b` outperforms `a`: the mean over all conditions, seeds that lack one of them left out, for their mean
    /// would be of other things.
    fn outperforms(&self, a: ObjectiveName, b: ObjectiveName) -> Result<Option<Measured>> {
        let mut by_seed = BTreeMap::<u64, Vec<PairedScores<'_>>>::new();
        for (seed, [a, b]) in self.models.iter().flat_map(|(_, seeds)| seeds) {
            let scores = a.iter().zip(b).map(|(a, b)| paired(a, b));
            by_seed.entry(*seed).or_default().extend(scores);
        }
        let most = by_seed.values().map(Vec::len).max().unwrap_or(0);
        let seeds: Vec<Vec<PairedScores<'_>>> = by_seed.into_values().filter(|of| of.len() == most).collect();
        if most == 0 || seeds.is_empty() {
            return Ok(None);
        }
        let auc = difference(&seeds)?;
        let [conditions, count] = [counted(most, "condition"), counted(seeds.len(), "seed")];
        Ok(Some(Measured {
            text: format!("{b} outperforms {a}"),
            statistic: format!(
                "AUC: {b} less {a}, mean over {conditions} (model, ANR) and {count}; claimed above 0; seeds and test files vary"
            ),
            mean: auc.mean,
            estimate: (seeds.len() > 1).then_some(auc),
            expected: Expected::Above(0.0),
        }))
    }
}

fn paired<'a>(a: &'a Condition, b: &'a Condition) -> PairedScores<'a> {
    PairedScores {
        a_normal: &a.normal,
        a_anomalous: &a.anomalous,
        b_normal: &b.normal,
        b_anomalous: &b.anomalous,
    }
}

/// That BU has a lower value than `other`: one value a net, the mean over its ANRs, and the mean over models of each
/// seed that has all of them.
fn lowered(
    runs: &[RunRow],
    claim: &str,
    other: &str,
    statistic: &str,
    value: Value,
) -> Result<Option<Measured>> {
    let of = |loss: &str| -> BTreeMap<(u64, &str), f64> {
        let mut nets = BTreeMap::<(u64, &str), Vec<f64>>::new();
        for run in runs.iter().filter(|run| run.loss.as_str() == loss) {
            nets.entry((run.seed, run.model.as_str())).or_default().extend(value(run));
        }
        nets.into_iter().filter_map(|(net, values)| Some((net, eval::stats::mean(&values).ok()?))).collect()
    };
    let (others, ours) = (of(other), of("BU"));
    let mut seeds = BTreeMap::<u64, Vec<f64>>::new();
    for ((seed, model), ours) in &ours {
        if let Some(other) = others.get(&(*seed, *model)) {
            seeds.entry(*seed).or_default().push(ours - other);
        }
    }
    let most = seeds.values().map(Vec::len).max().unwrap_or(0);
    let whole = seeds.values().filter(|values| values.len() == most);
    let values = whole.map(|values| eval::stats::mean(values)).collect::<Result<Vec<f64>, _>>()?;
    if values.is_empty() {
        return Ok(None);
    }
    let [models, count] = [counted(most, "model"), counted(values.len(), "seed")];
    Ok(Some(Measured {
        text: format!("{claim} against {other}"),
        statistic: format!(
            "{statistic}: BU less {other}, one value a net, mean over {models} and {count}; claimed below 0; seeds vary, on these test files"
        ),
        mean: eval::stats::mean(&values)?,
        estimate: Estimate::over_seeds(&values)?,
        expected: Expected::Below(0.0),
    }))
}

/// `count` of `what`, in words.
fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(loss: &str, model: &str, seed: u64, anr_db: f64, fpr_rare: f64) -> RunRow {
        RunRow {
            model: model.to_owned(),
            loss: ObjectiveName::find(loss).unwrap(),
            seed,
            anr_db: Some(anr_db),
            auc: 0.5,
            pauc: 0.5,
            max_score_normal: 1.0,
            max_normal_scaled: None,
            fpr_rare: Some(fpr_rare),
            fpr_frequent: None,
        }
    }

    fn claim(runs: &[RunRow]) -> Option<Measured> {
        lowered(runs, RARE, "SNP", RARE_STATISTIC, |row| row.fpr_rare).unwrap()
    }

    #[test]
    fn a_net_gives_one_value_whatever_its_conditions() {
        let both = |seed, less: f64| {
            [-10.0, -20.0].into_iter().flat_map(move |anr_db| {
                [run("SNP", "FCN8", seed, anr_db, 0.5), run("BU", "FCN8", seed, anr_db, 0.5 - less)]
            })
        };
        let runs: Vec<RunRow> = both(0, 0.1).chain(both(1, 0.3)).collect();
        let claim = claim(&runs).unwrap();
        assert!((claim.mean + 0.2).abs() < 1e-12);
        assert!((claim.estimate.unwrap().seeds.freedom - 1.0).abs() < 1e-12, "two nets, two values");
        assert!(claim.statistic.contains("mean over 1 model and 2 seeds"), "{}", claim.statistic);
    }

    #[test]
    fn a_seed_with_a_hole_is_left_out() {
        let both = |seed, model, less| {
            [run("SNP", model, seed, -10.0, 0.5), run("BU", model, seed, -10.0, 0.5 - less)]
        };
        let mut runs: Vec<RunRow> = [0, 1]
            .into_iter()
            .flat_map(|seed| both(seed, "A", 0.1).into_iter().chain(both(seed, "B", 0.3)))
            .collect();
        runs.extend(both(2, "B", 0.3)); // its mean would be of other models
        assert!((claim(&runs).unwrap().mean + 0.2).abs() < 1e-12);
        assert_eq!(claim(&runs[..1]), None, "one loss makes no comparison");
    }
}
