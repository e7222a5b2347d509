//! `@restpath`: the value is a path of a certain form, whose parts become ARGS_PATH.
//!
//! `@restpath ^/users/{id}/posts/{post}$` on `/users/7/posts/last` matches and sets `ARGS_PATH:id` to `7` and `ARGS_PATH:post`
//! to `last`. Coraza has this operator, ModSecurity has not. As there, `{name}` is any text without a line end and the rest
//! of the argument is a regular expression, which may match anywhere in the value unless it says otherwise. The engine,
//! which has the variable, runs a [`PathTemplate`].

use crate::pattern::{Options, Pattern};
use crate::{ArgumentError, Capture, External, Failure, Kind, Operator};

pub(crate) static OPERATOR: Operator = Operator {
    name: "restpath",
    aliases: &[],
    summary: "Matches paths of a form such as `/users/{id}`, and sets ARGS_PATH to the parts in braces.",
    expands_macros: false,
    needs_argument: true,
    examples: &[],
    kind: Kind::External(External::RestPath),
};

/// What a name in braces stands for.
const PART: &[u8] = b"([^\\n]*)";

/// Names in braces, each with what it stands for in a value.
pub type Parts<'p> = Vec<(&'p [u8], &'p [u8])>;

/// A compiled argument.
#[derive(Debug)]
pub struct PathTemplate {
    pattern: Pattern,
    /// Each name in braces and the number of its group.
    names: Vec<(Vec<u8>, usize)>,
}

impl PathTemplate {
    /// Reads an argument.
    ///
    /// # Errors
    /// When a name in braces holds anything but letters, digits and `_`, or the rest is no regular expression.
    pub fn parse(argument: &[u8], match_limit: u32) -> Result<Self, ArgumentError> {
        let mut source = Vec::new();
        let mut names = Vec::new();
        let mut groups = 0;
        let mut rest = argument;
        while let Some((&byte, tail)) = rest.split_first() {
            rest = tail;
            match byte {
                b'{' => {
                    let (name, tail) = name(argument, tail)?;
                    groups += 1;
                    names.push((name.to_vec(), groups));
                    source.extend_from_slice(PART);
                    rest = tail;
                }
                b'\\' => {
                    source.push(byte);
                    if let Some((&escaped, tail)) = rest.split_first() {
                        source.push(escaped);
                        rest = tail;
                    }
                }
                // The numbers of groups of the argument's own are not known without parsing it.
                b'(' if !rest.starts_with(b"?:") => {
                    return Err(error(argument, rest, "a group in `@restpath` has to begin with `(?:`"));
                }
                _ => source.push(byte),
            }
        }
        let options = Options { match_limit, ..Options::default() };
        let pattern = Pattern::new(&source, options).map_err(crate::rx::argument_error)?;
        Ok(Self { pattern, names })
    }

    /// The parts of a value that has the form, by name.
    ///
    /// # Errors
    /// When the backtracking engine gives up.
    pub fn parts<'p>(&'p self, value: &'p [u8]) -> Result<Option<Parts<'p>>, Failure> {
        let mut captures = Vec::new();
        if !self.pattern.captures(value, 0, &mut captures)? {
            return Ok(None);
        }
        let part = |number: usize| match captures.get(number) {
            Some(Capture::Range(start, end)) => value.get(*start as usize..*end as usize).unwrap_or_default(),
            _ => &[],
        };
        Ok(Some(self.names.iter().map(|(name, number)| (name.as_slice(), part(*number))).collect()))
    }
}

/// The name behind a brace, and what follows it.
fn name<'a>(argument: &[u8], text: &'a [u8]) -> Result<(&'a [u8], &'a [u8]), ArgumentError> {
    let end = text.iter().position(|byte| *byte == b'}');
    let parts = end.and_then(|end| Some((text.get(..end)?, text.get(end + 1..)?)));
    match parts {
        Some((name, rest)) if is_name(name) => Ok((name, rest)),
        _ => Err(error(argument, text, "braces in `@restpath` hold a name of letters, digits and `_`")),
    }
}

fn is_name(name: &[u8]) -> bool {
    name.first().is_some_and(|byte| !byte.is_ascii_digit())
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
}

/// An error at the byte before `rest`.
fn error(argument: &[u8], rest: &[u8], message: &str) -> ArgumentError {
    ArgumentError {
        message: message.to_owned(),
        offset: Some(argument.len().saturating_sub(rest.len() + 1)),
        help: Some("for example `@restpath ^/users/{id}/posts/{post}$`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::PathTemplate;

    fn parts(template: &str, value: &str) -> Option<Vec<(String, String)>> {
        let template = PathTemplate::parse(template.as_bytes(), 1500).unwrap();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let found = template.parts(value.as_bytes()).unwrap()?;
        Some(found.into_iter().map(|(name, value)| (text(name), text(value))).collect())
    }

    #[test]
    fn finds_the_parts_of_a_path() {
        let found = parts("/some-random/url-{id}/{name}", "/some-random/url-123/juan").unwrap();
        assert_eq!(found, [("id".into(), "123".into()), ("name".into(), "juan".into())]);
        assert_eq!(parts("^/a/{id}$", "/b/a/1"), None);
        assert_eq!(parts("/a/{id}", "/b/a/1"), Some(vec![("id".into(), "1".into())]));
        assert_eq!(parts("/(?:a|b)/{x}\\.php", "/b/.php"), Some(vec![("x".into(), String::new())]));
    }

    #[test]
    fn refuses_what_is_no_template() {
        for (text, offset) in [("/a/{", 3), ("/a/{1}", 3), ("/{a}/{}", 5), ("/(a)", 1)] {
            assert_eq!(
                PathTemplate::parse(text.as_bytes(), 1500).unwrap_err().offset,
                Some(offset),
                "{text}"
            );
        }
        assert!(PathTemplate::parse(b"/{a}[", 1500).is_err());
    }
}
