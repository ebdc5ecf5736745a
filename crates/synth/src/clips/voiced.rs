//! Voices of animals and people: pulses of the throat, or breath, through moving formants.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::Kind;
use crate::envelope::{gate, samples};
use crate::filter::Biquad;
use crate::noise::{log_uniform, vary, white};
use crate::oscillator::{BLOCK, Phase};

struct Voice {
    /// Pitch at the start, in the middle and at the end of a syllable.
    pitch_hz: [f32; 3],
    /// Formants at the start and at the end.
    formants_hz: [[f32; 3]; 2],
    /// Share of breath in the source, 0 to 1, and roughness of the pitch.
    breath: f32,
    rough: f32,
    /// Length of a syllable and of the pause after it.
    syllable_s: (f32, f32),
    pause_s: f32,
    most_syllables: usize,
}

const BARK: Voice = Voice {
    pitch_hz: [380.0, 520.0, 300.0],
    formants_hz: [[700.0, 1400.0, 2600.0], [500.0, 1100.0, 2400.0]],
    breath: 0.5,
    rough: 0.15,
    syllable_s: (0.10, 0.22),
    pause_s: 0.25,
    most_syllables: 5,
};
const MEOW: Voice = Voice {
    pitch_hz: [450.0, 700.0, 480.0],
    formants_hz: [[500.0, 2300.0, 3300.0], [900.0, 1300.0, 2900.0]],
    breath: 0.1,
    rough: 0.02,
    syllable_s: (0.5, 1.1),
    pause_s: 0.4,
    most_syllables: 2,
};
const COUGH: Voice = Voice {
    pitch_hz: [220.0, 180.0, 140.0],
    formants_hz: [[650.0, 1350.0, 2500.0], [500.0, 1300.0, 2400.0]],
    breath: 0.85,
    rough: 0.3,
    syllable_s: (0.12, 0.3),
    pause_s: 0.12,
    most_syllables: 4,
};
const LAUGHTER: Voice = Voice {
    pitch_hz: [250.0, 290.0, 210.0],
    formants_hz: [[750.0, 1300.0, 2600.0], [700.0, 1200.0, 2500.0]],
    breath: 0.35,
    rough: 0.05,
    syllable_s: (0.08, 0.14),
    pause_s: 0.08,
    most_syllables: 10,
};
const BURP: Voice = Voice {
    pitch_hz: [75.0, 90.0, 65.0],
    formants_hz: [[450.0, 900.0, 2100.0], [350.0, 800.0, 2000.0]],
    breath: 0.3,
    rough: 0.5,
    syllable_s: (0.3, 1.0),
    pause_s: 0.3,
    most_syllables: 1,
};
const COW: Voice = Voice {
    pitch_hz: [110.0, 160.0, 130.0],
    formants_hz: [[350.0, 800.0, 2000.0], [500.0, 950.0, 2200.0]],
    breath: 0.15,
    rough: 0.04,
    syllable_s: (0.9, 1.8),
    pause_s: 0.4,
    most_syllables: 2,
};
const CROW: Voice = Voice {
    pitch_hz: [520.0, 560.0, 460.0],
    formants_hz: [[1100.0, 1700.0, 3100.0], [1000.0, 1600.0, 2900.0]],
    breath: 0.45,
    rough: 0.35,
    syllable_s: (0.2, 0.45),
    pause_s: 0.3,
    most_syllables: 4,
};
const BABY: Voice = Voice {
    pitch_hz: [380.0, 560.0, 430.0],
    formants_hz: [[900.0, 1900.0, 3600.0], [1000.0, 1700.0, 3400.0]],
    breath: 0.15,
    rough: 0.08,
    syllable_s: (0.5, 1.1),
    pause_s: 0.25,
    most_syllables: 3,
};

pub(super) const KINDS: &[Kind] = &[
    Kind { name: "bark", make: |rng| speak(&BARK, rng) },
    Kind { name: "meow", make: |rng| speak(&MEOW, rng) },
    Kind { name: "cough", make: |rng| speak(&COUGH, rng) },
    Kind { name: "laughter", make: |rng| speak(&LAUGHTER, rng) },
    Kind { name: "burp", make: |rng| speak(&BURP, rng) },
    Kind { name: "cow", make: |rng| speak(&COW, rng) },
    Kind { name: "crow", make: |rng| speak(&CROW, rng) },
    Kind { name: "baby_cry", make: |rng| speak(&BABY, rng) },
];

fn speak(voice: &Voice, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let size = log_uniform(rng, 0.8, 1.25);
    let mut clip = Vec::new();
    for _ in 0..rng.random_range(1..=voice.most_syllables) {
        let length = samples(log_uniform(rng, voice.syllable_s.0, voice.syllable_s.1));
        clip.extend(syllable(voice, size, length, rng));
        clip.resize(clip.len() + samples(vary(rng, voice.pause_s, 0.4)), 0.0);
    }
    clip
}

fn syllable(voice: &Voice, size: f32, length: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let loud = rng.random_range(0.5..1.0);
    let lift = vary(rng, size, 0.06);
    let mut throat = Phase::default();
    let mut rough = 1.0;
    let formant = |i: usize, part: f32| {
        let [from, to] = [voice.formants_hz[0][i], voice.formants_hz[1][i]];
        Biquad::band_pass(size * (from + (to - from) * part), 6.0)
    };
    let mut formants = [0, 1, 2].map(|i| formant(i, 0.0));
    (0..length)
        .map(|n| {
            let part = n as f32 / length as f32;
            if n % BLOCK == 0 {
                formants.iter_mut().enumerate().for_each(|(i, filter)| filter.retune(&formant(i, part)));
                rough = 1.0 + voice.rough * white(rng);
            }
            let [start, middle, end] = voice.pitch_hz;
            let pitch = if part < 0.5 {
                start + (middle - start) * 2.0 * part
            } else {
                middle + (end - middle) * (2.0 * part - 1.0)
            };
            // A sawtooth with softened edge stands for the pulses of the throat.
            let turns = throat.advance(lift * rough * pitch);
            let pulse = if turns < 0.9 { turns / 0.9 } else { (1.0 - turns) / 0.1 } - 0.5;
            let source = (1.0 - voice.breath) * pulse + voice.breath * white(rng);
            let sum: f32 = formants
                .iter_mut()
                .zip([1.0, 0.7, 0.4])
                .map(|(filter, gain)| gain * filter.next(source))
                .sum();
            loud * gate(n, length, 0.02, 0.06) * sum
        })
        .collect()
}
