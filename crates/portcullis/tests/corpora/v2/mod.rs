//! ModSecurity 2's regression tests: a configuration, a request, and what must stand in the logs and the answer.
//!
//! Each case runs in a process of its own, and in a second one without the screen: a site with the case's configuration,
//! between a client that sends the bytes and an origin that serves the documents. It is stopped before its logs are read,
//! so nothing has to be waited for.
//! The expressions are about version 2's own texts in the error, debug and audit log; ours must meet them as they are.

mod case;
mod documents;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use case::{Case, Places};
use portcullis_testkit::corpus;
use portcullis_testkit::suite::{Suite, content_id};

use crate::support::{PATIENCE, Portcullis, Site};

/// Processes at a time: each spends most of its life waiting.
const WORKERS: usize = 4;

/// A case, its id and its place in the folder.
struct Task {
    id: String,
    place: String,
    case: Case,
}

/// A build without libxml2 refuses more.
const SKIPS: &str = if cfg!(feature = "libxml2") {
    include_str!("../v2.skip")
} else {
    concat!(include_str!("../v2.skip"), include_str!("../v2_without_libxml2.skip"))
};

pub fn run() {
    let Some(folder) = corpus::folder("modsecurity-v2") else { return };
    let folder = folder.canonicalize().expect("a folder").join("regression");
    let tasks = tasks(&folder);
    let origin = documents::serve(folder.join("server_root/htdocs"));
    let next = AtomicUsize::new(0);
    let outcomes = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some((at, task)) =
                    Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|at| Some((at, tasks.get(at)?)))
                {
                    let outcome = judge(&task.case, &folder.join("server_root"), origin);
                    outcomes.lock().expect("no panic holds it").push((at, outcome));
                }
            });
        }
    });
    let mut outcomes = outcomes.into_inner().expect("no panic held it");
    outcomes.sort_by_key(|(at, _)| *at);
    let mut suite = Suite::new("modsecurity-v2/regression", SKIPS);
    for (task, (_, outcome)) in tasks.iter().zip(outcomes) {
        suite.case(&task.id, &task.place, outcome);
    }
    suite.finish();
}

fn tasks(folder: &Path) -> Vec<Task> {
    let mut tasks = Vec::new();
    for path in corpus::files(folder, "json").unwrap_or_default() {
        let file = path.file_stem().expect("a file has a name").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).expect("a readable file");
        let values: Vec<serde_json::Value> = serde_json::from_str(&text).expect("JSON");
        for (number, value) in (1..).zip(values) {
            let id = content_id(&file, &value, &["n"]);
            let case: Case =
                serde_json::from_value(value).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
            tasks.push(Task { id, place: format!("{number}, {}", case.comment), case });
        }
    }
    tasks
}

/// Why a case fails, with the screen or without it.
fn judge(case: &Case, server_root: &Path, origin: SocketAddr) -> Result<(), String> {
    if let Some(error) = &case.conf_error {
        return Err(format!("the configuration could not be made: {error}"));
    }
    judge_with(&["--workers", "1"], case, server_root, origin)?;
    judge_with(&["--workers", "1", "--plain"], case, server_root, origin)
        .map_err(|why| format!("with --plain: {why}"))
}

