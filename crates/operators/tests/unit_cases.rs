//! ModSecurity's own unit tests of operators: an argument, a value and whether it matches.
//!
//! Two collections hold nearly the same cases with different escapes. Operators that need the outside world are tested where
//! the engine runs them.

mod corpus;

use portcullis_operators::{Environment, Hit, Kind, find};
use serde_json::Value;
use std::path::Path;

/// Cases that contradict what ModSecurity 2.9.7 does as a whole: file and number in it.
const KNOWN: [(&str, usize, &str); 1] =
    [("ipMatch", 17, "ModSecurity refuses the mask /100 before any value is tested")];

#[test]
fn language_tests_agree() {
    let Some(root) = corpus::root() else { return };
    let data = root.join("modsecurity-v2/unit/op");
    run(&root.join("secrules-language-tests/operators"), &data, unescape, 3_900);
}

#[test]
fn version_2_tests_agree() {
    let Some(root) = corpus::root() else { return };
    let folder = root.join("modsecurity-v2/unit/op");
    run(&folder, &folder, |text| text.as_bytes().to_vec(), 3_800);
}

fn run(folder: &Path, data: &Path, decode: fn(&str) -> Vec<u8>, least: usize) {
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    files.sort();
    let (mut ran, mut known, mut external) = (0, 0, 0);
    let mut failures = Vec::new();
    for path in &files {
        let file = path.file_stem().unwrap().to_str().unwrap();
        let cases: Vec<Value> = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        for (number, case) in (1..).zip(&cases) {
            let Some(matches) = answer(case, data, decode) else {
                external += 1;
                continue;
            };
            ran += 1;
            let agrees = matches == Ok(case["ret"] == 1);
            let differs = KNOWN.iter().any(|(name, known, _)| *name == file && *known == number);
            known += usize::from(differs);
            if agrees == differs {
                failures.push(format!("{file} {number}: {case}: {matches:?}"));
            }
        }
    }
    println!("ran {ran}, {known} known to differ, {external} external, {} failed", failures.len());
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(ran >= least, "only {ran} cases");
}

/// Whether the operator of a case matches; none for an external operator.
fn answer(case: &Value, data: &Path, decode: fn(&str) -> Vec<u8>) -> Option<Result<bool, String>> {
    let name = case["name"].as_str().unwrap();
    let operator = find(name).unwrap_or_else(|| panic!("no operator {name}"));
    let Kind::Pure(compile) = operator.kind else { return None };
    let argument = bytes(&case["param"], str_bytes);
    let value = bytes(&case["input"], decode);
    let read_file = |name: &str| {
        let file = Path::new(name).file_name().unwrap();
        std::fs::read(data.join(file)).map_err(|error| error.to_string())
    };
    let environment = Environment { read_file: &read_file, match_limit: 1500, has_macros: false };
    Some(compile(&argument, &environment).map_err(|error| error.message).and_then(|test| {
        let found = test.test(&value, &argument, true, &mut Hit::default());
        found.map_err(|failure| format!("{failure:?}"))
    }))
}

fn bytes(value: &Value, decode: fn(&str) -> Vec<u8>) -> Vec<u8> {
    match value {
        Value::Null => Vec::new(),
        Value::String(text) => decode(text),
        _ => from_base64(value["$b64"].as_str().unwrap()),
    }
}

fn str_bytes(text: &str) -> Vec<u8> {
    text.as_bytes().to_vec()
}

/// `\xNN`, `\u00NN` and `\0` stand for a byte.
fn unescape(text: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let escape = [(r"\x", 2, 2), (r"\u", 2, 4)].into_iter().find_map(|(mark, from, digits)| {
            let hex = rest.strip_prefix(mark).and_then(|_| rest.get(from..from + digits))?;
            Some((u8::try_from(u32::from_str_radix(hex, 16).ok()?).ok()?, from + digits))
        });
        let (byte, len) = match escape {
            Some(escape) => escape,
            None if rest.starts_with(r"\0") => (0, 2),
            None => {
                out.extend(&rest.as_bytes()[..first.len_utf8()]);
                rest = &rest[first.len_utf8()..];
                continue;
            }
        };
        out.push(byte);
        rest = &rest[len..];
    }
    out
}

fn from_base64(text: &str) -> Vec<u8> {
    use base64::Engine;
    base64::prelude::BASE64_STANDARD.decode(text).unwrap()
}
