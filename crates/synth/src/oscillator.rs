//! Sine waves: one at a time, a whole harmonic series at once, and damped ones.

use super::RATE;

/// A phase that runs on from sample to sample, so that a changing pitch never jumps.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Phase(f64);

impl Phase {
    /// Starts at `turns` of a period.
    pub(super) fn new(turns: f64) -> Self {
        Self(turns.rem_euclid(1.0))
    }

    /// Returns the phase in [0, 1) and moves on by one sample at `hz` (not negative).
    pub(super) fn advance(&mut self, hz: f32) -> f32 {
        let now = self.0 as f32;
        self.0 += f64::from(hz / RATE);
        self.0 -= f64::from(self.0 as i32);
        now
    }

    /// The next sample of a sine at `hz`.
    pub(super) fn sine(&mut self, hz: f32) -> f32 {
        sine(self.advance(hz))
    }
}

/// sin(2π·turns) for turns in [0, 1], to 5e-7.
///
/// A least-squares polynomial times the factor that holds the zeros; several times as fast as the libm call.
pub(super) fn sine(turns: f32) -> f32 {
    let x = turns - 0.5;
    let u = x * x;
    let even = 6.283_182_6 + u * (-16.208_671 + u * (16.761_003 + u * (-9.531_045 + u * 3.058_982_6)));
    -x * (1.0 - 4.0 * u) * even
}

/// Samples in a block of [`harmonics`], and between two values of a control curve: 4 ms.
pub(super) const BLOCK: usize = 64;

/// Adds, for each phase of a block, two series Σ_k a_k sin(2πk·phase) over the same harmonics k = 1, 2, ...
///
/// sin(kx) = 2 cos(x) sin((k-1)x) - sin((k-2)x) gives each harmonic for one multiplication; the loop over the
/// block is the inner one, so that it runs in SIMD lanes.
pub(super) fn harmonics(phase: &[f32; BLOCK], amplitudes: &[[f32; 2]], out: &mut [[f32; BLOCK]; 2]) {
    let mut before = [0.0; BLOCK];
    let mut now = phase.map(sine);
    let twice_cos = phase.map(|p| 2.0 * sine(if p < 0.75 { p + 0.25 } else { p - 0.75 }));
    *out = [[0.0; BLOCK]; 2];
    let [first, second] = out;
    for &[a, b] in amplitudes {
        for i in 0..BLOCK {
            first[i] += a * now[i];
            second[i] += b * now[i];
            let next = twice_cos[i] * now[i] - before[i];
            before[i] = now[i];
            now[i] = next;
        }
    }
}

/// Adds amplitude · exp(-t/decay_s) · sin(2π·hz·t) to `out` from sample `at` on, until it is 70 dB down.
pub(super) fn add_damped_sine(out: &mut [f32], at: usize, hz: f32, decay_s: f32, amplitude: f32) {
    let length = (8.0 * decay_s * RATE) as usize;
    let end = out.len().min(at.saturating_add(length));
    let Some(out) = out.get_mut(at..end) else { return };
    let radius = (-1.0 / (decay_s * RATE)).exp();
    let angle = std::f32::consts::TAU * hz / RATE;
    let (a, b) = (2.0 * radius * angle.cos(), radius * radius);
    let (mut now, mut before) = (0.0, -amplitude * angle.sin() / radius);
    for sample in out {
        *sample += now;
        (now, before) = (a * now - b * before, now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    #[test]
    fn the_polynomial_is_a_sine() {
        for i in 0..=1000 {
            let turns = i as f32 / 1000.0;
            assert!((f64::from(sine(turns)) - (TAU * f64::from(turns)).sin()).abs() < 5e-7, "{turns}");
        }
    }

    #[test]
    fn harmonics_equal_their_sum_of_sines() {
        let amplitudes: Vec<[f32; 2]> = (1..=40).map(|k| [1.0 / k as f32, (k % 3) as f32]).collect();
        let phase: [f32; BLOCK] = std::array::from_fn(|i| i as f32 / BLOCK as f32 * 0.999);
        let mut out = [[0.0; BLOCK]; 2];
        harmonics(&phase, &amplitudes, &mut out);
        for (i, &p) in phase.iter().enumerate() {
            for series in 0..2 {
                let expected: f64 = (1..=40)
                    .map(|k| f64::from(amplitudes[k - 1][series]) * (TAU * k as f64 * f64::from(p)).sin())
                    .sum();
                assert!((f64::from(out[series][i]) - expected).abs() < 2e-3, "{p} {series}");
            }
        }
    }

    #[test]
    fn a_damped_sine_follows_its_formula() {
        let mut out = vec![0.0; 4000];
        add_damped_sine(&mut out, 100, 440.0, 0.03, 0.5);
        assert!(out[..101].iter().all(|&x| x == 0.0));
        for i in [150, 400, 900] {
            let t = (i - 100) as f32 / RATE;
            let expected = 0.5 * (-t / 0.03).exp() * (std::f32::consts::TAU * 440.0 * t).sin();
            assert!((out[i] - expected).abs() < 1e-3, "{i}: {} {expected}", out[i]);
        }
    }

    #[test]
    fn a_damped_sine_past_the_end_adds_nothing() {
        let mut out = vec![0.0; 10];
        add_damped_sine(&mut out, 20, 440.0, 0.03, 0.5);
        assert_eq!(out, vec![0.0; 10]);
    }
}
