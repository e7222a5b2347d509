//! What passes unhindered: every byte the origin and the client get, in every framing and version.

mod support;

use support::{Bench, Case, FORWARDED, OK, http, shown};

const NEW: Case = Case { alerts: &[&[]], client: OK, ..Case::NEW };

#[test]
fn a_get_goes_on_as_it_came() {
    Case {
        request: "GET /a//b/%2e?c=%zz&<>\"{}| HTTP/1.1\nhOst: h:80\nuser-AGENT: t\nX: 1\nX: \x09 2\nX:\nAccept-Encoding: gzip\n\n",
        forwarded: &["GET /a//b/%2e?c=%zz&<>\"{}| HTTP/1.1\nhOst: h:80\nuser-AGENT: t\nX: 1, 2, \nAccept-Encoding: gzip\n\n"],
        ..NEW
    }
    .check();
}

#[test]
fn detection_changes_nothing_but_the_forwarding_fields() {
    Case {
        rules: "SecRuleEngine DetectionOnly\nSecContentInjection On\nSecRequestBodyLimit 3\nSecResponseBodyLimit 1\n\
                SecAction \"id:1,phase:1,deny\"\nSecAction \"id:2,phase:2,redirect:http://x/\"\n\
                SecAction \"id:3,phase:3,drop,append:'x',prepend:'y'\"\nSecAction \"id:4,phase:4,deny\"\nSecAction \"id:5,phase:5,pass\"",
        request: "POST /?a=<script> HTTP/1.1\nHost: h\nContent-Type: application/x-www-form-urlencoded\nX-Odd: \u{e9}\nX: 1\nx: 2\nContent-Length: 6\n\na=1&&%",
        forwarded: &["POST /?a=<script> HTTP/1.1\nHost: h\nContent-Type: application/x-www-form-urlencoded\nX-Odd: \u{e9}\nX: 1\nx: 2\nContent-Length: 6\n\na=1&&%"],
        answer: "HTTP/1.1 200 Fine by me\nContent-Type: text/html\nETag: \"x\"\nX-Powered-By: \u{e9}\nContent-Length: 4\n\nbody",
        client: "HTTP/1.1 200 Fine by me\nContent-Type: text/html\nETag: \"x\"\nX-Powered-By: \u{e9}\nContent-Length: 4\n\nbody",
        alerts: &[&[1, 2, 3, 4, 5]],
        ..NEW
    }
    .check();
}

#[test]
fn fields_of_one_hop_end_here() {
    Case {
        request: "GET / HTTP/1.1\nHost: h\nConnection: X-A, keep-alive, host\nX-A: 1\nX-B: 2\nKeep-Alive: timeout=5\nTE: trailers\nProxy-Connection: close\nUpgrade: h2c\n\n",
        forwarded: &["GET / HTTP/1.1\nHost: h\nX-B: 2\n\n"],
        answer: "HTTP/1.1 200 OK\nConnection: keep-alive, X-C\nX-C: 1\nX-D: 2\nKeep-Alive: timeout=5\nUpgrade: h2c\nContent-Length: 0\n\n",
        client: "HTTP/1.1 200 OK\nX-D: 2\nContent-Length: 0\n\n",
        ..NEW
    }
    .check();
}

#[test]
fn forwarding_fields_are_appended_and_nobody_is_believed_untold() {
    Case {
        request: "GET / HTTP/1.1\nX-Forwarded-For: 6.6.6.6\nHost: h\nX-Forwarded-Proto: https\nX-Forwarded-For: 1.1.1.1\n\n",
        forwarded: &["GET / HTTP/1.1\nHost: h\nX-Forwarded-For: 6.6.6.6, 1.1.1.1, 127.0.0.1\nX-Forwarded-Proto: http\n\n"],
        rules: "SecRule REMOTE_ADDR \"@streq 127.0.0.1\" \"id:1,phase:1,pass\"",
        alerts: &[&[1]],
        ..NEW
    }
    .check();
}

#[test]
fn trusted_proxies_tell_client_and_scheme() {
    let case = Case {
        request: "GET / HTTP/1.1\nHost: h\nX-Forwarded-Proto: https\nX-Forwarded-For: 6.6.6.6, 9.9.9.9, 127.1.1.1\n\n",
        forwarded: &[
            "GET / HTTP/1.1\nHost: h\nX-Forwarded-For: 6.6.6.6, 9.9.9.9, 127.1.1.1, 127.0.0.1\nX-Forwarded-Proto: https\n\n",
        ],
        rules: "SecRule REMOTE_ADDR \"@streq 9.9.9.9\" \"id:1,phase:1,pass\"",
        alerts: &[&[1]],
        ..NEW
    };
    let bench = Bench::new(case.rules).with(|s| s.trusted_proxies = vec!["127.0.0.0/8".parse().unwrap()]);
    case.check_on(bench);
}

