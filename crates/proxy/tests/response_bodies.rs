//! Response bodies on their way: held back until phase 4 has passed, limited, decompressed for the rules, injected into.

mod support;

use portcullis_proxy::Notice;
use portcullis_testkit::origin::Conversation;
use std::io::Write as _;
use support::{Bench, Case, Gate, OK, alerts, http, page, shown, without_dates};

const GET: &str = "GET / HTTP/1.1\nHost: h\n\n";

/// An HTML answer of this length.
fn answer(body: &[u8], fields: &str) -> Vec<u8> {
    let head =
        format!("HTTP/1.1 200 OK\nContent-Type: text/html\n{fields}Content-Length: {}\n\n", body.len());
    [http(&head), body.to_vec()].concat()
}

fn always(answer: Vec<u8>) -> impl Fn(&mut Conversation) + Send + Sync + 'static {
    move |conversation| {
        while conversation.request().is_some() {
            conversation.send(&answer);
        }
    }
}

#[test]
fn nothing_reaches_the_client_before_the_verdict_of_phase_4() {
    for phase in [3, 4] {
        let (gate, stopped) = Gate::new();
        let bench = Bench::new(&format!("SecAction \"id:1,phase:{phase},pass,initcol:ip=x\"")).storing(gate);
        let running = bench.answering(OK);
        let mut client = running.connect();
        client.send(&http(GET));
        let go_on = stopped.recv().unwrap();
        client.stream.set_nonblocking(true).unwrap();
        let nothing = std::io::Read::read(&mut client.stream, &mut [0]).unwrap_err();
        assert_eq!(nothing.kind(), std::io::ErrorKind::WouldBlock);
        client.stream.set_nonblocking(false).unwrap();
        go_on.send(()).unwrap();
        client.expect(OK);
    }
}

#[test]
fn a_leak_is_stopped_wherever_it_stands() {
    let rules = "SecRule RESPONSE_BODY \"@contains root:x:0\" \"id:1,phase:4,deny\"";
    let padding = "x".repeat(200_000);
    for body in [format!("root:x:0{padding}"), format!("{padding}root:x:0"), "root:x:0".to_owned()] {
        let chunks: String =
            body.as_bytes().chunks(999).map(|c| format!("{:x}\r\n{}\r\n", c.len(), shown(c))).collect();
        let chunked = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}0\r\n\r\n"
        );
        for answer in [answer(body.as_bytes(), ""), chunked.into_bytes()] {
            let running = Bench::new(rules).conversing(always(answer));
            let got = running.talk(&http(GET));
            assert_eq!(shown(&without_dates(&got)), shown(&http(&page(403, "Forbidden", ""))));
            assert_eq!(alerts(&running.exchange()), [1]);
        }
    }
}

#[test]
fn an_inspected_body_passes_byte_for_byte() {
    let body: Vec<u8> = (0..500_000u32).map(|n| (n * 7 % 251) as u8).collect();
    let running = Bench::new("SecRule RESPONSE_BODY \"@rx .\" \"id:1,phase:4,pass\"")
        .conversing(always(answer(&body, "")));
    let got = running.talk(&http(GET).repeat(2));
    assert!(got == answer(&body, "").repeat(2));
    assert_eq!(running.origin.connections(), 1);
    assert_eq!(running.exchange().body_bytes_sent, body.len() as u64);
}

#[test]
fn a_body_over_the_limit() {
    let all =
        "SecAction \"id:3,phase:3,pass\"\nSecAction \"id:4,phase:4,pass\"\nSecAction \"id:5,phase:5,pass\"";
    let chunked =
        "HTTP/1.1 200 OK\nContent-Type: text/html\nTransfer-Encoding: chunked\n\n4\r\nabcd\r\n0\r\n\r\n";
    for answer in ["HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: 4\n\nabcd", chunked] {
        Case {
            rules: Box::leak(
                format!("SecResponseBodyLimit 3\nSecResponseBodyLimitAction Reject\n{all}").into_boxed_str(),
            ),
            request: GET,
            answer,
            forwarded: &[GET],
            client: Box::leak(page(500, "Internal Server Error", "").into_boxed_str()),
            alerts: &[&[3, 5]],
            ..Case::NEW
        }
        .check();
        Case {
            rules: "SecResponseBodyLimit 3\nSecResponseBodyLimitAction ProcessPartial\n\
                    SecRule RESPONSE_BODY \"@streq abc\" \"id:4,phase:4,pass\"",
            request: GET,
            answer,
            forwarded: &[GET],
            client: answer,
            alerts: &[&[4]],
            ..Case::NEW
        }
        .check();
    }
}

#[test]
fn compressed_answers_are_read_and_passed_on_as_they_are() {
    let text = "<html>root:x:0 and more</html>".repeat(1000);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(text.as_bytes()).unwrap();
    let bodies = [
        ("gzip", gzip.finish().unwrap()),
        ("zstd", zstd::encode_all(text.as_bytes(), 1).unwrap()),
        // Not compressed at all, whatever it says.
        ("br", text.clone().into_bytes()),
        ("unknown, br", text.clone().into_bytes()),
    ];
    for (coding, body) in bodies {
        let fields = format!("Content-Encoding: {coding}\n");
        let expected = answer(&body, &fields);
        let rules = "SecRule RESPONSE_BODY \"@contains root:x:0\" \"id:1,phase:4,pass\"";
        let running = Bench::new(rules).conversing(always(expected.clone()));
        assert!(running.talk(&http(GET)) == expected, "{coding}");
        assert_eq!(alerts(&running.exchange()), [1], "{coding}");
        if coding.contains("br") {
            assert!(
                matches!(running.notice(), Notice::NotDecompressed { coding: told, .. } if told == coding)
            );
        }
        let running = Bench::new(&rules.replace("pass", "deny")).conversing(always(expected));
        assert!(running.talk(&http(GET)).starts_with(b"HTTP/1.1 403"), "{coding}");
    }
}

