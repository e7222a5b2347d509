//! A site described in one text, laid down in a folder.
//!
//! `=== PATH` begins a file, `=== folder PATH`, `=== link PATH -> TO` and `=== pipe PATH` stand for what is no file. Without a
//! `modsecurity.conf` there is an empty one.

use std::fs;
use std::path::Path;

use portcullis_site::{ACTIVATED_RULES, CONFIGURATION};

/// Lays down what a case describes.
pub fn build(root: &Path, case: &str) {
    fs::create_dir_all(root.join(ACTIVATED_RULES)).unwrap();
    fs::write(root.join(CONFIGURATION), "").unwrap();
    for part in case.split("=== ").skip(1) {
        let (head, text) = part.split_once('\n').unwrap();
        let place = |path: &str| {
            let place = root.join(path);
            fs::create_dir_all(place.parent().unwrap()).unwrap();
            place
        };
        if let Some(path) = head.strip_prefix("folder ") {
            fs::create_dir_all(place(path)).unwrap();
        } else if let Some(link) = head.strip_prefix("link ") {
            let (path, to) = link.split_once(" -> ").unwrap();
            std::os::unix::fs::symlink(to, place(path)).unwrap();
        } else if let Some(path) = head.strip_prefix("pipe ") {
            let made = std::process::Command::new("mkfifo").arg(place(path)).status().unwrap();
            assert!(made.success());
        } else {
            fs::write(place(head), text).unwrap();
        }
    }
}
