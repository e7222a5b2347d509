//! Standard output and standard error: the test runs itself as a child, whose streams it can look at.

use std::process::Command;
use std::time::Duration;

use portcullis_audit::writers::{
    Direct, FileOptions, Log as _, Losses, Queue, QueueLimits, StreamWriter, open_serial,
};

const CHILD: &str = "PORTCULLIS_TEST_STREAM_CHILD";

/// What the child does; without the variable there is nothing to do.
#[test]
fn child() {
    let Ok(target) = std::env::var(CHILD) else { return };
    let losses = Losses::new("test log", Duration::from_secs(60));
    let writer = open_serial(&target, FileOptions::default()).unwrap();
    let queue = Queue::start("test", writer, QueueLimits::default(), losses).unwrap();
    (0..3).for_each(|n| queue.write(format!("entry {n}\n").into_bytes()));
    drop(queue);
    let losses = Losses::new("second log", Duration::from_secs(60));
    Direct::new(StreamWriter::stderr().unwrap(), losses).write(b"to standard error\n".to_vec());
}

fn run(target: &str) -> (String, String) {
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "streams::child", "--nocapture", "--test-threads=1", "--quiet"])
        .env(CHILD, target)
        .output()
        .unwrap();
    (String::from_utf8(child.stdout).unwrap(), String::from_utf8(child.stderr).unwrap())
}

#[test]
fn entries_reach_the_streams_before_the_process_ends() {
    let (out, err) = run("/dev/stdout");
    assert!(out.contains("entry 0\nentry 1\nentry 2\n"), "{out}");
    assert!(err.contains("to standard error\n"), "{err}");
    assert!(!err.contains("lost"), "{err}");
}

#[test]
fn losses_are_said_on_standard_error_before_the_process_ends() {
    let (_, err) = run("/dev/full");
    let reason = "lost: No space left on device (os error 28)";
    assert!(err.contains(&format!("portcullis: test log: 1 entry {reason}\n")), "{err}");
    assert!(err.contains(&format!("portcullis: test log: 2 entries {reason}\n")), "{err}");
}
