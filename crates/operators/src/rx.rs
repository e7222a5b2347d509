//! `@rx`: the value has a match of a regular expression.
//!
//! `@rx ^/(admin|root)` matches `/admin/x` and captures `/admin` and `admin`. What expressions mean and what runs them is
//! the [`pattern`](crate::pattern) module's business. An argument with macros is compiled from its expanded text at each
//! test, with the last few kept; what is special in the text loses its meaning first, whether a macro brought it or the
//! rule (see [`escape::escape_expression`]), and what does not compile then is no match. All groups up to the highest that
//! took part are captured; which of them become TX variables is up to the engine. Reference Manual: `rx`.

use crate::pattern::{Options, Pattern, PatternError};
use crate::{
    ArgumentError, Capture, Environment, Example, Failure, Hit, Kind, Operator, Shape, Test, escape, text,
};
use std::sync::{Arc, Mutex, PoisonError};

pub(crate) static OPERATOR: Operator = Operator {
    name: "rx",
    aliases: &[],
    summary: "Matches values in which a regular expression finds something.",
    expands_macros: true,
    needs_argument: false,
    examples: &[
        Example { argument: "^/(admin|root)", value: b"/admin/x", matches: true },
        Example { argument: "(?i)select.+from", value: b"SELECT *\nFROM", matches: true },
        Example { argument: "^x$", value: b"x\n", matches: false },
        Example { argument: "(a)\\1", value: b"aa", matches: true },
        Example { argument: "", value: b"", matches: true },
    ],
    kind: Kind::Pure(compile),
};

fn compile(argument: &[u8], environment: &Environment<'_>) -> Result<Box<dyn Test>, ArgumentError> {
    let options = Options { match_limit: environment.match_limit, ..Options::default() };
    if environment.has_macros {
        return Ok(Box::new(Expanded { options, recent: Mutex::default() }));
    }
    let pattern = Pattern::new(argument, options).map_err(argument_error)?;
    Ok(Box::new(Rx { pattern, is_any_line: argument == ANY_LINE }))
}

/// ModSecurity's message for an expression that does not compile.
pub(crate) fn argument_error(error: PatternError) -> ArgumentError {
    let PatternError { message, offset } = error;
    ArgumentError {
        message: format!("Error compiling pattern (offset {offset}): {message}"),
        offset: Some(offset),
        help: None,
    }
}

/// What rules write that capture a value whole.
const ANY_LINE: &[u8] = b"^.*$";

#[derive(Debug)]
struct Rx {
    pattern: Pattern,
    /// The expression is [`ANY_LINE`], which a value without a line end matches as it is.
    is_any_line: bool,
}

impl Test for Rx {
    fn test(&self, value: &[u8], _: &[u8], captures: bool, hit: &mut Hit) -> Result<bool, Failure> {
        let end = u32::try_from(value.len()).ok().filter(|_| self.is_any_line && !has_line_end(value));
        let Some(end) = end else { return run(&self.pattern, value, captures, hit) };
        hit.clear();
        if captures {
            hit.captures.push(Capture::Range(0, end));
        }
        Ok(true)
    }

    fn message(&self, argument: &[u8], _: &Hit, name: &[u8], out: &mut Vec<u8>) {
        message(argument, name, out);
    }

    fn shape(&self) -> Shape<'_> {
        self.pattern.hir().map_or(Shape::Opaque, Shape::Regex)
    }

    fn backtracks(&self) -> Option<&'static str> {
        self.pattern.backtracks()
    }
}

fn has_line_end(value: &[u8]) -> bool {
    memchr::memchr2(b'\n', b'\r', value).is_some()
}

fn run(pattern: &Pattern, value: &[u8], captures: bool, hit: &mut Hit) -> Result<bool, Failure> {
    hit.clear();
    if captures { pattern.captures(value, 0, &mut hit.captures) } else { pattern.is_match(value) }
}

/// Appends `Pattern match "X" at NAME.`
pub(crate) fn message(argument: &[u8], name: &[u8], out: &mut Vec<u8>) {
    out.extend(b"Pattern match \"");
    escape::escape_cut(argument, out);
    text::at(b"\"", name, out);
}

/// How many expanded expressions an operator keeps.
const RECENT: usize = 4;

/// An expanded text and its pattern; none when it does not compile.
type Compiled = (Box<[u8]>, Option<Arc<Pattern>>);

/// An operator whose expression holds macros.
#[derive(Debug)]
struct Expanded {
    options: Options,
    /// The most recently used last.
    recent: Mutex<Vec<Compiled>>,
}

