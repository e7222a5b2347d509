//! Files elsewhere that a configuration names: `SecRemoteRules KEY https://…`, `@pmFromFile https://…`, `@ipMatchFromFile https://…`.
//!
//! `sha256:9f86… https://rules.example/a.conf` in `remote_files` of `portcullis.toml` lets the site use that file, with that content
//! and no other: whoever serves it cannot change what runs. It is fetched once and kept in the data folder under its hash;
//! what is kept needs no net any more. An address without such a line is never asked. Encrypted rules are named and kept as they
//! are served; [`crate::encrypted_rules`] makes text of them.
//!
//! Limits: HTTPS only, no redirect, [`LARGEST`] bytes. New content is a new line, reviewed as any change of the site.

use std::fmt;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::fingerprint::Fingerprint;
use crate::https;

/// The most bytes of one file.
const LARGEST: u64 = 64 << 20;

/// A file elsewhere and the content that it must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    url: String,
    content: Fingerprint,
}

impl Pin {
    /// Reads `sha256:HEX https://…`.
    pub fn parse(text: &str) -> Option<Self> {
        let (hash, url) = text.trim().split_once(char::is_whitespace)?;
        let content = Fingerprint::parse(hash.strip_prefix("sha256:")?)?;
        let url = url.trim();
        is_remote(url).then(|| Self { url: url.to_owned(), content })
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256:{} {}", self.content, self.url)
    }
}

/// The files elsewhere that a site may use, and where their content is kept.
#[derive(Debug, Clone, Default)]
pub struct RemoteFiles {
    pins: Arc<[Pin]>,
    folder: PathBuf,
}

/// Whether a name is an address.
pub(crate) fn is_remote(name: &str) -> bool {
    name.starts_with("https://")
}

impl RemoteFiles {
    /// These files; `folder` is made when the first one is kept.
    pub fn new(pins: Vec<Pin>, folder: PathBuf) -> Self {
        Self { pins: pins.into(), folder }
    }

    /// The content of a file. The server gets `key` as ModSecurity sends it.
    pub(crate) fn content(&self, url: &str, key: Option<&str>) -> Result<Vec<u8>, String> {
        let Some(pin) = self.pins.iter().find(|pin| pin.url == url) else {
            return Err(
                "nothing is fetched but what `remote_files` in portcullis.toml names, with its hash: \
                 \"sha256:HEX https://HOST/PATH\""
                    .to_owned(),
            );
        };
        let kept = self.folder.join(pin.content.to_string());
        if let Ok(content) = fs::read(&kept)
            && Fingerprint::of_content(&content) == pin.content
        {
            return Ok(content);
        }
        let content = fetch(url, key)?;
        let found = Fingerprint::of_content(&content);
        if found != pin.content {
            return Err(format!("what is there now has another hash: sha256:{found}"));
        }
        // Without it the next start fetches again; what was fetched is good all the same.
        let _ = self.keep(&kept, &content);
        Ok(content)
    }

    fn keep(&self, place: &Path, content: &[u8]) -> std::io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        file.write_all(content)?;
        file.persist(place)?;
        Ok(())
    }
}

fn fetch(url: &str, key: Option<&str>) -> Result<Vec<u8>, String> {
    let mut request = https::agent(false)?.get(url);
    if let Some(key) = key {
        request = request.header("ModSec-key", key);
    }
    let answer = request.call().map_err(|error| error.to_string())?;
    if !answer.status().is_success() {
        return Err(format!("the server answers {}", answer.status()));
    }
    let mut content = Vec::new();
    let mut body = answer.into_body().into_reader().take(LARGEST + 1);
    body.read_to_end(&mut content).map_err(|error| error.to_string())?;
    if content.len() as u64 > LARGEST {
        return Err(format!("it is larger than {LARGEST} bytes"));
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_is_a_hash_and_an_address() {
        let hash = Fingerprint::of_content(b"x");
        let text = format!("sha256:{hash} https://rules.example/a.conf");
        assert_eq!(Pin::parse(&text).unwrap().to_string(), text);
        for wrong in [
            "https://rules.example/a.conf".to_owned(),
            format!("{hash} https://rules.example/"),
            format!("sha256:{hash} http://rules.example/"),
            "sha256:00 https://rules.example/".to_owned(),
            format!("sha256:{hash}"),
        ] {
            assert_eq!(Pin::parse(&wrong), None, "{wrong}");
        }
    }

    #[test]
    fn what_is_kept_is_used_and_only_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let hash = Fingerprint::of_content(b"SecMarker A\n");
        // Nobody listens on port 1.
        let url = "https://127.0.0.1:1/a.conf";
        let files =
            RemoteFiles::new(vec![Pin { url: url.to_owned(), content: hash }], folder.path().to_path_buf());
        fs::write(folder.path().join(hash.to_string()), "SecMarker A\n").unwrap();
        assert_eq!(files.content(url, None).unwrap(), b"SecMarker A\n");
        assert!(files.content("https://127.0.0.1:1/b.conf", None).unwrap_err().contains("remote_files"));
        fs::write(folder.path().join(hash.to_string()), "SecMarker B\n").unwrap();
        assert!(files.content(url, None).is_err());
    }
}
