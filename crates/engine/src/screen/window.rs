//! From a cut to windows: short sequences of symbol sets, one of which stands in every matching value.
//!
//! For `l["']*s\b` and the cut {`l`}: every match passes `l`. Behind it stands `s`, `"` or `'`, so every match holds `ls`
//! or `l["']`; behind `ls` stands no word byte, so it holds `ls[^\w]` or `l["']`. Each such step replaces a window by
//! windows that are one symbol longer to the right or to the left, together covering every way the path can go on. When
//! some path ends there with nothing known of what stands outside, the window keeps its length on that side.
//!
//! Invariant (by induction over the steps): *every match of the expression, in any value, has one of the windows at the
//! symbols around one of its places in the cut; the edge symbol stands for both ends of the value.* It holds for the windows
//! of length one because the nodes are a cut, and a step keeps it because [`Graph::after`] and [`Graph::before`] name
//! everything that can stand next to a path. Joining windows to one with the unions of their sets only admits more, and so
//! does dropping an end.
//!
//! The search is greedy: it lengthens every window in the direction that helps most, until it is rare enough in ordinary
//! text, has [`LONGEST`] symbols, or nothing is known of what stands next to it. It bets on the windows' number being small;
//! what it cannot narrow stays short and is found often, which costs time and nothing else.

use std::collections::{HashMap, VecDeque};
use std::rc::Rc;

use super::alphabet::Symbols;
use super::cut::Cut;
use super::graph::{Graph, Node, assertions_see};
use super::rarity::{Rarity, cost};
use crate::hash::OffsetHasher;

/// The most symbols of a window: the scanner compares eight at once.
pub(crate) const LONGEST: usize = 8;
/// Windows beyond so many per place of the cut, and a few more, are joined instead of split.
const MOST_PER_PLACE: usize = 6;
const MOST_AT_LEAST: usize = 60;
/// Windows rarer than this, per symbol of text, are long enough.
const RARE: f32 = 1e-8;
/// Ways to go on that are kept apart in one step; the rest is joined.
const APART: usize = 6;
/// A step must make a window at least this much rarer.
const USEFUL: f32 = 0.97;
/// How many steps in a row without effect are tried in the hope of better ones behind.
const PATIENCE: u8 = 2;

/// A sequence of symbol sets, at most [`LONGEST`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Sequence {
    sets: [Symbols; LONGEST],
    len: u8,
}

impl Sequence {
    /// The first [`LONGEST`] of these sets.
    pub(crate) fn of(sets: impl IntoIterator<Item = Symbols>) -> Self {
        let mut sequence = Self { sets: [Symbols::EMPTY; LONGEST], len: 0 };
        sets.into_iter().take(LONGEST).for_each(|set| sequence.push(set));
        sequence
    }

    pub(crate) fn sets(&self) -> &[Symbols] {
        self.sets.get(..usize::from(self.len)).unwrap_or_default()
    }

    fn push(&mut self, set: Symbols) {
        if let Some(slot) = self.sets.get_mut(usize::from(self.len)) {
            *slot = set;
            self.len += 1;
        }
    }

    fn longer(mut self, set: Symbols, forward: bool) -> Self {
        self.push(set);
        if !forward && let Some(sets) = self.sets.get_mut(..usize::from(self.len)) {
            sets.rotate_right(1);
        }
        self
    }

    /// Without ends that any byte meets.
    fn trimmed(&self) -> Self {
        let idle = |set: &Symbols| Symbols::BYTES.is_subset_of(*set);
        let sets = self.sets();
        let from = sets.iter().take_while(|set| idle(set)).count().min(sets.len().saturating_sub(1));
        let rest = sets.get(from..).unwrap_or_default();
        let behind = rest.iter().rev().take_while(|set| idle(set)).count().min(rest.len().saturating_sub(1));
        Self::of(rest.get(..rest.len() - behind).unwrap_or_default().iter().copied())
    }
}

impl std::fmt::Debug for Sequence {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.sets().iter().try_for_each(|set| write!(f, "{set:?}"))
    }
}

/// The windows of a cut.
#[derive(Debug, Clone)]
pub(crate) struct Windows {
    /// How often ordinary text has one of them, per symbol.
    pub(crate) price: f32,
    /// What looking for them costs the typical value.
    pub(crate) effort: f32,
    pub(crate) sequences: Vec<Sequence>,
}

/// A way on from an end of a window: what stands there, and where the path then is (nowhere when it may have ended).
type Way = (Symbols, Rc<[Node]>);

/// All ways on from an end.
#[derive(Debug)]
struct Ways {
    /// Those with the same symbols joined.
    each: Vec<Way>,
    /// All of them joined. It can be followed only when each of them can.
    all: Way,
}

