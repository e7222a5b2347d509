//! The event store on real records: rules and a request in, what the file holds out.
//!
//! Each test compiles rules, runs requests through the engine, stores what comes of them and asks. Nothing here listens on a
//! socket or sleeps.

#![allow(clippy::unwrap_used, reason = "a failed test may panic")]

mod shared;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use portcullis_engine::{BodyPlan, Compatibility, Phase, RequestLine, RuleSet, Start, Step, Transaction};
use portcullis_insight::{
    Country, Counts, Event, EventDetail, EventSummary, Events, EventsError, Filter, Limits, Observed, Places,
    Verdict, Window,
};
use portcullis_testkit::rules::Source;
use proptest::prelude::*;

const PATIENCE: Duration = Duration::from_secs(20);
const MINUTE: i64 = 60_000_000;

const BASE: &str = "SecRuleEngine DetectionOnly\nSecRequestBodyAccess On\nSecAuditEngine On\n\
SecAuditLogParts ABCEFHIJKZ\nSecAuditLogType Serial\n";

fn rules(text: &str) -> Arc<RuleSet> {
    Arc::new(
        Source::new()
            .text("rules.conf", format!("{BASE}{text}\n"))
            .compile(Compatibility::default())
            .unwrap(),
    )
}

/// The usual rules of the tests: one that scores, one that looks at the score.
fn scoring() -> Arc<RuleSet> {
    rules(
        "SecRule ARGS \"@contains select\" \"id:1,phase:2,pass,log,auditlog,msg:'SQL',tag:'attack-sqli',setvar:tx.anomaly_score=+5\"\n\
         SecRule REQUEST_HEADERS:User-Agent \"@streq odd\" \"id:3,phase:1,pass,log,msg:'Odd'\"\n\
         SecRule TX:ANOMALY_SCORE \"@ge 5\" \"id:2,phase:2,deny,status:403,log,msg:'Score'\"",
    )
}

struct Request<'a> {
    id: String,
    client: [u8; 4],
    micros: i64,
    target: &'a str,
    headers: Vec<(&'a str, &'a str)>,
    body: &'a [u8],
}

impl Default for Request<'_> {
    fn default() -> Self {
        Self {
            id: "id".to_owned(),
            client: [192, 0, 2, 7],
            micros: 0,
            target: "/",
            headers: Vec::new(),
            body: b"",
        }
    }
}

fn event(rules: &Arc<RuleSet>, request: &Request<'_>) -> Event {
    let start = Start { unique_id: request.id.clone(), wall_micros: request.micros, utc_offset_seconds: 0 };
    let mut transaction = Transaction::new(Arc::clone(rules), start);
    transaction.connection((request.client, 1000).into(), ([127, 0, 0, 1], 80).into());
    let line = format!("POST {} HTTP/1.1", request.target);
    transaction.request_line(RequestLine {
        raw: line.as_bytes(),
        method: b"POST",
        target: request.target.as_bytes(),
        protocol: b"HTTP/1.1",
    });
    transaction.request_header(b"Host", b"shop.example");
    for (name, value) in &request.headers {
        transaction.request_header(name.as_bytes(), value.as_bytes());
    }
    transaction.request_header(b"Content-Length", request.body.len().to_string().as_bytes());
    let run = |transaction: &mut Transaction, phase| {
        assert!(
            matches!(transaction.run(phase, 0), Step::Done(_)),
            "the rules of these tests ask for nothing"
        );
    };
    run(&mut transaction, Phase::RequestHeaders);
    if transaction.request_body_plan() == BodyPlan::Inspect {
        transaction.request_body(request.body);
        transaction.request_body_end();
    }
    run(&mut transaction, Phase::RequestBody);
    transaction.response_head(b"HTTP/1.1", 200, b"OK");
    run(&mut transaction, Phase::ResponseHeaders);
    run(&mut transaction, Phase::ResponseBody);
    run(&mut transaction, Phase::Logging);
    let record = transaction.finish();
    let observed = Observed {
        rule_set: rules,
        status: Some(200),
        bytes_received: 100,
        bytes_sent: 50,
        duration_micros: 1000,
        upstream: None,
        error: None,
    };
    Event::of(record, &observed)
}

fn open(folder: &Path, limits: Limits) -> Events {
    Events::open(folder.join("events.sqlite"), limits).unwrap()
}

fn ids(events: &Events, filter: &str) -> Vec<String> {
    let filter = Filter::parse(filter).unwrap();
    let page = events.list(&filter, None, 100).unwrap();
    assert_eq!(events.count(&filter).unwrap(), page.items.len() as u64);
    page.items.into_iter().map(|EventSummary { id, .. }| id).collect()
}

