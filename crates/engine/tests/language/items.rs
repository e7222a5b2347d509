//! Every item of the language: accepted, accepted with a notice, or refused with an error of this kind.
//!
//! `corpus/language/items.txt` says which. What our own lists hold has to stand in it.

use std::fmt::Write as _;
use std::path::Path;

use portcullis_engine::{Compatibility, Environment, compile};
use portcullis_seclang::{Diagnostic, Severity, load};
use portcullis_testkit::rules::Source;

fn files() -> Source {
    Source::new()
        .data("nothing.lua", "function main() return nil end")
        .data("unicode.mapping", include_bytes!("../../../../rules/unicode.mapping"))
        .data("addresses.txt", "10.0.0.0/8\n")
        .data("order.dtd", "<!ELEMENT order ANY>")
        .data("order.xsd", r#"<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"/>"#)
        .data("https://rules.example/a.conf", "SecMarker REMOTE\n")
        .data("phrases.txt", "evil\n")
        .data("digests.txt", "ssdeep,1.1--blocksize:hash:hash,filename\n3:FJKKIUKact:FHIGi,\"fox\"\n")
}

fn diagnostics(text: &str) -> Vec<Diagnostic> {
    let source = files().text("rules.conf", text);
    let environment =
        portcullis_seclang::Environment { loader: &source, module: &|_| false, define: &|_| false };
    let loaded = load(&["rules.conf".into()], &environment);
    let read_file =
        |path: &Path| portcullis_seclang::Loader::read(&source, path).map_err(|error| error.to_string());
    let environment = Environment {
        read_file: &read_file,
        variables: &[],
        secret: [0; 32],
        compatibility: Compatibility::default(),
    };
    let (_, more) = compile(&loaded.items, &loaded.sources, &environment);
    loaded.diagnostics.into_iter().chain(more).collect()
}

/// What the list calls what was said.
fn verdict(said: &[Diagnostic]) -> String {
    match said.iter().find(|d| d.severity == Severity::Error) {
        Some(error) => error.code.to_string(),
        None if said.iter().any(|d| d.severity == Severity::Warning) => "notice".to_owned(),
        None => "accepted".to_owned(),
    }
}

fn list() -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus/language/items.txt");
    std::fs::read_to_string(file).unwrap()
}

#[test]
fn each_item_is_taken_as_the_list_says() {
    let (mut ran, mut wrong) = (0, String::new());
    let list = list();
    let lines = list.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let (together, alone): (Vec<&str>, Vec<&str>) = lines.partition(|line| goes_with_others(line));
    // One compilation for most of them: each takes longer than all the rules in it.
    let numbered = |(id, line): (usize, &&str)| line.replacen("id:1", &format!("id:{id}"), 1);
    let rules: Vec<String> = (100..).zip(&together).map(numbered).collect();
    let text: String = rules.iter().map(|line| format!("{}\n", line.split_once(' ').unwrap().1)).collect();
    let all_accepted = diagnostics(&text).is_empty();
    ran += if all_accepted { together.len() } else { 0 };
    let others = if all_accepted { Vec::new() } else { together };
    for line in alone.into_iter().chain(others) {
        let (expected, text) = line.split_once(' ').unwrap();
        let said = diagnostics(&text.trim_start().replace("\\n", "\n"));
        ran += 1;
        let expected = match (expected, cfg!(feature = "libxml2")) {
            ("libxml2", true) => "accepted",
            ("libxml2", false) => "unsupported-operator",
            (expected, _) => expected,
        };
        let seen = verdict(&said);
        if seen != expected {
            let _ = writeln!(wrong, "{line}\n  {seen}: {:?}", said.first().map(|d| &d.message));
        }
        // Whoever is refused or warned must learn what to do.
        let helps =
            said.iter().all(|d| d.help.is_some() || !matches!(d.code, "no-effect" | "unsupported-directive"));
        assert!(helps, "{line} is told without help");
    }
    assert!(ran > 300, "{ran}");
    assert!(wrong.is_empty(), "{wrong}");
}

/// An accepted rule that changes no other.
fn goes_with_others(line: &str) -> bool {
    line.starts_with("accepted ")
        && line.contains(" SecRule ")
        && line.contains("\"id:1")
        && !["\\n", "id:2", "chain", "skip"].iter().any(|part| line.contains(part))
}

#[test]
fn the_list_holds_every_item_we_know() {
    let list = list().replace("\\n", " ").to_ascii_lowercase();
    let words: std::collections::HashSet<&str> =
        list.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
    let directives = portcullis_engine::compile::directives().map(|info| info.name);
    let operators = portcullis_operators::ALL.iter().map(|info| info.name);
    let actions = portcullis_engine::actions::ACTIONS.iter().map(|info| info.name);
    let variables = portcullis_engine::variables::VARIABLES.iter().map(|info| info.name);
    let transformations = portcullis_transformations::ALL.iter().map(|info| info.name);
    for name in directives.chain(operators).chain(actions).chain(variables).chain(transformations) {
        assert!(words.contains(name.to_ascii_lowercase().as_str()), "{name} is not in the list");
    }
}