impl Ways {
    fn new(each: Vec<Way>) -> Self {
        let set = each.iter().fold(Symbols::EMPTY, |set, way| set.union(way.0));
        let open = each.iter().any(|(_, nodes)| nodes.is_empty());
        let nodes = match each.as_slice() {
            [(_, nodes)] => Rc::clone(nodes),
            _ if open => Rc::from([]),
            _ => each.iter().flat_map(|(_, nodes)| nodes.iter().copied()).collect(),
        };
        Self { each, all: (set, nodes) }
    }

    /// The commonest with few symbols, each apart, and all others joined.
    fn apart(&self, share: impl Fn(Symbols) -> f32) -> Vec<Way> {
        let (mut narrow, mut rest): (Vec<_>, Vec<_>) =
            self.each.iter().cloned().partition(|(set, nodes)| set.len() <= 2 && !nodes.is_empty());
        if narrow.len() > APART {
            narrow.sort_by(|left, right| share(right.0).total_cmp(&share(left.0)));
            rest.extend(narrow.drain(APART..));
        }
        if !rest.is_empty() {
            narrow.push(Self::new(rest).all);
        }
        narrow
    }
}

/// A window that is still growing.
#[derive(Debug)]
struct Growing {
    price: f32,
    sequence: Sequence,
    left: End,
    right: End,
}

/// One end of it.
#[derive(Debug, Clone)]
struct End {
    /// Where a path may be.
    nodes: Rc<[Node]>,
    /// Steps in a row that did not help.
    idle: u8,
    /// The ways on, once asked for; the inner one is none when nothing is known of what stands there.
    ways: Option<Option<Rc<Ways>>>,
}

impl Growing {
    /// What stands at an end.
    fn here(&self, forward: bool) -> Symbols {
        let sets = self.sequence.sets();
        if forward { sets.last() } else { sets.first() }.copied().unwrap_or(Symbols::ALL)
    }
}

/// One step of growing.
#[derive(Debug)]
struct Step {
    forward: bool,
    /// Keeps the ways apart instead of joining them.
    split: bool,
    ways: Rc<Ways>,
    /// What the windows will cost then.
    value: f32,
}

impl End {
    fn new(nodes: Rc<[Node]>, idle: u8) -> Self {
        Self { nodes, idle, ways: None }
    }
}

/// Grows windows on one graph.
pub(crate) struct Grower<'a> {
    graph: &'a mut Graph,
    rarity: &'a Rarity,
    known: HashMap<Place, Option<Rc<Ways>>, OffsetHasher>,
    /// Keeps the node lists whose addresses are in `known`.
    lists: Vec<Rc<[Node]>>,
}

/// Where the ways on begin: the address of a node list, or the one node next to it, which many lists share; the
/// direction; and what assertions can tell of the symbols there.
type Place = (u64, bool, u8);

impl<'a> Grower<'a> {
    pub(crate) fn new(graph: &'a mut Graph, rarity: &'a Rarity) -> Self {
        Self { graph, rarity, known: HashMap::default(), lists: Vec::new() }
    }

    /// The windows of a cut.
    pub(crate) fn grow(&mut self, cut: &Cut) -> Windows {
        let start = |&(symbols, node): &(Symbols, Node)| Growing {
            price: self.rarity.of(symbols),
            sequence: Sequence::of([symbols]),
            left: End::new(Rc::from([node]), 0),
            right: End::new(Rc::from([node]), 0),
        };
        let most = MOST_AT_LEAST + MOST_PER_PLACE * cut.nodes.len();
        let mut growing: VecDeque<Growing> = cut.nodes.iter().map(start).collect();
        let mut done = Vec::new();
        while let Some(mut window) = growing.pop_front() {
            let may_split = growing.len() + done.len() < most;
            match self.best_step(&mut window, may_split) {
                Some(step) => growing.extend(self.step(&window, &step)),
                None => done.push(window),
            }
        }
        let mut sequences: Vec<_> = done.iter().map(|window| window.sequence.trimmed()).collect();
        sequences.sort_unstable();
        sequences.dedup();
        let effort = |sequence| anchor(sequence, self.rarity).cost + cost::WINDOW;
        Windows {
            price: done.iter().map(|window| window.price).sum(),
            effort: sequences.iter().map(effort).sum(),
            sequences,
        }
    }

    /// The step that makes the most of a window; none when it is final.
    fn best_step(&mut self, window: &mut Growing, may_split: bool) -> Option<Step> {
        if window.price < RARE || window.sequence.sets().len() >= LONGEST {
            return None;
        }
        let right = self.step_to(window, true, may_split);
        let left = self.step_to(window, false, may_split);
        let value = |step: &Option<Step>| step.as_ref().map_or(f32::INFINITY, |step| step.value);
        if value(&right) <= value(&left) { right } else { left }
    }

