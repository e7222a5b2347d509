//! The logs that belong to a site: its audit log, its debug log and its guardian log.
//!
//! What the directives ask for is a [`SitePlan`]; a reload compares the new one with the old and opens them all anew
//! when they differ. Nothing is exchanged until everything is open.

use std::path::Path;

use anyhow::{Result, anyhow};
use portcullis_audit::writers::{FileOptions, open_serial};
use portcullis_audit::{AuditLog, AuditPlan};

use super::audit::audit_options;
use super::{Lines, open};
use crate::messages::reason;
use crate::settings::{Destination, Logs};

/// What a site's logs are to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SitePlan {
    audit: Option<AuditPlan>,
    /// `SecDebugLog`: a path, or `|program`.
    debug: Option<String>,
    /// `SecGuardianLog`: the same.
    guardian: Option<String>,
    queue_bytes: usize,
}

/// A site's logs, open.
pub struct SiteLogs {
    pub(super) audit: Option<AuditLog>,
    pub(super) debug: Option<Lines>,
    pub(super) guardian: Option<Lines>,
}

impl SitePlan {
    /// What a site asks for.
    pub fn of(site: &portcullis_engine::Settings, logs: &Logs, root: &Path) -> Self {
        let located = |target: &String| match target.strip_prefix('|') {
            Some(_) => target.clone(),
            None => root.join(target).to_string_lossy().into_owned(),
        };
        Self {
            audit: if logs.audit == Some(Destination::Off) {
                None
            } else {
                AuditPlan::of(site, &audit_options(logs), root)
            },
            debug: site.debug_log.as_ref().map(located),
            guardian: site.guardian_log.as_ref().map(|log| located(&log.target)),
            queue_bytes: logs.queue_bytes,
        }
    }

    /// Whether audit entries are written.
    pub fn has_audit_log(&self) -> bool {
        self.audit.is_some()
    }

    /// Opens the logs.
    pub fn open(&self) -> Result<SiteLogs> {
        let audit = self.audit.as_ref().map(AuditPlan::open).transpose()?;
        let open = |target: &Option<String>, name, directive| {
            target.as_deref().map(|target| self.open_lines(target, name, directive)).transpose()
        };
        let debug = open(&self.debug, "debug log", "SecDebugLog")?;
        let guardian = open(&self.guardian, "guardian log", "SecGuardianLog")?;
        Ok(SiteLogs { audit, debug, guardian })
    }

    fn open_lines(&self, target: &str, name: &str, directive: &str) -> Result<Lines> {
        let writer = open_serial(target, FileOptions::default()).map_err(|error| {
            let why = reason(&error);
            anyhow!(
                "cannot open {directive} `{target}`: {why}; name another place in the site's modsecurity.conf"
            )
        })?;
        Ok(Box::new(open::queue(name, writer, self.queue_bytes)?))
    }
}

impl SiteLogs {
    /// The logs of lines, with their names.
    pub(super) fn lines(&self) -> impl Iterator<Item = (&'static str, &Lines)> {
        [("debug log", &self.debug), ("guardian log", &self.guardian)]
            .into_iter()
            .filter_map(|(name, log)| Some((name, log.as_ref()?)))
    }
}
