//! The console in this process: what it may ask, answered from the proxy that runs.
//!
//! `start(&settings, wanted, running, events)` → a console on its own listener, or a sentence that says why there is none.
//! Only an address that somebody named is worth ending for: a firewall does not stay down because a default port is taken.
//!
//! A reload that the console asks for takes the way of every other: an event for the thread that owns the rules.

use std::path::PathBuf;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use anyhow::{Result, anyhow};
use portcullis_console::{
    Check, Console, Control, Finding, Limits, ProxySetting, Reload, Settings, Severity, StartError, Status,
    TlsFiles,
};
use portcullis_engine::RuleSet;
use portcullis_engine::record::EngineMode;
use portcullis_insight::{EventDetail, Events, Explanation, Proposal, ProposalError, explain, proposals};
use portcullis_proxy::SharedRules;
use portcullis_seclang::{Diagnostic, Severity as Weight, Sources};
use portcullis_site::{Changes, DATA, Mode, Site};

use crate::commands::settings as stored;
use crate::events::Event;
use crate::loading::{self, Reading};
use crate::logging::Logging;
use crate::messages::{reason, say, show};
use crate::settings::{self, Applies, ConsoleSettings, Entry, Value, without_password};
use crate::site_source::SiteSource;
use crate::{control, findings, watch};

/// What a reload leaves for whoever looks: kept by the thread that owns the rules.
#[derive(Debug, Default)]
pub struct Board(Mutex<Posted>);

#[derive(Debug, Default, Clone)]
struct Posted {
    fingerprint: String,
    refused: Option<String>,
}

