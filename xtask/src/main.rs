//! Project checks: `cargo xtask check` runs what CI runs, the other words run one part of it.
//!
//! ```text
//! cargo xtask check      format, tidy, edges, licences, clippy, documentation, tests
//! cargo xtask tidy       module docs, file sizes, words that do not belong here
//! cargo xtask edges      dependencies between our crates against the allowed ones
//! cargo xtask licences   licences of every dependency against deny.toml
//! cargo xtask docs       writes docs/reference anew; with --check only looks whether it is current
//! cargo xtask corpus     public test data, a line per corpus; or the corpora named behind it
//! cargo xtask differential  the CRS's tests beside Apache with ModSecurity; or one of v4, v2
//! cargo xtask unicode-map  writes rules/unicode.mapping anew
//! ```

mod check;
mod corpus;
mod differential;
mod edges;
mod features;
mod licences;
mod metadata;
mod tidy;
mod unicode_map;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    let root = root()?;
    match std::env::args().nth(1).as_deref() {
        Some("check") => check::all(&root),
        Some("format") => check::format(&root),
        Some("tidy") => tidy::check(&root),
        Some("edges") => edges::check(&root),
        Some("licences") => licences::check(&root),
        Some("docs") => check::reference(&root, std::env::args().nth(2).as_deref() != Some("--check")),
        Some("corpus") => corpus::run(&root, &std::env::args().skip(2).collect::<Vec<_>>()),
        Some("differential") => differential::run(&root, std::env::args().nth(2).as_deref()),
        Some("unicode-map") => unicode_map::write(&root),
        word => {
            bail!(
                "unknown task {word:?}; one of: check, format, tidy, edges, licences, docs, corpus, differential, \
                 unicode-map"
            )
        }
    }
}

/// The folder of the workspace.
fn root() -> Result<PathBuf> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().map(Path::to_path_buf).context("the xtask crate has no parent folder")
}
