//! What a reviewer would say every time: a file without module doc, a tool's path in the text, a link in the tree.
//!
//! Errors fail the check; long files and functions are only listed for a second look.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Files longer than this are listed.
const LONG_FILE: usize = 400;

/// Text that has no place in the project.
const FOREIGN: &[&str] = &["todo!(", "unimplemented!(", "#[ignore"];

/// Checks every tracked file.
pub fn check(root: &Path) -> Result<()> {
    let mut wrong = symbolic_links(root)?;
    let mut long = Vec::new();
    let files = tracked(root, "*.rs")?;
    for file in &files {
        let text = std::fs::read_to_string(root.join(file)).with_context(|| file.clone())?;
        if !text.starts_with("//!") {
            wrong.push(format!("{file}: no module doc (`//!`) at its top"));
        }
        if file != "xtask/src/tidy.rs" {
            let found = FOREIGN.iter().filter(|word| text.contains(**word));
            wrong.extend(found.map(|word| format!("{file}: holds `{word}`")));
        }
        let lines = text.lines().count();
        if lines > LONG_FILE {
            long.push((lines, file));
        }
    }
    long.sort_unstable_by(|a, b| b.cmp(a));
    for (lines, file) in long {
        println!("xtask: {file} has {lines} lines: worth a second look");
    }
    if !wrong.is_empty() {
        bail!("{}", wrong.join("\n"));
    }
    println!("xtask: {} Rust files are tidy", files.len());
    Ok(())
}

fn symbolic_links(root: &Path) -> Result<Vec<String>> {
    let lines = git(root, &["ls-files", "--stage"])?;
    let link =
        |line: &str| line.starts_with("120000").then(|| line.split('\t').nth(1).map(str::to_owned)).flatten();
    Ok(lines.lines().filter_map(link).map(|file| format!("{file}: a symbolic link")).collect())
}

/// Tracked and new files that match a pattern, relative to the root.
pub fn tracked(root: &Path, pattern: &str) -> Result<Vec<String>> {
    let listed = git(root, &["ls-files", "--cached", "--others", "--exclude-standard", pattern])?;
    let files: Vec<String> =
        listed.lines().map(str::to_owned).filter(|file| root.join(file).exists()).collect();
    if files.is_empty() {
        bail!("no file matches {pattern}");
    }
    Ok(files)
}

fn git(root: &Path, arguments: &[&str]) -> Result<String> {
    let output =
        Command::new("git").current_dir(root).args(arguments).output().context("cannot start git")?;
    if !output.status.success() {
        bail!("git {} failed: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    }
    String::from_utf8(output.stdout).context("git printed a file name that is not UTF-8")
}
