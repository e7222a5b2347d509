//! From an event to an exclusion and what it changes; explanations; what rules hide.

use std::path::Path;
use std::sync::Arc;

use axum::http::{Request, StatusCode};
use portcullis_insight::{Event, Events, Verdict};
use portcullis_site::Site;

use super::Console;
use super::events::misjudged;

/// What the site's rules make of a GET, as the proxy would store it.
fn asked(root: &Path, id: &str, target: &str) -> Event {
    let rules = Site::open(root).unwrap().load(Default::default()).rule_set.unwrap();
    let mut detail = *misjudged().detail.unwrap();
    let path = target.split('?').next().unwrap_or(target);
    detail.summary.id = id.to_owned();
    detail.summary.path = path.into();
    detail.summary.rules.clear();
    detail.matched.clear();
    detail.hidden.clear();
    detail.request.line = format!("GET {target} HTTP/1.1").as_str().into();
    detail.request.target = target.into();
    let fields = [("Host", "shop.example"), ("User-Agent", "Mozilla/5.0"), ("Accept", "*/*")];
    detail.request.headers = fields.map(|(name, value)| (name.into(), value.into())).to_vec();
    portcullis_insight::replay::replay(&detail, &rules).event
}

const MISJUDGED: &str = "/search?q=books+about+information_schema";
const ATTACK: &str = "/login?user=x%27+union+select+1,2--";

/// A site with its starter rules that saw a customer twice and an attacker once.
async fn tuning() -> (Console, Arc<Events>) {
    let mut held = None;
    let console = Console::with(|root| {
        let events = Events::open(root.join("events.sqlite"), portcullis_insight::Limits::default()).unwrap();
        for (id, target) in [("customer1", MISJUDGED), ("customer2", MISJUDGED), ("attacker", ATTACK)] {
            events.submit(asked(root, id, target));
        }
        assert!(events.flush(std::time::Duration::from_secs(20)));
        held = Some(Arc::new(events));
        held.clone()
    });
    (console.sign_in().await, held.unwrap())
}

#[tokio::test]
async fn a_misjudged_request_is_excluded_and_attacks_are_blocked() {
    let (console, _events) = tuning().await;
    let verdict = |target| {
        asked(&console.root, "again", target).detail.map_or(Verdict::Passed, |detail| detail.summary.verdict)
    };
    assert_eq!((verdict(MISJUDGED), verdict(ATTACK)), (Verdict::WouldBeBlocked, Verdict::WouldBeBlocked));
    let event = console.get("/events/customer1").await.text;
    assert!(event.contains("/exclusions/new?event=customer1&amp;rule=15030"), "{event}");

    let page = console.get("/exclusions/new?event=customer1&rule=15030").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    let scopes: Vec<usize> = ["target_on_path", "target", "rule_on_path", "tag_target_on_path", "rule"]
        .iter()
        .map(|scope| page.text.find(&format!("name=\"scope\" value=\"{scope}\"")).unwrap())
        .collect();
    assert!(scopes.is_sorted(), "narrow to wide");
    let proposals = console.get("/api/v1/exclusions/proposals?event=customer1&rule=15030").await.text;
    let proposals: serde_json::Value = serde_json::from_str(&proposals).unwrap();
    assert_eq!(proposals["tried"], 3);
    let narrow = &proposals["proposals"][0];
    assert_eq!(
        (&narrow["effect"]["cleared"], &narrow["effect"]["events"]),
        (&2.into(), &2.into()),
        "{narrow}"
    );

    let csrf = console.csrf().await;
    let form = [
        ("event", "customer1"),
        ("rule", "15030"),
        ("scope", "target_on_path"),
        ("reason", " "),
        ("csrf", &csrf),
    ];
    let got = console.post("/exclusions", &form, &[]).await;
    assert!(got.status == StatusCode::UNPROCESSABLE_ENTITY && got.text.contains("Say why"), "{}", got.text);
    let before = console.newest();
    let form =
        [("event", "customer1"), ("rule", "15030"), ("scope", "target_on_path"), ("reason", "A coffee <b>")];
    let got = console.change("/exclusions", &form, &[]).await;
    assert!(got.location.starts_with("/history/"), "{}", got.text);
    let subject = "Rule 15030 does not look at ARGS:q on /search";
    assert_eq!(console.newest(), ("ada".to_owned(), subject.to_owned()));
    let file = "rules/activated_rules/00-exclusions-before.conf";
    assert!(
        console
            .file(file)
            .starts_with("# A coffee <b>\n# From the event customer1.\nSecRule REQUEST_FILENAME ")
    );
    assert_eq!((verdict(MISJUDGED), verdict(ATTACK)), (Verdict::Passed, Verdict::WouldBeBlocked));

    let list = console.get("/exclusions").await.text;
    assert!(list.contains("ARGS:q taken out of rule 15030") && list.contains("A coffee &lt;b&gt;"), "{list}");
    let got = console.change("/protection", &[("mode", "protect")], &[("confirm", "shop")]).await;
    assert_eq!(got.status, StatusCode::SEE_OTHER, "{}", got.text);
    assert_eq!((verdict(MISJUDGED), verdict(ATTACK)), (Verdict::Passed, Verdict::Blocked));

    let api: serde_json::Value = serde_json::from_str(&console.get("/api/v1/exclusions").await.text).unwrap();
    let one = &api["exclusions"][0];
    assert_eq!(
        (&one["author"], &one["events"], &one["targets"][0]),
        (&"ada".into(), &2.into(), &"ARGS:q".into())
    );
    let got = console.change("/exclusions", &[("remove", one["id"].as_str().unwrap())], &[]).await;
    assert!(got.location.starts_with("/history/"), "{}", got.text);
    assert!(!console.root.join(file).exists() && verdict(MISJUDGED) == Verdict::Blocked);
    assert_ne!(console.newest(), before);
}

