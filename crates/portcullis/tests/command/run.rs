//! `portcullis run`: starts, says what it loaded, serves, decides, stops.

use crate::support::{Origin, Portcullis, Site, exchange, get, status};

#[test]
fn serves_detects_and_says_what_it_loaded() {
    let (site, origin) = (Site::new(), Origin::start());
    let (mut process, address) = Portcullis::run(site.argument(), &origin.url(), &[]);
    process.error_line("    1 rule                   rules/activated_rules/10-test.conf");
    process.error_line("loaded 1 rule and 0 chain links from 1 file; phases 1 to 5: 0, 1, 0, 0, 0");
    process.error_line("engine DetectionOnly: attacks are logged, nothing is blocked");
    let answer = get(address, "/shop?q=attack");
    assert!(status(&answer) == 200 && answer.contains("origin saw: GET /shop?q=attack"), "{answer}");
    let line = process.error_line("[security2:error]");
    for text in [
        "ModSecurity: Warning. ",
        "[id \"1000\"]",
        "[msg \"attack seen\"]",
        "[uri \"/shop\"]",
        "[hostname \"shop.test\"]",
    ] {
        assert!(line.contains(text), "{text} is missing in {line}");
    }
    let access = process.out_line("\"target\":\"/shop?q=attack\"");
    for text in ["\"status\":200", "\"verdict\":\"detected\"", "\"rules\":[1000]", "\"host\":\"shop.test\""] {
        assert!(access.contains(text), "{text} is missing in {access}");
    }
    let (status, said) = process.stop();
    assert!(status.success(), "{said}");
    assert!(
        said.contains("stopping (SIGTERM)") && said.contains("stopped after 1 request, 0 of them blocked"),
        "{said}"
    );
}

#[test]
fn protects_and_ends_on_interrupt() {
    let (site, origin) = (Site::new(), Origin::start());
    site.write("modsecurity.conf", "SecRuleEngine On\n");
    let (mut process, address) = Portcullis::run(site.argument(), &origin.url(), &[]);
    process.error_line("engine On: attacks are blocked");
    assert_eq!(status(&get(address, "/?q=attack")), 403);
    assert_eq!(status(&get(address, "/?q=peace")), 200);
    process.error_line("Access denied with code 403 (phase 2)");
    process.out_line("\"verdict\":\"blocked\"");
    process.signal("INT");
    let (status, said) = process.end();
    assert!(status.success() && said.contains("stopped after 2 requests, 1 of them blocked"), "{said}");
}

#[test]
fn settings_come_from_the_file_and_from_variables() {
    let (site, origin) = (Site::new(), Origin::start());
    site.write(
        "portcullis.toml",
        &format!("upstream = \"{}\"\nlisten = \"127.0.0.1:1\"\naccess_log = \"logs/a.log\"\n", origin.url()),
    );
    let variables = [("PORTCULLIS_LISTEN", "127.0.0.1:0"), ("PORTCULLIS_WATSH", "false")];
    let mut process = Portcullis::start_in(site.root(), &["run", "."], &variables);
    process.error_line("PORTCULLIS_WATSH is no setting; did you mean PORTCULLIS_WATCH?");
    let address = process.address();
    assert_eq!(status(&get(address, "/")), 200);
    assert!(process.stop().0.success());
    assert!(site.read("logs/a.log").contains("\"target\":\"/\""));
}

#[test]
fn what_is_not_http_is_refused_and_logged() {
    let (site, origin) = (Site::new(), Origin::start());
    let (mut process, address) = Portcullis::run(site.argument(), &origin.url(), &[]);
    assert_eq!(status(&exchange(address, "what is this?\r\n\r\n")), 400);
    process.out_line("\"status\":400");
    process.error_line("[portcullis:error]");
    assert_eq!(status(&get(address, "/")), 200);
}

#[test]
fn an_origin_that_is_away_is_a_502_and_is_tried_again() {
    let site = Site::new();
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let place = gone.local_addr().unwrap();
    drop(gone);
    let (mut process, address) = Portcullis::run(site.argument(), &format!("http://{place}"), &[]);
    assert_eq!(status(&get(address, "/first")), 502);
    process.error_line(&place.to_string());
    process.out_line("\"status\":502");
    assert_eq!(status(&get(address, "/second")), 502);
    process.out_line("\"target\":\"/second\"");
}

#[test]
fn removed_rules_are_not_counted_as_running() {
    let rules =
        "SecAction \"id:1,phase:1,pass,nolog\"\nSecAction \"id:2,phase:1,pass,nolog\"\nSecRuleRemoveById 2\n";
    let (site, origin) = (Site::with("SecRuleEngine On\n", rules), Origin::start());
    let (mut process, _) = Portcullis::run(site.argument(), &origin.url(), &[]);
    process.error_line("phases 1 to 5: 1, 0, 0, 0, 0");
}
