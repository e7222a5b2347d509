//! The console in a real browser, from the first account to protection and back.
//!
//! Runs where Chromium and chromedriver are installed, and where the CRS is; elsewhere it says what it skipped. Where `CI` is
//! `true` a missing one is a failure.

#[path = "../command/support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the tests of commands use the rest")]
mod support;

mod pages;
mod webdriver;
mod whole_way;
