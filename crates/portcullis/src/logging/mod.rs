//! What the proxy observes, brought to the logs: [`Exchange`] and [`Notice`] in, lines and entries out.
//!
//! ```text
//! Exchange ─┬─ a line per alert, a line when it failed ─▶ error log
//!           ├─ one line ─────────────────────────────────▶ access log
//!           ├─ an entry, when the rules want one ────────▶ audit log (SecAudit…)
//!           ├─ its steps, when the site wants them ──────▶ debug log (SecDebugLog…)
//!           ├─ one line, when the site wants it ─────────▶ guardian log (SecGuardianLog)
//!           └─ counts, and a record when rules matched ──▶ event store
//! Notice ───── a line ───────────────────────────────────▶ error log
//! ```
//!
//! Formatting happens on the worker, after the answer; writing is for the thread of each log's queue, so no request waits
//! for a disk. What a queue cannot take or a disk cannot hold is counted and said on standard error. The audit log and the
//! debug log belong to the site and are exchanged when a reload changes them.

mod access;
mod audit;
mod open;
mod site_logs;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Result;
use arc_swap::ArcSwapOption;
use portcullis_audit::AuditLog;
use portcullis_audit::formats::error_log::{self, ErrorLogStyle};
use portcullis_audit::formats::server_line::{ServerMessage, server_line};
use portcullis_audit::formats::{debug_log, guardian};
use portcullis_audit::writers::{Counters, Log};
use portcullis_insight::Events;
use portcullis_proxy::{Exchange, Notice, Observer};

use crate::event_store;
use crate::local_time;
use crate::settings::{AccessFormat, Logs};
use site_logs::SiteLogs;

pub use site_logs::SitePlan;

/// A log of lines.
type Lines = Box<dyn Log<Vec<u8>>>;

/// See the module.
pub struct Logging {
    error: Option<Lines>,
    style: ErrorLogStyle,
    access: Option<Lines>,
    access_format: AccessFormat,
    events: Option<Arc<Events>>,
    site: ArcSwapOption<SiteLogs>,
    /// Logs of the site that a worker may still be writing to. They are dropped by the thread that reloads, because
    /// dropping one waits for its queue.
    retired: Mutex<Vec<Arc<SiteLogs>>>,
    requests: AtomicU64,
    blocked: AtomicU64,
}

impl Logging {
    /// Opens the logs that the settings name; events go to this store. The site's logs are set by [`Logging::set_site`].
    pub fn open(logs: &Logs, events: Option<Arc<Events>>) -> Result<Self> {
        Ok(Self {
            error: open::lines("error log", "error_log", &logs.error, logs.queue_bytes)?,
            style: ErrorLogStyle { second_client_tag: logs.second_client_tag, ..ErrorLogStyle::default() },
            access: open::lines("access log", "access_log", &logs.access, logs.queue_bytes)?,
            access_format: logs.access_format,
            events,
            site: ArcSwapOption::empty(),
            retired: Mutex::default(),
            requests: AtomicU64::new(0),
            blocked: AtomicU64::new(0),
        })
    }

    /// Writes what belongs to the site to these logs from now on.
    pub fn set_site(&self, logs: SiteLogs) {
        let old = self.site.swap(Some(Arc::new(logs)));
        let mut retired = self.retired.lock().unwrap_or_else(PoisonError::into_inner);
        retired.extend(old);
        retired.retain(|log| Arc::strong_count(log) > 1);
    }

    /// The event store, when there is one.
    pub fn events(&self) -> Option<&Arc<Events>> {
        self.events.as_ref()
    }

    /// Opens all logs anew, after rotation.
    pub fn reopen(&self) {
        self.lines().for_each(|(_, log)| log.reopen());
        if let Some(site) = self.site.load().as_deref() {
            site.audit.iter().for_each(AuditLog::reopen);
            site.lines().for_each(|(_, log)| log.reopen());
        }
    }

    /// Waits until everything is written or lost; `false` when the time was not enough.
    pub fn flush(&self, patience: Duration) -> bool {
        let lines = self.lines().fold(true, |all, (_, log)| log.flush(patience) && all);
        let lines = self.events.as_ref().is_none_or(|events| events.flush(patience)) && lines;
        self.site.load().as_deref().is_none_or(|site| {
            let audit = site.audit.as_ref().is_none_or(|log| log.flush(patience));
            site.lines().fold(audit, |all, (_, log)| log.flush(patience) && all)
        }) && lines
    }

