//! Sets that only detect, among sets that protect: every combination of states for two files of the OWASP CRS 4.
//!
//! The oracle is the same rule set without the detecting files: what blocks, and every line that is not marked, must be the
//! same. And it is the same rule set in `DetectionOnly` with the detecting files in protection: when nothing blocks, the
//! rules that log, marked or not, must be those.

#[path = "support/exchange.rs"]
#[expect(dead_code, reason = "the fields that say what a case of the starter corpus expects")]
mod exchange;
mod support;

use std::collections::HashMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use exchange::{Case, Outcome};
use portcullis_engine::RuleSet;
use portcullis_site::{ACTIVATED_RULES, Mode, RuleSource, Site, init};
use portcullis_testkit::corpus;
use support::drawn;

const SQLI: &str = "REQUEST-942-APPLICATION-ATTACK-SQLI.conf";
const XSS: &str = "REQUEST-941-APPLICATION-ATTACK-XSS.conf";
const TAG: &str = "[tag \"portcullis/detect\"]";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum State {
    Off,
    Detect,
    Protect,
}

const STATES: [State; 3] = [State::Off, State::Detect, State::Protect];

/// The CRS with these states, and what stands at the end of its set-up file.
fn rules(crs: &Path, states: [State; 2], mode: Mode, setup: &str) -> Arc<RuleSet> {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("site");
    init(&root, &RuleSource::Crs(crs.to_path_buf()), "").unwrap();
    let site = Site::open(&root).unwrap();
    site.set_mode(mode).unwrap();
    let main = root.join("modsecurity.conf");
    let mut text = fs::read_to_string(&main).unwrap();
    for (state, file) in states.into_iter().zip([SQLI, XSS]) {
        match state {
            State::Off => fs::remove_file(root.join(ACTIVATED_RULES).join(file)).unwrap(),
            State::Detect => {
                text.push_str(&format!(
                    "<IfModule portcullis>\nSecRuleSetState Detect {file}\n</IfModule>\n"
                ));
            }
            State::Protect => {}
        }
    }
    fs::write(main, text).unwrap();
    let path = root.join(ACTIVATED_RULES).join("000-crs-setup.conf");
    fs::write(&path, fs::read_to_string(&path).unwrap() + setup).unwrap();
    let loaded = site.load(Default::default());
    assert!(loaded.rule_set.is_some(), "{}", drawn(&loaded, &root));
    loaded.rule_set.unwrap()
}

fn requests() -> Vec<Case> {
    let sqli = "q=1%27%20UNION%20SELECT%20password%20FROM%20users--%20-";
    let xss = "c=%3Cscript%3Ealert(document.cookie)%3C/script%3E";
    [
        "/?q=tea".to_owned(),
        format!("/?{sqli}"),
        format!("/?{xss}"),
        format!("/?{sqli}&{xss}"),
        format!("/?{xss}&{sqli}"),
    ]
    .into_iter()
    .map(|uri| serde_json::from_value(serde_json::json!({"id": uri, "uri": uri})).unwrap())
    .collect()
}

/// Lines of the sets that protect, without the folder in which the site lay.
fn unmarked(outcome: &Outcome) -> Vec<String> {
    let lines = outcome.lines.iter().filter(|line| !line.contains(TAG));
    lines
        .map(|line| match (line.find("[file \""), line.find("/site/rules/")) {
            (Some(start), Some(end)) => format!("{}{}", &line[..start], &line[end..]),
            _ => line.clone(),
        })
        .collect()
}

fn sorted(mut ids: Vec<u64>) -> Vec<u64> {
    ids.sort_unstable();
    ids.dedup();
    ids
}

fn instead(states: [State; 2], with: State) -> [State; 2] {
    states.map(|state| if state == State::Detect { with } else { state })
}

