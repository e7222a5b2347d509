//! `@detectXSS`: the value is a cross-site scripting attack, as libinjection sees it.
//!
//! `@detectXSS` matches `<img src=x onerror=alert(1)>`. The verdict is that of the `libinjection` crate.
//! An argument is accepted and means nothing. TX.0 is the value up to its first NUL, other TX variables stay.
//! Reference Manual: `detectXSS`.

use crate::{
    ArgumentError, Capture, Environment, Example, Failure, Hit, Kind, Operator, Shape, Test, Uncaptured,
};
use portcullis_libinjection::{html, xss};

pub(crate) static OPERATOR: Operator = Operator {
    name: "detectXSS",
    aliases: &[],
    summary: "Matches cross-site scripting attacks, found by libinjection.",
    expands_macros: false,
    needs_argument: false,
    examples: &[
        Example { argument: "", value: b"<img src=x onerror=alert(1)>", matches: true },
        Example { argument: "", value: b"x\" onclick=\"alert(1)", matches: true },
        Example { argument: "", value: b"2 < 3 and 4 > 3", matches: false },
        Example { argument: "", value: b"", matches: false },
    ],
    kind: Kind::Pure(compile),
};

fn compile(_: &[u8], _: &Environment<'_>) -> Result<Box<dyn Test>, ArgumentError> {
    Ok(Box::new(DetectXss))
}

#[derive(Debug)]
struct DetectXss;

impl Test for DetectXss {
    fn test(&self, value: &[u8], _: &[u8], captures: bool, hit: &mut Hit) -> Result<bool, Failure> {
        hit.clear();
        if !xss(value) {
            return Ok(false);
        }
        hit.uncaptured = Uncaptured::Kept;
        if captures {
            let end = memchr::memchr(0, value).unwrap_or(value.len());
            // Values are shorter than 4 GiB: body limits are far below.
            hit.captures.push(Capture::Range(0, end as u32));
        }
        Ok(true)
    }

    fn message(&self, _: &[u8], _: &Hit, _: &[u8], out: &mut Vec<u8>) {
        out.extend(b"detected XSS using libinjection.");
    }

    fn shape(&self) -> Shape<'_> {
        Shape::ByteOutside(&html::HARMLESS_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captures_up_to_a_nul() {
        let mut hit = Hit::default();
        for (value, end) in [(&b"<script>"[..], 8), (b"<scr\0ipt>", 4), (b"\0<script>", 0)] {
            assert_eq!(DetectXss.test(value, b"", true, &mut hit), Ok(true));
            assert_eq!(hit.captures, [Capture::Range(0, end)]);
        }
    }
}
