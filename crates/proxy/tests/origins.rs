//! Origins that are away, broken, slow or closing, and those that switch protocols.

mod support;

use portcullis_proxy::{Notice, Settings, UpstreamAddress};
use portcullis_testkit::origin::Conversation;
use std::net::TcpListener;
use std::time::Duration;
use support::{Bench, OK, Running, alerts, http, shown};

const GET: &str = "GET / HTTP/1.1\nHost: h\n\n";
const ALL: &str = "SecAction \"id:1,phase:1,pass\"\nSecAction \"id:2,phase:2,pass\"\nSecAction \"id:3,phase:3,pass\"\n\
                   SecAction \"id:4,phase:4,pass\"\nSecAction \"id:5,phase:5,pass\"";

/// The status a request gets, and the error reported.
fn status(running: &Running, request: &str) -> (String, String) {
    let got = shown(&running.talk(&http(request)));
    let exchange = running.exchange();
    let status = got.get(9..12).unwrap_or_default().to_owned();
    assert_eq!(exchange.status.map(|s| s.to_string()).unwrap_or_default(), status);
    (status, exchange.error.unwrap_or_default())
}

#[test]
fn an_origin_that_is_away_is_a_bad_gateway_until_it_is_back() {
    let away = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = away.local_addr().unwrap();
    drop(away);
    let running = Bench::new(ALL).answering_at(address);
    for _ in 0..2 {
        let got = shown(&running.talk(&http(GET)));
        assert!(got.starts_with("HTTP/1.1 502 Bad Gateway"), "{got}");
        let exchange = running.exchange();
        assert!(exchange.error.as_ref().unwrap().contains(&address.to_string()), "{:?}", exchange.error);
        assert_eq!((alerts(&exchange), exchange.upstream), (vec![1, 2, 3, 4, 5], None));
    }
    assert!(
        matches!(running.notice(), Notice::UpstreamDown { upstream, .. } if upstream == address.to_string())
    );
    let back = TcpListener::bind(address).unwrap();
    let serving = std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        let (mut stream, _) = back.accept().unwrap();
        let _ = stream.read(&mut [0; 1000]);
        let _ = stream.write_all(&http(OK));
    });
    assert_eq!(status(&running, GET).0, "200");
    assert!(matches!(running.notice(), Notice::UpstreamUp { .. }));
    serving.join().unwrap();
}

#[test]
fn a_name_that_does_not_exist() {
    let upstream = UpstreamAddress { host: "no-such-name.invalid".to_owned(), port: 80 };
    let quick = |settings: &mut Settings| settings.timeouts.connect = Duration::from_secs(3);
    let running = Bench::new("").with(quick).at(upstream);
    let (status, error) = status(&running, GET);
    // A resolver that is not there may take too long.
    assert!(status == "502" || status == "504", "{status}");
    assert!(error.contains("no-such-name.invalid:80"), "{error}");
}

#[test]
fn broken_answers_are_bad_gateways_and_never_passed_on() {
    for (answer, why) in [
        ("HELLO\r\n\r\n", "status line"),
        ("HTTP/2 200 OK\r\n\r\n", "status line"),
        ("HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "missing-colon"),
        ("HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nabc", "invalid-content-length"),
        ("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "conflicting-content-length"),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nab", "unknown-transfer-coding"),
        ("HTTP/1.1 200 OK\r\nX: 1", "ended in its head"),
        ("HTTP/1.1 100 Continue\r\n\r\n", "ended in its head"),
        ("HTTP/1.1 101 Switching Protocols\r\n\r\n", "unasked"),
        ("", "without an answer"),
    ] {
        let running = Bench::new(ALL).conversing(move |conversation| {
            conversation.request();
            conversation.send(answer.as_bytes());
        });
        let got = shown(&running.talk(&http(GET)));
        assert!(got.starts_with("HTTP/1.1 502 Bad Gateway"), "{answer}: {got}");
        let exchange = running.exchange();
        let error = exchange.error.as_deref().unwrap();
        assert!(error.contains(why), "{answer}: {error}");
        assert_eq!(alerts(&exchange), [1, 2, 3, 4, 5], "{answer}");
    }
}

#[test]
fn a_body_that_breaks_off_while_it_is_held_back_is_a_bad_gateway() {
    for answer in [
        "HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: 9\n\nabc",
        "HTTP/1.1 200 OK\nContent-Type: text/html\nTransfer-Encoding: chunked\n\n3\r\nabc\r\n",
        "HTTP/1.1 200 OK\nContent-Type: text/html\nTransfer-Encoding: chunked\n\n3\r\nabc\r\nzz",
    ] {
        let running = Bench::new(ALL).conversing(move |conversation| {
            conversation.request();
            conversation.send(&http(answer));
        });
        let got = running.talk(&http(GET));
        assert!(got.starts_with(b"HTTP/1.1 502 Bad Gateway"), "{}", shown(&got));
        let exchange = running.exchange();
        assert!(exchange.error.is_some());
        // The phases that have run do not run again on the error page.
        assert_eq!(alerts(&exchange), [1, 2, 3, 5], "{answer}");
    }
}

#[test]
fn a_body_that_breaks_off_under_way_is_never_presented_as_whole() {
    for (answer, rest) in [
        ("Content-Length: 9\n\nabc", ""),
        ("Transfer-Encoding: chunked\n\n3\r\nabc\r\n", ""),
        ("Transfer-Encoding: chunked\n\n3\r\nabc\r\n", "zz"),
    ] {
        let (running, go_on) = breaking("SecResponseBodyAccess Off", answer, rest);
        let mut client = running.connect();
        client.send(&http(GET).repeat(2));
        client.expect(&format!("HTTP/1.1 200 OK\n{answer}"));
        go_on.send(()).unwrap();
        assert_eq!(shown(&client.rest()), "");
        let exchange = running.exchange();
        assert!(exchange.error.unwrap().contains("the body of the origin's answer"));
        assert_eq!(exchange.status, Some(200));
    }
    // Where only the end of the connection ends the body, that end must not be an orderly one.
    let chunked = "Transfer-Encoding: chunked\n\n3\r\nabc\r\n";
    let (running, go_on) = breaking("SecResponseBodyAccess Off", chunked, "zz");
    let mut client = running.connect();
    client.send(&http("GET / HTTP/1.0\nHost: h\n\n"));
    client.expect("HTTP/1.1 200 OK\nConnection: close\n\nabc");
    go_on.send(()).unwrap();
    let error = std::io::Read::read_to_end(&mut client.stream, &mut Vec::new()).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset);
}

