//! `portcullis quickstart`: the three commands it prints do what it says.

use std::net::SocketAddr;

use tempfile::TempDir;

use crate::support::{Portcullis, exchange, get, output_in, status};

/// The target of a printed `curl` command.
fn target(line: &str, address: SocketAddr) -> String {
    let url = line.split('\'').nth(1).unwrap();
    url.strip_prefix(&format!("http://{address}")).unwrap().to_owned()
}

#[test]
fn the_three_commands_do_what_is_said() {
    let folder = TempDir::new().unwrap();
    let arguments = ["quickstart", "--listen", "127.0.0.1:0"];
    let mut process = Portcullis::start_in(folder.path(), &arguments, &[]);
    process.error_line("laid down a site");
    let address = process.address();
    let ordinary = target(&process.error_line("curl -i"), address);
    let attack = target(&process.error_line("curl -i"), address);
    let switch = process.error_line("mode ./portcullis-site protect");
    assert!(ordinary.contains("portcullis") && attack.contains("script"), "{ordinary} {attack}");

    let answer = get(address, &ordinary);
    assert!(status(&answer) == 200 && answer.contains("You searched for: portcullis"), "{answer}");
    process.out_line("\"verdict\":\"passed\"");

    let answer = get(address, &attack);
    assert!(status(&answer) == 200 && answer.contains("<script>alert(1)</script>"), "{answer}");
    process.error_line("[security2:error]");
    process.out_line("\"verdict\":\"detected\"");

    // The printed command, word for word.
    let shell =
        std::process::Command::new("sh").args(["-c", switch.trim()]).current_dir(folder.path()).output();
    assert!(shell.unwrap().status.success(), "{switch}");
    process.error_line("engine DetectionOnly → On");
    assert_eq!(status(&get(address, &attack)), 403);
    assert_eq!(status(&get(address, &ordinary)), 200);

    process.signal("INT");
    let (status, said) = process.end();
    assert!(status.success() && said.contains("stopped after 4 requests, 1 of them blocked"), "{said}");
}

#[test]
fn the_holes_of_the_demo_site_are_open_until_protection_is_on() {
    let folder = TempDir::new().unwrap();
    let mut process = Portcullis::start_in(folder.path(), &["quickstart", "--listen", "127.0.0.1:0"], &[]);
    let address = process.address();
    let login = |user: &str| {
        let body = format!("user={user}&password=x");
        let head = "POST /login HTTP/1.1\r\nHost: shop.test\r\nConnection: close\r\n\
                    Content-Type: application/x-www-form-urlencoded\r\n";
        status(&exchange(address, &format!("{head}Content-Length: {}\r\n\r\n{body}", body.len())))
    };
    let injection = "admin%27+OR+%271%27=%271";
    let statuses = || {
        let pages = ["/report", "/files?name=../../etc/passwd", "/files?name=readme.txt"];
        let [report, passwd, readme] = pages.map(|page| status(&get(address, page)));
        [report, passwd, login(injection), readme, login("admin")]
    };
    assert_eq!(statuses(), [500, 200, 200, 200, 401]);
    assert!(output_in(folder.path(), &["mode", "portcullis-site", "protect"]).status.success());
    process.error_line("engine DetectionOnly → On");
    assert_eq!(statuses(), [403, 403, 403, 200, 401]);
}

#[test]
fn a_site_that_is_there_is_used_and_an_origin_can_be_given() {
    let folder = TempDir::new().unwrap();
    let laid = Portcullis::start_in(folder.path(), &["init", "portcullis-site"], &[]).end();
    assert!(laid.0.success());
    let origin = crate::support::Origin::start();
    let arguments = ["quickstart", "--listen", "127.0.0.1:0", "--upstream", &origin.url()];
    let mut process = Portcullis::start_in(folder.path(), &arguments, &[]);
    let address = process.address();
    let line = process.error_line("curl -i");
    assert!(get(address, &target(&line, address)).contains("origin saw: GET /?q=portcullis"));
    assert!(!process.stop().1.contains("laid down"));
    let refused = ["quickstart", "--upstream", "https://app"];
    let (status, said) = Portcullis::start_in(folder.path(), &refused, &[]).end();
    assert!(status.code() == Some(2) && said.contains("TLS to the origin is not built"), "{said}");
}
