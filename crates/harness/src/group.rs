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
/// density estimated once; nets that are trained in stacks by their shape, whatever their seed. But leaves at least `jobs` groups where there are so many trainings. The costliest come
/// first. What becomes of a net does not depend on the group that it is in.
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
        let settings = &net.settings;
        let key = if settings.engine == EngineKind::Stack {
            name::hash(&(
                "stack",
                &settings.data,
                &settings.architecture,
                &settings.amsgrad,
                settings.schedule.updates,
            ))
        } else {
            name::hash(&(&settings.data, settings.seed, settings.schedule.updates))
        };
        let trainings = by_batch.entry(key).or_default();
        match trainings.iter_mut().find(|of| of[0].settings.is_stretch_of(settings)) {
            Some(stretches) => stretches.push(net),
            None => trainings.push(vec![net]),
        }
    }
    let mut groups: Vec<Vec<Stretches<'_>>> = by_batch.into_values().collect();
    loop {
        groups.sort_by_key(|group| Reverse(group.iter().map(cost).sum::<u64>()));
        let largest = groups.iter().map(Vec::len).max().unwrap_or(0);
        let few = groups.len() < jobs && largest > 1;
        let is_stack = |group: &Vec<Stretches<'_>>| group[0][0].settings.engine == EngineKind::Stack;
        let most = if groups.iter().all(is_stack) { MOST_OF_STACK } else { MOST };
        if !few && largest <= most {
            return groups.into_iter().map(|group| (group.iter().map(cost).sum(), group.concat())).collect();
        }
        let index = groups.iter().position(|group| group.len() == largest).unwrap_or(0);
        let half = groups[index].split_off(largest.div_ceil(2));
        groups.push(half);
    }
}

/// Parameters times updates, to which the time of a training is nearly in proportion.
fn cost(stretches: &Stretches<'_>) -> u64 {
    let updates = stretches.iter().map(|net| net.settings.schedule.length()).max().unwrap_or(0);
    stretches[0].settings.architecture.parameter_count() as u64 * updates
}
