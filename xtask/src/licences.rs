//! Licences of all dependencies, against the list in `deny.toml`.
//!
//! `cargo deny` reads the same file and checks more (advisories, duplicates); it is run too where it is installed. This
//! check needs nothing but the lock file, so it always runs.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};
use serde::Deserialize;

use crate::metadata;

#[derive(Deserialize)]
struct Deny {
    licenses: Licenses,
}

#[derive(Deserialize)]
struct Licenses {
    allow: Vec<String>,
}

/// Fails when a dependency is offered under none of the allowed licences.
pub fn check(root: &Path) -> Result<()> {
    let text = std::fs::read_to_string(root.join("deny.toml")).context("cannot read deny.toml")?;
    let deny: Deny = toml::from_str(&text).context("deny.toml")?;
    let metadata = metadata::read(root)?;
    let mut wrong = Vec::new();
    let mut checked = 0usize;
    for package in metadata.packages.iter().filter(|package| package.source.is_some()) {
        checked += 1;
        let place = format!("{} {}", package.name, package.version);
        let Some(license) = &package.license else {
            wrong.push(format!("{place} states no licence"));
            continue;
        };
        let expression = spdx::Expression::parse_mode(license, spdx::ParseMode::LAX)
            .with_context(|| format!("{place}: licence `{license}`"))?;
        let allowed = expression.evaluate(|requirement| {
            let id = requirement.to_string();
            deny.licenses.allow.contains(&id)
        });
        if !allowed {
            wrong.push(format!("{place}: {license}"));
        }
    }
    if !wrong.is_empty() {
        bail!("licences that deny.toml does not allow:\n{}", wrong.join("\n"));
    }
    println!("xtask: licences of {checked} dependencies are allowed");
    cargo_deny(root)
}

fn cargo_deny(root: &Path) -> Result<()> {
    let installed =
        Command::new("cargo-deny").arg("--version").output().is_ok_and(|output| output.status.success());
    if !installed {
        println!("xtask: cargo-deny is not installed; its check of bans and sources is skipped");
        return Ok(());
    }
    let mut command = Command::new("cargo-deny");
    command.current_dir(root).args(["--offline", "check", "bans", "licenses", "sources"]);
    if !command.status().context("cannot start cargo-deny")?.success() {
        bail!("cargo deny check failed");
    }
    Ok(())
}
