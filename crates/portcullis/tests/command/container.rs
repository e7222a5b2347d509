//! The variables of the CRS's container images: what they set, what wins over what, and what is said of them.

use std::fs;
use std::path::Path;

use portcullis_testkit::corpus;
use tempfile::TempDir;

use crate::support::{Origin, Portcullis, Site, exchange, get, output, output_with, status};

/// The settings in force with these variables, each with where it stands.
fn shown(site: &Site, variables: &[(&str, &str)], more: &[&str]) -> Vec<String> {
    let arguments = [&["run", site.argument(), "--print-settings"][..], more].concat();
    let output = output_with(&arguments, variables);
    assert!(output.status.success(), "{output:?}");
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    String::from_utf8(output.stdout).unwrap().lines().map(words).collect()
}

#[test]
fn settings_in_them_win_over_the_platform_and_the_file_and_lose_to_ours() {
    let site = Site::new();
    site.write("portcullis.toml", "upstream = \"http://file:1\"\nconnections_per_worker = 7\n");
    let variables = [
        ("BACKEND", "http://app:9000"),
        ("PORT", "8080"),
        ("PROXY_TIMEOUT", "17"),
        ("KEEPALIVE_TIMEOUT", "9s"),
        ("ACCESSLOG", "/dev/null"),
        ("SET_REAL_IP_FROM", "10.0.0.0/8, 192.0.2.1"),
        ("REAL_IP_HEADER", "X-REAL-IP"),
        ("WORKER_CONNECTIONS", "99"),
    ];
    let lines = shown(&site, &variables, &["--platform", "--connections-per-worker", "5"]);
    for line in [
        "upstream = \"http://app:9000\" # BACKEND",
        "listen = [\"0.0.0.0:8080\"] # PORT",
        "answer_timeout = \"17s\" # PROXY_TIMEOUT",
        "keep_alive_timeout = \"9s\" # KEEPALIVE_TIMEOUT",
        "access_log = \"off\" # ACCESSLOG",
        "trusted_proxies = [\"10.0.0.0/8\", \"192.0.2.1\"] # SET_REAL_IP_FROM",
        "client_address_field = \"X-REAL-IP\" # REAL_IP_HEADER",
        "connections_per_worker = 5 # --connections-per-worker",
        "health_path = \"/.well-known/portcullis/health\" # --platform",
    ] {
        assert!(lines.iter().any(|shown| shown == line), "{line} is missing in {lines:#?}");
    }
    let ours = [&variables[..], &[("PORTCULLIS_UPSTREAM", "http://ours:1")]].concat();
    assert!(
        shown(&site, &ours, &[]).contains(&"upstream = \"http://ours:1\" # PORTCULLIS_UPSTREAM".to_owned())
    );
    assert!(shown(&site, &[], &[]).contains(&"upstream = \"http://file:1\" # portcullis.toml".to_owned()));
}

#[test]
fn directives_in_them_count_and_the_site_stays_as_it_is() {
    let (site, origin) = (Site::new(), Origin::start());
    let url = origin.url();
    let before = site.read("modsecurity.conf");
    let arguments = ["run", site.argument(), "--listen", "127.0.0.1:0"];
    let variables = [
        ("BACKEND", url.as_str()),
        ("MODSEC_RULE_ENGINE", "on"),
        ("MODSEC_REQ_BODY_LIMIT", "10"),
        ("MODSEC_AUDIT_LOG", "logs/other.log"),
        ("SSL_PORT", "8443"),
        ("MODSEC_TAG", "mine"),
    ];
    let mut process = Portcullis::start_in(Path::new("."), &arguments, &variables);
    process.error_line("BACKEND: upstream");
    process.error_line("MODSEC_REQ_BODY_LIMIT: SecRequestBodyLimit 10");
    process.error_line("SSL_PORT changes nothing: TLS is not built");
    process.error_line("MODSEC_TAG changes nothing: ");
    process.error_line("engine On: attacks are blocked");
    let address = process.address();
    assert_eq!(status(&get(address, "/?q=attack")), 403);
    let long = "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\nConnection: close\r\n\r\n12345678901";
    assert_eq!(status(&exchange(address, long)), 413);
    // A reload reads the site with them again.
    site.write(
        "rules/activated_rules/20-more.conf",
        "SecRule ARGS \"@contains peace\" \"id:1001,phase:2,deny\"\n",
    );
    process.signal("HUP");
    process.error_line("engine On");
    assert_eq!(status(&get(address, "/?q=peace")), 403);
    assert!(process.stop().0.success());
    assert!(site.path("logs/other.log").is_file());
    assert_eq!(site.read("modsecurity.conf"), before);
}

