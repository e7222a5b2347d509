//! Requests that are refused for what they are, not for what rules say: when, with which status, and what rules see.

mod support;

use support::{Bench, OK, alerts, http, shown};

/// A rule that logs in each phase.
const ALL: &str = "SecAction \"id:1,phase:1,pass\"\nSecAction \"id:2,phase:2,pass\"\nSecAction \"id:3,phase:3,pass\"\n\
                   SecAction \"id:4,phase:4,pass\"\nSecAction \"id:5,phase:5,pass\"";

/// Request, status, rules that ran, and the deviation named.
const CASES: &[(&str, u16, &[u64], &str)] = &[
    // While the head is read: the answer is the refusal's, phases 1 and 5 run on what could be read.
    ("GET / HTTP/1.1\n\n", 400, &[1, 5], "no-host"),
    ("GET / HTTP/1.1\nHost: a\nHost: b\n\n", 400, &[1, 5], "many-hosts"),
    ("GET /#a HTTP/1.1\nHost: h\n\n", 400, &[1, 5], "fragment"),
    ("GET / HTTP/1.1\nHost: h\nX : 1\n\n", 400, &[1, 5], "space-before-colon"),
    ("GET / HTTP/1.1\nHost: h\nExpect: x\n\n", 417, &[1, 5], "unknown-expectation"),
    ("POST / HTTP/1.1\nHost: h\nContent-Length: +3\n\nabc", 400, &[1, 5], "invalid-content-length"),
    ("POST / HTTP/1.1\nHost: h\nTransfer-Encoding: gzip\n\nabc", 400, &[1, 5], "unknown-transfer-coding"),
    ("GET / HTTP/1.1\nHost: h\nX: \x01\n\n", 400, &[1, 5], "control-byte"),
    ("hello\n", 400, &[1, 5], "malformed-request-line"),
    ("\x16\x03\x01\x02\0\x01\0\x01\u{7f}\n", 400, &[1, 5], "control-byte"),
    ("GET / HTTP/1.1\nHost: h\n", 400, &[1, 5], "incomplete-head"),
    // When the path is mapped: after phase 1, and the response phases see the page.
    ("GET /a%00 HTTP/1.1\nHost: h\n\n", 404, &[1, 3, 4, 5], "nul-escape"),
    ("GET /../a HTTP/1.1\nHost: h\n\n", 400, &[1, 3, 4, 5], "above-root"),
    ("GET /%zz HTTP/1.1\nHost: h\n\n", 400, &[1, 3, 4, 5], "invalid-escape"),
    // When it would be forwarded: after phase 2.
    ("CONNECT h:443 HTTP/1.1\nHost: h\n\n", 405, &[1, 2, 3, 4, 5], "authority-form"),
    (
        "POST / HTTP/1.1\nHost: h\nTransfer-Encoding: gzip, chunked\n\n0\r\n\r\n",
        500,
        &[1, 2, 3, 4, 5],
        "odd-transfer-coding",
    ),
];

#[test]
fn each_is_refused_in_its_time_and_never_forwarded() {
    let running = Bench::new(ALL).answering(OK);
    for (request, status, ids, deviation) in CASES {
        let got = shown(&running.talk(&http(request)));
        assert!(got.starts_with(&format!("HTTP/1.1 {status} ")), "{request}: {got}");
        let exchange = running.exchange();
        assert_eq!(alerts(&exchange), *ids, "{request}");
        assert_eq!(exchange.status, Some(*status));
        let error = exchange.error.unwrap();
        assert!(error.contains(deviation), "{request}: {error}");
    }
    assert_eq!(running.origin.bytes(), 0);
}

#[test]
fn a_refused_head_is_the_last_one_of_its_connection() {
    let running = Bench::new(ALL).answering(OK);
    let got = shown(&running.talk(&[http(CASES[1].0), http("GET / HTTP/1.1\nHost: h\n\n")].concat()));
    assert_eq!(got.matches("HTTP/1.1").count(), 1, "{got}");
    assert!(got.contains("Connection: close"), "{got}");
    assert_eq!(running.origin.bytes(), 0);
}

