//! `init`: lays a site down.
//!
//! An empty folder and the embedded starter rules, or a copy of an OWASP CRS, become a site that detects only. Everything
//! is planned before anything is written: a rule set that is not recognised, or a file in the way, changes nothing.
//! Files are copied, never linked, and never overwritten.

mod crs;
mod crs_v2;
mod crs_v3;
mod debian;
mod plan;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub(crate) use plan::Plan;

use crate::edit;
use crate::error::reason;
use crate::layout::{
    ACTIVATED_RULES, BASE_RULES, CONFIGURATION, DATA, LOGS, OPTIONAL_RULES, SETTINGS, UNICODE_MAP,
};
use crate::starter;

/// Where the rules of a new site come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RuleSource {
    /// The rules that are built in.
    Starter,
    /// A folder with an OWASP CRS: release 4, 3 or 2.2, or Debian's package.
    Crs(PathBuf),
}

/// What [`init`] did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InitReport {
    /// The site.
    pub root: PathBuf,
    /// The rule set as its authors call it: `OWASP CRS 4.28.0`.
    pub rule_set: String,
    /// Files that were written, relative to the root.
    pub created: Vec<PathBuf>,
    /// Those of them that run.
    pub activated: Vec<PathBuf>,
    /// What the owner should know: sets that were laid down without being activated, files that were left out.
    pub notes: Vec<String>,
}

/// Why a site was not laid down.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InitError {
    /// There is a site with rules.
    #[error("`{}` is a site with activated rules already; nothing was changed", root.display())]
    IsSite {
        /// The folder.
        root: PathBuf,
    },
    /// There is something else.
    #[error("`{}` is not empty and not a site (it has `{}`); name a new or an empty folder", root.display(), found.display())]
    NotEmpty {
        /// The folder.
        root: PathBuf,
        /// One of its entries.
        found: PathBuf,
    },
    /// Files with other content are in the way.
    #[error("`{}` exists and is left as it is; move it away to lay the site down", path.display())]
    InTheWay {
        /// The first of them.
        path: PathBuf,
    },
    /// No rule set is recognised.
    #[error("`{}` holds no OWASP CRS: {reason}", folder.display())]
    NoRuleSet {
        /// The folder named.
        folder: PathBuf,
        /// What was looked for.
        reason: String,
    },
    /// There are no rules to take over.
    #[error("`{}` cannot be imported: {reason}", from.display())]
    NothingToImport {
        /// What was named, or the file that was read first.
        from: PathBuf,
        /// What was looked for.
        reason: String,
    },
    /// A file of the rule set cannot be read.
    #[error("cannot read `{}`: {reason}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Two different files of the rule set would have the same name in one folder.
    #[error("the rule set has two different files for `{}`", path.display())]
    SameName {
        /// The name, relative to the site.
        path: PathBuf,
    },
    /// The site cannot be written; what had been created is removed again.
    #[error("cannot write `{}`: {reason}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        reason: String,
    },
}

impl InitError {
    pub(crate) fn read(path: &Path, error: &io::Error) -> Self {
        Self::Read { path: path.to_path_buf(), reason: reason(error) }
    }

    fn write(path: &Path, error: &io::Error) -> Self {
        Self::Write { path: path.to_path_buf(), reason: reason(error) }
    }
}

/// What may lie in a folder that becomes a site: version control and words about it.
const HARMLESS: &[&str] = &[".git", ".gitattributes", ".gitignore", "LICENSE", "README.md"];

/// Content of `.gitignore` in folders whose files are not part of the configuration.
const IGNORE_ALL: &[u8] =
    b"# What running instances write here is no part of the configuration.\n*\n!.gitignore\n";

/// Lays a site down at `root`, which may exist when it is empty, holds only version control, or is a site without rules.
/// `settings_text` becomes `portcullis.toml`.
///
/// # Errors
/// When the folder holds something else, the rule set is not recognised or readable, or the site cannot be written.
pub fn init(root: &Path, source: &RuleSource, settings_text: &str) -> Result<InitReport, InitError> {
    refuse_foreign(root)?;
    let mut plan = Plan::default();
    match source {
        RuleSource::Starter => starter::plan(&mut plan)?,
        RuleSource::Crs(folder) => crs::plan(folder, &mut plan)?,
    }
    plan.add(UNICODE_MAP, starter::UNICODE_MAP)?;
    // Last: as long as it is missing there is no site.
    plan.add(CONFIGURATION, starter::CONFIGURATION)?;
    let created = write_plan(root, &mut plan, settings_text)?;
    Ok(InitReport {
        root: root.to_path_buf(),
        rule_set: plan.title,
        activated: created.iter().filter(|path| is_activated(path)).cloned().collect(),
        created,
        notes: plan.notes,
    })
}

