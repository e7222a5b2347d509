//! Chains that only delete bytes: their units are found without making the text.
//!
//! `SecRule RESPONSE_BODY "@contains <title>shell</title>" "…,t:removeWhitespace,t:lowercase"` would have every answer copied
//! without its blanks and scanned once more. Instead, a window of the unit is looked for in the value itself: at each `k`,
//! say, the other symbols are compared before and behind it, passing over the bytes that the chain deletes. In
//! `<ti tle>she ll` the window `eshell` stands for `removeWhitespace`.
//!
//! Why it holds: such a chain makes of a value its bytes in order without the deleted ones, but for case, so a window of the
//! result is a sequence of the value's symbols with nothing but deleted bytes between. Every match has one of the windows
//! of its first clause; the other clauses are left to the operator.
//!
//! It bets on few windows with a rare byte each, and units beyond [`MOST`] windows in a source go the usual way. A value of
//! nothing but that byte costs a comparison of up to eight symbols per byte, and each run of deleted bytes is passed over at
//! most so often: linear.

use portcullis_transformations::{ByteSet, Outcome, Tables, Transformation};

use super::alphabet::{Symbols, symbol};
use super::condition::{Clause, Condition};
use super::rarity::Rarity;
use super::scanner::Unit;
use super::window::Sequence;

/// The most windows of the units of a source.
pub(crate) const MOST: usize = 4;

/// A unit whose chain only deletes.
#[derive(Debug)]
pub(crate) struct Gapped {
    pub(crate) unit: Unit,
    deleted: ByteSet,
    windows: Vec<GappedWindow>,
}

#[derive(Debug)]
struct GappedWindow {
    sequence: Sequence,
    /// The place with the fewest and rarest bytes, and these.
    place: usize,
    bytes: Needle,
}

/// What is looked for.
#[derive(Debug, Clone, Copy)]
enum Needle {
    One(u8),
    Two(u8, u8),
    Three(u8, u8, u8),
}

impl Needle {
    fn of(bytes: &ByteSet) -> Option<Self> {
        let bytes: Vec<u8> = (0..=255).filter(|byte| bytes.contains(*byte)).collect();
        match *bytes.as_slice() {
            [one] => Some(Self::One(one)),
            [one, two] => Some(Self::Two(one, two)),
            [one, two, three] => Some(Self::Three(one, two, three)),
            _ => None,
        }
    }

    fn find(self, value: &[u8]) -> Option<usize> {
        match self {
            Self::One(one) => memchr::memchr(one, value),
            Self::Two(one, two) => memchr::memchr2(one, two, value),
            Self::Three(one, two, three) => memchr::memchr3(one, two, three, value),
        }
    }
}

