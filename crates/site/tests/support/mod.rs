//! What the tests of this crate share: findings as text that is the same everywhere.

use std::path::Path;

use portcullis_seclang::{Style, render, summary};
use portcullis_site::Loaded;

/// The findings as a user sees them, with `S` for the site's folder.
pub fn drawn(loaded: &Loaded, root: &Path) -> String {
    let text = render(&loaded.diagnostics, &loaded.sources, Style::default());
    let text = text.replace(&root.display().to_string(), "S");
    if text.is_empty() { text } else { format!("{text}\n{}\n", summary(&loaded.diagnostics)) }
}
