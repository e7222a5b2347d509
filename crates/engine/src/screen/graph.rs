//! An expression as a graph: the paths from begin to accept are its matches, symbol by symbol.
//!
//! `a[bc]*d` has the symbol nodes `a`, `bc`, `d` and the edges `a→bc`, `a→d`, `bc→bc`, `bc→d`. Built from the [`Hir`] of
//! the linear engine, with two coarsenings that only add paths: repeats are unrolled a few times and then loop
//! (`x{3,9}` is `xxx+`), and bytes become symbols. [`Graph::after`] and [`Graph::before`] say what can stand next to a
//! place of a path, through `^`, `$` and `\b`; the analysis in `window` asks nothing else. Together with the graph, the
//! builder lists the [`Item`]s that every match passes in order, from which `cut` chooses where to look.

#![expect(
    clippy::indexing_slicing,
    reason = "nodes are numbered here, and nothing from a request comes here"
)]

use regex_syntax::hir::{Class, Hir, HirKind, Look, Repetition};

use super::alphabet::Symbols;

/// Number of a node.
pub(crate) type Node = u32;

/// How often a repeat is unrolled.
const UNROLL: u32 = 4;
/// From this size on repeats are no longer unrolled.
const LARGE: usize = 20_000;

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Consumes one byte with a symbol of the set.
    Symbol(Symbols),
    /// Consumes nothing.
    Pass,
    /// Consumes nothing where the assertion holds.
    Assert(Look),
}

/// A part of the language that every match passes, in the order in which it does.
#[derive(Debug, Clone)]
pub(crate) enum Item {
    /// One byte.
    Symbol(Node, Symbols),
    /// Something that can be empty; the symbols it can begin with.
    Gap(Symbols),
    /// One of several lists; the symbols they can begin with.
    Choice(Symbols, Vec<Vec<Item>>),
}

/// The graph of an expression.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    kinds: Vec<Kind>,
    edges: Vec<(Node, Node)>,
    next: Adjacency,
    previous: Adjacency,
    begin: Node,
    accept: Node,
    /// For each node, the number of the walk that saw it last and the symbols it was seen with.
    visited: Vec<(u32, Symbols)>,
    walks: u32,
}

/// What can stand next to a place.
#[derive(Debug, Default)]
pub(crate) struct Neighbours {
    /// Symbol nodes, each with those of its symbols that assertions on the way leave.
    pub(crate) nodes: Vec<(Symbols, Node)>,
    /// Where the match can end here: what may stand outside of it, which assertions (`\b`, `^`) can limit.
    pub(crate) outside: Symbols,
}

/// Entry and exit of a part.
#[derive(Clone, Copy)]
struct Ends {
    entry: Node,
    exit: Node,
}

impl Graph {
    /// Builds the graph and the items of a whole expression.
    pub(crate) fn new(hir: &Hir) -> (Self, Vec<Item>) {
        let mut graph = Self::default();
        let mut items = Vec::new();
        let begin = graph.node(Kind::Pass);
        let ends = graph.add(hir, &mut items);
        let accept = graph.node(Kind::Pass);
        graph.link(begin, ends.entry);
        graph.link(ends.exit, accept);
        graph.begin = begin;
        graph.accept = accept;
        graph.next = Adjacency::new(graph.kinds.len(), graph.edges.iter().copied());
        graph.previous = Adjacency::new(graph.kinds.len(), graph.edges.iter().map(|(from, to)| (*to, *from)));
        (graph, items)
    }

    fn node(&mut self, kind: Kind) -> Node {
        self.kinds.push(kind);
        self.kinds.len() as Node - 1
    }

    fn link(&mut self, from: Node, to: Node) {
        self.edges.push((from, to));
    }

    /// Adds a part and appends its items.
    fn add(&mut self, hir: &Hir, items: &mut Vec<Item>) -> Ends {
        match hir.kind() {
            HirKind::Empty => self.pass(),
            HirKind::Look(look) => {
                let node = self.node(Kind::Assert(*look));
                Ends { entry: node, exit: node }
            }
            HirKind::Class(Class::Bytes(class)) => self.symbol(Symbols::of_class(class), items),
            // The translator makes byte classes only; a class of characters could be any bytes.
            HirKind::Class(Class::Unicode(_)) => self.anything(items),
            HirKind::Literal(literal) => {
                let symbols: Vec<_> = literal.0.iter().map(|byte| Symbols::of_bytes([*byte])).collect();
                self.chain(symbols.len(), items, |graph, index, items| {
                    let symbol = symbols.get(index).copied().unwrap_or(Symbols::ALL);
                    graph.symbol(symbol, items)
                })
            }
            HirKind::Capture(capture) => self.add(&capture.sub, items),
            HirKind::Concat(subs) => {
                self.chain(subs.len(), items, |graph, index, items| match subs.get(index) {
                    Some(sub) => graph.add(sub, items),
                    None => graph.pass(),
                })
            }
            HirKind::Alternation(subs) => self.choice(subs, items),
            HirKind::Repetition(repetition) => self.repetition(repetition, items),
        }
    }

