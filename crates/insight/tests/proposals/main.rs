//! Exclusions for events of a site in a temporary folder: their texts, and what replaying says of them.

#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

mod written;

use std::fs;
use std::sync::Arc;

use portcullis_engine::{Compatibility, RuleSet};
use portcullis_insight::proposals::{Effect, ProposalError, Scope, proposals};
use portcullis_insight::{Bytes, EventDetail, EventSummary, StoredRequest, Verdict, replay};
use portcullis_site::Site;

const CONFIGURATION: &str = "SecRuleEngine DetectionOnly\nSecRequestBodyAccess On\n";

const RULES: &str = "\
SecRule ARGS \"@contains select\" \"id:1000,phase:2,pass,log,msg:'SQL',setvar:tx.anomaly_score=+5\"
SecRule ARGS \"@contains script\" \"id:1002,phase:2,pass,log,msg:'XSS',setvar:tx.anomaly_score=+2\"
SecRule TX:ANOMALY_SCORE \"@ge 5\" \"id:1001,phase:2,deny,status:403,log,msg:'score'\"
";

fn site(folder: &std::path::Path) -> Site {
    fs::create_dir_all(folder.join("rules/activated_rules")).unwrap();
    fs::write(folder.join("modsecurity.conf"), CONFIGURATION).unwrap();
    fs::write(folder.join("rules/activated_rules/10-test.conf"), RULES).unwrap();
    Site::open(folder).unwrap()
}

/// The event that the site's rules make of a GET.
fn event(site: &Site, path: &str, query: &str) -> EventDetail {
    event_of(&site.load(Compatibility::default()).rule_set.unwrap(), path, query)
}

fn event_of(rules: &Arc<RuleSet>, path: &str, query: &str) -> EventDetail {
    let target = format!("{path}?{query}");
    let asked = EventDetail {
        summary: EventSummary {
            seq: 0,
            id: target.clone(),
            micros: 0,
            client: "192.0.2.7".to_owned(),
            host: Bytes::default(),
            method: "GET".into(),
            path: path.into(),
            status: Some(200),
            verdict: Verdict::Passed,
            score: 0,
            rules: Vec::new(),
            instance: String::new(),
            message: Bytes::default(),
        },
        server: "127.0.0.1:80".to_owned(),
        request: StoredRequest {
            line: format!("GET {target} HTTP/1.1").as_str().into(),
            target: target.as_str().into(),
            protocol: "HTTP/1.1".into(),
            headers: vec![("Host".into(), "shop.test".into())],
            ..StoredRequest::default()
        },
        response: portcullis_insight::StoredResponse::default(),
        matched: Vec::new(),
        matched_more: 0,
        notes: Vec::new(),
        scores: Vec::new(),
        interception: None,
        engine_mode: portcullis_insight::EngineMode::DetectionOnly,
        audited: false,
        hidden: Vec::new(),
        duration_micros: 0,
        bytes_received: 0,
        bytes_sent: 0,
        upstream: None,
        error: None,
    };
    *replay::replay(&asked, rules).event.detail.unwrap()
}

fn effects(
    site: &Site,
    event: &EventDetail,
    rule: u64,
    stored: &[EventDetail],
) -> Vec<(Scope, Effect, String)> {
    let found = proposals(site, Compatibility::default(), None, event, rule, stored).unwrap();
    found.into_iter().map(|proposal| (proposal.scope, proposal.effect, proposal.text)).collect()
}

