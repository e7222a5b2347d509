//! Features of our crates that need a library of the system: checks switch them on where it is installed.

use std::process::{Command, Stdio};

/// The arguments of cargo for the workspace, or for the package `portcullis`.
pub fn arguments() -> &'static [&'static str] {
    let has_libxml2 = Command::new("pkg-config")
        .args(["--exists", "libxml-2.0"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if has_libxml2 {
        return &["--features", "portcullis/libxml2"];
    }
    println!(
        "xtask: without the feature `libxml2`: pkg-config does not find libxml-2.0 (Debian: libxml2-dev)"
    );
    &[]
}
