//! Settings of the logs. What the audit log holds and where it lies is for the site's `SecAudit…` directives.

use std::path::Path;

use crate::settings::setting::{Applies, Group, Setting, Shape};
use crate::settings::value::{Invalid, Value};
use crate::settings::{AccessFormat, AuditSchema, Destination, located};

/// See the module.
pub static ROWS: &[Setting] = &[
    Setting {
        name: "error-log",
        group: Group::Logs,
        shape: Shape::Text,
        placeholder: "FILE",
        default: "\"stderr\"",
        applies: Applies::AtStart,
        summary: "Where the error log goes: one line per rule that matched and logs.",
        detail: "stdout, stderr, off, a file, or |program for a program that reads the lines from its standard input. \
                 Relative files start from this file's folder.",
        set: |to, value, from| destination(value, from).map(|found| to.logs.error = found),
    },
    Setting {
        name: "error-log-format",
        group: Group::Logs,
        shape: Shape::Text,
        placeholder: "VERSION",
        default: "\"2.9.7\"",
        applies: Applies::AtStart,
        summary: "Whose error lines ours look like: those of mod_security2 2.9.7 or 2.9.8.",
        detail: "Up to 2.9.7 [client IP] stands in a line a second time, which most parsers expect.",
        set: |to, value, _| {
            value.choice(&[("2.9.7", true), ("2.9.8", false)]).map(|twice| to.logs.second_client_tag = twice)
        },
    },
    Setting {
        name: "access-log",
        group: Group::Logs,
        shape: Shape::Text,
        placeholder: "FILE",
        default: "\"stdout\"",
        applies: Applies::AtStart,
        summary: "Where the access log goes: one line per request.",
        detail: "As error_log.",
        set: |to, value, from| destination(value, from).map(|found| to.logs.access = found),
    },
    Setting {
        name: "access-log-format",
        group: Group::Logs,
        shape: Shape::Text,
        placeholder: "FORMAT",
        default: "\"json\"",
        applies: Applies::AtStart,
        summary: "The form of access lines: json or ltsv.",
        detail: "",
        set: |to, value, _| {
            let formats = [("json", AccessFormat::Json), ("ltsv", AccessFormat::Ltsv)];
            value.choice(&formats).map(|format| to.logs.access_format = format)
        },
    },
    Setting {
        name: "audit-log",
        group: Group::Logs,
        shape: Shape::Text,
        placeholder: "FILE",
        default: "\"site\"",
        applies: Applies::AtReload,
        summary: "Where audit entries go: site is where the site's SecAuditLog says.",
        detail: "Otherwise as error_log, and one entry after the other, whatever SecAuditLogType says. Which entries there \
                 are and what they hold stays the site's decision.",
        set: |to, value, from| {
            let place = if value.text()? == "site" { None } else { Some(destination(value, from)?) };
            to.logs.audit = place;
            Ok(())
        },
    },
    Setting {
        name: "audit-json-schema",
        group: Group::Logs,
        shape: Shape::Text,
        placeholder: "SCHEMA",
        default: "\"v2\"",
        applies: Applies::AtReload,
        summary: "The schema of audit entries when the site says SecAuditLogFormat JSON: v2 or v3.",
        detail: "v2 is ModSecurity 2.9's, v3 that of libmodsecurity 3.",
        set: |to, value, _| {
            let schemas = [("v2", AuditSchema::V2), ("v3", AuditSchema::V3)];
            value.choice(&schemas).map(|schema| to.logs.audit_schema = schema)
        },
    },
    Setting {
        name: "audit-user-directory",
        group: Group::Logs,
        shape: Shape::Boolean,
        placeholder: "BOOL",
        default: "true",
        applies: Applies::AtReload,
        summary: "Entries of a concurrent audit log lie in a folder named after the user the proxy runs as.",
        detail: "As in mod_security2 2.9.7; false leaves the folder out, as before it.",
        set: |to, value, _| value.boolean().map(|on| to.logs.audit_user_directory = on),
    },
    Setting {
        name: "log-queue",
        group: Group::Logs,
        shape: Shape::Size,
        placeholder: "SIZE",
        default: "\"64MiB\"",
        applies: Applies::AtStart,
        summary: "How much of each log may wait for a slow destination.",
        detail: "What comes on top is lost, counted, and said on standard error; no request ever waits for a log.",
        set: |to, value, _| value.memory(1 << 16).map(|bytes| to.logs.queue_bytes = bytes),
    },
];

fn destination(value: &Value, from: &Path) -> Result<Destination, Invalid> {
    Ok(match value.text()? {
        "off" => Destination::Off,
        "stdout" => Destination::Stdout,
        "stderr" => Destination::Stderr,
        program if program.trim_start().starts_with('|') => {
            if program.trim_start().trim_start_matches('|').trim().is_empty() {
                return Err(Invalid::new("there is no program behind the `|`"));
            }
            Destination::Named(program.trim_start().to_owned())
        }
        _ => Destination::Named(located(from, value.path()?).to_string_lossy().into_owned()),
    })
}
