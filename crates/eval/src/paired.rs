//! The difference of two losses in AUC, paired over seeds and test files.

use std::cmp::Ordering;

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::EvalError;
use crate::auc::{File, ranked};
use crate::claims::ENOUGH;
use crate::stats::{Interval, percentile_interval, t_interval};

/// Resamples that are enough for an interval of two digits.
pub const RESAMPLES: usize = 1_000;

/// File scores of two losses `a` and `b` in one seed. Normal files stand in the same order in `a_normal` and
/// `b_normal` and in every seed; so do anomalous files.
#[derive(Clone, Copy, Debug)]
pub struct PairedScores<'a> {
    /// Scores of the normal files, by `a`.
    pub a_normal: &'a [f64],
    /// Scores of the anomalous files, by `a`.
    pub a_anomalous: &'a [f64],
    /// Scores of the normal files, by `b`.
    pub b_normal: &'a [f64],
    /// Scores of the anomalous files, by `b`.
    pub b_anomalous: &'a [f64],
}

/// By how much the AUC of `b` exceeds that of `a`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AucDifference {
    /// AUC of `b` less AUC of `a`, mean over seeds.
    pub estimate: f64,
    /// 95 % percentile interval over resamples. From a single seed it holds the spread over test files alone.
    pub interval: Interval,
    /// Share of the resamples in which `b` is strictly ahead.
    pub share_above_zero: f64,
    /// Seeds behind the estimate.
    pub seeds: usize,
    /// 95 % interval of Student's t of the differences by seed; none of a single seed.
    pub over_seeds: Option<Interval>,
}

impl AucDifference {
    /// Whether `b` is surely ahead (`Greater`) or behind (`Less`): the whole interval has to say so, and that over
    /// seeds too where these are fewer than [`ENOUGH`], of which resamples give little more than their range. One
    /// seed makes nothing sure.
    pub fn surely(&self) -> Ordering {
        let side = |interval: Interval| {
            if interval.low > 0.0 {
                Ordering::Greater
            } else if interval.high < 0.0 {
                Ordering::Less
            } else {
                Ordering::Equal
            }
        };
        let files_and_seeds = side(self.interval);
        let agreed =
            self.seeds >= ENOUGH || self.over_seeds.is_some_and(|seeds| side(seeds) == files_and_seeds);
        if agreed { files_and_seeds } else { Ordering::Equal }
    }
}

