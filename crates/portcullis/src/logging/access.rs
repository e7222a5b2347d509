//! The access line of an exchange.
//!
//! An exchange that rule 942100 stopped → `{…,"status":403,…,"verdict":"blocked",…,"rules":[942100,949110]}`. Everything in it
//! comes from the record, where secrets are masked already.

use portcullis_audit::Access;
use portcullis_audit::formats::access::{self, Outcome, Upstream};
use portcullis_audit::formats::error_log;
use portcullis_engine::Record;
use portcullis_proxy::Exchange;

use crate::settings::AccessFormat;

/// The line, with its newline.
pub fn line(exchange: &Exchange, format: AccessFormat) -> Vec<u8> {
    let access = access(exchange);
    let mut line = Vec::with_capacity(512);
    match format {
        AccessFormat::Json => access::json(&access, &mut line),
        AccessFormat::Ltsv => access::ltsv(&access, &mut line),
    }
    line
}

fn access(exchange: &Exchange) -> Access<'_> {
    let record = &exchange.record;
    let request = &record.request;
    Access {
        started_micros: record.started_micros,
        utc_offset_seconds: record.utc_offset_seconds,
        unique_id: &record.unique_id,
        client: record.client,
        method: &request.method,
        target: &request.target,
        protocol: &request.protocol,
        host: header(record, b"Host"),
        status: exchange.status,
        bytes_sent: exchange.bytes_sent,
        bytes_received: exchange.bytes_received,
        duration_micros: exchange.duration_micros,
        upstream: exchange.upstream.as_ref().map(|share| Upstream {
            address: share.address,
            status: share.status,
            duration_micros: share.duration_micros,
        }),
        outcome: outcome(record),
        rules: rules(record),
        scores: &record.scores,
        user_agent: header(record, b"User-Agent"),
        referer: header(record, b"Referer"),
        error: exchange.error.as_deref(),
    }
}

fn outcome(record: &Record) -> Outcome {
    if record.interception.is_some() {
        Outcome::Blocked
    } else if alerting(record).next().is_some() {
        Outcome::Detected
    } else {
        Outcome::Passed
    }
}

/// Ids of the rules with a line in the error log, each once, in order.
fn rules(record: &Record) -> Vec<u64> {
    let mut rules = Vec::new();
    for id in alerting(record) {
        if !rules.contains(&id) {
            rules.push(id);
        }
    }
    rules
}

fn alerting(record: &Record) -> impl Iterator<Item = u64> {
    let logged = record.alerts.iter().filter(|alert| error_log::is_logged(alert));
    logged.filter_map(|alert| alert.rule.as_ref()).map(|rule| rule.id)
}

/// The first field of a name; empty when there is none.
fn header<'a>(record: &'a Record, name: &[u8]) -> &'a [u8] {
    record.request.headers.get(name).unwrap_or_default()
}
