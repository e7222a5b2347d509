//! Sentences of the program itself on standard error.
//!
//! `say("reloaded")` → `portcullis: reloaded`. A closed standard error is no reason to stop serving, so failures are
//! ignored here, unlike `eprintln!`, which panics.

use std::fmt::Display;
use std::io::{self, Write as _};

/// Says a sentence.
pub fn say(text: impl Display) {
    let _ = writeln!(io::stderr().lock(), "portcullis: {text}");
}

/// Writes a text as it is.
pub fn show(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// `1 rule`, `2 rules`.
pub fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// The words of an error of the system, without its number.
pub fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_lowercase()
}
