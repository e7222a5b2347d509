//! The text of a file, edited in a browser.
//!
//! Files of rules, `modsecurity.conf` and `portcullis.toml` can be edited; what a vendor sent (`rules/base_rules`, …) cannot,
//! since what runs is a copy. A browser sends line ends as CR LF: the file keeps those it had.

use std::path::{Component, Path};

use portcullis_site::{ACTIVATED_RULES, CONFIGURATION, Changes, SETTINGS, Site};

use crate::accounts::secret;
use crate::request::Failure;

/// The longest file that is shown and edited.
pub(crate) const LONGEST: u64 = 2 << 20;

/// The digest by which a text is known again.
pub(crate) fn digest(text: &[u8]) -> String {
    secret::digest_of(text)
}

/// Whether a path names a file that may be edited.
pub(crate) fn is_editable(path: &str) -> bool {
    let is_plain = Path::new(path).components().all(|part| match part {
        Component::Normal(name) => !name.as_encoded_bytes().starts_with(b"."),
        _ => false,
    });
    let below = path.strip_prefix(ACTIVATED_RULES).is_some_and(|rest| rest.starts_with('/'));
    is_plain && !path.contains("//") && (below || path == CONFIGURATION || path == SETTINGS)
}

/// The text of a form with the line ends that the file had.
pub(crate) fn as_submitted(text: &str, before: &[u8]) -> String {
    let text = text.replace("\r\n", "\n");
    let lines = before.iter().filter(|byte| **byte == b'\n').count();
    let with_return = before.windows(2).filter(|pair| *pair == b"\r\n").count();
    if lines > 0 && lines == with_return { text.replace('\n', "\r\n") } else { text }
}

/// The change of a file.
pub(super) fn change(site: &Site, path: &str, text: &str, base: &str) -> Result<Changes, Failure> {
    if !is_editable(path) {
        return Err(Failure::invalid(format!("`{path}` is not edited here.")));
    }
    let present = site.read_file(path, LONGEST)?.ok_or_else(|| Failure::missing(format!("`{path}`")))?;
    let mut changes = Changes::default();
    if present == text.as_bytes() {
        return Ok(changes);
    }
    if digest(&present) != base {
        let message = format!(
            "Somebody changed `{path}` since this text was read. Below is how yours differs from it."
        );
        return Err(Failure::new(axum::http::StatusCode::CONFLICT, message));
    }
    changes.write(path, text.as_bytes().to_vec());
    Ok(changes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_runs_is_edited() {
        for path in [
            "modsecurity.conf",
            "portcullis.toml",
            "rules/activated_rules/a.conf",
            "rules/activated_rules/d/x",
        ] {
            assert!(is_editable(path), "{path}");
        }
        for path in [
            "",
            "rules/base_rules/a.conf",
            "rules/activated_rules",
            "rules/activated_rules/../x",
            "/etc/passwd",
            "rules/activated_rules/.x",
            "data/console/accounts.json",
            ".git/config",
            "rules/activated_rulesx/a",
            "./modsecurity.conf",
            "rules/activated_rules//a.conf",
        ] {
            assert!(!is_editable(path), "{path}");
        }
    }

    #[test]
    fn line_ends_stay() {
        assert_eq!(as_submitted("a\r\nb\r\n", b"x\n"), "a\nb\n");
        assert_eq!(as_submitted("a\r\nb\r\n", b"x\r\ny\r\n"), "a\r\nb\r\n");
        assert_eq!(as_submitted("a\r\n", b"x\r\ny\n"), "a\n");
    }
}