#[test]
fn a_decompression_bomb_meets_the_limit_of_the_rules() {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&vec![b'a'; 20_000_000]).unwrap();
    let bomb = gzip.finish().unwrap();
    let expected = answer(&bomb, "Content-Encoding: gzip\n");
    for (action, passes) in [("Reject", false), ("ProcessPartial", true)] {
        let rules = format!(
            "SecResponseBodyLimitAction {action}\nSecRule RESPONSE_BODY \"@rx ^a{{1000}}\" \"id:1,phase:4,pass\""
        );
        let running = Bench::new(&rules).conversing(always(expected.clone()));
        let got = running.talk(&http(GET));
        assert_eq!(got == expected, passes);
        assert_eq!(running.exchange().status, Some(if passes { 200 } else { 500 }));
    }
}

#[test]
fn a_worker_holds_only_so_much_for_its_rules() {
    for (access, status) in [("On", "503"), ("Off", "200")] {
        let running = Bench::new(&format!("SecResponseBodyAccess {access}"))
            .with(|settings| settings.limits.inspected_bodies_per_worker = 10)
            .conversing(always(answer(b"eleven long", "")));
        let got = shown(&running.talk(&http(GET)));
        assert!(got.starts_with(&format!("HTTP/1.1 {status}")), "{got}");
    }
}

#[test]
fn texts_are_put_around_the_body() {
    let rules = "SecContentInjection On\nSecAction \"id:1,phase:3,pass,nolog,append:'END',prepend:'START'\"";
    for (access, version, client) in [
        ("On", "1.1", "Transfer-Encoding: chunked\n\n5\r\nSTART\r\n4\r\nbody\r\n3\r\nEND\r\n0\r\n\r\n"),
        ("Off", "1.1", "Transfer-Encoding: chunked\n\n5\r\nSTART\r\n4\r\nbody\r\n3\r\nEND\r\n0\r\n\r\n"),
        ("On", "1.0", "Connection: close\n\nSTARTbodyEND"),
    ] {
        let rules = format!("SecResponseBodyAccess {access}\n{rules}");
        let fields = "ETag: \"x\"\nLast-Modified: y\nExpires: z\nX: 1\n";
        let running = Bench::new(&rules).conversing(always(answer(b"body", fields)));
        let got = running.talk(&http(&GET.replace("1.1", version)));
        let expected = format!("HTTP/1.1 200 OK\nContent-Type: text/html\nX: 1\n{client}");
        assert_eq!(shown(&got), shown(&http(&expected)), "{access} {version}");
    }
    // Nothing is put into what cannot be read, or where there is nothing.
    for answer in [answer(b"\x1f\x8b", "Content-Encoding: gzip\n"), http("HTTP/1.1 304 Not Modified\n\n")] {
        let running = Bench::new(rules).conversing(always(answer.clone()));
        assert_eq!(shown(&running.talk(&http(GET))), shown(&answer));
    }
}

#[test]
fn a_rewritten_body_goes_to_the_client() {
    let rules = "SecResponseBodyAccess On\nSecStreamOutBodyInspection On\n\
                 SecRule STREAM_OUTPUT_BODY \"@rsub s/o/0o/\" \"id:1,phase:4,pass,nolog\"";
    for (settings, framing) in [
        ("SecContentInjection On", "Transfer-Encoding: chunked\n\n5\r\nb0ody\r\n0\r\n\r\n"),
        (
            // What lies behind the limit has not been inspected and stays.
            "SecContentInjection On\nSecResponseBodyLimit 2\nSecResponseBodyLimitAction ProcessPartial",
            "Transfer-Encoding: chunked\n\n5\r\nb0ody\r\n0\r\n\r\n",
        ),
        ("", "Content-Length: 4\n\nbody"),
        ("SecContentInjection On\nSecRuleEngine DetectionOnly", "Content-Length: 4\n\nbody"),
    ] {
        let running = Bench::new(&format!("{settings}\n{rules}")).conversing(always(answer(b"body", "")));
        let expected = format!("HTTP/1.1 200 OK\nContent-Type: text/html\n{framing}");
        assert_eq!(shown(&running.talk(&http(GET))), shown(&http(&expected)), "{settings}");
    }
}

#[test]
fn an_answer_streams_as_it_comes() {
    let (told, heard) = std::sync::mpsc::channel::<()>();
    let heard = std::sync::Mutex::new(heard);
    let running = Bench::new("SecResponseBodyAccess Off").conversing(move |conversation| {
        conversation.request();
        conversation
            .send(&http("HTTP/1.1 200 OK\nContent-Type: text/event-stream\nTransfer-Encoding: chunked\n\n"));
        for event in ["one", "two", "six"] {
            conversation.send(format!("3\r\n{event}\r\n").as_bytes());
            // The next one comes when the client has this one.
            heard.lock().unwrap().recv().unwrap();
        }
        conversation.send(b"0\r\n\r\n");
    });
    let mut client = running.connect();
    client.send(&http(GET));
    client.expect("HTTP/1.1 200 OK\nContent-Type: text/event-stream\nTransfer-Encoding: chunked\n\n");
    for event in ["one", "two", "six"] {
        assert_eq!(shown(&client.bytes(8)), format!("3\\r\\n\n{event}\\r\\n\n"));
        told.send(()).unwrap();
    }
    assert_eq!(client.bytes(5), b"0\r\n\r\n");
}
