//! Filters: second-order sections (Bristow-Johnson's cookbook) and a one-pole smoother.

use super::RATE;

/// A second-order section in transposed direct form II.
#[derive(Clone, Debug)]
pub(super) struct Biquad {
    b: [f32; 3],
    a: [f32; 2],
    state: [f32; 2],
}

impl Biquad {
    /// Passes below `hz` (held under 0.48 of the rate); `q` of 0.707 is flattest.
    pub(super) fn low_pass(hz: f32, q: f32) -> Self {
        Self::design(hz, q, |cos, _| [(1.0 - cos) / 2.0, 1.0 - cos, (1.0 - cos) / 2.0])
    }

    /// Passes above `hz`.
    pub(super) fn high_pass(hz: f32, q: f32) -> Self {
        Self::design(hz, q, |cos, _| [(1.0 + cos) / 2.0, -(1.0 + cos), (1.0 + cos) / 2.0])
    }

    /// Passes a band of width `hz / q` about `hz`, with gain 1 in its middle.
    pub(super) fn band_pass(hz: f32, q: f32) -> Self {
        Self::design(hz, q, |_, alpha| [alpha, 0.0, -alpha])
    }

    fn design(hz: f32, q: f32, numerator: impl Fn(f32, f32) -> [f32; 3]) -> Self {
        let angle = std::f32::consts::TAU * hz.min(0.48 * RATE) / RATE;
        let (cos, alpha) = (angle.cos(), angle.sin() / (2.0 * q));
        let scale = 1.0 / (1.0 + alpha);
        Self {
            b: numerator(cos, alpha).map(|b| b * scale),
            a: [-2.0 * cos * scale, (1.0 - alpha) * scale],
            state: [0.0; 2],
        }
    }

    /// Changes the coefficients to those of `other` and keeps the state, for a moving filter.
    pub(super) fn retune(&mut self, other: &Self) {
        self.b = other.b;
        self.a = other.a;
    }

    /// Filters one sample.
    pub(super) fn next(&mut self, x: f32) -> f32 {
        let y = self.b[0] * x + self.state[0];
        self.state[0] = self.b[1] * x - self.a[0] * y + self.state[1];
        self.state[1] = self.b[2] * x - self.a[1] * y;
        y
    }

    /// Filters a signal in place.
    pub(super) fn run(&mut self, signal: &mut [f32]) {
        for sample in signal {
            *sample = self.next(*sample);
        }
    }
}

/// Follows a target with time constant `tau_s`, one step every `step_s`.
#[derive(Clone, Debug)]
pub(super) struct Smoother {
    value: f32,
    step_s: f32,
}

impl Smoother {
    /// Starts at `value`.
    pub(super) fn new(value: f32, step_s: f32) -> Self {
        Self { value, step_s }
    }

    /// Moves towards `target`.
    pub(super) fn next(&mut self, target: f32, tau_s: f32) -> f32 {
        self.value += (target - self.value) * (self.step_s / tau_s).min(1.0);
        self.value
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::oscillator::Phase;

    fn gain_db(mut filter: Biquad, hz: f32) -> f32 {
        let mut phase = Phase::default();
        let power: f32 = (0..16_000).map(|_| filter.next(phase.sine(hz))).skip(8000).map(|y| y * y).sum();
        10.0 * (power / 4000.0).log10()
    }

    #[test]
    fn gains_are_those_of_the_design() {
        let cases = [
            (Biquad::low_pass(1000.0, 0.707), 100.0, 0.0),
            (Biquad::low_pass(1000.0, 0.707), 1000.0, -3.0),
            (Biquad::high_pass(1000.0, 0.707), 1000.0, -3.0),
            (Biquad::high_pass(1000.0, 0.707), 6000.0, 0.0),
            (Biquad::band_pass(2000.0, 4.0), 2000.0, 0.0),
        ];
        for (filter, hz, expected) in cases {
            let found = gain_db(filter.clone(), hz);
            assert!((found - expected).abs() < 0.1, "{filter:?} at {hz} Hz: {found} dB, expected {expected}");
        }
        assert!(gain_db(Biquad::low_pass(500.0, 0.707), 4000.0) < -35.0);
        assert!(gain_db(Biquad::band_pass(2000.0, 4.0), 200.0) < -30.0);
    }
}
