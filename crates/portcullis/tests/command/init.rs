//! `portcullis init`: a site that is valid, from the built-in rules or from a CRS.

use std::fs;

use tempfile::TempDir;

use crate::support::output;

#[test]
fn the_starter_site_is_valid_and_its_settings_are_all_there() {
    let folder = TempDir::new().unwrap();
    let site = folder.path().join("site");
    let argument = site.to_str().unwrap();
    let laid = output(&["init", argument]);
    let said = String::from_utf8(laid.stdout).unwrap();
    assert!(laid.status.success() && said.contains("run") && said.contains("protect"), "{said}");
    let check = output(&["check", argument]);
    assert!(check.status.success() && check.stderr.is_empty());
    let settings = fs::read_to_string(site.join("portcullis.toml")).unwrap();
    assert!(settings.contains("\n#listen = [\"127.0.0.1:8080\"]\n"), "{settings}");
    // Removing the `#` of every setting changes nothing: each one shows its default.
    let uncommented: Vec<&str> = settings
        .lines()
        .map(|line| line.strip_prefix('#').filter(|rest| !rest.starts_with([' ', '#'])).unwrap_or(line))
        .collect();
    fs::write(site.join("portcullis.toml"), uncommented.join("\n")).unwrap();
    let check = output(&["check", argument]);
    assert!(check.status.success(), "{}", String::from_utf8_lossy(&check.stderr));
    let mode = output(&["mode", argument]);
    assert_eq!(mode.stdout, b"detect\n");
}

#[test]
fn what_is_in_the_way_is_left_alone() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("precious"), "x").unwrap();
    let refused = output(&["init", folder.path().to_str().unwrap()]);
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(refused.status.code() == Some(1) && said.contains("precious"), "{said}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    let empty = TempDir::new().unwrap();
    let none = output(&["init", "never-made", "--crs", empty.path().to_str().unwrap()]);
    let said = String::from_utf8(none.stderr).unwrap();
    assert!(none.status.code() == Some(1) && said.contains("holds no OWASP CRS"), "{said}");
}
