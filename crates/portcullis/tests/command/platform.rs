//! `run --platform`: what a hosting platform relies on, each part over real sockets.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::mpsc::channel;
use std::time::SystemTime;

use portcullis_testkit::origin::Origin;
use tempfile::TempDir;

use crate::support::{PATIENCE, Portcullis, Site, exchange, get, output, status};

const ANSWER: &str = "HTTP/1.1 200 OK\r\nsection-io-id: not-this\r\nContent-Length: 5\r\n\r\nhello";

/// A proxy of a platform, but for ports that only a platform has.
fn platform(site: &Site, instance: &Path, origin: SocketAddr, more: &[&str]) -> (Portcullis, SocketAddr) {
    let folder = instance.to_str().unwrap();
    let arguments = [&["--platform", "--instance-folder", folder][..], more].concat();
    Portcullis::run(site.argument(), &format!("http://{origin}"), &arguments)
}

/// Every file and folder of a site with its time and content.
fn tree(root: &Path) -> BTreeMap<PathBuf, (SystemTime, Vec<u8>)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let is_folder = path.is_dir();
            let content = if is_folder { Vec::new() } else { fs::read(&path).unwrap() };
            found.insert(path.clone(), (path.metadata().unwrap().modified().unwrap(), content));
            folders.extend(is_folder.then_some(path));
        }
    }
    found
}

fn ask(address: SocketAddr, target: &str, fields: &str) -> String {
    exchange(
        address,
        &format!("GET {target} HTTP/1.1\r\nHost: shop.test\r\n{fields}Connection: close\r\n\r\n"),
    )
}

#[test]
fn is_a_preset_that_variables_and_flags_win_over() {
    let site = Site::new();
    site.write("portcullis.toml", "listen = \"127.0.0.1:1\"\nworkers = 3\naccess_log_format = \"ltsv\"\n");
    let shown = |more: &[&str]| {
        let arguments = [&["run", site.argument(), "--print-settings"][..], more].concat();
        let output = output(&arguments);
        assert!(output.status.success());
        let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
        String::from_utf8(output.stdout).unwrap().lines().map(words).collect::<Vec<_>>()
    };
    let lines = shown(&["--platform", "--health-path", "/up"]);
    for line in [
        "listen = [\"0.0.0.0:80\"] # --platform",
        "upstream = \"http://next-hop:80\" # --platform",
        "trust_peer = true # --platform",
        "client_address_field = \"True-Client-IP\" # --platform",
        "request_id_field = \"section-io-id\" # --platform",
        "health_path = \"/up\" # --health-path",
        "access_log = \"stdout\" # --platform",
        "access_log_format = \"ltsv\" # portcullis.toml",
        "audit_log = \"stderr\" # --platform",
        "workers = 3 # portcullis.toml",
        "error_pages = \"custom_errors\" # default",
    ] {
        assert!(lines.iter().any(|shown| shown == line), "{line} is missing in {lines:#?}");
    }
    assert!(shown(&[]).contains(&"listen = [\"127.0.0.1:1\"] # portcullis.toml".to_owned()));
}

#[test]
fn writes_nothing_into_the_site_and_everything_to_its_two_streams() {
    let configuration = "SecRuleEngine On\nSecAuditEngine RelevantOnly\nSecAuditLog logs/audit.log\nSecAuditLogParts ABHZ\n\
                         SecDataDir data\nSecDebugLog logs/debug.log\nSecDebugLogLevel 3\n";
    let rules = "SecAction \"id:1,phase:1,pass,nolog,initcol:ip=%{REMOTE_ADDR},setvar:ip.seen=+1\"\n\
                 SecRule ARGS \"@contains attack\" \"id:1000,phase:2,deny,log,auditlog,msg:'attack seen'\"\n";
    let site = Site::with(configuration, rules);
    let before = tree(site.root());
    let (origin, instance) = (Origin::answering(ANSWER), TempDir::new().unwrap());
    let (mut process, address) = platform(&site, instance.path(), origin.address(), &[]);
    assert_eq!(status(&get(address, "/?q=attack")), 403);
    process.error_line("[id \"1000\"]");
    process.error_line("-A--");
    process.error_line("GET /?q=attack HTTP/1.1");
    let access = process.out_line("\"target\":\"/?q=attack\"");
    assert!(serde_json::from_str::<serde_json::Value>(&access).is_ok(), "{access}");
    let reloaded = output(&["reload", instance.path().to_str().unwrap(), "--wait"]);
    assert!(reloaded.status.success(), "{reloaded:?}");
    let (status, said) = process.stop();
    assert!(status.success(), "{said}");
    let out: Vec<&str> = said.lines().filter(|line| line.starts_with("Out: ")).collect();
    assert_eq!(out.len(), 1, "only access lines belong on standard output");
    assert!(instance.path().join("data/collections.redb").is_file());
    assert_eq!(tree(site.root()), before);
}

