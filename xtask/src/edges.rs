//! Which of our crates may depend on which: data flows one way.
//!
//! A new edge is the rarest change of all: it is made here first, with the reason in ARCHITECTURE.md. Development
//! dependencies are free, since no production code can follow them, but nothing may depend on `testkit` otherwise.

use std::path::Path;

use anyhow::{Result, bail};

use crate::metadata;

/// Crate and the crates of ours below it, without the common prefix.
const ALLOWED: &[(&str, &[&str])] = &[
    ("seclang", &[]),
    ("transformations", &[]),
    ("libinjection", &[]),
    ("bodies", &[]),
    ("http1", &[]),
    ("geo", &[]),
    ("lua", &[]),
    ("xmlschema", &[]),
    ("operators", &["libinjection"]),
    ("engine", &["seclang", "transformations", "operators", "bodies", "geo", "lua", "xmlschema"]),
    ("state", &["engine"]),
    ("audit", &["engine"]),
    ("site", &["seclang", "engine"]),
    ("proxy", &["engine", "http1", "lua", "state"]),
    ("insight", &["engine", "site", "audit"]),
    ("console", &["insight", "seclang", "site"]),
    ("testkit", &["seclang", "engine", "http1"]),
    (
        "portcullis",
        &["seclang", "engine", "lua", "state", "audit", "site", "http1", "proxy", "insight", "console"],
    ),
    ("xtask", &[]),
];

/// Libraries that only the named crates may use: the engine and what is below it stay free of I/O.
const OWNED: &[(&str, &[&str])] = &[
    ("tokio", &["proxy", "portcullis", "console", "insight"]),
    ("anyhow", &["portcullis", "xtask"]),
    ("clap", &["portcullis"]),
    ("regex-automata", &["operators", "engine"]),
    ("pcre2", &["operators"]),
];

/// Compares the manifests with the tables.
pub fn check(root: &Path) -> Result<()> {
    let metadata = metadata::read(root)?;
    let mut wrong = Vec::new();
    let mut seen = 0usize;
    for package in metadata.packages.iter().filter(|package| package.source.is_none()) {
        seen += 1;
        let name = short(&package.name);
        let Some((_, allowed)) = ALLOWED.iter().find(|(of, _)| *of == name) else {
            wrong.push(format!("{name} is not in the table of xtask/src/edges.rs"));
            continue;
        };
        for dependency in package.dependencies.iter().filter(|d| d.kind.as_deref() != Some("dev")) {
            let below = short(&dependency.name);
            let is_ours = ALLOWED.iter().any(|(of, _)| *of == below);
            if is_ours && !allowed.contains(&below) {
                wrong.push(format!("{name} must not depend on {below}"));
            }
            let owners =
                OWNED.iter().find(|(library, _)| *library == dependency.name).map(|(_, owners)| owners);
            if owners.is_some_and(|owners| !owners.contains(&name)) {
                wrong.push(format!("{name} must not use {}", dependency.name));
            }
        }
    }
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    println!("xtask: edges of {seen} crates are as allowed");
    Ok(())
}

fn short(name: &str) -> &str {
    name.strip_prefix("portcullis-").unwrap_or(name)
}