/// Why a case fails in a process with these flags.
fn judge_with(flags: &[&str], case: &Case, server_root: &Path, origin: SocketAddr) -> Result<(), String> {
    let site = Site::with("", "");
    let places = places(&site, server_root, origin);
    let configuration = case::bytes(&case.conf).unwrap_or_default();
    let configuration = places.fill(&String::from_utf8_lossy(&configuration));
    site.write("modsecurity.conf", &format!("{configuration}\n"));
    let checked = crate::support::output(&["check", site.argument()]);
    if !checked.status.success() {
        return Err(format!("does not load:\n{}", String::from_utf8_lossy(&checked.stderr)));
    }
    let (process, address) = Portcullis::run(site.argument(), &format!("http://{origin}"), flags);
    let answer = match case::request(&case.request, &places)? {
        Some(request) => followed(exchange(address, &request)),
        None => Vec::new(),
    };
    let (_, said) = process.stop();
    let error_log = said.lines().filter(|line| line.starts_with("Error: ")).collect::<Vec<_>>().join("\n");
    let read = |name: &str| std::fs::read(site.path(name)).unwrap_or_default();
    let logs = Logs { error: error_log.into_bytes(), debug: read(DEBUG_LOG), audit: read(AUDIT_LOG) };
    logs.judge(case, &places)?;
    judge_answer(case, &answer, &places)
        .map_err(|why| format!("{why}\n{}", String::from_utf8_lossy(&logs.error)))?;
    judge_code(case, &site)?;
    for (file, wanted) in &case.match_file {
        let found = std::fs::read(places.fill(file)).map_err(|error| format!("{file}: {error}"))?;
        if !case::expression(wanted, &places)?.is_match(&found) {
            return Err(format!("{file} holds something else"));
        }
    }
    Ok(())
}

const DEBUG_LOG: &str = "logs/debug.log";
const AUDIT_LOG: &str = "logs/audit.log";

/// Scripts of our own for the names that cases ask for: the folder holds none.
const SCRIPTS: [(&str, &str); 2] =
    [("test.lua", include_str!("scripts/test.lua")), ("match.lua", include_str!("scripts/match.lua"))];

/// Lays down what a case may name, and says where it is. The port is the origin's, which redirects and `proxy` lead to.
fn places(site: &Site, server_root: &Path, origin: SocketAddr) -> Places {
    let path = |name: &str| site.path(name).display().to_string();
    for folder in ["conf", "tmp", "upload", "logs/audit", "logs/subdir"] {
        std::fs::create_dir_all(site.path(folder)).expect("a folder in a site");
    }
    for entry in std::fs::read_dir(server_root.join("conf")).into_iter().flatten().flatten() {
        std::fs::copy(entry.path(), site.path("conf").join(entry.file_name())).expect("a file in a site");
    }
    for (name, text) in SCRIPTS {
        site.write(name, text);
        site.write(&format!("conf/{name}"), text);
    }
    Places(vec![
        ("DEBUG_LOG", path(DEBUG_LOG)),
        ("AUDIT_LOG", path(AUDIT_LOG)),
        ("LOGS_DIR", path("logs")),
        ("TEMP_DIR", path("tmp")),
        ("UPLOAD_DIR", path("upload")),
        ("DATA_DIR", path("data")),
        ("CONF_DIR", path("conf")),
        ("SERVER_NAME", "localhost".to_owned()),
        ("SERVER_PORT", origin.port().to_string()),
        ("USER_AGENT", "ModSecurity Regression Tests/1.2.3".to_owned()),
    ])
}

/// The answer to its end; what is closed without one is empty.
fn exchange(address: SocketAddr, request: &[u8]) -> Vec<u8> {
    let mut answer = Vec::new();
    if let Ok(mut stream) = TcpStream::connect(address) {
        let _ = stream.set_read_timeout(Some(PATIENCE));
        // A refused body may end the connection while it is still written; what was answered counts.
        let _ = stream.write_all(request);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut block = [0; 8192];
        while let Ok(count @ 1..) = stream.read(&mut block) {
            answer.extend(&block[..count]);
        }
    }
    answer
}

/// What the client library shows of a redirect: the page it leads to.
fn followed(answer: Vec<u8>) -> Vec<u8> {
    let text = String::from_utf8_lossy(&answer);
    let is_redirect =
        text.split(' ').nth(1).is_some_and(|status| matches!(status, "301" | "302" | "303" | "307"));
    let location = text
        .lines()
        .find_map(|line| line.strip_prefix("Location: http://localhost:"))
        .filter(|_| is_redirect);
    let Some((port, path)) = location.and_then(|location| location.split_once('/')) else { return answer };
    let Ok(port) = port.parse() else { return answer };
    exchange(
        SocketAddr::from(([127, 0, 0, 1], port)),
        format!("GET /{path} HTTP/1.1\r\nHost: localhost\r\n\r\n").as_bytes(),
    )
}

