//! A remote repository that is followed: pushed over there, mirrored over HTTP by `deploy/mirror.sh`, run from the mirror.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Component, Path, PathBuf};
use std::process::Output;
use std::thread;

use tempfile::TempDir;

use crate::support::{Origin, Portcullis, as_ann, get, git, output, status};

/// A server that gives the files of a folder, which is all that git's plain HTTP protocol needs. Its thread ends with the
/// test process.
fn serve_files(root: PathBuf) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming().map_while(Result::ok) {
            let _ = answer(&stream, &root);
        }
    });
    address
}

fn answer(mut stream: &TcpStream, root: &Path) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    let first = lines.next().unwrap_or_else(|| Ok(String::new()))?;
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    let target = first.split([' ', '?']).nth(1).unwrap_or_default().trim_start_matches('/');
    let is_inside = Path::new(target).components().all(|part| matches!(part, Component::Normal(_)));
    let found = fs::read(root.join(target)).ok().filter(|_| is_inside);
    let (status, body) = found.map_or(("404 Not Found", Vec::new()), |body| ("200 OK", body));
    write!(stream, "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len())?;
    stream.write_all(&body)
}

fn mirror(url: &str, place: &Path) -> Output {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/mirror.sh");
    as_ann(script).arg(url).arg(place).output().unwrap()
}

#[test]
fn a_remote_branch_is_followed_and_a_bad_commit_never_runs() {
    let folder = TempDir::new().unwrap();
    let (site, bare) = (folder.path().join("shop"), folder.path().join("shop.git"));
    assert!(output(&["init", site.to_str().unwrap()]).status.success());
    git(folder.path(), &["clone", "--quiet", "--bare", site.to_str().unwrap(), bare.to_str().unwrap()]);
    let push = || {
        git(&site, &["push", "--quiet", bare.to_str().unwrap(), "HEAD:main"]);
        git(&bare, &["update-server-info"]);
    };
    push();
    let url = format!("http://{}/", serve_files(bare.clone()));
    let (mirrored, instance) = (folder.path().join("mirror.git"), folder.path().join("instance"));
    let first = mirror(&url, &mirrored);
    assert!(first.status.success() && first.stdout.is_empty() && first.stderr.is_empty(), "{first:?}");

    let origin = Origin::start();
    let arguments = ["--repo", mirrored.to_str().unwrap(), "--branch", "main", "--poll", "100ms"];
    let (mut process, address) = Portcullis::run(instance.to_str().unwrap(), &origin.url(), &arguments);
    let attack = || status(&get(address, "/?q=%3Cscript%3Ealert(1)%3C/script%3E"));
    assert_eq!(attack(), 200);
    assert!(output(&["mode", site.to_str().unwrap(), "protect"]).status.success());
    push();
    assert!(mirror(&url, &mirrored).status.success());
    process.error_line("\"Switch to protection\"): same rules;");
    assert_eq!(attack(), 403);

    fs::write(site.join("rules/activated_rules/99-own.conf"), "SecRule ARGS \"@rx (\" \"id:1\"\n").unwrap();
    git(&site, &["add", "--all"]);
    git(&site, &["commit", "--quiet", "--message", "Break it"]);
    push();
    assert!(mirror(&url, &mirrored).status.success());
    process.error_line("\"Break it\"): the site has errors; the rules loaded before stay in force");
    assert_eq!(attack(), 403);

    // A remote that is away is git's to report; what runs goes on.
    let away = mirror("http://127.0.0.1:9/", &mirrored);
    assert!(!away.status.success() && !away.stderr.is_empty());
    assert_eq!(attack(), 403);
    git(&site, &["revert", "--no-edit", "HEAD"]);
    push();
    assert!(mirror(&url, &mirrored).status.success());
    process.error_line("Revert");
    assert!(process.stop().0.success());
}
