//! Who let whom in: every change of accounts and tokens, and every try to sign in.
//!
//! ```text
//! data/console/changes.jsonl     {"seconds":1764111600,"account":"ada","address":"127.0.0.1","what":"made the account vic, view"}
//! data/console/sign-ins.jsonl    {"seconds":1764111660,"account":"vic","address":"192.0.2.7","what":"wrong password"}
//! ```
//!
//! Two files, so that no number of wrong passwords pushes a change out. Lines are only added; a file of [`LONGEST`] bytes becomes
//! `….old.jsonl` in place of the one before. What another process's administrator changes by hand in these files is not noticed.
//! The same line of the same address is not written again within a minute: who tries in a loop fills nothing.
//!
//! Limit: a line that cannot be written is lost; [`Trail::trouble`] says so until one can.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Bytes of a file before another one is begun.
const LONGEST: u64 = 256 << 10;

/// Seconds in which a line is not repeated.
const QUIET: i64 = 60;

/// Lines that are remembered for that.
const REMEMBERED: usize = 1000;

/// What happened to accounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) struct TrailEntry {
    /// When, seconds since the Unix epoch.
    pub(crate) seconds: i64,
    /// Who did it, or whose name was tried.
    pub(crate) account: String,
    /// From which address.
    pub(crate) address: String,
    /// What.
    pub(crate) what: String,
}

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum About {
    Accounts,
    SignIn,
}

impl About {
    fn file(self) -> &'static str {
        match self {
            Self::Accounts => "changes",
            Self::SignIn => "sign-ins",
        }
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Trail {
    folder: PathBuf,
    recent: HashMap<(String, String, String), i64>,
    trouble: Option<String>,
}

impl Trail {
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_path_buf(), recent: HashMap::new(), trouble: None }
    }

    pub(super) fn add(&mut self, about: About, entry: &TrailEntry) {
        if about == About::SignIn && self.is_repeated(entry) {
            return;
        }
        self.trouble = self.write(about, entry).err().map(|error| error.to_string());
    }

    fn is_repeated(&mut self, entry: &TrailEntry) -> bool {
        if self.recent.len() >= REMEMBERED {
            self.recent.retain(|_, at| entry.seconds - *at < QUIET);
        }
        if self.recent.len() >= REMEMBERED {
            self.recent.clear();
        }
        let key = (entry.account.clone(), entry.address.clone(), entry.what.clone());
        match self.recent.get(&key) {
            Some(at) if entry.seconds - *at < QUIET => true,
            _ => {
                self.recent.insert(key, entry.seconds);
                false
            }
        }
    }

    fn write(&self, about: About, entry: &TrailEntry) -> std::io::Result<()> {
        let path = self.path(about);
        if fs::metadata(&path).is_ok_and(|known| known.len() >= LONGEST) {
            fs::rename(&path, self.old(about))?;
        }
        let mut line = serde_json::to_vec(entry)?;
        line.push(b'\n');
        let mut file = OpenOptions::new().create(true).append(true).mode(0o600).open(path)?;
        file.write_all(&line)?;
        file.sync_data()
    }

    /// The newest, of both kinds, newest first.
    pub(super) fn newest(&self, most: usize) -> Vec<TrailEntry> {
        let mut found = Vec::new();
        for about in [About::Accounts, About::SignIn] {
            for path in [self.old(about), self.path(about)] {
                let Ok(file) = File::open(path) else { continue };
                // A line that a crash cut off is left out.
                let lines = BufReader::new(file).lines().map_while(Result::ok);
                found.extend(lines.filter_map(|line| serde_json::from_str::<TrailEntry>(&line).ok()));
            }
        }
        found.reverse();
        found.sort_by_key(|entry| std::cmp::Reverse(entry.seconds));
        found.truncate(most);
        found
    }

    /// Why the last line is missing.
    pub(super) fn trouble(&self) -> Option<String> {
        self.trouble.clone()
    }

    fn path(&self, about: About) -> PathBuf {
        self.folder.join(format!("{}.jsonl", about.file()))
    }

    fn old(&self, about: About) -> PathBuf {
        self.folder.join(format!("{}.old.jsonl", about.file()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(seconds: i64, what: &str) -> TrailEntry {
        let (account, address) = ("ada".to_owned(), "192.0.2.7".to_owned());
        TrailEntry { seconds, account, address, what: what.to_owned() }
    }

    #[test]
    fn tries_in_a_loop_take_one_line_a_minute_and_no_file_grows_without_end() {
        let folder = tempfile::tempdir().unwrap();
        let mut trail = Trail::new(folder.path());
        trail.add(About::Accounts, &entry(1, "made the account vic, view"));
        for second in 0..600 {
            trail.add(About::SignIn, &entry(second, "wrong password"));
        }
        assert_eq!(trail.newest(1000).len(), 1 + 10);
        for second in 0..2000 {
            trail.add(About::SignIn, &entry(1000 + second, &format!("{second} {}", "x".repeat(500))));
        }
        assert!(trail.trouble().is_none());
        let bytes: u64 =
            fs::read_dir(folder.path()).unwrap().map(|f| f.unwrap().metadata().unwrap().len()).sum();
        assert!(bytes < 2 * LONGEST + 2000, "{bytes}");
        let newest = trail.newest(10_000);
        assert!(newest[0].what.starts_with("1999 "));
        assert!(newest.last().unwrap().what.starts_with("made the account"), "no try pushes a change out");
    }

    #[test]
    fn what_cannot_be_written_is_said_until_it_can() {
        let folder = tempfile::tempdir().unwrap();
        let mut trail = Trail::new(&folder.path().join("gone"));
        trail.add(About::Accounts, &entry(1, "a"));
        assert!(trail.trouble().is_some());
        fs::create_dir(folder.path().join("gone")).unwrap();
        trail.add(About::Accounts, &entry(2, "b"));
        assert_eq!((trail.trouble(), trail.newest(9)), (None, vec![entry(2, "b")]));
    }
}
