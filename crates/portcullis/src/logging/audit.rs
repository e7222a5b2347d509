//! The audit log that a site's `SecAudit…` directives ask for.
//!
//! `SecAuditLog logs/audit.log`, `SecAuditLogType Serial` → an [`AuditPlan`]; [`AuditPlan::open`] → the log. A plan is a value, so a
//! reload compares the new one with the old and opens a log only when they differ. Relative paths start from the site's
//! folder, as httpd's start from its `ServerRoot`.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use portcullis_audit::formats::AuditStyle;
use portcullis_audit::formats::concurrent::ConcurrentEntry;
use portcullis_audit::formats::error_log::ErrorLogStyle;
use portcullis_audit::formats::json::RuleDescription;
use portcullis_audit::writers::{
    ConcurrentWriter, FileOptions, Losses, Queue, QueueLimits, Storage, Writer, open_serial,
};
use portcullis_audit::{AuditFormat, AuditLog, Target};
use portcullis_engine::settings::{AuditLogFormat, AuditLogType};

use super::open::{self, NOTICE_INTERVAL};
use crate::messages::reason;
use crate::settings::{AuditSchema, Logs};

/// The name in notices.
const NAME: &str = "audit log";

/// What the audit log is to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditPlan {
    format: AuditFormat,
    /// `SecAuditLog`, then `SecAuditLog2`.
    logs: Vec<String>,
    /// Where entries are stored; `None` for a serial log.
    storage: Option<Storage>,
    /// The folder in it that is named after our user.
    user: Option<String>,
    second_client_tag: bool,
    queue_bytes: usize,
}

impl AuditPlan {
    /// What a site asks for; `None` when it names no audit log.
    pub fn of(site: &portcullis_engine::Settings, logs: &Logs, root: &Path) -> Option<Self> {
        let first = located(root, site.audit_log.as_deref()?);
        let second = site.audit_log_2.as_deref().map(|target| located(root, target));
        let concurrent = site.audit_log_type == AuditLogType::Concurrent;
        let folder = || match site.audit_log_storage_dir.as_deref() {
            Some(folder) => root.join(folder),
            None => Path::new(&first).parent().map(PathBuf::from).unwrap_or_default(),
        };
        let storage = concurrent.then(|| Storage {
            directory: folder(),
            directory_mode: Some(site.audit_log_dir_mode).filter(|mode| *mode != 0o750),
            file_mode: Some(site.audit_log_file_mode).filter(|mode| *mode != 0o640),
        });
        let format = match (site.audit_log_format, logs.audit_schema) {
            (AuditLogFormat::Native, _) => AuditFormat::Native,
            (AuditLogFormat::Json, AuditSchema::V2) => AuditFormat::Json,
            (AuditLogFormat::Json, AuditSchema::V3) => AuditFormat::JsonV3,
        };
        Some(Self {
            format,
            // A serial log has one place; v2 writes the second one for the index only.
            logs: std::iter::once(first).chain(second.filter(|_| concurrent)).collect(),
            user: (concurrent && logs.audit_user_directory).then(user_name).flatten(),
            storage,
            second_client_tag: logs.second_client_tag,
            queue_bytes: logs.queue_bytes,
        })
    }

    /// Opens the log.
    pub fn open(&self) -> Result<AuditLog> {
        let mut writers = self.logs.iter().map(|target| open_target(target)).collect::<Result<Vec<_>>>()?;
        let target = match &self.storage {
            Some(storage) => self.concurrent(storage, writers)?,
            None => {
                let writer = writers.pop().ok_or_else(|| anyhow!("SecAuditLog names no place"))?;
                Target::Serial(Box::new(open::queue(NAME, writer, self.queue_bytes)?))
            }
        };
        let error_log =
            ErrorLogStyle { second_client_tag: self.second_client_tag, ..ErrorLogStyle::default() };
        Ok(AuditLog { format: self.format, style: AuditStyle { error_log, ..AuditStyle::default() }, target })
    }

    fn concurrent(&self, storage: &Storage, indexes: Vec<Box<dyn Writer<Vec<u8>>>>) -> Result<Target> {
        if !storage.directory.is_dir() {
            let shown = storage.directory.display();
            return Err(anyhow!(
                "SecAuditLogStorageDir `{shown}` is not a folder; create it or name another"
            ));
        }
        let writer = ConcurrentWriter::new(storage.clone(), indexes);
        let limits = QueueLimits { bytes: self.queue_bytes, ..QueueLimits::default() };
        let queue: Queue<ConcurrentEntry> =
            Queue::start("audit-log", writer, limits, Losses::new(NAME, NOTICE_INTERVAL))
                .context("cannot start the thread of the audit log")?;
        Ok(Target::Concurrent { log: Box::new(queue), user: self.user.clone() })
    }
}

fn open_target(target: &str) -> Result<Box<dyn Writer<Vec<u8>>>> {
    open_serial(target, FileOptions::default()).map_err(|error| {
        anyhow!(
            "cannot open SecAuditLog `{target}`: {}; name another place in the site's modsecurity.conf",
            reason(&error)
        )
    })
}

/// A destination with relative paths starting from the site.
fn located(root: &Path, target: &str) -> String {
    if target.starts_with('|') { target.to_owned() } else { root.join(target).to_string_lossy().into_owned() }
}

/// The name of the user we run as, from the system's file of users.
fn user_name() -> Option<String> {
    let id = fs::metadata("/proc/self").ok()?.uid().to_string();
    let users = fs::read_to_string("/etc/passwd").ok()?;
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == id).then(|| name.to_owned())
    })
}

/// What the JSON format says about a rule.
pub fn described(rule: portcullis_engine::RuleDescription<'_>) -> RuleDescription {
    RuleDescription {
        id: rule.id(),
        rev: rule.rev().to_vec(),
        version: rule.ver().to_vec(),
        severity: rule.severity(),
        accuracy: rule.accuracy(),
        maturity: rule.maturity(),
        phase: rule.phase().number(),
        chained: rule.is_chained(),
        chain_starter: rule.is_chained() && !rule.is_link(),
        tags: rule.tags().map(<[u8]>::to_vec).collect(),
        operator: rule.operator().as_bytes().to_vec(),
        operator_param: rule.argument().to_vec(),
        target: rule.targets().to_vec(),
        negated: rule.is_negated(),
        file: rule.file().to_owned(),
        line: rule.line(),
    }
}
