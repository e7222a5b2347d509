//! `fmt` on whole sites: the compiled rule sets are equal before and after, and a second time changes nothing.
//!
//! The public rule sets are not part of this repository; see CONTRIBUTING.md. What is compared of a compiled set is everything that
//! can be asked of it but the lines on which rules stand, which is what formatting may change.

mod support;

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use portcullis_engine::RuleSet;
use portcullis_seclang::{Style, render};
use portcullis_site::{ACTIVATED_RULES, CONFIGURATION, RuleSource, Site, init};
use portcullis_testkit::corpus;
use support::drawn;

/// A rule set in words, without line numbers.
fn described(rules: &RuleSet) -> String {
    let mut text = format!("{:?}\n{:?}\n", rules.settings(), rules.summary());
    for rule in rules.active_rules() {
        let id = (rule.index(), rule.id(), rule.starter(), rule.is_link(), rule.is_chained(), rule.phase());
        let said = [rule.targets(), rule.argument(), rule.text(), rule.rev(), rule.ver()];
        let said = said.map(|bytes| bytes.escape_ascii().to_string());
        let numbers = (rule.severity(), rule.maturity(), rule.accuracy(), rule.is_negated());
        let tags: Vec<_> = rule.tags().map(|tag| tag.escape_ascii().to_string()).collect();
        writeln!(text, "{} {id:?} {} {said:?} {numbers:?} {tags:?}", rule.file(), rule.operator()).unwrap();
    }
    text
}

/// Formats a site and compares; returns how many files were laid out anew.
fn check(root: &Path) -> usize {
    let site = Site::open(root).unwrap();
    let before = site.load(Default::default());
    let rules = before.rule_set.as_ref().unwrap_or_else(|| panic!("{}", drawn(&before, root)));
    let formatted = site.format_change().unwrap();
    let found = render(&formatted.diagnostics, &formatted.sources, Style::default());
    assert!(found.is_empty(), "{found}");
    let changed = formatted.changes.paths().count();
    let after = site.with_changes(&formatted.changes);
    let again = after.format_change().unwrap();
    assert_eq!(again.changes.paths().collect::<Vec<_>>(), [] as [&Path; 0], "a second time changes files");
    let loaded = after.load(Default::default());
    let new_rules = loaded.rule_set.as_ref().unwrap_or_else(|| panic!("{}", drawn(&loaded, root)));
    let (old, new) = (described(rules), described(new_rules));
    let difference = old.lines().zip(new.lines()).find(|(old, new)| old != new);
    assert!(difference.is_none() && old.len() == new.len(), "{difference:#?}");
    let names: Vec<_> = formatted.changes.paths().map(|path| path.display().to_string()).collect();
    println!("{} of {} files changed: {}", changed, formatted.files, names.join(" "));
    assert!(old.lines().count() > 60, "too few rules to say anything");
    changed
}

/// A site of a rule set in which every set runs that can run beside the others.
fn every_set(source: &RuleSource, least_activated: usize) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("site");
    init(&root, source, "").unwrap();
    let site = Site::open(&root).unwrap();
    let mut activated = 0;
    for set in site.rule_sets().unwrap() {
        let changes = site.enable_change(&set).unwrap();
        if changes.is_empty() || site.with_changes(&changes).load(Default::default()).rule_set.is_some() {
            site.write(&changes).unwrap();
            activated += 1;
        }
    }
    assert!(activated >= least_activated, "only {activated} sets run");
    assert!(check(&root) > 0, "no file was laid out anew");
}

#[test]
fn the_owasp_crs_means_the_same() {
    for (name, least) in [("crs-v2", 40), ("crs-v3", 27), ("crs-v4", 25)] {
        let Some(crs) = corpus::folder(name) else { continue };
        every_set(&RuleSource::Crs(crs), least);
    }
}

#[test]
fn the_starter_rules_are_laid_out_already() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("site");
    init(&root, &RuleSource::Starter, "").unwrap();
    assert_eq!(check(&root), 0);
}

#[test]
fn included_files_and_sources_are_formatted_and_broken_ones_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    fs::create_dir_all(root.join(ACTIVATED_RULES)).unwrap();
    fs::create_dir_all(root.join("rules/own_rules")).unwrap();
    fs::create_dir_all(root.join("logs")).unwrap();
    fs::write(root.join(CONFIGURATION), "SecRuleEngine   On\nInclude rules/own.inc\n").unwrap();
    let uneven = "SecAction   \"id:1,phase:1,pass\"\n";
    for path in [
        "rules/own.inc",
        "rules/own_rules/a.conf.example",
        "rules/words.data",
        "logs/a.conf",
        "rules/.b.conf",
    ] {
        fs::write(root.join(path), uneven).unwrap();
    }
    fs::write(root.join("rules/own_rules/b.conf"), "<Location />\n  SecRuleEngine   On\n").unwrap();
    let formatted = Site::open(root).unwrap().format_change().unwrap();
    let paths: Vec<_> = formatted.changes.paths().map(|path| path.display().to_string()).collect();
    assert_eq!(paths, ["modsecurity.conf", "rules/own.inc", "rules/own_rules/a.conf.example"]);
    assert_eq!(formatted.files, 4);
    let found = render(&formatted.diagnostics, &formatted.sources, Style::default());
    assert!(found.contains("unclosed-section") && found.contains("rules/own_rules/b.conf"), "{found}");
}
