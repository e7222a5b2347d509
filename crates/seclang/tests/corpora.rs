//! The public rule sets parse without a finding, quickly, and survive the printer.
//!
//! The rule sets are not part of this repository: they are looked for in the folder that `PORTCULLIS_CORPUS` names, else
//! beside the workspace. Without them the tests say what they skipped, and fail only where `CI` is `true`.

mod support;

use portcullis_seclang::{
    Diagnostic, Item, Sources, format_file, parse_actions, parse_file, parse_operator, parse_targets, same,
};

/// Parses everything in `text`, the grammars inside rules included; returns how many rules there were.
fn parse_fully(path: &std::path::Path, text: Vec<u8>) -> (usize, Vec<Diagnostic>, Sources) {
    let mut sources = Sources::default();
    let id = sources.add(path.to_path_buf(), text);
    let mut diagnostics = Vec::new();
    let items = parse_file(&sources, id, &mut diagnostics);
    let rules = items.iter().map(|item| rules_in(item, &mut diagnostics)).sum();
    (rules, diagnostics, sources)
}

fn rules_in(item: &Item, diagnostics: &mut Vec<Diagnostic>) -> usize {
    let directive = match item {
        Item::Section(section) => return section.items.iter().map(|item| rules_in(item, diagnostics)).sum(),
        Item::Directive(directive) => directive,
    };
    match (directive.name.value.as_str(), directive.args.as_slice()) {
        ("SecRule", [targets, operator, rest @ ..]) => {
            assert!(rest.len() < 2, "too many words in {directive:?}");
            diagnostics.extend(parse_targets(targets).err().into_iter().flatten());
            let operator = parse_operator(operator);
            assert!(!operator.argument.value.is_empty() || operator.name.is_some());
            diagnostics.extend(rest.iter().filter_map(|word| parse_actions(word).err()).flatten());
            1
        }
        ("SecAction" | "SecDefaultAction", [actions]) => {
            diagnostics.extend(parse_actions(actions).err().into_iter().flatten());
            1
        }
        ("SecRule" | "SecAction" | "SecDefaultAction", _) => panic!("wrong number of words in {directive:?}"),
        _ => 0,
    }
}

#[test]
fn rule_sets_parse_without_findings() {
    for (set, least_rules) in [("crs-v2", 5000), ("crs-v3", 790), ("crs-v4", 690)] {
        let Some(files) = support::rule_set(set) else { continue };
        let mut rules = 0;
        for (path, text) in &files {
            let (found, diagnostics, sources) = parse_fully(path, text.clone());
            rules += found;
            let drawn = portcullis_seclang::render(&diagnostics, &sources, Default::default());
            assert!(diagnostics.is_empty(), "{drawn}");
        }
        println!("{set}: {} files, {rules} rules", files.len());
        assert!(rules >= least_rules, "{set} has only {rules} rules");
    }
}

#[test]
fn rule_sets_survive_the_printer() {
    for set in ["crs-v2", "crs-v3", "crs-v4"] {
        let Some(files) = support::rule_set(set) else { continue };
        let mut changed = 0;
        for (path, text) in &files {
            let mut sources = Sources::default();
            let id = sources.add(path.clone(), text.clone());
            let before = parse_file(&sources, id, &mut Vec::new());
            let printed = format_file(&sources, id).expect("a rule set without errors");
            let again = sources.add(path.clone(), printed.clone());
            let mut diagnostics = Vec::new();
            let after = parse_file(&sources, again, &mut diagnostics);
            assert!(diagnostics.is_empty() && same(&before, &after), "{} changed", path.display());
            let twice = format_file(&sources, again).expect("printed text is valid");
            assert_eq!(printed, twice, "{} is printed differently the second time", path.display());
            changed += usize::from(printed != *text);
        }
        println!("{set}: {} files, {changed} of them laid out anew", files.len());
    }
}
