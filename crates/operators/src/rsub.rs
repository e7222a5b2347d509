//! `@rsub`: replaces what a regular expression finds in a stream variable.
//!
//! `@rsub s/<\/form>/<input name="t"><\/form>/` puts a field before each `</form>`. The argument is read here and the
//! replacing done here; what is rewritten, and whether it may be, the engine decides. The replacement is literal text in the
//! content syntax of `@pm`; the byte behind `s` delimits, and the first byte of a part is never a delimiter. Flags: `i` without
//! case, `d` macros in the expression stand for themselves. Each search begins behind the last match, so that `^` matches there
//! too. An empty match is none. Reference Manual: `rsub`.

use crate::pattern::Pattern;
use crate::{ArgumentError, External, Failure, Kind, Operator, content};

pub(crate) static OPERATOR: Operator = Operator {
    name: "rsub",
    aliases: &[],
    summary: "Replaces what a regular expression finds in a stream variable.",
    expands_macros: true,
    needs_argument: true,
    examples: &[],
    kind: Kind::External(External::Rsub),
};

/// How many bytes the replacements of one value may add.
const MOST_ADDED: usize = 16 * 1024 * 1024;

/// What an argument says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Substitution {
    /// The regular expression.
    pub pattern: Vec<u8>,
    /// What stands in place of a match.
    pub replacement: Vec<u8>,
    /// Letters match without case.
    pub caseless: bool,
    /// Macros in the expression are no expressions themselves.
    pub escapes_macros: bool,
}

impl Substitution {
    /// Reads `s/RX/TEXT/FLAGS`; unknown flags are ignored, as ModSecurity does.
    ///
    /// # Errors
    /// When it has another form; the texts are ModSecurity's.
    pub fn parse(argument: &[u8]) -> Result<Self, ArgumentError> {
        let error = |message: &str, help: &str| ArgumentError {
            message: message.to_owned(),
            offset: None,
            help: Some(help.to_owned()),
        };
        let [b's' | b'S', rest @ ..] = argument else {
            return Err(error(
                "Error rsub operator format, must be s/ pattern",
                "for example `@rsub s/a/b/`",
            ));
        };
        let form = "Error rsub operator format - must be s/regex/str/[flags]";
        let parts = rest.split_first().and_then(|(delimiter, rest)| {
            let (pattern, rest) = until(rest, *delimiter)?;
            let (text, flags) = until(rest?, *delimiter)?;
            Some((pattern, text, flags.unwrap_or_default()))
        });
        let (pattern, text, flags) = parts.ok_or_else(|| error(form, "expected an expression and a text"))?;
        let text = without_escaped_slashes(text);
        let replacement = content::parse(&text).map_err(|reason| {
            let help = format!("the replacement `{}`: {}", String::from_utf8_lossy(&text), reason.message());
            error("Error rsub operator parsing input data", &help)
        })?;
        Ok(Self {
            pattern: pattern.to_vec(),
            replacement,
            caseless: flags.contains(&b'i'),
            escapes_macros: flags.contains(&b'd'),
        })
    }
}

/// A part, and what follows its delimiter when there is one; `None` when there is no part.
fn until(text: &[u8], delimiter: u8) -> Option<(&[u8], Option<&[u8]>)> {
    if text.is_empty() {
        return None;
    }
    let ends = |at: &usize| text.get(*at) == Some(&delimiter) && text.get(at - 1) != Some(&b'\\');
    Some(match (1..text.len()).find(ends) {
        Some(end) => (&text[..end], text.get(end + 1..)),
        None => (text, None),
    })
}

fn without_escaped_slashes(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for (at, byte) in text.iter().enumerate() {
        if *byte != b'\\' || text.get(at + 1) != Some(&b'/') {
            out.push(*byte);
        }
    }
    out
}

/// Bytes that mean something in an expression, escaped.
#[must_use]
pub fn escape_pattern(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        if byte.is_ascii_punctuation() {
            out.push(b'\\');
        }
        out.push(*byte);
    }
    out
}