#[test]
fn each_scope_says_what_it_would_have_changed() {
    let folder = tempfile::tempdir().unwrap();
    let site = site(folder.path());
    let stored = [
        event(&site, "/search", "q=please+select"),
        event(&site, "/search", "other=select"),
        event(&site, "/find", "q=select"),
        event(&site, "/find", "q=select&x=script"),
    ];
    assert_eq!(stored[0].summary.verdict, Verdict::WouldBeBlocked);
    let found = effects(&site, &stored[0], 1000, &stored);
    let effect = |cleared, released, others| Effect {
        events: 4,
        cleared,
        released,
        released_with_other_rules: others,
        ..Effect::default()
    };
    let expected = [
        (
            Scope::TargetOnPath,
            effect(1, 1, 0),
            "SecRule REQUEST_FILENAME \"@streq /search\" \\\n    \
             \"id:90000,phase:1,pass,t:none,nolog,ctl:ruleRemoveTargetById=1000;ARGS:q\"\n",
        ),
        (Scope::Target, effect(2, 3, 1), "SecRuleUpdateTargetById 1000 \"!ARGS:q\"\n"),
        (
            Scope::RuleOnPath,
            effect(2, 2, 0),
            "SecRule REQUEST_FILENAME \"@streq /search\" \\\n    \
             \"id:90000,phase:1,pass,t:none,nolog,ctl:ruleRemoveById=1000\"\n",
        ),
        (Scope::Rule, effect(3, 4, 1), "SecRuleRemoveById 1000\n"),
    ];
    let expected = expected.map(|(scope, effect, text)| (scope, effect, text.to_owned()));
    assert_eq!(found, expected);
}

#[test]
fn a_proposal_is_a_change_that_holds() {
    let folder = tempfile::tempdir().unwrap();
    let site = site(folder.path());
    let asked = event(&site, "/a b%{x}\"c", "q=select");
    let proposal =
        proposals(&site, Compatibility::default(), None, &asked, 1000, std::slice::from_ref(&asked))
            .unwrap()
            .remove(0);
    assert_eq!(proposal.scope, Scope::TargetOnPath);
    assert!(proposal.text.contains("@rx ^/a\\x20b\\x25\\x7bx\\x7d\\x22c$"), "{}", proposal.text);
    assert_eq!((proposal.effect.events, proposal.effect.released), (1, 1));
    let changes = proposal.with_reason(&site, "first line\\\nSecRuleEngine Off").unwrap();
    site.write(&changes).unwrap();
    let text = fs::read_to_string(folder.path().join(&proposal.file)).unwrap();
    assert!(text.starts_with("# first line\n# SecRuleEngine Off\nSecRule "), "{text}");
    let rules = site.load(Compatibility::default()).rule_set.unwrap();
    assert!(replay::replay(&asked, &rules).event.detail.is_none());
    // The next one gets another id, behind the first in the same file.
    let other = event(&site, "/b", "q=select");
    let next = proposals(&site, Compatibility::default(), None, &other, 1000, &[]).unwrap().remove(0);
    assert!(next.text.contains("id:90001,"), "{}", next.text);
}

#[test]
fn names_that_mean_something_in_a_rule_are_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let site = site(folder.path());
    let asked = event(&site, "/a", "q,\"'|%7Bx=select");
    let scopes: Vec<Scope> = effects(&site, &asked, 1000, &[]).into_iter().map(|(scope, ..)| scope).collect();
    assert_eq!(scopes, [Scope::RuleOnPath, Scope::Rule]);
}

#[test]
fn a_tag_takes_out_every_rule_of_the_attack_and_says_which_events_change() {
    let folder = tempfile::tempdir().unwrap();
    let site = site(folder.path());
    let tagged = RULES.replace("log,msg", "log,tag:'attack-x',msg");
    fs::write(folder.path().join("rules/activated_rules/10-test.conf"), tagged).unwrap();
    let stored = [
        event(&site, "/a", "q=select+script"),
        event(&site, "/a", "q=script"),
        event(&site, "/b", "q=select+script"),
    ];
    let found = proposals(&site, Compatibility::default(), None, &stored[0], 1000, &stored).unwrap();
    let scopes: Vec<Scope> = found.iter().map(|proposal| proposal.scope).collect();
    assert_eq!(scopes, Scope::ALL);
    let (narrow, tag) = (&found[0], &found[3]);
    assert!(tag.text.contains("ctl:ruleRemoveTargetByTag=attack-x;ARGS:q"), "{}", tag.text);
    assert_eq!((tag.effect.events, tag.effect.cleared, tag.effect.released), (3, 2, 1));
    // Without the one rule, the other matches still: nobody knows what it saw.
    let expected = Effect { events: 2, released: 1, released_with_other_rules: 1, ..Effect::default() };
    assert_eq!(narrow.effect, expected);
    let changed: Vec<_> =
        narrow.changed.iter().map(|one| (one.event.id.as_str(), one.then, one.score)).collect();
    assert_eq!(changed, [("/a?q=select+script", Verdict::BelowThreshold, 2)]);
    assert_eq!(narrow.changed[0].rules, [1002]);
}

