//! A running proxy and what it runs with: reads the site again and puts the new rules in force, or says why not.
//!
//! ```text
//! reloaded (SIGHUP): +3 rules, −1 rule; 642 rules, engine DetectionOnly
//! not reloaded (files changed): the site has errors; the rules loaded before stay in force
//! ```
//!
//! A reload is all or nothing: rules, the settings that can change, the site's logs. Until everything is ready nothing is
//! touched. Settings that are read at start stay as they are, and each reload names those that wait for a restart.

use std::path::PathBuf;
use std::sync::Arc;

use portcullis_engine::RuleSet;
use portcullis_proxy::SharedRules;
use portcullis_site::Looks;

use crate::collections::Collections;
use crate::console::Board;
use crate::container::ContainerVariables;
use crate::event_store;
use crate::findings;
use crate::loading::{self, Content, Reading};
use crate::logging::{Logging, SitePlan};
use crate::messages::{counted, say};
use crate::rule_changes::RuleChanges;
use crate::settings::{self, Applies, Entry, Logs, Resolved, Setting};
use crate::site_source::SiteSource;
use crate::startup::engine_mode;
use crate::watch::Watcher;

/// Why the site is read again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// Somebody asked.
    Signal,
    /// Somebody asked over the control socket.
    Asked,
    /// Files look different, or the branch names another commit.
    Files,
}

impl Cause {
    fn name(self) -> &'static str {
        match self {
            Cause::Signal => "SIGHUP",
            Cause::Asked => "asked",
            Cause::Files => "files changed",
        }
    }
}

/// See the module.
pub struct Running {
    /// Where the site comes from.
    pub source: Arc<SiteSource>,
    /// Where what this process writes goes.
    pub instance: PathBuf,
    /// What the console shows of reloads.
    pub board: Arc<Board>,
    /// The container images' variables, which change how the site is read.
    pub container: ContainerVariables,
    /// Settings of flags and variables.
    pub entries: Vec<Entry>,
    /// The rules in force.
    pub rules: Arc<SharedRules>,
    /// The store of collections.
    pub collections: Collections,
    /// The logs.
    pub logging: Arc<Logging>,
    /// Looks for changes; `None` when that is switched off.
    pub watcher: Option<Watcher>,
    /// The site's logs in use.
    pub logs: SitePlan,
    /// What the last reading of the site looked at.
    pub looks: Looks,
    /// What the rules and settings in force were made of.
    pub content: Content,
    /// Settings at the start.
    pub started: Resolved,
    /// Settings in force.
    pub current: Resolved,
    /// The commit that was read last, where the site comes from a revision.
    pub commit: Option<String>,
    /// When the process started, seconds since the Unix epoch.
    pub began: i64,
    /// What failed last, so that it is not said twice; `None` once something was put in force.
    pub failed: Option<Content>,
    /// What the last reload said.
    pub told: String,
}

