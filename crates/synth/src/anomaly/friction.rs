//! Surfaces that rub: a drawer on its rails, a page that is turned.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::contact::{Body, add_blow};
use crate::RATE;
use crate::envelope::{gate, samples};
use crate::filter::Biquad;
use crate::noise::{Drift, log_uniform, vary, waiting_time, white};
use crate::oscillator::{BLOCK, Phase};

/// Rollers rumble along the rails, what lies inside slides about, and the stop is hit.
pub(super) fn drawer(rng: &mut ChaCha8Rng) -> Vec<f32> {
    let pull_s = rng.random_range(0.4..1.1);
    let mut force = vec![0.0; samples(pull_s + 0.3)];
    let mut roller = Phase::default();
    let roller_hz = rng.random_range(14.0..30.0);
    let mut grip = Drift::new(0.03, BLOCK as f32 / RATE, rng);
    let mut rough = 0.0;
    let pull = samples(pull_s);
    for (i, sample) in force[..pull].iter_mut().enumerate() {
        if i % BLOCK == 0 {
            rough = (0.5 + 0.5 * grip.next(rng)).max(0.05);
        }
        // It starts slowly, and is fastest just before the stop.
        let speed = gate(i, pull, 0.7 * pull_s, 0.03);
        *sample = 0.18 * speed * rough * (1.0 + 0.6 * roller.sine(roller_hz * (0.3 + speed))) * white(rng);
    }
    let mut at_s = 0.05 + waiting_time(rng, 12.0);
    while at_s < pull_s {
        add_blow(&mut force, at_s, 0.001, log_uniform(rng, 0.05, 0.3), rng);
        at_s += waiting_time(rng, 12.0);
    }
    add_blow(&mut force, pull_s, 0.003, 1.0, rng);
    add_blow(&mut force, pull_s + rng.random_range(0.02..0.06), 0.003, rng.random_range(0.2..0.5), rng);
    // Wood and what lies in it dull the rest.
    Biquad::low_pass(3000.0, 0.7).run(&mut force);
    Body::new(10, 130.0, 3200.0, 2.5, 0.2, rng).respond(&force)
}

/// Paper lifts, bends and falls: a swish that rises and sinks, crackling.
pub(super) fn page_turn(rng: &mut ChaCha8Rng) -> Vec<f32> {
    let (lift_s, fall_s) = (rng.random_range(0.2..0.6), rng.random_range(0.15..0.4));
    let (lift, length) = (samples(lift_s), samples(lift_s + fall_s));
    let top_hz = log_uniform(rng, 2200.0, 4800.0);
    let mut swish = Biquad::band_pass(top_hz, 0.8);
    let mut crumple = Drift::new(0.008, BLOCK as f32 / RATE, rng);
    let (mut crumpled, mut level) = (0.0, 0.0);
    let mut clip: Vec<f32> = (0..length)
        .map(|i| {
            let at_s = i as f32 / RATE;
            if i % BLOCK == 0 {
                let bend = 0.6 + 0.4 * (std::f32::consts::PI * at_s / (lift_s + fall_s)).sin();
                crumpled = (0.4 + 0.25 * crumple.next(rng)).max(0.05);
                swish.retune(&Biquad::band_pass(vary(rng, top_hz * bend, 0.05), 0.8));
            }
            level += 0.02 * (crumpled - level);
            let sweep = match i.checked_sub(lift) {
                None => 0.5 * gate(i, lift, 0.6 * lift_s, 0.05),
                Some(since) => gate(since, length - lift, 0.04, 0.8 * fall_s),
            };
            level * sweep * swish.next(white(rng))
        })
        .collect();
    let mut crackles = vec![0.0; length];
    let mut at_s = waiting_time(rng, 50.0);
    while at_s < lift_s + fall_s {
        add_blow(&mut crackles, at_s, 0.0003, log_uniform(rng, 0.02, 0.25), rng);
        at_s += waiting_time(rng, 50.0);
    }
    for (sample, crackle) in
        clip.iter_mut().zip(Body::new(6, 1500.0, 6500.0, 2.0, 0.0, rng).respond(&crackles))
    {
        *sample += crackle;
    }
    clip
}
