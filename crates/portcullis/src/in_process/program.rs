//! Runs a program that rules name and returns what it prints.
//!
//! It gets the arguments and the environment of the transaction and nothing else; it is killed when it runs too long.

use std::ffi::OsStr;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// How long a program may run.
const PATIENCE: Duration = Duration::from_secs(10);

/// How much of its output is read.
const OUTPUT_LIMIT: u64 = 64 * 1024;

/// What a program prints; why it could not be run otherwise.
pub fn run(path: &str, arguments: &[Vec<u8>], environment: &[(Vec<u8>, Vec<u8>)]) -> Result<Vec<u8>, String> {
    let os = |bytes: &[u8]| OsStr::from_bytes(bytes).to_owned();
    let mut child = Command::new(path)
        .args(arguments.iter().map(|argument| os(argument)))
        .env_clear()
        .envs(environment.iter().map(|(name, value)| (os(name), os(value))))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| error.to_string())?;
    let output = child.stdout.take().ok_or("its output is not there")?;
    let (sender, receiver) = mpsc::channel();
    let reader = std::thread::spawn(move || {
        let mut printed = Vec::new();
        let read = output.take(OUTPUT_LIMIT).read_to_end(&mut printed);
        let _ = sender.send(read.map(|_| printed));
    });
    let printed = receiver.recv_timeout(PATIENCE);
    // Killing a program that has ended is no harm; one that has not closes its output by it.
    let _ = child.kill();
    let _ = child.wait();
    let _ = reader.join();
    match printed {
        Ok(read) => read.map_err(|error| error.to_string()),
        Err(_) => Err(format!("it runs longer than {} s", PATIENCE.as_secs())),
    }
}
