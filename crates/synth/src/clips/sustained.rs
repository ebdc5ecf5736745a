//! Blown and bowed instruments: harmonic partials with vibrato, breath and slow flanks.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::Kind;
use crate::envelope::{gate, samples};
use crate::filter::Biquad;
use crate::noise::{log_uniform, vary, white};
use crate::oscillator::{Phase, sine};

struct Instrument {
    hz: (f32, f32),
    /// The amplitude of partial k goes as k^-tilt, times `even` for even k.
    tilt: f32,
    even: f32,
    attack_s: f32,
    /// Relative swing of the pitch.
    vibrato: f32,
    /// Level of the noise of breath or bow.
    breath: f32,
}

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "flute",
        make: |rng| {
            play(
                &Instrument {
                    hz: (260.0, 1200.0),
                    tilt: 1.9,
                    even: 0.8,
                    attack_s: 0.06,
                    vibrato: 0.006,
                    breath: 0.03,
                },
                rng,
            )
        },
    },
    Kind {
        name: "clarinet",
        make: |rng| {
            play(
                &Instrument {
                    hz: (150.0, 700.0),
                    tilt: 0.9,
                    even: 0.15,
                    attack_s: 0.04,
                    vibrato: 0.001,
                    breath: 0.02,
                },
                rng,
            )
        },
    },
    Kind {
        name: "oboe",
        make: |rng| {
            play(
                &Instrument {
                    hz: (230.0, 900.0),
                    tilt: 0.5,
                    even: 1.0,
                    attack_s: 0.03,
                    vibrato: 0.004,
                    breath: 0.02,
                },
                rng,
            )
        },
    },
    Kind {
        name: "saxophone",
        make: |rng| {
            play(
                &Instrument {
                    hz: (110.0, 550.0),
                    tilt: 0.8,
                    even: 0.9,
                    attack_s: 0.05,
                    vibrato: 0.008,
                    breath: 0.06,
                },
                rng,
            )
        },
    },
    Kind {
        name: "trumpet",
        make: |rng| {
            play(
                &Instrument {
                    hz: (165.0, 900.0),
                    tilt: 0.4,
                    even: 1.0,
                    attack_s: 0.025,
                    vibrato: 0.003,
                    breath: 0.01,
                },
                rng,
            )
        },
    },
    Kind {
        name: "violin",
        make: |rng| {
            play(
                &Instrument {
                    hz: (196.0, 1300.0),
                    tilt: 0.8,
                    even: 0.9,
                    attack_s: 0.09,
                    vibrato: 0.010,
                    breath: 0.03,
                },
                rng,
            )
        },
    },
    Kind {
        name: "cello",
        make: |rng| {
            play(
                &Instrument {
                    hz: (65.0, 400.0),
                    tilt: 0.8,
                    even: 0.9,
                    attack_s: 0.10,
                    vibrato: 0.008,
                    breath: 0.03,
                },
                rng,
            )
        },
    },
    Kind {
        name: "harmonica",
        make: |rng| {
            play(
                &Instrument {
                    hz: (260.0, 1050.0),
                    tilt: 0.3,
                    even: 1.0,
                    attack_s: 0.03,
                    vibrato: 0.005,
                    breath: 0.04,
                },
                rng,
            )
        },
    },
];

fn play(instrument: &Instrument, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let notes = rng.random_range(1..=4);
    let total_s = rng.random_range(0.5..3.2);
    let mut clip = Vec::new();
    for _ in 0..notes {
        let hz = log_uniform(rng, instrument.hz.0, instrument.hz.1);
        let length = samples(vary(rng, total_s / notes as f32, 0.3));
        clip.extend(note(instrument, hz, length, rng));
    }
    clip
}

fn note(instrument: &Instrument, hz: f32, length: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let top = ((7000.0 / hz) as usize).clamp(1, 24);
    let partials: Vec<f32> = (1..=top)
        .map(|k| {
            vary(rng, (k as f32).powf(-instrument.tilt), 0.3) * if k % 2 == 0 { instrument.even } else { 1.0 }
        })
        .collect();
    let (mut phase, mut sway) = (Phase::default(), Phase::default());
    let sway_hz = rng.random_range(4.5..6.5);
    let mut breath = Biquad::band_pass(2.0 * hz, 0.6);
    (0..length)
        .map(|i| {
            let pitch = hz * (1.0 + instrument.vibrato * sway.sine(sway_hz));
            let turns = phase.advance(pitch);
            let tone: f32 = partials.iter().zip(1..).map(|(a, k)| a * sine((turns * k as f32).fract())).sum();
            let air = 2.0 * instrument.breath * breath.next(white(rng));
            gate(i, length, instrument.attack_s, 0.06) * (0.3 * tone + air)
        })
        .collect()
}