fn filled(folder: &Path) -> Events {
    let events = open(folder, Limits::default());
    fill(&events);
    events
}

/// Two countries.
#[derive(Debug)]
struct Atlas;

impl Places for Atlas {
    fn are_known(&self) -> bool {
        true
    }

    fn country(&self, address: &str) -> Option<Country> {
        let (code, name) = if address.starts_with("192.") { ("DE", "Germany") } else { ("NO", "Norway") };
        Some(Country { code: code.to_owned(), name: name.to_owned() })
    }
}

/// Four exchanges: an attack, an odd client, an attack elsewhere a minute later, one that matched nothing.
fn fill(events: &Events) {
    let rules = scoring();
    let odd = vec![("User-Agent", "odd")];
    let requests = [
        Request { id: "a".to_owned(), target: "/shop/list?q=select%201", ..Request::default() },
        Request {
            id: "b".to_owned(),
            client: [198, 51, 100, 9],
            target: "/shop/cart",
            headers: odd,
            ..Request::default()
        },
        Request { id: "c".to_owned(), micros: MINUTE, target: "/find?q=Select+select", ..Request::default() },
        Request { id: "d".to_owned(), micros: MINUTE, ..Request::default() },
    ];
    events.set_places(Arc::new(Atlas));
    requests.iter().for_each(|request| events.submit(event(&rules, request)));
    assert!(events.flush(PATIENCE), "{:?} {:?}", events.trouble(), events.losses());
}

/// Filters and the events of [`fill`] that pass, newest first.
const FILTERS: &[(&str, &str)] = &[
    ("", "c b a"),
    ("rule:1", "c a"),
    ("rule:3 path:/shop/*", "b"),
    ("path:/shop/list", "a"),
    ("tag:attack-sqli", "c a"),
    ("verdict:would_be_blocked score:>=5", "c a"),
    ("verdict:below_threshold", "b"),
    ("score:<5", "b"),
    ("id:c", "c"),
    ("client:192.0.2.7 status:2xx host:shop.example method:POST", "c a"),
    ("country:de", "c a"),
    ("country:norway rule:3", "b"),
    ("country:NO rule:1", ""),
    ("country:FR", ""),
    ("\"select 1\"", "a"),
    ("SELECT", "c a"),
    ("text:select", "c a"),
    ("text:sql", "c a"),
    ("text:/CART", "b"),
    ("text:args:q", "c a"),
    ("text:\"select 1\" rule:1", "a"),
    ("text:mozilla", ""),
    ("status:403", ""),
    ("rule:1 rule:3", ""),
];

#[test]
fn filters_find_what_they_say() {
    let folder = tempfile::tempdir().unwrap();
    let events = filled(folder.path());
    for (filter, expected) in FILTERS {
        assert_eq!(ids(&events, filter).join(" "), *expected, "{filter}");
    }
    let in_first_minute = Filter::default().within(Window { from_micros: 0, to_micros: MINUTE });
    assert_eq!(events.count(&in_first_minute).unwrap(), 2);
}

#[test]
fn pages_hold_every_event_once() {
    let folder = tempfile::tempdir().unwrap();
    let events = filled(folder.path());
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let page = events.list(&Filter::default(), before, 2).unwrap();
        seen.extend(page.items.into_iter().map(|event| event.id));
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    assert_eq!(seen, ["c", "b", "a"]);
}

#[test]
fn an_event_holds_what_was_asked_and_what_matched() {
    let folder = tempfile::tempdir().unwrap();
    let events = filled(folder.path());
    let event = events.get("a").unwrap().unwrap();
    assert_eq!(event.summary.verdict, Verdict::WouldBeBlocked);
    assert_eq!((event.summary.score, event.summary.rules.as_slice()), (5, [1, 2].as_slice()));
    assert_eq!(event.summary.message.to_string(), "SQL");
    assert_eq!(event.request.target.to_string(), "/shop/list?q=select%201");
    let [sql, score] = event.matched.as_slice() else { panic!("{:?}", event.matched) };
    assert_eq!(
        (sql.variable.to_string(), sql.value.to_string()),
        ("ARGS:q".to_owned(), "select 1".to_owned())
    );
    assert!(!sql.sums_up && !sql.disruptive && score.sums_up && score.disruptive);
    assert_eq!((sql.file.as_str(), sql.line), ("rules.conf", 6));
    assert_eq!(events.get("d").unwrap(), None, "what matched nothing is only counted");
}