#[test]
fn an_absolute_target_loses_its_host_to_the_host_field() {
    Case {
        request: "GET http://real/a?b HTTP/1.1\nHost: other\n\n",
        forwarded: &["GET /a?b HTTP/1.1\nHost: real\n\n"],
        rules: "SecRule REQUEST_HEADERS:Host \"@streq real\" \"id:1,phase:1,pass\"",
        alerts: &[&[1]],
        ..NEW
    }
    .check();
}

#[test]
fn folded_fields_are_unfolded() {
    Case {
        request: "GET / HTTP/1.1\nHost: h\nX: a\n b\n\tc\n\n",
        forwarded: &["GET / HTTP/1.1\nHost: h\nX: a b c\n\n"],
        ..NEW
    }
    .check();
}

#[test]
fn bodies_keep_their_framing() {
    // The chunks may be cut anew; extensions and trailers of requests end here.
    Case {
        request: "POST / HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\n\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: 1\r\n\r\n",
        forwarded: &["POST / HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\n\n5\r\nabcde\r\n0\r\n\r\n"],
        answer: "HTTP/1.1 200 OK\nTrailer: T\nTransfer-Encoding: chunked\n\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: 1\r\n\r\n",
        client: "HTTP/1.1 200 OK\nTrailer: T\nTransfer-Encoding: chunked\n\n3\r\nabc\r\n2\r\nde\r\n0\r\nT: 1\r\n\r\n",
        ..NEW
    }
    .check();
    // Without inspection the body streams.
    Case {
        rules: "SecRequestBodyAccess Off",
        request: "POST / HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\n\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: 1\r\n\r\n",
        forwarded: &["POST / HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\n\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"],
        ..NEW
    }
    .check();
    Case {
        rules: "SecRequestBodyAccess Off",
        request: "PUT / HTTP/1.1\nHost: h\nContent-Length: 3\n\nabc",
        forwarded: &["PUT / HTTP/1.1\nHost: h\nContent-Length: 3\n\nabc"],
        ..NEW
    }
    .check();
    Case {
        request: "POST / HTTP/1.1\nHost: h\nContent-Length: 0\n\n",
        forwarded: &["POST / HTTP/1.1\nHost: h\nContent-Length: 0\n\n"],
        ..NEW
    }
    .check();
}

#[test]
fn both_framings_become_one() {
    Case {
        request: "POST / HTTP/1.1\nHost: h\nContent-Length: 4\nTransfer-Encoding: chunked\n\n3\r\nabc\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\n\r\n",
        forwarded: &["POST / HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\n\n3\r\nabc\r\n0\r\n\r\n"],
        client: "HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: 2\nConnection: close\n\nhi",
        ..NEW
    }
    .check();
}

#[test]
fn answers_without_a_body() {
    for (method, answer, client) in [
        ("HEAD", "HTTP/1.1 200 OK\nContent-Length: 5\n\n", "HTTP/1.1 200 OK\nContent-Length: 5\n\n"),
        ("GET", "HTTP/1.1 204 No Content\nX: 1\n\n", "HTTP/1.1 204 No Content\nX: 1\n\n"),
        (
            "GET",
            "HTTP/1.1 304 Not Modified\nContent-Length: 5\n\n",
            "HTTP/1.1 304 Not Modified\nContent-Length: 5\n\n",
        ),
        ("GET", "HTTP/1.1 200 \nContent-Length: 0\n\n", "HTTP/1.1 200 \nContent-Length: 0\n\n"),
    ] {
        let rules = "SecAction \"id:3,phase:3,pass\"\nSecAction \"id:4,phase:4,pass\"";
        let running = Bench::new(rules).answering(answer);
        let two = format!("{method} / HTTP/1.1\nHost: h\n\n");
        let got = running.talk(&[http(&two), http(&two)].concat());
        assert_eq!(shown(&got), shown(&[http(client), http(client)].concat()), "{method} {answer}");
        // An origin that sends the body it announces all the same would have it taken for the next answer.
        let apart = answer.contains("Content-Length: 5");
        assert_eq!(running.origin.connections(), if apart { 2 } else { 1 }, "{answer}");
        assert_eq!(running.end().iter().map(support::alerts).collect::<Vec<_>>(), [[3, 4], [3, 4]]);
    }
}

