//! What operators share: the plain string operator, ends of messages, reading of files.
//!
//! `@streq`, `@contains`, `@beginsWith`, … take their argument at each test, because the engine may have expanded
//! macros in it; only an argument without macros is remembered, for [`Shape::Literal`].

use crate::{ArgumentError, Environment, Failure, Hit, Shape, Test, escape};
use std::fmt;

/// A string operator: a comparison of value and argument.
pub(crate) struct Text {
    compare: fn(value: &[u8], argument: &[u8]) -> bool,
    required: Option<Box<[u8]>>,
    place: Place,
}

/// Where in a matching value the argument stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Anywhere.
    Inside,
    /// At its beginning.
    Start,
    /// At its end.
    End,
    /// It is the whole value.
    Whole,
}

impl Text {
    /// An operator whose matching values contain the argument.
    pub(crate) fn containing(
        argument: &[u8],
        environment: &Environment<'_>,
        compare: fn(&[u8], &[u8]) -> bool,
        place: Place,
    ) -> Result<Box<dyn Test>, ArgumentError> {
        let required = (!environment.has_macros && !argument.is_empty()).then(|| argument.into());
        Ok(Box::new(Self { compare, required, place }))
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Text").field("required", &self.required).finish_non_exhaustive()
    }
}

impl Test for Text {
    fn test(&self, value: &[u8], argument: &[u8], _: bool, hit: &mut Hit) -> Result<bool, Failure> {
        hit.clear();
        Ok((self.compare)(value, argument))
    }

    fn message(&self, argument: &[u8], _: &Hit, name: &[u8], out: &mut Vec<u8>) {
        quoted("String match", argument, name, out);
    }

    fn shape(&self) -> Shape<'_> {
        let Some(text) = self.required.as_deref() else { return Shape::Opaque };
        Shape::Literal {
            text,
            at_start: matches!(self.place, Place::Start | Place::Whole),
            at_end: matches!(self.place, Place::End | Place::Whole),
        }
    }
}

/// Appends `LEAD "TEXT" at NAME.` with the text escaped and whole.
pub(crate) fn quoted(lead: &str, text: &[u8], name: &[u8], out: &mut Vec<u8>) {
    out.extend(lead.as_bytes());
    out.extend(b" \"");
    escape::escape(text, out);
    at(b"\"", name, out);
}

/// Appends the end of a message: `BEFORE at NAME.`
pub(crate) fn at(before: &[u8], name: &[u8], out: &mut Vec<u8>) {
    out.extend(before);
    out.extend(b" at ");
    out.extend(name);
    out.push(b'.');
}

/// An argument error without more to say.
pub(crate) fn argument_error(message: impl Into<String>) -> ArgumentError {
    ArgumentError { message: message.into(), offset: None, help: None }
}

/// The content of the dataset that an argument names.
pub(crate) fn dataset(name: &[u8], environment: &Environment<'_>) -> Result<Vec<u8>, ArgumentError> {
    let name = str::from_utf8(name).map_err(|_| argument_error("a name that is not UTF-8"))?.trim();
    (environment.read_file)(name).map_err(argument_error)
}

/// The lines of a dataset that say something.
pub(crate) fn entries(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    content
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty() && line[0] != b'#')
}

/// Reads the file that an argument names. `operator` and `what` are the words of ModSecurity's messages.
pub(crate) fn read_file(
    operator: &str,
    what: &str,
    name: &[u8],
    environment: &Environment<'_>,
) -> Result<Vec<u8>, ArgumentError> {
    let name = str::from_utf8(name).map_err(|_| argument_error("a file name that is not UTF-8"))?;
    if name.starts_with("http://") {
        return Err(argument_error(format!(
            "HTTPS address or file path are expected for operator {operator} \"{name}\""
        )));
    }
    (environment.read_file)(name)
        .map_err(|error| argument_error(format!("Could not open {what} file \"{name}\": {error}")))
}
