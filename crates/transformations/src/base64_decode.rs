//! `base64Decode`: decodes base64 up to the first byte that is not in the alphabet.
//!
//! `YWJj!ZGVm` → `abc`. The end may be padding, a blank, a line end or anything else; left-over characters give the whole
//! bytes they hold. ModSecurity reports a change when the result is not empty. The result is at most 3/4 of the input.
//! Reference Manual: `base64Decode`.

use crate::base64_alphabet::{Bits, value_of};
use crate::{ByteSet, Example, Outcome, Tables, Transformation, scan};

pub(crate) static TRANSFORMATION: Transformation = Transformation {
    name: "base64Decode",
    aliases: &[],
    summary: "Decodes base64 up to the first byte outside the alphabet.",
    examples: &[
        Example { input: b"YWJj", output: b"abc" },
        Example { input: b"YWJj!ZGVm", output: b"abc" },
        Example { input: b"YWJ", output: b"ab" },
        Example { input: b"YW Jj", output: b"a" },
        Example { input: b"=", output: b"" },
    ],
    apply,
    identity: ByteSet::is_empty,
    preserves: ByteSet::is_empty,
};

fn apply(input: &[u8], _: &Tables<'_>, out: &mut Vec<u8>) -> Outcome {
    out.clear();
    out.reserve(input.len() / 4 * 3 + 2);
    let mut bits = Bits::default();
    out.extend(input.iter().map_while(|&byte| value_of(byte)).filter_map(|value| bits.push(value)));
    let reported = !out.is_empty();
    scan::outcome(input, out, reported)
}
