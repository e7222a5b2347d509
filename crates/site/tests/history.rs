//! The history of a site: what becomes a commit, what stays as it is, and reading revisions without a checkout.

use std::fs;
use std::path::Path;

use portcullis_site::history::{Author, EditKind, History};
use portcullis_site::{Changes, Mode, RuleSource, Site, init};
use tempfile::TempDir;

fn site(folder: &TempDir, name: &str) -> (Site, History) {
    let root = folder.path().join(name);
    let report = init(&root, &RuleSource::Starter, "# settings\n").unwrap();
    let history = History::begin(&root).unwrap();
    let created = report.created.iter().map(|path| path.as_path());
    history.record(created, "Lay a site down").unwrap().unwrap();
    (Site::open(root).unwrap(), history)
}

fn subjects(history: &History) -> Vec<String> {
    history.entries(100).unwrap().into_iter().map(|entry| entry.subject).collect()
}

#[test]
fn a_new_site_is_committed_on_main_and_clean() {
    let folder = TempDir::new().unwrap();
    let (site, history) = site(&folder, "shop");
    assert_eq!(history.branch().as_deref(), Some("main"));
    assert_eq!(history.uncommitted().unwrap(), []);
    assert_eq!(subjects(&history), ["Lay a site down"]);
    assert!(History::of(site.root()).unwrap().is_some());
}

#[test]
fn edits_by_hand_are_seen_and_only_named_files_are_committed() {
    let folder = TempDir::new().unwrap();
    let (site, history) = site(&folder, "shop");
    fs::write(site.root().join("portcullis.toml"), "# mine\n").unwrap();
    fs::write(site.root().join("rules/activated_rules/99-own.conf"), "# own\n").unwrap();
    fs::write(site.root().join("logs/error.log"), "not configuration").unwrap();
    let edits = history.uncommitted().unwrap();
    let seen: Vec<_> = edits.iter().map(|edit| (edit.path.to_str().unwrap(), edit.kind)).collect();
    let expected =
        [("portcullis.toml", EditKind::Changed), ("rules/activated_rules/99-own.conf", EditKind::Added)];
    assert_eq!(seen, expected);
    history.record([Path::new("portcullis.toml")], "Change the settings").unwrap().unwrap();
    let left: Vec<_> = history.uncommitted().unwrap().into_iter().map(|edit| edit.path).collect();
    assert_eq!(left, [Path::new("rules/activated_rules/99-own.conf")]);
    assert!(history.record([Path::new("portcullis.toml")], "Again").unwrap().is_none());
}

#[test]
fn a_revision_is_read_without_a_checkout() {
    let folder = TempDir::new().unwrap();
    let (site, history) = site(&folder, "shop");
    let fingerprint = site.load(Default::default()).fingerprint;
    site.set_mode(Mode::Protect).unwrap();
    history.record([Path::new("modsecurity.conf")], "Switch to protection").unwrap().unwrap();
    let (old, _) = history.site_at("HEAD~1").unwrap();
    assert_eq!((old.mode().unwrap(), site.mode().unwrap()), (Mode::Detect, Mode::Protect));
    let loaded = old.load(Default::default());
    assert!(loaded.rule_set.is_some());
    assert_eq!(loaded.fingerprint, fingerprint);
    assert!(history.site_at("no-such-branch").is_err());
}

#[test]
fn restoring_brings_contents_back_and_removes_what_was_not_there() {
    let folder = TempDir::new().unwrap();
    let (site, history) = site(&folder, "shop");
    let mut changes = Changes::default();
    changes.remove("rules/activated_rules/20-scanners.conf");
    changes.write("rules/activated_rules/99-own.conf", b"# own\n".to_vec());
    site.write(&changes).unwrap();
    history.record(changes.paths(), "Try something").unwrap().unwrap();
    let diffs = history.changes_since("HEAD~1").unwrap();
    let added = diffs.iter().find(|diff| diff.edit.kind == EditKind::Added).unwrap();
    assert!(
        added.text.contains("--- /dev/null\n+++ b/rules/activated_rules/99-own.conf\n@@"),
        "{}",
        added.text
    );
    let back = history.changes_to("HEAD~1").unwrap();
    site.write(&back).unwrap();
    assert!(history.changes_since("HEAD~1").unwrap().is_empty());
    assert!(!site.root().join("rules/activated_rules/99-own.conf").exists());
}

#[test]
fn a_site_in_a_larger_repository_leaves_the_rest_alone() {
    let folder = TempDir::new().unwrap();
    let (_, outer) = site(&folder, ".");
    fs::write(folder.path().join("README.md"), "mine\n").unwrap();
    let (inner, history) = site(&folder, "sites/shop");
    assert!(!inner.root().join(".git").exists());
    assert_eq!(subjects(&history), ["Lay a site down"]);
    assert!(outer.uncommitted().unwrap().iter().any(|edit| edit.path == Path::new("README.md")));
    inner.set_mode(Mode::Protect).unwrap();
    assert_eq!(history.uncommitted().unwrap().len(), 1);
    // A folder that the repository around ignores gets a repository of its own.
    fs::write(folder.path().join(".gitignore"), "scratch/\n").unwrap();
    let (own, _) = site(&folder, "scratch/shop");
    assert!(own.root().join(".git").exists());
}

#[test]
fn an_untracked_site_has_no_history() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("shop");
    init(&root, &RuleSource::Starter, "").unwrap();
    assert!(History::of(&root).unwrap().is_none());
}

#[test]
fn a_change_has_its_author_and_is_shown_against_the_commit_before() {
    let folder = tempfile::tempdir().unwrap();
    let (site, history) = site(&folder, "shop");
    let changes = site.mode_change(Mode::Protect).unwrap();
    let author = Author { name: "ada".to_owned(), email: "ada@console".to_owned() };
    let made = site.commit(&changes, "Switch to protection\n", Some(&author)).unwrap();
    let id = made.recorded.unwrap().id;
    let newest = history.entries(1).unwrap().remove(0);
    assert_eq!((newest.id, newest.author.as_str()), (id, "ada"));
    let files = history.changes_of(&id.to_string()).unwrap();
    assert_eq!(files.len(), 1);
    assert!(files[0].text.contains("-SecRuleEngine DetectionOnly\n+SecRuleEngine On\n"), "{}", files[0].text);
    let first = history.changes_of("HEAD~1").unwrap();
    assert!(first.iter().all(|file| file.edit.kind == EditKind::Added) && !first.is_empty());
}

#[test]
fn a_commit_that_fails_leaves_the_files_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let (site, _) = site(&folder, "shop");
    let before = std::fs::read(site.root().join("modsecurity.conf")).unwrap();
    let changes = site.mode_change(Mode::Protect).unwrap();
    let lock = site.root().join(".git/index.lock");
    std::fs::write(&lock, "").unwrap();
    let error = site.commit(&changes, "Switch to protection\n", None).unwrap_err().to_string();
    assert!(error.contains("lock"), "{error}");
    assert_eq!(std::fs::read(site.root().join("modsecurity.conf")).unwrap(), before);
}
