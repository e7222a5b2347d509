//! A site's own error pages, read with the site.
//!
//! `custom_errors/403.html` → the body of every 403 that the proxy itself answers. A name that no answer could have, an empty
//! page and one above [`LARGEST`] are findings; other files of the folder are the owner's business.

use std::path::Path;

use portcullis_proxy::ErrorPages;
use portcullis_seclang::{Diagnostic, Severity};
use portcullis_site::{Fingerprint, Looks, Site};

/// The largest page.
const LARGEST: u64 = 1 << 20;

/// What was read.
#[derive(Debug)]
pub struct Found {
    /// The pages.
    pub pages: ErrorPages,
    /// What is wrong with them.
    pub diagnostics: Vec<Diagnostic>,
    /// What they were made of.
    pub fingerprint: Fingerprint,
    /// What was looked at.
    pub looks: Looks,
}

/// Reads the pages of a site; none when it has no such folder.
pub fn read(site: &Site, folder: &Path) -> Found {
    let files = site.files_in(folder, "[0-9]*.html", LARGEST);
    let mut found = Found {
        pages: ErrorPages::default(),
        diagnostics: Vec::new(),
        fingerprint: files.fingerprint,
        looks: files.looks,
    };
    for (path, content) in files.files {
        let place = site.root().join(&path);
        let shown = place.display();
        let status = path.file_stem().and_then(|stem| stem.to_str()?.parse().ok());
        let finding = |severity, code, message| Diagnostic::new(severity, code, None, message);
        match (status.filter(|status| ErrorPages::takes(*status)), content) {
            (_, Err(error)) => {
                found.diagnostics.push(finding(Severity::Error, "unreadable-error-page", error.to_string()));
            }
            (None, Ok(_)) => found.diagnostics.push(finding(
                Severity::Warning,
                "unused-error-page",
                format!("`{shown}` is never sent: error pages are for 300 to 599 but 499"),
            )),
            (Some(_), Ok(content)) if content.is_empty() => found.diagnostics.push(finding(
                Severity::Warning,
                "unused-error-page",
                format!("`{shown}` is empty, so the proxy's own page is sent"),
            )),
            (Some(status), Ok(content)) => found.pages.insert(status, content),
        }
    }
    found
}