#[test]
fn an_answer_that_ends_with_the_connection() {
    let ends = |conversation: &mut portcullis_testkit::origin::Conversation| {
        if conversation.request().is_some() {
            conversation.send(&http("HTTP/1.0 200 OK\nContent-Type: text/html\n\nabc"));
        }
    };
    for (version, client) in [
        (
            "1.1",
            "HTTP/1.1 200 OK\nContent-Type: text/html\nTransfer-Encoding: chunked\n\n3\r\nabc\r\n0\r\n\r\n",
        ),
        ("1.0", "HTTP/1.1 200 OK\nContent-Type: text/html\nConnection: close\n\nabc"),
    ] {
        for access in ["On", "Off"] {
            let running = Bench::new(&format!("SecResponseBodyAccess {access}")).conversing(ends);
            let got =
                running.talk(&http(&format!("GET / HTTP/{version}\nHost: h\nConnection: keep-alive\n\n")));
            assert_eq!(shown(&got), shown(&http(client)), "{version} {access}");
        }
    }
}

#[test]
fn old_clients() {
    Case {
        request: "GET /a HTTP/1.0\n\n",
        forwarded: &["GET /a HTTP/1.1\nHost: ORIGIN\n\n"],
        client: "HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: 2\nConnection: close\n\nhi",
        ..NEW
    }
    .check();
    Case {
        request: "GET /a HTTP/1.0\nHost: h\nConnection: keep-alive\n\n",
        forwarded: &["GET /a HTTP/1.1\nHost: h\n\n"],
        client: "HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: 2\nConnection: keep-alive\n\nhi",
        ..NEW
    }
    .check();
    // A chunked answer is joined for a client that cannot read it.
    Case {
        request: "GET /a HTTP/1.0\nHost: h\nConnection: keep-alive\n\n",
        forwarded: &["GET /a HTTP/1.1\nHost: h\n\n"],
        answer: "HTTP/1.1 200 OK\nTransfer-Encoding: chunked\n\n3\r\nabc\r\n0\r\n\r\n",
        client: "HTTP/1.1 200 OK\nConnection: close\n\nabc",
        ..NEW
    }
    .check();
    // HTTP/0.9 has no head in either direction.
    Case { request: "GET /a\n", forwarded: &["GET /a HTTP/1.1\nHost: ORIGIN\n\n"], client: "hi", ..NEW }
        .check();
}

