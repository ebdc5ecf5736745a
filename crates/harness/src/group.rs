//! Nets that are trained together, because they share every mini-batch.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::{Net, name};

/// Most nets of a group: each holds its parameters, its moments and its activations in memory.
const MOST: usize = 12;

/// Puts nets of equal data, seed and length together, so that each batch is made once for all of them, and each density
/// estimated once; but leaves at least `jobs` groups where there are so many nets. The costliest come first. What
/// becomes of a net does not depend on the group that it is in.
pub(crate) fn groups<'a>(nets: impl IntoIterator<Item = &'a Net>, jobs: usize) -> Vec<Vec<&'a Net>> {
    let mut by_batch: BTreeMap<String, Vec<&'a Net>> = BTreeMap::new();
    for net in nets {
        let settings = &net.settings;
        let key = name::hash(&(&settings.data, settings.seed, settings.schedule.updates));
        by_batch.entry(key).or_default().push(net);
    }
    let mut groups: Vec<Vec<&Net>> = by_batch.into_values().collect();
    loop {
        groups.sort_by_key(|group| Reverse(cost(group)));
        let largest = groups.iter().map(Vec::len).max().unwrap_or(0);
        let few = groups.len() < jobs && largest > 1;
        if !few && largest <= MOST {
            return groups;
        }
        let index = groups.iter().position(|group| group.len() == largest).unwrap_or(0);
        let half = groups[index].split_off(largest.div_ceil(2));
        groups.push(half);
    }
}

/// Parameters times updates, to which the time of a training is nearly in proportion.
fn cost(group: &[&Net]) -> u64 {
    let cost =
        |net: &&Net| net.settings.architecture.parameter_count() as u64 * net.settings.schedule.updates;
    group.iter().map(cost).sum()
}
