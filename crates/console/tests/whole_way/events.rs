//! What the store holds on pages, over the API and in the live tail.

use std::path::Path;
use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode, header};
use portcullis_insight::{
    Bytes, Country, Counts, EngineMode, Event, EventDetail, EventSummary, Events, MatchedRule, Places,
    StoredRequest, StoredResponse, Verdict,
};
use tower::ServiceExt as _;

use super::{Console, HOST};

/// A request with hostile bytes that would have been blocked, now.
pub(crate) fn misjudged() -> Event {
    let micros = jiff::Timestamp::now().as_microsecond();
    let summary = EventSummary {
        seq: 0,
        id: "ag8R2X8AAQEAAASa".to_owned(),
        micros,
        client: "192.0.2.7".to_owned(),
        host: "shop.example".into(),
        method: "GET".into(),
        path: Bytes::from(&b"/search<script>\xff"[..]),
        status: Some(200),
        verdict: Verdict::WouldBeBlocked,
        score: 5,
        rules: vec![942_100],
        instance: String::new(),
        message: "SQL <b>injection</b>".into(),
    };
    let matched = MatchedRule {
        id: 942_100,
        file: "crs/942.conf".to_owned(),
        line: 7,
        phase: 2,
        msg: "SQL <b>injection</b>".into(),
        data: "Matched".into(),
        severity: Some(2),
        tags: vec!["attack-sqli".into()],
        version: Bytes::default(),
        variable: "ARGS:q".into(),
        value: Bytes::from(&b"1' or \0 <img src=x>"[..]),
        value_length: 500,
        operator: "detected SQLi".into(),
        intercepted: false,
        disruptive: true,
        sums_up: false,
        detecting: false,
    };
    let request = StoredRequest {
        line: "GET /search?q=1'<img> HTTP/1.1".into(),
        target: "/search?q=1'<img>".into(),
        protocol: "HTTP/1.1".into(),
        headers: vec![("Host".into(), "shop.example:8080".into()), ("Cookie".into(), "******".into())],
        body: None,
        body_length: 0,
    };
    let detail = EventDetail {
        summary,
        server: "127.0.0.1:80".to_owned(),
        request,
        response: StoredResponse::default(),
        matched: vec![matched],
        matched_more: 0,
        notes: Vec::new(),
        scores: Vec::new(),
        interception: None,
        engine_mode: EngineMode::DetectionOnly,
        audited: true,
        hidden: vec!["Cookie".into()],
        duration_micros: 900,
        bytes_received: 100,
        bytes_sent: 200,
        upstream: None,
        error: None,
    };
    let counts = Counts { requests: 1, would_be_blocked: 1, ..Counts::default() };
    Event { micros, counts, detail: Some(Box::new(detail)) }
}

/// A console whose store holds [`misjudged`] and nine requests that matched nothing.
async fn watching() -> Console {
    let store = |root: &Path| {
        let events = Events::open(root.join("events.sqlite"), portcullis_insight::Limits::default()).unwrap();
        events.submit(misjudged());
        let micros = jiff::Timestamp::now().as_microsecond();
        let counts = Counts { requests: 9, passed: 9, ..Counts::default() };
        events.submit(Event { micros, counts, detail: None });
        assert!(events.flush(std::time::Duration::from_secs(20)));
        Some(Arc::new(events))
    };
    Console::with(store).sign_in().await
}

#[tokio::test]
async fn events_are_counted_found_and_shown_as_text() {
    let console = watching().await;
    let overview = console.get("/").await.text;
    assert!(overview.contains("10 requests in the last 24 hours. Nothing was blocked"), "{overview}");
    assert!(overview.contains("10.00 %") && overview.contains("q=rule%3A942100"), "{overview}");
    let list = console.get("/events?q=rule:942100&verdict=would_be_blocked&range=hour").await.text;
    assert!(
        list.contains("/events/ag8R2X8AAQEAAASa") && list.contains("/search&lt;script&gt;\\xff"),
        "{list}"
    );
    assert!(console.get("/events?q=rule:1").await.text.contains("No request of this time matched"));
    let event = console.get("/events/ag8R2X8AAQEAAASa").await.text;
    assert!(event.contains("1&#39; or \\x00 &lt;img src=x&gt;") && !event.contains("<img"), "{event}");
    assert!(event.contains("483 bytes more") || event.contains("bytes more are not stored"), "{event}");
    let curl =
        "curl -g --path-as-is &#39;http://shop.example:8080/search?q=1&#39;\\&#39;&#39;&lt;img&gt;&#39;<";
    assert!(event.contains(curl) && event.contains("the field Cookie, which rules hide"), "{event}");
    let protection = console.get("/protection").await.text;
    assert!(
        protection.contains("1 of 10 requests in the last 24 hours would have been blocked"),
        "{protection}"
    );
}

