//! A telephone that rings: a bell and its clapper, or an electronic warble.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::contact::{Body, add_blow};
use crate::RATE;
use crate::envelope::{gate, samples};
use crate::noise::{log_uniform, vary};
use crate::oscillator::Phase;

/// One to three rings of one telephone.
pub(super) fn phone(rng: &mut ChaCha8Rng) -> Vec<f32> {
    let rings = rng.random_range(1..=3);
    let (ring_s, pause_s) = (rng.random_range(0.4..0.9), rng.random_range(0.15..0.35));
    let length_s = rings as f32 * (ring_s + pause_s) + 0.1;
    if rng.random_range(0.0..1.0) < 0.5 {
        bell(rings, ring_s, pause_s, length_s, rng)
    } else {
        warble(rings, ring_s, pause_s, rng)
    }
}

fn bell(rings: usize, ring_s: f32, pause_s: f32, length_s: f32, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let mut force = vec![0.0; samples(length_s)];
    let clapper_s = 1.0 / rng.random_range(18.0..26.0);
    for ring in 0..rings {
        let start_s = ring as f32 * (ring_s + pause_s);
        let mut at_s = start_s;
        while at_s < start_s + ring_s {
            add_blow(&mut force, at_s, 0.0003, rng.random_range(0.7..1.0), rng);
            at_s += vary(rng, clapper_s, 0.03);
        }
    }
    Body::new(7, 900.0, 5200.0, 90.0, 0.3, rng).respond(&force)
}

/// Two tones in turn, driven until they are nearly square, as a cheap sounder is.
fn warble(rings: usize, ring_s: f32, pause_s: f32, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let low_hz = log_uniform(rng, 600.0, 1500.0);
    let ratio = rng.random_range(1.15..1.45);
    let change_hz = rng.random_range(9.0..20.0);
    let drive = rng.random_range(1.0..4.0);
    let (ring, period) = (samples(ring_s), samples(ring_s + pause_s));
    let mut tone = Phase::default();
    (0..rings * period)
        .map(|i| {
            let high = (i as f32 / RATE * change_hz).fract() < 0.5;
            let value = (drive * tone.sine(if high { low_hz * ratio } else { low_hz })).tanh();
            let within = i % period;
            if within < ring { value * gate(within, ring, 0.01, 0.03) } else { 0.0 }
        })
        .collect()
}