    fn pass(&mut self) -> Ends {
        let node = self.node(Kind::Pass);
        Ends { entry: node, exit: node }
    }

    fn symbol(&mut self, symbols: Symbols, items: &mut Vec<Item>) -> Ends {
        let node = self.node(Kind::Symbol(symbols));
        items.push(Item::Symbol(node, symbols));
        Ends { entry: node, exit: node }
    }

    /// Any bytes, also none.
    fn anything(&mut self, items: &mut Vec<Item>) -> Ends {
        let node = self.node(Kind::Symbol(Symbols::BYTES));
        let (entry, exit) = (self.node(Kind::Pass), self.node(Kind::Pass));
        for (from, to) in [(entry, node), (node, node), (node, exit), (entry, exit)] {
            self.link(from, to);
        }
        items.push(Item::Gap(Symbols::BYTES));
        Ends { entry, exit }
    }

    /// Parts one after the other.
    fn chain(
        &mut self,
        count: usize,
        items: &mut Vec<Item>,
        mut part: impl FnMut(&mut Self, usize, &mut Vec<Item>) -> Ends,
    ) -> Ends {
        let mut whole: Option<Ends> = None;
        for index in 0..count {
            let ends = part(self, index, items);
            whole = Some(match whole {
                None => ends,
                Some(before) => {
                    self.link(before.exit, ends.entry);
                    Ends { entry: before.entry, exit: ends.exit }
                }
            });
        }
        whole.unwrap_or_else(|| self.pass())
    }

    fn choice(&mut self, subs: &[Hir], items: &mut Vec<Item>) -> Ends {
        let (entry, exit) = (self.node(Kind::Pass), self.node(Kind::Pass));
        let mut branches = Vec::with_capacity(subs.len());
        for sub in subs {
            let mut branch = Vec::new();
            let ends = self.add(sub, &mut branch);
            self.link(entry, ends.entry);
            self.link(ends.exit, exit);
            branches.push(branch);
        }
        let first = branches.iter().fold(Symbols::EMPTY, |set, branch| set.union(first(branch)));
        let can_be_empty = branches.iter().any(|branch| can_be_empty(branch));
        items.push(if can_be_empty { Item::Gap(first) } else { Item::Choice(first, branches) });
        Ends { entry, exit }
    }

    fn repetition(&mut self, repetition: &Repetition, items: &mut Vec<Item>) -> Ends {
        let Repetition { min, max, sub, .. } = repetition;
        if *max == Some(0) {
            return self.pass();
        }
        if *min == 0 {
            let (entry, exit) = (self.node(Kind::Pass), self.node(Kind::Pass));
            let mut inner = Vec::new();
            let ends = self.add(sub, &mut inner);
            self.link(entry, ends.entry);
            self.link(ends.exit, exit);
            self.link(entry, exit);
            if *max != Some(1) {
                self.link(ends.exit, ends.entry);
            }
            items.push(Item::Gap(first(&inner)));
            return Ends { entry, exit };
        }
        let rounds = if self.kinds.len() > LARGE { 1 } else { (*min).min(UNROLL) };
        let mut last = None;
        let whole = self.chain(rounds as usize, items, |graph, _, items| {
            let before = items.len();
            let ends = graph.add(sub, items);
            last = Some((ends, first(items.get(before..).unwrap_or_default())));
            ends
        });
        if let Some((last, first)) = last.filter(|_| *max != Some(rounds)) {
            self.link(last.exit, last.entry);
            items.push(Item::Gap(first));
        }
        whole
    }

    /// What can stand behind a place where the path has just consumed a symbol of `here` at one of `nodes`.
    pub(crate) fn after(&mut self, nodes: &[Node], here: Symbols) -> Neighbours {
        self.neighbours(nodes, here, true)
    }

    /// What can stand before it.
    pub(crate) fn before(&mut self, nodes: &[Node], here: Symbols) -> Neighbours {
        self.neighbours(nodes, here, false)
    }

    /// The only node that an edge from any of these leads to, or from which one leads to them.
    pub(crate) fn only_neighbour(&self, nodes: &[Node], forward: bool) -> Option<Node> {
        let edges = if forward { &self.next } else { &self.previous };
        let first = *edges.of(*nodes.first()?).first()?;
        nodes.iter().all(|node| edges.of(*node) == [first]).then_some(first)
    }