#[tokio::test]
async fn the_api_tells_what_the_pages_show_and_refuses_what_it_does_not_know() {
    let console = watching().await;
    let json = async |path: &str| -> serde_json::Value {
        let got = console.get(path).await;
        assert_eq!(got.status, StatusCode::OK, "{path}: {}", got.text);
        serde_json::from_str(&got.text).unwrap()
    };
    assert_eq!(json("/api/v1/overview?range=hour").await["totals"]["requests"], 10);
    assert_eq!(json("/api/v1/protection").await["stored"], 1);
    assert_eq!(json("/api/v1/events?q=score:%3E4").await["items"][0]["client"], "192.0.2.7");
    assert_eq!(json("/api/v1/events/ag8R2X8AAQEAAASa").await["matched"][0]["variable"], "ARGS:q");
    for wrong in
        ["events?q=colour:red", "events?range=year", "events?limit=0", "events?before=x", "overview?range="]
    {
        let got = console.get(&format!("/api/v1/{wrong}")).await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}: {}", got.text);
    }
    assert_eq!(console.get("/api/v1/events/none").await.status, StatusCode::NOT_FOUND);
    let page = console.get("/events?q=colour:red").await;
    assert!(
        page.status == StatusCode::UNPROCESSABLE_ENTITY && page.text.contains("there is no field `colour`")
    );
    let bare = Console::signed_in().await;
    assert_eq!(bare.get("/api/v1/events").await.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(bare.get("/").await.text.contains("No events are kept"));
}

#[tokio::test]
async fn the_live_tail_sends_what_comes() {
    let store = |root: &Path| {
        Some(Arc::new(
            Events::open(root.join("events.sqlite"), portcullis_insight::Limits::default()).unwrap(),
        ))
    };
    let mut held = None;
    let console = Console::with(|root| {
        held = store(root);
        held.clone()
    });
    let console = console.sign_in().await;
    let request = Request::get("/events/live?q=rule:942100").header(header::HOST, HOST);
    let request = request.header(header::COOKIE, &console.cookie).body(Body::empty()).unwrap();
    let answer = console.router.clone().oneshot(request).await.unwrap();
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/event-stream");
    held.unwrap().submit(misjudged());
    let mut frames = answer.into_body().into_data_stream();
    let mut text = String::new();
    while !text.contains("\ndata: ") {
        let next = std::future::poll_fn(|context| {
            futures_core::Stream::poll_next(std::pin::Pin::new(&mut frames), context)
        });
        text.push_str(std::str::from_utf8(&next.await.unwrap().unwrap()).unwrap());
    }
    assert!(text.starts_with(": open\n\n") && text.contains("<tr> <td class=\"num\">"), "{text}");
    assert!(text.contains("/search&lt;script&gt;") && text.ends_with("\n\n"), "{text}");
}

/// Where every client is.
#[derive(Debug)]
struct Somewhere;

impl Places for Somewhere {
    fn are_known(&self) -> bool {
        true
    }

    fn country(&self, _: &str) -> Option<Country> {
        Some(Country { code: "DE".to_owned(), name: "Germany".to_owned() })
    }
}

#[tokio::test]
async fn countries_are_listed_and_looked_for_where_they_are_known() {
    let mut held = None;
    let console = Console::with(|root| {
        let events = Events::open(root.join("events.sqlite"), portcullis_insight::Limits::default()).unwrap();
        events.submit(misjudged());
        assert!(events.flush(std::time::Duration::from_secs(20)));
        held = Some(Arc::new(events));
        held.clone()
    });
    let (console, events) = (console.sign_in().await, held.unwrap());
    for path in ["/events?q=country:DE", "/api/v1/events?q=country:DE"] {
        let got = console.get(path).await;
        assert_eq!(got.status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
        assert!(got.text.contains("needs a geographic database"), "{path}: {}", got.text);
    }
    assert!(!console.get("/").await.text.contains("id=\"top-countries\""));
    events.set_places(Arc::new(Somewhere));
    for path in ["/", "/protection"] {
        let page = console.get(path).await.text;
        assert!(page.contains("q=country%3ADE") && page.contains("Germany"), "{path}: {page}");
    }
    assert!(console.get("/events?q=country:germany").await.text.contains("ag8R2X8AAQEAAASa"));
    let found = |word| console.get(word);
    assert!(found("/api/v1/events?q=country:DE").await.text.contains("ag8R2X8AAQEAAASa"));
    assert!(found("/api/v1/events?q=country:FR").await.text.contains("\"items\":[]"));
    assert!(found("/api/v1/overview").await.text.contains("\"code\":\"DE\""));
}