#[tokio::test]
async fn what_cannot_be_excluded_is_refused_with_a_sentence() {
    let (console, _events) = tuning().await;
    let csrf = console.csrf().await;
    for (path, status, words) in [
        ("/exclusions/new?event=none", StatusCode::NOT_FOUND, "is not there"),
        ("/exclusions/new?event=customer1&rule=x", StatusCode::UNPROCESSABLE_ENTITY, "is no rule id"),
        ("/exclusions/new?event=customer1&rule=1", StatusCode::OK, "did not match in this event"),
        (
            "/api/v1/exclusions/proposals?event=customer1&rule=1",
            StatusCode::UNPROCESSABLE_ENTITY,
            "did not match",
        ),
    ] {
        let got = console.get(path).await;
        assert!(got.status == status && got.text.contains(words), "{path}: {} {}", got.status, got.text);
    }
    let exclude = |event, rule: u64, scope, reason| serde_json::json!({ "change": { "kind": "exclude", "event": event, "rule": rule, "scope": scope, "reason": reason } });
    for (order, status) in [
        (exclude("customer1", 15030, "rule", " "), StatusCode::UNPROCESSABLE_ENTITY),
        (exclude("customer1", 15030, "everything", "why"), StatusCode::UNPROCESSABLE_ENTITY),
        (exclude("none", 15030, "rule", "why"), StatusCode::NOT_FOUND),
        (exclude("customer1", 1, "rule", "why"), StatusCode::UNPROCESSABLE_ENTITY),
        (
            serde_json::json!({ "change": { "kind": "remove-exclusion", "exclusion": "x" } }),
            StatusCode::NOT_FOUND,
        ),
    ] {
        let request = Request::post("/api/v1/changes").header("x-csrf-token", &csrf);
        let got = console.send(request, order.to_string()).await;
        assert_eq!(got.status, status, "{order}: {}", got.text);
    }
    assert!(!console.root.join("rules/activated_rules/00-exclusions-before.conf").exists());
}

#[tokio::test]
async fn an_event_is_explained_step_by_step() {
    let (console, _events) = tuning().await;
    let page = console.get("/events/attacker").await.text;
    let steps = page.find("<code>t:urlDecodeUni</code>").expect("the transformations");
    let hit = steps + page[steps..].find("<mark>union select 1</mark>").expect("the span that matched");
    assert!(page[hit..].contains("<code>tx.request_score"), "{page}");
    assert!(page.contains("<h2 id=\"added\">What each rule added</h2>"), "{page}");
    let link = "/files/rules/activated_rules/50-sql-injection.conf#rule-15010";
    assert!(page.contains(link), "{page}");
    let set = console.get("/files/rules/activated_rules/50-sql-injection.conf").await.text;
    assert!(set.contains("id=\"rule-15010\"") && set.contains("1 event, line"), "{set}");
    let got = console.get("/api/v1/events/attacker/explanation").await;
    let told: serde_json::Value = serde_json::from_str(&got.text).unwrap();
    let union = told["rules"].as_array().unwrap().iter().find(|rule| rule["id"] == 15010).unwrap();
    assert_eq!(union["matches"][0]["variable"], "ARGS:user", "{union}");
    assert_eq!(console.get("/api/v1/events/none/explanation").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_rules_hide_is_on_no_page_and_in_no_answer() {
    const SECRET: &str = "Hunter2secret";
    let console = Console::with(|root| {
        let rule =
            "SecAction \"id:100,phase:1,nolog,pass,sanitiseArg:password,sanitiseRequestHeader:User-Agent\"\n";
        std::fs::write(root.join("rules/activated_rules/05-hide.conf"), rule).unwrap();
        let events = Events::open(root.join("events.sqlite"), portcullis_insight::Limits::default()).unwrap();
        let target = format!("/login?password={SECRET}%27+union+select+1,2--&q=information_schema");
        let event = asked(root, "login1", &target);
        assert_eq!(event.detail.as_ref().unwrap().hidden, ["password".into(), "User-Agent".into()]);
        events.submit(event);
        assert!(events.flush(std::time::Duration::from_secs(20)));
        Some(Arc::new(events))
    });
    let console = console.sign_in().await;
    let mut seen = 0;
    for path in [
        "/",
        "/events",
        "/events?q=information_schema",
        "/events/login1",
        "/exclusions",
        "/exclusions/new?event=login1&rule=15010",
        "/exclusions/new?event=login1&rule=15030",
        "/protection",
        "/history",
        "/rulesets",
        "/rulesets/50-sql-injection.conf",
        "/api/v1/overview",
        "/api/v1/protection",
        "/api/v1/events",
        "/api/v1/events/login1",
        "/api/v1/events/login1/explanation",
        "/api/v1/exclusions",
        "/api/v1/exclusions/proposals?event=login1&rule=15030",
    ] {
        let got = console.get(path).await;
        assert_eq!(got.status, StatusCode::OK, "{path}: {}", got.text);
        assert!(!got.text.contains(SECRET), "{path}: {}", got.text);
        seen += usize::from(got.text.contains("login1") || got.text.contains("/login"));
    }
    assert!(seen > 9, "the event is on these pages: {seen}");
    let found = console.get(&format!("/api/v1/events?q={SECRET}")).await.text;
    assert!(found.contains("\"items\":[]"), "it is not searched either: {found}");
}
