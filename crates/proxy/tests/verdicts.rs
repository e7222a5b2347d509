//! What the rules decide, in each phase, and what each side then sees.

mod support;

use support::{Bench, Case, OK, alerts, http, page, shown, without_dates};

const GET: &str = "GET /a HTTP/1.1\nHost: h\n\n";
const FORM: &str =
    "POST /a HTTP/1.1\nHost: h\nContent-Type: application/x-www-form-urlencoded\nContent-Length: 3\n\na=b";
/// A rule that logs in each response phase.
const LATER: &str =
    "SecAction \"id:13,phase:3,pass\"\nSecAction \"id:14,phase:4,pass\"\nSecAction \"id:15,phase:5,pass\"";

/// Plays one request; what the client got and the exchange.
fn play(rules: &str, request: &str) -> (String, portcullis_proxy::Exchange, usize) {
    let running = Bench::new(&format!("{rules}\n{LATER}")).answering(OK);
    let got = running.talk(&http(request));
    let bytes = running.origin.bytes();
    let exchange = running.exchange();
    assert_eq!(exchange.bytes_sent, got.len() as u64);
    (shown(&without_dates(&got)), exchange, bytes)
}

#[test]
fn a_denial_in_a_request_phase_never_reaches_the_origin() {
    for (phase, request) in [(1, GET), (2, GET), (1, FORM), (2, FORM)] {
        let (got, exchange, bytes) = play(&format!("SecAction \"id:1,phase:{phase},deny\""), request);
        assert_eq!(got, shown(&http(&page(403, "Forbidden", ""))), "{phase} {request}");
        assert_eq!(bytes, 0);
        assert_eq!(alerts(&exchange), [1, 15]);
        assert_eq!((exchange.status, exchange.error, exchange.upstream), (Some(403), None, None));
        assert_eq!(exchange.record.interception.map(|i| i.phase.number()), Some(phase));
    }
}

#[test]
fn a_denial_in_a_response_phase_replaces_the_whole_answer() {
    for (phase, access, ids) in [(3, "On", &[1, 15][..]), (4, "On", &[1, 13, 15]), (4, "Off", &[1, 13, 15])] {
        let rules =
            format!("SecResponseBodyAccess {access}\nSecAction \"id:1,phase:{phase},deny,status:406\"");
        let (got, exchange, bytes) = play(&rules, GET);
        assert_eq!(got, shown(&http(&page(406, "Not Acceptable", ""))), "{phase}");
        assert!(bytes > 0);
        let mut seen = alerts(&exchange);
        seen.sort_unstable();
        assert_eq!(seen, ids, "{phase}");
        assert_eq!(exchange.status, Some(406));
        assert_eq!(exchange.upstream.and_then(|share| share.status), Some(200));
    }
}

#[test]
fn statuses_without_a_text_are_answered_500_and_logged_as_asked() {
    for (asked, sent, text) in [
        (418, 500, "Internal Server Error"),
        (429, 429, "Too Many Requests"),
        (301, 301, "Moved Permanently"),
        (200, 200, "OK"),
    ] {
        let rules = format!(
            "SecAction \"id:1,phase:1,deny,status:{asked}\"\nSecRule RESPONSE_STATUS \"@eq {asked}\" \"id:2,phase:5,pass\""
        );
        let (got, exchange, _) = play(&rules, GET);
        assert_eq!(got, shown(&http(&page(sent, text, ""))));
        assert_eq!((exchange.status, exchange.record.response.status), (Some(sent), asked));
        assert_eq!(alerts(&exchange), [1, 2, 15]);
    }
    let (got, ..) = play("SecAction \"id:1,phase:1,deny,status:204\"", GET);
    assert_eq!(got, shown(&http("HTTP/1.1 204 No Content\n\n")));
}

#[test]
fn phase_5_sees_the_page() {
    let rules = "SecAction \"id:1,phase:1,deny\"\n\
                 SecRule RESPONSE_BODY \"@contains <h1>Forbidden\" \"id:2,phase:5,pass,chain\"\n\
                 SecRule RESPONSE_HEADERS:Content-Type \"@beginsWith text/html\" \"t:none\"";
    let (_, exchange, _) = play(rules, GET);
    assert_eq!(alerts(&exchange), [1, 2, 15]);
}

#[test]
fn a_head_request_gets_the_head_of_the_page() {
    let (got, exchange, _) = play("SecAction \"id:1,phase:1,deny\"", "HEAD /a HTTP/1.1\nHost: h\n\n");
    let whole = page(403, "Forbidden", "");
    let (head, _) = whole.split_once("\n\n").unwrap();
    assert_eq!(got, shown(&http(&format!("{head}\n\n"))));
    assert_eq!(exchange.body_bytes_sent, 0);
}

