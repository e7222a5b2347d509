//! `portcullis settings`: values of the set-up file and of portcullis.toml, one by one, every other byte as it was.

use std::fs;
use std::path::Path;

use portcullis_testkit::corpus;
use tempfile::TempDir;

use crate::support::output;

#[track_caller]
fn said(arguments: &[&str]) -> String {
    let output = output(arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Lines of the new text that the old one lacks, and the other way round.
fn changed(old: &str, new: &str) -> (Vec<String>, Vec<String>) {
    let lines = |text: &str| text.lines().map(str::to_owned).collect::<Vec<_>>();
    let (old, new) = (lines(old), lines(new));
    let only =
        |of: &[String], other: &[String]| of.iter().filter(|line| !other.contains(line)).cloned().collect();
    (only(&new, &old), only(&old, &new))
}

/// Sets values one after the other; each must be read back, commit, and leave a valid site.
fn tune(crs: Option<&str>, setup: &str, values: &[(&str, &str)]) -> (Vec<String>, Vec<String>) {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("shop");
    let site = root.to_str().unwrap();
    let mut arguments = vec!["init", site];
    if let Some(crs) = crs {
        arguments.extend(["--crs", crs]);
    }
    said(&arguments);
    let path = root.join("rules/activated_rules").join(setup);
    let before = fs::read_to_string(&path).unwrap();
    for (name, value) in values {
        let told = said(&["settings", "set", site, name, value]);
        assert!(told.contains(&format!("Set {name} to {value}")), "{told}");
        assert_eq!(said(&["settings", "get", site, name]).trim_end(), *value);
    }
    assert_eq!(said(&["diff", site]), "");
    assert!(output(&["check", site]).status.success());
    changed(&before, &fs::read_to_string(&path).unwrap())
}

const VALUES: &[(&str, &str)] = &[
    ("inbound-threshold", "7"),
    ("outbound-threshold", "6"),
    ("allowed-methods", "GET HEAD"),
    ("max-num-args", "99"),
];

#[test]
fn of_the_starter_rules() {
    let values = [&[("paranoia-level", "2")], &VALUES[..3]].concat();
    let (new, old) = tune(None, "00-setup.conf", &values);
    assert_eq!((new.len(), old.len()), (4, 4), "{new:?} {old:?}");
    assert!(new[0].ends_with("setvar:tx.strictness=2\""), "{new:?}");
}

#[test]
fn of_every_release_of_the_crs() {
    for (crs, setup, level, new_lines) in [
        ("crs-v4", "000-crs-setup.conf", Some("tx.blocking_paranoia_level=3"), 4),
        ("crs-v3", "000-crs-setup.conf", Some("tx.paranoia_level=3"), 4),
        ("crs-v2", "000-modsecurity_crs_10_setup.conf", None, 4),
    ] {
        let Some(folder) = corpus::folder(crs) else { continue };
        let level_value: &[(&str, &str)] = if level.is_some() { &[("paranoia-level", "3")] } else { &[] };
        let (new, old) = tune(folder.to_str(), setup, &[level_value, VALUES].concat());
        assert_eq!(new.len(), new_lines, "{crs}: {new:?}");
        // What stands in comments stays there; the old release has directives, which are edited in place.
        assert_eq!(old.len(), if level.is_some() { 0 } else { 4 }, "{crs}: {old:?}");
        assert!(level.is_none_or(|level| new.iter().any(|line| line.contains(level))), "{new:?}");
    }
}

#[test]
fn of_the_proxy() {
    let folder = TempDir::new().unwrap();
    let root = folder.path().join("shop");
    let site = root.to_str().unwrap();
    said(&["init", site]);
    let path = root.join("portcullis.toml");
    let before = fs::read_to_string(&path).unwrap();
    said(&["settings", "set", site, "workers", "3"]);
    said(&["settings", "set", site, "upstream", "http://127.0.0.1:3001"]);
    let (new, old) = changed(&before, &fs::read_to_string(&path).unwrap());
    assert_eq!(new, ["workers = 3", "upstream = \"http://127.0.0.1:3001\""]);
    assert_eq!(old, [""; 0]);
    assert_eq!(said(&["settings", "get", site, "workers"]), "3\n");
    for (name, value) in
        [("workers", "many"), ("paranoia-level", "9"), ("no-such", "1"), ("inbound-threshold", "1\"")]
    {
        let text = fs::read(&path).unwrap();
        assert_eq!(output(&["settings", "set", site, name, value]).status.code(), Some(1), "{name}");
        assert_eq!(fs::read(&path).unwrap(), text);
    }
    assert!(Path::new(site).join(".git").is_dir());
}
