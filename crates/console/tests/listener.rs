//! The console over real sockets: TLS, what its listener puts up with, and when a live tail ends.
//!
//! Each test starts a console on a free port of the loopback with short limits, and speaks HTTP as bytes.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use portcullis_console::{
    Check, Console, Control, Limits, ProxySetting, Reload, Settings, StartError, Status, TlsFiles,
};
use portcullis_insight::Events;
use portcullis_site::{Changes, Site};
use tempfile::TempDir;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

/// Longer than anything here takes; a test that waits for so long has failed.
const PATIENCE: Duration = Duration::from_secs(30);

/// A process with events and nothing else.
struct Bare(Arc<Events>);

impl Control for Bare {
    fn status(&self) -> Status {
        Status { name: "shop".to_owned(), ..Status::default() }
    }

    fn site(&self) -> Result<Site, String> {
        Err("there is no site".to_owned())
    }

    fn events(&self) -> Option<Arc<Events>> {
        Some(Arc::clone(&self.0))
    }

    fn check(&self, _: &Site) -> Check {
        Check::default()
    }

    fn reload(&self) -> Reload {
        Reload { in_force: false, text: String::new() }
    }

    fn settings(&self, _: &Site) -> Vec<ProxySetting> {
        Vec::new()
    }

    fn setting_change(&self, _: &Site, name: &str, _: &str) -> Result<Changes, String> {
        Err(format!("no setting is called `{name}`"))
    }
}

fn settings(folder: &Path, limits: Limits, tls: Option<TlsFiles>) -> Settings {
    Settings {
        address: ([127, 0, 0, 1], 0).into(),
        hosts: Vec::new(),
        folder: folder.join("console"),
        allow_plain: false,
        tls,
        limits,
    }
}

fn start(settings: Settings) -> Result<Console, StartError> {
    let file = settings.folder.with_file_name("events.sqlite");
    let events = Events::open(file, portcullis_insight::Limits::default()).unwrap();
    Console::start(settings, Arc::new(Bare(Arc::new(events))))
}

fn plain(folder: &Path, limits: Limits) -> Console {
    start(settings(folder, limits, None)).unwrap()
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Everything until the end of the connection. An end by reset is an end.
fn rest(stream: &mut impl Read) -> String {
    let mut text = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut buffer) {
        text.extend_from_slice(&buffer[..count]);
    }
    String::from_utf8_lossy(&text).into_owned()
}

/// Sends a request and reads the answer to its end.
fn ask(console: &Console, method: &str, path: &str, fields: &[String], body: &str) -> String {
    let mut stream = connect(console.address());
    write_request(&mut stream, console.address(), method, path, fields, body);
    rest(&mut stream)
}

fn write_request(
    stream: &mut impl Write,
    address: SocketAddr,
    method: &str,
    path: &str,
    fields: &[String],
    body: &str,
) {
    let fields: String = fields.iter().map(|field| format!("{field}\r\n")).collect();
    let head = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{fields}");
    let kind = if body.starts_with('{') { "json" } else { "x-www-form-urlencoded" };
    let text =
        format!("{head}Content-Type: application/{kind}\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    stream.write_all(text.as_bytes()).unwrap();
}

fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
}

/// The cookie that an answer sets, as a field of the next request.
fn cookie(answer: &str) -> String {
    let line = answer.lines().find_map(|line| line.strip_prefix("set-cookie: ")).expect(answer);
    format!("Cookie: {}", line.split(';').next().unwrap())
}

/// Makes the first account; the cookie of its session.
fn set_up(console: &Console) -> String {
    let answer = ask(console, "POST", "/setup", &[], &set_up_form(console));
    assert_eq!(status(&answer), 303, "{answer}");
    cookie(&answer)
}

fn set_up_form(console: &Console) -> String {
    let token = console.setup_link().unwrap().split("token=").nth(1).unwrap().to_owned();
    format!("token={token}&account=ada&password=correct+horse&again=correct+horse")
}

