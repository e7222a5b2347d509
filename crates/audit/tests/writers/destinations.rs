//! Files and programs: what one write leaves, rotation, failure.

use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use portcullis_audit::writers::{FileOptions, FileWriter, PipeWriter, Writer as _, open_serial};

use super::{PATIENCE, read};

const ALWAYS: FileOptions = FileOptions { mode: 0o640, check_every: Duration::ZERO };
const NEVER: FileOptions = FileOptions { mode: 0o640, check_every: Duration::MAX };

#[test]
fn a_file_is_appended_to_and_made_with_its_mode() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log");
    std::fs::write(&path, "before\n").unwrap();
    FileWriter::open(&path, NEVER).unwrap().write(&b"one\n".to_vec()).unwrap();
    assert_eq!(read(&path), "before\none\n");
    let new = directory.path().join("new");
    FileWriter::open(&new, FileOptions { mode: 0o600, ..NEVER }).unwrap();
    assert_eq!(std::fs::metadata(&new).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn rotation_is_followed_by_signal_or_by_itself() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log");
    let (mut told, mut watching) =
        (FileWriter::open(&path, NEVER).unwrap(), FileWriter::open(&path, ALWAYS).unwrap());
    std::fs::rename(&path, directory.path().join("log.1")).unwrap();
    told.write(&b"told: old\n".to_vec()).unwrap();
    watching.write(&b"watching: new\n".to_vec()).unwrap();
    told.reopen().unwrap();
    told.write(&b"told: new\n".to_vec()).unwrap();
    assert_eq!(read(&directory.path().join("log.1")), "told: old\n");
    assert_eq!(read(&path), "watching: new\ntold: new\n");
}

#[test]
fn a_moved_file_is_kept_while_its_path_cannot_be_opened_and_a_removed_one_is_a_loss() {
    let directory = tempfile::tempdir().unwrap();
    let (folder, moved) = (directory.path().join("logs"), directory.path().join("moved"));
    std::fs::create_dir(&folder).unwrap();
    let mut writer = FileWriter::open(folder.join("log"), ALWAYS).unwrap();
    std::fs::rename(&folder, &moved).unwrap();
    writer.write(&b"kept\n".to_vec()).unwrap();
    assert_eq!(read(&moved.join("log")), "kept\n");
    std::fs::remove_file(moved.join("log")).unwrap();
    assert!(writer.write(&b"lost\n".to_vec()).is_err());
    std::fs::create_dir(&folder).unwrap();
    writer.write(&b"found\n".to_vec()).unwrap();
    assert_eq!(read(&folder.join("log")), "found\n");
}

#[test]
fn a_full_disk_is_an_error() {
    let error = FileWriter::open("/dev/full", ALWAYS).unwrap().write(&b"x\n".to_vec()).unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::StorageFull);
}

#[test]
fn serial_targets_are_files_programs_and_streams() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("log");
    open_serial(path.to_str().unwrap(), ALWAYS).unwrap().write(&b"x\n".to_vec()).unwrap();
    assert_eq!(read(&path), "x\n");
    assert!(open_serial("/dev/stderr", ALWAYS).is_ok());
    assert!(open_serial("| cat >/dev/null", ALWAYS).is_ok());
    let missing = directory.path().join("no/such/log");
    let error = open_serial(missing.to_str().unwrap(), ALWAYS).err().unwrap();
    assert_eq!(error.kind(), std::io::ErrorKind::NotFound);
}

#[test]
fn a_program_reads_all_entries_in_order() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("out");
    let mut writer = PipeWriter::start(&format!("exec cat >{}", path.display())).unwrap();
    (0..100).for_each(|n| writer.write(&format!("{n}\n").into_bytes()).unwrap());
    writer.close().unwrap();
    assert_eq!(read(&path), (0..100).map(|n| format!("{n}\n")).collect::<String>());
}

#[test]
fn a_program_that_ended_is_started_again_at_once_and_then_not_before_a_while() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("out");
    // Each life reads one line and notes it.
    let program = format!("read line; echo \"$line\" >>{}", path.display());
    let mut writer = PipeWriter::start(&program).unwrap();
    writer.write(&b"first\n".to_vec()).unwrap();
    let (mut lives, start) = (0, Instant::now());
    // A dead program is noticed with a write, so entries are offered until one is refused: the second death.
    let error = loop {
        assert!(start.elapsed() < PATIENCE);
        match writer.write(&format!("{lives}\n").into_bytes()) {
            Ok(()) => lives += 1,
            Err(error) => break error,
        }
        std::thread::yield_now();
    };
    assert!(error.to_string().contains("ended and is started again later"), "{error}");
    assert!(read(&path).starts_with("first\n"));
    assert!(read(&path).lines().count() >= 2, "it was started again once");
}
