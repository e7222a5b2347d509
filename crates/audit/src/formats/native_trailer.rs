//! Part H of the native audit entry: what the engine said and did, a line each.
//!
//! `Message: Warning. …`, `Apache-Error: [file "apache2_util.c"] …`, `Action: Intercepted (phase 2)`, `Stopwatch: …`,
//! `Producer: …`. Lines about software name Portcullis in the shape readers parse; the file and line of `Apache-Error`
//! are those mod_security2 has, as part of the shape. Texts of alerts are escaped already, yet controls are escaped
//! again: an unescaped newline must not forge a line. (manual: "Audit log, part H")

use portcullis_engine::Record;
use portcullis_engine::record::EngineMode;

use crate::escape::{Printable, log_escape, quoted};
use crate::formats::{AuditStyle, error_log};

pub(super) fn part_h(record: &Record, style: &AuditStyle, out: &mut Vec<u8>) {
    for alert in &record.alerts {
        out.extend_from_slice(b"Message: ");
        log_escape(&alert.text, Printable::Untouched, out);
        out.push(b'\n');
    }
    for message in error_messages(record, style) {
        out.extend_from_slice(b"Apache-Error: ");
        out.extend_from_slice(&message);
        out.push(b'\n');
    }
    if let Some(interception) = &record.interception {
        line(out, &format!("Action: Intercepted (phase {})", interception.phase.number()));
    }
    if record.handled {
        line(out, &format!("Apache-Handler: {}", style.handler));
    }
    stopwatch(record, out);
    slow_rules(record, out);
    if record.response.body.is_some() {
        line(out, "Response-Body-Transformed: Dechunked");
    }
    producer(record, style, out);
    line(out, &format!("Server: {}", style.server));
    sanitised("Args", &record.sanitised_args, out);
    sanitised("Request-Headers", &record.sanitised_request_headers, out);
    sanitised("Response-Headers", &record.sanitised_response_headers, out);
    web_app(record, out);
    if !matches!(record.sensor_id.as_str(), "" | "default") {
        out.extend_from_slice(b"Sensor-Id: ");
        quoted(record.sensor_id.as_bytes(), out);
        out.push(b'\n');
    }
    if let Some(mode) = engine_mode(record.engine_mode) {
        line(out, &format!("Engine-Mode: \"{mode}\""));
    }
}

/// The error-log lines of the request as part H and the JSON format repeat them.
pub(crate) fn error_messages(record: &Record, style: &AuditStyle) -> Vec<Vec<u8>> {
    let logged = record.alerts.iter().filter(|alert| error_log::is_logged(alert));
    logged
        .map(|alert| {
            let mut message = b"[file \"apache2_util.c\"] [line 275] [level 3] ".to_vec();
            let text = error_log::repeated_text(record, alert, &style.error_log);
            log_escape(&text, Printable::Backslashes, &mut message);
            message
        })
        .collect()
}

/// No application is named and no session or user is known: nothing to say.
pub(crate) fn is_default_web_app(record: &Record) -> bool {
    let (id, session, user) = &record.web_app;
    matches!(id.as_slice(), b"" | b"default") && session.is_empty() && user.is_empty()
}

/// The name of the mode; none while the engine is off.
pub(crate) fn engine_mode(mode: EngineMode) -> Option<&'static str> {
    match mode {
        EngineMode::Off => None,
        EngineMode::DetectionOnly => Some("DETECTION_ONLY"),
        EngineMode::On => Some("ENABLED"),
    }
}

fn line(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
    out.push(b'\n');
}

fn stopwatch(record: &Record, out: &mut Vec<u8>) {
    let (start, duration) = (record.started_micros, record.stopwatch.duration);
    let [p1, p2, p3, p4, p5] = record.stopwatch.phases;
    let combined = [p1, p2, p3, p4, p5].into_iter().fold(0, u64::saturating_add);
    line(out, &format!("Stopwatch: {start} {duration} (- - -)"));
    let phases = format!("p1={p1}, p2={p2}, p3={p3}, p4={p4}, p5={p5}");
    line(
        out,
        &format!("Stopwatch2: {start} {duration}; combined={combined}, {phases}, sr=0, sw=0, l=0, gc=0"),
    );
}

/// `Rules-Performance-Info: "942100=120", "942110=99".`
fn slow_rules(record: &Record, out: &mut Vec<u8>) {
    if record.slow_rules.is_empty() {
        return;
    }
    let rules: Vec<_> = record.slow_rules.iter().map(|(id, micros)| format!("\"{id}={micros}\"")).collect();
    line(out, &format!("Rules-Performance-Info: {}.", rules.join(", ")));
}

fn producer(record: &Record, style: &AuditStyle, out: &mut Vec<u8>) {
    out.extend_from_slice(b"Producer: ");
    out.extend_from_slice(style.producer.as_bytes());
    for component in &*record.components {
        out.extend_from_slice(b"; ");
        out.extend_from_slice(component.as_bytes());
    }
    out.extend_from_slice(b".\n");
}

fn sanitised(what: &str, names: &[Vec<u8>], out: &mut Vec<u8>) {
    for (index, name) in names.iter().enumerate() {
        let before = if index == 0 { format!("Sanitised-{what}: ") } else { ", ".to_owned() };
        out.extend_from_slice(before.as_bytes());
        quoted(name, out);
    }
    if !names.is_empty() {
        out.extend_from_slice(b".\n");
    }
}

fn web_app(record: &Record, out: &mut Vec<u8>) {
    if is_default_web_app(record) {
        return;
    }
    let (id, session, user) = &record.web_app;
    out.extend_from_slice(b"WebApp-Info:");
    for value in [id, session, user] {
        out.push(b' ');
        quoted(if value.is_empty() { b"-" } else { value }, out);
    }
    out.push(b'\n');
}
