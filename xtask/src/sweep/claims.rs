//! The claims of Sec. 4.2.3 and of the title, decided from the scored nets.

use std::collections::BTreeMap;

use anyhow::Result;
use eval::auc::{PairedScores, difference};
use eval::claims::{Claim, Expected, Measured, decide};
use eval::estimate::Estimate;
use losses::ObjectiveName;

use super::comparison::{Against, Comparison, comparisons};
use super::metrics::{Condition, conditions};
use super::results::{Results, Run};
use super::tables::{RunRow, Tables};
use crate::config::Model;

/// The difference of two losses in AUC under one condition, paired over seeds and test files.
pub(super) struct Difference {
    pub(super) model: Model,
    pub(super) anr_db: Option<f64>,
    /// `b` less `a`.
    pub(super) a: ObjectiveName,
    pub(super) b: ObjectiveName,
    pub(super) seeds: usize,
    pub(super) auc: Estimate,
}

/// What the paper claims of sounds, what else is compared, and what the nets say.
pub(super) struct Claims {
    /// By condition: a description, which decides nothing.
    pub(super) differences: Vec<Difference>,
    pub(super) decided: Vec<Claim>,
}

/// The comparisons of Sec. 4.2.3, and those like them: the second outperforms the first.
const OUTPERFORM: [Against; 2] = [Against::Uniform, Against::NoTerm];

/// The comparisons of the title, and those like them: the weighted objective has the lower value.
const LOWER: [(Lowered, Against); 4] = [
    (MAXIMUM, Against::Plain),
    (MAXIMUM, Against::Uniform),
    (RARE, Against::Plain),
    (RARE, Against::Uniform),
];

/// What a weighting is to lower.
#[derive(Clone, Copy)]
struct Lowered {
    claim: &'static str,
    statistic: &'static str,
    /// Of a net under one condition.
    value: fn(&RunRow) -> Option<f64>,
}

const MAXIMUM: Lowered = Lowered {
    claim: "lowers the maximum score of normal sounds",
    statistic: "(largest - median) / interquartile range of the normal files' scores",
    value: |row| row.max_normal_scaled,
};

const RARE: Lowered = Lowered {
    claim: "gives fewer false alarms on rare operations",
    statistic: "share of rare operations in normal files that reach the threshold of the set true-positive rate",
    value: |row| row.fpr_rare,
};

impl Claims {
    /// Each claim at each combination of what varies, as far as the nets that it compares differ there.
    pub(super) fn decide(results: &Results, tables: &Tables) -> Result<Self> {
        let mut differences = Vec::new();
        let mut card = Vec::new();
        for against in OUTPERFORM {
            for comparison in comparisons(results, against) {
                let paired = Paired::of(&comparison);
                differences.extend(paired.by_condition(&comparison)?);
                card.extend(paired.outperforms(&comparison)?);
            }
        }
        for (lowered, against) in LOWER {
            for comparison in comparisons(results, against) {
                card.extend(lowered.of(&comparison, tables)?);
            }
        }
        Ok(Self { differences, decided: decide(card)? })
    }

    /// How often the losses of Sec. 4.2.3 lie above each other, condition by condition: a description, not a decision.
    pub(super) fn counted(&self) -> Vec<String> {
        let mut counts: Vec<([ObjectiveName; 2], usize, usize)> = Vec::new();
        for of in &self.differences {
            let index = counts.iter().position(|(losses, ..)| *losses == [of.a, of.b]).unwrap_or_else(|| {
                counts.push(([of.a, of.b], 0, 0));
                counts.len() - 1
            });
            counts[index].1 += usize::from(of.auc.mean > 0.0);
            counts[index].2 += 1;
        }
        let told = |([a, b], ahead, all): ([ObjectiveName; 2], usize, usize)| {
            format!("{b} lies above {a} in {ahead} of {all} conditions")
        };
        counts.into_iter().map(told).collect()
    }
}

/// Such as `BU outperforms SNP (λ = 2M)`.
fn sentence(comparison: &Comparison<'_>, words: &str) -> String {
    let Comparison { a, b, point, .. } = comparison;
    let point = point.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let point = if point.is_empty() { point } else { format!(" ({point})") };
    format!("{b} {words} {a}{point}")
}

/// The conditions of one seed, of both losses.
type BySeed = (u64, [Vec<Condition>; 2]);

/// The conditions of two losses that were trained on the same model and seed.
struct Paired {
    /// By model: of each seed, the conditions of both.
    models: Vec<(Model, Vec<BySeed>)>,
}

impl Paired {
    fn of(comparison: &Comparison<'_>) -> Self {
        let mut models: Vec<(Model, Vec<BySeed>)> = Vec::new();
        for pair in &comparison.pairs {
            let measured = pair.map(|run| conditions(&run.scores.files, run.cell.scoring.file));
            let of_seed = (pair[1].cell.seed(), measured);
            let model = &pair[1].cell.model;
            match models.iter_mut().find(|(known, _)| known == model) {
                Some((_, seeds)) => seeds.push(of_seed),
                None => models.push((model.clone(), vec![of_seed])),
            }
        }
        Self { models }
    }

    fn by_condition(&self, comparison: &Comparison<'_>) -> Result<Vec<Difference>> {
        let mut differences = Vec::new();
        for (model, seeds) in &self.models {
            let count = seeds.first().map_or(0, |(_, [a, _])| a.len());
            for condition in 0..count {
                let scores: Vec<Vec<PairedScores<'_>>> =
                    seeds.iter().map(|(_, [a, b])| vec![paired(&a[condition], &b[condition])]).collect();
                differences.push(Difference {
                    model: model.clone(),
                    anr_db: seeds[0].1[0][condition].anr_db,
                    a: comparison.a,
                    b: comparison.b,
                    seeds: seeds.len(),
                    auc: difference(&scores)?,
                });
            }
        }
        Ok(differences)
    }

