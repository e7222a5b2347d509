//! `@detectSQLi`: the value is an SQL injection, as libinjection sees it.
//!
//! `@detectSQLi` matches `1' or '1'='1` with the fingerprint `s&sos`. The verdict is that of the `libinjection` crate.
//! An argument is accepted and means nothing. TX.0 is the fingerprint, other TX variables stay. Reference Manual: `detectSQLi`.

use crate::{
    ArgumentError, Capture, Environment, Example, Failure, Hit, Kind, Operator, Shape, Test, Uncaptured,
};
use portcullis_libinjection::{sql, sqli};

pub(crate) static OPERATOR: Operator = Operator {
    name: "detectSQLi",
    aliases: &[],
    summary: "Matches SQL injections, found by libinjection.",
    expands_macros: false,
    needs_argument: false,
    examples: &[
        Example { argument: "", value: b"1' or '1'='1", matches: true },
        Example { argument: "", value: b"1 union select password from users", matches: true },
        Example { argument: "", value: b"red and blue", matches: false },
        Example { argument: "", value: b"", matches: false },
    ],
    kind: Kind::Pure(compile),
};

fn compile(_: &[u8], _: &Environment<'_>) -> Result<Box<dyn Test>, ArgumentError> {
    Ok(Box::new(DetectSqli))
}

#[derive(Debug)]
struct DetectSqli;

impl Test for DetectSqli {
    fn test(&self, value: &[u8], _: &[u8], captures: bool, hit: &mut Hit) -> Result<bool, Failure> {
        hit.clear();
        let Some(fingerprint) = sqli(value) else { return Ok(false) };
        hit.uncaptured = Uncaptured::Kept;
        hit.text.extend(fingerprint.as_ref());
        if captures {
            hit.captures.push(Capture::Text(hit.text.clone()));
        }
        Ok(true)
    }

    fn message(&self, _: &[u8], hit: &Hit, _: &[u8], out: &mut Vec<u8>) {
        out.extend(b"detected SQLi using libinjection with fingerprint '");
        out.extend(&hit.text);
        out.push(b'\'');
    }

    fn shape(&self) -> Shape<'_> {
        Shape::ByteOutside(&sql::HARMLESS_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_the_fingerprint() {
        let mut hit = Hit::default();
        assert_eq!(DetectSqli.test(b"1;drop table x--", b"", true, &mut hit), Ok(true));
        assert_eq!(hit.captures, [Capture::Text(b"1;Tnn".to_vec())]);
        let mut out = Vec::new();
        DetectSqli.message(b"", &hit, b"ARGS:a", &mut out);
        assert_eq!(out, b"detected SQLi using libinjection with fingerprint '1;Tnn'");
    }
}