#[test]
fn a_verdict_of_phase_1_does_not_change_what_a_broken_head_is_answered() {
    let running = Bench::new("SecAction \"id:1,phase:1,deny,status:403\"\nSecAction \"id:5,phase:5,pass\"")
        .answering(OK);
    let got = shown(&running.talk(&http("GET / HTTP/1.1\n\n")));
    assert!(got.starts_with("HTTP/1.1 400 "), "{got}");
    assert_eq!(alerts(&running.exchange()), [1, 5]);
    // Where httpd refuses after phase 1, phase 1 comes first.
    let got = shown(&running.talk(&http("GET /%00 HTTP/1.1\nHost: h\n\n")));
    assert!(got.starts_with("HTTP/1.1 403 "), "{got}");
}

#[test]
fn limits_of_the_head() {
    let long = "a".repeat(9000);
    for (request, status) in [
        (format!("GET /{long} HTTP/1.1\nHost: h\n\n"), 414),
        (format!("GET / HTTP/1.1\nHost: h\nX: {long}\n\n"), 400),
        (format!("GET / HTTP/1.1\nHost: h\n{}\n\n", "X: 1\n".repeat(101).trim_end()), 400),
    ] {
        let running = Bench::new("").answering(OK);
        let got = shown(&running.talk(&http(&request)));
        assert!(got.starts_with(&format!("HTTP/1.1 {status} ")), "{got}");
        assert_eq!(running.origin.bytes(), 0);
    }
}

#[test]
fn policies_decide() {
    use portcullis_http1::{Deviation, Policy};
    let bench = |deviation, policy| {
        Bench::new("").with(|settings| settings.http.policies.set(deviation, policy).unwrap()).answering(OK)
    };
    let chunked = "POST / HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\n\n1;x\r\na\r\n0\r\nT: 1\r\n\r\n";
    for (deviation, policy, request, status) in [
        (Deviation::BareLf, Policy::Normalise, "GET / HTTP/1.1\r\nHost: h\n\r\n", 200),
        (Deviation::NoHost, Policy::Pass, "GET / HTTP/1.1\r\n\r\n", 200),
        (Deviation::ObsFold, Policy::Reject, "GET / HTTP/1.1\r\nHost: h\r\nX: 1\r\n 2\r\n\r\n", 400),
        (Deviation::ChunkExtension, Policy::Reject, chunked, 400),
        (Deviation::Trailers, Policy::Reject, chunked, 400),
    ] {
        let running = bench(deviation, policy);
        let request = if request == chunked { http(request) } else { request.as_bytes().to_vec() };
        let got = shown(&running.talk(&request));
        assert!(got.starts_with(&format!("HTTP/1.1 {status} ")), "{deviation:?}: {got}");
        assert_eq!(running.origin.bytes() > 0, status == 200);
    }
}

#[test]
fn what_a_streamed_body_shows_at_its_end_still_stops_it() {
    use portcullis_http1::{Deviation, Policy};
    let chunked = "POST / HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\n\n1;x\r\na\r\n0\r\nT: 1\r\n\r\n";
    for deviation in [Deviation::ChunkExtension, Deviation::Trailers] {
        let running = Bench::new("SecRequestBodyAccess Off")
            .with(|settings| settings.http.policies.set(deviation, Policy::Reject).unwrap())
            .answering(OK);
        let got = shown(&running.talk(&http(chunked)));
        assert!(got.starts_with("HTTP/1.1 400 "), "{deviation:?}: {got}");
        assert_eq!(running.origin.requests().len(), 0);
    }
}

#[test]
fn a_client_that_stops_in_its_head_is_timed_out() {
    let quick = |settings: &mut portcullis_proxy::Settings| {
        settings.timeouts.request_head = std::time::Duration::from_millis(40);
    };
    let running = Bench::new(ALL).with(quick).answering(OK);
    let mut client = running.connect();
    client.send(b"GET /a HTTP/1.1\r\nHost: h\r\n");
    let got = shown(&client.rest());
    assert!(got.starts_with("HTTP/1.1 408 Request Timeout"), "{got}");
    let exchange = running.exchange();
    assert_eq!((exchange.status, alerts(&exchange)), (Some(408), vec![1, 5]));
    assert_eq!(exchange.record.request.line, b"GET /a HTTP/1.1");
    // Not even a request line: there is nothing to show rules.
    let mut client = running.connect();
    client.send(b"GET /a");
    let got = shown(&client.rest());
    assert!(got.starts_with("HTTP/1.1 408 Request Timeout"), "{got}");
    assert!(matches!(running.notice(), portcullis_proxy::Notice::UnfinishedRequestLine { .. }));
}
