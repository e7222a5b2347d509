//! Where public test data lies: the folder that `PORTCULLIS_CORPUS` names, else `../shared/conformance` beside the
//! workspace. `folder("crs-v4")` → `…/conformance/crs-v4`, or `None` and a line that says what was skipped.
//!
//! A folder put there by hand may hold parts of what is expected, so everything is asked for piece by piece.

use std::path::{Path, PathBuf};

/// A folder of the corpus; `None`, said on standard output, when it is not there.
///
/// # Panics
/// When the folder is absent and `CI` is `true`: there, a skipped corpus is a failure.
#[must_use]
pub fn folder(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("PORTCULLIS_CORPUS").map_or_else(beside_the_workspace, PathBuf::from);
    let folder = root.join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    absent(&folder);
    None
}

/// The files below a folder whose names end in `.extension`, in order of their paths; `None`, said on standard output,
/// when there are none.
///
/// # Panics
/// As [`folder`], and when a folder cannot be read.
#[must_use]
pub fn files(folder: &Path, extension: &str) -> Option<Vec<PathBuf>> {
    let mut found = Vec::new();
    if folder.is_dir() {
        collect(folder, extension, &mut found);
    }
    found.sort();
    if found.is_empty() {
        absent(folder);
        return None;
    }
    Some(found)
}

/// The text of a file; `None`, said on standard output, when it is not there.
///
/// # Panics
/// As [`folder`].
#[must_use]
pub fn read(file: &Path) -> Option<String> {
    let text = std::fs::read_to_string(file).ok();
    if text.is_none() {
        absent(file);
    }
    text
}

/// A file or folder that cases need besides themselves: beside the cases, or where public test data usually lies.
#[must_use]
pub fn fixture(corpus: &str, path: &str) -> Option<PathBuf> {
    let roots = std::env::var_os("PORTCULLIS_CORPUS").map(PathBuf::from).into_iter();
    roots.chain([beside_the_workspace()]).map(|root| root.join(corpus).join(path)).find(|path| path.exists())
}

fn beside_the_workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance")
}

fn absent(path: &Path) {
    assert!(std::env::var("CI").as_deref() != Ok("true"), "there is no {} in CI", path.display());
    println!("skipped: there is no {}", path.display());
}

fn collect(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    for entry in entries {
        let path = entry.unwrap_or_else(|e| panic!("{}: {e}", folder.display())).path();
        if path.is_dir() {
            collect(&path, extension, found);
        } else if path.extension().is_some_and(|of| of == extension) {
            found.push(path);
        }
    }
}
