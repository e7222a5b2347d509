//! Where public test data lies: the folder that `PORTCULLIS_CORPUS` names, else `../shared/conformance` beside the
//! workspace. `folder("crs-v4")` → `…/conformance/crs-v4`, or `None` and a line that says what was skipped.

use std::path::{Path, PathBuf};

/// A folder of the corpus; `None`, said on standard output, when it is not there.
///
/// # Panics
/// When the folder is absent and `CI` is `true`: there, a skipped corpus is a failure.
#[must_use]
pub fn folder(name: &str) -> Option<PathBuf> {
    let root = std::env::var_os("PORTCULLIS_CORPUS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/conformance"),
        PathBuf::from,
    );
    let folder = root.join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "the corpus {name} is absent in CI");
    println!("skipped {name}: no folder {}", folder.display());
    None
}
