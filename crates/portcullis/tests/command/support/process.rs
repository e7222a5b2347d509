//! The binary as a process whose lines are collected as they come.

use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Instant;

use super::PATIENCE;

/// Variables of the CRS's images that another program on this machine may use as well.
const IMAGES: [&str; 6] = ["BACKEND", "PORT", "TIMEOUT", "ACCESSLOG", "ERRORLOG", "PARANOIA"];

/// The command with an environment of its own: no setting of the machine reaches a test.
fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_portcullis"));
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        let text = name.to_string_lossy();
        if text.starts_with("PORTCULLIS_") || text.starts_with("MODSEC_") || IMAGES.contains(&&*text) {
            command.env_remove(name);
        }
    }
    command.env("TZ", "UTC").env("PORTCULLIS_CONSOLE", "off");
    command
}

/// Runs a command that ends by itself.
pub fn output(arguments: &[&str]) -> Output {
    output_in(Path::new("."), arguments)
}

/// The same in a folder.
pub fn output_in(folder: &Path, arguments: &[&str]) -> Output {
    command(folder, arguments).output().unwrap()
}

/// The same with variables.
pub fn output_with(arguments: &[&str], variables: &[(&str, &str)]) -> Output {
    command(Path::new("."), arguments).envs(variables.iter().copied()).output().unwrap()
}

/// One of the two streams.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stream {
    Out,
    Error,
}

/// A process that runs until it is told to stop.
pub struct Portcullis {
    child: Child,
    lines: Receiver<(Stream, String)>,
    /// What has come and was not waited for.
    pending: Vec<(Stream, String)>,
    /// Everything that has come, for the message of a failure.
    seen: Vec<String>,
}

impl Portcullis {
    /// Starts it in the working directory of the tests.
    pub fn start(arguments: &[&str]) -> Self {
        Self::start_in(Path::new("."), arguments, &[])
    }

    /// Starts `run` on a free port and returns it with its address.
    pub fn run(site: &str, upstream: &str, more: &[&str]) -> (Self, SocketAddr) {
        let arguments = [&["run", site, "--listen", "127.0.0.1:0", "--upstream", upstream], more].concat();
        let mut process = Self::start(&arguments);
        let address = process.address();
        (process, address)
    }

    /// Starts it in a folder with variables.
    pub fn start_in(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut command = command(folder, arguments);
        command.envs(variables.iter().copied()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (sender, lines) = channel();
        collect(Stream::Out, child.stdout.take().unwrap(), sender.clone());
        collect(Stream::Error, child.stderr.take().unwrap(), sender);
        Self { child, lines, pending: Vec::new(), seen: Vec::new() }
    }

    /// The address it says it listens on.
    pub fn address(&mut self) -> SocketAddr {
        let line = self.error_line("listening on http://");
        let rest = line.split("http://").nth(1).unwrap();
        rest.split([' ', ',']).next().unwrap().parse().unwrap()
    }

    /// Waits for a line of standard error that holds a text.
    #[track_caller]
    pub fn error_line(&mut self, text: &str) -> String {
        self.line(Stream::Error, text)
    }

    /// Waits for a line of standard output that holds a text.
    #[track_caller]
    pub fn out_line(&mut self, text: &str) -> String {
        self.line(Stream::Out, text)
    }

    #[track_caller]
    fn line(&mut self, stream: Stream, text: &str) -> String {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let wanted = |(from, line): &(Stream, String)| *from == stream && line.contains(text);
            if let Some(at) = self.pending.iter().position(wanted) {
                return self.pending.remove(at).1;
            }
            match self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
                Ok(line) => self.keep(line),
                Err(_) => panic!("no line of {stream:?} holds {text:?}; seen:\n{}", self.seen.join("\n")),
            }
        }
    }

    fn keep(&mut self, line: (Stream, String)) {
        self.seen.push(format!("{:?}: {}", line.0, line.1));
        self.pending.push(line);
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Stops it and returns its exit status and everything it said.
    pub fn stop(mut self) -> (ExitStatus, String) {
        self.signal("TERM");
        self.end()
    }

    /// Waits for its end.
    #[track_caller]
    pub fn end(&mut self) -> (ExitStatus, String) {
        let deadline = Instant::now() + PATIENCE;
        // Both streams are closed when the process has ended and everything was read.
        while let Ok(line) = self.lines.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
            self.keep(line);
        }
        assert!(Instant::now() < deadline, "it does not end; seen:\n{}", self.seen.join("\n"));
        (self.child.wait().unwrap(), self.seen.join("\n"))
    }
}

impl Drop for Portcullis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn collect(stream: Stream, from: impl Read + Send + 'static, to: Sender<(Stream, String)>) {
    thread::spawn(move || {
        for line in BufReader::new(from).split(b'\n').map_while(Result::ok) {
            if to.send((stream, String::from_utf8_lossy(&line).into_owned())).is_err() {
                return;
            }
        }
    });
}
