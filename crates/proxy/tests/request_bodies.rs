//! Request bodies on their way: inspected before anything is forwarded, spooled, limited, broken off.

mod support;

use portcullis_proxy::Notice;
use std::net::Shutdown;
use std::time::Duration;
use support::{Bench, Case, FORWARDED, Gate, OK, alerts, http, page, shown, without_dates};

const ALL: &str = "SecAction \"id:1,phase:1,pass\"\nSecAction \"id:2,phase:2,pass\"\nSecAction \"id:3,phase:3,pass\"\n\
                   SecAction \"id:4,phase:4,pass\"\nSecAction \"id:5,phase:5,pass\"";

fn form(body: &str) -> String {
    let length = body.len();
    format!(
        "POST / HTTP/1.1\nHost: h\nContent-Type: application/x-www-form-urlencoded\nContent-Length: {length}\n\n{body}"
    )
}

#[test]
fn nothing_reaches_the_origin_before_the_verdict_of_phase_2() {
    let (gate, stopped) = Gate::new();
    let bench = Bench::new("SecAction \"id:1,phase:2,pass,initcol:ip=x\"").storing(gate);
    let running = bench.answering(OK);
    let mut client = running.connect();
    client.send(&http(&form("a=b")));
    let go_on = stopped.recv().unwrap();
    // Phase 2 is running with the whole body in its hands.
    assert_eq!((running.origin.connections(), running.origin.bytes()), (0, 0));
    go_on.send(()).unwrap();
    client.expect(OK);
    assert!(running.origin.requests()[0].ends_with(b"a=b"));
}

#[test]
fn a_rewritten_body_goes_to_the_origin() {
    let rules = "SecStreamInBodyInspection On\n\
                 SecRule STREAM_INPUT_BODY \"@rsub s/secret/public thing/\" \"id:1,phase:2,pass\"";
    let chunked = form("").replace("Content-Length: 0", "Transfer-Encoding: chunked");
    for (settings, request, expected) in [
        ("", form("a=secret&b=1"), "Content-Length: 18\r\n\r\na=public thing&b=1"),
        ("", chunked + "8\r\na=secret\r\n0\r\n\r\n", "\r\n\r\ne\r\na=public thing\r\n0\r\n\r\n"),
        ("SecRequestBodyInMemoryLimit 1", form("a=secret"), "Content-Length: 14\r\n\r\na=public thing"),
        (
            "SecRequestBodyLimit 8\nSecRequestBodyLimitAction ProcessPartial",
            form("a=secret+secret"),
            "Content-Length: 21\r\n\r\na=public thing+secret",
        ),
        ("SecRuleEngine DetectionOnly", form("a=secret"), "Content-Length: 8\r\n\r\na=secret"),
    ] {
        let running = Bench::new(&format!("{settings}\n{rules}")).answering(OK);
        running.talk(&http(&request));
        let received = running.origin.requests().remove(0);
        assert!(received.ends_with(expected.as_bytes()), "{settings}: {}", received.escape_ascii());
    }
}

#[test]
fn large_bodies_go_through_memory_and_file_alike() {
    let directory = tempfile::tempdir().unwrap();
    for in_memory in [1, 100_000, 10_000_000] {
        for chunked in [false, true] {
            let rules = format!(
                "SecRequestBodyInMemoryLimit {in_memory}\nSecRequestBodyNoFilesLimit 10000000\n\
                 SecRule ARGS:z \"@streq end\" \"id:1,phase:2,pass\""
            );
            let running =
                Bench::new(&rules).with(|s| s.spool_directory = directory.path().into()).answering(OK);
            let body = format!("a={}&z=end", "x".repeat(1_000_000));
            let request = if chunked {
                let chunks: String = body
                    .as_bytes()
                    .chunks(70_000)
                    .map(|c| format!("{:x}\r\n{}\r\n", c.len(), String::from_utf8_lossy(c)))
                    .collect();
                form("").replace("Content-Length: 0", "Transfer-Encoding: chunked") + &chunks + "0\r\n\r\n"
            } else {
                form(&body)
            };
            let got = running.talk(&http(&request));
            assert_eq!(shown(&got), shown(&http(OK)));
            assert_eq!(alerts(&running.exchange()), [1]);
            let received = running.origin.requests().remove(0);
            let received = if chunked { unchunked(&received) } else { received };
            assert!(received.ends_with(body.as_bytes()), "{in_memory} {chunked}");
        }
    }
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 0);
}

fn unchunked(message: &[u8]) -> Vec<u8> {
    use portcullis_http1::{BodyDecoder, BodyLimits, Framing};
    let start = message.windows(4).position(|w| w == b"\r\n\r\n").unwrap() + 4;
    let (mut body, mut rest) = (Vec::new(), &message[start..]);
    let mut decoder = BodyDecoder::new(Framing::Chunked, BodyLimits::default());
    while !decoder.is_complete() {
        let decoded = decoder.decode(rest).unwrap();
        body.extend_from_slice(decoded.data);
        rest = &rest[decoded.consumed..];
    }
    body
}