#[test]
fn a_redirect() {
    let rules = "SecRule ARGS:to \"@rx .\" \"id:1,phase:2,redirect:'http://x/?%{MATCHED_VAR}',status:307\"";
    let (got, exchange, bytes) = play(rules, "GET /?to=%22%3e%0d%0aSet-Cookie:a HTTP/1.1\nHost: h\n\n");
    assert!(
        got.starts_with(
            "HTTP/1.1 307 Temporary Redirect\\r\\n\nLocation: http://x/?\\\">Set-Cookie:a\\r\\n\n"
        ),
        "{got}"
    );
    assert!(got.contains("href=\\\"http://x/?&quot;&gt;Set-Cookie:a\\\""), "{got}");
    assert_eq!((exchange.status, bytes), (Some(307), 0));
}

#[test]
fn a_drop_resets_the_connection_without_an_answer() {
    for phase in 1..=4 {
        let running = Bench::new(&format!("SecAction \"id:1,phase:{phase},drop\"\n{LATER}")).answering(OK);
        let mut client = running.connect();
        client.send(&http(GET));
        let mut block = [0; 100];
        let error = std::io::Read::read(&mut client.stream, &mut block).unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
        let exchange = running.exchange();
        assert_eq!((exchange.status, exchange.bytes_sent), (None, 0));
        assert_eq!(exchange.record.response.status, 403);
        assert_eq!(alerts(&exchange).last(), Some(&15));
        assert_eq!(running.origin.bytes() > 0, phase > 2);
    }
}

#[test]
fn allow_ends_the_rules_and_not_the_request() {
    Case {
        rules: "SecAction \"id:1,phase:1,allow\"\nSecAction \"id:2,phase:2,deny\"\nSecAction \"id:5,phase:5,pass\"",
        request: GET,
        forwarded: &[GET],
        client: OK,
        alerts: &[&[1, 5]],
        ..Case::NEW
    }
    .check();
}

#[test]
fn an_engine_that_is_off_lets_everything_pass() {
    Case {
        rules: "SecRuleEngine Off\nSecAction \"id:1,phase:1,deny\"",
        request: FORM,
        forwarded: &[FORM],
        client: OK,
        alerts: &[&[]],
        ..Case::NEW
    }
    .check();
}

#[test]
fn proxy_sends_the_request_elsewhere() {
    for phase in [1, 2] {
        let elsewhere = portcullis_testkit::origin::Origin::answering(http(
            "HTTP/1.1 201 Created\nContent-Length: 0\n\n",
        ));
        let url = format!("http://{}/trap", elsewhere.address());
        let running =
            Bench::new(&format!("SecAction \"id:1,phase:{phase},proxy:{url}\"\n{LATER}")).answering(OK);
        let got = running.talk(&http(&FORM.replace("/a", "/a?q=1")));
        assert_eq!(shown(&got), shown(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"));
        assert_eq!(running.origin.bytes(), 0);
        let expected = format!(
            "POST /trap?q=1 HTTP/1.1\nHost: h\nContent-Type: application/x-www-form-urlencoded\n{}Content-Length: 3\n\na=b",
            support::FORWARDED
        );
        assert_eq!(shown(&elsewhere.requests()[0]), shown(&http(&expected)));
        assert_eq!(running.exchange().upstream.unwrap().address, elsewhere.address());
    }
}

#[test]
fn proxy_to_nowhere_is_a_bad_gateway() {
    for url in ["https://h/", "http://127.0.0.1:1/"] {
        let (got, exchange, bytes) = play(&format!("SecAction \"id:1,phase:1,proxy:{url}\""), GET);
        assert!(got.starts_with("HTTP/1.1 502 Bad Gateway"), "{got}");
        assert!(exchange.error.is_some() && bytes == 0);
    }
}

#[test]
fn the_connection_survives_a_denial_when_the_body_has_come() {
    let running = Bench::new("SecRule REQUEST_METHOD \"@streq POST\" \"id:1,phase:1,deny\"").answering(OK);
    let got = shown(&running.talk(&[http(FORM), http(GET)].concat()));
    assert!(got.contains("403 Forbidden") && got.ends_with("hi"), "{got}");
    // When it has not, nobody waits for it.
    let mut client = running.connect();
    client.send(&http(&FORM.replace("Length: 3", "Length: 4")));
    let got = shown(&client.rest());
    assert!(got.contains("403 Forbidden") && got.contains("Connection: close"), "{got}");
    // A client that waits for an invitation gets the denial instead.
    let mut client = running.connect();
    client.send(&http("POST / HTTP/1.1\nHost: h\nExpect: 100-continue\nContent-Length: 3\n\n"));
    let got = shown(&client.rest());
    assert!(got.starts_with("HTTP/1.1 403 Forbidden"), "{got}");
}

#[test]
fn a_new_rule_set_counts_from_the_next_request_on() {
    let running = Bench::new("").answering(OK);
    let mut client = running.connect();
    client.send(&http(GET));
    client.expect(OK);
    let rules = portcullis_testkit::rules::Source::new()
        .text("r.conf", "SecRuleEngine On\nSecAction \"id:1,phase:1,deny\"");
    running.rules.replace(rules.compile(Default::default()).unwrap().into());
    client.send(&http(GET));
    assert!(client.bytes(30).starts_with(b"HTTP/1.1 403"));
    let (first, second) = (running.exchange(), running.exchange());
    assert!(!std::sync::Arc::ptr_eq(&first.rule_set, &second.rule_set));
}
