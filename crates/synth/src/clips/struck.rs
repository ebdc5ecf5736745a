//! Struck bars, bells and plates: free modes at ratios that tell the body.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::Kind;
use crate::envelope::samples;
use crate::noise::{log_uniform, vary};
use crate::oscillator::add_damped_sine;

struct Body {
    hz: (f32, f32),
    /// Modes: ratio to the lowest, amplitude.
    modes: &'static [(f32, f32)],
    /// Time in which the lowest mode falls to 1/e; others fall faster as their ratio grows.
    decay_s: f32,
    most_blows: usize,
}

const BAR: &[(f32, f32)] = &[(1.0, 1.0), (2.76, 0.4), (5.40, 0.2)];
const TUNED_BAR: &[(f32, f32)] = &[(1.0, 1.0), (3.93, 0.3), (9.2, 0.1)];
const BELL: &[(f32, f32)] =
    &[(0.5, 0.4), (1.0, 1.0), (1.19, 0.7), (1.5, 0.5), (2.0, 0.6), (2.74, 0.3), (3.76, 0.2)];
const PLATE: &[(f32, f32)] = &[
    (1.0, 1.0),
    (1.41, 0.7),
    (1.83, 0.8),
    (2.32, 0.6),
    (2.71, 0.6),
    (3.30, 0.5),
    (4.12, 0.5),
    (5.07, 0.4),
    (6.6, 0.3),
    (8.3, 0.3),
];
const WOOD: &[(f32, f32)] = &[(1.0, 1.0), (1.58, 0.5), (2.42, 0.3)];
const TINE: &[(f32, f32)] = &[(1.0, 1.0), (2.0, 0.25), (7.1, 0.2)];

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "glockenspiel",
        make: |rng| ring(&Body { hz: (780.0, 2300.0), modes: BAR, decay_s: 0.5, most_blows: 5 }, rng),
    },
    Kind {
        name: "marimba",
        make: |rng| ring(&Body { hz: (130.0, 800.0), modes: TUNED_BAR, decay_s: 0.15, most_blows: 6 }, rng),
    },
    Kind {
        name: "chime",
        make: |rng| ring(&Body { hz: (500.0, 1800.0), modes: BAR, decay_s: 1.1, most_blows: 8 }, rng),
    },
    Kind {
        name: "church_bell",
        make: |rng| ring(&Body { hz: (200.0, 600.0), modes: BELL, decay_s: 1.4, most_blows: 2 }, rng),
    },
    Kind {
        name: "gong",
        make: |rng| ring(&Body { hz: (70.0, 180.0), modes: PLATE, decay_s: 1.5, most_blows: 1 }, rng),
    },
    Kind {
        name: "cowbell",
        make: |rng| {
            ring(
                &Body {
                    hz: (480.0, 760.0),
                    modes: &[(1.0, 1.0), (1.51, 0.9), (2.6, 0.3)],
                    decay_s: 0.10,
                    most_blows: 6,
                },
                rng,
            )
        },
    },
    Kind {
        name: "triangle",
        make: |rng| {
            ring(
                &Body {
                    hz: (1500.0, 2600.0),
                    modes: &[(1.0, 0.5), (1.7, 1.0), (2.5, 0.8)],
                    decay_s: 0.9,
                    most_blows: 3,
                },
                rng,
            )
        },
    },
    Kind {
        name: "wood_block",
        make: |rng| ring(&Body { hz: (700.0, 1600.0), modes: WOOD, decay_s: 0.02, most_blows: 8 }, rng),
    },
    Kind {
        name: "electric_piano",
        make: |rng| ring(&Body { hz: (110.0, 700.0), modes: TINE, decay_s: 0.8, most_blows: 4 }, rng),
    },
    Kind {
        name: "glass",
        make: |rng| ring(&Body { hz: (1300.0, 2800.0), modes: BELL, decay_s: 0.18, most_blows: 3 }, rng),
    },
];

fn ring(body: &Body, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let blows = rng.random_range(1..=body.most_blows);
    let spacing_s = log_uniform(rng, 0.09, 0.45);
    let length_s = blows as f32 * spacing_s + (4.0 * body.decay_s).clamp(0.2, 3.0);
    let mut clip = vec![0.0; samples(length_s)];
    for blow in 0..blows {
        let hz = log_uniform(rng, body.hz.0, body.hz.1);
        let at = samples(vary(rng, blow as f32 * spacing_s, 0.1));
        let loud = log_uniform(rng, 0.3, 1.0);
        for &(ratio, gain) in body.modes.iter().filter(|mode| mode.0 * hz < 7500.0) {
            let decay_s = body.decay_s / ratio.max(0.7).powf(0.7);
            add_damped_sine(
                &mut clip,
                at,
                vary(rng, hz * ratio, 0.004),
                decay_s,
                loud * vary(rng, gain, 0.3),
            );
        }
    }
    clip
}
