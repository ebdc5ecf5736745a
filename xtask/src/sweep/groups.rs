//! Cells that are trained together, because they share every mini-batch.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::config::SweepCell;
use crate::harness::Planned;

/// Most cells of a group: each holds its net, its moments and its activations in memory.
const MOST: usize = 12;

/// Cells of one front end and seed, in the order of tables. Each batch is made once for all of them, and each
/// density is estimated once.
pub(super) type Group<'a> = Vec<&'a Planned<SweepCell>>;

/// Puts cells together, but leaves at least `jobs` groups where there are so many cells; the costliest come first.
/// What a cell gives does not depend on the group that it is in.
pub(super) fn groups<'a>(cells: &[&'a Planned<SweepCell>], jobs: usize) -> Vec<Group<'a>> {
    let mut by_batch: BTreeMap<(String, u64), Group<'a>> = BTreeMap::new();
    for planned in cells {
        let SweepCell { model, seed, .. } = &planned.cell;
        by_batch.entry((format!("{:?}", model.front_end), *seed)).or_default().push(planned);
    }
    let mut groups: Vec<Group<'a>> = by_batch.into_values().collect();
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

/// Numbers in all nets, to which the time of an update is nearly in proportion.
fn cost(group: &Group<'_>) -> usize {
    let parameters = group.iter().filter_map(|planned| planned.cell.architecture().ok());
    parameters.map(|architecture| architecture.parameter_count()).sum()
}