    /// What each log lost since the start, for the last message.
    pub fn losses(&self) -> Vec<(&'static str, u64)> {
        let lost = |counters: &Counters| counters.lost();
        let mut losses: Vec<_> = self.lines().map(|(name, log)| (name, lost(log.counters()))).collect();
        if let Some(site) = self.site.load().as_deref() {
            losses.extend(site.audit.as_ref().map(|log| ("audit log", lost(log.counters()))));
            losses.extend(site.lines().map(|(name, log)| (name, lost(log.counters()))));
        }
        losses.extend(self.events.as_ref().map(|events| ("event store", events.losses().total())));
        losses.retain(|(_, count)| *count > 0);
        losses
    }

    /// Requests answered since the start.
    pub fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    /// How much was served, for the last message: `12 requests, 3 of them blocked`.
    pub fn served(&self) -> String {
        let (requests, blocked) =
            (self.requests.load(Ordering::Relaxed), self.blocked.load(Ordering::Relaxed));
        let noun = if requests == 1 { "request" } else { "requests" };
        format!("{requests} {noun}, {blocked} of them blocked")
    }

    fn lines(&self) -> impl Iterator<Item = (&'static str, &Lines)> {
        [("error log", &self.error), ("access log", &self.access)]
            .into_iter()
            .filter_map(|(name, log)| Some((name, log.as_ref()?)))
    }

    fn site_entries(&self, site: &SiteLogs, exchange: &Exchange) {
        if let Some(log) = &site.audit {
            log.write(&exchange.record, &exchange.rule_set, exchange.body_bytes_sent);
        }
        if let Some(log) = site.debug.as_ref().filter(|_| !exchange.record.trace.is_empty()) {
            let mut lines = Vec::new();
            debug_log::lines(&exchange.record, &exchange.rule_set, self.style.process, &mut lines);
            log.write(lines);
        }
        if let Some(log) = site.guardian.as_ref().filter(|_| exchange.record.guardian) {
            let outcome = guardian::Outcome {
                status: exchange.status.unwrap_or(exchange.record.response.status),
                body_bytes: exchange.body_bytes_sent,
                duration_micros: exchange.duration_micros,
            };
            let mut line = Vec::new();
            guardian::line(&exchange.record, outcome, &mut line);
            log.write(line);
        }
    }

    fn error_lines(&self, exchange: &Exchange) {
        let Some(log) = &self.error else { return };
        let record = &exchange.record;
        // An entry per line: a queue that is full then loses lines, not requests.
        error_log::each_line(record, &self.style, |line| log.write(line.to_vec()));
        if let Some(reason) = &exchange.error {
            let message = ServerMessage {
                micros: record.started_micros,
                utc_offset_seconds: record.utc_offset_seconds,
                level: "error",
                client: Some(record.client),
                text: reason,
                unique_id: Some(&record.unique_id).filter(|id| !id.is_empty()).map(String::as_str),
            };
            let mut line = Vec::new();
            server_line(&message, &self.style, &mut line);
            log.write(line);
        }
    }
}

impl Observer for Logging {
    fn exchange(&self, exchange: Exchange) {
        self.requests.fetch_add(1, Ordering::Relaxed);
        self.blocked.fetch_add(u64::from(exchange.record.interception.is_some()), Ordering::Relaxed);
        self.error_lines(&exchange);
        if let Some(log) = &self.access {
            log.write(access::line(&exchange, self.access_format));
        }
        if let Some(site) = self.site.load().as_deref() {
            self.site_entries(site, &exchange);
        }
        if let Some(events) = &self.events {
            events.submit(event_store::event(exchange));
        }
    }

    fn notice(&self, notice: Notice) {
        let Some(log) = &self.error else { return };
        let micros = local_time::now_micros();
        let message = ServerMessage {
            micros,
            utc_offset_seconds: local_time::utc_offset(micros.div_euclid(1_000_000)),
            level: level(&notice),
            client: None,
            text: &notice.to_string(),
            unique_id: None,
        };
        let mut line = Vec::new();
        server_line(&message, &self.style, &mut line);
        log.write(line);
    }
}

/// httpd's word for how bad it is.
fn level(notice: &Notice) -> &'static str {
    match notice {
        Notice::UpstreamUp { .. } => "notice",
        Notice::UnfinishedRequestLine { .. } | Notice::NotDecompressed { .. } | Notice::CutOff { .. } => {
            "warn"
        }
        _ => "error",
    }
}
