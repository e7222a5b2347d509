//! Exchanges as records: a plain one, one with everything in it, one that ended in phase 1, one with long and hostile
//! bytes.

use std::net::SocketAddr;
use std::sync::Arc;

use portcullis_audit::Access;
use portcullis_audit::formats::access::{Outcome, Upstream};
use portcullis_engine::Record;
use portcullis_engine::record::{
    Alert, AlertRule, AuditParts, EngineMode, Interception, MatchedLink, MatchedRule, Pairs, RecordedRequest,
    RecordedResponse, Stopwatch, Upload,
};
use portcullis_engine::verdict::{Phase, Verdict};

pub fn all() -> Vec<Record> {
    vec![plain(), full(), refused(), hostile()]
}

fn headers(pairs: &[(&str, &[u8])]) -> Pairs {
    pairs.iter().copied().collect()
}

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

/// A GET that no rule minded.
fn plain() -> Record {
    Record {
        unique_id: "awXVpA0RJf1Rw0IIqLcLWwAAAAM".into(),
        started_micros: 1_795_544_477_428_234,
        utc_offset_seconds: 0,
        client: address("127.0.0.1:54410"),
        server: address("127.0.0.1:80"),
        request: RecordedRequest {
            line: b"GET /p?a=1 HTTP/1.1".to_vec(),
            method: b"GET".to_vec(),
            target: b"/p?a=1".to_vec(),
            protocol: b"HTTP/1.1".to_vec(),
            server_name: b"localhost".to_vec(),
            headers: headers(&[("Host", b"localhost"), ("Accept", b"*/*")]),
            ..RecordedRequest::default()
        },
        response: RecordedResponse {
            protocol: b"HTTP/1.1".to_vec(),
            status: 200,
            reason: b"OK".to_vec(),
            headers: headers(&[("Content-Type", b"text/html")]),
            ..RecordedResponse::default()
        },
        alerts: Vec::new(),
        handled: true,
        interception: None,
        matched_rules: Vec::new(),
        uploads: Vec::new(),
        audit: true,
        audit_parts: AuditParts::parse(b"ABCFHZ").unwrap(),
        sanitised_args: Vec::new(),
        sanitised_request_headers: Vec::new(),
        sanitised_response_headers: Vec::new(),
        components: Arc::default(),
        web_app: (b"default".to_vec(), Vec::new(), Vec::new()),
        guardian: false,
        sensor_id: "default".into(),
        engine_mode: EngineMode::On,
        stopwatch: Stopwatch { duration: 219, phases: [1, 2, 3, 4, 5] },
        slow_rules: Vec::new(),
        trace: Vec::new(),
        scores: Pairs::default(),
    }
}

fn alert(level: u8, action: &str, rest: &str) -> Alert {
    let rule = AlertRule {
        id: 1,
        file: "/etc/rules.conf".into(),
        line: 3,
        msg: b"a \"message\"".to_vec(),
        data: b"1\xff".to_vec(),
        severity: Some(2),
        tags: vec![b"a/b".to_vec(), b"c".to_vec()],
        variable: b"ARGS:a".to_vec(),
        value: b"1\xff".to_vec(),
        operator_message: b"Pattern match \"^\\\\d\" at ARGS:a.".to_vec(),
        intercepted: level == 1,
        ..AlertRule::default()
    };
    let text = format!(
        "{action}Pattern match \"^\\\\d\" at ARGS:a. [file \"/etc/rules.conf\"] [line \"3\"] [id \"1\"]{rest}"
    );
    Alert { level, text: text.into_bytes(), uri: b"/p".to_vec(), rule: Some(rule), phase: Phase::RequestBody }
}

