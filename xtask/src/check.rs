//! The steps of `cargo xtask check`, in order of how soon they fail.
//!
//! Each step is a program that anyone can run by hand; its command line is printed before it runs. Modules that a list
//! macro declares are unknown to `cargo fmt`, so the format step hands every tracked file to rustfmt.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};

/// Everything.
pub fn all(root: &Path) -> Result<()> {
    format(root)?;
    crate::tidy::check(root)?;
    crate::edges::check(root)?;
    crate::licences::check(root)?;
    crate::unicode_map::check(root)?;
    let features = crate::features::arguments();
    let clippy = ["clippy", "--quiet", "--workspace", "--all-targets"];
    cargo(root, &[&clippy, features, &["--", "--deny", "warnings"]].concat(), &[])?;
    let deny_warnings = [("RUSTDOCFLAGS", "--deny warnings --allow rustdoc::private-intra-doc-links")];
    let doc = ["doc", "--quiet", "--workspace", "--no-deps", "--document-private-items"];
    cargo(root, &[&doc, features].concat(), &deny_warnings)?;
    // What the feature adds is absent without it, and says so.
    cargo(root, &["test", "--quiet", "--package", "portcullis-xmlschema"], &[])?;
    cargo(root, &[&["test", "--workspace"], features].concat(), &[])
}

/// The pages of `docs/reference`: a test of the engine writes them, and compares when it is not told to. [`all`] runs it
/// among the tests.
pub fn reference(root: &Path, writes: bool) -> Result<()> {
    let arguments = ["test", "--quiet", "--package", "portcullis-engine", "--test", "language", "reference"];
    let bless: &[_] = if writes { &[("PORTCULLIS_BLESS", "1")] } else { &[] };
    cargo(root, &arguments, bless)
}

/// rustfmt over all tracked Rust files.
pub fn format(root: &Path) -> Result<()> {
    let files = crate::tidy::tracked(root, "*.rs")?;
    let mut command = Command::new("rustfmt");
    command.current_dir(root).args(["--check", "--edition", "2024"]).args(&files);
    run(&mut command, "rustfmt --check (all tracked files)")
}

fn cargo(root: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Result<()> {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root).args(arguments).envs(environment.iter().copied());
    run(&mut command, &format!("cargo {}", arguments.join(" ")))
}

fn run(command: &mut Command, name: &str) -> Result<()> {
    println!("xtask: {name}");
    let started = Instant::now();
    let status = command.status().with_context(|| format!("cannot start {name}"))?;
    if !status.success() {
        bail!("{name} failed");
    }
    println!("xtask: done in {:.1} s", started.elapsed().as_secs_f32());
    Ok(())
}
