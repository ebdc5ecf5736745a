//! Plucked strings, by Karplus and Strong: a delay line that loses its high partials as it turns.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::Kind;
use crate::RATE;
use crate::envelope::samples;
use crate::filter::Biquad;
use crate::noise::{log_uniform, white};

struct Strings {
    hz: (f32, f32),
    /// Time in which the lowest partial falls to 1/e, in seconds.
    decay_s: f32,
    /// Cutoff of the pluck, in Hz.
    bright_hz: f32,
    most_notes: usize,
}

pub(super) const KINDS: &[Kind] = &[
    Kind {
        name: "acoustic_guitar",
        make: |rng| {
            pluck(&Strings { hz: (82.0, 330.0), decay_s: 1.2, bright_hz: 3000.0, most_notes: 4 }, rng)
        },
    },
    Kind {
        name: "banjo",
        make: |rng| {
            pluck(&Strings { hz: (190.0, 620.0), decay_s: 0.35, bright_hz: 6000.0, most_notes: 6 }, rng)
        },
    },
    Kind {
        name: "double_bass",
        make: |rng| pluck(&Strings { hz: (41.0, 110.0), decay_s: 0.8, bright_hz: 900.0, most_notes: 3 }, rng),
    },
    Kind {
        name: "harp",
        make: |rng| {
            pluck(&Strings { hz: (130.0, 900.0), decay_s: 1.6, bright_hz: 2200.0, most_notes: 5 }, rng)
        },
    },
    Kind {
        name: "pizzicato",
        make: |rng| {
            pluck(&Strings { hz: (200.0, 700.0), decay_s: 0.12, bright_hz: 2500.0, most_notes: 4 }, rng)
        },
    },
];

fn pluck(strings: &Strings, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let notes = rng.random_range(1..=strings.most_notes);
    let spacing = samples(rng.random_range(0.05..0.5));
    let mut clip = vec![0.0; (notes - 1) * spacing + samples(2.5 * strings.decay_s.min(1.2))];
    for note in 0..notes {
        let hz = log_uniform(rng, strings.hz.0, strings.hz.1);
        let loud = rng.random_range(0.4..1.0);
        add_note(&mut clip[note * spacing..], hz, loud, strings, rng);
    }
    clip
}

fn add_note(out: &mut [f32], hz: f32, loud: f32, strings: &Strings, rng: &mut ChaCha8Rng) {
    // Averaging two samples delays by a half.
    let period = RATE / hz - 0.5;
    let whole = period as usize;
    let part = period - whole as f32;
    let mut colour = Biquad::low_pass(strings.bright_hz, 0.7);
    let mut line: Vec<f32> = (0..=whole).map(|_| loud * colour.next(white(rng))).collect();
    let keep = (-1.0 / (hz * strings.decay_s)).exp();
    let mut at = 0;
    let mut before = 0.0;
    for sample in out {
        let next = (at + 1) % line.len();
        let delayed = line[next] * (1.0 - part) + line[at] * part;
        *sample += delayed;
        line[at] = keep * 0.5 * (delayed + before);
        before = delayed;
        at = next;
    }
}
