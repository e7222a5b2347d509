//! `run --repo https://…`: a branch elsewhere is fetched, followed and checked; what cannot be fetched leaves what runs.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::support::{GitServer, Origin, Portcullis, get, git, output, output_with, status};

/// A site, the bare repository it is pushed to, and the server in front of that.
struct Elsewhere {
    folder: TempDir,
    server: GitServer,
    trusted: String,
}

impl Elsewhere {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let server = GitServer::start(folder.path());
        let trusted = folder.path().join("trusted.pem");
        fs::write(&trusted, server.certificate()).unwrap();
        let elsewhere = Self { folder, server, trusted: trusted.to_str().unwrap().to_owned() };
        assert!(output(&["init", elsewhere.path("shop").to_str().unwrap()]).status.success());
        git(elsewhere.folder.path(), &["clone", "--quiet", "--bare", "shop", "shop.git"]);
        elsewhere
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn variables(&self) -> [(&str, &str); 2] {
        [("SSL_CERT_FILE", &self.trusted), ("NO_PROXY", "localhost")]
    }

    fn push(&self) {
        git(&self.path("shop"), &["push", "--quiet", "--force", "../shop.git", "HEAD:main"]);
    }

    fn run(&self, origin: &Origin) -> Portcullis {
        let url = self.server.url("ann:secret", "shop.git");
        let (instance, origin) = (self.path("instance"), origin.url());
        let run = ["run", instance.to_str().unwrap(), "--poll", "100ms"];
        let more = ["--listen", "127.0.0.1:0", "--upstream", &origin];
        // The variable keeps the password out of what `ps` shows.
        let [trusted, no_proxy] = self.variables();
        let variables = [trusted, no_proxy, ("PORTCULLIS_REPO", url.as_str())];
        Portcullis::start_in(Path::new("."), &[&run[..], &more].concat(), &variables)
    }

    /// What `run` says when it does not start.
    fn refusal(&self, url: &str, variables: &[(&str, &str)]) -> String {
        let instance = self.path("other");
        let arguments =
            ["run", instance.to_str().unwrap(), "--repo", url, "--upstream", "http://127.0.0.1:9"];
        let output = output_with(&[&arguments[..], &["--listen", "127.0.0.1:0"]].concat(), variables);
        assert!(!output.status.success());
        String::from_utf8(output.stderr).unwrap()
    }
}

#[test]
fn a_branch_elsewhere_is_followed_and_a_bad_commit_never_runs() {
    let elsewhere = Elsewhere::new();
    let (site, origin) = (elsewhere.path("shop"), Origin::start());
    let mut process = elsewhere.run(&origin);
    let address = process.address();
    let attack = |address| status(&get(address, "/?q=%3Cscript%3Ealert(1)%3C/script%3E"));
    assert_eq!(attack(address), 200);
    assert!(output(&["mode", site.to_str().unwrap(), "protect"]).status.success());
    elsewhere.push();
    process.error_line("\"Switch to protection\"): same rules;");
    assert_eq!(attack(address), 403);

    fs::write(site.join("rules/activated_rules/99-own.conf"), "SecRule ARGS \"@rx (\" \"id:1\"\n").unwrap();
    git(&site, &["add", "--all"]);
    git(&site, &["commit", "--quiet", "--message", "Break it"]);
    elsewhere.push();
    process.error_line("\"Break it\"): the site has errors; the rules loaded before stay in force");
    assert_eq!(attack(address), 403);

    // History that was rewritten is followed as well.
    git(&site, &["reset", "--quiet", "--hard", "HEAD~1"]);
    git(&site, &["commit", "--quiet", "--amend", "--message", "Protect, again"]);
    elsewhere.push();
    process.error_line("\"Protect, again\")");

    // Told once, however often it is looked; then it is there again.
    fs::rename(elsewhere.path("shop.git"), elsewhere.path("away.git")).unwrap();
    process.error_line("cannot be fetched");
    assert_eq!(attack(address), 403);
    let (_, said) = process.stop();
    assert_eq!(said.matches("cannot be fetched").count(), 1, "{said}");
    assert!(!said.contains("secret"), "{said}");

    // A proxy starts from what was fetched last.
    let mut process = elsewhere.run(&origin);
    process.error_line("the commit fetched last");
    let address = process.address();
    assert_eq!(attack(address), 403);
    assert!(process.stop().0.success());
}

#[test]
fn what_cannot_be_fetched_is_refused_with_its_reason() {
    let elsewhere = Elsewhere::new();
    let good = elsewhere.server.url("ann:secret", "shop.git");
    let trusting = elsewhere.variables();
    let wrong = elsewhere.refusal(&elsewhere.server.url("ann:guessed", "shop.git"), &trusting);
    assert!(wrong.contains("does not accept") && !wrong.contains("guessed"), "{wrong}");
    let absent = elsewhere.refusal(&elsewhere.server.url("ann:secret", "none.git"), &trusting);
    assert!(absent.contains("404"), "{absent}");
    let other = rcgen::generate_simple_self_signed(["elsewhere".to_owned()]).unwrap().cert.pem();
    fs::write(elsewhere.path("other.pem"), other).unwrap();
    let other = elsewhere.path("other.pem");
    let stranger = [("SSL_CERT_FILE", other.to_str().unwrap()), ("NO_PROXY", "localhost")];
    let untrusted = elsewhere.refusal(&good, &stranger);
    assert!(untrusted.contains("certificate"), "{untrusted}");
    let plain = elsewhere.refusal("http://git.example/shop.git", &trusting);
    assert!(plain.contains("write https://"), "{plain}");
    let other = elsewhere.refusal("ssh://git.example/shop.git", &trusting);
    assert!(other.contains("only https:// is fetched"), "{other}");
}
