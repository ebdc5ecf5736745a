//! What is odd about the sounds of a set, and no error.

use std::collections::BTreeMap;

use super::{Facts, Label, Mixing, Role, SoundFile, Split};
use crate::audio::Channel;

/// Whether sounds of `role` are mixed into others.
pub(super) fn is_clip(role: Role, mixing: &Mixing) -> bool {
    match role {
        Role::SomethingElse => true,
        Role::AnomalyTest => !mixing.anr_db.is_empty(),
        _ => false,
    }
}

/// What a sound is used for: two uses of one sound contradict each other, or let training see the test.
fn use_of(file: &SoundFile) -> (Role, Option<Split>, &str) {
    (file.role, file.split, file.label(Label::Machine))
}

/// What is odd about `files`, a line each.
pub(super) fn warnings(files: &[SoundFile], mixing: &Mixing) -> Vec<String> {
    let mut warnings = odd_sounds(files, mixing);
    let beyond: Vec<&SoundFile> = files.iter().filter(|file| file.facts.level.beyond > 0).collect();
    if let Some(file) = beyond.first() {
        warnings.push(format!(
            "{}: {} of {} sounds go beyond full scale, this one up to {:.3}; floats may",
            file.path.display(),
            beyond.len(),
            files.len(),
            file.facts.level.peak
        ));
    }
    warnings.extend(same_content(files));
    warnings
}

/// Whether the channels cancel in the mean that is used.
pub(super) fn cancels(channel: Channel, facts: &Facts) -> bool {
    channel == Channel::Mean && facts.level.cancelled(facts.channel_power)
}

/// What may be odd about a sound.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Oddity {
    Cancelled,
    Silent,
    Clipped,
    Dropped,
}

/// The odd sounds of `files`: for each role and oddity one, and how many there are.
fn odd_sounds(files: &[SoundFile], mixing: &Mixing) -> Vec<String> {
    let mut odd: BTreeMap<(Role, Oddity), Vec<(&SoundFile, String)>> = BTreeMap::new();
    for file in files {
        for (oddity, what) in oddities(file, mixing) {
            odd.entry((file.role, oddity)).or_default().push((file, what));
        }
    }
    let told = odd.into_iter().map(|((role, _), odd)| {
        let (file, what) = &odd[0];
        let all = files.iter().filter(|file| file.role == role).count();
        let more = match odd.len() {
            1 => String::new(),
            count => format!("; {count} of {all} sounds of {} are like this", role.name()),
        };
        format!("{}: {what}{more}", file.path.display())
    });
    told.collect()
}

/// What is odd about one sound.
fn oddities(file: &SoundFile, mixing: &Mixing) -> Vec<(Oddity, String)> {
    let Facts { frames, dropped, channels, level, .. } = &file.facts;
    let mut odd = Vec::new();
    if cancels(file.channel, &file.facts) {
        let what = format!("its {channels} channels cancel in their mean; take one with `channel: 0`");
        odd.push((Oddity::Cancelled, what));
    } else if level.silent * 2 > *frames && !is_clip(file.role, mixing) {
        // A clip is mixed into another sound: that a knock is mostly silent is no surprise.
        odd.push((Oddity::Silent, format!("{} % of it is silent", 100 * level.silent / frames)));
    }
    if level.clipped * 1000 > *frames {
        odd.push((Oddity::Clipped, format!("{} of {frames} samples are clipped", level.clipped)));
    }
    if *dropped > 0 {
        let what = format!("ends with {dropped} bytes of a frame that is not whole; they are dropped");
        odd.push((Oddity::Dropped, what));
    }
    odd
}

/// Sounds that are used in two ways, by pairs of roles: how many of how many.
fn same_content(files: &[SoundFile]) -> Vec<String> {
    let mut first: BTreeMap<&str, &SoundFile> = BTreeMap::new();
    let mut pairs: BTreeMap<(Role, Role), Vec<(&SoundFile, &SoundFile)>> = BTreeMap::new();
    for file in files {
        let other = *first.entry(&file.facts.sha256).or_insert(file);
        if use_of(other) != use_of(file) {
            pairs.entry((other.role, file.role)).or_default().push((other, file));
        }
    }
    let told = pairs.into_iter().map(|((role_of_other, role), same)| {
        let all = files.iter().filter(|file| file.role == role).count();
        let (other, file) = same[0];
        let (count, path, path_of_other) = (same.len(), file.path.display(), other.path.display());
        format!(
            "{path}: {count} of {all} sounds of {} are those of {} too, this one as {path_of_other}",
            role.name(),
            role_of_other.name()
        )
    });
    told.collect()
}
