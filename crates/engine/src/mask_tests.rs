//! What is left of secrets in the record of an exchange: one request, one line of rules, the texts afterwards.

use std::sync::Arc;

use crate::compile::{Environment, compile};
use crate::record::Record;
use crate::settings::Compatibility;
use crate::transaction::{RequestLine, Start, Transaction};
use crate::verdict::{Phase, Step};

const BASE: &str = "SecRuleEngine On\nSecRequestBodyAccess On\nSecResponseBodyAccess On\nSecResponseBodyMimeType text/plain\n\
SecAuditEngine On\nSecAuditLogParts ABCEFHIJKZ\n\
SecRule REQUEST_HEADERS:Content-Type \"@contains json\" \"id:99,phase:1,pass,nolog,ctl:requestBodyProcessor=JSON\"\n";

/// The header lines, a blank line, the body.
fn record(rules: &str, target: &str, request: &str) -> Record {
    let mut sources = portcullis_seclang::Sources::default();
    let file = sources.add("rules.conf".into(), format!("{BASE}{rules}\n").into_bytes());
    let items = portcullis_seclang::parse_file(&sources, file, &mut Vec::new());
    let read_file = |_: &std::path::Path| Err(String::new());
    let environment = Environment {
        read_file: &read_file,
        variables: &[],
        secret: [0; 32],
        compatibility: Compatibility::default(),
    };
    let (rules, diagnostics) = compile(&items, &sources, &environment);
    let rules = Arc::new(rules.unwrap_or_else(|| panic!("{diagnostics:?}")));
    let start = Start { unique_id: "id".into(), wall_micros: 0, utc_offset_seconds: 0 };
    let mut transaction = Transaction::new(rules, start);
    transaction.connection(([192, 0, 2, 7], 1000).into(), ([127, 0, 0, 1], 80).into());
    let raw = format!("POST {target} HTTP/1.1");
    let line = RequestLine {
        raw: raw.as_bytes(),
        method: b"POST",
        target: target.as_bytes(),
        protocol: b"HTTP/1.1",
    };
    transaction.request_line(line);
    let (head, body) = request.split_once("\n\n").unwrap_or((request, ""));
    for (name, value) in head.lines().filter_map(|line| line.split_once(": ")) {
        transaction.request_header(name.as_bytes(), value.as_bytes());
    }
    transaction.request_header(b"Content-Length", body.len().to_string().as_bytes());
    run(&mut transaction, Phase::RequestHeaders);
    let _ = transaction.request_body_plan();
    let _ = transaction.request_body(body.as_bytes());
    let _ = transaction.request_body_end();
    run(&mut transaction, Phase::RequestBody);
    transaction.response_head(b"HTTP/1.1", 200, b"OK");
    transaction.response_header(b"Content-Type", b"text/plain");
    transaction.response_header(b"Set-Cookie", b"sid=s3cret");
    run(&mut transaction, Phase::ResponseHeaders);
    let _ = transaction.response_body_plan();
    let _ = transaction.response_body(b"hello hunter2, your number is 7");
    let _ = transaction.response_body_end();
    run(&mut transaction, Phase::ResponseBody);
    run(&mut transaction, Phase::Logging);
    transaction.finish()
}

