//! Which OWASP CRS a folder holds.
//!
//! `rules/*.conf` beside `crs-setup.conf` is release 3 or 4 ([`super::crs_v3`]), the same with `owasp-crs.load` is Debian's
//! package ([`super::debian`]), `base_rules/` is release 2 ([`super::crs_v2`]).

use std::path::Path;

use super::plan::{Plan, files};
use super::{InitError, crs_v2, crs_v3};

/// Plans a site with the rule set of a folder.
pub(super) fn plan(folder: &Path, plan: &mut Plan) -> Result<(), InitError> {
    if !folder.is_dir() {
        return Err(no_rule_set(folder, "there is no such folder"));
    }
    if folder.join("base_rules").is_dir() {
        crs_v2::plan(folder, plan)?;
    } else if folder.join("rules").is_dir() {
        crs_v3::plan(folder, plan)?;
    } else if files(folder)?.iter().any(|file| file.name.starts_with("REQUEST-901-")) {
        return Err(no_rule_set(
            folder,
            "these are its rules alone; name the folder above, which has the set-up file too",
        ));
    } else {
        return Err(no_rule_set(
            folder,
            "it has neither `rules` with `crs-setup.conf` (releases 3 and 4) nor `base_rules` (release 2)",
        ));
    }
    plan.title = title(plan);
    Ok(())
}

pub(super) fn no_rule_set(folder: &Path, reason: impl Into<String>) -> InitError {
    InitError::NoRuleSet { folder: folder.to_path_buf(), reason: reason.into() }
}

/// The release, from the `ver` of the first rule that has one.
fn title(plan: &Plan) -> String {
    const MARK: &[u8] = b"ver:'OWASP_CRS/";
    let found = plan.files.iter().find_map(|(_, content)| {
        let start = content.windows(MARK.len()).position(|window| window == MARK)? + MARK.len();
        let end = content[start..].iter().position(|byte| *byte == b'\'')?;
        Some(String::from_utf8_lossy(&content[start..start + end]).into_owned())
    });
    found.map_or_else(|| "OWASP CRS".to_owned(), |version| format!("OWASP CRS {version}"))
}
