//! Reading below the root of a site, and nowhere else.
//!
//! `S/rules/activated_rules/x.conf` → its bytes; `S/../x.conf`, a symbolic link anywhere on the way, a folder or a pipe → an
//! error that says so. [`crate::load`] hands a [`Reader`] to the language's loader and to the compiler for data files; what it
//! was asked for is remembered for the fingerprint and for whoever watches the files.
//!
//! Limit: the path is checked part by part before the file is opened; whoever can change the site while it is read
//! can change what it says anyway.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use portcullis_seclang::include::MAX_BYTES;
use portcullis_seclang::{Directive, LoadError, Loader};

use crate::encrypted_rules;
use crate::error::reason;
use crate::files::{Files, Kind};
use crate::fingerprint::Fingerprint;
use crate::fnmatch;
use crate::looks::{As, Looks};
use crate::remote_files::{RemoteFiles, is_remote};

/// Why links are refused; follows "it is a symbolic link".
pub(crate) const WHY_NO_LINKS: &str = "what a link points to escapes review, differs between instances and can change what runs without a commit";

/// Reads the files of one site.
#[derive(Debug)]
pub(crate) struct Reader {
    files: Arc<dyn Files>,
    /// The root in a form that paths can be compared with.
    absolute: PathBuf,
    remote: RemoteFiles,
    /// The latest `SecRemoteRules`.
    rules_elsewhere: RefCell<RulesElsewhere>,
    looks: RefCell<Looks>,
    /// Files from elsewhere that were read, by their URLs.
    fetched: RefCell<BTreeMap<PathBuf, Fingerprint>>,
}

/// What a `SecRemoteRules` says.
#[derive(Debug, Default)]
struct RulesElsewhere {
    key: Option<String>,
    /// Where they are, when they are encrypted.
    encrypted: Option<PathBuf>,
}

impl Reader {
    /// Reads the files of a site whose paths begin with `root`.
    pub(crate) fn new(root: &Path, files: Arc<dyn Files>, remote: RemoteFiles) -> Self {
        let absolute = plain(&std::path::absolute(root).unwrap_or_else(|_| root.to_path_buf()));
        Self {
            files,
            absolute,
            remote,
            rules_elsewhere: RefCell::default(),
            looks: RefCell::default(),
            fetched: RefCell::default(),
        }
    }

    /// What was asked for so far, and the identity of all files that were read.
    pub(crate) fn into_looks(self) -> (Looks, Fingerprint) {
        let (looks, mut read) = (self.looks.into_inner(), self.fetched.into_inner());
        read.extend(looks.files().map(|(path, content)| (path.to_path_buf(), content)));
        (looks, Fingerprint::of_files(&read))
    }

    /// The content of a file; the path is one that begins with the root, or absolute.
    pub(crate) fn content(&self, path: &Path) -> Result<Vec<u8>, LoadError> {
        if let Some(url) = path.to_str().filter(|name| is_remote(name)) {
            let rules = self.rules_elsewhere.borrow();
            let content = self.remote.content(url, rules.key.as_deref()).map_err(LoadError::Other)?;
            let hash = Fingerprint::of_content(&content);
            self.fetched.borrow_mut().insert(path.to_path_buf(), hash);
            return match &rules.key {
                Some(key) if rules.encrypted.as_deref() == Some(path) => {
                    encrypted_rules::decrypt(key.as_bytes(), &content)
                        .map_err(|error| LoadError::Other(error.to_string()))
                }
                _ => Ok(content),
            };
        }
        let relative = self.relative(path)?;
        let content = self.read_regular(&relative);
        let found = content.as_ref().ok().map(|content| Fingerprint::of_content(content));
        self.looks.borrow_mut().note(relative, As::File, found);
        content
    }

    /// Names of the entries of a folder in byte order.
    pub(crate) fn list(&self, folder: &Path) -> Result<Vec<PathBuf>, LoadError> {
        Ok(self.entries(folder)?.into_iter().map(|(name, _)| PathBuf::from(name)).collect())
    }

    /// The same with what the entries are.
    pub(crate) fn entries(&self, folder: &Path) -> Result<Vec<(OsString, Kind)>, LoadError> {
        let relative = self.relative(folder)?;
        let entries = self.sorted_entries(&relative);
        let found = entries.as_ref().ok().map(|entries| Fingerprint::of_entries(entries));
        self.looks.borrow_mut().note(relative, As::Folder, found);
        entries
    }

    fn sorted_entries(&self, relative: &Path) -> Result<Vec<(OsString, Kind)>, LoadError> {
        self.check_links(relative)?;
        let mut entries = self.files.list(relative).map_err(|error| load_error(&error))?;
        entries.sort_unstable_by(|(a, _), (b, _)| a.as_encoded_bytes().cmp(b.as_encoded_bytes()));
        Ok(entries)
    }

