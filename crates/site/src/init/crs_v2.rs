//! OWASP CRS 2.2: `base_rules/`, `optional_rules/` and others, and a set-up file.
//!
//! Base and optional rules run, the set-up file first: `modsecurity_crs_10_ignore_static.conf` would come before
//! `modsecurity_crs_10_setup.conf`, hence its name `000-…`. Other sets (`experimental_rules`, …) are laid down and not run.

use std::path::{Path, PathBuf};

use super::InitError;
use super::crs::no_rule_set;
use super::plan::{Plan, files};
use crate::layout::ACTIVATED_RULES;

/// The sets that run.
const ACTIVE: &[&str] = &["base_rules", "optional_rules"];

/// The others that releases had.
const INACTIVE: &[&str] = &["experimental_rules", "slr_rules"];

/// Names of the set-up file, the newest first.
const SETUP: &[&str] = &[
    "modsecurity_crs_10_setup.conf",
    "modsecurity_crs_10_setup.conf.example",
    "modsecurity_crs_10_config.conf",
    "modsecurity_crs_10_config.conf.example",
];

/// Plans a site with the rules of a folder.
pub(super) fn plan(folder: &Path, plan: &mut Plan) -> Result<(), InitError> {
    let setup: PathBuf =
        SETUP.iter().map(|name| folder.join(name)).find(|path| path.is_file()).ok_or_else(|| {
            no_rule_set(folder, "it has `base_rules`, but no `modsecurity_crs_10_setup.conf`")
        })?;
    let name = setup.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let plain = name.strip_suffix(".example").unwrap_or(name);
    plan.copy(&setup, format!("{ACTIVATED_RULES}/000-{plain}"))?;
    plan.copy(&setup, Path::new("rules").join(name))?;
    for set in ACTIVE.iter().filter(|set| folder.join(set).is_dir()) {
        for file in files(&folder.join(set))? {
            plan.copy(&file.path, Path::new("rules").join(set).join(&file.name))?;
            if file.is("conf") || file.is("data") {
                plan.copy(&file.path, Path::new(ACTIVATED_RULES).join(&file.name))?;
            }
        }
    }
    for set in INACTIVE.iter().filter(|set| folder.join(set).is_dir()) {
        for file in files(&folder.join(set))? {
            plan.copy(&file.path, Path::new("rules").join(set).join(&file.name))?;
        }
        plan.notes.push(format!(
            "rules/{set} was laid down and does not run; copy what you need to {ACTIVATED_RULES}"
        ));
    }
    if folder.join("LICENSE").is_file() {
        plan.copy(&folder.join("LICENSE"), "rules/LICENSE")?;
    }
    Ok(())
}