#[test]
fn an_event_comes_back_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let events = open(folder.path(), Limits::default());
    let rules = rules(
        "SecRule ARGS \"@rx .\" \"id:1,phase:2,pass,log,auditlog,msg:'saw %{MATCHED_VAR}',tag:'of %{ARGS.tag}',\
         severity:CRITICAL,ver:'v/1',logdata:'%{MATCHED_VAR_NAME}'\"\n\
         SecRule REQUEST_HEADERS|REQUEST_BODY \"@contains x\" \"id:2,phase:2,deny,log,msg:'x',tag:'a',tag:'b'\"",
    );
    let form = || vec![("Content-Type", "application/x-www-form-urlencoded"), ("X", "caf\u{e9}\\x")];
    let targets = ["/a?tag=1&b=x", "/a?tag=1&b=y%00", "/%ff\\?tag=2#x", "/a?tag=1&b=x"];
    let mut submitted: Vec<Event> = Vec::new();
    for (id, target) in targets.into_iter().enumerate() {
        let request = Request {
            id: format!("i{id}"),
            target,
            headers: form(),
            body: b"c=\xff\0x",
            ..Request::default()
        };
        submitted.push(event(&rules, &request));
    }
    submitted.iter().for_each(|event| events.submit(event.clone()));
    assert!(events.flush(PATIENCE));
    for (place, event) in submitted.into_iter().enumerate() {
        let mut expected = *event.detail.unwrap();
        expected.summary.seq = place as u64 + 1;
        let got = events.get(&expected.summary.id).unwrap().unwrap();
        assert!(got.matched.len() >= 3, "{got:?}");
        assert_eq!(got, expected);
        let listed = events.list(&Filter::parse(&format!("id:i{place}")).unwrap(), None, 1).unwrap();
        assert_eq!(listed.items, [got.summary]);
    }
    assert_eq!(ids(&events, "tag:\"of 2\"").join(" "), "i2");
    assert_eq!(ids(&events, "text:\\xff\\x00x").len(), 4);
    assert_eq!(ids(&events, "text:\"saw y\"").join(" "), "i1");
}

/// The layout of version 1, with one event and one minute.
fn older_file(path: &Path, event: &EventDetail) {
    let old = rusqlite::Connection::open(path).unwrap();
    let columns = Counts::NAMES.iter().map(|name| format!(", {name} INTEGER NOT NULL DEFAULT 0"));
    old.execute_batch(&format!(
        "PRAGMA journal_mode = WAL;
         CREATE TABLE event (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, micros INTEGER NOT NULL,
            client TEXT NOT NULL, host TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL,
            status INTEGER NOT NULL, verdict INTEGER NOT NULL, score INTEGER NOT NULL,
            text TEXT NOT NULL, summary TEXT NOT NULL, detail TEXT NOT NULL);
         CREATE TABLE minute (minute INTEGER PRIMARY KEY{});
         INSERT INTO minute (minute, requests, blocked) VALUES (0, 9, 2);
         PRAGMA user_version = 1;",
        columns.collect::<String>()
    ))
    .unwrap();
    let sql = "INSERT INTO event (id, micros, client, host, method, path, status, verdict, score, text, summary, detail)
               VALUES ('a', 0, '', '', '', '', 0, 0, 0, '', '', ?1), ('broken', 0, '', '', '', '', 0, 0, 0, '', '', '{')";
    old.execute(sql, [serde_json::to_string(event).unwrap()]).unwrap();
}

#[test]
fn a_file_of_an_older_version_is_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.sqlite");
    let request = Request { id: "a".to_owned(), target: "/?q=select", ..Request::default() };
    let mut expected = *event(&scoring(), &request).detail.unwrap();
    older_file(&path, &expected);
    let error = Events::read_only(&path).unwrap_err().to_string();
    assert!(error.contains("`run` brings it up to date"), "{error}");
    let events = open(folder.path(), Limits::default());
    expected.summary.seq = 1;
    assert_eq!(events.get("a").unwrap(), Some(expected));
    assert_eq!(ids(&events, ""), ["a"]);
    assert_eq!(events.overview(Window::ALL).unwrap().totals.blocked, 2);
    events.submit(event(&scoring(), &Request { id: "b".to_owned(), ..request }));
    assert!(events.flush(PATIENCE));
    assert_eq!(ids(&events, "rule:1"), ["b", "a"]);
    drop(events);
    let left = std::fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(left, 1, "the old file is gone");
}

