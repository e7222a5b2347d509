//! The starter rules against requests written for them: attacks are refused, ordinary traffic meets no rule.
//!
//! `corpus/starter/attacks.jsonl` holds attacks, each with the rules that must see it; `optional.jsonl` the same for the optional
//! sets; `ordinary.jsonl` requests of which no rule may say anything; `responses.jsonl` leaks and pages that are none.

#[path = "support/exchange.rs"]
mod exchange;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use exchange::{Case, Outcome, run};
use portcullis_engine::{Phase, RuleSet};
use portcullis_site::{ACTIVATED_RULES, Mode, OPTIONAL_RULES, RuleSource, Site, init};
use support::drawn;

const STRICTNESS: &str = "setvar:tx.strictness=1";

/// A site with the starter rules, protecting.
struct Starter {
    _folder: tempfile::TempDir,
    site: Site,
}

impl Starter {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("site");
        init(&root, &RuleSource::Starter, "").unwrap();
        let site = Site::open(root).unwrap();
        site.set_mode(Mode::Protect).unwrap();
        Self { _folder: folder, site }
    }

    fn activate(&self, set: &str) {
        let root = self.site.root();
        fs::copy(root.join(OPTIONAL_RULES).join(set), root.join(ACTIVATED_RULES).join(set)).unwrap();
    }

    fn set_strictness(&self, strictness: u8) {
        let path = self.site.root().join(ACTIVATED_RULES).join("00-setup.conf");
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(STRICTNESS));
        fs::write(path, text.replace(STRICTNESS, &format!("setvar:tx.strictness={strictness}"))).unwrap();
    }

    fn rules(&self) -> Arc<RuleSet> {
        let loaded = self.site.load(Default::default());
        assert_eq!(drawn(&loaded, self.site.root()), "");
        loaded.rule_set.unwrap()
    }
}

fn cases(name: &str) -> Vec<Case> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus/starter").join(name);
    let text = fs::read_to_string(&path).unwrap();
    let read = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{name}: {error}: {line}"));
    let cases: Vec<Case> = text.lines().map(read).collect();
    let names: BTreeSet<_> = cases.iter().map(|case| &case.id).collect();
    assert_eq!(names.len(), cases.len(), "{name} has a name twice");
    cases
}

/// Rule sets by what a case asks for, each compiled once.
#[derive(Default)]
struct RuleSets(BTreeMap<(Option<String>, u8), Arc<RuleSet>>);

impl RuleSets {
    fn run(&mut self, case: &Case) -> Outcome {
        let key = (case.set.clone(), case.strictness.unwrap_or(1));
        let rules = self.0.entry(key).or_insert_with_key(|(set, strictness)| {
            let starter = Starter::new();
            set.iter().for_each(|set| starter.activate(set));
            starter.set_strictness(*strictness);
            starter.rules()
        });
        run(rules, case)
    }
}

/// Runs cases that must be seen; returns the ids that were.
fn all_seen(file: &str, phase: Phase, seen: &mut BTreeSet<u64>) -> usize {
    let mut rule_sets = RuleSets::default();
    let mut wrong = Vec::new();
    let cases: Vec<Case> = cases(file).into_iter().filter(|case| !case.expect.is_empty()).collect();
    for case in &cases {
        let outcome = rule_sets.run(case);
        let missing: Vec<_> = case.expect.iter().filter(|id| !outcome.ids.contains(id)).collect();
        let refused = if case.score.is_some() { None } else { Some(phase) };
        if !missing.is_empty() || outcome.refused != refused {
            let lines = outcome.lines.join("\n    ");
            wrong.push(format!(
                "{}: missing {missing:?}, refused {:?}\n    {lines}",
                case.id, outcome.refused
            ));
        }
        seen.extend(&outcome.ids);
    }
    assert!(wrong.is_empty(), "{} of {} in {file}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
    cases.len()
}

/// Runs cases that no rule may see.
fn none_seen(cases: &[Case], rules: &Arc<RuleSet>) {
    let mut wrong = Vec::new();
    for case in cases {
        let outcome = run(rules, case);
        if !outcome.lines.is_empty() || outcome.refused.is_some() {
            wrong.push(format!("{}:\n    {}", case.id, outcome.lines.join("\n    ")));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}

#[test]
fn attacks_are_refused_and_every_rule_is_proven() {
    let mut seen = BTreeSet::new();
    assert!(all_seen("attacks.jsonl", Phase::RequestBody, &mut seen) >= 60);
    assert!(all_seen("optional.jsonl", Phase::RequestBody, &mut seen) >= 20);
    assert!(all_seen("responses.jsonl", Phase::ResponseBody, &mut seen) >= 20);
    let unproven: Vec<u64> = logging_rules().difference(&seen).copied().collect();
    assert_eq!(unproven, [0; 0], "no case is seen by these rules");
}

/// Ids of all rules of the starter set that log, read off the files.
fn logging_rules() -> BTreeSet<u64> {
    let starter = Starter::new();
    let mut ids = BTreeSet::new();
    for folder in [ACTIVATED_RULES, OPTIONAL_RULES] {
        for entry in fs::read_dir(starter.site.root().join(folder)).unwrap() {
            let text = fs::read_to_string(entry.unwrap().path()).unwrap();
            let lists =
                text.split("\"id:").skip(1).filter(|list| list.split(',').any(|action| action == "log"));
            ids.extend(lists.map(|list| list[..5].parse::<u64>().unwrap()));
        }
    }
    assert!(ids.len() > 60, "{ids:?}");
    ids
}

#[test]
fn ordinary_requests_meet_no_rule() {
    let cases = cases("ordinary.jsonl");
    assert!(cases.len() >= 100);
    let starter = Starter::new();
    none_seen(&cases, &starter.rules());
    // These two sets are made for sites where people write about other things than programming.
    starter.activate("70-php.conf");
    starter.activate("71-javascript.conf");
    none_seen(&cases, &starter.rules());
}

#[test]
fn ordinary_responses_meet_no_rule() {
    let cases: Vec<Case> =
        cases("responses.jsonl").into_iter().filter(|case| case.expect.is_empty()).collect();
    assert!(cases.len() >= 10);
    none_seen(&cases, &Starter::new().rules());
}

#[test]
fn detection_touches_nothing() {
    let starter = Starter::new();
    starter.site.set_mode(Mode::Detect).unwrap();
    let rules = starter.rules();
    let attacks = cases("attacks.jsonl");
    for case in attacks.iter().filter(|case| case.strictness.is_none()) {
        let outcome = run(&rules, case);
        assert_eq!(outcome.refused, None, "{}", case.id);
        assert!(outcome.ids.contains(&19000), "{}: {:?}", case.id, outcome.lines);
    }
}

/// Every file has its comments: what a rule stops and what it may stop by mistake.
#[test]
fn every_rule_is_explained() {
    let starter = Starter::new();
    for folder in [ACTIVATED_RULES, OPTIONAL_RULES] {
        for entry in fs::read_dir(starter.site.root().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            let text = fs::read_to_string(&path).unwrap();
            assert!(!text.contains("ver:'") || text.contains("ver:'starter-rules/1.0'"));
            for paragraph in text.split("\n\n").filter(|p| p.contains("setvar:tx.re") && p.contains(",log,"))
            {
                let explained = ["# Stops: ", "# Notes: "].iter().any(|start| paragraph.starts_with(start));
                assert!(
                    explained && paragraph.contains("# False positive: "),
                    "{}:\n{paragraph}",
                    path.display()
                );
            }
        }
    }
}
