//! Nets dealt out to tasks that run on many machines, so that each takes about as long.

use crate::Net;
use crate::group::{is_stacked, weighed_groups};

/// Most parts where nobody says how many: tasks that a cluster's queue takes at once, and that load the sounds each.
const MOST: usize = 100;

/// How many parts `nets` are dealt out to where nobody says: one a stack, which wins by being large; else one a
/// training, up to a hundred.
pub fn default_parts<'a>(nets: impl IntoIterator<Item = &'a Net>) -> usize {
    let nets: Vec<&Net> = nets.into_iter().collect();
    let least = if nets.iter().copied().all(is_stacked) { 1 } else { MOST };
    weighed_groups(nets, least).len().clamp(1, MOST)
}

/// Deals `nets` out to `count` parts, the same way each time. Nets that share batches stay together as long as there
/// are enough groups for all parts; parts beyond the number of trainings are empty.
///
/// # Panics
/// When `count` is zero.
pub fn parts<'a>(nets: impl IntoIterator<Item = &'a Net>, count: usize) -> Vec<Vec<&'a Net>> {
    let (costs, groups): (Vec<u64>, Vec<Vec<&Net>>) = weighed_groups(nets, count).into_iter().unzip();
    let of_part = |dealt: Vec<usize>| dealt.into_iter().flat_map(|index| groups[index].clone()).collect();
    deal(&costs, count).into_iter().map(of_part).collect()
}

/// Which of `costs` each of `count` parts has: each goes, in order, to the part that has least so far.
fn deal(costs: &[u64], count: usize) -> Vec<Vec<usize>> {
    assert!(count > 0, "nets are dealt out to one part at least");
    let mut dealt = vec![(0, Vec::new()); count];
    for (index, cost) in costs.iter().enumerate() {
        let least = dealt.iter_mut().min_by_key(|(sum, _)| *sum).expect("there is a part");
        least.0 += cost;
        least.1.push(index);
    }
    dealt.into_iter().map(|(_, indices)| indices).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_costliest_has_a_part_of_its_own() {
        assert_eq!(deal(&[9, 4, 3, 2], 2), [vec![0], vec![1, 2, 3]]);
    }

    proptest! {
        #[test]
        fn everything_is_dealt_once_and_evenly(
            costs in prop::collection::vec(1..1000_u64, 0..50),
            count in 1..9_usize,
        ) {
            let dealt = deal(&costs, count);
            let mut indices = dealt.concat();
            indices.sort_unstable();
            prop_assert_eq!(indices, (0..costs.len()).collect::<Vec<_>>());
            let sums = dealt.iter().map(|part| part.iter().map(|&index| costs[index]).sum::<u64>());
            let sums: Vec<u64> = sums.collect();
            let spread = sums.iter().max().unwrap() - sums.iter().min().unwrap();
            prop_assert!(spread <= costs.iter().copied().max().unwrap_or(0));
        }
    }
}