/// Runs every combination with one set-up; returns how many requests would have been blocked with all in protection.
fn every_combination(setup: &str) -> usize {
    let Some(crs) = corpus::folder("crs-v4") else { return usize::MAX };
    let mut known: HashMap<([State; 2], Mode), Arc<RuleSet>> = HashMap::new();
    let mut load = |states, mode| {
        Arc::clone(known.entry((states, mode)).or_insert_with(|| rules(&crs, states, mode, setup)))
    };
    let (mut runs, mut would_block) = (0, 0);
    for states in STATES.into_iter().flat_map(|sqli| STATES.map(|xss| [sqli, xss])) {
        if !states.contains(&State::Detect) {
            continue;
        }
        let mixed = load(states, Mode::Protect);
        let without = load(instead(states, State::Off), Mode::Protect);
        let all = load(instead(states, State::Protect), Mode::Detect);
        for case in requests() {
            let context = format!("{states:?} {} {setup}", case.id);
            let (mixed, without) = (exchange::run(&mixed, &case), exchange::run(&without, &case));
            assert_eq!(mixed.refused, without.refused, "{context}");
            assert_eq!(unmarked(&mixed), unmarked(&without), "{context}");
            runs += 1;
            if mixed.refused.is_some() {
                continue;
            }
            let all = exchange::run(&all, &case);
            assert_eq!(sorted(mixed.ids), sorted(all.ids), "{context}");
            let sum = |line: &&String| line.contains("[id \"949110\"]") && line.contains(TAG);
            would_block += mixed.lines.iter().filter(sum).count();
        }
    }
    assert_eq!(runs, 5 * 5);
    would_block
}

#[test]
fn as_if_detecting_sets_were_off() {
    assert!(every_combination("") >= 5);
}

#[test]
fn with_a_threshold_that_one_attack_does_not_reach() {
    let setup = "SecAction \"id:900110,phase:1,pass,nolog,setvar:tx.inbound_anomaly_score_threshold=30\"\n";
    assert!(every_combination(setup) >= 1);
}

#[test]
fn at_paranoia_level_3() {
    let setup = "SecAction \"id:900000,phase:1,pass,nolog,setvar:tx.blocking_paranoia_level=3\"\n";
    assert!(every_combination(setup) >= 5);
}

/// The whole matrix, told without another rule set to compare with: at the default threshold one match of a set that
/// protects is enough, and nothing that a set in detection finds is.
#[test]
fn blocked_exactly_when_a_protecting_set_matches() {
    let Some(crs) = corpus::folder("crs-v4") else { return };
    let mut refused = 0;
    for states in STATES.into_iter().flat_map(|sqli| STATES.map(|xss| [sqli, xss])) {
        let rules = rules(&crs, states, Mode::Protect, "");
        for case in requests() {
            let matches = [case.id.contains("UNION"), case.id.contains("script")];
            let is = |wanted| states.iter().zip(matches).any(|(state, matches)| matches && *state == wanted);
            let outcome = exchange::run(&rules, &case);
            let context = format!("{states:?} {}: {:?}", case.id, outcome.lines);
            assert_eq!(outcome.refused.is_some(), is(State::Protect), "{context}");
            if outcome.refused.is_none() {
                let is_marked = outcome.lines.iter().any(|line| line.contains(TAG));
                assert_eq!(is_marked, is(State::Detect), "{context}");
            }
            refused += usize::from(outcome.refused.is_some());
        }
    }
    assert_eq!(refused, 16);
}

/// A request for `/?a=x1y` through rules in a file that detects and in one that protects, which comes later.
fn small(detecting: &str, protecting: &str) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("site");
    fs::create_dir_all(root.join(ACTIVATED_RULES)).unwrap();
    let main = "SecRuleEngine On\n<IfModule portcullis>\nSecRuleSetState detect 10-new.conf\n</IfModule>\n";
    fs::write(root.join("modsecurity.conf"), main).unwrap();
    fs::write(root.join(ACTIVATED_RULES).join("10-new.conf"), detecting).unwrap();
    fs::write(root.join(ACTIVATED_RULES).join("20-old.conf"), protecting).unwrap();
    let loaded = Site::open(&root).unwrap().load(Default::default());
    let rules = loaded.rule_set.as_ref().unwrap_or_else(|| panic!("{}", drawn(&loaded, &root)));
    exchange::run(
        rules,
        &serde_json::from_value(serde_json::json!({"id": "small", "uri": "/?a=x1y"})).unwrap(),
    )
}