/// The bytes that a chain deletes; `None` when it does anything else but change the case of letters.
pub(crate) fn deleted(steps: &[&'static Transformation]) -> Option<ByteSet> {
    let mut deleted = ByteSet::new();
    let mut out = Vec::new();
    for step in steps {
        match step.name {
            "lowercase" | "uppercase" => {}
            "removeWhitespace" | "removeNulls" => {
                for byte in 0..=255u8 {
                    let outcome = (step.apply)(&[byte], &Tables::default(), &mut out);
                    if outcome != Outcome::Unchanged && out.is_empty() {
                        deleted.insert(byte);
                    }
                }
            }
            _ => return None,
        }
    }
    Some(deleted)
}

impl Gapped {
    /// `None` when the condition has no clause of few windows without edges, each with a place of at most three bytes.
    pub(crate) fn new(unit: Unit, condition: &Condition, deleted: &ByteSet, rarity: &Rarity) -> Option<Self> {
        let Clause { symbols, windows } = condition.clauses.first()?;
        if !symbols.is_empty() || windows.len() > MOST {
            return None;
        }
        let windows = windows.iter().map(|window| GappedWindow::new(window.sequence, deleted, rarity));
        Some(Self { unit, deleted: *deleted, windows: windows.collect::<Option<_>>()? })
    }

    /// How many windows are looked for.
    pub(crate) fn len(&self) -> usize {
        self.windows.len()
    }

    /// Whether what the chain makes of a value could match.
    pub(crate) fn admits(&self, value: &[u8]) -> bool {
        self.windows.iter().any(|window| window.stands_in(value, &self.deleted))
    }
}

impl GappedWindow {
    fn new(sequence: Sequence, deleted: &ByteSet, rarity: &Rarity) -> Option<Self> {
        if sequence.sets().iter().any(|set| set.intersects(Symbols::EDGE)) {
            return None;
        }
        let kept = |set: &Symbols| {
            let mut bytes = ByteSet::new();
            (0..=255u8)
                .filter(|byte| set.contains(symbol(*byte)) && !deleted.contains(*byte))
                .for_each(|byte| bytes.insert(byte));
            bytes
        };
        let rare =
            sequence.sets().iter().enumerate().filter_map(|(place, set)| {
                Needle::of(&kept(set)).map(|bytes| (rarity.of(*set), place, bytes))
            });
        let (_, place, bytes) = rare.min_by(|left, right| left.0.total_cmp(&right.0))?;
        Some(Self { sequence, place, bytes })
    }

    fn stands_in(&self, value: &[u8], deleted: &ByteSet) -> bool {
        let (before, behind) = self.sequence.sets().split_at(self.place);
        let behind = behind.get(1..).unwrap_or_default();
        let mut from = 0;
        while let Some(found) = value.get(from..).and_then(|rest| self.bytes.find(rest)) {
            let (left, right) = value.split_at(from + found);
            let kept = |byte: &&u8| !deleted.contains(**byte);
            if stand(before.iter().rev(), left.iter().rev().filter(kept))
                && stand(behind.iter(), right.iter().skip(1).filter(kept))
            {
                return true;
            }
            from += found + 1;
        }
        false
    }
}

/// Whether each of the sets has the next of the bytes.
fn stand<'a>(mut sets: impl Iterator<Item = &'a Symbols>, mut bytes: impl Iterator<Item = &'a u8>) -> bool {
    sets.all(|set| bytes.next().is_some_and(|byte| set.contains(symbol(*byte))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use portcullis_operators::Shape;
    use portcullis_transformations::find;

    fn chain(names: &[&str]) -> Vec<&'static Transformation> {
        names.iter().map(|name| find(name.as_bytes()).unwrap()).collect()
    }

    fn apply(steps: &[&'static Transformation], value: &[u8]) -> Vec<u8> {
        let (mut value, mut out) = (value.to_vec(), Vec::new());
        for step in steps {
            if (step.apply)(&value, &Tables::default(), &mut out) != Outcome::Unchanged {
                value.clone_from(&out);
            }
        }
        value
    }

    #[test]
    fn knows_which_chains_only_delete() {
        let of = |names: &[&str]| deleted(&chain(names));
        let space = of(&["removeWhitespace", "lowercase"]).unwrap();
        assert!(space.contains(b' ') && space.contains(0xa0) && !space.contains(0) && !space.contains(b'a'));
        assert!(of(&["removeNulls", "removeWhitespace"]).unwrap().contains(0));
        assert!(of(&["removeWhitespace", "urlDecodeUni"]).is_none());
        assert!(of(&["compressWhitespace"]).is_none());
    }

    /// What contains the text after the chain is admitted, for values made of the text's bytes and deleted ones.
    #[test]
    fn admits_what_the_chain_makes_match() {
        let text = b"<title>punkHOLicshell</title>";
        let shape = Shape::Literal { text, at_start: false, at_end: false };
        let rarity = Rarity::of_requests();
        let condition = Condition::of(&shape, &rarity).unwrap();
        let mut state = 0x5eed_u64;
        let mut below = |limit: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 20) as usize % limit
        };
        for names in
            [&["removeWhitespace", "lowercase"][..], &["removeNulls"], &["removeNulls", "removeWhitespace"]]
        {
            let steps = chain(names);
            let deleted = deleted(&steps).unwrap();
            let fillers: Vec<u8> = (0..=255).filter(|byte| deleted.contains(*byte)).collect();
            let gapped = Gapped::new(0, &condition, &deleted, &rarity).unwrap();
            let (mut matched, mut refused) = (0, 0);
            for _ in 0..4000 {
                let mut value = Vec::new();
                let from = below(3);
                for byte in text.iter().skip(from.saturating_sub(1)) {
                    (0..below(3)).for_each(|_| value.push(fillers[below(fillers.len())]));
                    if below(200) > 0 {
                        value.push(*byte);
                    }
                }
                let made = apply(&steps, &value);
                let contains = made
                    .to_ascii_lowercase()
                    .windows(text.len())
                    .any(|there| there.eq_ignore_ascii_case(text));
                assert!(!contains || gapped.admits(&value), "{names:?} {}", value.escape_ascii());
                matched += usize::from(contains);
                refused += usize::from(!gapped.admits(&value));
            }
            assert!(matched > 20 && refused > 20, "{names:?} {matched} {refused}");
        }
    }
}
