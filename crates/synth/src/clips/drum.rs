//! Drums and shaken percussion: a skin whose pitch falls, and rattling noise.

use rand::RngExt;
use rand_chacha::ChaCha8Rng;

use super::Kind;
use crate::RATE;
use crate::envelope::samples;
use crate::filter::Biquad;
use crate::noise::{log_uniform, vary, white};
use crate::oscillator::Phase;

struct Drum {
    /// Pitch of the skin, how much higher it starts, its decay in seconds, its gain.
    skin_hz: f32,
    bend: f32,
    skin_decay_s: f32,
    skin: f32,
    /// Centre of the rattle, its quality, its decay in seconds, its gain.
    rattle_hz: f32,
    quality: f32,
    rattle_decay_s: f32,
    rattle: f32,
}

const BASS: Drum = Drum {
    skin_hz: 52.0,
    bend: 1.5,
    skin_decay_s: 0.16,
    skin: 1.0,
    rattle_hz: 1500.0,
    quality: 0.7,
    rattle_decay_s: 0.006,
    rattle: 0.3,
};
const SNARE: Drum = Drum {
    skin_hz: 190.0,
    bend: 0.4,
    skin_decay_s: 0.07,
    skin: 0.6,
    rattle_hz: 3200.0,
    quality: 0.5,
    rattle_decay_s: 0.11,
    rattle: 0.8,
};
const TOM: Drum = Drum {
    skin_hz: 110.0,
    bend: 0.6,
    skin_decay_s: 0.20,
    skin: 1.0,
    rattle_hz: 900.0,
    quality: 0.7,
    rattle_decay_s: 0.015,
    rattle: 0.2,
};
const BONGO: Drum = Drum {
    skin_hz: 320.0,
    bend: 0.15,
    skin_decay_s: 0.06,
    skin: 1.0,
    rattle_hz: 1800.0,
    quality: 1.0,
    rattle_decay_s: 0.006,
    rattle: 0.4,
};
const HI_HAT: Drum = Drum {
    skin_hz: 400.0,
    bend: 0.0,
    skin_decay_s: 0.01,
    skin: 0.0,
    rattle_hz: 6500.0,
    quality: 1.2,
    rattle_decay_s: 0.05,
    rattle: 1.0,
};
const TAMBOURINE: Drum = Drum {
    skin_hz: 260.0,
    bend: 0.2,
    skin_decay_s: 0.03,
    skin: 0.15,
    rattle_hz: 5200.0,
    quality: 3.0,
    rattle_decay_s: 0.09,
    rattle: 1.0,
};
const MARACAS: Drum = Drum {
    skin_hz: 400.0,
    bend: 0.0,
    skin_decay_s: 0.01,
    skin: 0.0,
    rattle_hz: 4200.0,
    quality: 1.5,
    rattle_decay_s: 0.025,
    rattle: 1.0,
};

pub(super) const KINDS: &[Kind] = &[
    Kind { name: "bass_drum", make: |rng| beat(&BASS, 4, rng) },
    Kind { name: "snare_drum", make: |rng| beat(&SNARE, 8, rng) },
    Kind { name: "tom", make: |rng| beat(&TOM, 5, rng) },
    Kind { name: "bongo", make: |rng| beat(&BONGO, 9, rng) },
    Kind { name: "hi_hat", make: |rng| beat(&HI_HAT, 10, rng) },
    Kind { name: "tambourine", make: |rng| beat(&TAMBOURINE, 8, rng) },
    Kind { name: "maracas", make: |rng| beat(&MARACAS, 12, rng) },
];

fn beat(drum: &Drum, most_blows: usize, rng: &mut ChaCha8Rng) -> Vec<f32> {
    let blows = rng.random_range(1..=most_blows);
    let spacing_s = log_uniform(rng, 0.10, 0.35);
    let tail_s = 5.0 * drum.skin_decay_s.max(drum.rattle_decay_s);
    let mut clip = vec![0.0; samples(blows as f32 * spacing_s + tail_s)];
    let tuning = log_uniform(rng, 0.8, 1.25);
    for blow in 0..blows {
        let at = samples(vary(rng, blow as f32 * spacing_s, 0.03));
        let loud = log_uniform(rng, 0.35, 1.0);
        add_blow(&mut clip[at..], drum, tuning, loud, rng);
    }
    clip
}

fn add_blow(out: &mut [f32], drum: &Drum, tuning: f32, loud: f32, rng: &mut ChaCha8Rng) {
    let mut skin = Phase::default();
    let mut colour = Biquad::band_pass(tuning * drum.rattle_hz, drum.quality);
    let length = out.len().min(samples(8.0 * drum.skin_decay_s.max(drum.rattle_decay_s)));
    for (i, sample) in out[..length].iter_mut().enumerate() {
        let t = i as f32 / RATE;
        let hz = tuning * drum.skin_hz * (1.0 + drum.bend * (-t / 0.03).exp());
        let tone = drum.skin * (-t / drum.skin_decay_s).exp() * skin.sine(hz);
        let rattle = drum.rattle * (-t / drum.rattle_decay_s).exp() * colour.next(white(rng));
        *sample += loud * (tone + rattle);
    }
}