#[test]
fn interim_answers() {
    let answer = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\nConnection: X\r\nX: 1\r\n\r\n\
                  HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi";
    for (version, client) in [
        (
            "1.1",
            "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi",
        ),
        ("1.0", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi"),
    ] {
        let running = Bench::new("SecAction \"id:3,phase:3,pass\"").conversing(move |conversation| {
            while conversation.request().is_some() {
                conversation.send(answer.as_bytes());
            }
        });
        let got = running.talk(&http(&format!("GET / HTTP/{version}\nHost: h\n\n")));
        assert_eq!(shown(&got), shown(client.as_bytes()), "{version}");
        assert_eq!(support::alerts(&running.exchange()), [3]);
    }
}

#[test]
fn pipelined_requests_are_answered_in_order_over_one_connection() {
    let running =
        Bench::new("SecRule ARGS:n \"@streq 2\" \"id:1,phase:1,deny\"").conversing(|conversation| {
            while let Some(request) = conversation.request() {
                let line = request.split(|&b| b == b'\r').next().unwrap().to_vec();
                conversation
                    .send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", line.len()).as_bytes());
                conversation.send(&line);
            }
        });
    let form = "POST /?n=3 HTTP/1.1\nHost: h\nContent-Type: application/x-www-form-urlencoded\nContent-Length: 3\n\na=b";
    let all = [
        http("GET /?n=1 HTTP/1.1\nHost: h\n\n"),
        http("GET /?n=2 HTTP/1.1\nHost: h\n\n"),
        http(form),
        http("GET /?n=4 HTTP/1.1\nHost: h\nConnection: close\n\n"),
        http("GET /?n=5 HTTP/1.1\nHost: h\n\n"),
    ];
    let got = String::from_utf8(running.talk(&all.concat())).unwrap();
    let lines: Vec<&str> = got.matches("HTTP/1.1 403 Forbidden").chain(got.matches("/?n=")).collect();
    assert_eq!(lines.len(), 4, "{got}");
    let order = ["GET /?n=1", "403 Forbidden", "POST /?n=3", "Connection: close", "GET /?n=4"]
        .map(|text| got.find(text));
    assert!(order.is_sorted() && order.iter().all(Option::is_some), "{order:?} {got}");
    assert_eq!((running.origin.connections(), running.origin.requests().len()), (1, 3));
    assert!(running.origin.requests()[1].ends_with(b"a=b"));
    assert_eq!(running.end().len(), 4);
}

#[test]
fn requests_come_in_any_pieces() {
    let running = Bench::new("").answering(OK);
    let mut client = running.connect();
    let request =
        http("POST /a HTTP/1.1\nHost: h\nTransfer-Encoding: chunked\n\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n");
    for byte in &request {
        client.send(std::slice::from_ref(byte));
    }
    client.expect(OK);
    let received = running.origin.requests();
    let expected = format!("POST /a HTTP/1.1\nHost: h\n{FORWARDED}Transfer-Encoding: chunked\n\n");
    assert!(received[0].starts_with(&http(&expected)), "{}", shown(&received[0]));
    let exchange = running.exchange();
    assert_eq!(exchange.bytes_received, request.len() as u64);
    assert_eq!(exchange.body_bytes_sent, 2);
}

#[test]
fn a_client_that_waits_is_told_to_continue() {
    for access in ["On", "Off"] {
        let running = Bench::new(&format!("SecRequestBodyAccess {access}")).answering(OK);
        let mut client = running.connect();
        client.send(&http("POST / HTTP/1.1\nHost: h\nExpect: 100-continue\nContent-Length: 3\n\n"));
        client.expect("HTTP/1.1 100 Continue\n\n");
        client.send(b"abc");
        client.expect(OK);
        let expected = format!("POST / HTTP/1.1\nHost: h\n{FORWARDED}Content-Length: 3\n\nabc");
        assert_eq!(shown(&running.origin.requests()[0]), shown(&http(&expected)));
    }
}

#[test]
fn header_directives_edit_what_is_forwarded() {
    Case {
        rules: "SecRule ARGS:a \"@streq 1\" \"id:1,phase:2,pass,setenv:seen=yes\"\n\
                RequestHeader append X-Events \"%{seen}e\" env=seen\nRequestHeader unset X-Secret\nHeader set X-Frame-Options DENY",
        request: "GET /?a=1 HTTP/1.1\nHost: h\nX-Secret: s\nX-Events: no\nConnection: X-Hop\nX-Hop: 1\n\n",
        forwarded: &["GET /?a=1 HTTP/1.1\nHost: h\nX-Events: no, yes\n\n"],
        client: "HTTP/1.1 200 OK\nContent-Type: text/html\nX-Frame-Options: DENY\nContent-Length: 2\n\nhi",
        alerts: &[&[1]],
        ..NEW
    }
    .check();
}

#[test]
fn backend_compression_can_be_switched_off() {
    Case {
        rules: "SecDisableBackendCompression On",
        request: "GET / HTTP/1.1\nHost: h\naccept-ENCODING: gzip\nAccept: */*\n\n",
        forwarded: &["GET / HTTP/1.1\nHost: h\nAccept: */*\n\n"],
        ..NEW
    }
    .check();
}

#[test]
fn ids_differ_and_times_are_kept() {
    let running = Bench::new("").with(|settings| settings.utc_offset = |_| 3600).answering(OK);
    let request = http("GET / HTTP/1.1\nHost: h\n\n");
    running.talk(&request.repeat(3));
    let exchanges: Vec<_> = (0..3).map(|_| running.exchange()).collect();
    assert_ne!(exchanges[0].record.unique_id, exchanges[1].record.unique_id);
    assert!(exchanges.iter().all(|exchange| exchange.record.utc_offset_seconds == 3600));
    assert!(exchanges.iter().all(|exchange| exchange.status == Some(200) && exchange.error.is_none()));
    let share = exchanges[2].upstream.as_ref().unwrap();
    assert_eq!((share.address, share.status), (running.origin.address(), Some(200)));
    assert!(share.duration_micros <= exchanges[2].duration_micros);
}
