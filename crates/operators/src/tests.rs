//! Every operator's examples, and the agreement of folder and list.

use crate::{ALL, Environment, FILES, Hit, Kind, find};

/// What the files that examples name hold.
fn example_file(name: &str) -> Result<Vec<u8>, String> {
    match name {
        "addresses.txt" => Ok(b"# home\n10.0.0.0/8 the office\n\n::1\n".to_vec()),
        "phrases.txt" => Ok(b"# comment\nevil phrase\r\n|65|xample\n".to_vec()),
        "digests.txt" => {
            Ok(b"ssdeep,1.1--blocksize:hash:hash,filename\n3:FJKKIUKact:FHIGi,\"fox\"\n".to_vec())
        }
        _ => Err("no such file".into()),
    }
}

#[test]
fn examples_hold() {
    let mut ran = 0;
    for operator in ALL {
        let (Kind::Pure(compile) | Kind::Dataset(compile)) = operator.kind else {
            assert!(operator.examples.is_empty(), "{} is not run here", operator.name);
            continue;
        };
        assert!(!operator.examples.is_empty(), "{} has no example", operator.name);
        for example in operator.examples {
            let environment = Environment { read_file: &example_file, match_limit: 1500, has_macros: false };
            let test = compile(example.argument.as_bytes(), &environment)
                .unwrap_or_else(|error| panic!("{} {}: {error}", operator.name, example.argument));
            let mut hit = Hit::default();
            let found = test.test(example.value, example.argument.as_bytes(), true, &mut hit);
            assert_eq!(found, Ok(example.matches), "{} {:?}", operator.name, example);
            ran += 1;
        }
    }
    assert!(ran > 50, "only {ran} examples");
}

#[test]
fn every_file_is_listed() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(|name| !matches!(name.as_str(), "lib" | "tests" | "pattern"))
        .collect();
    let mut listed: Vec<String> = FILES.iter().map(ToString::to_string).collect();
    found.sort();
    listed.sort();
    assert_eq!(found, listed);
}

#[test]
fn names_are_unique_and_found() {
    let mut names: Vec<String> = Vec::new();
    for operator in ALL {
        for name in operator.aliases.iter().chain([&operator.name]) {
            assert!(std::ptr::eq(find(&name.to_uppercase()).unwrap(), *operator), "{name}");
            names.push(name.to_lowercase());
        }
        assert!(operator.summary.ends_with('.'), "{}", operator.name);
    }
    let count = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), count);
    assert!(find("nope").is_none() && find("").is_none());
}
