//! A door that slams, and knuckles that knock at it.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::contact::{Body, add_blow};
use crate::RATE;
use crate::envelope::samples;
use crate::filter::Biquad;
use crate::noise::{log_uniform, vary, white};

/// The latch, the leaf that hits its frame, and the room that answers.
pub(super) fn door_slam(rng: &mut ChaCha8Rng) -> Vec<f32> {
    let slam_s = rng.random_range(0.03..0.25);
    let room_s = log_uniform(rng, 0.10, 0.30);
    let mut force = vec![0.0; samples(slam_s + 4.5 * room_s)];
    add_blow(&mut force, slam_s, rng.random_range(0.004..0.010), 1.0, rng);
    // The leaf bounces in its frame.
    for _ in 0..rng.random_range(1..4) {
        let after_s = rng.random_range(0.015..0.09);
        add_blow(&mut force, slam_s + after_s, 0.005, rng.random_range(0.1..0.45), rng);
    }
    let leaf = Body::new(9, 70.0, 1100.0, 5.0, 0.25, rng).respond(&force);

    let mut latch_force = vec![0.0; force.len()];
    add_blow(&mut latch_force, 0.01, 0.0006, 0.5, rng);
    add_blow(&mut latch_force, slam_s + 0.012, 0.0006, 1.0, rng);
    let latch = Body::new(5, 1300.0, 5200.0, 14.0, 0.0, rng).respond(&latch_force);

    let mut dull = Biquad::low_pass(vary(rng, 1800.0, 0.4), 0.7);
    let room = (0..force.len()).map(|i| {
        let since_s = i as f32 / RATE - slam_s;
        let level = if since_s > 0.0 { (-since_s / room_s).exp() * (since_s / 0.01).min(1.0) } else { 0.0 };
        0.08 * level * dull.next(white(rng))
    });
    leaf.iter().zip(&latch).zip(room).map(|((leaf, latch), room)| leaf + 1.2 * latch + room).collect()
}

/// Two to six knocks on one panel.
pub(super) fn knock(rng: &mut ChaCha8Rng) -> Vec<f32> {
    let knocks = rng.random_range(2..=6);
    let spacing_s = log_uniform(rng, 0.13, 0.32);
    let width_s = rng.random_range(0.0012..0.003);
    let mut force = vec![0.0; samples(knocks as f32 * spacing_s + 0.2)];
    for i in 0..knocks {
        add_blow(
            &mut force,
            0.01 + vary(rng, i as f32 * spacing_s, 0.04),
            width_s,
            rng.random_range(0.5..1.0),
            rng,
        );
    }
    Body::new(9, 170.0, 3200.0, 7.0, 0.15, rng).respond(&force)
}