/// Lays down what is planned, the configuration included, where no site is yet.
pub(crate) fn lay_down(root: &Path, mut plan: Plan, settings_text: &str) -> Result<Vec<PathBuf>, InitError> {
    refuse_foreign(root)?;
    let configuration = root.join(CONFIGURATION);
    if configuration.exists() {
        return Err(InitError::InTheWay { path: configuration });
    }
    write_plan(root, &mut plan, settings_text)
}

fn write_plan(root: &Path, plan: &mut Plan, settings_text: &str) -> Result<Vec<PathBuf>, InitError> {
    plan.add(SETTINGS, settings_text.as_bytes())?;
    plan.add(format!("{LOGS}/.gitignore"), IGNORE_ALL)?;
    plan.add(format!("{DATA}/.gitignore"), IGNORE_ALL)?;
    plan.files.sort_by_key(|(path, _)| path == Path::new(CONFIGURATION));
    let missing = missing(root, plan)?;
    write(root, plan, &missing)
}

fn is_activated(path: &Path) -> bool {
    path.starts_with(ACTIVATED_RULES) && path.extension().is_some_and(|extension| extension == "conf")
}

fn refuse_foreign(root: &Path) -> Result<(), InitError> {
    let entries = match fs::read_dir(root) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(InitError::read(root, &error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        names.push(PathBuf::from(entry.map_err(|error| InitError::read(root, &error))?.file_name()));
    }
    names.sort();
    if root.join(CONFIGURATION).is_file() {
        let activated = fs::read_dir(root.join(ACTIVATED_RULES));
        let runs = |name: &Path| name.extension().is_some_and(|extension| extension == "conf");
        let has_rules =
            activated.is_ok_and(|entries| entries.flatten().any(|entry| runs(Path::new(&entry.file_name()))));
        return if has_rules { Err(InitError::IsSite { root: root.to_path_buf() }) } else { Ok(()) };
    }
    match names.into_iter().find(|name| !HARMLESS.iter().any(|harmless| Path::new(harmless) == name)) {
        Some(found) => Err(InitError::NotEmpty { root: root.to_path_buf(), found }),
        None => Ok(()),
    }
}

/// Which files of the plan are not there; one with other content is an error, unless the owner is expected to change it.
fn missing(root: &Path, plan: &Plan) -> Result<Vec<bool>, InitError> {
    let owners = |path: &Path| [CONFIGURATION, SETTINGS].iter().any(|name| Path::new(name) == path);
    plan.files
        .iter()
        .map(|(path, content)| {
            let place = root.join(path);
            match fs::symlink_metadata(&place) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
                Err(error) => Err(InitError::read(&place, &error)),
                Ok(_) if owners(path) => Ok(false),
                Ok(metadata)
                    if metadata.is_file() && fs::read(&place).is_ok_and(|there| there == *content) =>
                {
                    Ok(false)
                }
                Ok(_) => Err(InitError::InTheWay { path: place }),
            }
        })
        .collect()
}

/// Writes the missing files of a plan; after an error nothing of it is left.
fn write(root: &Path, plan: &Plan, missing: &[bool]) -> Result<Vec<PathBuf>, InitError> {
    let mut undo = Undo::default();
    for folder in [BASE_RULES, OPTIONAL_RULES, ACTIVATED_RULES, LOGS, DATA] {
        undo.folder(&root.join(folder))?;
    }
    let mut created = Vec::new();
    for ((path, content), missing) in plan.files.iter().zip(missing) {
        if !missing {
            continue;
        }
        let place = root.join(path);
        if let Some(folder) = place.parent() {
            undo.folder(folder)?;
        }
        edit::create(&place, content).map_err(|error| InitError::write(&place, &error))?;
        undo.created.push(place);
        created.push(path.clone());
    }
    undo.created.clear();
    Ok(created)
}

/// Removes what was created when it is dropped before `created` was emptied.
#[derive(Default)]
struct Undo {
    created: Vec<PathBuf>,
}

impl Undo {
    fn folder(&mut self, folder: &Path) -> Result<(), InitError> {
        let missing: Vec<&Path> = folder.ancestors().take_while(|path| !path.exists()).collect();
        for path in missing.into_iter().rev().filter(|path| !path.as_os_str().is_empty()) {
            fs::create_dir(path).map_err(|error| InitError::write(path, &error))?;
            self.created.push(path.to_path_buf());
        }
        Ok(())
    }
}

impl Drop for Undo {
    fn drop(&mut self) {
        for path in self.created.iter().rev() {
            // The error on its way to the user matters; what cannot be removed is left.
            let _ = if path.is_dir() { fs::remove_dir(path) } else { fs::remove_file(path) };
        }
    }
}