/// The value with every match replaced; `None` when there is none.
///
/// # Errors
/// When the expression gives up, or the result would be far larger than the value.
pub fn replace_all(pattern: &Pattern, value: &[u8], replacement: &[u8]) -> Result<Option<Vec<u8>>, Failure> {
    let mut out = Vec::new();
    let (mut rest, mut added, mut any) = (value, 0_usize, false);
    while let Some(found) = pattern.find_at(rest, 0)? {
        if found.is_empty() {
            break;
        }
        any = true;
        added = added.saturating_add(replacement.len());
        if added > MOST_ADDED {
            return Err(Failure::Other(b"rsub: the rewritten body is too large.".to_vec()));
        }
        out.extend_from_slice(&rest[..found.start]);
        out.extend_from_slice(replacement);
        rest = &rest[found.end..];
    }
    out.extend_from_slice(rest);
    Ok(any.then_some(out))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pattern::Options;

    fn run(argument: &[u8], value: &[u8]) -> Result<Vec<u8>, String> {
        let parsed = Substitution::parse(argument).map_err(|error| error.message)?;
        let options = Options { caseless: parsed.caseless, ..Options::default() };
        let pattern = Pattern::new(&parsed.pattern, options).map_err(|error| error.message)?;
        let replaced = replace_all(&pattern, value, &parsed.replacement).map_err(|_| "failed".to_owned())?;
        Ok(replaced.unwrap_or_else(|| value.to_vec()))
    }

    #[test]
    fn replaces_as_the_reference_does() {
        let cases: &[(&[u8], &[u8], &[u8])] = &[
            (b"s/<\\/form>/<i><\\/form>/", b"<form>a</form>", b"<form>a<i></form>"),
            (b"s/a/Z/", b"banana", b"bZnZnZ"),
            (b"s/FORM/Z/i", b"<form>", b"<Z>"),
            (b"s#a#Q#", b"a", b"Q"),
            (b"s/a/Z", b"a", b"Z"),
            (b"s/a/Z/g", b"aa", b"ZZ"),
            (b"s/a//", b"bab", b"b/b"),
            (b"s/(f)orm/$1-&/", b"form", b"$1-&"),
            (b"s/^a/-/", b"aaa", b"---"),
            (b"s/\\d+/X/", b"a1b22", b"aXbX"),
            (b"s/a/|5a 5a|/", b"a", b"ZZ"),
            (b"s/x*/-/", b"ab", b"ab"),
        ];
        for (argument, value, expected) in cases {
            let shown = argument.escape_ascii();
            assert_eq!(run(argument, value).as_deref(), Ok(*expected), "{shown}");
        }
    }

    #[test]
    fn refuses_what_the_reference_refuses() {
        for (argument, message) in [
            (&b"x/a/Z/"[..], "Error rsub operator format, must be s/ pattern"),
            (b"s", "Error rsub operator format - must be s/regex/str/[flags]"),
            (b"s/", "Error rsub operator format - must be s/regex/str/[flags]"),
            (b"s/a", "Error rsub operator format - must be s/regex/str/[flags]"),
            // There it loads, with the expression `/Z` and no text.
            (b"s//Z/", "Error rsub operator format - must be s/regex/str/[flags]"),
            (b"s/a/\\1/", "Error rsub operator parsing input data"),
            (b"s#a#X\\#Y#", "Error rsub operator parsing input data"),
        ] {
            assert_eq!(run(argument, b"a"), Err(message.to_owned()), "{}", argument.escape_ascii());
        }
    }

    #[test]
    fn a_result_without_bounds_is_refused() {
        let value = vec![b'a'; 20_000];
        let pattern = Pattern::new(b"a", Options::default()).unwrap();
        assert!(replace_all(&pattern, &value, &vec![b'b'; 1000]).is_err());
    }
}