/// Sends a form of a page with the session's token.
fn act(console: &Console, cookie: &str, form: &str) -> String {
    let session = ask(console, "GET", "/api/v1/session", &[cookie.to_owned()], "");
    let csrf = session.split("\"csrf\":\"").nth(1).expect(&session).split('"').next().unwrap();
    ask(console, "POST", "/people", &[cookie.to_owned()], &format!("{form}&csrf={csrf}"))
}

/// A certificate for 127.0.0.1 in two files.
fn certificate(files: &TlsFiles) -> CertificateDer<'static> {
    let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
    std::fs::write(&files.key, made.signing_key.serialize_pem()).unwrap();
    std::fs::write(&files.certificate, made.cert.pem()).unwrap();
    made.cert.der().clone()
}

/// A TLS connection that trusts one certificate.
fn secured(
    address: SocketAddr,
    certificate: &CertificateDer<'static>,
) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.clone()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()));
    let config = config.with_safe_default_protocol_versions().unwrap();
    let config = Arc::new(config.with_root_certificates(roots).with_no_client_auth());
    let name = address.ip().into();
    StreamOwned::new(ClientConnection::new(config, name).unwrap(), connect(address))
}

#[test]
fn others_reach_it_only_with_tls_or_leave() {
    let folder = TempDir::new().unwrap();
    // No machine has this address: whoever may listen there finds that out.
    let mut settings = settings(folder.path(), Limits::default(), None);
    settings.address = "192.0.2.1:8081".parse().unwrap();
    let refused = start(settings.clone()).unwrap_err();
    assert!(matches!(refused, StartError::Exposed(_)), "{refused}");
    assert!(refused.to_string().contains("--console-cert"), "{refused}");
    settings.allow_plain = true;
    assert!(matches!(start(settings.clone()).unwrap_err(), StartError::Bind { .. }));
    settings.allow_plain = false;
    let files =
        TlsFiles { certificate: folder.path().join("console.pem"), key: folder.path().join("console.key") };
    settings.tls = Some(files.clone());
    certificate(&files);
    assert!(matches!(start(settings.clone()).unwrap_err(), StartError::Bind { .. }));
    std::fs::write(&files.key, "no key").unwrap();
    settings.address = ([127, 0, 0, 1], 0).into();
    let refused = start(settings).unwrap_err();
    assert!(matches!(refused, StartError::Certificate(_)), "{refused}");
}

#[test]
fn tls_serves_and_takes_a_new_certificate() {
    let folder = TempDir::new().unwrap();
    let files =
        TlsFiles { certificate: folder.path().join("console.pem"), key: folder.path().join("console.key") };
    let first = certificate(&files);
    let limits = Limits { look: Duration::from_millis(20), ..Limits::default() };
    let console = start(settings(folder.path(), limits, Some(files.clone()))).unwrap();
    let address = console.address();
    assert!(console.setup_link().unwrap().starts_with(&format!("https://{address}/setup?token=")));
    let mut stream = secured(address, &first);
    write_request(&mut stream, address, "POST", "/setup", &[], &set_up_form(&console));
    let answer = rest(&mut stream);
    assert_eq!(status(&answer), 303, "{answer}");
    let cookie = answer.lines().find(|line| line.starts_with("set-cookie")).unwrap();
    assert!(cookie.contains("; HttpOnly") && cookie.ends_with("; Secure"), "{cookie}");
    assert_eq!(status(&ask(&console, "GET", "/login", &[], "")), 0, "plain HTTP gets an alert of TLS");
    // The new one is in force soon: no connection that trusts the old one alone can be made then.
    let second = certificate(&files);
    let deadline = Instant::now() + PATIENCE;
    loop {
        let mut stream = secured(address, &second);
        if stream.conn.complete_io(&mut stream.sock).is_ok() {
            break;
        }
        assert!(Instant::now() < deadline, "the new certificate never serves");
    }
    let mut stream = secured(address, &first);
    assert!(stream.conn.complete_io(&mut stream.sock).is_err());
}

