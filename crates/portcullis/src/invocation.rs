//! How to write a command that runs this program, for messages that tell what to do next.
//!
//! Found on the search path → `portcullis`; started as `target/release/portcullis` or by cargo → a path that works from the
//! working directory.

use std::env;
use std::path::Path;

/// What to type for this program.
pub fn program() -> String {
    let on_path = env::args_os().next().is_some_and(|given| Path::new(&given).components().count() == 1);
    let Ok(executable) = env::current_exe() else { return "portcullis".to_owned() };
    if on_path {
        return "portcullis".to_owned();
    }
    let here = env::current_dir().unwrap_or_default();
    let short = executable.strip_prefix(&here).unwrap_or(&executable);
    let text = short.to_string_lossy();
    if text.contains(' ') { format!("'{text}'") } else { text.into_owned() }
}