fn run(transaction: &mut Transaction, phase: Phase) {
    assert!(matches!(transaction.run(phase, 0), Step::Done(_)));
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

fn line(record: &Record) -> String {
    text(&record.request.line)
}

fn body(record: &Record) -> String {
    text(record.request.body.as_deref().unwrap_or_default())
}

const FORM: &str = "Content-Type: application/x-www-form-urlencoded\n\n";

#[test]
fn an_argument_is_hidden_however_it_is_encoded() {
    let rules = "SecAction \"id:1,phase:2,pass,nolog,sanitiseArg:pw\"";
    let seen = record(rules, "/x?a=1&p%77=s%65c+ret&b=2", &format!("{FORM}PW=hunter2%21&c=3"));
    assert_eq!(line(&seen), "POST /x?a=1&p%77=*********&b=2 HTTP/1.1");
    assert_eq!(text(&seen.request.target), "/x?a=1&p%77=*********&b=2");
    assert_eq!(body(&seen), "PW=**********&c=3");
    assert_eq!(seen.sanitised_args, [b"pw".to_vec()]);
}

#[test]
fn a_short_secret_is_hidden_in_its_own_place_only() {
    let rules = "SecAction \"id:1,phase:2,pass,nolog,sanitiseArg:pin\"\n\
        SecRule ARGS:pin \"@rx .\" \"id:2,phase:2,pass,log,msg:'pin 7 of 7',logdata:'%{MATCHED_VAR} in %{MATCHED_VAR_NAME}, 77'\"";
    let seen = record(rules, "/7?pin=7&b=7", "X-Seven: 7");
    assert_eq!(line(&seen), "POST /7?pin=*&b=7 HTTP/1.1");
    let alert = text(&seen.alerts[0].text);
    assert!(
        alert.contains("[line \"9\"] [id \"2\"] [msg \"pin 7 of 7\"] [data \"* in ARGS:pin, 77\"]"),
        "{alert}"
    );
    assert_eq!(text(seen.response.body.as_deref().unwrap()), "hello hunter2, your number is 7");
}

#[test]
fn an_echo_is_hidden_everywhere() {
    let rules = "SecAction \"id:1,phase:2,pass,nolog,sanitiseArg:pw\"\n\
        SecRule ARGS:pw \"@rx hun\" \"id:2,phase:2,deny,log,status:403,msg:'%{ARGS.pw}',logdata:'%{REQUEST_URI_RAW}',tag:'t/%{ARGS.pw}'\"";
    let seen = record(rules, "/x?pw=hunter2", "Referer: http://r/?q=1&pw=%68unter2\nX: <hunter2>");
    let headers: Vec<String> = seen.request.headers.iter().map(|(_, value)| text(value)).collect();
    assert_eq!(headers, ["http://r/?q=1&pw=*********", "<*******>", "0"]);
    let alert = &seen.alerts[0];
    assert!(!text(&alert.text).contains("unter2"), "{}", text(&alert.text));
    let shown = "[id \"2\"] [msg \"*******\"] [data \"/x?pw=*******\"] [tag \"t/*******\"]";
    assert!(text(&alert.text).ends_with(shown), "{}", text(&alert.text));
    assert!(
        text(&alert.text)
            .starts_with("Access denied with code 403 (phase 2). Pattern match \"hun\" at ARGS:pw.")
    );
}

#[test]
fn matched_arguments_and_headers_are_hidden() {
    let rules = "SecRule ARGS:pw \"@rx sec\" \"id:1,phase:2,pass,log,sanitiseMatched\"\n\
        SecRule REQUEST_HEADERS:X-Key \"@rx .\" \"id:2,phase:2,pass,nolog,sanitiseMatched\"\n\
        SecAction \"id:3,phase:2,pass,nolog,sanitiseRequestHeader:Authorization,sanitiseResponseHeader:set-cookie\"";
    let head = "X-Key: k3y\nAuthorization: Basic abc\nX-Other: k3y";
    let seen = record(rules, "/", &format!("{head}\n{FORM}pw=a-sec%72et&b=sec"));
    assert_eq!(body(&seen), "pw=**********&b=sec");
    let headers: Vec<String> = seen.request.headers.iter().map(|(_, value)| text(value)).collect();
    assert_eq!(headers[..3], ["***", "*********", "***"]);
    let cookie = seen.response.headers.iter().find(|(name, _)| name == b"Set-Cookie").unwrap();
    assert_eq!(text(cookie.1), "**********");
}

#[test]
fn matched_bytes_keep_their_ends_unless_they_are_encoded() {
    let rules = "SecRule ARGS:cc \"@rx \\d{8}\" \"id:1,phase:2,pass,log,capture,sanitiseMatchedBytes:1/2,logdata:'%{TX.0}'\"";
    let seen = record(rules, "/?cc=xx12345678yy&b=12345678", "");
    assert_eq!(line(&seen), "POST /?cc=xx1*****78yy&b=1*****78 HTTP/1.1");
    assert!(text(&seen.alerts[0].text).contains("[data \"1*****78\"]"));
    assert_eq!(seen.sanitised_args, [b"cc".to_vec()]);
    let seen = record(rules, "/?cc=xx1234%35678yy&b=3", "");
    assert_eq!(line(&seen), "POST /?cc=**************&b=3 HTTP/1.1");
}

#[test]
fn matched_bytes_of_a_header_hide_all_of_it_however_short() {
    let rules = "SecRule REQUEST_HEADERS:X-Key \"@rx 7\" \"id:1,phase:2,pass,nolog,capture,sanitiseMatchedBytes\"\n\
        SecRule RESPONSE_HEADERS:Set-Cookie \"@rx s\" \"id:2,phase:3,pass,nolog,capture,sanitiseMatchedBytes\"\n\
        SecRule ARGS_NAMES \"@rx ^i\" \"id:3,phase:2,pass,nolog,capture,sanitiseMatchedBytes\"";
    let seen = record(rules, "/?id=7&x=7", "X-Key: a7b\n\n");
    assert_eq!(seen.request.headers.iter().next().map(|(_, value)| text(value)).as_deref(), Some("***"));
    let cookie = seen.response.headers.iter().find(|(name, _)| name == b"Set-Cookie").unwrap();
    assert_eq!(text(cookie.1), "**********");
    assert_eq!(line(&seen), "POST /?id=*&x=7 HTTP/1.1");
}

#[test]
fn form_fields_are_hidden_and_so_is_what_was_cut_off() {
    let rules = "SecAction \"id:1,phase:2,pass,nolog,sanitiseArg:a,sanitiseArg:z\"";
    let part = |name: &str, value: &str| {
        format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
    };
    let head = "Content-Type: multipart/form-data; boundary=B\n\n";
    let seen = record(rules, "/", &format!("{head}{}{}--B--\r\n", part("a", "1"), part("b", "1")));
    assert_eq!(text(seen.request.fake_body.as_deref().unwrap()), "a=*&b=1");
    // Both fields hold the secret's bytes; a raw body does not tell them apart.
    assert_eq!(body(&seen).matches("\r\n\r\n*\r\n--B").count(), 2);
    let cut = format!("SecRequestBodyInMemoryLimit 100\n{rules}");
    let seen = record(&cut, "/", &format!("{head}{}--B--\r\n", part("z", &"s".repeat(200))));
    assert!(
        body(&seen).len() == 100 && !body(&seen).contains('s'.to_string().repeat(2).as_str()),
        "{}",
        body(&seen)
    );
}

#[test]
fn a_body_whose_secrets_cannot_be_found_is_hidden_whole() {
    let rules = "SecAction \"id:1,phase:2,pass,nolog,sanitiseArg:pw\"";
    let head = "Content-Type: application/json\n\n";
    assert_eq!(body(&record(rules, "/", &format!("{head}{{\"pw\":\"hunter2\"}}"))), "{\"pw\":\"*******\"}");
    let escaped = format!("{head}{{\"pw\":\"h\\u0075nter2\"}}");
    assert_eq!(body(&record(rules, "/", &escaped)), "*".repeat(21));
    assert_eq!(body(&record(rules, "/", &format!("{head}{{\"x\":\"hunter2\"}}"))), "{\"x\":\"hunter2\"}");
}

#[test]
fn nothing_is_touched_when_nothing_is_secret() {
    let rules = "SecAction \"id:1,phase:2,pass,nolog,sanitiseArg:other\"";
    let seen = record(rules, "/?pw=hunter2", &format!("{FORM}a=b"));
    assert_eq!((line(&seen).as_str(), body(&seen).as_str()), ("POST /?pw=hunter2 HTTP/1.1", "a=b"));
    assert!(seen.sanitised_args.is_empty());
}
