//! Nets that are trained together, because they share every mini-batch.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::{EngineKind, Net, name};

/// Most trainings of a group: each holds its parameters, its moments and its activations in memory.
const MOST: usize = 12;

/// Most trainings of a stack, which wins by being large.
const MOST_OF_STACK: usize = 60;

/// Nets of one training that ends at several lengths: it is made once.
type Stretches<'a> = Vec<&'a Net>;

/// Puts nets of equal data, seed and schedule together, so that each batch is made once for all of them, and each
/// density estimated once; nets that are trained in stacks by their shape, whatever their seed. But leaves at least
/// `jobs` groups where there are so many trainings. The costliest come first. What becomes of a net does not depend on
/// the group that it is in.
pub(crate) fn groups<'a>(nets: impl IntoIterator<Item = &'a Net>, jobs: usize) -> Vec<Vec<&'a Net>> {
    weighed_groups(nets, jobs).into_iter().map(|(_, group)| group).collect()
}

/// The [`groups`], each with its cost.
pub(crate) fn weighed_groups<'a>(
    nets: impl IntoIterator<Item = &'a Net>,
    jobs: usize,
) -> Vec<(u64, Vec<&'a Net>)> {
    let mut by_batch: BTreeMap<String, Vec<Stretches<'a>>> = BTreeMap::new();
    for net in nets {
        let trainings = by_batch.entry(key(net)).or_default();
        match trainings.iter_mut().find(|of| of[0].settings.is_stretch_of(&net.settings)) {
            Some(stretches) => stretches.push(net),
            None => trainings.push(vec![net]),
        }
    }
    let mut groups: Vec<Vec<Stretches<'_>>> = by_batch.into_values().collect();
    loop {
        groups.sort_by_key(|group| Reverse(group.iter().map(cost).sum::<u64>()));
        let largest = groups.iter().map(Vec::len).max().unwrap_or(0);
        let few = groups.len() < jobs && largest > 1;
        let all_stacks = groups.iter().all(|group| is_stacked(group[0][0]));
        let most = if all_stacks { MOST_OF_STACK } else { MOST };
        if !few && largest <= most {
            return groups.into_iter().map(|group| (group.iter().map(cost).sum(), group.concat())).collect();
        }
        let index = groups.iter().position(|group| group.len() == largest).unwrap_or(0);
        let half = groups[index].split_off(largest.div_ceil(2));
        groups.push(half);
    }
}

/// What nets that are trained together have in common.
fn key(net: &Net) -> String {
    let settings = &net.settings;
    let updates = settings.schedule.updates;
    if is_stacked(net) {
        name::hash(&(&settings.data, &settings.architecture, &settings.amsgrad, updates))
    } else {
        name::hash(&(&settings.data, settings.seed, updates))
    }
}

pub(crate) fn is_stacked(net: &Net) -> bool {
    net.settings.engine == EngineKind::Stack
}

/// Updates that are to be made of a group: a net whose training is a stretch of another's makes none.
pub(crate) fn updates(group: &[&Net]) -> u64 {
    let mut longest: Vec<&Net> = Vec::new();
    for &net in group {
        match longest.iter_mut().find(|of| of.settings.is_stretch_of(&net.settings)) {
            Some(other) if other.settings.schedule.length() >= net.settings.schedule.length() => {}
            Some(other) => *other = net,
            None => longest.push(net),
        }
    }
    longest.iter().map(|net| net.settings.schedule.length()).sum()
}

/// Parameters times updates, to which the time of a training is nearly in proportion.
fn cost(stretches: &Stretches<'_>) -> u64 {
    let updates = stretches.iter().map(|net| net.settings.schedule.length()).max().unwrap_or(0);
    stretches[0].settings.architecture.parameter_count() as u64 * updates
}
