//! The linear engine: `regex_automata`'s meta engine, built from a [`Hir`] at its first use.
//!
//! Rule sets have hundreds of expressions and a process uses few of them for ordinary traffic, because the engine
//! screens values first; so building waits until an expression is really run. It cannot fail by then: the translator
//! has bounded the size, and nothing else can go wrong with a finished expression. The expression itself is many times as
//! large as its source and nearly never wanted, so it is not kept: who asks for it has it translated again. The bet on memory is the cache of the
//! lazy DFA, which grows with use up to a capacity that follows the expression's size.

use super::{Options, fill, lower, parse};
use crate::Capture;
use regex_automata::meta::{Config, Regex};
use regex_automata::{Input, util::primitives::NonMaxUsize};
use regex_syntax::hir::{Class, Hir, HirKind, Look};
use std::ops::Range;
use std::sync::OnceLock;

/// The least capacity of a lazy DFA's cache, in bytes.
const CACHE: usize = 256 * 1024;
/// Cache bytes per automaton state: room for a few dozen DFA states of the worst size.
const CACHE_PER_STATE: usize = 256;

/// An expression for the linear engine.
#[derive(Debug)]
pub(super) struct Linear {
    source: Box<[u8]>,
    options: Options,
    states: usize,
    simple: Option<Simple>,
    regex: OnceLock<Regex>,
}

/// An expression that needs no engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Simple {
    /// `^.*$`, by which rule sets copy a value into TX.0.
    Everything,
    /// `^$`.
    Nothing,
}

impl Linear {
    /// `hir` is what the source is translated into.
    pub(super) fn new(source: &[u8], options: Options, hir: &Hir, states: usize) -> Self {
        let simple = Simple::of(hir);
        Self { source: source.into(), options, states, simple, regex: OnceLock::new() }
    }

    pub(super) fn hir(&self) -> Hir {
        let lowered = parse::parse(&self.source, self.options).and_then(|parsed| lower::lower(&parsed));
        lowered.expect("what has been translated once can be translated again").hir
    }

    fn regex(&self) -> &Regex {
        self.regex.get_or_init(|| {
            let config = Config::new()
                .utf8_empty(false)
                .nfa_size_limit(None)
                .onepass_size_limit(Some(64 * 1024))
                .hybrid_cache_capacity(CACHE.max(self.states * CACHE_PER_STATE));
            let built = Regex::builder().configure(config).build_from_hir(&self.hir());
            // No limit is set that could be passed: see the module's documentation.
            built.expect("an expression of bounded size can be built")
        })
    }

    pub(super) fn is_match(&self, value: &[u8]) -> bool {
        match self.simple {
            Some(simple) => simple.is_match(value),
            None => self.regex().is_match(value),
        }
    }

    pub(super) fn find_at(&self, value: &[u8], start: usize) -> Option<Range<usize>> {
        let found = self.regex().search(&Input::new(value).range(start..))?;
        Some(found.range())
    }

    pub(super) fn captures(&self, value: &[u8], start: usize, captures: &mut Vec<Capture>) -> bool {
        if let Some(simple) = self.simple.filter(|_| start == 0) {
            let matches = simple.is_match(value);
            // Values are shorter than 4 GiB: body limits are far below.
            captures.extend(matches.then_some(Capture::Range(0, value.len() as u32)));
            return matches;
        }
        let regex = self.regex();
        let input = Input::new(value).range(start..);
        let mut slots: Vec<Option<NonMaxUsize>> = vec![None; regex.captures_len() * 2];
        if regex.search_slots(&input, &mut slots).is_none() {
            return false;
        }
        fill(slots.chunks_exact(2).map(|slot| Some((slot[0]?.get(), slot[1]?.get()))), captures);
        true
    }
}

impl Simple {
    fn of(hir: &Hir) -> Option<Self> {
        let HirKind::Concat(parts) = hir.kind() else { return None };
        let (begin, parts) = parts.split_first()?;
        let (end, middle) = parts.split_last()?;
        if *begin.kind() != HirKind::Look(Look::Start) || *end.kind() != HirKind::Look(Look::End) {
            return None;
        }
        match middle {
            [] => Some(Self::Nothing),
            [one] => takes_all(one).then_some(Self::Everything),
            _ => None,
        }
    }

    fn is_match(self, value: &[u8]) -> bool {
        self == Self::Everything || value.is_empty()
    }
}

/// Whether an expression is `.*`.
fn takes_all(hir: &Hir) -> bool {
    let HirKind::Repetition(repetition) = hir.kind() else { return false };
    let HirKind::Class(Class::Bytes(bytes)) = repetition.sub.kind() else { return false };
    let is_any = matches!(bytes.ranges(), [range] if range.start() == 0 && range.end() == 0xff);
    is_any && (repetition.min, repetition.max, repetition.greedy) == (0, None, true)
}

#[cfg(test)]
mod tests {
    use super::Simple;
    use crate::pattern::{Options, Pattern, Plan};

    #[test]
    fn knows_simple_expressions() {
        for (source, expected) in [
            ("^.*$", Some(Simple::Everything)),
            ("^$", Some(Simple::Nothing)),
            ("^.+$", None),
            (".*", None),
            ("^.*?$", None),
            ("^[^\\n]*$", None),
            ("^(.*)$", None),
            ("^", None),
        ] {
            let pattern = Pattern::new(source.as_bytes(), Options::default()).unwrap();
            let Plan::Linear { linear, .. } = &pattern.plan else { panic!("{source} is linear") };
            assert_eq!(linear.simple, expected, "{source}");
            for value in [&b"a\nb\xff"[..], b"", b"a"] {
                let exact = Pattern::new(&[b"(?=)", source.as_bytes()].concat(), Options::default()).unwrap();
                let (mut captures, mut others) = (Vec::new(), Vec::new());
                for start in 0..=value.len() {
                    let matched = pattern.captures(value, start, &mut captures);
                    assert_eq!(matched, exact.captures(value, start, &mut others), "{source}");
                    assert_eq!(captures, others, "{source} from {start}");
                }
                assert_eq!(pattern.is_match(value), exact.is_match(value), "{source}");
            }
        }
    }
}
