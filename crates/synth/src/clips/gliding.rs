//! Tones whose pitch glides: whistles, sirens, birds, squeaks, horns.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::Kind;
use crate::RATE;
use crate::envelope::{gate, samples};
use crate::noise::{Drift, log_uniform, vary};
use crate::oscillator::{BLOCK, Phase, sine};

struct Glide {
    hz: (f32, f32),
    /// Octaves from the start of a call to its end; its sign is drawn.
    octaves: f32,
    /// Swing of the pitch: relative depth and rate.
    swing: (f32, f32),
    /// Unsteadiness of the pitch.
    unsteady: f32,
    /// Amplitudes of the partials.
    partials: &'static [f32],
    /// Length of a call, shortest and longest, and most calls.
    call_s: (f32, f32),
    most_calls: usize,
}

const WHISTLE: Glide = Glide {
    hz: (900.0, 2400.0),
    octaves: 0.5,
    swing: (0.01, 6.0),
    unsteady: 0.01,
    partials: &[1.0, 0.05],
    call_s: (0.2, 0.9),
    most_calls: 3,
};
const REFEREE: Glide = Glide {
    hz: (2500.0, 3600.0),
    octaves: 0.0,
    swing: (0.03, 32.0),
    unsteady: 0.01,
    partials: &[1.0, 0.2],
    call_s: (0.3, 1.2),
    most_calls: 2,
};
const SIREN: Glide = Glide {
    hz: (500.0, 800.0),
    octaves: 0.3,
    swing: (0.25, 0.7),
    unsteady: 0.0,
    partials: &[1.0, 0.5, 0.4, 0.2, 0.1],
    call_s: (2.5, 4.5),
    most_calls: 1,
};
const BIRD: Glide = Glide {
    hz: (2200.0, 5200.0),
    octaves: 0.6,
    swing: (0.08, 24.0),
    unsteady: 0.01,
    partials: &[1.0, 0.1],
    call_s: (0.06, 0.25),
    most_calls: 10,
};
const CRICKET: Glide = Glide {
    hz: (3800.0, 5200.0),
    octaves: 0.05,
    swing: (0.0, 1.0),
    unsteady: 0.0,
    partials: &[1.0],
    call_s: (0.015, 0.03),
    most_calls: 30,
};
const SQUEAK: Glide = Glide {
    hz: (700.0, 2200.0),
    octaves: 0.4,
    swing: (0.05, 13.0),
    unsteady: 0.06,
    partials: &[1.0, 0.7, 0.5, 0.3],
    call_s: (0.15, 0.7),
    most_calls: 3,
};
const HORN: Glide = Glide {
    hz: (320.0, 480.0),
    octaves: 0.0,
    swing: (0.0, 1.0),
    unsteady: 0.002,
    partials: &[1.0, 0.8, 0.9, 0.6, 0.5, 0.4, 0.4, 0.2],
    call_s: (0.25, 1.3),
    most_calls: 3,
};
const TOY_LASER: Glide = Glide {
    hz: (1500.0, 4000.0),
    octaves: -2.0,
    swing: (0.0, 1.0),
    unsteady: 0.0,
    partials: &[1.0, 0.3, 0.2],
    call_s: (0.1, 0.35),
    most_calls: 5,
};
const BEEP: Glide = Glide {
    hz: (1000.0, 3000.0),
    octaves: 0.0,
    swing: (0.0, 1.0),
    unsteady: 0.0,
    partials: &[1.0, 0.0, 0.3],
    call_s: (0.08, 0.3),
    most_calls: 5,
};

pub(super) const KINDS: &[Kind] = &[
    Kind { name: "whistle", make: |rng| call(&WHISTLE, rng) },
    Kind { name: "referee_whistle", make: |rng| call(&REFEREE, rng) },
    Kind { name: "siren", make: |rng| call(&SIREN, rng) },
    Kind { name: "bird", make: |rng| call(&BIRD, rng) },
    Kind { name: "cricket", make: |rng| call(&CRICKET, rng) },
    Kind { name: "squeak", make: |rng| call(&SQUEAK, rng) },
    Kind { name: "horn", make: |rng| call(&HORN, rng) },
    Kind { name: "toy_laser", make: |rng| call(&TOY_LASER, rng) },
    Kind { name: "microwave_beep", make: |rng| call(&BEEP, rng) },
];

fn call(glide: &Glide, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let hz = log_uniform(rng, glide.hz.0, glide.hz.1);
    let length_s = log_uniform(rng, glide.call_s.0, glide.call_s.1);
    let mut clip = Vec::new();
    for _ in 0..rng.random_range(1..=glide.most_calls) {
        clip.extend(one_call(glide, vary(rng, hz, 0.03), samples(vary(rng, length_s, 0.2)), rng));
        clip.resize(clip.len() + samples(vary(rng, 0.5 * length_s, 0.4)), 0.0);
    }
    clip
}

fn one_call(glide: &Glide, hz: f32, length: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let (mut tone, mut swing) = (Phase::default(), Phase::new(rng.random_range(0.0..1.0)));
    let mut drift = Drift::new(0.04, BLOCK as f32 / RATE, rng);
    let octaves = glide.octaves
        * rng.random_range(0.4..1.0)
        * if glide.octaves > 0.0 && rng.random_range(0.0..1.0) < 0.5 { -1.0 } else { 1.0 };
    let mut wobble = 0.0;
    (0..length)
        .map(|i| {
            if i % BLOCK == 0 {
                wobble = drift.next(rng);
            }
            let pitch = hz
                * (octaves * i as f32 / length as f32).exp2()
                * (1.0 + glide.swing.0 * swing.sine(glide.swing.1) + glide.unsteady * wobble);
            let turns = tone.advance(pitch);
            let partials = glide.partials.iter().zip(1..).filter(|(_, k)| pitch * *k as f32 <= 7800.0);
            let sum: f32 = partials.map(|(a, k)| a * sine((turns * k as f32).fract())).sum();
            gate(i, length, 0.008, 0.015) * sum
        })
        .collect()
}