impl Running {
    /// Reads the site and puts it in force; `false` when it is not.
    pub fn reload(&mut self, cause: Cause) -> bool {
        self.told.clear();
        let opened = self.source.open().and_then(|(site, commit)| Ok((self.container.apply(site)?, commit)));
        let (site, commit) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                let name = cause.name();
                self.refuse(&format!(
                    "not reloaded ({name}): {error:#}; the rules loaded before stay in force"
                ));
                return false;
            }
        };
        if cause == Cause::Files && site.finds_again(&self.looks) {
            return self.failed.is_none();
        }
        let id = commit.as_ref().map(|commit| commit.id.to_string());
        let name = match commit {
            Some(commit) => format!("{}, commit {} {:?}", cause.name(), commit.id.short(), commit.subject),
            None => cause.name().to_owned(),
        };
        let root = site.root().to_path_buf();
        let mut reading = loading::read_site(site, self.entries.clone());
        self.looks = std::mem::take(&mut reading.looks);
        if let Some(watcher) = &self.watcher {
            watcher.watch(self.looks.paths(&root));
        }
        if cause == Cause::Files && self.is_known(&reading) {
            return self.failed.is_none();
        }
        match reading.rule_set.take().filter(|_| !findings::has_errors(&reading.diagnostics)) {
            Some(rules) => self.put_in_force(&name, id, reading, &rules),
            None => {
                findings::print(&reading.diagnostics, &reading.sources);
                self.told.push_str(&findings::text(&reading.diagnostics, &reading.sources));
                self.refuse(&format!(
                    "not reloaded ({name}): the site has errors; the rules loaded before stay in force"
                ));
                self.failed = Some(reading.content);
                false
            }
        }
    }

    /// What is in force, and whether the site is newer than that: a line for the service manager.
    pub fn status(&self) -> String {
        let rules = self.rules.load();
        let total = rules.active_rules().filter(|rule| !rule.is_link()).count();
        let refused =
            if self.failed.is_some() { "; the site as it is now has errors and is not in force" } else { "" };
        format!("{}, engine {}{refused}", counted(total, "rule"), engine_mode(&rules))
    }

    /// Says a sentence here and to whoever asked.
    fn say(&mut self, text: impl AsRef<str>) {
        say(text.as_ref());
        self.told.push_str(text.as_ref());
        self.told.push('\n');
    }

    /// Says why the old rules stay, and leaves it for the console.
    fn refuse(&mut self, text: &str) {
        self.board.refused(text);
        self.say(text);
    }

    /// Whether a look at the files brought no news: the same content, or the same mistakes as last time.
    fn is_known(&self, reading: &Reading) -> bool {
        reading.content == *self.failed.as_ref().unwrap_or(&self.content)
    }

    /// Tells the console, and those who share the event store, what is in force.
    pub fn post(&self) {
        let fingerprint = self.content.fingerprint();
        self.board.in_force(fingerprint.clone());
        if let Some(events) = self.logging.events() {
            let commit = self.commit.clone();
            events.announce(event_store::presence(&self.rules.load(), fingerprint, commit, self.began));
        }
    }

    fn put_in_force(
        &mut self,
        name: &str,
        commit: Option<String>,
        reading: Reading,
        rules: &Arc<RuleSet>,
    ) -> bool {
        let logs = SitePlan::of(rules.settings(), &self.logs_with(&reading.resolved), &self.instance);
        if logs != self.logs {
            match logs.open() {
                Ok(logs) => self.logging.set_site(logs),
                Err(error) => {
                    self.refuse(&format!(
                        "not reloaded ({name}): {error:#}; the rules loaded before stay in force"
                    ));
                    self.failed = Some(reading.content);
                    return false;
                }
            }
        }
        let old = self.rules.load();
        self.rules.replace_pages(Arc::clone(&reading.pages));
        self.rules.replace(Arc::clone(rules));
        self.tell(name, &old, rules, &reading);
        self.logs = logs;
        self.commit = commit;
        self.content = reading.content;
        self.post();
        self.current = reading.resolved;
        self.failed = None;
        true
    }

    /// The settings of the logs: those read at start stay.
    fn logs_with(&self, new: &Resolved) -> Logs {
        let new = &new.settings.logs;
        Logs {
            audit: new.audit.clone(),
            audit_schema: new.audit_schema,
            audit_user_directory: new.audit_user_directory,
            ..self.started.settings.logs.clone()
        }
    }

    fn tell(&mut self, name: &str, old: &RuleSet, new: &RuleSet, reading: &Reading) {
        let total = new.active_rules().filter(|rule| !rule.is_link()).count();
        let (before, now) = (engine_mode(old), engine_mode(new));
        let engine = if before == now { now.to_owned() } else { format!("{before} → {now}") };
        let changes = RuleChanges::between(old, new);
        self.say(format!("reloaded ({name}): {changes}; {}, engine {engine}", counted(total, "rule")));
        if old.settings().data_dir != new.settings().data_dir {
            self.say("SecDataDir changed: collections stay where they are until the next start");
        }
        let named = |from: &Resolved, applies: Applies| -> Vec<&'static str> {
            let changed = settings::changed(from, &reading.resolved).into_iter();
            changed
                .filter(|setting: &&Setting| setting.applies == applies)
                .map(|setting| setting.name)
                .collect()
        };
        let at_once = named(&self.current, Applies::AtReload);
        if !at_once.is_empty() {
            self.say(format!("settings changed: {}", at_once.join(", ")));
        }
        let waiting = named(&self.started, Applies::AtStart);
        if !waiting.is_empty() {
            self.say(format!("settings that wait for a restart: {}", waiting.join(", ")));
        }
    }
}
