//! Requests and answers that pass.
mod support;
use support::{Bench, Case, OK, http, shown};

#[test]
fn a_get_passes() {
    Case {
        request: "GET /a?b=1 HTTP/1.1\nHost: h\nUser-Agent: t\n\n",
        forwarded: &["GET /a?b=1 HTTP/1.1\nHost: h\nUser-Agent: t\n\n"],
        client: OK,
        alerts: &[&[]],
        ..Case::NEW
    }
    .check();
}

#[test]
fn a_form_passes() {
    Case {
        rules: "SecRule ARGS:a \"@streq b\" \"id:1,phase:2,pass\"",
        request: "POST /a HTTP/1.1\nHost: h\nContent-Type: application/x-www-form-urlencoded\nContent-Length: 3\n\na=b",
        forwarded: &["POST /a HTTP/1.1\nHost: h\nContent-Type: application/x-www-form-urlencoded\nContent-Length: 3\n\na=b"],
        client: OK,
        alerts: &[&[1]],
        ..Case::NEW
    }
    .check();
}

#[test]
fn a_denied_form_never_reaches_the_origin() {
    let running = Bench::new("SecRule ARGS:a \"@streq b\" \"id:1,phase:2,deny\"").answering(OK);
    let form = "POST /a HTTP/1.1\nHost: h\nContent-Type: application/x-www-form-urlencoded\nContent-Length: 3\n\na=b";
    let answer = running.talk(&http(form));
    assert!(answer.starts_with(b"HTTP/1.1 403 Forbidden\r\n"), "{}", shown(&answer));
    assert_eq!(running.origin.bytes(), 0);
    assert_eq!(support::alerts(&running.exchange()), [1]);
}
