//! `SecRemoteRules` and lists at an address: fetched once, with the content that `portcullis.toml` names, or not at all.

use std::fs;

use tempfile::TempDir;

use crate::support::{GitServer, Origin, Portcullis, Site, get, output_with, status};

/// [`RULES`] as apr-util 1.6.3 encrypts them with the key `my secret key`.
const ENCRYPTED: [u8; 96] = *b"\
    \x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b\x1c\x1d\x1e\x1f\
    \x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\
    \x67\xa7\x60\xc9\x0b\x4b\x71\x93\x66\x03\x05\x55\x25\xe0\xc1\x10\
    \x3e\xca\xd1\x5d\x36\xe5\x8b\xe3\x13\xcd\xb8\xc1\x83\x25\x6f\x43\
    \x41\x8c\x0e\xf4\x98\x43\xbd\x9d\x28\xfc\x05\x82\xea\xc7\x60\xf9\
    \xff\xb9\x40\xa4\x25\xb8\xc2\xeb\x70\xb4\x2c\x64\x71\xe9\x20\xe4";

const RULES: &str = "SecRule ARGS:q \"@streq far\" \"id:2001,phase:2,deny,log\"\n";

/// A server with rules and a list, a site that uses them, and what a client has to trust.
struct Elsewhere {
    folder: TempDir,
    server: GitServer,
    trusted: String,
}

impl Elsewhere {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        fs::write(folder.path().join("a.conf"), RULES).unwrap();
        fs::write(folder.path().join("words.txt"), "evil\n").unwrap();
        let server = GitServer::start(folder.path());
        let trusted = folder.path().join("trusted.pem");
        fs::write(&trusted, server.certificate()).unwrap();
        let trusted = trusted.to_str().unwrap().to_owned();
        Self { folder, server, trusted }
    }

    fn site(&self, directives: &str) -> Site {
        let rules = format!(
            "{directives}SecRemoteRules key {}\nSecRule ARGS:q \"@pmFromFile {}\" \"id:2002,phase:2,deny,log\"\n",
            self.server.file("a.conf"),
            self.server.file("words.txt"),
        );
        Site::with("SecRuleEngine On\nSecRequestBodyAccess On\n", &rules)
    }

    /// Lines of `remote_files` for what is there now.
    fn pins(&self) -> String {
        let pins = ["a.conf", "words.txt"].map(|name| {
            let content = self.folder.path().join(name);
            let sum = std::process::Command::new("sha256sum").arg(content).output().unwrap().stdout;
            let sum = String::from_utf8(sum).unwrap();
            format!("\"sha256:{} {}\"", sum.split(' ').next().unwrap(), self.server.file(name))
        });
        format!("remote_files = [{}]\n", pins.join(", "))
    }

    fn variables(&self) -> [(&str, &str); 2] {
        [("SSL_CERT_FILE", &self.trusted), ("NO_PROXY", "localhost")]
    }

    /// What `check` says, and whether it is content.
    fn check(&self, site: &Site) -> (bool, String) {
        let output = output_with(&["check", site.argument(), "--warnings"], &self.variables());
        (output.status.success(), String::from_utf8(output.stderr).unwrap())
    }
}

#[test]
fn rules_at_an_address_run_and_survive_its_server() {
    let elsewhere = Elsewhere::new();
    let site = elsewhere.site("");
    site.write("portcullis.toml", &elsewhere.pins());
    let origin = Origin::start();
    let url = origin.url();
    let run = ["run", site.argument(), "--listen", "127.0.0.1:0", "--upstream", &url];
    let start = |more: &[(&str, &str)]| Portcullis::start_in(site.root(), &run, more);
    let mut process = start(&elsewhere.variables());
    let address = process.address();
    for (target, expected) in [("/?q=far", 403), ("/?q=an+evil+word", 403), ("/?q=near", 200)] {
        assert_eq!(status(&get(address, target)), expected, "{target}");
    }
    process.error_line(&format!("[file \"{}\"] [line \"1\"] [id \"2001\"]", elsewhere.server.file("a.conf")));
    assert!(process.stop().0.success());

    // What is there now is not what was named, and nobody asks for it: the right content has been kept.
    fs::write(elsewhere.folder.path().join("a.conf"), "SecMarker OTHER\n").unwrap();
    let mut process = start(&[]);
    let address = process.address();
    assert_eq!(status(&get(address, "/?q=far")), 403);
    assert!(process.stop().0.success());
}

#[test]
fn what_is_not_named_or_has_changed_is_not_used() {
    let elsewhere = Elsewhere::new();
    let site = elsewhere.site("");
    let (valid, said) = elsewhere.check(&site);
    assert!(!valid && said.matches("nothing is fetched but what `remote_files`").count() == 2, "{said}");

    site.write("portcullis.toml", &elsewhere.pins());
    fs::write(elsewhere.folder.path().join("a.conf"), "SecMarker OTHER\n").unwrap();
    let (valid, said) = elsewhere.check(&site);
    assert!(!valid && said.contains("has another hash: sha256:"), "{said}");

    // Where the site wants it so, it goes on without.
    let lenient = elsewhere.site("SecRemoteRulesFailAction Warn\n");
    let (valid, said) = elsewhere.check(&lenient);
    assert!(valid && said.matches("warning[remote-failed]").count() == 2, "{said}");

    site.write("portcullis.toml", "remote_files = [\"https://rules.example/a.conf\"]\n");
    let (valid, said) = elsewhere.check(&site);
    assert!(!valid && said.contains("is no hash and address"), "{said}");
}

#[test]
fn encrypted_rules_run_with_their_key_only() {
    let elsewhere = Elsewhere::new();
    fs::write(elsewhere.folder.path().join("a.conf"), ENCRYPTED).unwrap();
    let site = |key: &str| {
        let rules = format!("SecRemoteRules crypto \"{key}\" {}\n", elsewhere.server.file("a.conf"));
        let site = Site::with("SecRuleEngine On\nSecRequestBodyAccess On\n", &rules);
        site.write("portcullis.toml", &elsewhere.pins());
        site
    };
    let origin = Origin::start();
    let right = site("my secret key");
    let run = ["run", right.argument(), "--listen", "127.0.0.1:0", "--upstream", &origin.url()];
    let mut process = Portcullis::start_in(right.root(), &run, &elsewhere.variables());
    let address = process.address();
    for (target, expected) in [("/?q=far", 403), ("/?q=near", 200)] {
        assert_eq!(status(&get(address, target)), expected, "{target}");
    }
    process.error_line(&format!("[file \"{}\"] [line \"1\"] [id \"2001\"]", elsewhere.server.file("a.conf")));
    assert!(process.stop().0.success());

    let (valid, said) = elsewhere.check(&site("my other key"));
    assert!(!valid && said.contains("cannot be decrypted with the key"), "{said}");
}