/// An origin that sends an answer, and on a word the rest and its end.
fn breaking(rules: &str, answer: &'static str, rest: &'static str) -> (Running, std::sync::mpsc::Sender<()>) {
    let (go_on, wait) = std::sync::mpsc::channel();
    let wait = std::sync::Mutex::new(wait);
    let running = Bench::new(rules).conversing(move |conversation| {
        conversation.request();
        conversation.send(&http(&format!("HTTP/1.1 200 OK\n{answer}")));
        let _ = wait.lock().unwrap().recv();
        conversation.send(rest.as_bytes());
    });
    (running, go_on)
}

#[test]
fn an_answer_that_breaks_before_anything_has_left_is_a_bad_gateway() {
    let running = Bench::new(&format!("SecResponseBodyAccess Off\n{ALL}")).conversing(|conversation| {
        conversation.request();
        conversation.send(&http("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n3\r\nabc\r\nzz"));
    });
    let got = running.talk(&http(GET));
    assert!(got.starts_with(b"HTTP/1.1 502 Bad Gateway"), "{}", shown(&got));
    assert_eq!(alerts(&running.exchange()), [1, 2, 3, 4, 5]);
}

#[test]
fn time_outs() {
    let quick = |settings: &mut Settings| settings.timeouts.answer = Duration::from_millis(40);
    let stays = |conversation: &mut Conversation| while conversation.request().is_some() {};
    let running = Bench::new(ALL).with(quick).conversing(stays);
    assert_eq!(status(&running, GET), ("504".to_owned(), "the origin does not answer in time".to_owned()));
    // While the body is held back nothing has been sent yet.
    for (access, expected) in [("On", "504"), ("Off", "200")] {
        let rules = format!("SecResponseBodyAccess {access}");
        let quick = |settings: &mut Settings| settings.timeouts.answer_body = Duration::from_millis(40);
        let running = Bench::new(&rules).with(quick).conversing(|conversation| {
            while conversation.request().is_some() {
                conversation
                    .send(&http("HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: 9\n\nabc"));
            }
        });
        let (status, error) = status(&running, GET);
        assert_eq!(status, expected);
        assert!(error.contains("timed out"), "{error}");
    }
}

#[test]
fn connections_are_used_again_and_again() {
    let running = Bench::new("").answering(OK);
    for _ in 0..3 {
        assert_eq!(running.talk(&http(GET).repeat(2)), http(OK).repeat(2));
    }
    assert_eq!((running.origin.connections(), running.origin.requests().len()), (1, 6));
}

#[test]
fn a_connection_the_origin_ends_is_not_used_again() {
    for answer in [
        "HTTP/1.1 200 OK\nConnection: close\nContent-Length: 2\n\nhi",
        "HTTP/1.0 200 OK\nContent-Length: 2\n\nhi",
        "HTTP/1.1 200 OK\nContent-Length: 2\nTransfer-Encoding: chunked\n\n2\r\nhi\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\nContent-Length: 2\n\nhi and more",
    ] {
        let running = Bench::new("").answering(answer);
        running.talk(&http(GET).repeat(2));
        assert_eq!((running.origin.connections(), running.origin.requests().len()), (2, 2), "{answer}");
    }
}

