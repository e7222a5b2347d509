//! The cases in front of servers that read HTTP their own way: nginx and Apache httpd, where they are installed.
//!
//! Their access logs tell how many requests they have taken out of what the proxy sent, and which; those must be the
//! ones that the rules saw and let pass. A request hidden in another one would be a line more.

use crate::answers;
use crate::case::{self, Case};
use crate::support::{Bench, shown};
use crate::witness::{self, Turns, Way};
use portcullis_proxy::UpstreamAddress;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

const NGINX: &str = "daemon off;
master_process off;
pid FOLDER/pid;
error_log FOLDER/error.log;
events {}
http {
    log_format line escape=none '$request';
    access_log /dev/stdout line;
    client_body_temp_path FOLDER/body;
    proxy_temp_path FOLDER/proxy;
    fastcgi_temp_path FOLDER/fastcgi;
    uwsgi_temp_path FOLDER/uwsgi;
    scgi_temp_path FOLDER/scgi;
    keepalive_timeout 600s;
    keepalive_requests 1000000;
    large_client_header_buffers 8 64k;
    server {
        listen 127.0.0.1:PORT;
        location / { return 200 'ok'; }
    }
}
";

const APACHE: &str = "ServerRoot FOLDER
PidFile FOLDER/pid
ErrorLog FOLDER/error.log
ServerName origin
Listen 127.0.0.1:PORT
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
DocumentRoot FOLDER
LogFormat \"%r\" line
CustomLog /dev/stdout line
KeepAlive On
KeepAliveTimeout 600
MaxKeepAliveRequests 0
# The proxy adds fields to heads that have as many as the limit.
LimitRequestFields 110
";

/// A server that runs until it is dropped, and the lines of its access log.
struct Server {
    process: Child,
    port: u16,
    lines: Receiver<Vec<u8>>,
    _folder: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        // A killed server would leave its workers behind.
        let _ = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status();
        let _ = self.process.wait();
    }
}

impl Server {
    /// `None`, said on standard output, when the program is not installed.
    fn start(program: &str, template: &str, arguments: &[&str]) -> Option<Self> {
        let places = ["/usr/sbin", "/usr/bin", "/usr/local/sbin"];
        let Some(path) =
            places.iter().map(|place| Path::new(place).join(program)).find(|path| path.is_file())
        else {
            println!("skipped: {program} is not installed");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let config = folder.path().join("config");
        let text =
            template.replace("FOLDER", folder.path().to_str().unwrap()).replace("PORT", &port.to_string());
        std::fs::write(&config, text).unwrap();
        let mut process = spawn(&path, arguments, &config);
        let lines = follow(&mut process);
        for _ in 0..500 {
            if TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Some(Self { process, port, lines, _folder: folder });
            }
            assert!(process.try_wait().unwrap().is_none(), "{program} does not start");
            // A server tells nobody when it listens.
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("{program} does not listen");
    }

    /// The lines logged so far: all before that of a last request.
    fn lines(&self) -> Vec<Vec<u8>> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.write_all(b"GET /the-last-one HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n").unwrap();
        stream.read_to_end(&mut Vec::new()).unwrap();
        let mut lines = Vec::new();
        loop {
            let line = self.lines.recv_timeout(Duration::from_secs(20)).expect("the last request is logged");
            if line.starts_with(b"GET /the-last-one ") {
                return lines;
            }
            lines.push(line);
        }
    }
}

fn spawn(path: &Path, arguments: &[&str], config: &Path) -> Child {
    let mut command = Command::new(path);
    command.args(arguments).arg(config).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    command.spawn().unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Reads lines as they are written.
fn follow(process: &mut Child) -> Receiver<Vec<u8>> {
    let (told, lines) = channel();
    let mut output = BufReader::new(process.stdout.take().unwrap());
    std::thread::spawn(move || {
        let mut line = Vec::new();
        while output.read_until(b'\n', &mut line).is_ok_and(|count| count > 0) {
            line.pop();
            if told.send(std::mem::take(&mut line)).is_err() {
                return;
            }
        }
    });
    lines
}

#[test]
fn nginx_counts_what_the_rules_saw() {
    if let Some(server) = Server::start("nginx", NGINX, &["-c"]) {
        compare(&server, |line| line.to_vec());
    }
}

#[test]
fn apache_counts_what_the_rules_saw() {
    if let Some(server) = Server::start("apache2", APACHE, &["-DFOREGROUND", "-f"]) {
        compare(&server, unescaped);
    }
}

fn compare(server: &Server, plain: impl Fn(&[u8]) -> Vec<u8>) {
    let upstream = UpstreamAddress { host: "127.0.0.1".to_owned(), port: server.port };
    let running = Bench::new(witness::RULES).at(upstream);
    let cases: Vec<Case> = case::all().into_iter().filter(|case| !case.scripted).collect();
    let (mut expected, turns) = (Vec::new(), Turns::default());
    for case in &cases {
        let methods: Vec<&[u8]> = case.seen.iter().map(|seen| witness::method(seen)).collect();
        let stream = TcpStream::connect(running.address).unwrap();
        let (bytes, end) = witness::talk(stream, case, Way::Inspected, &methods, &turns);
        let exchanges = running.exchanges();
        assert_eq!(exchanges.len(), case.seen.len(), "{}: requests that the rules saw", case.name);
        let passed = exchanges.iter().filter(|exchange| exchange.upstream.is_some()).count();
        assert_eq!(passed, case.forwarded.len(), "{}: requests that passed", case.name);
        let finals = answers::read(&bytes, &methods, end)
            .iter()
            .filter(|one| one.status >= 200 || one.status == 0)
            .count();
        assert_eq!(
            finals,
            case.client.iter().filter(|one| *one != "100").count(),
            "{}: {}",
            case.name,
            shown(&bytes)
        );
        expected.extend(case.forwarded.iter().map(|request| line(request)));
    }
    // Workers of a server may log in another order than they were asked.
    let mut logged: Vec<String> = server.lines().iter().map(|line| shown(&plain(line))).collect();
    let mut expected: Vec<String> = expected.iter().map(|line| shown(line)).collect();
    logged.sort();
    expected.sort();
    let surplus: Vec<&String> = logged.iter().filter(|line| !expected.contains(line)).collect();
    assert_eq!(logged.len(), expected.len(), "requests that the server counts; unknown ones: {surplus:?}");
    assert_eq!(surplus, Vec::<&String>::new(), "requests that the rules did not see");
    assert!(
        cases.len() >= 300 && expected.len() >= 300,
        "{} cases, {} requests",
        cases.len(),
        expected.len()
    );
    println!("{} cases, {} requests", cases.len(), expected.len());
}

fn line(request: &[u8]) -> Vec<u8> {
    request.split(|&b| b == b'\r').next().unwrap_or_default().to_vec()
}

/// A line as it was before httpd escaped it for its log.
fn unescaped(line: &[u8]) -> Vec<u8> {
    let (mut out, mut rest) = (Vec::new(), line);
    while let Some((&first, tail)) = rest.split_first() {
        rest = tail;
        match (first, tail) {
            (b'\\', [b'x', high, low, after @ ..]) => {
                let digits = [*high, *low];
                out.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
                rest = after;
            }
            (b'\\', [other, after @ ..]) => {
                out.push(*other);
                rest = after;
            }
            _ => out.push(first),
        }
    }
    out
}