impl Board {
    /// New rules are in force.
    pub fn in_force(&self, fingerprint: String) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Posted { fingerprint, refused: None };
    }

    /// A reload was refused.
    pub fn refused(&self, why: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).refused = Some(why.to_owned());
    }

    fn posted(&self) -> Posted {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The proxy as the console sees it.
pub struct Process {
    /// Where the site comes from.
    pub source: Arc<SiteSource>,
    /// Where what this process writes goes.
    pub instance: PathBuf,
    /// Settings of flags and variables.
    pub entries: Vec<Entry>,
    /// The rules in force.
    pub rules: Arc<SharedRules>,
    /// The logs, which count.
    pub logging: Arc<Logging>,
    /// What the last reload left.
    pub board: Arc<Board>,
    /// Where the proxy listens.
    pub listening: Vec<String>,
    /// The origin.
    pub upstream: String,
    /// When it started, seconds since the Unix epoch.
    pub started: i64,
    /// The site as it was last read for somebody.
    pub present: Mutex<Option<Present>>,
    /// Where to ask for a reload.
    pub events: Mutex<Sender<Event>>,
}

/// Starts the console; `None` when it is off, or its default address cannot be had.
pub fn start(wanted: &ConsoleSettings, is_named: bool, process: Process) -> Result<Option<Console>> {
    let Some(address) = wanted.address else { return Ok(None) };
    let settings = Settings {
        address,
        hosts: wanted.hosts.clone(),
        folder: process.instance.join(DATA).join("console"),
        allow_plain: wanted.plain,
        tls: tls(wanted)?,
        limits: Limits::default(),
    };
    match Console::start(settings, Arc::new(process)) {
        Ok(console) => {
            show(&format!("console on {}\n", console.url()));
            console.setup_link().into_iter().for_each(show_link);
            Ok(Some(console))
        }
        Err(error) if is_named => Err(not_started(&error)),
        Err(error) => {
            say(format_args!("no console: {}", not_started(&error)));
            Ok(None)
        }
    }
}

/// The link that makes the first account. It is a secret: standard error is read by who runs the process.
pub fn show_link(link: &str) {
    show(&format!("the console has no account yet; make the first one within an hour at\n    {link}\n"));
}

fn tls(wanted: &ConsoleSettings) -> Result<Option<TlsFiles>> {
    match (wanted.certificate.clone(), wanted.key.clone()) {
        (None, None) => Ok(None),
        (Some(certificate), Some(key)) => Ok(Some(TlsFiles { certificate, key })),
        (Some(_), None) => Err(anyhow!("console-cert is given and console-key is not: TLS needs both")),
        (None, Some(_)) => Err(anyhow!("console-key is given and console-cert is not: TLS needs both")),
    }
}

fn not_started(error: &StartError) -> anyhow::Error {
    match error {
        StartError::Bind { address, source } => {
            anyhow!(
                "cannot listen on {address}: {}; name another address with --console, or off",
                reason(source)
            )
        }
        other => anyhow!("{other}"),
    }
}

impl Control for Process {
    fn status(&self) -> Status {
        let rules = self.rules.load();
        let posted = self.board.posted();
        let lost = self.logging.losses().into_iter();
        let lost = lost.map(|(log, count)| format!("{log}: {count} entries were lost since the start"));
        let trouble = self.logging.events().and_then(|events| events.trouble());
        let trouble = trouble.map(|why| format!("event store: {why}; events wait"));
        let root = self.source.root();
        let root = root.canonicalize().unwrap_or_else(|_| root.to_path_buf());
        Status {
            name: root.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            started: self.started,
            served: self.logging.requests(),
            mode: Some(match rules.settings().engine {
                EngineMode::Off => Mode::Off,
                EngineMode::DetectionOnly => Mode::Detect,
                EngineMode::On => Mode::Protect,
            }),
            fingerprint: posted.fingerprint,
            rules: rules.active_rules().filter(|rule| !rule.is_link()).count(),
            listening: self.listening.clone(),
            upstream: self.upstream.clone(),
            read_only: self.read_only(),
            warnings: posted.refused.into_iter().chain(trouble).chain(lost).collect(),
        }
    }

    fn site(&self) -> Result<Site, String> {
        self.source.open().map(|(site, _)| site).map_err(|error| format!("{error:#}"))
    }

    fn events(&self) -> Option<Arc<Events>> {
        self.logging.events().cloned()
    }

    fn country(&self, address: &str) -> Option<String> {
        let (code, name) = self.rules.load().country(address.parse().ok()?)?;
        Some(if name.is_empty() { code } else { name })
    }

    fn explain(&self, event: &EventDetail) -> Option<Explanation> {
        Some(explain(event, &self.rules.load()))
    }

    fn proposals(
        &self,
        site: &Site,
        event: &EventDetail,
        rule: u64,
        stored: &[EventDetail],
    ) -> Result<Vec<Proposal>, ProposalError> {
        // Settings decide how rules are compiled; what is wrong with them is said where they are checked.
        let mut entries = self.entries.clone();
        entries.extend(settings::read_file(site, &mut Sources::default(), &mut Vec::new()));
        let settings = settings::resolve(site.root(), entries).settings;
        let site = site.clone().with_defines(settings.defines);
        proposals(&site, settings.compatibility, self.present_rules(), event, rule, stored)
    }

    fn check(&self, site: &Site) -> Check {
        checked(&loading::read_site(site.clone(), self.entries.clone()), site)
    }

    fn check_present(&self) -> Result<Check, String> {
        self.present().map(|present| present.check)
    }

    fn reload(&self) -> Reload {
        let events = self.events.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match control::ask_here(&events) {
            Ok((text, in_force)) => Reload { in_force, text },
            Err(error) => Reload { in_force: false, text: format!("{error:#}") },
        }
    }

    fn settings(&self, site: &Site) -> Vec<ProxySetting> {
        let setting = |setting: &'static settings::Setting| ProxySetting {
            name: setting.name.to_owned(),
            group: setting.group.title().to_owned(),
            summary: setting.summary.to_owned(),
            default: plain(setting.default),
            // A file that is no TOML says nothing; what is wrong with it stands among the findings.
            value: stored::in_file(site, setting).ok().flatten().map(|value| without_password(&value)),
            overridden: self.overridden(setting),
            waits_for_start: setting.applies == Applies::AtStart,
        };
        settings::all().map(setting).collect()
    }

    fn setting_change(&self, site: &Site, name: &str, value: &str) -> Result<Changes, String> {
        let setting = settings::named(name).ok_or_else(|| format!("no setting is called `{name}`"))?;
        stored::in_document(site, setting, value).map_err(|error| format!("{error:#}"))
    }
}

