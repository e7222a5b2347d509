//! The store in PostgreSQL: what the file's store promises, and two instances that feed one.

use std::time::{Duration, Instant};

use portcullis_insight::{Events, Filter, Limits, Place, Presence, Window};
use portcullis_testkit::postgres::Postgres;

use super::{MINUTE, PATIENCE, Request, event, ids, scoring};

fn open(postgres: &Postgres, instance: &str, limits: Limits) -> Events {
    Events::open(Place::Shared { url: postgres.url(), instance: instance.to_owned() }, limits).unwrap()
}

#[test]
fn a_shared_store_answers_as_a_file_does() {
    let Some(postgres) = Postgres::start() else { return };
    let folder = tempfile::tempdir().unwrap();
    let file = super::filled(folder.path());
    let shared = open(&postgres, "one", Limits::default());
    super::fill(&shared);
    assert_eq!(shared.trouble(), None);
    for (filter, expected) in super::FILTERS {
        assert_eq!(ids(&shared, filter).join(" "), *expected, "{filter}");
    }
    for id in ["a", "b", "c"] {
        let mut detail = shared.get(id).unwrap().unwrap();
        assert_eq!(std::mem::take(&mut detail.summary.instance), "one");
        assert_eq!(Some(detail), file.get(id).unwrap());
    }
    assert_eq!(shared.get("d").unwrap(), None);
    for window in [Window::ALL, Window { from_micros: MINUTE, to_micros: 2 * MINUTE }] {
        assert_eq!(shared.overview(window).unwrap(), file.overview(window).unwrap());
        assert_eq!(shared.protection(window).unwrap(), file.protection(window).unwrap());
        assert_eq!(shared.hits(window).unwrap(), file.hits(window).unwrap());
    }
    let (page, rest) = (shared.list(&Filter::default(), None, 2).unwrap(), 1);
    assert_eq!(shared.list(&Filter::default(), page.next, 2).unwrap().items.len(), rest);
    assert_eq!(shared.details(&Filter::default(), 2).unwrap().len(), 2);
    let odd = Request { id: "o\0dd".to_owned(), target: "/%00?q=select\u{7f}", ..Request::default() };
    shared.submit(event(&scoring(), &odd));
    assert!(shared.flush(PATIENCE));
    assert_eq!(ids(&shared, "text:select\\x7f"), ["odd"]);
    assert_eq!(shared.losses().total(), 0);
}

#[test]
fn two_instances_feed_one_store() {
    let Some(postgres) = Postgres::start() else { return };
    let instances = ["north", "south"].map(|name| open(&postgres, name, Limits::default()));
    for (events, commit) in instances.iter().zip(["c1", "c2"]) {
        let presence = Presence {
            version: "1.2.3".to_owned(),
            rules: format!("content of {commit}"),
            commit: Some(commit.to_owned()),
            mode: "On".to_owned(),
            started_micros: 5,
        };
        events.announce(presence);
    }
    let at = |id: &str| Request { id: id.to_owned(), target: "/?q=select", ..Request::default() };
    std::thread::scope(|scope| {
        for (events, name) in instances.iter().zip(["n", "s"]) {
            scope.spawn(move || {
                for round in 0..4 {
                    for id in 0..25 {
                        events.submit(event(&scoring(), &at(&format!("{name}{round}-{id}"))));
                    }
                    assert!(events.flush(PATIENCE));
                }
            });
        }
    });
    instances[1].submit(event(&scoring(), &Request::default()));
    assert!(instances.iter().all(|events| events.flush(PATIENCE)));
    let reading = Events::read_only(Place::Shared { url: postgres.url(), instance: String::new() }).unwrap();
    assert_eq!(reading.overview(Window::ALL).unwrap().totals.requests, 201);
    assert_eq!(reading.count(&Filter::parse("rule:1").unwrap()).unwrap(), 200);
    let listed = reading.list(&Filter::parse("id:s*").unwrap(), None, 500).unwrap().items;
    assert!(listed.len() == 100 && listed.iter().all(|event| event.instance == "south"));
    let deadline = Instant::now() + PATIENCE;
    let found = loop {
        let found = reading.instances(Window::ALL).unwrap();
        if found.iter().all(|instance| instance.seen_micros > 0) || Instant::now() > deadline {
            break found;
        }
        // Each says what it is with its next batch.
        for events in &instances {
            let _ = events.flush(PATIENCE);
        }
    };
    let told: Vec<_> = found
        .iter()
        .map(|one| (one.name.as_str(), one.commit.as_deref(), one.version.as_str(), one.counts.requests))
        .collect();
    assert_eq!(told, [("north", Some("c1"), "1.2.3", 100), ("south", Some("c2"), "1.2.3", 101)]);
}

#[test]
fn what_comes_while_the_database_is_away_waits_for_it() {
    let Some(mut postgres) = Postgres::start() else { return };
    let events = open(&postgres, "one", Limits::default());
    let at = |id: &str| Request { id: id.to_owned(), target: "/?q=select", ..Request::default() };
    events.submit(event(&scoring(), &at("before")));
    assert!(events.flush(PATIENCE));
    assert_eq!(events.trouble(), None);
    postgres.pause();
    events.submit(event(&scoring(), &at("meanwhile")));
    assert!(!events.flush(Duration::from_millis(400)), "it cannot be written");
    let error = events.list(&Filter::default(), None, 10).unwrap_err().to_string();
    assert!(error.contains("the event store cannot be read: "), "{error}");
    let trouble = events.trouble().unwrap();
    assert!(trouble.contains("connect") || trouble.contains("closed"), "{trouble}");
    postgres.resume();
    events.submit(event(&scoring(), &at("after")));
    assert!(events.flush(PATIENCE));
    assert_eq!(ids(&events, ""), ["after", "meanwhile", "before"]);
    assert_eq!((events.losses().total(), events.trouble()), (0, None));
}

#[test]
fn a_database_that_is_away_for_good_loses_what_does_not_fit_and_counts_it() {
    let Some(mut postgres) = Postgres::start() else { return };
    postgres.pause();
    let limits = Limits { queue_bytes: 16 << 10, ..Limits::default() };
    let events = open(&postgres, "one", limits);
    let request = Request { target: "/?q=select", ..Request::default() };
    (0..100).for_each(|_| events.submit(event(&scoring(), &request)));
    let lost = events.losses().queue;
    assert!((50..100).contains(&lost), "{lost} of 100 were lost");
    let Place::Shared { .. } = events.place() else { panic!("it is shared") };
    drop(events);
}

#[test]
fn an_address_that_is_none_is_refused_without_being_told() {
    let place = Place::Shared { url: "postgres://u:secret@h:port/x".to_owned(), instance: String::new() };
    let error = Events::open(place, Limits::default()).unwrap_err().to_string();
    assert!(error.contains("events_url") && !error.contains("secret"), "{error}");
}
