//! Something-else clips: sounds that are no car, of many kinds, by seven families of generators.
//!
//! The kinds are those of a general sound collection: instruments, animals, household, street. None is a class of
//! test anomaly, and none is made by a generator of one.

mod bursts;
mod drum;
mod gliding;
mod plucked;
mod struck;
mod sustained;
mod voiced;

use rand_chacha::ChaCha8Rng;

use super::envelope::{fade_ends, samples, trim_end};

/// The longest clip: those used for training are under 5 s.
const LONGEST_S: f32 = 4.8;

/// A kind of clip: its name and what makes it.
#[derive(Debug)]
pub(super) struct Kind {
    pub(super) name: &'static str,
    make: fn(&mut ChaCha8Rng) -> Vec<f32>,
}

/// All kinds, family by family.
pub(super) fn kinds() -> impl Iterator<Item = &'static Kind> {
    [
        plucked::KINDS,
        sustained::KINDS,
        struck::KINDS,
        drum::KINDS,
        voiced::KINDS,
        bursts::KINDS,
        gliding::KINDS,
    ]
    .into_iter()
    .flatten()
}

impl Kind {
    /// A new clip of this kind.
    pub(super) fn clip(&self, rng: &mut ChaCha8Rng) -> Vec<f32> {
        let mut clip = (self.make)(rng);
        clip.truncate(samples(LONGEST_S));
        trim_end(&mut clip);
        fade_ends(&mut clip);
        clip
    }
}
