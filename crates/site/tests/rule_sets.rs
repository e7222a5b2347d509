//! Rule sets, laid down and loaded: nothing to report, and as many rules as they have.
//!
//! The public sets are not part of this repository; see CONTRIBUTING.md. Counts are those of the rule sets' own files, counted by a
//! script over their active lines; the rules of `modsecurity.conf` come on top.

mod support;

use std::path::{Path, PathBuf};

use portcullis_site::{ACTIVATED_RULES, Loaded, RuleSource, Site, init};
use portcullis_testkit::corpus;
use support::drawn;

/// What a rule set consists of.
struct Expected {
    title: &'static str,
    rules: usize,
    links: usize,
    phases: [usize; 5],
}

/// Rules of `modsecurity.conf`: two choose a body processor, four judge the request.
const OWN: [usize; 5] = [2, 4, 0, 0, 0];

fn check(source: &RuleSource, expected: &Expected) {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("site");
    let report = init(&root, source, "").unwrap();
    assert_eq!(report.rule_set, expected.title);
    let loaded = Site::open(&root).unwrap().load(Default::default());
    assert_eq!(drawn(&loaded, &root), "", "{}", expected.title);
    let rule_set = loaded.rule_set.as_ref().unwrap();
    let activated = root.join(ACTIVATED_RULES);
    let files = rule_set.summary().iter().filter(|file| Path::new(&file.path).starts_with(&activated));
    let (rules, links) = files.fold((0, 0), |(rules, links), file| (rules + file.rules, links + file.links));
    let mut phases = rule_set.rules_per_phase();
    phases.iter_mut().zip(OWN).for_each(|(count, own)| *count -= own);
    assert_eq!(
        (rules, links, phases),
        (expected.rules, expected.links, expected.phases),
        "{}",
        expected.title
    );
    if let RuleSource::Crs(from) = source {
        unmodified(from, &root, &loaded);
    }
}

/// Every activated file is, byte for byte, one of the rule set's.
fn unmodified(from: &Path, root: &Path, loaded: &Loaded) {
    let mut originals = Vec::new();
    for folder in [
        from.to_path_buf(),
        from.join("rules"),
        from.join("base_rules"),
        from.join("optional_rules"),
        PathBuf::from("/etc/modsecurity/crs"),
    ] {
        let Ok(entries) = std::fs::read_dir(folder) else { continue };
        originals.extend(
            entries.flatten().filter(|e| e.path().is_file()).map(|e| std::fs::read(e.path()).unwrap()),
        );
    }
    let mut compared = 0;
    let activated = root.join(ACTIVATED_RULES);
    let looked_at = loaded.looks.paths(root);
    for path in looked_at.iter().filter(|path| path.starts_with(&activated) && path.is_file()) {
        assert!(originals.contains(&std::fs::read(path).unwrap()), "{}", path.display());
        compared += 1;
    }
    assert!(compared > 10, "{compared} files were compared");
}

#[test]
fn starter() {
    let title = "Portcullis starter rules 1.0";
    let expected = Expected { title, rules: 65, links: 2, phases: [19, 38, 0, 8, 0] };
    check(&RuleSource::Starter, &expected);
}

#[test]
fn crs_4_28() {
    let Some(folder) = corpus::folder("crs-v4") else { return };
    let expected =
        Expected { title: "OWASP CRS 4.28.0", rules: 630, links: 73, phases: [173, 292, 43, 109, 13] };
    check(&RuleSource::Crs(folder), &expected);
}

#[test]
fn crs_3_3_10() {
    let Some(folder) = corpus::folder("crs-v3") else { return };
    let expected =
        Expected { title: "OWASP CRS 3.3.10", rules: 639, links: 166, phases: [150, 391, 25, 57, 16] };
    check(&RuleSource::Crs(folder), &expected);
}

#[test]
fn crs_2_2_9() {
    let Some(folder) = corpus::folder("crs-v2") else { return };
    let expected =
        Expected { title: "OWASP CRS 2.2.9", rules: 375, links: 114, phases: [35, 263, 3, 45, 29] };
    check(&RuleSource::Crs(folder), &expected);
}

#[test]
fn crs_of_debian() {
    let folder = Path::new("/usr/share/modsecurity-crs");
    if !folder.is_dir() {
        println!("skipped: the package modsecurity-crs is not installed");
        return;
    }
    let expected =
        Expected { title: "OWASP CRS 3.3.4", rules: 634, links: 166, phases: [147, 389, 24, 58, 16] };
    check(&RuleSource::Crs(folder.to_path_buf()), &expected);
}
