//! OWASP CRS 3 and 4: `rules/`, a set-up file, plugins.
//!
//! The order that CRS documents (set-up file, plugins' `*-config.conf`, `*-before.conf`, rules, `*-after.conf`) becomes an
//! order of names: `000-crs-setup.conf`, `010-…-config.conf`, `020-…-before.conf`, `REQUEST-…`, `RESPONSE-…`, `zzz-…-after.conf`.
//! Data files lie beside the rules that name them. The two files for a site's own exclusions, shipped as `….conf.example`,
//! are activated under their names without `.example`, as CRS tells its users to do: they hold comments only.

use std::path::{Path, PathBuf};

use super::crs::no_rule_set;
use super::plan::{Plan, files};
use super::{InitError, debian};
use crate::layout::{ACTIVATED_RULES, BASE_RULES};

/// The set-up file's name in the site: before everything else.
const SETUP: &str = "000-crs-setup.conf";

/// Plans a site with the rules of `folder/rules`.
pub(super) fn plan(folder: &Path, plan: &mut Plan) -> Result<(), InitError> {
    let elsewhere = debian::included_files(folder)?;
    let setup = setup_file(folder, &elsewhere).ok_or_else(|| {
        no_rule_set(folder, "it has `rules`, but no `crs-setup.conf` or `crs-setup.conf.example` beside it")
    })?;
    plan.copy(&setup, format!("{ACTIVATED_RULES}/{SETUP}"))?;
    if let Some(name) = setup.file_name() {
        plan.copy(&setup, Path::new("rules").join(name))?;
    }
    rules(folder, &elsewhere, plan)?;
    if folder.join("plugins").is_dir() {
        plugins(&folder.join("plugins"), plan)?;
    }
    if folder.join("LICENSE").is_file() {
        plan.copy(&folder.join("LICENSE"), "rules/LICENSE")?;
    }
    Ok(())
}

fn setup_file(folder: &Path, elsewhere: &[PathBuf]) -> Option<PathBuf> {
    let beside = ["crs-setup.conf", "crs-setup.conf.example"].map(|name| folder.join(name));
    let included = elsewhere.iter().filter(|path| path.ends_with("crs-setup.conf")).cloned();
    beside.into_iter().chain(included).find(|path| path.is_file())
}

fn rules(folder: &Path, elsewhere: &[PathBuf], plan: &mut Plan) -> Result<(), InitError> {
    let rules = folder.join("rules");
    let shipped = files(&rules)?;
    if !shipped.iter().any(|file| file.is("conf")) {
        return Err(no_rule_set(folder, "its `rules` has no `*.conf` file"));
    }
    for file in &shipped {
        plan.copy(&file.path, Path::new(BASE_RULES).join(&file.name))?;
        if file.is("conf") || file.is("data") {
            plan.copy(&file.path, Path::new(ACTIVATED_RULES).join(&file.name))?;
        }
    }
    for path in elsewhere.iter().filter(|path| !path.ends_with("crs-setup.conf") && path.is_file()) {
        if let Some(name) = path.file_name() {
            plan.copy(path, Path::new(BASE_RULES).join(name))?;
            plan.copy(path, Path::new(ACTIVATED_RULES).join(name))?;
        }
    }
    for file in &shipped {
        let name = file.name.strip_suffix(".example").filter(|name| name.ends_with(".conf"));
        let Some(place) = name.map(|name| Path::new(ACTIVATED_RULES).join(name)) else { continue };
        if plan.content(&place).is_none() {
            plan.copy(&file.path, place)?;
        }
    }
    Ok(())
}

fn plugins(folder: &Path, plan: &mut Plan) -> Result<(), InitError> {
    for file in files(folder)? {
        let place = match file.name.as_str() {
            name if name.ends_with("-config.conf") => format!("010-{name}"),
            name if name.ends_with("-before.conf") => format!("020-{name}"),
            name if name.ends_with("-after.conf") => format!("zzz-{name}"),
            name if name.ends_with(".conf") => {
                plan.notes.push(format!(
                    "plugins/{name} was left out: its name does not say whether it goes before or after the rules"
                ));
                continue;
            }
            name if name.ends_with(".data") || name.ends_with(".lua") => name.to_owned(),
            _ => continue,
        };
        plan.copy(&file.path, Path::new(ACTIVATED_RULES).join(place))?;
        plan.copy(&file.path, Path::new("rules/plugins").join(&file.name))?;
    }
    Ok(())
}
