//! `@strmatch`: the content of the argument occurs in the value, case-sensitively.
//!
//! `@strmatch W|65|bZip` matches `GET WebZip`. The argument is read with the content syntax (see the `content` module)
//! when the rule is compiled; the message shows it as written. It never captures. Reference Manual: `strmatch`.

use crate::text::{argument_error, quoted};
use crate::{ArgumentError, Example, Failure, Hit, Kind, Operator, Shape, Test, content};

pub(crate) static OPERATOR: Operator = Operator {
    name: "strmatch",
    aliases: &[],
    summary: "Matches values that contain the argument, which may hold |hex| parts.",
    expands_macros: false,
    needs_argument: true,
    examples: &[
        Example { argument: "WebZIP", value: b"GET WebZIP", matches: true },
        Example { argument: "W|65|bZIP", value: b"GET WebZIP", matches: true },
        Example { argument: "WebZIP", value: b"webzip", matches: false },
    ],
    kind: Kind::Pure(compile),
};

fn compile(argument: &[u8], _: &crate::Environment<'_>) -> Result<Box<dyn Test>, ArgumentError> {
    let content = content::parse(argument).map_err(|error| argument_error(error.message()))?;
    Ok(Box::new(StrMatch { finder: memchr::memmem::Finder::new(&content).into_owned() }))
}

#[derive(Debug)]
struct StrMatch {
    finder: memchr::memmem::Finder<'static>,
}

impl Test for StrMatch {
    fn test(&self, value: &[u8], _: &[u8], _: bool, hit: &mut Hit) -> Result<bool, Failure> {
        hit.clear();
        Ok(self.finder.find(value).is_some())
    }

    fn message(&self, argument: &[u8], _: &Hit, name: &[u8], out: &mut Vec<u8>) {
        quoted("Pattern match", argument, name, out);
    }

    fn shape(&self) -> Shape<'_> {
        Shape::Literal { text: self.finder.needle(), at_start: false, at_end: false }
    }
}