/// Paired hierarchical bootstrap of AUC(b) - AUC(a), with one element of `seeds` for each seed.
///
/// A resample draws seeds with replacement, and normal and anomalous files with replacement, the same files for
/// all its seeds and both losses: what makes a file hard, or a seed lucky, for both losses cancels.
///
/// # Errors
/// When there is no seed, no file of a kind or no resample, when a score is not finite, or when the losses or the
/// seeds differ in how many files they have.
pub fn auc_difference(
    seeds: &[PairedScores<'_>],
    resamples: usize,
    rng: &mut ChaCha8Rng,
) -> Result<AucDifference, EvalError> {
    let Some(first) = seeds.first() else {
        return Err(EvalError::TooFew { what: "seeds of an AUC difference", found: 0, needed: 1 });
    };
    if resamples == 0 {
        return Err(EvalError::TooFew { what: "bootstrap resamples", found: 0, needed: 1 });
    }
    let (normal, anomalous) = (first.a_normal.len(), first.a_anomalous.len());
    let ranks = seeds.iter().enumerate().map(|(seed, scores)| Ranks::new(seed, scores, normal, anomalous));
    let ranks = ranks.collect::<Result<Vec<Ranks>, EvalError>>()?;
    let scale = 2.0 * (seeds.len() * normal * anomalous) as f64;
    let all = Draw { seeds: vec![1; seeds.len()], normal: vec![1; normal], anomalous: vec![1; anomalous] };
    let lead: Vec<i64> =
        (0..resamples).map(|_| Draw::new(seeds.len(), normal, anomalous, rng).lead(&ranks)).collect();
    let differences: Vec<f64> = lead.iter().map(|lead| *lead as f64 / scale).collect();
    let of_seed = |ranks: &Ranks| all.wins(ranks) as f64 / (2.0 * (normal * anomalous) as f64);
    let by_seed: Vec<f64> = ranks.iter().map(of_seed).collect();
    Ok(AucDifference {
        estimate: all.lead(&ranks) as f64 / scale,
        interval: percentile_interval(&differences),
        share_above_zero: lead.iter().filter(|lead| **lead > 0).count() as f64 / resamples as f64,
        seeds: seeds.len(),
        over_seeds: if seeds.len() > 1 { Some(t_interval(&by_seed)?) } else { None },
    })
}

/// The files of one seed in the order of their scores, by `a` and by `b`.
struct Ranks {
    a: Vec<Vec<File>>,
    b: Vec<Vec<File>>,
}

impl Ranks {
    fn new(
        seed: usize,
        scores: &PairedScores<'_>,
        normal: usize,
        anomalous: usize,
    ) -> Result<Self, EvalError> {
        let counts = [
            ("normal scores of a", scores.a_normal, normal),
            ("normal scores of b", scores.b_normal, normal),
            ("anomalous scores of a", scores.a_anomalous, anomalous),
            ("anomalous scores of b", scores.b_anomalous, anomalous),
        ];
        for (what, scores, expected) in counts {
            if scores.len() != expected {
                let what = format!("{what} in seed {seed} of the list");
                return Err(EvalError::Length { what, found: scores.len(), expected });
            }
        }
        let (a, b) =
            (ranked(scores.a_normal, scores.a_anomalous), ranked(scores.b_normal, scores.b_anomalous));
        Ok(Self { a: a?, b: b? })
    }
}

/// How often each seed and file is drawn.
struct Draw {
    seeds: Vec<u32>,
    normal: Vec<u32>,
    anomalous: Vec<u32>,
}

impl Draw {
    fn new(seeds: usize, normal: usize, anomalous: usize, rng: &mut ChaCha8Rng) -> Self {
        let [seeds, normal, anomalous] = [seeds, normal, anomalous].map(|count| {
            let mut times = vec![0; count];
            // u32 and not usize, so that the same numbers are drawn on every platform.
            (0..count).for_each(|_| times[rng.random_range(0..count as u32) as usize] += 1);
            times
        });
        Self { seeds, normal, anomalous }
    }

    /// Twice the pairs of files that `b` wins more than `a`, over the drawn seeds: a whole number, so that equal
    /// scores give exactly zero.
    fn lead(&self, ranks: &[Ranks]) -> i64 {
        let of_seed = |(times, ranks): (&u32, &Ranks)| match times {
            0 => 0,
            times => i64::from(*times) * self.wins(ranks),
        };
        self.seeds.iter().zip(ranks).map(of_seed).sum()
    }

    /// That of one seed.
    fn wins(&self, ranks: &Ranks) -> i64 {
        self.twice_wins(&ranks.b) - self.twice_wins(&ranks.a)
    }

    /// Twice the Mann-Whitney statistic: pairs in which the anomalous file has the higher score, ties counting half.
    fn twice_wins(&self, ranked: &[Vec<File>]) -> i64 {
        let (mut anomalous_above, mut twice_wins) = (0, 0);
        for tie in ranked {
            let (mut normal_here, mut anomalous_here) = (0, 0);
            for file in tie {
                match *file {
                    File::Normal(index) => normal_here += i64::from(self.normal[index]),
                    File::Anomalous(index) => anomalous_here += i64::from(self.anomalous[index]),
                }
            }
            twice_wins += normal_here * (2 * anomalous_above + anomalous_here);
            anomalous_above += anomalous_here;
        }
        twice_wins
    }
}
