//! Grains of noise: rain, applause, scissors, a shot; many or one, short or long, bright or dull.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::Kind;
use crate::RATE;
use crate::envelope::{gate, samples};
use crate::filter::Biquad;
use crate::noise::{log_uniform, waiting_time, white};

struct Grains {
    /// Grains a second; with `None` there is one.
    rate: Option<f32>,
    /// Centre of a grain's band, lowest and highest, and its quality.
    hz: (f32, f32),
    quality: f32,
    /// Time in which a grain falls to 1/e, shortest and longest.
    decay_s: (f32, f32),
    /// Lowest level of a grain beside the highest.
    softest: f32,
    length_s: (f32, f32),
    /// How slowly the whole begins and ends.
    flank_s: f32,
}

const APPLAUSE: Grains = Grains {
    rate: Some(60.0),
    hz: (900.0, 2800.0),
    quality: 1.5,
    decay_s: (0.004, 0.012),
    softest: 0.2,
    length_s: (1.0, 4.0),
    flank_s: 0.4,
};
const RAIN: Grains = Grains {
    rate: Some(300.0),
    hz: (2500.0, 6500.0),
    quality: 1.0,
    decay_s: (0.001, 0.003),
    softest: 0.1,
    length_s: (1.5, 4.0),
    flank_s: 0.3,
};
const TEARING: Grains = Grains {
    rate: Some(150.0),
    hz: (2000.0, 6000.0),
    quality: 0.7,
    decay_s: (0.003, 0.010),
    softest: 0.2,
    length_s: (0.4, 1.6),
    flank_s: 0.05,
};
const WRITING: Grains = Grains {
    rate: Some(14.0),
    hz: (2500.0, 5000.0),
    quality: 1.0,
    decay_s: (0.02, 0.06),
    softest: 0.15,
    length_s: (1.0, 3.5),
    flank_s: 0.05,
};
const SCISSORS: Grains = Grains {
    rate: Some(5.0),
    hz: (3500.0, 6500.0),
    quality: 2.0,
    decay_s: (0.03, 0.08),
    softest: 0.4,
    length_s: (0.6, 2.5),
    flank_s: 0.02,
};
const SPRAY: Grains = Grains {
    rate: Some(900.0),
    hz: (4000.0, 7000.0),
    quality: 0.8,
    decay_s: (0.002, 0.006),
    softest: 0.5,
    length_s: (0.4, 2.0),
    flank_s: 0.04,
};
const FIREWORKS: Grains = Grains {
    rate: Some(9.0),
    hz: (300.0, 4000.0),
    quality: 0.6,
    decay_s: (0.02, 0.15),
    softest: 0.05,
    length_s: (1.0, 3.5),
    flank_s: 0.02,
};
const GUNSHOT: Grains = Grains {
    rate: None,
    hz: (500.0, 1500.0),
    quality: 0.3,
    decay_s: (0.05, 0.25),
    softest: 1.0,
    length_s: (0.5, 1.5),
    flank_s: 0.001,
};
const SHATTER: Grains = Grains {
    rate: Some(70.0),
    hz: (3000.0, 7000.0),
    quality: 9.0,
    decay_s: (0.01, 0.06),
    softest: 0.05,
    length_s: (0.4, 1.3),
    flank_s: 0.002,
};
const SNAP: Grains = Grains {
    rate: Some(2.5),
    hz: (1800.0, 3200.0),
    quality: 2.0,
    decay_s: (0.004, 0.012),
    softest: 0.6,
    length_s: (0.3, 2.0),
    flank_s: 0.002,
};
const FOOTSTEPS: Grains = Grains {
    rate: Some(2.2),
    hz: (150.0, 700.0),
    quality: 0.8,
    decay_s: (0.02, 0.06),
    softest: 0.5,
    length_s: (1.0, 3.5),
    flank_s: 0.01,
};
const FIRE: Grains = Grains {
    rate: Some(25.0),
    hz: (700.0, 5000.0),
    quality: 2.0,
    decay_s: (0.001, 0.006),
    softest: 0.05,
    length_s: (1.5, 4.0),
    flank_s: 0.2,
};
const WAVES: Grains = Grains {
    rate: Some(1.0),
    hz: (400.0, 1500.0),
    quality: 0.3,
    decay_s: (0.5, 1.2),
    softest: 0.3,
    length_s: (2.0, 4.5),
    flank_s: 0.8,
};

pub(super) const KINDS: &[Kind] = &[
    Kind { name: "applause", make: |rng| scatter(&APPLAUSE, rng) },
    Kind { name: "rain", make: |rng| scatter(&RAIN, rng) },
    Kind { name: "tearing", make: |rng| scatter(&TEARING, rng) },
    Kind { name: "writing", make: |rng| scatter(&WRITING, rng) },
    Kind { name: "scissors", make: |rng| scatter(&SCISSORS, rng) },
    Kind { name: "spray", make: |rng| scatter(&SPRAY, rng) },
    Kind { name: "fireworks", make: |rng| scatter(&FIREWORKS, rng) },
    Kind { name: "gunshot", make: |rng| scatter(&GUNSHOT, rng) },
    Kind { name: "shatter", make: |rng| scatter(&SHATTER, rng) },
    Kind { name: "finger_snapping", make: |rng| scatter(&SNAP, rng) },
    Kind { name: "footsteps", make: |rng| scatter(&FOOTSTEPS, rng) },
    Kind { name: "fire", make: |rng| scatter(&FIRE, rng) },
    Kind { name: "waves", make: |rng| scatter(&WAVES, rng) },
];

fn scatter(grains: &Grains, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let length = samples(log_uniform(rng, grains.length_s.0, grains.length_s.1));
    let mut clip = vec![0.0; length];
    let mut at = 0;
    while at < length {
        add_grain(&mut clip[at..], grains, rng);
        at = grains.rate.map_or(length, |rate| at + 1 + samples(waiting_time(rng, rate)));
    }
    for (i, sample) in clip.iter_mut().enumerate() {
        *sample *= gate(i, length, grains.flank_s, grains.flank_s.max(0.05));
    }
    clip
}

fn add_grain(out: &mut [f32], grains: &Grains, rng: &mut ChaCha8Rng) {
    let decay_s = log_uniform(rng, grains.decay_s.0, grains.decay_s.1);
    let mut band = Biquad::band_pass(log_uniform(rng, grains.hz.0, grains.hz.1), grains.quality);
    let loud =
        if grains.softest < 1.0 { log_uniform(rng, grains.softest, 1.0) } else { rng.random_range(0.8..1.0) };
    let fall = (-1.0 / (decay_s * RATE)).exp();
    let mut level = loud;
    let length = out.len().min(samples(7.0 * decay_s));
    for sample in &mut out[..length] {
        *sample += level * band.next(white(rng));
        level *= fall;
    }
}
