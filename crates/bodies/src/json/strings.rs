//! Decoding of JSON strings as yajl does it.
//!
//! `caf\u00e9\n` → `café` and a line feed. The walker calls it for keys and values that hold a backslash. The lexer has
//! checked the escapes, so nothing here can fail. A high surrogate without a `\u` after it becomes `?`; a pair is
//! combined without a check of its second half.

/// The text of a string; `raw` itself when it has no escapes.
pub(super) fn decoded<'a>(raw: &'a [u8], escapes: bool, buffer: &'a mut Vec<u8>) -> &'a [u8] {
    if !escapes {
        return raw;
    }
    buffer.clear();
    buffer.reserve(raw.len());
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\\', rest) {
        let (plain, from) = rest.split_at_checked(at).unwrap_or((rest, &[]));
        buffer.extend_from_slice(plain);
        rest = escape(from.get(1..).unwrap_or_default(), buffer);
    }
    buffer.extend_from_slice(rest);
    buffer
}

/// Writes what the escape stands for (`after` begins behind the backslash) and returns what follows it.
fn escape<'a>(after: &'a [u8], buffer: &mut Vec<u8>) -> &'a [u8] {
    let Some((&kind, rest)) = after.split_first() else { return &[] };
    match kind {
        b'u' => return unicode(rest, buffer),
        b'n' => buffer.push(b'\n'),
        b'r' => buffer.push(b'\r'),
        b't' => buffer.push(b'\t'),
        b'b' => buffer.push(0x08),
        b'f' => buffer.push(0x0c),
        _ => buffer.push(kind),
    }
    rest
}

/// `after` begins with the four digits of `\uXXXX`.
fn unicode<'a>(after: &'a [u8], buffer: &mut Vec<u8>) -> &'a [u8] {
    let (high, rest) = four_digits(after);
    if high & 0xfc00 != 0xd800 {
        push_utf8(high, buffer);
        return rest;
    }
    if let [b'\\', b'u', low @ ..] = rest {
        let (low, rest) = four_digits(low);
        push_utf8(((high & 0x3f) << 10) | (((high >> 6 & 0xf) + 1) << 16) | (low & 0x3ff), buffer);
        return rest;
    }
    buffer.push(b'?');
    rest
}

fn four_digits(bytes: &[u8]) -> (u32, &[u8]) {
    let (digits, rest) = bytes.split_at_checked(4).unwrap_or((bytes, &[]));
    let value = digits
        .iter()
        .fold(0, |value, &digit| value << 4 | char::from(digit).to_digit(16).unwrap_or_default());
    (value, rest)
}

/// UTF-8 without the check for surrogates, which yajl writes as three bytes like any other code point.
fn push_utf8(code: u32, buffer: &mut Vec<u8>) {
    // Each part is masked to its bits, so the casts to a byte lose nothing.
    let tail = |shift: u32| 0x80 | (code >> shift & 0x3f) as u8;
    match code {
        0..0x80 => buffer.push(code as u8),
        0x80..0x800 => buffer.extend([0xc0 | (code >> 6) as u8, tail(0)]),
        0x800..0x1_0000 => buffer.extend([0xe0 | (code >> 12) as u8, tail(6), tail(0)]),
        _ => buffer.extend([0xf0 | (code >> 18 & 0x07) as u8, tail(12), tail(6), tail(0)]),
    }
}