#[test]
fn a_body_over_the_limit_of_the_rules_is_refused() {
    let client: &'static str = Box::leak(page(413, "Request Entity Too Large", "").into_boxed_str());
    let chunked = "POST / HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\n\n4\r\nabcd\r\n0\r\n\r\n";
    for request in [Box::leak(form("abcd").into_boxed_str()), chunked] {
        Case {
            rules: Box::leak(format!("SecRequestBodyLimit 3\n{ALL}").into_boxed_str()),
            request,
            client,
            alerts: &[&[1, 3, 4, 5]],
            ..Case::NEW
        }
        .check();
    }
}

#[test]
fn a_partly_inspected_body_is_forwarded_whole() {
    let rules = "SecRequestBodyLimit 3\nSecRequestBodyLimitAction ProcessPartial\n\
                 SecRule REQUEST_BODY_LENGTH \"@eq 3\" \"id:1,phase:2,pass\"";
    for body in ["abcd".to_owned(), "a".repeat(300_000)] {
        let running = Bench::new(rules).answering(OK);
        let got = running.talk(&http(&form(&body)));
        assert_eq!(shown(&got), shown(&http(OK)));
        assert_eq!(alerts(&running.exchange()), [1]);
        assert!(running.origin.requests()[0].ends_with(body.as_bytes()));
        // Denied after all: nothing of it.
        let running = Bench::new(&rules.replace("pass", "deny")).answering(OK);
        let got = running.talk(&http(&form(&body)));
        assert!(got.starts_with(b"HTTP/1.1 403"), "{}", shown(&got));
        assert_eq!(running.origin.bytes(), 0);
    }
}

#[test]
fn a_body_over_the_limit_of_the_spool_is_refused() {
    let running = Bench::new(ALL).with(|settings| settings.limits.spooled_body = 3).answering(OK);
    let got = running.talk(&http(&form("abcd")));
    assert!(got.starts_with(b"HTTP/1.1 413"), "{}", shown(&got));
    let exchange = running.exchange();
    assert!(exchange.error.unwrap().contains("larger than 3 bytes"));
    assert_eq!(running.origin.bytes(), 0);
}

#[test]
fn a_worker_holds_only_so_much_for_its_rules() {
    let (gate, stopped) = Gate::new();
    let bench = Bench::new("SecRule ARGS:a \"@streq wait\" \"id:1,phase:2,pass,initcol:ip=x\"").storing(gate);
    let running = bench.with(|settings| settings.limits.inspected_bodies_per_worker = 10).answering(OK);
    let mut first = running.connect();
    first.send(&http(&form("a=wait")));
    let go_on = stopped.recv().unwrap();
    // Six bytes are held while phase 2 of the first request runs: five more are too many, four are not.
    let got = running.talk(&http(&form("a=123")));
    assert!(got.starts_with(b"HTTP/1.1 503 Service Unavailable"), "{}", shown(&got));
    assert!(running.exchange().error.unwrap().contains("holds 10 bytes"));
    // The answer's two bytes are held, too.
    assert!(running.talk(&http(&form("a="))).ends_with(b"hi"));
    go_on.send(()).unwrap();
    first.expect(OK);
    assert!(running.talk(&http(&form("a=123"))).ends_with(b"hi"));
}

#[test]
fn a_spool_that_cannot_be_written_is_an_error_of_ours() {
    let rules = "SecRequestBodyInMemoryLimit 1\nSecTmpDir /nonexistent/spool";
    let running = Bench::new(rules).answering(OK);
    let got = running.talk(&http(&form("abcd")));
    assert!(got.starts_with(b"HTTP/1.1 500"), "{}", shown(&got));
    assert!(
        matches!(running.notice(), Notice::SpoolFailed { directory, .. } if directory.ends_with("spool"))
    );
    assert!(running.exchange().error.unwrap().contains("spool"));
    assert_eq!(running.origin.bytes(), 0);
}

#[test]
fn a_broken_body_is_refused_and_phase_2_does_not_run() {
    for (request, message) in [
        ("POST / HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\n\nzz\r\n", "HTTP Error 413"),
        ("POST / HTTP/1.1\nHost: h\nContent-Length: 9\n\nabc", "Partial results"),
        ("POST / HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\n\n9\r\nabc", "Partial results"),
    ] {
        let running = Bench::new(ALL).answering(OK);
        let got = running.talk(&http(request));
        assert_eq!(
            shown(&without_dates(&got)),
            shown(&http(&page(400, "Bad Request", "Connection: close\n")))
        );
        let exchange = running.exchange();
        assert_eq!(alerts(&exchange), [1, 3, 4, 5], "{request}");
        let texts: Vec<String> = exchange.record.alerts.iter().map(|a| shown(&a.text)).collect();
        let wanted = format!("Error reading request body: {message}");
        assert!(texts.iter().any(|text| text.starts_with(&wanted)), "{texts:?}");
        assert_eq!(running.origin.bytes(), 0);
    }
}