#[test]
fn a_rule_that_only_sums_up_is_not_excluded() {
    let folder = tempfile::tempdir().unwrap();
    let site = site(folder.path());
    let asked = event(&site, "/a", "q=select");
    let refused = |rule| proposals(&site, Compatibility::default(), None, &asked, rule, &[]).unwrap_err();
    assert!(matches!(refused(1001), ProposalError::SumsUp { others, .. } if others == [1000]));
    assert!(matches!(refused(7), ProposalError::NotMatched(7)));
}

/// Proposals of a rule among these for a GET, as scope and text on one line.
fn proposed(rules: &str, rule: u64, query: &str) -> Vec<(Scope, String, (u64, u64))> {
    let folder = tempfile::tempdir().unwrap();
    let site = site(folder.path());
    fs::write(folder.path().join("rules/activated_rules/10-test.conf"), rules).unwrap();
    let asked = event(&site, "/a", query);
    let found =
        proposals(&site, Compatibility::default(), None, &asked, rule, std::slice::from_ref(&asked)).unwrap();
    let shown = |proposal: portcullis_insight::Proposal| {
        let control = proposal.text.rsplit("nolog,").next().unwrap_or_default().trim_end_matches(['"', '\n']);
        (proposal.scope, control.to_owned(), (proposal.effect.events, proposal.effect.cleared))
    };
    found.into_iter().map(shown).collect()
}

#[test]
fn a_chain_gives_up_the_value_that_the_client_sent() {
    let rules = "\
SecRule ARGS \"@rx ^(sel)(ect)\" \"id:1000,phase:2,pass,log,capture,msg:'SQL',chain\"
  SecRule TX:2 \"@streq ect\" \"t:none\"
";
    let found = proposed(rules, 1000, "q=select");
    let expected = [
        (Scope::TargetOnPath, "ctl:ruleRemoveTargetById=1000;ARGS:q", (1, 1)),
        (Scope::Target, "SecRuleUpdateTargetById 1000 \"!ARGS:q", (1, 1)),
        (Scope::RuleOnPath, "ctl:ruleRemoveById=1000", (1, 1)),
        (Scope::Rule, "SecRuleRemoveById 1000", (1, 1)),
    ];
    assert_eq!(found, expected.map(|(scope, text, effect)| (scope, text.to_owned(), effect)));
}

#[test]
fn the_link_that_was_named_comes_first_when_it_looks_at_the_request() {
    let rules = "\
SecRule REQUEST_HEADERS:Host \"@contains shop\" \"id:1000,phase:2,pass,log,msg:'SQL',chain\"
  SecRule ARGS \"@contains select\" \"t:none\"
";
    let found = proposed(rules, 1000, "q=select");
    // A `ctl` does not reach the links of a chain, so no exclusion takes the argument out on the path alone.
    let texts: Vec<&str> = found.iter().map(|(_, text, _)| text.as_str()).collect();
    let expected =
        ["SecRuleUpdateTargetById 1000 \"!ARGS:q", "ctl:ruleRemoveById=1000", "SecRuleRemoveById 1000"];
    assert_eq!(texts, expected);
}

#[test]
fn a_value_that_another_rule_handed_on_is_taken_out_of_that_rule() {
    let rules = "\
SecRule ARGS|REQUEST_HEADERS:Referer \"@contains select\" \"id:1000,phase:2,pass,nolog,setvar:'tx.sql_a=%{MATCHED_VAR}'\"
SecRule TX:/^sql_/ \"@unconditionalMatch\" \"id:1002,phase:2,pass,log,msg:'SQL'\"
";
    let found = proposed(rules, 1002, "q=select");
    let texts: Vec<&str> = found.iter().map(|(_, text, _)| text.as_str()).collect();
    let expected = [
        "ctl:ruleRemoveTargetById=1000;ARGS:q",
        "SecRuleUpdateTargetById 1000 \"!ARGS:q",
        "ctl:ruleRemoveById=1002",
        "SecRuleRemoveById 1002",
    ];
    assert_eq!(texts, expected);
    assert!(found.iter().all(|(_, _, effect)| *effect == (1, 1)), "{found:?}");
}
