//! `cargo xtask differential [v4|v2]`: the CRS's tests through Apache with ModSecurity 2.9.7 and through the binary.
//!
//! ```text
//! $ cargo xtask differential v4
//! corpus crs-v4 (differential): ran 3917, passed 3917, failed 0, skipped 31
//! ```
//!
//! The comparison is a test of the binary, which is skipped unless `PORTCULLIS_PEERS` names the scripts that start the
//! reference. This names `../shared/peers` where the variable does not, and says so when nothing is there.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail, ensure};

/// Runs the comparison with one set of rules, or with both.
pub fn run(root: &Path, set: Option<&str>) -> Result<()> {
    let test = match set {
        None => "beside_apache",
        Some("v4") => "crs_v4_beside_apache",
        Some("v2") => "crs_v2_beside_apache",
        Some(other) => bail!("unknown set of rules {other}; one of: v4, v2"),
    };
    let peers =
        std::env::var_os("PORTCULLIS_PEERS").map_or_else(|| root.join("../shared/peers"), PathBuf::from);
    ensure!(
        peers.join("up.sh").is_file(),
        "no reference to compare with: there is no {}/up.sh",
        peers.display()
    );
    let arguments =
        ["test", "-p", "portcullis", "--test", "corpora", test, "--", "--nocapture", "--test-threads", "1"];
    let status =
        Command::new("cargo").args(arguments).env("PORTCULLIS_PEERS", peers).current_dir(root).status()?;
    ensure!(status.success(), "what differs is not what docs/differences.md names");
    Ok(())
}
