//! `corpus/lint`: a site with something questionable in, what `lint` says of it out; a case for each finding.
//!
//! A case is laid out as those of `corpus/site`; its name is the code that it is about. After an intended change run the test with
//! `PORTCULLIS_BLESS=1`, which writes the findings anew, and review the diff. The rule sets that many sites run are looked
//! at as they come: what is said of them must be true, and little.

#[path = "support/laid_down.rs"]
mod laid_down;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use laid_down::build;
use portcullis_seclang::{Style, render, summary};
use portcullis_site::lint::{LINTS, Linted};
use portcullis_site::{RuleSource, Site, init};
use portcullis_testkit::corpus;

const FINDINGS: &str = "=== findings\n";

/// The findings as a user sees them, with `S` for the site's folder.
fn drawn(linted: &Linted, root: &Path) -> String {
    let text = render(&linted.explained(), &linted.sources, Style::default());
    let text = text.replace(&root.display().to_string(), "S");
    if text.is_empty() { text } else { format!("{text}\n{}\n", summary(&linted.diagnostics)) }
}

fn lint(case: &str) -> (Linted, String) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("site");
    build(&root, case);
    let linted = Site::open(&root).unwrap().lint(Default::default());
    let text = drawn(&linted, &root);
    (linted, text)
}

#[test]
fn every_finding_has_its_case() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../corpus/lint");
    let bless = std::env::var("PORTCULLIS_BLESS").as_deref() == Ok("1");
    let page = include_str!("../../../docs/lint.md");
    let mut wrong = Vec::new();
    for lint_of in LINTS {
        let row = format!("| `{}` | {} | {} |", lint_of.code, lint_of.summary, lint_of.why);
        assert!(page.contains(&row), "docs/lint.md lacks {row}");
        let path = folder.join(format!("{}.txt", lint_of.code));
        let text = fs::read_to_string(&path).unwrap_or_else(|_| panic!("{} has no case", lint_of.code));
        let (case, expected) = text.split_once(FINDINGS).unwrap_or((&text, ""));
        let (linted, found) = lint(case);
        assert!(linted.diagnostics.iter().any(|f| f.code == lint_of.code), "{}: {found}", path.display());
        assert!(
            linted.diagnostics.iter().all(|f| f.help.is_some()),
            "{}: what to do? {found}",
            path.display()
        );
        if bless {
            fs::write(&path, format!("{case}{FINDINGS}{found}")).unwrap();
        } else if found != expected {
            wrong.push(format!("{}: expected\n{expected}\nfound\n{found}", path.display()));
        }
    }
    assert_eq!(fs::read_dir(&folder).unwrap().count(), LINTS.len(), "a case belongs to no finding");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// How often each code is found in a rule set as `init` lays it down.
fn in_new_site(source: &RuleSource) -> BTreeMap<&'static str, usize> {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("site");
    init(&root, source, "").unwrap();
    let linted = Site::open(&root).unwrap().lint(Default::default());
    println!("{}", drawn(&linted, &root));
    let mut counts = BTreeMap::new();
    for finding in &linted.diagnostics {
        *counts.entry(finding.code).or_default() += 1;
    }
    counts
}

#[test]
fn the_starter_rules_have_no_findings() {
    assert_eq!(in_new_site(&RuleSource::Starter), BTreeMap::new());
}

/// Checks that its authors switched off by an unconditional `skipAfter`, and a list for rules that do not run.
const V2: [(&str, usize); 3] =
    [("backtracking-pattern", 15), ("unreachable-rule", 4), ("unused-data-file", 1)];

const V3: [(&str, usize); 3] =
    [("backtracking-pattern", 5), ("range-with-target", 7), ("unused-data-file", 1)];

const V4: [(&str, usize); 1] = [("unused-data-file", 2)];

#[test]
fn little_is_said_of_the_owasp_crs() {
    for (name, expected) in [("crs-v2", &V2[..]), ("crs-v3", &V3), ("crs-v4", &V4)] {
        let Some(crs) = corpus::folder(name) else { continue };
        let found = in_new_site(&RuleSource::Crs(crs));
        assert_eq!(found, expected.iter().copied().collect(), "{name}");
    }
}

#[test]
fn what_only_some_requests_meet_is_not_judged() {
    let evaluation = "SecRule TX:anomaly_score \"@ge %{tx.threshold}\" \"id:90,phase:2,deny\"\n";
    for line in [
        "SecRule REQUEST_URI \"@beginsWith /x\" \"id:1,phase:1,pass,ctl:ruleRemoveById=90\"",
        "SecRule REQUEST_URI \"@beginsWith /x\" \"id:1,phase:1,pass,skipAfter:END\"",
        "SecAction \"id:1,phase:1,pass,chain\"\n SecRule ARGS \"@rx x\" \"ctl:ruleRemoveById=90\"",
        "SecAction \"id:1,phase:1,pass,skipAfter:END\"",
        "SecRule REQUEST_URI \"!@unconditionalMatch\" \"id:1,phase:1,deny\"",
        "SecRule REQUEST_URI \"@rx x\" \"id:1,phase:1,pass,ctl:ruleRemoveTargetById=90;ARGS:x\"",
    ] {
        let case = format!("=== rules/activated_rules/a.conf\n{line}\n{evaluation}SecMarker END\n");
        assert_eq!(lint(&case).1, "", "{line}");
    }
}
