//! The seven classes of test anomalies, by generators of their own: forces that act on resonant bodies.
//!
//! Something-else clips are built of free modes, strings and grains; here a contact force (a blow, a bounce, a
//! rubbing surface) drives a bank of resonators, so that no class is a parameter away from a training clip.

mod blows;
mod contact;
mod friction;
mod phone;
mod small_parts;

use rand_chacha::ChaCha8Rng;

use super::envelope::{fade_ends, trim_end};

/// A class of anomaly: its name, as in the collection that the paper takes its anomalies from, and its maker.
#[derive(Debug)]
pub(super) struct Class {
    pub(super) name: &'static str,
    make: fn(&mut ChaCha8Rng) -> Vec<f32>,
}

/// All classes.
pub(super) const CLASSES: [Class; 7] = [
    Class { name: "doorslam", make: blows::door_slam },
    Class { name: "knock", make: blows::knock },
    Class { name: "keysDrop", make: small_parts::keys_drop },
    Class { name: "keyboard", make: small_parts::keyboard },
    Class { name: "drawer", make: friction::drawer },
    Class { name: "pageturn", make: friction::page_turn },
    Class { name: "phone", make: phone::phone },
];

impl Class {
    /// A new sound of this class.
    pub(super) fn clip(&self, rng: &mut ChaCha8Rng) -> Vec<f32> {
        let mut clip = (self.make)(rng);
        trim_end(&mut clip);
        fade_ends(&mut clip);
        clip
    }
}