#[test]
fn rules_that_no_event_names_are_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let stored = |folder: &Path| -> i64 {
        let connection = rusqlite::Connection::open(folder.join("events.sqlite")).unwrap();
        connection.query_row("SELECT count(*) FROM rule", [], |row| row.get(0)).unwrap()
    };
    let limits = Limits { events: 1, ..Limits::default() };
    for id in 1..5 {
        let events = open(folder.path(), limits);
        let rules = rules(&format!("SecRule ARGS \"@contains x\" \"id:{id},phase:2,pass,log,msg:'m'\""));
        events.submit(event(&rules, &Request { id: id.to_string(), target: "/?a=x", ..Request::default() }));
        assert!(events.flush(PATIENCE));
        assert_eq!(ids(&events, &format!("rule:{id}")), [id.to_string()]);
    }
    assert!((1..=2).contains(&stored(folder.path())), "{}", stored(folder.path()));
}

#[test]
fn sums_and_tops_are_those_of_the_window() {
    let folder = tempfile::tempdir().unwrap();
    let events = filled(folder.path());
    let all = events.overview(Window::ALL).unwrap();
    assert_eq!((all.totals.requests, all.totals.would_be_blocked, all.totals.passed), (4, 2, 1));
    assert_eq!((all.totals.below_threshold, all.totals.bytes_received), (1, 400));
    assert_eq!(all.buckets.iter().map(|bucket| bucket.counts.requests).collect::<Vec<_>>(), [2, 2]);
    let tops: Vec<(u64, u64)> = all.rules.iter().map(|top| (top.rule, top.events)).collect();
    assert_eq!(tops, [(1, 2), (3, 1)], "rules that sum up scores are left out");
    let countries = all.countries.iter().map(|top| (top.code.as_str(), top.name.as_str(), top.events));
    assert_eq!(countries.collect::<Vec<_>>(), [("DE", "Germany", 2), ("NO", "Norway", 1)]);
    let second = Window { from_micros: MINUTE, to_micros: 2 * MINUTE };
    let protection = events.protection(second).unwrap();
    assert_eq!((protection.stored, protection.totals.requests), (1, 2));
    assert_eq!(protection.countries.iter().map(|top| top.events).collect::<Vec<_>>(), [1]);
    assert_eq!(protection.paths.first().unwrap().name.to_string(), "/find");
    assert_eq!(events.hits(Window::ALL).unwrap(), [(1, 2), (2, 2), (3, 1)]);
}

#[test]
fn subscribers_see_what_is_stored() {
    let folder = tempfile::tempdir().unwrap();
    let events = open(folder.path(), Limits::default());
    let live = events.subscribe();
    let request = Request { id: "x".to_owned(), target: "/?q=select", ..Request::default() };
    events.submit(event(&scoring(), &request));
    let seen = live.recv_timeout(PATIENCE).unwrap();
    assert_eq!((seen.id.as_str(), seen.seq), ("x", 1));
}

#[test]
fn what_was_stored_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    drop(filled(folder.path()));
    let events = open(folder.path(), Limits::default());
    assert_eq!(ids(&events, "").len(), 3);
    assert_eq!(events.overview(Window::ALL).unwrap().totals.requests, 4);
    let reading = Events::read_only(folder.path().join("events.sqlite")).unwrap();
    assert_eq!(ids(&reading, "rule:1"), ["c", "a"]);
}

#[test]
fn another_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("events.sqlite");
    assert!(Events::read_only(&path).is_err(), "a missing file has no events");
    std::fs::write(&path, "not a database, but long enough to be looked at as one").unwrap();
    let error = Events::open(&path, Limits::default()).unwrap_err().to_string();
    assert!(error.contains("events.sqlite"), "{error}");
    assert!(std::fs::read(&path).unwrap().starts_with(b"not a database"));
}

#[test]
fn the_oldest_go_when_there_are_too_many_or_they_are_too_old() {
    let folder = tempfile::tempdir().unwrap();
    let events = open(folder.path(), Limits { events: 10, days: 1, ..Limits::default() });
    let rules = scoring();
    let at =
        |id: u32, micros| Request { id: id.to_string(), micros, target: "/?q=select", ..Request::default() };
    (0..25).for_each(|id| events.submit(event(&rules, &at(id, 0))));
    assert!(events.flush(PATIENCE));
    assert_eq!(ids(&events, ""), (15..25).rev().map(|id| id.to_string()).collect::<Vec<_>>());
    assert_eq!(events.overview(Window::ALL).unwrap().totals.requests, 25, "counters outlive events");
    events.submit(event(&rules, &at(99, 2 * 24 * 60 * MINUTE)));
    assert!(events.flush(PATIENCE));
    assert_eq!(ids(&events, ""), ["99"]);
    assert_eq!(events.losses().total(), 0);
}

