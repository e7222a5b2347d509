//! A PostgreSQL server of a test's own: an empty cluster in a temporary folder, on a socket there, gone with the test.
//!
//! `Postgres::start()` → `Some`, whose [`Postgres::url`] is `postgres://postgres@%2Ftmp%2F…/postgres`; `None` and a line that says
//! so where Debian's package is not installed, which is a failure where `CI` is `true`. PostgreSQL does not run as root: a test
//! that does gives the server to the user that the package made.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// See the module.
pub struct Postgres {
    folder: tempfile::TempDir,
    programs: PathBuf,
    server: Option<Child>,
}

impl Postgres {
    /// A server that takes connections.
    pub fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "PostgreSQL is not installed in CI");
            println!("skipped: PostgreSQL is not installed");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        if let Some((user, group)) = other_user(folder.path()) {
            chown(folder.path(), Some(user), Some(group)).unwrap();
        }
        let mut postgres = Self { folder, programs, server: None };
        let mut make = postgres.command("initdb");
        make.args([
            "--username=postgres",
            "--auth=trust",
            "--no-sync",
            "--encoding=UTF8",
            "--locale=C",
            "-D",
        ]);
        let made = make.arg(postgres.data()).output().unwrap();
        assert!(made.status.success(), "initdb: {}", String::from_utf8_lossy(&made.stderr));
        postgres.resume();
        Some(postgres)
    }

    /// Where it is.
    pub fn url(&self) -> String {
        let folder = self.folder.path().display().to_string().replace('/', "%2F");
        format!("postgres://postgres@{folder}/postgres")
    }

    /// Ends the server, as a machine that goes down would; its data stay.
    pub fn pause(&mut self) {
        if let Some(mut server) = self.server.take() {
            // SIGQUIT: at once, without waiting for connections.
            let quit = Command::new("kill").args(["-QUIT", &server.id().to_string()]).status();
            assert!(quit.is_ok_and(|status| status.success()), "the server did not take its signal");
            server.wait().unwrap();
        }
    }

    /// Starts it again and waits until it takes connections.
    pub fn resume(&mut self) {
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.data()).arg("-k").arg(self.folder.path());
        command.args(["-c", "listen_addresses=", "-c", "fsync=off", "-c", "log_min_messages=log"]);
        let mut server = command.stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(server.stderr.take().unwrap()).lines().map_while(Result::ok);
        let mut said = Vec::new();
        let ready = lines.by_ref().any(|line| {
            let ready = line.contains("ready to accept connections");
            said.push(line);
            ready
        });
        self.server = Some(server);
        assert!(ready, "the server did not start:\n{}", said.join("\n"));
        // A server whose log nobody reads would stop at a full pipe.
        std::thread::spawn(move || lines.for_each(drop));
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(self.programs.join(program));
        command.current_dir(self.folder.path()).stdin(Stdio::null()).env("TZ", "UTC");
        if let Some((user, group)) = other_user(self.folder.path()) {
            command.uid(user).gid(group);
        }
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.pause();
    }
}

/// The folder of the newest server's programs.
fn programs() -> Option<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").ok()?.filter_map(Result::ok);
    let folders = versions.map(|version| version.path().join("bin"));
    folders.filter(|folder| folder.join("initdb").exists()).max()
}

/// The package's user and group, for a test that runs as root.
fn other_user(mine: &Path) -> Option<(u32, u32)> {
    use std::os::unix::fs::MetadataExt as _;
    let me = fs::metadata("/proc/self").ok()?.uid();
    if me != 0 {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").ok()?;
    let user = users.lines().find_map(|line| line.strip_prefix("postgres:"));
    let mut numbers = user.unwrap_or_else(|| panic!("no user for {}", mine.display())).split(':').skip(1);
    let mut number = || numbers.next().and_then(|number| number.parse().ok());
    Some((number()?, number()?))
}
