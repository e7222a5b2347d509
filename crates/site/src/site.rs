//! A site that is there: its root, and where its parts are.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::error::{SiteError, reason};
use crate::layout::{ACTIVATED_RULES, CONFIGURATION, SETTINGS};

/// A folder with the layout of a site.
#[derive(Debug, Clone)]
pub struct Site {
    root: PathBuf,
    defines: Vec<String>,
}

impl Site {
    /// Opens a site: checks that the layout is there and reads nothing yet.
    ///
    /// # Errors
    /// When the folder, `modsecurity.conf` or `rules/activated_rules` is missing. A missing `activated_rules` is not taken
    /// for an empty one: a site without rules protects nothing, and should say so itself.
    pub fn open(root: impl Into<PathBuf>) -> Result<Self, SiteError> {
        let root = root.into();
        let exists = |path: &Path| match fs::symlink_metadata(path) {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(SiteError::Read { path: path.to_path_buf(), reason: reason(&error) }),
        };
        if !exists(&root)? {
            return Err(SiteError::NoFolder { root });
        }
        for missing in [CONFIGURATION, ACTIVATED_RULES] {
            if !exists(&root.join(missing))? {
                return Err(SiteError::Incomplete { root, missing });
            }
        }
        Ok(Self { root, defines: Vec::new() })
    }

    /// Sets the names for which `<IfDefine NAME>` holds (httpd's `-D NAME`).
    pub fn with_defines(mut self, names: Vec<String>) -> Self {
        self.defines = names;
        self
    }

    /// The root as it was given.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The file with the proxy's settings; it may be missing.
    pub fn settings_path(&self) -> PathBuf {
        self.root.join(SETTINGS)
    }

    pub(crate) fn defines(&self, name: &str) -> bool {
        self.defines.iter().any(|define| define == name)
    }
}
