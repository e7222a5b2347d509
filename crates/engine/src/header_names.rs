//! Header fields by name, for the names that rules ask for.
//!
//! Rules ask for some forty names, many of which no request has. A rule set numbers the names that its rules hold
//! ([`HeaderNames`]); a message notes for each number where its first field stands ([`HeaderIndex`]). So a rule learns from one bit
//! that its header is not there, and finds one that is there without comparing it with all.

use crate::request::Pair;
use crate::ruleset::{Rule, Selector};
use crate::variables::Variable;

/// More names than bits in a word are not numbered; then fields are compared one by one.
const MOST: usize = 64;

/// The header names that the rules of a rule set hold, numbered.
#[derive(Debug)]
pub(crate) struct HeaderNames {
    names: Vec<Vec<u8>>,
    /// For each place of [`place`], the first name of it, counted from 1.
    first: [u8; 64],
    /// For each name, the next one of the same place, counted from 1.
    next: Vec<u8>,
}

impl Default for HeaderNames {
    fn default() -> Self {
        Self { names: Vec::new(), first: [0; 64], next: Vec::new() }
    }
}

/// A name that has been looked up.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    place: u8,
    number: Option<u8>,
}

/// Whether a variable holds header fields: of the request, or of the response.
pub(crate) fn is_response(variable: Variable) -> Option<bool> {
    match variable {
        Variable::RequestHeaders | Variable::RequestHeadersNames => Some(false),
        Variable::ResponseHeaders | Variable::ResponseHeadersNames => Some(true),
        _ => None,
    }
}

impl HeaderNames {
    /// Numbers the names that rules hold.
    pub(crate) fn of(rules: &[Rule]) -> Self {
        let mut names = Self::default();
        for target in rules.iter().flat_map(|rule| &rule.targets) {
            if let (Selector::Name(name), Some(_)) = (&target.selector, is_response(target.variable)) {
                names.insert(name);
            }
        }
        names
    }

    fn insert(&mut self, name: &[u8]) {
        let found = self.find(name);
        let Some(first) = self.first.get_mut(usize::from(found.place)) else { return };
        if found.number.is_none() && self.names.len() < MOST {
            self.names.push(name.to_vec());
            self.next.push(std::mem::replace(first, self.names.len() as u8));
        }
    }

    /// Looks up a name in any case.
    #[inline]
    pub(crate) fn find(&self, name: &[u8]) -> Found {
        let place = place(name);
        let mut number = self.first.get(usize::from(place)).copied().unwrap_or(0);
        while let Some(index) = usize::from(number).checked_sub(1) {
            let known = self.names.get(index).map_or(&[][..], Vec::as_slice);
            if known.len() == name.len() && known.eq_ignore_ascii_case(name) {
                return Found { place, number: Some(index as u8) };
            }
            number = self.next.get(index).copied().unwrap_or(0);
        }
        Found { place, number: None }
    }

    /// The number of a name as a bit.
    pub(crate) fn bit(&self, name: &[u8]) -> Option<u64> {
        self.find(name).number.map(|number| 1 << (number % 64))
    }
}

/// One of 64 places: length and ends of a name, whose case is left out, tell most headers apart. Names of one place may differ
/// in length.
fn place(name: &[u8]) -> u8 {
    let (first, last) = (name.first().copied().unwrap_or(0), name.last().copied().unwrap_or(0));
    let ends = u32::from(first | 0x20) * 5 + u32::from(last | 0x20);
    ((ends + name.len() as u32 * 11) % 64) as u8
}

/// Where the fields of a message are that rules ask for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct HeaderIndex {
    /// The places of all names.
    places: u64,
    /// The numbers of the names that have a field.
    present: u64,
    /// The numbers of the names that have several.
    repeated: u64,
    /// For each number that is present, where its first field stands, or a place before that.
    first: [u8; MOST],
}

impl Default for HeaderIndex {
    fn default() -> Self {
        Self { places: 0, present: 0, repeated: 0, first: [0; MOST] }
    }
}