#[test]
fn a_request_that_meets_a_closing_connection_is_sent_once_more() {
    // The first connection ends when a second request comes on it; so does every later one at once.
    let closing = |conversation: &mut Conversation| {
        if conversation.number() < 2 && conversation.request().is_some() {
            conversation.send(&http(OK));
            conversation.request();
        }
    };
    let form = "PUT /1 HTTP/1.1\nHost: h\nContent-Length: 3\n\nabc";
    for (request, access) in [(GET, "On"), (form, "On")] {
        let running = Bench::new(&format!("SecRequestBodyAccess {access}")).conversing(closing);
        let got = running.talk(&http(request).repeat(2));
        assert_eq!(shown(&got), shown(&http(OK).repeat(2)));
        let requests = running.origin.requests();
        assert_eq!((running.origin.connections(), requests.len()), (2, 3));
        assert!(requests.iter().all(|one| *one == requests[0]));
        // The third connection is closed without a word: one retry is all there is.
        let (status, error) = status_of_second(&running, request);
        assert_eq!(status, "502");
        assert!(error.contains("without an answer"), "{error}");
    }
    // What may not be done twice, or whose body is gone, is not.
    let post = &form.replace("PUT", "POST");
    for (request, access) in [(post.as_str(), "On"), (form, "Off")] {
        let running = Bench::new(&format!("SecRequestBodyAccess {access}")).conversing(closing);
        let got = shown(&running.talk(&http(request).repeat(2)));
        assert!(got.contains("HTTP/1.1 502 Bad Gateway"), "{got}");
        assert_eq!((running.origin.connections(), running.origin.requests().len()), (1, 2));
    }
}

/// Sends a request behind two exchanges that are not looked at.
fn status_of_second(running: &Running, request: &str) -> (String, String) {
    running.exchange();
    running.exchange();
    status(running, request)
}

#[test]
fn an_idle_connection_is_closed_in_time() {
    let (told, heard) = std::sync::mpsc::channel();
    let told = std::sync::Mutex::new(told);
    let quick = |settings: &mut Settings| settings.timeouts.upstream_idle = Duration::from_millis(40);
    let running = Bench::new("").with(quick).conversing(move |conversation| {
        while conversation.request().is_some() {
            conversation.send(&http(OK));
        }
        told.lock().unwrap().send(()).unwrap();
    });
    running.talk(&http(GET));
    heard.recv_timeout(Duration::from_secs(20)).expect("the proxy closes the idle connection");
}

#[test]
fn an_upgrade_becomes_a_tunnel_after_phase_3() {
    let running = Bench::new(ALL).conversing(|conversation| {
        conversation.head();
        conversation.send(&http(
            "HTTP/1.1 101 Switching Protocols\nUpgrade: echo\nConnection: Upgrade\nX: 1\n\nwelcome",
        ));
        loop {
            let piece = conversation.bytes(3);
            if piece.is_empty() || !conversation.send(&piece) {
                return;
            }
        }
    });
    let mut client = running.connect();
    client.send(&http("GET /ws HTTP/1.1\nHost: h\nConnection: keep-alive, Upgrade\nUpgrade: echo\n\nabc"));
    client.expect("HTTP/1.1 101 Switching Protocols\nUpgrade: echo\nX: 1\nConnection: upgrade\n\nwelcomeabc");
    client.send(b"def");
    assert_eq!(client.bytes(3), b"def");
    client.stream.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(client.rest(), b"");
    let exchange = running.exchange();
    assert_eq!((exchange.status, alerts(&exchange)), (Some(101), vec![1, 2, 3, 4, 5]));
    assert_eq!(exchange.error, None);
}

#[test]
fn an_upgrade_may_be_denied_or_declined() {
    let request = "GET /ws HTTP/1.1\nHost: h\nConnection: Upgrade\nUpgrade: echo\n\n";
    let switching = "HTTP/1.1 101 Switching Protocols\nUpgrade: echo\nConnection: Upgrade\n\n";
    let running =
        Bench::new("SecRule RESPONSE_STATUS \"@eq 101\" \"id:1,phase:3,deny\"").answering(switching);
    assert_eq!(status(&running, request).0, "403");
    let running = Bench::new("").answering(OK);
    assert_eq!(shown(&running.talk(&http(request))), shown(&http(OK)));
    let expected =
        format!("GET /ws HTTP/1.1\nHost: h\nUpgrade: echo\nConnection: upgrade\n{}\n", support::FORWARDED);
    assert_eq!(shown(&running.origin.requests()[0]), shown(&http(&expected)));
}

#[test]
fn a_silent_tunnel_is_closed() {
    let quick = |settings: &mut Settings| settings.timeouts.tunnel = Duration::from_millis(40);
    let running = Bench::new("").with(quick).conversing(|conversation| {
        conversation.head();
        conversation.send(&http("HTTP/1.1 101 Switching Protocols\nUpgrade: echo\n\n"));
        conversation.bytes(1);
    });
    let mut client = running.connect();
    client.send(&http("GET /ws HTTP/1.1\nHost: h\nConnection: Upgrade\nUpgrade: echo\n\n"));
    client.expect("HTTP/1.1 101 Switching Protocols\nUpgrade: echo\nConnection: upgrade\n\n");
    assert_eq!(client.rest(), b"");
}
