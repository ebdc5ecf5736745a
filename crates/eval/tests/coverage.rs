//! Whether intervals cover what they promise, where seeds and test files are drawn anew again and again.
#![allow(clippy::unwrap_used)]

use eval::auc::{PairedScores, difference};
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
