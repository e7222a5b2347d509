//! The identity of a configuration's content.
//!
//! Two checkouts of the same commit have the same fingerprint wherever they lie; one changed byte in a rule or data file
//! gives another. Files that no configuration names do not count.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use crate::files::Kind;

/// A SHA-256 over the names and contents of every file that was read.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// The bytes.
    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads what `Display` writes.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        if text.len() != 64 || !text.is_ascii() {
            return None;
        }
        for (place, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(text.get(2 * place..2 * place + 2)?, 16).ok()?;
        }
        Some(Self(bytes))
    }

    /// The hash of one file.
    pub(crate) fn of_content(content: &[u8]) -> Self {
        Self(Sha256::digest(content).into())
    }

    /// The hash of a folder's entries, which come in order.
    pub(crate) fn of_entries(entries: &[(OsString, Kind)]) -> Self {
        let mut hasher = Sha256::new();
        for (name, kind) in entries {
            let name = name.as_encoded_bytes();
            hasher.update((name.len() as u64).to_be_bytes());
            hasher.update(name);
            hasher.update([*kind as u8]);
        }
        Self(hasher.finalize().into())
    }

    /// The hash of files by their paths relative to the root.
    pub(crate) fn of_files(files: &BTreeMap<PathBuf, Fingerprint>) -> Self {
        let mut hasher = Sha256::new();
        for (path, content) in files {
            let name = portable(path);
            hasher.update((name.len() as u64).to_be_bytes());
            hasher.update(name);
            hasher.update(content.0);
        }
        Self(hasher.finalize().into())
    }
}

/// A path's bytes, with `/` between its parts.
fn portable(path: &Path) -> Vec<u8> {
    let parts: Vec<&[u8]> = path.iter().map(|part| part.as_encoded_bytes()).collect();
    parts.join(&b'/')
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fingerprint({self})")
    }
}