struct Logs {
    error: Vec<u8>,
    debug: Vec<u8>,
    audit: Vec<u8>,
}

impl Logs {
    fn named(&self, name: &str) -> Option<&[u8]> {
        match name {
            "error" => Some(&self.error),
            "debug" => Some(&self.debug),
            "audit" => Some(&self.audit),
            _ => None,
        }
    }

    fn judge(&self, case: &Case, places: &Places) -> Result<(), String> {
        let in_answer = case.match_response.iter().filter(|(name, _)| name.ends_with("error"));
        for (name, wanted) in case.match_log.iter().chain(in_answer) {
            let log = name.trim_start_matches('-');
            let text = self.named(log).ok_or_else(|| format!("there is no log `{log}`"))?;
            let matches = case::expression(wanted, places)?.is_match(text);
            if matches == name.starts_with('-') {
                let has = if matches { "has" } else { "lacks" };
                return Err(format!("the {log} log {has} {wanted}:\n{}", String::from_utf8_lossy(text)));
            }
        }
        Ok(())
    }
}

/// A body without the framing of its chunks.
fn whole(head: &[u8], body: &[u8]) -> Vec<u8> {
    if !String::from_utf8_lossy(head).to_ascii_lowercase().contains("transfer-encoding: chunked") {
        return body.to_vec();
    }
    let mut rest = body;
    let mut whole = Vec::new();
    while let Some(end) = rest.windows(2).position(|two| two == b"\r\n") {
        let size = usize::from_str_radix(&String::from_utf8_lossy(&rest[..end]), 16).unwrap_or(0);
        let data = &rest[end + 2..];
        if size == 0 || data.len() < size + 2 {
            break;
        }
        whole.extend_from_slice(&data[..size]);
        rest = &data[size + 2..];
    }
    whole
}

/// The checks in Perl: one looks into an uploaded file that was kept, the other does nothing.
fn judge_code(case: &Case, site: &Site) -> Result<(), String> {
    let code = case.test.to_string();
    if !code.contains("match_file($fn, qr/^TESTFILE$/m)") {
        let does_nothing = case.test.is_null() || code.contains("{\\n    no warnings;\\n    (return 0);\\n}");
        return if does_nothing { Ok(()) } else { Err(format!("a check in Perl: {code}")) };
    }
    let kept = std::fs::read_dir(site.path("upload")).map_err(|error| error.to_string())?;
    let mut texts = kept.flatten().filter_map(|entry| std::fs::read_to_string(entry.path()).ok());
    if texts.any(|text| text.lines().any(|line| line == "TESTFILE")) {
        Ok(())
    } else {
        Err("the upload was not kept".to_owned())
    }
}

fn judge_answer(case: &Case, answer: &[u8], places: &Places) -> Result<(), String> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").map_or(answer.len(), |at| at + 4);
    // The client library of the original tests says 500 where no answer comes.
    let status = match String::from_utf8_lossy(&answer[..end]).split(' ').nth(1) {
        Some(status) => status.to_owned(),
        None => "500".to_owned(),
    };
    let body = whole(&answer[..end], &answer[end..]);
    let body = body.strip_suffix(b"\n").unwrap_or(&body);
    let lines = answer.split(|byte| *byte == b'\r').collect::<Vec<_>>().concat();
    for (name, wanted) in &case.match_response {
        let text = match name.as_str() {
            "status" => status.as_bytes(),
            "content" => body,
            "raw" => &lines,
            _ => continue,
        };
        if !case::expression(wanted, places)?.is_match(text) {
            return Err(format!("{name} is no {wanted}: {}", String::from_utf8_lossy(text)));
        }
    }
    Ok(())
}