#[test]
fn the_file_stays_within_its_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let limits = Limits { bytes: 2 << 20, ..Limits::default() };
    let events = open(folder.path(), limits);
    let rules = scoring();
    let body = [b"q=select&fill=".as_slice(), &[b'x'; 20_000]].concat();
    let form = || vec![("Content-Type", "application/x-www-form-urlencoded")];
    for id in 0..400 {
        let request = Request { id: id.to_string(), headers: form(), body: &body, ..Request::default() };
        events.submit(event(&rules, &request));
        if id % 50 == 49 {
            assert!(events.flush(PATIENCE));
        }
    }
    assert!(events.flush(PATIENCE));
    let count = events.count(&Filter::default()).unwrap();
    assert!((10..400).contains(&count), "{count} events are left");
    assert_eq!(ids(&events, "").first().unwrap(), "399");
    assert_eq!(events.losses().total(), 0);
    let size = |name: &str| std::fs::metadata(folder.path().join(name)).map_or(0, |data| data.len());
    let (file, log) = (size("events.sqlite"), size("events.sqlite-wal"));
    assert!(file <= limits.bytes + (4 << 20), "the file has {file} bytes");
    assert!(log <= 16 << 20, "its log has {log} bytes");
}

#[test]
fn a_full_queue_loses_events_and_counts_them() {
    let folder = tempfile::tempdir().unwrap();
    let events = open(folder.path(), Limits { queue_bytes: 1, ..Limits::default() });
    let request = Request { target: "/?q=select", ..Request::default() };
    (0..3).for_each(|_| events.submit(event(&scoring(), &request)));
    assert!(events.flush(PATIENCE));
    assert_eq!((events.losses().queue, events.losses().file), (3, 0));
    assert_eq!(events.overview(Window::ALL).unwrap().totals.requests, 3);
}

/// Every byte of every file in a folder.
fn bytes_in(folder: &Path) -> Vec<u8> {
    let files = std::fs::read_dir(folder).unwrap();
    files.flat_map(|file| std::fs::read(file.unwrap().path()).unwrap()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn what_rules_hide_is_in_no_file(
        secret in "[A-Z][a-zA-Z0-9]{11,20}",
        around in "[a-z0-9]{0,8}",
        action in prop::sample::select(vec!["sanitiseArg:pw", "sanitiseMatched"]),
        in_body in any::<bool>(),
    ) {
        let rules = rules(&format!(
            "SecAction \"id:9,phase:1,pass,nolog,sanitiseRequestHeader:X-Token,sanitiseArg:pw\"\n\
             SecRule ARGS \"@rx .\" \"id:1,phase:2,pass,log,auditlog,msg:'saw %{{MATCHED_VAR}}',\
             logdata:'%{{MATCHED_VAR}} %{{REQUEST_HEADERS.x-token}}',{action}\"\n\
             SecRule REQUEST_HEADERS:X-Token \"@rx (.+)\" \"id:2,phase:2,pass,log,auditlog,capture,logdata:'%{{TX.1}}'\""
        ));
        let form = format!("pw={secret}{around}");
        let target = if in_body { "/login".to_owned() } else { format!("/login?{form}") };
        let headers = vec![("Content-Type", "application/x-www-form-urlencoded"), ("X-Token", secret.as_str())];
        let body = if in_body { form.as_bytes() } else { b"" };
        let folder = tempfile::tempdir().unwrap();
        let events = open(folder.path(), Limits::default());
        events.submit(event(&rules, &Request { target: &target, headers, body, ..Request::default() }));
        prop_assert!(events.flush(PATIENCE));
        prop_assert_eq!(events.count(&Filter::default()).unwrap(), 1);
        let everything = bytes_in(folder.path());
        let found = everything.windows(secret.len()).any(|window| window.eq_ignore_ascii_case(secret.as_bytes()));
        prop_assert!(!found, "{} is in the store", secret);
    }
}

#[test]
fn countries_are_refused_where_nobody_knows_any() {
    let folder = tempfile::tempdir().unwrap();
    let events = open(folder.path(), Limits::default());
    let refused = events.count(&Filter::parse("country:DE").unwrap()).unwrap_err();
    assert_eq!(refused, EventsError::NoPlaces);
    assert!(events.overview(Window::ALL).unwrap().countries.is_empty());
}
