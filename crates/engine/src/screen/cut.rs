//! Where to look for a match: sets of places, one of which every match passes.
//!
//! The items of `(?:get|post) +\S+ http/` are a choice, a symbol, a gap, …; one *cut* is {the `g` of get, the `p` of
//! post}, another the `h` of http. A list of items is cut by a cut of any one item, a choice by a cut of every branch
//! together, a gap by nothing. [`cuts`] lists the cheapest disjoint cuts by how often ordinary text would pass them;
//! [`required`] lists the rarest sets of symbols that every match contains.
//!
//! The price of a place is that of the symbols that must follow (`htt` is rare, a lone `h` is not), plus the ways into the
//! gaps between them: in `l["']*s` the `l` costs `ls` and `l"` and `l'`.

use super::alphabet::Symbols;
use super::graph::{Item, Node};
use super::rarity::Rarity;

/// How many cuts of a list are kept.
const KEPT: usize = 4;
/// From how many sets of a choice unions are tried.
const SEEDS: usize = 12;
/// How many symbols a price looks ahead.
const AHEAD: usize = 4;

/// Places one of which every match passes.
#[derive(Debug, Clone)]
pub(crate) struct Cut {
    /// How often text of ordinary values passes one of them, per symbol, as far as the next symbols tell.
    pub(crate) price: f32,
    pub(crate) nodes: Vec<(Symbols, Node)>,
}

/// The cheapest cuts of a list, disjoint, the cheapest first; none when every item can be empty.
pub(crate) fn cuts(items: &[Item], rarity: &Rarity) -> Vec<Cut> {
    let mut found = Vec::new();
    for run in items.chunk_by(|left, right| !is_choice(left) && !is_choice(right)) {
        match run {
            [Item::Choice(_, branches)] => found.extend(choice(branches, rarity)),
            run => found.extend(cheapest_place(run, items_behind(items, run), rarity)),
        }
    }
    found.sort_by(|left, right| left.price.total_cmp(&right.price));
    found.truncate(KEPT);
    found
}

fn is_choice(item: &Item) -> bool {
    matches!(item, Item::Choice(..))
}

/// The choice behind a run of a list, if there is one.
fn items_behind<'a>(items: &'a [Item], run: &'a [Item]) -> Option<&'a Item> {
    let end = run.as_ptr_range().end;
    items.iter().find(|item| std::ptr::eq(*item, end))
}

/// Joins the cheapest cuts of all branches, the second cheapest, …; a branch with fewer repeats its cheapest.
fn choice(branches: &[Vec<Item>], rarity: &Rarity) -> Vec<Cut> {
    let cut: Vec<_> = branches.iter().map(|branch| cuts(branch, rarity)).collect();
    let most = cut.iter().map(Vec::len).max().unwrap_or(0);
    let join = |rank: usize| {
        let mut whole = Cut { price: 0.0, nodes: Vec::new() };
        for branch in &cut {
            let part = branch.get(rank).or(branch.first())?;
            whole.price += part.price;
            whole.nodes.extend(&part.nodes);
        }
        Some(whole)
    };
    (0..most).map_while(join).collect()
}

/// The cheapest symbol of a run of symbols and gaps.
fn cheapest_place(run: &[Item], behind: Option<&Item>, rarity: &Rarity) -> Option<Cut> {
    let places = run.iter().enumerate().filter_map(|(index, item)| match item {
        Item::Symbol(node, symbols) => {
            let rest = run.get(index + 1..).unwrap_or_default().iter().chain(behind);
            Some(Cut { price: price(*symbols, rest, rarity), nodes: vec![(*symbols, *node)] })
        }
        _ => None,
    });
    places.min_by(|left, right| left.price.total_cmp(&right.price))
}

fn price<'a>(place: Symbols, rest: impl Iterator<Item = &'a Item>, rarity: &Rarity) -> f32 {
    let (mut straight, mut aside) = (rarity.of(place), 0.0);
    let mut last = place;
    let mut ahead = 0;
    for item in rest {
        match item {
            Item::Gap(symbols) => aside += straight * rarity.after(last, *symbols),
            Item::Symbol(_, symbols) | Item::Choice(symbols, _) => {
                straight *= rarity.after(last, *symbols);
                last = *symbols;
                ahead += 1;
                if ahead == AHEAD || is_choice(item) {
                    break;
                }
            }
        }
    }
    straight + aside
}

/// The rarest sets of symbols that every match contains, the rarest first.
pub(crate) fn required(items: &[Item], rarity: &Rarity) -> Vec<Symbols> {
    let mut found: Vec<Symbols> = Vec::new();
    for item in items {
        match item {
            Item::Gap(_) => {}
            Item::Symbol(_, symbols) => found.push(*symbols),
            Item::Choice(_, branches) => {
                let sets: Vec<_> = branches.iter().map(|branch| required(branch, rarity)).collect();
                let mut seeds: Vec<_> = sets.iter().flatten().copied().collect();
                seeds.sort_unstable();
                seeds.dedup();
                found.extend(
                    rarest(seeds, rarity).take(SEEDS).filter_map(|seed| union_around(seed, &sets, rarity)),
                );
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    // A set that holds a whole other one follows from it.
    let mut kept: Vec<Symbols> = Vec::new();
    for set in rarest(found, rarity) {
        if kept.len() < KEPT && !kept.iter().any(|other| other.is_subset_of(set)) {
            kept.push(set);
        }
    }
    kept
}

/// The sets, the rarest first.
fn rarest(sets: Vec<Symbols>, rarity: &Rarity) -> impl Iterator<Item = Symbols> {
    let mut priced: Vec<_> = sets.into_iter().map(|set| (rarity.of(set), set)).collect();
    priced.sort_by(|left, right| left.0.total_cmp(&right.0));
    priced.into_iter().map(|(_, set)| set)
}

/// One set of each branch, chosen so that the union with `seed` stays rare; none when a branch requires nothing.
fn union_around(seed: Symbols, branches: &[Vec<Symbols>], rarity: &Rarity) -> Option<Symbols> {
    branches.iter().try_fold(seed, |so_far, sets| {
        let unions = sets.iter().map(|set| so_far.union(*set));
        unions.min_by(|left, right| rarity.of(*left).total_cmp(&rarity.of(*right)))
    })
}
