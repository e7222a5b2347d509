//! What a reading of a site looked at, to tell later whether another reading would find the same.
//!
//! `S/rules/x.conf` was read, `S/rules` was listed, `S/words.data` was not there → three looks. [`Site::finds_again`] looks at
//! the same places and compares contents; that costs no compilation, so a file that was only touched costs little.
//! Files elsewhere (`SecRemoteRules`) are no part of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::fingerprint::Fingerprint;
use crate::site::Site;

/// How a place was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum As {
    /// A file was read.
    File,
    /// The entries of a folder were listed.
    Folder,
}

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Looks {
    /// Places relative to the root; what was found there, `None` when there was nothing of the kind.
    places: BTreeMap<(PathBuf, As), Option<Fingerprint>>,
}

impl Looks {
    /// Adds a file that was read another way; `None` when there was none.
    pub fn add_file(&mut self, path: impl Into<PathBuf>, content: Option<&[u8]>) {
        self.note(path.into(), As::File, content.map(Fingerprint::of_content));
    }

    /// Adds what another reading of the same site looked at.
    pub fn extend(&mut self, other: Looks) {
        self.places.extend(other.places);
    }

    /// The places, each once, below `root`. Some may not exist: their appearance would change what is found.
    pub fn paths(&self, root: &Path) -> Vec<PathBuf> {
        let places: BTreeSet<&PathBuf> = self.places.keys().map(|(path, _)| path).collect();
        places.into_iter().map(|path| root.join(path)).collect()
    }

    pub(crate) fn note(&mut self, path: PathBuf, how: As, found: Option<Fingerprint>) {
        self.places.insert((path, how), found);
    }

    /// The files that were found.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&Path, Fingerprint)> {
        let found = self.places.iter().filter(|((_, how), _)| *how == As::File);
        found.filter_map(|((path, _), found)| Some((path.as_path(), (*found)?)))
    }
}

impl Site {
    /// Whether every place that was looked at holds what it held then.
    pub fn finds_again(&self, looks: &Looks) -> bool {
        let reader = self.reader();
        looks.places.iter().all(|((path, how), then)| {
            let place = self.root().join(path);
            let now = match how {
                As::File => reader.content(&place).ok().map(|content| Fingerprint::of_content(&content)),
                As::Folder => reader.entries(&place).ok().map(|entries| Fingerprint::of_entries(&entries)),
            };
            now == *then
        })
    }
}