#[test]
fn the_client_is_who_the_peer_says() {
    let rules = "SecRule REMOTE_ADDR \"@ipMatch 192.0.2.0/24\" \"id:1,phase:1,deny,log\"\n";
    let site = Site::with("SecRuleEngine On\n", rules);
    let (origin, instance) = (Origin::answering(ANSWER), TempDir::new().unwrap());
    let (mut process, address) = platform(&site, instance.path(), origin.address(), &[]);
    for (fields, expected, client) in [
        ("", 200, "127.0.0.1"),
        ("True-Client-IP: 192.0.2.9\r\n", 403, "192.0.2.9"),
        ("X-Forwarded-For: 192.0.2.8\r\n", 403, "192.0.2.8"),
        // What a client wrote into the field stands left of what the peer has added.
        ("X-Forwarded-For: 192.0.2.7, 198.51.100.1\r\n", 200, "198.51.100.1"),
        ("True-Client-IP: 198.51.100.2\r\nX-Forwarded-For: 192.0.2.6\r\n", 200, "198.51.100.2"),
    ] {
        assert_eq!(status(&ask(address, "/", fields)), expected, "{fields}");
        process.out_line(&format!("\"client\":\"{client}"));
    }
    // Without the preset nobody is believed.
    let (_process, address) = Portcullis::run(site.argument(), &format!("http://{}", origin.address()), &[]);
    assert_eq!(status(&ask(address, "/", "True-Client-IP: 192.0.2.9\r\n")), 200);
}

#[test]
fn the_id_of_a_request_comes_from_the_peer_and_goes_both_ways() {
    let site = Site::new();
    let (origin, instance) = (Origin::answering(ANSWER), TempDir::new().unwrap());
    let (mut process, address) = platform(&site, instance.path(), origin.address(), &[]);
    let answer = ask(address, "/?q=attack", "Section-IO-Id: 3f2c-77\r\n");
    assert!(answer.contains("\r\nsection-io-id: 3f2c-77\r\n") && !answer.contains("not-this"), "{answer}");
    process.error_line("[unique_id \"3f2c-77\"]");
    process.out_line("3f2c-77");
    let seen = String::from_utf8(origin.requests().pop().unwrap()).unwrap().to_lowercase();
    assert_eq!(seen.matches("section-io-id: 3f2c-77\r\n").count(), 1, "{seen}");
    // One that could break a line or a path is replaced, also on an answer of the proxy's own.
    let refused = ask(address, "/%00", "section-io-id: ../../x\r\n");
    let id = refused.split("section-io-id: ").nth(1).and_then(|rest| rest.split("\r\n").next()).unwrap();
    assert!(id.len() == 27 && !id.contains(['.', '/']), "{refused}");
    process.out_line(id);
}

#[test]
fn the_health_path_needs_no_rules_and_no_origin() {
    let rules = "SecAction \"id:1,phase:1,deny,log\"\n";
    let site = Site::with("SecRuleEngine On\n", rules);
    let instance = TempDir::new().unwrap();
    let nobody = SocketAddr::from(([127, 0, 0, 1], 9));
    let (process, address) = platform(&site, instance.path(), nobody, &["--health-path", "/up"]);
    let answer = get(address, "/up");
    assert!(status(&answer) == 200 && answer.ends_with("\r\n\r\nok\n"), "{answer}");
    for other in ["/up?x=1", "/up/", "/"] {
        assert_eq!(status(&get(address, other)), 403, "{other}");
    }
    // A body would have to be read before the next request of the connection: that is no question about health.
    let body = "POST /up HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nConnection: close\r\n\r\nx";
    assert_eq!(status(&exchange(address, body)), 403);
    let two = "GET /up HTTP/1.1\r\nHost: h\r\n\r\nGET /up HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n";
    assert_eq!(exchange(address, two).matches("\r\n\r\nok\n").count(), 2);
    let (_, said) = process.stop();
    assert!(said.contains("stopped after 4 requests"), "{said}");
}

