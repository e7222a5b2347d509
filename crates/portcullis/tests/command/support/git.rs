//! git and scripts that call it, as somebody called Ann with no settings of this machine.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

/// A program that may call git: without the machine's settings, without a proxy.
pub fn as_ann(program: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null()).env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_SYSTEM", "/dev/null");
    for variable in ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"] {
        command.env_remove(variable);
    }
    for role in ["AUTHOR", "COMMITTER"] {
        command.env(format!("GIT_{role}_NAME"), "Ann").env(format!("GIT_{role}_EMAIL"), "ann@shop.test");
    }
    command
}

/// Runs git in a folder; it has to succeed.
#[track_caller]
pub fn git(folder: &Path, arguments: &[&str]) {
    let output = as_ann("git").current_dir(folder).args(arguments).output().unwrap();
    assert!(output.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}
