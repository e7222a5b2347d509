//! Which sources share a scanner.
//!
//! With one scanner for all, each argument would be compared with windows that only the rules for Content-Type look for, and
//! units would be found that do not look at arguments. With one for each, the tables would fill the caches, and a value that
//! two sources hold, as ARGS and ARGS_GET do, would be scanned twice. So sources that most of the same units look at share one, and so
//! do those that hold the same values; those that few units look at are put together.

use std::cmp::Reverse;

use super::plan::Source;
use crate::ruleset::BitSet;
use crate::variables::Variable;

/// Sources with at most so many units are put together.
const FEW: usize = 12;

/// Gives each source its group; returns the units of the groups.
pub(super) fn arrange(sources: &mut [Source]) -> Vec<BitSet> {
    let mut groups: Vec<BitSet> = Vec::new();
    // The group of those with few units.
    let mut few = None;
    let mut placed: Vec<(Variable, usize)> = Vec::new();
    let mut order: Vec<(usize, BitSet)> =
        sources.iter().enumerate().map(|(index, source)| (index, source.all_units().collect())).collect();
    order.sort_by_key(|(_, units)| Reverse(units.len()));
    for (index, units) in order {
        let Some(source) = sources.get_mut(index) else { continue };
        let twin = placed.iter().find(|(other, _)| hold_the_same(*other, source.variable));
        let alike = || groups.iter().position(|group| are_alike(group, &units));
        let put_together = || few.filter(|_| units.len() <= FEW);
        let known = twin.map(|(_, group)| *group).or_else(alike).or_else(put_together);
        let group = known.unwrap_or_else(|| {
            groups.push(BitSet::default());
            groups.len() - 1
        });
        if units.len() <= FEW && known.is_none() {
            few = Some(group);
        }
        if let Some(all) = groups.get_mut(group) {
            all.union_with(&units);
        }
        placed.push((source.variable, group));
        source.group = group;
    }
    groups
}

/// Whether half of the units of both look at both.
fn are_alike(left: &BitSet, right: &BitSet) -> bool {
    let common = left.iter().filter(|unit| right.contains(*unit)).count();
    2 * common >= left.len() + right.len() - common
}

/// Whether a value of one variable can be a value of the other, in the same place of memory.
fn hold_the_same(left: Variable, right: Variable) -> bool {
    let family = |variable| match variable {
        Variable::Args | Variable::ArgsGet | Variable::ArgsPost => Some(0),
        Variable::ArgsNames | Variable::ArgsGetNames | Variable::ArgsPostNames => Some(1),
        Variable::RequestUri | Variable::RequestUriRaw | Variable::RequestFilename => Some(2),
        _ => None,
    };
    family(left).is_some_and(|family_of_left| family(right) == Some(family_of_left))
}
