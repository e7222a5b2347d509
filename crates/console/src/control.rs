//! What the console asks of the process it runs in.
//!
//! The console knows sites and accounts; which rules are in force, how the site is validated whole, and how a change comes
//! into force is the binary's. It implements [`Control`]; tests of this crate implement a small one of their own.

use std::path::PathBuf;
use std::sync::Arc;

use portcullis_insight::{EventDetail, Events, Explanation, Proposal, ProposalError};
use portcullis_site::{Changes, Mode, Site};
use schemars::JsonSchema;
use serde::Serialize;

/// The process behind the console. Methods may read files and wait; the console never calls them on the threads that serve
/// connections.
pub trait Control: Send + Sync + 'static {
    /// What runs now.
    fn status(&self) -> Status;

    /// The site that runs.
    ///
    /// # Errors
    /// A sentence, when it cannot be opened.
    fn site(&self) -> Result<Site, String>;

    /// Where events are kept; `None` when none are.
    fn events(&self) -> Option<Arc<Events>> {
        None
    }

    /// The English name of the country of an address, where a geographic database is configured and knows it.
    fn country(&self, _address: &str) -> Option<String> {
        None
    }

    /// Why rules matched a stored request, step by step, by the rules in force; `None` when there are none to ask.
    fn explain(&self, _event: &EventDetail) -> Option<Explanation> {
        None
    }

    /// Exclusions of a rule for an event, the narrowest first, with what they would have changed in these stored events.
    ///
    /// # Errors
    /// As [`portcullis_insight::proposals()`].
    fn proposals(
        &self,
        site: &Site,
        event: &EventDetail,
        rule: u64,
        stored: &[EventDetail],
    ) -> Result<Vec<Proposal>, ProposalError> {
        portcullis_insight::proposals(site, Default::default(), None, event, rule, stored)
    }

    /// Reads a site whole, settings included, and says what is wrong with it. The site may hold changes that are not
    /// written.
    fn check(&self, site: &Site) -> Check;

    /// The same of the site as its files are, which nobody needs to read twice.
    ///
    /// # Errors
    /// As [`Control::site`].
    fn check_present(&self) -> Result<Check, String> {
        Ok(self.check(&self.site()?))
    }

    /// Puts the site's files in force and waits for it.
    fn reload(&self) -> Reload;

    /// The settings of the proxy.
    fn settings(&self, site: &Site) -> Vec<ProxySetting>;

    /// The change of the site's files that gives a setting of the proxy a value; an empty value takes it out.
    ///
    /// # Errors
    /// A sentence, when there is no such setting or the value is none.
    fn setting_change(&self, site: &Site, name: &str, value: &str) -> Result<Changes, String>;
}

/// What runs now.
#[derive(Debug, Clone, Default)]
pub struct Status {
    /// What the site is called: its folder's name.
    pub name: String,
    /// The version of the program.
    pub version: String,
    /// When the process started, seconds since the Unix epoch.
    pub started: i64,
    /// Requests answered since then.
    pub served: u64,
    /// The mode in force.
    pub mode: Option<Mode>,
    /// The content of the rules in force, as a hash.
    pub fingerprint: String,
    /// Rules in force, without chain links.
    pub rules: usize,
    /// Where the proxy listens.
    pub listening: Vec<String>,
    /// The origin.
    pub upstream: String,
    /// Why the site cannot be changed from here; `None` when it can.
    pub read_only: Option<String>,
    /// What needs somebody: a reload that was refused, a log that cannot be written.
    pub warnings: Vec<String>,
}

/// What was found in a site.
#[derive(Debug, Clone, Default)]
pub struct Check {
    /// Whether it cannot run.
    pub failed: bool,
    /// Everything there is to say, errors first met first.
    pub findings: Vec<Finding>,
    /// The exact words of `portcullis check`.
    pub text: String,
}

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The site does not load.
    Error,
    /// Probably not what was meant.
    Warning,
    /// Worth knowing.
    Notice,
}

impl Severity {
    /// The class that gives it its colour.
    pub(crate) fn class(self) -> &'static str {
        match self {
            Severity::Error => "blocked",
            Severity::Warning => "would",
            Severity::Notice => "info",
        }
    }
}

/// One finding.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// Its stable short name.
    pub code: String,
    /// One sentence.
    pub message: String,
    /// What to do, where that can be said.
    pub help: Option<String>,
    /// The file, relative to the site's root.
    pub path: Option<PathBuf>,
    /// Line, from 1.
    pub line: Option<u32>,
    /// Column, from 1.
    pub column: Option<u32>,
}

/// What came of a reload.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Reload {
    /// Whether the files are in force now.
    pub in_force: bool,
    /// What the log says about it.
    pub text: String,
}

/// A setting of the proxy.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ProxySetting {
    /// Its name.
    pub name: String,
    /// The heading it stands under.
    pub group: String,
    /// What it is.
    pub summary: String,
    /// The default, as it would stand in `portcullis.toml`.
    pub default: String,
    /// What `portcullis.toml` says; `None` when it says nothing.
    pub value: Option<String>,
    /// What overrides the file: a flag or a variable, with its value.
    pub overridden: Option<String>,
    /// Whether a change waits for the next start.
    pub waits_for_start: bool,
}
