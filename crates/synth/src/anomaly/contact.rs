//! Forces, and the bodies that they drive.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use crate::RATE;
use crate::envelope::samples;
use crate::filter::Biquad;
use crate::noise::{log_uniform, white};

/// A body as a bank of resonators with random centres, even on a logarithmic axis.
pub(super) struct Body(Vec<(Biquad, f32)>);

impl Body {
    /// `count` resonators between `low_hz` and `high_hz` of quality about `q`; higher ones are weaker by
    /// `fall` (an exponent of their frequency).
    pub(super) fn new(
        count: usize,
        low_hz: f32,
        high_hz: f32,
        q: f32,
        fall: f32,
        rng: &mut ChaCha8Rng,
    ) -> Self {
        let mut resonator = || {
            let hz = log_uniform(rng, low_hz, high_hz);
            let gain = rng.random_range(0.4..1.0) * (hz / low_hz).powf(-fall);
            (Biquad::band_pass(hz, q * rng.random_range(0.6..1.5)), gain)
        };
        Self((0..count).map(|_| resonator()).collect())
    }

    /// What is heard when `force` acts on the body.
    pub(super) fn respond(&mut self, force: &[f32]) -> Vec<f32> {
        let bank = &mut self.0;
        force.iter().map(|&f| bank.iter_mut().map(|(filter, gain)| *gain * filter.next(f)).sum()).collect()
    }
}

/// Adds a blow to `force` at `at_s`: half a sine of `width_s`, rough as real surfaces are.
pub(super) fn add_blow(force: &mut [f32], at_s: f32, width_s: f32, strength: f32, rng: &mut ChaCha8Rng) {
    let length = (width_s * RATE).max(2.0) as usize;
    for (i, sample) in force.iter_mut().skip(samples(at_s)).take(length).enumerate() {
        let bump = (std::f32::consts::PI * (i as f32 + 0.5) / length as f32).sin();
        *sample += strength * bump * (1.0 + 0.5 * white(rng));
    }
}