#[test]
fn what_a_detecting_rule_does_stays_apart() {
    let deny = "SecRule ARGS \"@contains x\" \"id:20,phase:2,deny\"\n";
    for action in [
        "deny",
        "drop",
        "allow",
        "allow:request",
        "pass,ctl:ruleEngine=Off",
        "pass,ctl:ruleEngine=DetectionOnly",
        "pass,ctl:ruleRemoveById=20",
        "pass,ctl:ruleRemoveTargetById=20;ARGS",
        "pass,skipAfter:END",
        "pass,skip:1",
        "redirect:http://elsewhere.test/",
    ] {
        let rule = format!("SecAction \"id:10,phase:2,log,{action}\"\n");
        let outcome = small(&rule, &format!("{deny}SecMarker END\n"));
        assert_eq!(outcome.ids, [10, 20], "{action}");
        assert!(outcome.refused.is_some(), "{action}");
    }
    let outcome =
        small("SecAction \"id:10,phase:2,deny\"\n", "SecRule ARGS \"@streq no\" \"id:20,phase:2,deny\"\n");
    assert_eq!((outcome.ids, outcome.refused), (vec![10], None));
}

#[test]
fn variables_and_captures_stay_apart_and_are_seen_by_detecting_rules() {
    let detecting = "\
SecRule ARGS \"@rx x(\\d)y\" \"id:10,phase:2,pass,nolog,capture,setvar:tx.seen=%{tx.1},setvar:'tx.sum=+5',setvar:!tx.kept\"
SecRule TX:seen \"@streq 1\" \"id:11,phase:2,deny,msg:'apart'\"
SecRule &TX:kept \"@eq 0\" \"id:12,phase:2,deny\"
";
    let protecting = "\
SecAction \"id:20,phase:1,pass,nolog,setvar:tx.kept=1,setvar:tx.sum=1\"
SecAction \"id:21,phase:2,pass,nolog,setvar:'tx.sum=+2'\"
SecRule &TX:1|&TX:seen \"@gt 0\" \"id:22,phase:2,deny\"
SecRule TX:sum \"@ge 4\" \"id:23,phase:2,deny,msg:'sum %{tx.sum}'\"
SecRule TX:sum \"@eq 3\" \"id:24,phase:2,pass,log,msg:'sum %{tx.sum}'\"
SecRule &TX:kept \"@eq 1\" \"id:25,phase:2,pass,log\"
";
    let outcome = small(detecting, protecting);
    assert_eq!((outcome.ids, outcome.refused), (vec![11, 12, 22, 22, 23, 24, 25], None));
    let marked: Vec<bool> = outcome.lines.iter().map(|line| line.contains(TAG)).collect();
    assert_eq!(marked, [true, true, true, true, true, false, false]);
    assert!(outcome.lines[4].contains("sum 8"), "{}", outcome.lines[4]);
    assert!(outcome.lines[5].contains("sum 3"), "{}", outcome.lines[5]);
}

#[test]
fn a_detecting_file_holds_rules_only_and_a_state_names_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("site");
    fs::create_dir_all(root.join(ACTIVATED_RULES)).unwrap();
    let main = "SecRuleEngine On\nSecRuleSetState Detect 10-new.conf other.conf\n";
    fs::write(root.join("modsecurity.conf"), main).unwrap();
    fs::write(
        root.join(ACTIVATED_RULES).join("10-new.conf"),
        "SecRuleRemoveById 5\nSecAction \"id:5,phase:1,pass\"\n",
    )
    .unwrap();
    let loaded = Site::open(&root).unwrap().load(Default::default());
    let text = drawn(&loaded, &root);
    assert!(text.contains("error[state-reaches-beyond]") && text.contains("10-new.conf:1:1"), "{text}");
    assert!(
        text.contains("warning[state-of-nothing]") && text.contains("no file `other.conf` is loaded"),
        "{text}"
    );
    fs::write(root.join("modsecurity.conf"), "SecRuleSetState Perhaps 10-new.conf\n").unwrap();
    let text = drawn(&Site::open(&root).unwrap().load(Default::default()), &root);
    assert!(text.contains("`Perhaps` is no state of a rule set"), "{text}");
}