    /// The step in one direction, if there is one.
    fn step_to(&mut self, window: &mut Growing, forward: bool, may_split: bool) -> Option<Step> {
        let here = window.here(forward);
        let end = if forward { &mut window.right } else { &mut window.left };
        if end.idle >= PATIENCE || end.nodes.is_empty() {
            return None;
        }
        let ways = match &end.ways {
            Some(ways) => ways.clone(),
            None => end.ways.insert(self.ways(&end.nodes, here, forward)).clone(),
        }?;
        let price = window.price * self.share(here, ways.all.0, forward);
        let left_over = price * self.rarity.length() * cost::CANDIDATE;
        // Splitting helps only later steps: it must be worth the windows it makes.
        let parts = ways.each.len().min(APART) as f32;
        let split = may_split && forward && ways.each.len() > 1 && left_over > 2.0 * parts * cost::WINDOW;
        let value = left_over + if split { parts * cost::WINDOW } else { 0.0 };
        Some(Step { forward, split, ways, value })
    }

    /// How often `set` stands behind or before `here`.
    fn share(&self, here: Symbols, set: Symbols, forward: bool) -> f32 {
        if forward { self.rarity.after(here, set) } else { self.rarity.before(set, here) }
    }

    /// The longer windows that a step makes of a window.
    fn step(&self, window: &Growing, step: &Step) -> impl Iterator<Item = Growing> {
        let forward = step.forward;
        let here = window.here(forward);
        let share = |set: Symbols| self.share(here, set, forward);
        // Without a way on no match passes here, and no window is needed.
        let none = step.ways.each.is_empty();
        let chosen = if step.split || none { step.ways.apart(share) } else { vec![step.ways.all.clone()] };
        chosen.into_iter().map(move |(set, nodes)| {
            let part = self.share(here, set, forward);
            let idle = if forward { window.right.idle } else { window.left.idle };
            let new_end = End::new(nodes, if part < USEFUL { 0 } else { idle + 1 });
            let (left, right) =
                if forward { (window.left.clone(), new_end) } else { (new_end, window.right.clone()) };
            Growing {
                price: window.price * part,
                sequence: window.sequence.longer(set, forward),
                left,
                right,
            }
        })
    }

    /// The ways on from an end; none when nothing is known of what stands there.
    fn ways(&mut self, nodes: &Rc<[Node]>, here: Symbols, forward: bool) -> Option<Rc<Ways>> {
        let place = match self.graph.only_neighbour(nodes, forward) {
            Some(node) => u64::from(node) | 1 << 63,
            None => nodes.as_ptr() as u64,
        };
        let place = (place, forward, assertions_see(here));
        if let Some(known) = self.known.get(&place) {
            return known.clone();
        }
        let neighbours = if forward { self.graph.after(nodes, here) } else { self.graph.before(nodes, here) };
        let ways = (neighbours.outside != Symbols::ALL).then(|| {
            let mut nodes = neighbours.nodes;
            nodes.sort_unstable();
            let same = nodes.chunk_by(|left, right| left.0 == right.0);
            let inside =
                same.filter_map(|same| Some((same.first()?.0, same.iter().map(|(_, node)| *node).collect())));
            let outside = (!neighbours.outside.is_empty()).then(|| (neighbours.outside, Rc::from([])));
            Rc::new(Ways::new(inside.chain(outside).collect()))
        });
        self.lists.push(Rc::clone(nodes));
        self.known.insert(place, ways.clone());
        ways
    }
}

/// Three symbols of a window by which the scanner finds it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Anchor {
    /// What looking closer costs the typical value.
    pub(crate) cost: f32,
    /// How many symbols of the window stand before the last of the three.
    pub(crate) lead: u8,
    pub(crate) three: [Symbols; 3],
}

/// The cheapest anchor of a window of at least two symbols.
pub(crate) fn anchor(window: &Sequence, rarity: &Rarity) -> Anchor {
    let none = Anchor { cost: 0.0, lead: 0, three: [Symbols::EMPTY; 3] };
    anchors(window, rarity).min_by(|left, right| left.cost.total_cmp(&right.cost)).unwrap_or(none)
}

/// All anchors of a window of at least two symbols.
pub(crate) fn anchors(window: &Sequence, rarity: &Rarity) -> impl Iterator<Item = Anchor> {
    let anchor = |three: [Symbols; 3], lead: usize| {
        let combinations = three.iter().map(|set| set.len()).product::<u32>() as f32;
        let cost = rarity.of_triple(three) * cost::LENGTH * cost::COMPARISON + combinations * cost::ANCHOR;
        Anchor { cost, lead: lead as u8, three }
    };
    let short = match *window.sets() {
        // Two symbols and any before, or any behind; behind the last edge stands nothing that is looked up.
        [first, second] => {
            let behind =
                (!second.intersects(Symbols::EDGE)).then(|| anchor([first, second, Symbols::ALL], 2));
            vec![Some(anchor([Symbols::ALL, first, second], 1)), behind]
        }
        _ => Vec::new(),
    };
    let long = window.sets().windows(3).enumerate().filter_map(move |(index, part)| match *part {
        [first, second, third] => Some(anchor([first, second, third], index + 2)),
        _ => None,
    });
    long.chain(short.into_iter().flatten())
}
