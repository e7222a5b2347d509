//! `removeWhitespace`: removes white space.
//!
//! `a SP TAB b` → `ab`; the byte A0 (no-break space) goes too, even where it is part of a UTF-8 character.
//! Reference Manual: `removeWhitespace`.

use crate::white_space::{any_space_or_nbsp, is_space_or_nbsp};
use crate::{Example, Outcome, Tables, Transformation, scan};

pub(crate) static TRANSFORMATION: Transformation = Transformation {
    name: "removeWhitespace",
    aliases: &[],
    summary: "Removes white space.",
    examples: &[Example { input: b"a \t\n\x0b\xa0b", output: b"ab" }],
    apply,
    identity: |bytes| !any_space_or_nbsp(bytes),
    preserves: |bytes| !any_space_or_nbsp(bytes),
};

fn apply(input: &[u8], _: &Tables<'_>, out: &mut Vec<u8>) -> Outcome {
    let Some(at) = scan::first(input, is_space_or_nbsp) else { return Outcome::Unchanged };
    let (plain, rest) = input.split_at(at);
    out.clear();
    out.extend_from_slice(plain);
    out.resize(input.len(), 0);
    // Every byte is written, and the next one over it where it was white space: no branch that would be guessed wrong at
    // every word.
    let mut kept = at;
    for &byte in rest {
        if let Some(place) = out.get_mut(kept) {
            *place = byte;
        }
        kept += usize::from(!is_space_or_nbsp(byte));
    }
    out.truncate(kept);
    Outcome::Changed
}
