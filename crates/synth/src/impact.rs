//! Impacts: a body struck once rings in its modes.

use rand_chacha::ChaCha8Rng;

use super::noise::vary;
use super::oscillator::add_damped_sine;

/// A mode of a body: frequency in Hz, time in s in which it falls to 1/e, amplitude.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Mode(pub(super) f32, pub(super) f32, pub(super) f32);

/// Adds a blow of `amplitude` at sample `at`. Where it lands differs, and with it the balance of the modes.
pub(super) fn strike(out: &mut [f32], at: usize, modes: &[Mode], amplitude: f32, rng: &mut ChaCha8Rng) {
    for &Mode(hz, decay_s, gain) in modes {
        let hz = vary(rng, hz, 0.02);
        let gain = vary(rng, gain, 0.5) * amplitude;
        add_damped_sine(out, at, hz, vary(rng, decay_s, 0.2), gain);
    }
}
