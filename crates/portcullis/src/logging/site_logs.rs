//! The logs that belong to a site: its audit log and its debug log.
//!
//! What the directives ask for is a [`SitePlan`]; a reload compares the new one with the old and opens both logs anew
//! when they differ. Nothing is exchanged until everything is open.

use std::path::Path;

use anyhow::{Result, anyhow};
use portcullis_audit::writers::{FileOptions, open_serial};
use portcullis_audit::{AuditLog, AuditPlan};

use super::audit::audit_options;
use super::{Lines, open};
use crate::messages::reason;
use crate::settings::{Destination, Logs};

/// The name in notices.
const NAME: &str = "debug log";

/// What a site's logs are to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SitePlan {
    audit: Option<AuditPlan>,
    /// `SecDebugLog`: a path, or `|program`.
    debug: Option<String>,
    queue_bytes: usize,
}

/// A site's logs, open.
pub struct SiteLogs {
    pub(super) audit: Option<AuditLog>,
    pub(super) debug: Option<Lines>,
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
        let debug = self.debug.as_deref().map(|target| self.open_debug(target)).transpose()?;
        Ok(SiteLogs { audit, debug })
    }

    fn open_debug(&self, target: &str) -> Result<Lines> {
        let writer = open_serial(target, FileOptions::default()).map_err(|error| {
            let why = reason(&error);
            anyhow!(
                "cannot open SecDebugLog `{target}`: {why}; name another place in the site's modsecurity.conf"
            )
        })?;
        Ok(Box::new(open::queue(NAME, writer, self.queue_bytes)?))
    }
}
