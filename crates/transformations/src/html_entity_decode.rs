//! `htmlEntityDecode`: decodes numeric HTML references and five named ones.
//!
//! `&lt;&#60;&#x3c` → `<<<`. The semicolon is optional. Of a number only the low byte is used, of names only `quot`, `amp`,
//! `lt`, `gt` and `nbsp` (byte A0), in any case, are known; others stay. Decoded text is not decoded again.
//! ModSecurity reports a change when the length differs. Reference Manual: `htmlEntityDecode`.

use memchr::memchr;

use crate::{ByteSet, Example, Outcome, Tables, Transformation, scan};

pub(crate) static TRANSFORMATION: Transformation = Transformation {
    name: "htmlEntityDecode",
    aliases: &[],
    summary: "Decodes HTML references such as `&lt;`, `&#60;` and `&#x3c;`.",
    examples: &[
        Example { input: b"&lt;&LT;&lt &#60;&#60&#x3c;&#X3Cz&#x;&#;", output: b"<<< <<<<z&#x;&#;" },
        Example { input: b"&nbsp;&amp&quot;&foo;&#999;&#x141;&apos;&", output: b"\xa0&\"&foo;\xe7A&apos;&" },
        Example { input: b"&#99999999999999999999;", output: b"\xff" },
    ],
    apply,
    identity: has_no_reference,
    preserves: has_no_reference,
};

/// Every reference needs an `&` and a `#`, a `t` (`quot`, `lt`, `gt`) or a `p` (`amp`, `nbsp`).
fn has_no_reference(bytes: &ByteSet) -> bool {
    const NEEDED: ByteSet = ByteSet::from_bytes(b"#tTpP");
    !bytes.contains(b'&') || !bytes.intersects(&NEEDED)
}

fn apply(input: &[u8], _: &Tables<'_>, out: &mut Vec<u8>) -> Outcome {
    if !scan::rewrite(input, out, |rest| memchr(b'&', rest), decode) {
        return Outcome::Unchanged;
    }
    scan::outcome_by_length(input, out)
}

fn decode(reference: &[u8], out: &mut Vec<u8>) -> usize {
    let (byte, length) = match reference {
        [_, b'#', b'x' | b'X', digits @ ..] => (number(digits, 16), 3 + run(digits, u8::is_ascii_hexdigit)),
        [_, b'#', digits @ ..] => (number(digits, 10), 2 + run(digits, u8::is_ascii_digit)),
        [_, rest @ ..] => {
            let (name, _) = rest.split_at(run(rest, u8::is_ascii_alphanumeric));
            (named(name), 1 + name.len())
        }
        [] => (None, 0),
    };
    let Some(byte) = byte else {
        // Nothing inside can begin another reference, so the `&` alone is passed over.
        out.push(b'&');
        return 1;
    };
    out.push(byte);
    length + usize::from(reference.get(length) == Some(&b';'))
}

fn run(bytes: &[u8], belongs: fn(&u8) -> bool) -> usize {
    bytes.iter().position(|byte| !belongs(byte)).unwrap_or(bytes.len())
}

/// The low byte of the number at the start; one too large for 63 bits is taken for the largest, as C's `strtol` does.
fn number(bytes: &[u8], radix: u32) -> Option<u8> {
    let digit = |byte: &u8| char::from(*byte).to_digit(radix);
    bytes.first().and_then(digit)?;
    let grown = |value: i64, digit| value.checked_mul(i64::from(radix))?.checked_add(i64::from(digit));
    let value = bytes.iter().map_while(digit).try_fold(0, grown).unwrap_or(i64::MAX);
    Some(value.to_le_bytes()[0])
}

fn named(name: &[u8]) -> Option<u8> {
    const NAMES: [(&[u8], u8); 5] =
        [(b"quot", b'"'), (b"amp", b'&'), (b"lt", b'<'), (b"gt", b'>'), (b"nbsp", 0xa0)];
    NAMES.iter().find(|(known, _)| name.eq_ignore_ascii_case(known)).map(|&(_, byte)| byte)
}