/// A reading of the site, as long as its files stay as they are.
#[derive(Clone)]
pub struct Present {
    watched: Vec<PathBuf>,
    marks: Vec<watch::Mark>,
    check: Check,
    rules: Option<Arc<RuleSet>>,
}

impl Process {
    /// The site as its files are, read again only when one of them has changed since, or might have.
    fn present(&self) -> Result<Present, String> {
        let site = self.site()?;
        let mut known = self.present.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(present) =
            known.as_ref().filter(|present| watch::marks(&present.watched) == present.marks)
        {
            return Ok(present.clone());
        }
        let reading = loading::read_site(site.clone(), self.entries.clone());
        let watched = reading.looks.paths(site.root());
        let marks = watch::marks(&watched);
        let present = Present { check: checked(&reading, &site), rules: reading.rule_set, marks, watched };
        // A revision has no files to watch, and a file that was just written may be written again unseen.
        let is_folder = matches!(&*self.source, SiteSource::Folder(_));
        let is_settled = watch::fresh(&present.marks, SystemTime::now()).is_none();
        *known = (is_folder && is_settled).then(|| present.clone());
        Ok(present)
    }

    /// The rules of the site as its files are, where they are known.
    fn present_rules(&self) -> Option<Arc<RuleSet>> {
        self.present().ok()?.rules
    }

    fn read_only(&self) -> Option<String> {
        match &*self.source {
            SiteSource::Folder(_) => None,
            SiteSource::Revision { revision, .. } => {
                Some(format!("the revision `{revision}` runs, and a revision does not change"))
            }
            SiteSource::Branch(_) => {
                Some("the site comes from a branch of another repository: change it there".to_owned())
            }
        }
    }

    fn overridden(&self, setting: &settings::Setting) -> Option<String> {
        let entries = self.entries.iter().filter(|entry| entry.setting.name == setting.name);
        let strongest = entries.max_by_key(|entry| matches!(entry.origin, settings::Origin::Flag))?;
        let value = match &strongest.value {
            Value::One(text) => without_password(text),
            Value::Many(list) => list.join(", "),
            Value::Pair(key, value) => format!("{key}={value}"),
        };
        let by = match strongest.origin {
            settings::Origin::Variable => setting.variable(),
            _ => format!("--{}", setting.name),
        };
        Some(format!("{by} = {value}"))
    }
}

/// What is wrong with a site that was read.
fn checked(reading: &Reading, site: &Site) -> Check {
    let found = reading.diagnostics.iter().map(|found| finding(found, &reading.sources, site));
    Check {
        failed: reading.failed(),
        findings: found.collect(),
        text: findings::text(&reading.diagnostics, &reading.sources),
    }
}

/// A default as somebody types it: a text without TOML's quotes.
fn plain(default: &str) -> String {
    let text = default.parse::<toml_edit::Value>().ok();
    text.as_ref().and_then(|value| value.as_str()).unwrap_or(default).to_owned()
}

fn finding(found: &Diagnostic, sources: &Sources, site: &Site) -> Finding {
    let place = found.span.map(|span| {
        let file = sources.file(span.file);
        let path = file.path.strip_prefix(site.root()).unwrap_or(&file.path).to_path_buf();
        (path, file.position(span.start))
    });
    Finding {
        severity: match found.severity {
            Weight::Error => Severity::Error,
            Weight::Warning => Severity::Warning,
            Weight::Notice => Severity::Notice,
        },
        code: found.code.to_owned(),
        message: found.message.clone(),
        help: found.help.clone(),
        path: place.as_ref().map(|(path, _)| path.clone()),
        line: place.as_ref().map(|(_, at)| at.0),
        column: place.as_ref().map(|(_, at)| at.1),
    }
}
