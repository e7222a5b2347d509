//! ModSecurity's own unit tests of operators and transformations, in the two forms the corpus has them.
//!
//! `{"name": "lowercase", "input": "A\u0001", "output": "a\u0001", "ret": 1}` in `lowercase.json` → a [`UnitCase`]. Two
//! collections hold nearly the same cases: that of version 2, and one that is shared between implementations and
//! writes some bytes as escapes. The crates that have the operators and transformations run them through a
//! [`suite`](crate::suite).

use std::path::Path;

use serde_json::Value;

use crate::corpus;
use crate::suite::content_id;

/// Which escapes stand for one byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escapes {
    /// None: the collection of version 2.
    None,
    /// `\xNN` and `\u00NN`, in inputs and outputs: the shared collection.
    Bytes,
}

/// One case.
#[derive(Debug)]
pub struct UnitCase {
    /// Its name in skip lists, from its content.
    pub id: String,
    /// Its number in its file.
    pub place: String,
    /// The operator or transformation.
    pub name: String,
    /// The operator's argument.
    pub argument: Vec<u8>,
    /// The value.
    pub input: Vec<u8>,
    /// What a transformation makes of it.
    pub output: Vec<u8>,
    /// Whether an operator matches, or a transformation says that it changed the value.
    pub ret: bool,
}

/// Reads all cases of a folder, in the order of its files; `None`, said on standard output, when there are none.
///
/// # Panics
/// When a file is not what the collection promises.
#[must_use]
pub fn read(folder: &Path, escapes: Escapes) -> Option<Vec<UnitCase>> {
    let mut found = Vec::new();
    for path in corpus::files(folder, "json")? {
        let stem = path.file_stem().expect("a name").to_string_lossy().into_owned();
        let text = std::fs::read(&path).expect("a file");
        let cases: Vec<Value> =
            serde_json::from_slice(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        for (number, case) in (1..).zip(&cases) {
            let value = |key: &str, escapes| bytes(case.get(key).unwrap_or(&Value::Null), escapes);
            found.push(UnitCase {
                id: content_id(&stem, case, &["n"]),
                place: format!("case {number}"),
                name: case["name"].as_str().expect("a name").to_owned(),
                argument: value("param", Escapes::None),
                input: value("input", escapes),
                output: value("output", escapes),
                ret: case["ret"] == 1,
            });
        }
    }
    Some(found)
}

fn bytes(value: &Value, escapes: Escapes) -> Vec<u8> {
    match (value, escapes) {
        (Value::Null, _) => Vec::new(),
        (Value::String(text), Escapes::None) => text.as_bytes().to_vec(),
        (Value::String(text), Escapes::Bytes) => unescape(text),
        _ => {
            use base64::Engine as _;
            let text = value["$b64"].as_str().expect("a text or base64");
            base64::prelude::BASE64_STANDARD.decode(text).expect("base64")
        }
    }
}

/// `\xNN` and `\u00NN` stand for a byte; everything else for itself.
fn unescape(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let escape = [(r"\x", 2, 2), (r"\u", 2, 4)].into_iter().find_map(|(mark, from, digits)| {
            let hex = rest.strip_prefix(mark).and_then(|_| rest.get(from..from + digits))?;
            Some((u8::try_from(u32::from_str_radix(hex, 16).ok()?).ok()?, from + digits))
        });
        let length = match escape {
            Some((byte, length)) => {
                out.push(byte);
                length
            }
            None => {
                out.extend_from_slice(&rest.as_bytes()[..first.len_utf8()]);
                first.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    out
}
