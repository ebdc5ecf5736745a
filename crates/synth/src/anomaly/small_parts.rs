//! Keys that fall on a table, and keys of a keyboard.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::contact::{Body, add_blow};
use crate::envelope::samples;
use crate::noise::{log_uniform, vary, waiting_time};

/// A bunch lands, bounces ever faster, and jingles to rest; the table answers below.
pub(super) fn keys_drop(rng: &mut ChaCha8Rng) -> Vec<f32> {
    let mut metal = vec![0.0; samples(rng.random_range(0.5..1.0))];
    let mut table = metal.clone();
    let (mut at_s, mut bounce_s, mut strength) = (0.01, rng.random_range(0.05..0.12), 1.0);
    while bounce_s > 0.008 && strength > 0.03 {
        add_blow(&mut table, at_s, 0.002, strength, rng);
        // Several keys touch down at nearly the same time.
        for _ in 0..rng.random_range(3..8) {
            let late_s = rng.random_range(0.0..0.03);
            add_blow(&mut metal, at_s + late_s, 0.0003, strength * rng.random_range(0.2..1.0), rng);
        }
        at_s += bounce_s;
        bounce_s *= rng.random_range(0.5..0.8);
        strength *= rng.random_range(0.35..0.7);
    }
    let settle_s = at_s + rng.random_range(0.05..0.25);
    while at_s < settle_s {
        add_blow(&mut metal, at_s, 0.0003, log_uniform(rng, 0.02, 0.15), rng);
        at_s += waiting_time(rng, 60.0);
    }
    let metal = Body::new(14, 2100.0, 7400.0, 45.0, 0.0, rng).respond(&metal);
    let table = Body::new(5, 180.0, 1100.0, 6.0, 0.3, rng).respond(&table);
    metal.iter().zip(&table).map(|(metal, table)| 3.0 * metal + 0.8 * table).collect()
}

/// Strokes at the pace of a typist: each key clicks when it bottoms out and, softer, when it comes up.
pub(super) fn keyboard(rng: &mut ChaCha8Rng) -> Vec<f32> {
    let pace = log_uniform(rng, 4.0, 9.0);
    let length_s = rng.random_range(0.7..2.4);
    let mut cap = vec![0.0; samples(length_s + 0.25)];
    let mut case = cap.clone();
    let mut at_s = 0.02;
    while at_s < length_s {
        let strength = log_uniform(rng, 0.4, 1.0);
        let up_s = at_s + rng.random_range(0.06..0.12);
        add_blow(&mut cap, at_s, 0.0008, strength, rng);
        add_blow(&mut cap, at_s + rng.random_range(0.004..0.012), 0.0005, 0.5 * strength, rng);
        add_blow(&mut cap, up_s, 0.0005, 0.35 * strength, rng);
        add_blow(&mut case, at_s + 0.003, 0.003, strength, rng);
        at_s += vary(rng, 1.0 / pace, 0.45);
    }
    let cap = Body::new(7, 1100.0, 6200.0, 4.0, 0.1, rng).respond(&cap);
    let case = Body::new(4, 140.0, 600.0, 4.0, 0.3, rng).respond(&case);
    cap.iter().zip(&case).map(|(cap, case)| cap + 0.35 * case).collect()
}
