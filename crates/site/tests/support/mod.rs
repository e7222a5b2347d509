//! What the tests of this crate share: where rule sets lie, and findings as text that is the same everywhere.
#![allow(dead_code, reason = "each test program uses its part")]

use std::path::{Path, PathBuf};

use portcullis_seclang::{Style, render, summary};
use portcullis_site::Loaded;

/// A folder of the corpora that are not part of this repository; prints why when there is none.
pub fn corpus(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("PORTCULLIS_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance"),
        PathBuf::from,
    );
    let folder = root.join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{} is missing", folder.display());
    println!("skipped: {} is missing; name the folder of corpora in PORTCULLIS_CORPUS", folder.display());
    None
}

/// The findings as a user sees them, with `S` for the site's folder.
pub fn drawn(loaded: &Loaded, root: &Path) -> String {
    let text = render(&loaded.diagnostics, &loaded.sources, Style::default());
    let text = text.replace(&root.display().to_string(), "S");
    if text.is_empty() { text } else { format!("{text}\n{}\n", summary(&loaded.diagnostics)) }
}