#[test]
fn who_is_slow_is_cut_off() {
    let folder = TempDir::new().unwrap();
    let quick = Duration::from_millis(150);
    let console = plain(folder.path(), Limits { head: quick, body: quick, ..Limits::default() });
    let mut idle = connect(console.address());
    let mut half = connect(console.address());
    half.write_all(b"GET / HTTP/1.1\r\nHost").unwrap();
    let mut kept = connect(console.address());
    write!(kept, "GET /login HTTP/1.1\r\nHost: {}\r\n\r\n", console.address()).unwrap();
    let mut body = connect(console.address());
    write!(body, "POST /login HTTP/1.1\r\nHost: {}\r\nContent-Length: 9\r\n\r\nab", console.address())
        .unwrap();
    assert_eq!(rest(&mut idle), "");
    assert!(!rest(&mut half).starts_with("HTTP/1.1 2"));
    let kept = rest(&mut kept);
    assert!(kept.starts_with("HTTP/1.1 200") && kept.matches("HTTP/1.1").count() == 1, "{kept}");
    let body = rest(&mut body);
    assert_eq!(status(&body), 408, "{body}");
}

#[test]
fn there_are_so_many_connections_and_no_more() {
    let folder = TempDir::new().unwrap();
    let console = plain(folder.path(), Limits { connections: 2, ..Limits::default() });
    let (first, second) = (connect(console.address()), connect(console.address()));
    let mut third = connect(console.address());
    write_request(&mut third, console.address(), "GET", "/login", &[], "");
    third.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
    assert!(third.read(&mut [0; 1]).is_err(), "it waits for a place");
    drop(first);
    third.set_read_timeout(Some(PATIENCE)).unwrap();
    assert_eq!(status(&rest(&mut third)), 200);
    drop(second);
}

#[test]
fn a_live_tail_ends_with_the_leave_to_read() {
    let folder = TempDir::new().unwrap();
    let console = plain(folder.path(), Limits::default());
    let admin = set_up(&console);
    let sign_in = |name: &str| {
        let answer = ask(&console, "POST", "/login", &[], &format!("account={name}&password=just+looking"));
        cookie(&answer)
    };
    let open = |field: &str| {
        let mut stream = connect(console.address());
        write_request(&mut stream, console.address(), "GET", "/events/live", &[field.to_owned()], "");
        let mut seen = Vec::new();
        while !String::from_utf8_lossy(&seen).contains(": open") {
            let mut buffer = [0; 1024];
            let count = stream.read(&mut buffer).unwrap();
            assert!(count > 0, "{}", String::from_utf8_lossy(&seen));
            seen.extend_from_slice(&buffer[..count]);
        }
        stream
    };
    for name in ["vic", "wes"] {
        act(&console, &admin, &format!("do=add&account={name}&password=just+looking&role=view"));
    }
    let (vic, wes) = (sign_in("vic"), sign_in("wes"));
    let (mut tail, mut other) = (open(&vic), open(&admin));
    let answer = act(&console, &admin, "do=role&account=vic&role=tune");
    assert_eq!(status(&answer), 303, "{answer}");
    rest(&mut tail);
    let mut tail = open(&vic);
    act(&console, &admin, "do=remove&account=vic");
    rest(&mut tail);
    let mut tail = open(&wes);
    let session = ask(&console, "GET", "/api/v1/session", std::slice::from_ref(&wes), "");
    let csrf = session.split("\"csrf\":\"").nth(1).unwrap().split('"').next().unwrap();
    ask(&console, "POST", "/logout", &[wes], &format!("csrf={csrf}"));
    rest(&mut tail);
    other.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
    let still = other.read(&mut [0; 64]);
    assert!(!matches!(still, Ok(0)), "who is signed in reads on");
}

