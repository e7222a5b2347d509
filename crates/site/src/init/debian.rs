//! Debian's package of the OWASP CRS: its files are in two folders, and `owasp-crs.load` says which.
//!
//! `/usr/share/modsecurity-crs/owasp-crs.load` with `Include /etc/modsecurity/crs/crs-setup.conf` → that path. The rules
//! themselves (`Include …/rules/*.conf`) lie in the package's own folder and are found there.

use std::path::{Path, PathBuf};

use portcullis_seclang::{Item, Sources, parse_file};

use super::InitError;

/// The list's name in the package's folder.
const LIST: &str = "owasp-crs.load";

/// Single files that the package's list includes, in order; empty when there is no list. They need not exist.
pub(super) fn included_files(folder: &Path) -> Result<Vec<PathBuf>, InitError> {
    let list = folder.join(LIST);
    if !list.is_file() {
        return Ok(Vec::new());
    }
    let text = std::fs::read(&list).map_err(|error| InitError::read(&list, &error))?;
    let mut sources = Sources::default();
    let id = sources.add(list.clone(), text);
    let items = parse_file(&sources, id, &mut Vec::new());
    let included = items.into_iter().filter_map(|item| match item {
        Item::Directive(directive) => Some(directive),
        Item::Section(_) => None,
    });
    Ok(included
        .filter(|directive| {
            ["Include", "IncludeOptional"].iter().any(|n| directive.name.value.eq_ignore_ascii_case(n))
        })
        .filter_map(|directive| directive.args.first().map(|word| word.lossy().into_owned()))
        .filter(|path| !path.contains(['*', '?', '[']))
        .map(|path| folder.join(path))
        .collect())
}