/// A multipart form that was denied in phase 2, with every part.
fn full() -> Record {
    let meta =
        " [msg \"a \\\"message\\\"\"] [data \"1\\xff\"] [severity \"CRITICAL\"] [tag \"a/b\"] [tag \"c\"]";
    let denied = alert(1, "Access denied with code 403 (phase 2). ", meta);
    let notice = Alert {
        level: 3,
        text: b"Multipart parsing error: Multipart: Invalid part header (header name missing): \"x\".\n"
            .to_vec(),
        rule: None,
        ..denied.clone()
    };
    let link = |text: &str, matched, rule| MatchedLink { text: text.as_bytes().to_vec(), matched, rule };
    Record {
        slow_rules: vec![(942_100, 120), (942_110, 99)],
        unique_id: "awXVpA0RJf1Rw0IIqLcLXAAAAAQ".into(),
        utc_offset_seconds: 3600,
        client: address("[::ffff:192.0.2.7]:1000"),
        server: address("[2001:db8::1]:443"),
        request: RecordedRequest {
            line: b"POST /p HTTP/1.1".to_vec(),
            method: b"POST".to_vec(),
            target: b"/p".to_vec(),
            headers: headers(&[
                ("Host", b"shop.example"),
                ("Referer", b"http://shop.example/\"\\\xe9"),
                ("X-A", b"one"),
                ("X-A", b"two"),
                ("X-Empty", b""),
            ]),
            server_name: b"shop.example".to_vec(),
            body: Some(
                b"--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\xff\x00\r\n--B--\r\n".to_vec(),
            ),
            fake_body: Some(b"a=1%ff%00&b=****".to_vec()),
            multipart: true,
            body_length: 60,
            ..plain().request
        },
        response: RecordedResponse {
            status: 403,
            reason: b"Forbidden".to_vec(),
            headers: headers(&[("Content-Type", b"text/html"), ("Set-Cookie", b"****")]),
            body: Some(b"<h1>Forbidden</h1>\n".to_vec()),
            ..plain().response
        },
        interception: Some(Interception {
            phase: Phase::RequestBody,
            verdict: Verdict::Deny { status: 403 },
            message: b"Pattern match \"^\\\\d\" at ARGS:a.".to_vec(),
        }),
        alerts: vec![notice, alert(4, "", ""), alert(2, "Warning. ", meta), denied],
        matched_rules: vec![
            MatchedRule {
                links: vec![
                    link(
                        "SecRule \"ARGS:a\" \"@rx ^\\\\d\" \"phase:2,deny,log,auditlog,id:1,chain\"",
                        true,
                        0,
                    ),
                    link("SecRule \"&ARGS\" \"!@streq x\" \"t:none\"", false, 1),
                ],
                complete: false,
            },
            MatchedRule {
                links: vec![link("SecAction \"phase:2,log,auditlog,pass,id:9\"", true, 2)],
                complete: true,
            },
        ],
        uploads: vec![
            Upload {
                part: 2,
                size: 5,
                name: b"q\"uo\\te\xe9.bin".to_vec(),
                content_type: b"text/plain".to_vec(),
            },
            Upload { part: 4, size: 3, name: Vec::new(), content_type: Vec::new() },
        ],
        audit_parts: AuditParts::parse(b"ABCEFHIJKZ").unwrap(),
        sanitised_args: vec![b"b".to_vec(), b"p\"w".to_vec()],
        sanitised_request_headers: vec![b"Authorization".to_vec()],
        sanitised_response_headers: vec![b"Set-Cookie".to_vec()],
        components: ["OWASP_CRS/4.28.0".into(), "plugin/1".into()].into(),
        web_app: (b"shop".to_vec(), b"s\xff1".to_vec(), Vec::new()),
        guardian: false,
        sensor_id: "edge 1".into(),
        engine_mode: EngineMode::DetectionOnly,
        ..plain()
    }
}

/// A request that did not get past its head.
fn refused() -> Record {
    Record {
        handled: false,
        response: RecordedResponse { status: 400, reason: b"Bad Request".to_vec(), ..plain().response },
        alerts: vec![Alert {
            uri: b"/a%20b".to_vec(),
            phase: Phase::RequestHeaders,
            ..alert(1, "Access denied with connection close (phase 1). ", "")
        }],
        interception: Some(Interception {
            phase: Phase::RequestHeaders,
            verdict: Verdict::Drop,
            message: b"Pattern match \"^\\\\d\" at ARGS:a.".to_vec(),
        }),
        engine_mode: EngineMode::On,
        audit_parts: AuditParts::parse(b"AHKZ").unwrap(),
        ..plain()
    }
}

/// Long and hostile bytes where a client can put them.
fn hostile() -> Record {
    let uri = [b"/\"\\\n\xff--0a1b2c3d-Z--".as_slice(), &b"\xff".repeat(2000)].concat();
    let line = [b"GET ".as_slice(), &uri, b" HTTP/1.1"].concat();
    let alert = Alert { uri, ..alert(2, "Warning. ", "") };
    Record {
        request: RecordedRequest {
            line,
            server_name: b"h\"o\xff\x1b[31m".to_vec(),
            headers: headers(&[("X", b"a\x1b\xff\"\\"), ("Referer", b"\xff\x07")]),
            body: Some(Vec::new()),
            ..plain().request
        },
        response: RecordedResponse { protocol: Vec::new(), status: 0, ..plain().response },
        alerts: vec![alert],
        engine_mode: EngineMode::Off,
        ..plain()
    }
}

/// A line of the access log with everything in it.
pub fn access(scores: &Pairs) -> Access<'_> {
    Access {
        started_micros: 1_795_544_477_428_234,
        utc_offset_seconds: 3600,
        unique_id: "awXVpA0RJf1Rw0IIqLcLWwAAAAM",
        client: address("127.0.0.1:54410"),
        method: b"GET",
        target: b"/?a=\xff\\\t\"\xc3\xa9",
        protocol: b"HTTP/1.1",
        host: b"localhost:8080",
        status: Some(403),
        bytes_sent: 500,
        bytes_received: 120,
        duration_micros: 1234,
        upstream: Some(Upstream {
            address: address("127.0.0.1:9000"),
            status: Some(200),
            duration_micros: 900,
        }),
        outcome: Outcome::Blocked,
        rules: vec![942_100, 949_110],
        scores,
        user_agent: b"curl/8\n",
        referer: b"http://r/",
        error: None,
    }
}