#[test]
fn error_pages_are_the_sites_own() {
    let rules = "SecRule ARGS:s \"@rx ^(\\d+)$\" \"id:1,phase:1,deny,log,capture,chain\"\nSecRule TX:1 \"@streq 403\" \"t:none\"\n\
                 SecRule ARGS:s \"@streq 503\" \"id:2,phase:1,deny,status:503\"\n\
                 SecRule ARGS:s \"@streq 302\" \"id:3,phase:1,redirect:http://other.test/\"\n\
                 SecRule ARGS:s \"@streq 406\" \"id:4,phase:1,deny,status:406\"\n";
    let site = Site::with("SecRuleEngine On\n", rules);
    fs::create_dir(site.path("custom_errors")).unwrap();
    for page in ["302", "403", "502", "499"] {
        site.write(&format!("custom_errors/{page}.html"), &format!("<p>page {page}</p>"));
    }
    let instance = TempDir::new().unwrap();
    let nobody = SocketAddr::from(([127, 0, 0, 1], 9));
    let (mut process, address) = platform(&site, instance.path(), nobody, &["--watch=false"]);
    for (target, expected, page) in [
        ("/?s=403", 403, "<p>page 403</p>"),
        ("/?s=302", 302, "<p>page 302</p>"),
        ("/", 502, "<p>page 502</p>"),
    ] {
        let answer = get(address, target);
        let length = format!("Content-Length: {}\r\n", page.len());
        assert!(
            status(&answer) == expected && answer.ends_with(page) && answer.contains(&length),
            "{answer}"
        );
    }
    assert!(get(address, "/?s=302").contains("Location: http://other.test/\r\n"));
    let ours = get(address, "/?s=503");
    assert!(status(&ours) == 503 && ours.contains("<h1>Service Unavailable</h1>"), "{ours}");
    // They belong to the site: a reload takes new ones.
    site.write("custom_errors/503.html", "<p>page 503</p>");
    fs::remove_file(site.path("custom_errors/403.html")).unwrap();
    process.signal("HUP");
    process.error_line("reloaded (SIGHUP)");
    assert!(get(address, "/?s=503").ends_with("<p>page 503</p>"));
    assert!(get(address, "/?s=403").contains("<h1>Forbidden</h1>"));
    let warned = output(&["check", "--warnings", site.argument()]);
    assert!(String::from_utf8_lossy(&warned.stderr).contains("499.html` is never sent"), "{warned:?}");
    let large = fs::File::create(site.path("custom_errors/500.html")).unwrap();
    large.set_len((1 << 20) + 1).unwrap();
    let refused = output(&["check", site.argument()]);
    assert!(!refused.status.success() && String::from_utf8_lossy(&refused.stderr).contains("500.html`"));
}

#[test]
fn sigterm_lets_what_runs_finish() {
    let site = Site::new();
    let instance = TempDir::new().unwrap();
    let (arrived, seen) = channel();
    let (go, gone) = channel::<()>();
    let gone = Mutex::new(gone);
    let origin = Origin::conversing(move |conversation| {
        if conversation.request().is_some() {
            arrived.send(()).unwrap();
            gone.lock().unwrap().recv_timeout(PATIENCE).unwrap();
            conversation.send(ANSWER.as_bytes());
        }
    });
    let (mut process, address) = platform(&site, instance.path(), origin.address(), &[]);
    let mut client = TcpStream::connect(address).unwrap();
    client.set_read_timeout(Some(PATIENCE)).unwrap();
    client.write_all(b"GET /slow HTTP/1.1\r\nHost: h\r\n\r\n").unwrap();
    seen.recv_timeout(PATIENCE).unwrap();
    process.signal("TERM");
    process.error_line("stopping (SIGTERM)");
    go.send(()).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("hello"), "{answer}");
    let (status, said) = process.end();
    assert!(status.success() && said.contains("stopped after 1 request"), "{said}");
}