impl Expanded {
    fn pattern(&self, source: &[u8]) -> Option<Arc<Pattern>> {
        // A list that another thread left while panicking is still a list of compiled patterns.
        let lock = || self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = {
            let mut recent = lock();
            let index = recent.iter().position(|(text, _)| **text == *source);
            index.map(|index| {
                let entry = recent.remove(index);
                let pattern = entry.1.clone();
                recent.push(entry);
                pattern
            })
        };
        kept.unwrap_or_else(|| {
            let pattern = Pattern::new(&escaped(source), self.options).ok().map(Arc::new);
            let mut recent = lock();
            if recent.len() >= RECENT {
                recent.remove(0);
            }
            recent.push((source.into(), pattern.clone()));
            pattern
        })
    }
}

impl Test for Expanded {
    fn test(&self, value: &[u8], argument: &[u8], captures: bool, hit: &mut Hit) -> Result<bool, Failure> {
        match self.pattern(argument) {
            Some(pattern) => run(&pattern, value, captures, hit),
            None => {
                hit.clear();
                Ok(false)
            }
        }
    }

    fn message(&self, argument: &[u8], _: &Hit, name: &[u8], out: &mut Vec<u8>) {
        message(&escaped(argument), name, out);
    }
}

/// The expression that an expanded text stands for. It ends at a NUL, as in ModSecurity v2, which hands it to PCRE as a
/// string of C.
fn escaped(text: &[u8]) -> Vec<u8> {
    let text = memchr::memchr(0, text).and_then(|end| text.get(..end)).unwrap_or(text);
    let mut out = Vec::with_capacity(text.len());
    escape::escape_expression(text, &mut out);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_values_are_told_without_the_expression() {
        let environment =
            Environment { read_file: &|_| Err(String::new()), match_limit: 1500, has_macros: false };
        let test = compile(ANY_LINE, &environment).unwrap();
        let pattern = Pattern::new(ANY_LINE, Options::default()).unwrap();
        let (mut hit, mut expected) = (Hit::default(), Hit::default());
        for value in [&b""[..], b"a", b"user-agent", b"\xff\0", b"\n", b"a\n", b"a\nb", b"a\r", b"\r\n"] {
            for captures in [false, true] {
                let matched = test.test(value, b"", captures, &mut hit);
                assert_eq!(matched, run(&pattern, value, captures, &mut expected));
                assert_eq!(hit.captures, expected.captures, "{}", value.escape_ascii());
            }
        }
    }

    #[test]
    fn compiles_expanded_texts() {
        let environment =
            Environment { read_file: &|_| Err(String::new()), match_limit: 1500, has_macros: true };
        let test = compile(b"^%{tx.a}$", &environment).unwrap();
        let mut hit = Hit::default();
        for round in 0..20u8 {
            let text = [b'^', b'a' + round % 7, b'$'];
            assert_eq!(test.test(&text[1..2], &text, true, &mut hit), Ok(true));
            assert_eq!(hit.captures, [Capture::Range(0, 1)]);
            assert_eq!(test.test(b"(", b"*", true, &mut hit), Ok(false));
        }
    }

    #[test]
    fn takes_the_meaning_from_what_an_expanded_text_holds() {
        let environment =
            Environment { read_file: &|_| Err(String::new()), match_limit: 1500, has_macros: true };
        let test = compile(b"%{tx.a}", &environment).unwrap();
        let mut hit = Hit::default();
        for (text, value, matches) in [
            ("(a.b)", "(a.b)", true),
            ("(a.b)", "axb", false),
            ("[ab]?", "[ab]?", true),
            ("a+", "aa", false),
            ("\\d", "1", false),
            ("x|y*", "z", true),
            ("^a{2}$", "aa", true),
            ("x\0y", "axb", true),
            ("\0", "", true),
        ] {
            assert_eq!(
                test.test(value.as_bytes(), text.as_bytes(), false, &mut hit),
                Ok(matches),
                "{text} on {value}"
            );
        }
        let mut out = Vec::new();
        test.message(b"a.b", &hit, b"ARGS:a", &mut out);
        assert_eq!(out, b"Pattern match \"a\\\\.b\" at ARGS:a.");
    }

    #[test]
    fn cuts_the_message() {
        let mut out = Vec::new();
        message(&b"x|\\d".repeat(90), b"ARGS:a", &mut out);
        assert!(out.starts_with(b"Pattern match \"x|\\\\dx|"));
        assert!(out.ends_with(b" ...\" at ARGS:a."));
        assert_eq!(out.len(), 15 + 252 + 4 + 12);
    }
}
