//! The whole tree of a site: no symbolic link may be anywhere in it.
//!
//! A link in `rules/optional_rules` → the error ``…/x.conf` is a symbolic link to `/srv/x.conf``, although nothing includes
//! it: it would be activated by copying, or packed into an image, sooner or later. Version control's own folder and
//! what instances write ([`crate::layout::LOGS`], [`crate::layout::DATA`]) are not looked into.
//!
//! Limit: a site holds at most [`MAX_ENTRIES`] files and folders.

use std::path::{Path, PathBuf};

use portcullis_seclang::{Diagnostic, Severity};

use crate::error::reason;
use crate::files::{Files, Kind};
use crate::layout::{DATA, LOGS};
use crate::read::WHY_NO_LINKS;

/// How many files and folders a site may hold.
pub(crate) const MAX_ENTRIES: usize = 100_000;

/// Everything that is wrong with the tree, in the order of its paths.
pub(crate) fn check(root: &Path, files: &dyn Files) -> Vec<Diagnostic> {
    let mut walk = Walk { root, files, folders: vec![PathBuf::new()], entries: 0, found: Vec::new() };
    while let Some(folder) = walk.folders.pop() {
        if let Err(error) = walk.folder(&folder) {
            let path = root.join(&folder);
            let message = format!("cannot list `{}`: {}", path.display(), reason(&error));
            walk.report(path, "unreadable-folder", message, None);
        }
        if walk.entries > MAX_ENTRIES {
            let message = format!("`{}` holds more than {MAX_ENTRIES} files and folders", root.display());
            let help =
                "keep only configuration in a site, and logs and data in its folders `logs` and `data`";
            walk.report(root.to_path_buf(), "too-many-files", message, Some(help.to_owned()));
            break;
        }
    }
    walk.found.sort_by(|a, b| a.0.cmp(&b.0));
    walk.found.into_iter().map(|(_, diagnostic)| diagnostic).collect()
}

struct Walk<'a> {
    root: &'a Path,
    files: &'a dyn Files,
    folders: Vec<PathBuf>,
    entries: usize,
    found: Vec<(PathBuf, Diagnostic)>,
}

impl Walk<'_> {
    fn folder(&mut self, folder: &Path) -> std::io::Result<()> {
        for (name, kind) in self.files.list(folder)? {
            let relative = folder.join(&name);
            self.entries += 1;
            if kind == Kind::Link {
                self.link(&relative);
            } else if kind == Kind::Folder
                && name != ".git"
                && relative != Path::new(LOGS)
                && relative != Path::new(DATA)
            {
                self.folders.push(relative);
            }
        }
        Ok(())
    }

    fn link(&mut self, relative: &Path) {
        let path = self.root.join(relative);
        let to = self.files.link(relative).map_or(String::new(), |to| format!(" to `{}`", to.display()));
        let message = format!("`{}` is a symbolic link{to}", path.display());
        let help = if relative == Path::new(LOGS) || relative == Path::new(DATA) {
            format!("make it a folder, or name the place outside in the configuration: {WHY_NO_LINKS}")
        } else {
            format!("put a copy in its place: {WHY_NO_LINKS}")
        };
        self.report(path, "symbolic-link", message, Some(help));
    }

    fn report(&mut self, path: PathBuf, code: &'static str, message: String, help: Option<String>) {
        let mut diagnostic = Diagnostic::new(Severity::Error, code, None, message);
        diagnostic.help = help;
        self.found.push((path, diagnostic));
    }
}
