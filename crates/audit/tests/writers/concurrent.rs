//! The concurrent log: files, directories, index lines.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use portcullis_audit::formats::concurrent::ConcurrentEntry;
use portcullis_audit::writers::{ConcurrentWriter, FileOptions, FileWriter, Storage, Writer};

use super::read;

fn entry(path: &str) -> ConcurrentEntry {
    ConcurrentEntry { path: path.into(), content: b"content\n".to_vec(), index: b"line\n".to_vec() }
}

fn index(path: &Path) -> Box<dyn Writer<Vec<u8>>> {
    Box::new(FileWriter::open(path, FileOptions::default()).unwrap())
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn storage(directory: &Path) -> Storage {
    Storage { directory: directory.to_owned(), directory_mode: Some(0o711), file_mode: Some(0o604) }
}

#[test]
fn an_entry_is_a_file_of_its_own_and_a_line_in_each_index() {
    let directory = tempfile::tempdir().unwrap();
    let (one, two) = (directory.path().join("one"), directory.path().join("two"));
    let mut writer = ConcurrentWriter::new(storage(directory.path()), vec![index(&one), index(&two)]);
    writer.write(&entry("user/20261124/20261124-1823/a")).unwrap();
    writer.write(&entry("user/20261124/20261124-1823/b")).unwrap();
    let stored = directory.path().join("user/20261124/20261124-1823/a");
    assert_eq!(read(&stored), "content\n");
    assert_eq!((mode(&stored), mode(stored.parent().unwrap())), (0o604, 0o711));
    assert_eq!((read(&one), read(&two)), ("line\nline\n".into(), "line\nline\n".into()));
}

#[test]
fn an_entry_that_cannot_be_stored_has_no_line() {
    let directory = tempfile::tempdir().unwrap();
    let index_path = directory.path().join("index");
    let mut writer = ConcurrentWriter::new(storage(directory.path()), vec![index(&index_path)]);
    fs::write(directory.path().join("user"), "a file where a directory should be").unwrap();
    assert!(writer.write(&entry("user/20261124/a")).is_err());
    fs::remove_file(directory.path().join("user")).unwrap();
    fs::create_dir(directory.path().join("user")).unwrap();
    fs::write(directory.path().join("user/a"), "there already").unwrap();
    assert!(writer.write(&entry("user/a")).is_err());
    assert_eq!(read(&directory.path().join("user/a")), "there already");
    assert_eq!(read(&index_path), "");
}

#[test]
fn a_full_index_does_not_keep_the_line_from_the_other() {
    let directory = tempfile::tempdir().unwrap();
    let good = directory.path().join("good");
    let indexes = vec![index(Path::new("/dev/full")), index(&good)];
    let mut writer = ConcurrentWriter::new(storage(directory.path()), indexes);
    assert!(writer.write(&entry("a")).is_err());
    assert_eq!(read(&good), "line\n");
}
