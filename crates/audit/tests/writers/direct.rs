//! The direct log: the entry is there when the call returns, a failure is counted and said.

use std::time::Duration;

use portcullis_audit::writers::{Direct, FileOptions, FileWriter, Log as _};

use super::{PATIENCE, losses, read, said};

#[test]
fn the_entry_is_in_the_file_when_the_call_returns() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log");
    let (losses, notices) = losses(PATIENCE);
    let log = Direct::new(FileWriter::open(&path, FileOptions::default()).unwrap(), losses);
    log.write(b"one\n".to_vec());
    assert_eq!(read(&path), "one\n");
    std::fs::rename(&path, directory.path().join("log.1")).unwrap();
    log.reopen();
    log.write(b"two\n".to_vec());
    assert_eq!(read(&path), "two\n");
    assert!(log.flush(Duration::ZERO));
    assert_eq!((log.counters().written(), log.counters().lost()), (2, 0));
    drop(log);
    assert!(said(&notices).is_empty());
}

#[test]
fn a_full_disk_is_counted_and_said_and_the_rest_said_at_the_end() {
    let (losses, notices) = losses(PATIENCE);
    let log = Direct::new(FileWriter::open("/dev/full", FileOptions::default()).unwrap(), losses);
    (0..3).for_each(|_| log.write(b"entry\n".to_vec()));
    assert_eq!((log.counters().written(), log.counters().lost()), (0, 3));
    drop(log);
    let reason = "No space left on device (os error 28)";
    let expected = [
        format!("portcullis: test log: 1 entry lost: {reason}"),
        format!("portcullis: test log: 2 entries lost: {reason}"),
    ];
    assert_eq!(said(&notices), expected);
}

#[test]
fn a_log_that_cannot_be_opened_anew_goes_on_with_the_old_file() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().join("logs");
    std::fs::create_dir(&folder).unwrap();
    let (losses, notices) = losses(PATIENCE);
    let log = Direct::new(FileWriter::open(folder.join("log"), FileOptions::default()).unwrap(), losses);
    let moved = directory.path().join("moved");
    std::fs::rename(&folder, &moved).unwrap();
    log.reopen();
    log.write(b"one\n".to_vec());
    assert_eq!(read(&moved.join("log")), "one\n");
    assert_eq!(said(&notices).len(), 1);
    assert!(said(&notices)[0].starts_with("portcullis: test log: cannot be opened anew: No such file"));
}