    /// That `b` outperforms `a`: the mean over all conditions, seeds that lack one of them left out, for their mean
    /// would be of other things.
    fn outperforms(&self, comparison: &Comparison<'_>) -> Result<Option<Measured>> {
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
        let Comparison { a, b, .. } = comparison;
        Ok(Some(Measured {
            text: sentence(comparison, "outperforms"),
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

/// A value of the nets of one network and seed, with the losses `a` and `b`.
struct ValuePair<'a> {
    seed: u64,
    network: &'a str,
    values: [f64; 2],
}

impl Lowered {
    fn of(self, comparison: &Comparison<'_>, tables: &Tables) -> Result<Option<Measured>> {
        let of_net = |run: &Run| {
            let rows = tables.runs.iter().filter(|row| {
                row.seed == run.cell.seed() && row.loss == run.cell.loss && row.model == run.cell.model
            });
            self.value_of(rows)
        };
        let pairs = comparison.pairs.iter().filter_map(|[a, b]| {
            let values = [of_net(a)?, of_net(b)?];
            Some(ValuePair { seed: b.cell.seed(), network: &b.cell.model.name, values })
        });
        let claim = self.decide(&pairs.collect::<Vec<_>>(), comparison)?;
        Ok(claim)
    }

    /// One value a net: the mean over its ANRs; none where no condition has one.
    fn value_of<'a>(self, rows: impl Iterator<Item = &'a RunRow>) -> Option<f64> {
        eval::stats::mean(&rows.filter_map(self.value).collect::<Vec<_>>()).ok()
    }

    /// The mean over the networks of each seed that has all of them.
    fn decide(self, pairs: &[ValuePair<'_>], comparison: &Comparison<'_>) -> Result<Option<Measured>> {
        let mut seeds = BTreeMap::<u64, BTreeMap<&str, f64>>::new();
        for ValuePair { seed, network, values: [a, b] } in pairs {
            seeds.entry(*seed).or_default().insert(network, b - a);
        }
        let most = seeds.values().map(BTreeMap::len).max().unwrap_or(0);
        let whole = seeds.values().filter(|networks| networks.len() == most);
        let values = whole.map(|networks| eval::stats::mean(&networks.values().copied().collect::<Vec<_>>()));
        let values = values.collect::<Result<Vec<f64>, _>>()?;
        if values.is_empty() {
            return Ok(None);
        }
        let [networks, count] = [counted(most, "model"), counted(values.len(), "seed")];
        let Comparison { a, b, .. } = comparison;
        Ok(Some(Measured {
            text: sentence(comparison, &format!("{} against", self.claim)),
            statistic: format!(
                "{}: {b} less {a}, one value a net, mean over {networks} and {count}; claimed below 0; seeds vary, on these test files",
                self.statistic
            ),
            mean: eval::stats::mean(&values)?,
            estimate: Estimate::over_seeds(&values)?,
            expected: Expected::Below(0.0),
        }))
    }
}

/// `count` of `what`, in words.
fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Point;

    fn comparison() -> Comparison<'static> {
        let [a, b] = ["SNP", "BU"].map(|name| ObjectiveName::find(name).unwrap());
        Comparison { a, b, point: Point::new(), pairs: Vec::new() }
    }

    fn row(anr_db: f64, fpr_rare: Option<f64>) -> RunRow {
        RunRow {
            model: Model { name: "FCN8".to_owned(), point: Point::new() },
            loss: comparison().b,
            seed: 0,
            anr_db: Some(anr_db),
            auc: 0.5,
            pauc: 0.5,
            max_score_normal: 1.0,
            max_normal_scaled: None,
            fpr_rare,
            fpr_frequent: None,
            net: String::new(),
            score: String::new(),
        }
    }

    fn decided(pairs: &[(u64, &'static str, f64)]) -> Option<Measured> {
        let pair = |(seed, network, less): &(u64, &'static str, f64)| ValuePair {
            seed: *seed,
            network,
            values: [0.5, 0.5 - less],
        };
        RARE.decide(&pairs.iter().map(pair).collect::<Vec<_>>(), &comparison()).unwrap()
    }

    #[test]
    fn a_net_gives_one_value_whatever_its_conditions() {
        let rows = [row(-10.0, Some(0.2)), row(-15.0, None), row(-20.0, Some(0.4))];
        assert!((RARE.value_of(rows.iter()).unwrap() - 0.3).abs() < 1e-12);
        assert_eq!(MAXIMUM.value_of(rows.iter()), None);
        let claim = decided(&[(0, "FCN8", 0.1), (1, "FCN8", 0.3)]).unwrap();
        assert!((claim.mean + 0.2).abs() < 1e-12);
        assert!((claim.estimate.unwrap().seeds.freedom - 1.0).abs() < 1e-12, "two nets, two values");
        assert_eq!(claim.text, "BU gives fewer false alarms on rare operations against SNP");
        assert!(claim.statistic.contains("mean over 1 model and 2 seeds"), "{}", claim.statistic);
    }

    #[test]
    fn a_seed_with_a_hole_is_left_out() {
        let whole = [(0, "A", 0.1), (0, "B", 0.3), (1, "A", 0.1), (1, "B", 0.3)];
        let with_hole = [whole.as_slice(), &[(2, "B", 0.3)]].concat(); // its mean would be of other models
        assert!((decided(&with_hole).unwrap().mean + 0.2).abs() < 1e-12);
        assert_eq!(decided(&[]), None);
    }
}