impl HeaderIndex {
    /// Adds the field at a position.
    pub(crate) fn insert(&mut self, found: Found, position: usize) {
        self.places |= 1 << (found.place % 64);
        let Some(number) = found.number else { return };
        let bit = 1 << (number % 64);
        if self.present & bit != 0 {
            self.repeated |= bit;
        } else if let Some(first) = self.first.get_mut(usize::from(number)) {
            self.present |= bit;
            *first = u8::try_from(position).unwrap_or(u8::MAX);
        }
    }

    /// From where on fields of a name may be, and whether there can be more than one; `None` when there is none.
    #[inline]
    pub(crate) fn find(&self, found: Found) -> Option<(usize, bool)> {
        let Some(number) = found.number else {
            return (self.places >> (found.place % 64) & 1 == 1).then_some((0, true));
        };
        let bit = 1 << (number % 64);
        let first = self.first.get(usize::from(number)).copied().unwrap_or(0);
        (self.present & bit != 0).then_some((usize::from(first), self.repeated & bit != 0))
    }

    /// Whether one of these numbers has a field.
    pub(crate) fn has_any(&self, bits: u64) -> bool {
        self.present & bits != 0
    }

    /// How many fields a number has; `None` for more than one.
    pub(crate) fn count(&self, bit: u64) -> Option<u8> {
        (self.repeated & bit == 0).then_some(u8::from(self.present & bit != 0))
    }

    /// The fields of a name, in order; `is_named` compares where the number alone does not tell.
    pub(crate) fn fields<'a>(
        &self,
        found: Found,
        fields: &'a [Pair],
        is_named: impl Fn(&Pair) -> bool + 'a,
    ) -> impl Iterator<Item = Pair> + 'a {
        let (first, several) = self.find(found).unwrap_or((fields.len(), false));
        let is_known = found.number.is_some() && first < usize::from(u8::MAX);
        let most = if several { usize::MAX } else { 1 };
        let rest = fields.get(first..).unwrap_or_default().iter();
        rest.filter(move |pair| is_known && !several || is_named(pair)).take(most).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arena::Arena;

    /// With names that share places, that repeat, and with more than can be numbered, a walk finds the same fields.
    #[test]
    fn the_index_finds_what_a_walk_finds() {
        let known: Vec<String> =
            (0..70).map(|n| format!("X-{}-{}a", n * 7 % 10, "y".repeat(n / 10))).collect();
        let mut names = HeaderNames::default();
        known.iter().for_each(|name| names.insert(name.as_bytes()));
        assert_eq!(names.names.len(), MOST);
        let mut state = 7_usize;
        for round in 0..300 {
            let (mut arena, mut index, mut fields) = (Arena::default(), HeaderIndex::default(), Vec::new());
            for _ in 0..round {
                state = state.wrapping_mul(1_103_515_245).wrapping_add(12_345) % (1 << 31);
                let known = &known[state / 64 % known.len()];
                let name = match state / 8192 % 4 {
                    0 => known.to_lowercase(),
                    1 => known.replace('y', "z"),
                    _ => known.clone(),
                };
                index.insert(names.find(name.as_bytes()), fields.len());
                let name = arena.push(name.as_bytes());
                fields.push(Pair { name, value: name });
            }
            for name in
                known.iter().flat_map(|name| [name.clone(), name.to_uppercase(), name.replace('X', "Q")])
            {
                let is_named = |pair: &Pair| arena.get(pair.name).eq_ignore_ascii_case(name.as_bytes());
                let found = names.find(name.as_bytes());
                let walked: Vec<_> =
                    fields.iter().filter(|pair| is_named(pair)).map(|pair| pair.name).collect();
                let indexed: Vec<_> = index.fields(found, &fields, is_named).map(|pair| pair.name).collect();
                assert_eq!(indexed, walked, "{name}");
                if let Some(bit) = names.bit(name.as_bytes()) {
                    assert_eq!(index.has_any(bit), !walked.is_empty());
                    assert_eq!(index.count(bit), (walked.len() < 2).then_some(walked.len() as u8));
                }
            }
        }
    }
}
