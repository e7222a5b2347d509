//! `@containsWord`: the argument occurs in the value as a whole word.
//!
//! `@containsWord foo` matches `a foo.` and `a-foo`, not `food` and not `a_foo`: letters, digits and `_` are word bytes
//! (ModSecurity 3 knows only letters). The empty argument matches every value. It never captures. When the first
//! occurrence is no word, the rest is searched with Knuth-Morris-Pratt, so that an argument taken from the request
//! by a macro cannot make the search quadratic. Reference Manual: `containsWord`.

use crate::text::{Place, Text};
use crate::{Example, Kind, Operator};

pub(crate) static OPERATOR: Operator = Operator {
    name: "containsWord",
    aliases: &[],
    summary: "Matches values that contain the argument as a whole word.",
    expands_macros: true,
    needs_argument: false,
    examples: &[
        Example { argument: "foo", value: b"a foo.", matches: true },
        Example { argument: "foo", value: b"food foo", matches: true },
        Example { argument: "foo", value: b"a_foo foo1", matches: false },
        Example { argument: "a a", value: b"a aa a a", matches: true },
        Example { argument: "", value: b"x", matches: true },
    ],
    kind: Kind::Pure(|argument, environment| {
        Text::containing(argument, environment, contains_word, Place::Inside)
    }),
};

fn contains_word(value: &[u8], argument: &[u8]) -> bool {
    match memchr::memmem::find(value, argument) {
        None => false,
        Some(_) if argument.is_empty() => true,
        Some(start) if is_word_at(value, start, argument.len()) => true,
        Some(start) => occurrences_after(value, argument, start + 1),
    }
}

/// Whether some occurrence that starts at `from` or later, overlapping ones included, is a word.
fn occurrences_after(value: &[u8], argument: &[u8], from: usize) -> bool {
    let borders = borders(argument);
    let mut matched = 0;
    for (end, &byte) in value.iter().enumerate().skip(from) {
        while matched > 0 && (matched == argument.len() || argument[matched] != byte) {
            matched = borders[matched - 1];
        }
        if argument[matched] == byte {
            matched += 1;
        }
        if matched == argument.len() && is_word_at(value, end + 1 - matched, matched) {
            return true;
        }
    }
    false
}

/// For each prefix, the length of its longest proper border (the failure function).
fn borders(argument: &[u8]) -> Vec<usize> {
    let mut borders = vec![0; argument.len()];
    let mut length = 0;
    for end in 1..argument.len() {
        while length > 0 && argument[length] != argument[end] {
            length = borders[length - 1];
        }
        if argument[length] == argument[end] {
            length += 1;
        }
        borders[end] = length;
    }
    borders
}

fn is_word_at(value: &[u8], start: usize, length: usize) -> bool {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    !value[..start].last().is_some_and(is_word) && !value.get(start + length).is_some_and(is_word)
}
