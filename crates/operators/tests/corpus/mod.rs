//! Where the public test data lies.

use std::path::{Path, PathBuf};

/// The corpus folder; without one the test says so and passes, except where `CI` is `true`.
pub fn root() -> Option<PathBuf> {
    let root = std::env::var_os("PORTCULLIS_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance"),
        PathBuf::from,
    );
    if root.is_dir() {
        return Some(root);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "no corpus at {}", root.display());
    println!("skipped: no corpus at {}", root.display());
    None
}
