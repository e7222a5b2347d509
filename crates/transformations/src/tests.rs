//! Tests over the whole list: examples, names and the folder.

use std::collections::{BTreeMap, BTreeSet};

use crate::{ALL, LISTED, Outcome, Tables, find};

/// Files of `src` that are no transformation.
const OTHERS: &[&str] = &[
    "base64_alphabet",
    "byte_set",
    "code_unit",
    "lib",
    "normal_path",
    "parity",
    "scan",
    "tests",
    "unicode_map",
    "white_space",
];

#[test]
fn every_example_holds() {
    for transformation in ALL {
        assert!(!transformation.examples.is_empty(), "{} has no example", transformation.name);
        assert!(transformation.summary.ends_with('.'), "{}: the summary is a sentence", transformation.name);
        for example in transformation.examples {
            let mut out = b"left over".to_vec();
            let result = match (transformation.apply)(example.input, &Tables::default(), &mut out) {
                Outcome::Unchanged => example.input,
                Outcome::Changed | Outcome::Quiet => &out,
            };
            let (name, input) = (transformation.name, example.input.escape_ascii());
            assert_eq!(
                result.escape_ascii().to_string(),
                example.output.escape_ascii().to_string(),
                "{name} of `{input}`"
            );
        }
    }
}

#[test]
fn every_file_is_listed() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src");
    let files: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap().trim_end_matches(".rs").to_owned())
        .collect();
    let known: BTreeSet<String> = LISTED.iter().chain(OTHERS).map(|name| (*name).to_owned()).collect();
    assert_eq!(files, known);
}

#[test]
fn a_file_is_called_as_its_transformation() {
    for (transformation, file) in ALL.iter().zip(LISTED) {
        assert_eq!(transformation.name.to_ascii_lowercase(), file.replace('_', ""));
    }
}

#[test]
fn names_are_unique_and_found_in_any_case() {
    let mut spellings = BTreeMap::new();
    for transformation in ALL {
        for name in transformation.aliases.iter().chain([&transformation.name]) {
            assert!(
                spellings.insert(name.to_ascii_lowercase(), transformation.name).is_none(),
                "{name} twice"
            );
            let found = find(name.to_ascii_uppercase().as_bytes()).unwrap();
            assert!(std::ptr::eq(found, *transformation));
        }
    }
    assert!(find(b"none").is_none() && find(b"").is_none() && find(b"lowercas").is_none());
    assert_eq!(find(b"NormalisePath").unwrap().name, "normalizePath");
}