#[test]
fn guessing_tokens_and_passwords_is_limited() {
    let folder = TempDir::new().unwrap();
    let console = plain(folder.path(), Limits::default());
    let admin = set_up(&console);
    for tried in 0..6 {
        let answer = act(&console, &admin, "do=password&old=battery+staple&password=another+one");
        let expected = if tried < 5 { 422 } else { 429 };
        assert_eq!(status(&answer), expected, "{tried}: {answer}");
    }
    let answer = act(&console, &admin, "do=password&old=correct+horse&password=another+one");
    assert_eq!(status(&answer), 429, "the right one is not looked at either");
    let made = act(&console, &admin, "do=add-token&name=robot&role=view&days=1");
    let token = made.split("id=\"secret\">").nth(1).expect(&made).split('<').next().unwrap();
    let use_token = |token: &str| {
        status(&ask(&console, "GET", "/api/v1/session", &[format!("Authorization: Bearer {token}")], ""))
    };
    assert_eq!(use_token(token), 200);
    for _ in 0..5 {
        assert_eq!(use_token("pct_guessed"), 401);
    }
    assert_eq!([use_token("pct_guessed"), use_token(token)], [429, 200], "who has one is not locked out");
}

#[test]
fn accounts_are_an_admins_over_the_api_as_well() {
    let folder = TempDir::new().unwrap();
    let console = plain(folder.path(), Limits::default());
    let admin = set_up(&console);
    let token = |name: &str, role: &str| {
        let made = act(&console, &admin, &format!("do=add-token&name={name}&role={role}&days=1"));
        let secret = made.split("id=\"secret\">").nth(1).expect(&made).split('<').next().unwrap();
        format!("Authorization: Bearer {secret}")
    };
    let (chief, robot) = (token("chief", "admin"), token("robot", "tune"));
    let ask_as = |who: &str, deed: &str| {
        let answer = ask(&console, "POST", "/api/v1/accounts", &[who.to_owned()], deed);
        (status(&answer), answer)
    };
    let add = r#"{"kind":"add-account","account":"vic","password":"just looking","role":"view"}"#;
    assert_eq!(ask_as(&robot, add).0, 403);
    let (status, answer) = ask_as(&chief, add);
    assert!(status == 200 && answer.contains(r#""name":"vic","role":"view""#), "{answer}");
    let (status, answer) = ask_as(&chief, r#"{"kind":"set-role","account":"vic","role":"tune"}"#);
    assert!(status == 200 && answer.contains(r#""name":"vic","role":"tune""#), "{answer}");
    for (who, deed, expected) in [
        (&chief, r#"{"kind":"set-role","account":"ada","role":"view"}"#, 422),
        (&chief, r#"{"kind":"set-role","account":"vic","role":"king"}"#, 422),
        (&chief, r#"{"kind":"add-token","name":"more","role":"view","days":700}"#, 403),
        (&robot, r#"{"kind":"set-password","old":"correct horse","password":"battery staple"}"#, 403),
        (&robot, r#"{"kind":"remove-token","account":"vic","name":"x"}"#, 403),
        (&robot, r#"{"kind":"remove-token","name":"robot"}"#, 200),
        (&robot, r#"{"kind":"remove-token","name":"robot"}"#, 401),
        (&chief, r#"{"kind":"remove-account","account":"vic"}"#, 200),
    ] {
        let (status, answer) = ask_as(who, deed);
        assert_eq!(status, expected, "{deed}: {answer}");
    }
}

#[test]
fn a_new_setup_link_takes_the_place_of_the_old_one() {
    let folder = TempDir::new().unwrap();
    let console = plain(folder.path(), Limits::default());
    let path = |link: &str| link.split_once("/setup").map(|(_, query)| format!("/setup{query}")).unwrap();
    let old = path(console.setup_link().unwrap());
    assert_eq!(status(&ask(&console, "GET", &old, &[], "")), 200);
    let new = path(&console.new_setup_link().unwrap());
    assert_eq!(status(&ask(&console, "GET", &old, &[], "")), 403);
    assert_eq!(status(&ask(&console, "GET", &new, &[], "")), 200);
    let form = format!("{}&account=ada&password=correct+horse&again=correct+horse", &new["/setup?".len()..]);
    assert_eq!(status(&ask(&console, "POST", "/setup", &[], &form)), 303);
    assert!(console.new_setup_link().is_none());
}