#[test]
fn a_client_that_stops_in_its_body_is_timed_out() {
    for access in ["On", "Off"] {
        let rules = format!("SecRequestBodyAccess {access}\n{ALL}");
        let quick = |settings: &mut portcullis_proxy::Settings| {
            settings.timeouts.request_body = Duration::from_millis(40);
        };
        let running = Bench::new(&rules).with(quick).conversing(|conversation| {
            conversation.request();
        });
        let mut client = running.connect();
        client.send(&http("POST / HTTP/1.1\nHost: h\nContent-Length: 9\n\nabc"));
        let got = shown(&client.rest());
        assert!(
            got.starts_with("HTTP/1.1 408 Request Timeout") && got.contains("Connection: close"),
            "{got}"
        );
        let exchange = running.exchange();
        assert_eq!(exchange.status, Some(408));
        assert_eq!(alerts(&exchange).contains(&2), access == "Off");
    }
}

#[test]
fn a_body_that_breaks_while_it_streams_never_looks_whole_to_the_origin() {
    let (told, heard) = std::sync::mpsc::channel();
    let told = std::sync::Mutex::new(told);
    let running = Bench::new("SecRequestBodyAccess Off").conversing(move |conversation| {
        let complete = conversation.request();
        told.lock().unwrap().send(complete.is_some()).unwrap();
    });
    for request in [
        "POST / HTTP/1.1\nHost: h\nContent-Length: 9\n\nabc",
        "POST / HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\n\n3\r\nabc\r\nzz",
    ] {
        let got = shown(&running.talk(&http(request)));
        assert!(got.starts_with("HTTP/1.1 400 Bad Request"), "{got}");
        assert!(!heard.recv().unwrap(), "{request}");
    }
}

#[test]
fn a_form_that_fails_to_parse_is_for_rules_to_judge() {
    Case {
        rules: "SecRule REQBODY_ERROR \"@eq 1\" \"id:1,phase:2,pass\"",
        request: "POST / HTTP/1.1\nHost: h\nContent-Type: multipart/form-data; boundary=x\nContent-Length: 4\n\n--x\n",
        forwarded: &["POST / HTTP/1.1\nHost: h\nContent-Type: multipart/form-data; boundary=x\nContent-Length: 4\n\n--x\n"],
        client: OK,
        alerts: &[&[1]],
        ..Case::NEW
    }
    .check();
}

#[test]
fn request_and_answer_flow_at_the_same_time() {
    // An origin that answers before it has read, and gives back each piece as it comes.
    let running = Bench::new("SecRequestBodyAccess Off").conversing(|conversation| {
        conversation.head();
        conversation.send(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n");
        for _ in 0..3 {
            let piece = conversation.bytes(2);
            conversation.send(&piece);
        }
    });
    let mut client = running.connect();
    client.send(&http("POST / HTTP/1.1\nHost: h\nContent-Length: 6\n\n"));
    client.expect("HTTP/1.1 200 OK\nContent-Length: 6\nConnection: close\n\n");
    for piece in [b"ab", b"cd", b"ef"] {
        client.send(piece);
        assert_eq!(client.bytes(2), piece);
    }
    assert_eq!(client.rest(), b"");
    assert_eq!(running.exchange().error, None);
}

#[test]
fn an_origin_may_refuse_a_body_without_reading_it() {
    let running = Bench::new("SecRequestBodyAccess Off").conversing(|conversation| {
        conversation.head();
        conversation.send(&http("HTTP/1.1 413 Too Large\nConnection: close\nContent-Length: 2\n\nno"));
        conversation.end();
        // Stays until the proxy gives up sending.
        while !conversation.bytes(1).is_empty() {
            if conversation.bytes(1 << 16).is_empty() {
                break;
            }
        }
    });
    let mut client = running.connect();
    let mut sender = client.stream.try_clone().unwrap();
    let sending = std::thread::spawn(move || {
        use std::io::Write as _;
        let _ = sender.write_all(&http("POST / HTTP/1.1\nHost: h\nContent-Length: 50000000\n\n"));
        let block = vec![b'x'; 1 << 20];
        while sender.write_all(&block).is_ok() {}
    });
    client.expect("HTTP/1.1 413 Too Large\nContent-Length: 2\nConnection: close\n\nno");
    let exchange = running.exchange();
    assert_eq!((exchange.status, exchange.error), (Some(413), None));
    drop(running);
    client.stream.shutdown(Shutdown::Both).ok();
    sending.join().unwrap();
}

#[test]
fn the_forwarded_head_of_a_spooled_body_names_its_length() {
    let body = "a=1";
    let expected: &'static str = Box::leak(
        form(body).replace("\nContent-Length", &format!("\n{FORWARDED}Content-Length")).into_boxed_str(),
    );
    let running = Bench::new("").answering(OK);
    running.talk(&http(&form(body)));
    assert_eq!(shown(&running.origin.requests()[0]), shown(&http(expected)));
}