    fn neighbours(&mut self, nodes: &[Node], here: Symbols, forward: bool) -> Neighbours {
        self.walks += 1;
        self.visited.resize(self.kinds.len(), (0, Symbols::EMPTY));
        let (edges, end) = if forward { (&self.next, self.accept) } else { (&self.previous, self.begin) };
        let mut found = Neighbours::default();
        let mut stack: Vec<(Node, Symbols)> = Vec::new();
        for node in nodes {
            stack.extend(edges.of(*node).iter().map(|next| (*next, Symbols::ALL)));
        }
        while let Some((node, allowed)) = stack.pop() {
            let Some((walk, seen)) = self.visited.get_mut(node as usize) else { continue };
            // What assertions leave of a union is the union of what they leave, so a part of what was seen brings nothing.
            if *walk == self.walks && allowed.is_subset_of(*seen) {
                continue;
            }
            *seen = if *walk == self.walks { seen.union(allowed) } else { allowed };
            *walk = self.walks;
            let allowed = match self.kinds.get(node as usize) {
                Some(Kind::Symbol(symbols)) => {
                    let symbols = symbols.intersection(allowed);
                    if !symbols.is_empty() {
                        found.nodes.push((symbols, node));
                    }
                    continue;
                }
                Some(Kind::Assert(look)) => allowed.intersection(beyond(*look, here, forward)),
                Some(Kind::Pass) | None => allowed,
            };
            if node == end {
                found.outside = found.outside.union(allowed);
            } else if !allowed.is_empty() {
                stack.extend(edges.of(node).iter().map(|next| (*next, allowed)));
            }
        }
        found.nodes.sort_unstable_by_key(|(_, node)| *node);
        found
    }
}

/// For each node, the nodes at the other ends of its edges.
#[derive(Debug, Default)]
struct Adjacency {
    /// Where each node's list begins in `nodes`; one more at the end.
    starts: Vec<u32>,
    nodes: Vec<Node>,
}

impl Adjacency {
    fn new(count: usize, edges: impl Iterator<Item = (Node, Node)> + Clone) -> Self {
        let mut starts = vec![0; count + 1];
        for (from, _) in edges.clone() {
            starts[from as usize + 1] += 1;
        }
        for node in 0..count {
            starts[node + 1] += starts[node];
        }
        let mut places = starts.clone();
        let mut nodes = vec![0; starts[count] as usize];
        for (from, to) in edges {
            let place = &mut places[from as usize];
            nodes[*place as usize] = to;
            *place += 1;
        }
        Self { starts, nodes }
    }

    fn of(&self, node: Node) -> &[Node] {
        &self.nodes[self.starts[node as usize] as usize..self.starts[node as usize + 1] as usize]
    }
}

/// The symbols that can stand on the far side of an assertion, when `here` stands on this side.
///
/// Forward the far side is what follows. An assertion about this side alone that `here` cannot meet leaves nothing.
fn beyond(look: Look, here: Symbols, forward: bool) -> Symbols {
    let line = Symbols::EDGE.union(Symbols::LINE_FEED);
    let (about, holds_at) = match look {
        Look::Start => (false, Symbols::EDGE),
        Look::StartLF => (false, line),
        Look::End => (true, Symbols::EDGE),
        Look::EndLF => (true, line),
        Look::WordAscii if here.is_subset_of(Symbols::WORD) => return Symbols(!Symbols::WORD.0),
        Look::WordAscii if !here.intersects(Symbols::WORD) => return Symbols::WORD,
        Look::WordAsciiNegate if here.is_subset_of(Symbols::WORD) => return Symbols::WORD,
        Look::WordAsciiNegate if !here.intersects(Symbols::WORD) => return Symbols(!Symbols::WORD.0),
        // The translator makes no others; whatever they say is not used.
        _ => return Symbols::ALL,
    };
    match about == forward {
        true => holds_at,
        false if here.intersects(holds_at) => Symbols::ALL,
        false => Symbols::EMPTY,
    }
}

/// What assertions can tell of the symbols at a place: sets with the same answer are the same to [`beyond`].
pub(crate) fn assertions_see(here: Symbols) -> u8 {
    let word = u8::from(here.is_subset_of(Symbols::WORD)) | u8::from(!here.intersects(Symbols::WORD)) << 1;
    word | u8::from(here.intersects(Symbols::EDGE)) << 2 | u8::from(here.intersects(Symbols::LINE_FEED)) << 3
}

/// The symbols with which a list of items can begin, as far as it must consume.
pub(crate) fn first(items: &[Item]) -> Symbols {
    let mut set = Symbols::EMPTY;
    for item in items {
        match item {
            Item::Symbol(_, symbols) | Item::Choice(symbols, _) => return set.union(*symbols),
            Item::Gap(symbols) => set = set.union(*symbols),
        }
    }
    set
}

fn can_be_empty(items: &[Item]) -> bool {
    items.iter().all(|item| matches!(item, Item::Gap(_)))
}
