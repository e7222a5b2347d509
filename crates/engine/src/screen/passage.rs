//! Which values pass a transformation chain as they are, told from their symbols.
//!
//! A value without `%` and `+` passes `urlDecodeUni`; one without `&` also `htmlEntityDecode`, and so both in a row. A
//! [`Passage`] is the set of symbols that a value must not have. To "pass" means to come out equal but for the case of
//! ASCII letters, which the screen does not see: `lowercase` lets everything pass.
//!
//! Why it holds: each transformation says of a set of bytes whether values made of them come out equal (`preserves`), and a
//! value made of fewer kinds of bytes does then too. The set is chosen such that all other bytes together are preserved, in
//! capitals and small letters, by every step; so a value without the set comes out of each step as it went in. The steps
//! that change case ([`folds`]) change nothing else in values that they would preserve in small letters.

use portcullis_transformations::{ByteSet, Transformation};

use super::alphabet::Symbols;

/// What keeps a value from passing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Passage {
    /// A value that has one of these may change.
    blockers: Symbols,
    /// Even the empty value changes.
    always_changes: bool,
    /// Values that pass may come out in other case.
    changes_case: bool,
}

impl Passage {
    /// Of a list of transformations.
    pub(crate) fn of_chain(steps: &[&'static Transformation]) -> Self {
        let free = Self { blockers: Symbols::EMPTY, always_changes: false, changes_case: false };
        steps.iter().fold(free, |so_far, step| so_far.and_then(Self::of_step(step)))
    }

    /// Of this and then another.
    pub(crate) fn and_then(self, step: Self) -> Self {
        Self {
            blockers: self.blockers.union(step.blockers),
            always_changes: self.always_changes || step.always_changes,
            changes_case: self.changes_case || step.changes_case,
        }
    }

    /// Whether a value with these symbols is certain to pass.
    pub(crate) fn lets_pass(&self, seen: Symbols) -> bool {
        !self.always_changes && !self.blockers.intersects(seen)
    }

    /// Whether any value but the empty one can pass.
    pub(crate) fn lets_something_pass(&self) -> bool {
        !self.always_changes && self.blockers != Symbols::BYTES
    }

    /// Whether a value that passes may come out with letters in other case.
    pub(crate) fn changes_case(&self) -> bool {
        self.changes_case
    }

    /// A value without these passes, unless nothing does.
    pub(crate) fn blockers(&self) -> Symbols {
        self.blockers
    }

    fn of_step(step: &Transformation) -> Self {
        if matches!(step.name, "lowercase" | "uppercase") {
            return Self { blockers: Symbols::EMPTY, always_changes: false, changes_case: true };
        }
        let preserves = |symbols: Symbols| {
            let mut bytes = symbols.bytes();
            if folds(step) {
                bytes = small(&bytes);
            }
            (step.preserves)(&bytes)
        };
        // What changes by itself, then what is needed until the rest is preserved.
        let alone = (1..64).map(Symbols::of).filter(|symbol| !preserves(*symbol));
        let mut blockers = alone.fold(Symbols::EMPTY, Symbols::union);
        while !preserves(Symbols::BYTES.without(blockers)) && blockers != Symbols::BYTES {
            let mut others = (1..64).map(Symbols::of).filter(|symbol| !symbol.intersects(blockers));
            let enough =
                others.clone().find(|symbol| preserves(Symbols::BYTES.without(blockers.union(*symbol))));
            let Some(next) = enough.or_else(|| others.next_back()) else { break };
            blockers = blockers.union(next);
        }
        Self { blockers, always_changes: !preserves(Symbols::EMPTY), changes_case: folds(step) }
    }
}

/// Whether a step makes capitals small, and otherwise does to a value what it does to the value in small letters.
fn folds(step: &Transformation) -> bool {
    step.name == "cmdLine"
}

/// The set without capitals.
fn small(bytes: &ByteSet) -> ByteSet {
    let mut small = ByteSet::new();
    for byte in (0..=255u8).filter(|byte| bytes.contains(*byte) && !byte.is_ascii_uppercase()) {
        small.insert(byte);
    }
    small
}

#[cfg(test)]
mod tests {
    use super::*;
    use portcullis_transformations::{Outcome, Tables, find};

    fn passage(name: &str) -> Passage {
        Passage::of_step(find(name.as_bytes()).unwrap())
    }

    #[test]
    fn knows_what_changes_a_value() {
        let of = |text: &[u8]| Symbols::of_bytes(text.iter().copied());
        assert_eq!(passage("urlDecodeUni").blockers, of(b"%+"));
        assert_eq!(passage("htmlEntityDecode").blockers, of(b"&"));
        assert_eq!(passage("lowercase").blockers, Symbols::EMPTY);
        assert!(passage("cmdLine").lets_pass(of(b"AbC/x=1")));
        assert!(!passage("cmdLine").lets_pass(of(b"a b")));
        assert!(!passage("length").lets_pass(Symbols::EMPTY));
        assert!(
            passage("base64Decode").lets_pass(Symbols::EMPTY) && !passage("base64Decode").lets_pass(of(b"a"))
        );
    }

    /// Every transformation on values of few kinds of bytes: those that are said to pass do.
    #[test]
    fn values_that_pass_stay_as_they_are() {
        let mut state = 0x5eed_u64;
        let mut below = |limit: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 20) as usize % limit
        };
        let kinds: &[u8] = b"aAzZ09fFxXuU%+&;#\\/*.-_ \t\n\r\0\x01\x7f\x80\xa0\xc2\xff'\"^,`<>()={}$@!|~?:[]";
        let (mut passed, mut blocked) = (0, 0);
        let mut out = Vec::new();
        for step in portcullis_transformations::ALL {
            let passage = Passage::of_step(step);
            for _ in 0..3000 {
                let few: Vec<u8> = (0..=below(5)).map(|_| kinds[below(kinds.len())]).collect();
                let value: Vec<u8> = (0..below(12)).map(|_| few[below(few.len())]).collect();
                if !passage.lets_pass(Symbols::of_bytes(value.iter().copied())) {
                    blocked += 1;
                    continue;
                }
                passed += 1;
                if (step.apply)(&value, &Tables::default(), &mut out) != Outcome::Unchanged {
                    assert!(out.eq_ignore_ascii_case(&value), "{} on {}", step.name, value.escape_ascii());
                }
            }
        }
        assert!(passed > 10_000 && blocked > 10_000, "{passed} {blocked}");
    }
}