#[test]
fn what_makes_no_sense_is_refused_by_its_name() {
    let site = Site::new();
    for (name, value, said) in [
        ("PORT", "http", "PORT: `http` is not a port"),
        ("PROXY_TIMEOUT", "soon", "PROXY_TIMEOUT: `soon` is not a time"),
        ("BACKEND", "https://app", "BACKEND: TLS to the origin is not built"),
        ("MODSEC_RULE_ENGINE", "Maybe", "MODSEC_RULE_ENGINE: `Maybe` is neither On, Off nor DetectionOnly"),
        ("BLOCKING_PARANOIA", "1", "BLOCKING_PARANOIA: "),
        ("MODSEC_REQ_BODY_LIMIT", "1\nSecRuleEngine Off", "MODSEC_REQ_BODY_LIMIT: the value has a character"),
        ("MODSEC_REQ_BODY_ACCESS", "Perhaps", "SecRequestBodyAccess"),
    ] {
        let output = output_with(&["run", site.argument(), "--listen", "127.0.0.1:0"], &[(name, value)]);
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && text.contains(said), "{name}: {text}");
    }
}

#[test]
fn of_the_rule_set() {
    let Some(crs) = corpus::folder("crs-v4") else { return };
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("shop").to_str().unwrap().to_owned();
    assert!(output(&["init", &root, "--crs", crs.to_str().unwrap()]).status.success());
    let set_up = Path::new(&root).join("rules/activated_rules/000-crs-setup.conf");
    let before = fs::read(&set_up).unwrap();
    let origin = Origin::start();
    let arguments = ["run", &root, "--listen", "127.0.0.1:0", "--upstream", &origin.url()];
    let ask = |variables: &[(&str, &str)], line: &str| {
        let variables = [&[("MODSEC_RULE_ENGINE", "On")], variables].concat();
        let mut process = Portcullis::start_in(Path::new("."), &arguments, &variables);
        let address = process.address();
        let fields = "Host: shop.test\r\nUser-Agent: Mozilla/5.0\r\nAccept: */*\r\nConnection: close";
        status(&exchange(address, &format!("{line} HTTP/1.1\r\n{fields}\r\n\r\n")))
    };
    let attack = "GET /?q=%3Cscript%3Ealert(1)%3C/script%3E";
    assert_eq!(ask(&[], attack), 403);
    assert_eq!(ask(&[("ANOMALY_INBOUND", "1000"), ("ANOMALY_OUTBOUND", "900")], attack), 200);
    assert_eq!(ask(&[], "DELETE /"), 403);
    assert_eq!(ask(&[("ALLOWED_METHODS", "GET DELETE")], "DELETE /"), 200);
    // Rule 920273 of level 4 refuses unusual characters.
    let unusual = "GET /?q=a%7cb%5e";
    assert_eq!(ask(&[("BLOCKING_PARANOIA", "1")], unusual), 200);
    assert_eq!(ask(&[("BLOCKING_PARANOIA", "4")], unusual), 403);
    assert_eq!(ask(&[("BLOCKING_PARANOIA", "1"), ("DETECTION_PARANOIA", "4")], unusual), 200);
    assert_eq!(ask(&[("BLOCKING_PARANOIA", "4"), ("MANUAL_MODE", "1")], unusual), 200);
    let every = [
        ("ALLOWED_REQUEST_CONTENT_TYPE", "|text/xml| |application/json|"),
        ("ALLOWED_REQUEST_CONTENT_TYPE_CHARSET", "|utf-8|"),
        ("ALLOWED_HTTP_VERSIONS", "HTTP/1.1"),
        ("RESTRICTED_EXTENSIONS", ".bak/ .old/"),
        ("RESTRICTED_HEADERS_BASIC", "/proxy/ /if/"),
        ("RESTRICTED_HEADERS_EXTENDED", "/x-some-header/"),
        ("ENFORCE_BODYPROC_URLENCODED", "1"),
        ("VALIDATE_UTF8_ENCODING", "1"),
        ("REPORTING_LEVEL", "3"),
        ("SKIP_RESPONSE_ANALYSIS", "1"),
        ("MAX_NUM_ARGS", "3"),
        ("ARG_LENGTH", "400"),
        ("ARG_NAME_LENGTH", "100"),
        ("TOTAL_ARG_LENGTH", "64000"),
        ("MAX_FILE_SIZE", "1048576"),
        ("COMBINED_FILE_SIZES", "1048576"),
    ];
    assert_eq!(ask(&every, "GET /?a=1&b=2&c=3"), 200);
    assert_eq!(ask(&every, "GET /?a=1&b=2&c=3&d=4"), 403);
    assert_eq!(ask(&every, "GET /x.old"), 403);
    assert_eq!(fs::read(&set_up).unwrap(), before);
}
