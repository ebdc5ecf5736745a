//! Random signals: white and pink noise, slow drift, and draws of levels and choices.

use rand::{Rng, RngExt};
use rand_chacha::ChaCha8Rng;

use super::RATE;

/// A sample of white noise, uniform on [-1, 1).
pub(super) fn white(rng: &mut ChaCha8Rng) -> f32 {
    rng.next_u32() as i32 as f32 * (1.0 / 2_147_483_648.0)
}

/// About standard normal, never beyond ±3.5: the sum of four uniform draws.
pub(super) fn bell(rng: &mut ChaCha8Rng) -> f32 {
    (0..4).map(|_| white(rng)).sum::<f32>() * 0.866
}

/// A draw from [low, high) that is even on a logarithmic axis, as pitches and times are.
pub(super) fn log_uniform(rng: &mut ChaCha8Rng, low: f32, high: f32) -> f32 {
    low * (high / low).powf(rng.random_range(0.0..1.0))
}

/// `value` times a factor in [1 - spread, 1 + spread).
pub(super) fn vary(rng: &mut ChaCha8Rng, value: f32, spread: f32) -> f32 {
    value * (1.0 + spread * white(rng))
}

/// The time to the next event of a Poisson process of `rate` a second, in seconds.
pub(super) fn waiting_time(rng: &mut ChaCha8Rng, rate: f32) -> f32 {
    -rng.random_range(f32::EPSILON..1.0).ln() / rate
}

/// Pink noise, -3 dB an octave, at about the level of [`white`] (Kellet's three-pole filter).
#[derive(Clone, Debug, Default)]
pub(super) struct Pink([f32; 3]);

impl Pink {
    /// The pink sample that follows from a white one.
    pub(super) fn next(&mut self, white: f32) -> f32 {
        let [a, b, c] = &mut self.0;
        *a = 0.99765 * *a + white * 0.099_046;
        *b = 0.963 * *b + white * 0.296_516_4;
        *c = 0.57 * *c + white * 1.052_691_3;
        0.4 * (*a + *b + *c + white * 0.1848)
    }
}

/// Slow drift about zero with standard deviation 1: an Ornstein-Uhlenbeck process.
#[derive(Clone, Debug)]
pub(super) struct Drift {
    value: f32,
    keep: f32,
    step: f32,
}

impl Drift {
    /// Correlated over `tau_s`, advanced every `step_s` seconds; starts anywhere.
    pub(super) fn new(tau_s: f32, step_s: f32, rng: &mut ChaCha8Rng) -> Self {
        let keep = (-step_s / tau_s).exp();
        Self { value: bell(rng), keep, step: (1.0 - keep * keep).sqrt() }
    }

    /// Moves on by one step.
    pub(super) fn next(&mut self, rng: &mut ChaCha8Rng) -> f32 {
        self.value = self.keep * self.value + self.step * bell(rng);
        self.value
    }
}

/// A [`Drift`] with a value for every sample: straight lines between steps of 10 ms.
#[derive(Clone, Debug)]
pub(super) struct Wander {
    drift: Drift,
    value: f32,
    slope: f32,
    left: u32,
}

impl Wander {
    const STEP: u32 = 160;

    /// Correlated over `tau_s`, which should be far longer than a step.
    pub(super) fn new(tau_s: f32, rng: &mut ChaCha8Rng) -> Self {
        let drift = Drift::new(tau_s, Self::STEP as f32 / RATE, rng);
        Self { value: drift.value, drift, slope: 0.0, left: 0 }
    }

    /// The value of the next sample.
    pub(super) fn next(&mut self, rng: &mut ChaCha8Rng) -> f32 {
        if self.left == 0 {
            self.left = Self::STEP;
            self.slope = (self.drift.next(rng) - self.value) / Self::STEP as f32;
        }
        self.left -= 1;
        self.value += self.slope;
        self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use features::rng::{Purpose, stream};

    fn mean_and_deviation(values: &[f32]) -> (f32, f32) {
        let mean = values.iter().sum::<f32>() / values.len() as f32;
        (mean, (values.iter().map(|v| (v - mean).powi(2)).sum::<f32>() / values.len() as f32).sqrt())
    }

    #[test]
    fn drift_has_unit_deviation() {
        let rng = &mut stream(0, Purpose::Synth, 1);
        let mut drift = Drift::new(0.1, 0.02, rng);
        let values: Vec<f32> = (0..50_000).map(|_| drift.next(rng)).collect();
        let (mean, deviation) = mean_and_deviation(&values);
        assert!(mean.abs() < 0.05 && (deviation - 1.0).abs() < 0.05, "{mean} {deviation}");
    }

    #[test]
    fn waiting_times_have_their_rate() {
        let rng = &mut stream(0, Purpose::Synth, 2);
        let times: Vec<f32> = (0..20_000).map(|_| waiting_time(rng, 4.0)).collect();
        assert!((mean_and_deviation(&times).0 - 0.25).abs() < 0.01);
    }

    #[test]
    fn pink_noise_falls_three_decibels_an_octave() {
        use crate::filter::Biquad;
        let rng = &mut stream(0, Purpose::Synth, 3);
        let mut pink = Pink::default();
        let signal: Vec<f32> = (0..200_000)
            .map(|_| {
                let w = white(rng);
                pink.next(w)
            })
            .collect();
        // Equal relative bandwidth: pink noise has the same power in each.
        let power = |hz: f32| {
            let mut band = Biquad::band_pass(hz, 2.0);
            signal.iter().map(|&x| band.next(x).powi(2)).sum::<f32>()
        };
        assert!((power(300.0) / power(2400.0)).log10().abs() * 10.0 < 1.0);
    }
}
