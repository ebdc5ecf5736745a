//! Whether intervals cover what they promise, where seeds and test files are drawn anew again and again.
#![allow(clippy::unwrap_used)]

use eval::auc::{PairedScores, difference};
use eval::dcase::{Scored, Section, official_interval, official_score};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Simulated experiments of each kind: the share of intervals that cover is then known to about a percent.
const EXPERIMENTS: u64 = 2_500;
const NORMAL: usize = 40;
const ANOMALOUS: usize = 30;
const CONDITIONS: usize = 2;

/// How much the score of a file varies with what, in units of the distance between normal and anomalous.
#[derive(Clone, Copy, Debug)]
struct Spread {
    /// How well a training with one loss tells anomalies apart.
    seed: f64,
    /// How hard a file is for one loss.
    file: f64,
    /// What one training makes of one file.
    both: f64,
}

/// A number of mean 0 and variance 1: the sum of twelve uniform ones.
fn bell(rng: &mut ChaCha8Rng) -> f64 {
    (0..12).map(|_| rng.random::<f64>()).sum::<f64>() - 6.0
}

fn bells(count: usize, rng: &mut ChaCha8Rng) -> Vec<f64> {
    (0..count).map(|_| bell(rng)).collect()
}

/// Scores of one experiment: of each seed, loss and condition those of the normal files and of the anomalous ones. The
/// two losses are alike, so that the true difference in AUC is 0.
fn experiment(seeds: usize, spread: Spread, rng: &mut ChaCha8Rng) -> Vec<[Vec<[Vec<f64>; 2]>; 2]> {
    let hard: [[Vec<f64>; 2]; 2] = [(); 2].map(|()| [bells(NORMAL, rng), bells(ANOMALOUS, rng)]);
    let shared = [bells(NORMAL, rng), bells(ANOMALOUS, rng)];
    let of_loss = |hard: &[Vec<f64>; 2], rng: &mut ChaCha8Rng| -> Vec<[Vec<f64>; 2]> {
        let lead = spread.seed * bell(rng);
        let mut score = |kind: usize, shift: f64| -> Vec<f64> {
            let of_file = hard[kind].iter().zip(&shared[kind]);
            of_file
                .map(|(hard, shared)| shift + shared + spread.file * hard + spread.both * bell(rng))
                .collect()
        };
        let normal = score(0, 0.0);
        // The clips of one condition are those of the other, 0.5 louder.
        (0..CONDITIONS)
            .map(|condition| [normal.clone(), score(1, 0.7 + 0.5 * condition as f64 + lead)])
            .collect()
    };
    (0..seeds).map(|_| [of_loss(&hard[0], rng), of_loss(&hard[1], rng)]).collect()
}

/// The share of experiments whose 95 % interval holds the truth.
fn coverage(seeds: usize, spread: Spread) -> f64 {
    let covers = |number: u64| {
        let rng = &mut ChaCha8Rng::seed_from_u64(number);
        let scores = experiment(seeds, spread, rng);
        let paired = scores.iter().map(|[a, b]| {
            let conditions = a.iter().zip(b).map(|([a_normal, a_anomalous], [b_normal, b_anomalous])| {
                PairedScores { a_normal, a_anomalous, b_normal, b_anomalous }
            });
            conditions.collect()
        });
        let interval = difference(&paired.collect::<Vec<_>>()).unwrap().interval();
        interval.low <= 0.0 && 0.0 <= interval.high
    };
    (0..EXPERIMENTS).filter(|number| covers(*number)).count() as f64 / EXPERIMENTS as f64
}

#[test]
fn intervals_cover_what_they_promise() {
    let dominant = [
        ("seeds", Spread { seed: 0.5, file: 0.1, both: 0.1 }),
        ("files", Spread { seed: 0.05, file: 0.8, both: 0.1 }),
        ("interaction", Spread { seed: 0.05, file: 0.1, both: 1.0 }),
    ];
    let mut found = Vec::new();
    for (name, spread) in dominant {
        for seeds in [3, 5, 10] {
            found.push((name, seeds, coverage(seeds, spread)));
        }
    }
    println!("{found:?}");
    assert!(found.iter().all(|(.., share)| (0.93..=0.97).contains(share)), "{found:?}");
}

/// Files of a section, `count` of each domain and label: anomalies lie higher, and files of the target domain too.
fn section(count: usize, shift: f64, rng: &mut ChaCha8Rng) -> Vec<Scored> {
    let kinds = [(false, false), (false, true), (true, false), (true, true)];
    let of_kind = |(is_anomalous, is_target)| {
        let level = shift * f64::from(u8::from(is_anomalous)) + 0.5 * f64::from(u8::from(is_target));
        let file = |score| Scored { score: score + level, is_anomalous, is_target };
        bells(count, rng).into_iter().map(file).collect::<Vec<_>>()
    };
    kinds.map(of_kind).concat()
}

#[test]
fn the_interval_of_the_official_score_covers_what_it_promises() {
    let shifts = [1.0, 0.3];
    let sections = |count: usize, rng: &mut ChaCha8Rng| shifts.map(|shift| section(count, shift, rng));
    let truth = sections(100_000, &mut ChaCha8Rng::seed_from_u64(0));
    let measured = truth.map(|files| Section::measure(&files, 0.0).unwrap());
    let truth = official_score(&measured).unwrap();
    let covers = |number: &u64| {
        let interval = official_interval(&sections(50, &mut ChaCha8Rng::seed_from_u64(*number))).unwrap();
        interval.low <= truth && truth <= interval.high
    };
    const TRIALS: u64 = 120;
    let share = (1..=TRIALS).filter(covers).count() as f64 / TRIALS as f64;
    println!("{share}");
    assert!((0.88..=0.99).contains(&share), "{share}"); // 300 gave 0.937; 120 know it to four percent
}
