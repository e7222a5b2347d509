//! What only the store on disk does: it survives a restart, locks its file, and outlives a disk that fails.

use std::fs;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use portcullis_state::{DiskStore, Limits, MemberChange, OpenError};

use super::{add, apply, load, set};

const PATIENCE: Duration = Duration::from_secs(30);
/// Saves happen only when they are asked for.
const NEVER: Duration = Duration::from_secs(3600);

fn open(directory: &Path) -> DiskStore {
    open_reporting(directory, Limits::default()).0
}

fn open_reporting(directory: &Path, limits: Limits) -> (DiskStore, Receiver<String>) {
    let (tell, told) = channel();
    let report = Box::new(move |text| drop(tell.send(text)));
    (DiskStore::open_every(directory, limits, NEVER, report).unwrap(), told)
}

#[test]
fn records_survive_a_restart_and_removed_ones_do_not_come_back() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    for key in ["a", "b", "c"] {
        apply(&store, key, vec![set("KEY", key), add("n", 3), set("__expire_KEY", "100")], 5).unwrap();
    }
    assert!(store.save(PATIENCE));
    apply(&store, "a", vec![add("n", 4), set("x", "\u{0}\u{ff}")], 6).unwrap();
    apply(&store, "b", vec![MemberChange::RemoveAll], 6).unwrap();
    let before = load(&store, "a", 6).unwrap();
    drop(store);
    let store = open(directory.path());
    assert_eq!(load(&store, "a", 6).unwrap(), before);
    assert!(before.contains("n=7"));
    assert_eq!(load(&store, "b", 6), None);
    assert!(load(&store, "c", 6).unwrap().contains("n=3"));
    assert_eq!(load(&store, "c", 100), None);
    drop(store);
    assert_eq!(open(directory.path()).statistics().records, 1);
}

#[test]
fn what_was_saved_survives_without_a_farewell() {
    let directory = tempfile::tempdir().unwrap();
    let store = open(directory.path());
    apply(&store, "a", vec![set("v", "saved")], 1).unwrap();
    assert!(store.save(PATIENCE));
    apply(&store, "a", vec![set("v", "not saved")], 1).unwrap();
    // As after a crash: the file as it stands.
    let copy = tempfile::tempdir().unwrap();
    let name = "collections.redb";
    fs::copy(directory.path().join(name), copy.path().join(name)).unwrap();
    assert!(load(&open(copy.path()), "a", 1).unwrap().starts_with("v=saved "));
}

#[test]
fn a_second_process_is_refused_and_so_is_what_is_no_store() {
    let directory = tempfile::tempdir().unwrap();
    let report = || Box::new(|_| {});
    let open_error =
        |directory: &Path| DiskStore::open(directory, Limits::default(), report()).err().unwrap();
    let store = open(directory.path());
    let error = open_error(directory.path());
    assert!(matches!(error, OpenError::InUse { .. }), "{error}");
    drop(store);
    let path = directory.path().join("collections.redb");
    fs::write(&path, "something else entirely\n".repeat(500)).unwrap();
    let error = open_error(directory.path());
    assert!(matches!(error, OpenError::Damaged { .. }), "{error}");
    assert!(fs::read_to_string(&path).unwrap().starts_with("something else"), "it is left as it is");
    let error = open_error(&path);
    assert!(
        matches!(error, OpenError::Io { .. }) && error.to_string().contains("collections.redb`"),
        "{error}"
    );
}

#[test]
fn only_the_owner_may_read_what_rules_stored() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let _store = open(&data);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&data), mode(&data.join("collections.redb"))), (0o700, 0o600));
}

#[test]
fn a_disk_that_fails_is_reported_once_and_nothing_is_forgotten() {
    let directory = tempfile::tempdir().unwrap();
    let (store, told) = open_reporting(directory.path(), Limits::default());
    apply(&store, "a", vec![set("v", "1")], 1).unwrap();
    assert!(store.save(PATIENCE));
    let path = directory.path().join("collections.redb");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    apply(&store, "b", vec![set("v", "2")], 1).unwrap();
    assert!(!store.save(PATIENCE) && !store.save(PATIENCE));
    assert_eq!(store.statistics().failed_saves, 2);
    assert!(load(&store, "b", 1).is_some());
    fs::remove_dir(&path).unwrap();
    assert!(store.save(PATIENCE));
    let told: Vec<String> = told.try_iter().collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].starts_with("cannot save collections: cannot open the store"), "{told:?}");
    assert_eq!(told[1], "collections are saved again");
    drop(store);
    let store = open(directory.path());
    assert!(load(&store, "a", 1).is_some() && load(&store, "b", 1).is_some());
}

#[test]
fn evicted_records_leave_the_disk_too_and_smaller_bounds_hold_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let few = Limits { records: 3, ..Limits::default() };
    let (store, _) = open_reporting(directory.path(), few);
    for number in 0..50 {
        apply(&store, &format!("k{number}"), vec![set("v", "1")], 1).unwrap();
    }
    drop(store);
    let store = open(directory.path());
    assert_eq!(store.statistics().records, 3);
    assert!(load(&store, "k49", 1).is_some());
    drop(store);
    let (store, _) = open_reporting(directory.path(), Limits { records: 1, ..few });
    assert_eq!((store.statistics().records, store.statistics().evicted), (1, 2));
    drop(store);
    assert_eq!(open(directory.path()).statistics().records, 1);
}
