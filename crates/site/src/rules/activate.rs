//! Activating a set by copying it, and taking it away again.
//!
//! `enable_change(set)` → the set's file and the data files it names, copied to `rules/activated_rules`; `disable_change(set)` →
//! they go, but for data that another activated file names. Copies, never links. The name orders the set as `init` does: set-up
//! files come first (`000-`), plugins' files where their names say.

use std::path::{Path, PathBuf};

use portcullis_seclang::{Item, Sources, parse_file};

use super::{RuleSetFile, State, name_of};
use crate::changes::Changes;
use crate::error::SiteError;
use crate::files::Kind;
use crate::layout::ACTIVATED_RULES;
use crate::site::Site;

/// The folder of sets that owners add.
const OWN_RULES: &str = "rules/own_rules";

impl Site {
    /// Activates a set; empty when it is.
    ///
    /// # Errors
    /// When its files cannot be read, or one of another content is in the way.
    pub fn enable_change(&self, set: &RuleSetFile) -> Result<Changes, SiteError> {
        let mut changes = Changes::default();
        let (None, Some(source)) = (&set.activated, &set.source) else { return Ok(changes) };
        let text = self.text(source)?;
        let folder = source.parent().unwrap_or(Path::new(""));
        for data in self.data_files(folder, &text)? {
            let content = self.text(&folder.join(&data))?;
            let place = Path::new(ACTIVATED_RULES).join(&data);
            match self.files().kind(&place) {
                Err(_) => changes.write(place, content),
                Ok(_) if self.text(&place)? == content => {}
                Ok(_) => return Err(SiteError::InTheWay { path: self.root().join(place) }),
            }
        }
        changes.write(Path::new(ACTIVATED_RULES).join(ordered(&set.name)), text);
        Ok(changes)
    }

    /// Takes a set away, and its state; empty when it is off.
    ///
    /// # Errors
    /// When what runs is not what its source has and `force` is not given, or files cannot be read.
    pub fn disable_change(&self, set: &RuleSetFile, force: bool) -> Result<Changes, SiteError> {
        let Some(running) = &set.activated else { return Ok(Changes::default()) };
        if !force && (set.is_edited || set.source.is_none()) {
            return Err(SiteError::OnlyCopy {
                path: self.root().join(running),
                has_source: set.source.is_some(),
            });
        }
        let mut changes = match set.state {
            State::Detect => self.state_change(set, State::Protect)?,
            State::Protect | State::Off => Changes::default(),
        };
        let folder = Path::new(ACTIVATED_RULES);
        let mut data = self.data_files(folder, &self.text(running)?)?;
        for other in self.conf_files(folder)?.iter().filter(|other| *other != running) {
            let needed = self.data_files(folder, &self.text(other)?)?;
            data.retain(|name| !needed.contains(name));
        }
        let original = |name: &PathBuf| {
            let source = set.source.as_ref()?.parent()?.join(name);
            self.text(&source).ok()
        };
        for name in data {
            let place = folder.join(&name);
            // A list that was edited here stays: it may be the only copy.
            if force || original(&name) == Some(self.text(&place)?) {
                changes.remove(place);
            }
        }
        changes.remove(running);
        Ok(changes)
    }

    /// Adds files to `rules/own_rules`, to be enabled from there.
    ///
    /// # Errors
    /// When a set or file of that name is there with another content.
    pub fn add_change(&self, files: &[(String, Vec<u8>)]) -> Result<Changes, SiteError> {
        let mut changes = Changes::default();
        let sets = self.rule_sets()?;
        for (name, content) in files {
            let place = Path::new(OWN_RULES).join(name);
            let known = sets.iter().find(|set| set.name == *name).and_then(|set| set.source.as_ref());
            let known = known.cloned().or_else(|| self.files().kind(&place).is_ok().then(|| place.clone()));
            match known {
                Some(known) if known != place || self.text(&known)? != *content => {
                    return Err(SiteError::InTheWay { path: self.root().join(known) });
                }
                Some(_) => {}
                None => changes.write(place, content.clone()),
            }
        }
        Ok(changes)
    }

    /// The files of a folder, rule files apart, that the directives of a text name.
    fn data_files(&self, folder: &Path, text: &[u8]) -> Result<Vec<PathBuf>, SiteError> {
        let mut sources = Sources::default();
        let id = sources.add("rules.conf".into(), text.to_vec());
        let mut words = Vec::new();
        collect(parse_file(&sources, id, &mut Vec::new()), &mut words);
        let files = self.listed(folder)?.into_iter().filter(|(name, kind)| {
            *kind == Kind::File && !name.ends_with(".conf") && !name.ends_with(".example")
        });
        let named = |name: &str| words.iter().any(|word| names(word, name.as_bytes()));
        Ok(files.filter(|(name, _)| named(name)).map(|(name, _)| PathBuf::from(name)).collect())
    }
}

/// All words behind directives.
fn collect(items: Vec<Item>, words: &mut Vec<Vec<u8>>) {
    for item in items {
        match item {
            Item::Directive(directive) => words.extend(directive.args.into_iter().map(|word| word.text)),
            Item::Section(section) => collect(section.items, words),
        }
    }
}

/// Whether a word names a file: the name, with nothing of a file name around it but a folder before it.
fn names(word: &[u8], name: &[u8]) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let starts = (0..(word.len() + 1).saturating_sub(name.len())).filter(|at| word[*at..].starts_with(name));
    starts.into_iter().any(|at| {
        let before = at.checked_sub(1).and_then(|at| word.get(at));
        !before.is_some_and(is_part) && !word.get(at + name.len()).is_some_and(is_part)
    })
}

/// The name under which a set runs.
fn ordered(name: &str) -> String {
    match name {
        "crs-setup.conf" | "modsecurity_crs_10_setup.conf" | "modsecurity_crs_10_config.conf" => {
            format!("000-{name}")
        }
        _ if name.ends_with("-config.conf") => format!("010-{name}"),
        _ if name.ends_with("-before.conf") => format!("020-{name}"),
        _ if name.ends_with("-after.conf") => format!("zzz-{name}"),
        _ => name.to_owned(),
    }
}

impl RuleSetFile {
    /// The name under which it runs, or would.
    pub fn running_name(&self) -> String {
        self.activated.as_ref().map_or_else(|| ordered(&self.name), |path| name_of(path))
    }
}
