//! Files of one folder of a site, for whoever gives them a meaning of their own.
//!
//! `files_in("custom_errors", "[0-9]*.html", 1 MiB)` → each file of that folder whose name matches, in byte order, with its
//! content or the reason why it has none. Links are refused as everywhere in a site.

use std::path::{Path, PathBuf};

use crate::error::SiteError;
use crate::fingerprint::Fingerprint;
use crate::fnmatch;
use crate::looks::Looks;
use crate::site::Site;

/// What was found.
#[derive(Debug)]
pub struct FolderFiles {
    /// Paths relative to the site's root, and contents.
    pub files: Vec<(PathBuf, Result<Vec<u8>, SiteError>)>,
    /// Names and contents of what was read.
    pub fingerprint: Fingerprint,
    /// What was looked at.
    pub looks: Looks,
}

impl Site {
    /// Files of a folder whose names match a shell pattern; none when there is no such folder.
    pub fn files_in(&self, folder: &Path, pattern: &str, limit: u64) -> FolderFiles {
        let reader = self.reader();
        let names = reader.list(&self.root().join(folder)).unwrap_or_default();
        let is_wanted =
            |name: &PathBuf| fnmatch::matches(pattern.as_bytes(), name.as_os_str().as_encoded_bytes());
        let mut files = Vec::new();
        for name in names.into_iter().filter(is_wanted) {
            let path = folder.join(name);
            let place = self.root().join(&path);
            let content = reader.content(&place).map_err(|error| error.to_string()).and_then(|content| {
                let is_large = content.len() as u64 > limit;
                if is_large { Err(format!("it is larger than {limit} bytes")) } else { Ok(content) }
            });
            files.push((path, content.map_err(|reason| SiteError::Read { path: place, reason })));
        }
        let (looks, fingerprint) = reader.into_looks();
        FolderFiles { files, fingerprint, looks }
    }
}
