//! The rule sets of a site: which there are, which run, in which state, and how they differ from what they were copied from.
//!
//! A set is a rule file. Sources lie in the folders of `rules/` (`base_rules`, `optional_rules`, any other); what runs lies in
//! `rules/activated_rules`, under the set's name or one with a prefix that orders it (`000-crs-setup.conf`). Nothing is
//! remembered elsewhere: copying and deleting files by hand has the same effect as the commands.
//!
//! ```text
//! mod.rs       the list        activate.rs  enable, disable, add        state.rs     detect, protect
//! about.rs     title, description, number of rules, paranoia levels of a file
//! ```

mod about;
mod activate;
mod state;

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

pub use about::About;

use crate::error::{SiteError, reason};
use crate::files::Kind;
use crate::layout::ACTIVATED_RULES;
use crate::site::Site;

/// Where all rule files are.
const RULES: &str = "rules";

/// The longest rule file that is read for the list.
const LONGEST: u64 = 64 << 20;

/// The state of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Not activated.
    Off,
    /// Runs and logs, blocks nothing.
    Detect,
    /// Runs and blocks.
    Protect,
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            State::Off => "off",
            State::Detect => "detect",
            State::Protect => "protect",
        })
    }
}

/// A rule set of a site.
#[derive(Debug, Clone)]
pub struct RuleSetFile {
    /// The name commands take: the source's file name, or that of the activated file when it has no source.
    pub name: String,
    /// The file it is copied from, relative to the site's root.
    pub source: Option<PathBuf>,
    /// The file that runs.
    pub activated: Option<PathBuf>,
    /// Its state.
    pub state: State,
    /// Whether what runs differs from its source.
    pub is_edited: bool,
    /// What its text says of it.
    pub about: About,
}

impl Site {
    /// Every rule set, those that run first, in the order in which they run.
    ///
    /// # Errors
    /// When a folder or file below `rules` cannot be read.
    pub fn rule_sets(&self) -> Result<Vec<RuleSetFile>, SiteError> {
        let mut sources = self.sources()?;
        let states = self.states()?;
        let mut sets = Vec::new();
        for running in self.conf_files(Path::new(ACTIVATED_RULES))? {
            let file = name_of(&running);
            let name =
                sources.keys().filter(|name| is_activated_as(name, &file)).max_by_key(|n| n.len()).cloned();
            let source = name.as_ref().and_then(|name| sources.remove(name));
            let text = self.text(&running)?;
            let original = source.as_ref().map(|path| self.text(path)).transpose()?;
            sets.push(RuleSetFile {
                about: About::of(&text),
                state: if states.detects(&file) { State::Detect } else { State::Protect },
                is_edited: original.is_some_and(|original| original != text),
                name: name.unwrap_or(file),
                source,
                activated: Some(running),
            });
        }
        for (name, source) in sources {
            let about = About::of(&self.text(&source)?);
            let source = Some(source);
            sets.push(RuleSetFile {
                name,
                source,
                activated: None,
                state: State::Off,
                is_edited: false,
                about,
            });
        }
        Ok(sets)
    }

    /// A set by its name, or by that of its activated file.
    ///
    /// # Errors
    /// As [`Site::rule_sets`], or there is none of that name.
    pub fn rule_set_file(&self, name: &str) -> Result<RuleSetFile, SiteError> {
        let sets = self.rule_sets()?;
        let known: Vec<String> = sets.iter().map(|set| set.name.clone()).collect();
        let named = |set: &RuleSetFile| {
            set.name == name || set.activated.as_ref().is_some_and(|path| name_of(path) == name)
        };
        sets.into_iter().find(named).ok_or_else(|| SiteError::NoRuleSet {
            name: name.to_owned(),
            nearest: portcullis_seclang::nearest(name, known.iter().map(String::as_str)).map(str::to_owned),
        })
    }

    /// The files that run, in the order in which they are read.
    ///
    /// # Errors
    /// When their folder cannot be read.
    pub fn activated_files(&self) -> Result<Vec<PathBuf>, SiteError> {
        self.conf_files(Path::new(ACTIVATED_RULES))
    }

    /// The text of a file of the site.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn text(&self, path: &Path) -> Result<Vec<u8>, SiteError> {
        let missing =
            || SiteError::Read { path: self.root().join(path), reason: "it is not there".to_owned() };
        self.read_file(&path.to_string_lossy(), LONGEST)?.ok_or_else(missing)
    }

    /// Source files by set name. The first folder in byte order wins a name that several have.
    fn sources(&self) -> Result<BTreeMap<String, PathBuf>, SiteError> {
        let mut found = BTreeMap::new();
        let mut folders = vec![PathBuf::from(RULES)];
        for (name, kind) in self.listed(Path::new(RULES))? {
            let folder = Path::new(RULES).join(name);
            if kind == Kind::Folder && folder != Path::new(ACTIVATED_RULES) {
                folders.push(folder);
            }
        }
        for folder in folders {
            for file in self.conf_files(&folder)? {
                found.entry(name_of(&file)).or_insert(file);
            }
            for file in self.files_with(&folder, ".conf.example")? {
                let name = name_of(&file);
                let plain = name.strip_suffix(".example").unwrap_or(&name).to_owned();
                found.entry(plain).or_insert(file);
            }
        }
        Ok(found)
    }

    fn conf_files(&self, folder: &Path) -> Result<Vec<PathBuf>, SiteError> {
        self.files_with(folder, ".conf")
    }

    fn files_with(&self, folder: &Path, ending: &str) -> Result<Vec<PathBuf>, SiteError> {
        let entries = self.listed(folder)?.into_iter();
        let files = entries
            .filter(|(name, kind)| *kind == Kind::File && name.ends_with(ending) && !name.starts_with('.'));
        Ok(files.map(|(name, _)| folder.join(name)).collect())
    }

    /// The entries of a folder in byte order.
    fn listed(&self, folder: &Path) -> Result<Vec<(String, Kind)>, SiteError> {
        let entries = match self.files().list(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            Err(error) => {
                return Err(SiteError::Read { path: self.root().join(folder), reason: reason(&error) });
            }
        };
        let mut named: Vec<(String, Kind)> =
            entries.into_iter().map(|(name, kind)| (name.to_string_lossy().into_owned(), kind)).collect();
        named.sort_by(|a, b| a.0.cmp(&b.0));
        Ok(named)
    }
}

/// The last part of a path.
fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Whether a set's file runs under this name: its own, or its own behind a prefix such as `000-` or `zzz-`.
fn is_activated_as(name: &str, file: &str) -> bool {
    file == name
        || file.strip_suffix(name).and_then(|prefix| prefix.strip_suffix('-')).is_some_and(|prefix| {
            prefix == "zzz" || !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit())
        })
}
