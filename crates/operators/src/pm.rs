//! `@pm`: one of the phrases occurs in the value.
//!
//! `@pm WebZIP WebCopier` matches `get webzip`. The argument is read with the content syntax (`|hex|`, see the `content`
//! module); when that fails it is taken as written. Phrases are separated by blanks and cannot contain any. Search and
//! report are described in the `phrases` module. TX.0 is the reported text. Reference Manual: `pm`.

use crate::phrases::Phrases;
use crate::{ArgumentError, Environment, Example, Kind, Operator, Test, content};

pub(crate) static OPERATOR: Operator = Operator {
    name: "pm",
    aliases: &[],
    summary: "Matches values that contain one of the phrases, without regard to case.",
    expands_macros: false,
    needs_argument: true,
    examples: &[
        Example { argument: "WebZIP WebCopier", value: b"get webzip", matches: true },
        Example { argument: "W|65|b", value: b"a web", matches: true },
        Example { argument: "WebZIP WebCopier", value: b"web copier", matches: false },
        Example { argument: "x", value: b"", matches: false },
    ],
    kind: Kind::Pure(compile),
};

fn compile(argument: &[u8], _: &Environment<'_>) -> Result<Box<dyn Test>, ArgumentError> {
    let content = content::parse(argument).unwrap_or_else(|_| argument.to_vec());
    let phrases =
        content.split(|byte| matches!(byte, b' ' | 0x09..=0x0d)).filter(|phrase| !phrase.is_empty());
    Ok(Box::new(Phrases::new(phrases.map(<[u8]>::to_vec).collect())?))
}
