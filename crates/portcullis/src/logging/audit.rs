//! What the settings say about the audit log of a site; everything else about it stands in the site's `SecAudit…`
//! directives.
//!
//! `audit_json_schema = "v3"`, `audit_user_directory = true` → [`AuditOptions`] with libmodsecurity 3's schema and the name
//! of the user we run as. Starting and reloading make an audit plan of them and of the site's directives.

use std::fs;
use std::os::unix::fs::MetadataExt as _;

use portcullis_audit::AuditOptions;
use portcullis_audit::formats::AuditStyle;
use portcullis_audit::formats::error_log::ErrorLogStyle;
use portcullis_audit::writers::QueueLimits;

use super::open::NOTICE_INTERVAL;
use crate::settings::{AuditSchema, Destination, Logs};

/// The operator's part of every audit log.
pub fn audit_options(logs: &Logs) -> AuditOptions {
    let error_log = ErrorLogStyle { second_client_tag: logs.second_client_tag, ..ErrorLogStyle::default() };
    AuditOptions {
        target: match &logs.audit {
            Some(Destination::Stdout) => Some("/dev/stdout".to_owned()),
            Some(Destination::Stderr) => Some("/dev/stderr".to_owned()),
            Some(Destination::Named(target)) => Some(target.clone()),
            // A log that is off has no plan at all.
            Some(Destination::Off) | None => None,
        },
        json_v3: logs.audit_schema == AuditSchema::V3,
        user_directory: logs.audit_user_directory.then(user_name).flatten(),
        style: AuditStyle { error_log, ..AuditStyle::default() },
        queue: QueueLimits { bytes: logs.queue_bytes, ..QueueLimits::default() },
        notice_interval: NOTICE_INTERVAL,
    }
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