    /// The path from the root; `None` outside of it.
    pub(crate) fn below_root(&self, path: &Path) -> Option<PathBuf> {
        self.relative(path).ok()
    }

    /// The path from the root, `..` taken back: there are no links, so doing that by name is exact.
    fn relative(&self, path: &Path) -> Result<PathBuf, LoadError> {
        let absolute = std::path::absolute(path).map_err(|error| load_error(&error))?;
        let relative = plain(&absolute).strip_prefix(&self.absolute).map(Path::to_path_buf);
        relative.map_err(|_| LoadError::Outside)
    }

    fn check_links(&self, relative: &Path) -> Result<Kind, LoadError> {
        let mut path = PathBuf::new();
        let mut kind = self.files.kind(&path).map_err(|error| load_error(&error))?;
        for part in relative {
            path.push(part);
            kind = self.files.kind(&path).map_err(|error| load_error(&error))?;
            if kind == Kind::Link {
                return Err(LoadError::Other(format!("it is a symbolic link, and {WHY_NO_LINKS}")));
            }
        }
        Ok(kind)
    }

    fn read_regular(&self, relative: &Path) -> Result<Vec<u8>, LoadError> {
        match self.check_links(relative)? {
            Kind::File => {}
            Kind::Folder => return Err(LoadError::Folder),
            _ => return Err(LoadError::Other("it is not a regular file".to_owned())),
        }
        let limit = MAX_BYTES as u64;
        let content = self.files.read(relative, limit + 1).map_err(|error| load_error(&error))?;
        if content.len() as u64 > limit {
            return Err(LoadError::Other(format!("it is larger than {limit} bytes")));
        }
        Ok(content)
    }
}

impl Loader for Reader {
    fn read(&self, path: &Path) -> Result<Vec<u8>, LoadError> {
        self.content(path)
    }

    fn stands_for(&self, directive: &Directive) -> Option<PathBuf> {
        if !directive.name.value.eq_ignore_ascii_case("SecRemoteRules") {
            return None;
        }
        // With anything else the compiler says what is wrong.
        let (key, url, is_encrypted) = match directive.args.as_slice() {
            [key, url] => (key, url, false),
            [word, key, url] if word.text.eq_ignore_ascii_case(b"crypto") => (key, url, true),
            _ => return None,
        };
        let url = PathBuf::from(std::str::from_utf8(&url.text).ok().filter(|url| is_remote(url))?);
        let key = Some(key.lossy().into_owned());
        let encrypted = is_encrypted.then(|| url.clone());
        self.rules_elsewhere.replace(RulesElsewhere { key, encrypted });
        Some(url)
    }

    fn glob(&self, pattern: &Path) -> Result<Vec<PathBuf>, LoadError> {
        let mut found = vec![PathBuf::new()];
        let mut parts = pattern.components().peekable();
        while let Some(part) = parts.next() {
            let is_last = parts.peek().is_none();
            let wild = matches!(part, Component::Normal(name) if is_wild(name.as_encoded_bytes()));
            if !wild {
                found.iter_mut().for_each(|path| path.push(part));
                continue;
            }
            let mut next = Vec::new();
            for folder in &found {
                let matching = match self.list(folder) {
                    Ok(names) => names,
                    // Without a wildcard before it the folder was named; behind one it may be a file or lack the rest.
                    Err(LoadError::NotFound) => continue,
                    Err(_) if !is_last && found.len() > 1 => continue,
                    Err(error) => return Err(error),
                };
                let pattern = part.as_os_str().as_encoded_bytes();
                next.extend(
                    matching
                        .into_iter()
                        .filter(|name| fnmatch::matches(pattern, bytes(name)))
                        .map(|name| folder.join(name)),
                );
            }
            found = next;
        }
        // A name behind a wildcard part need not be in every folder.
        found.retain(|path| {
            let Ok(relative) = self.relative(path) else { return false };
            let exists = self.files.kind(&relative).is_ok();
            if !exists {
                self.looks.borrow_mut().note(relative, As::File, None);
            }
            exists
        });
        Ok(found)
    }
}

fn is_wild(name: &[u8]) -> bool {
    name.iter().any(|byte| matches!(byte, b'*' | b'?' | b'['))
}

fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

/// The path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}

pub(crate) fn load_error(error: &io::Error) -> LoadError {
    match error.kind() {
        io::ErrorKind::NotFound => LoadError::NotFound,
        _ => LoadError::Other(reason(error)),
    }
}
